//! Which pods belong to the targets of autoscalers.

use crate::cluster::Cluster;
use crate::model::{ObjectId, PodId};
use crate::time::SimTime;
use std::collections::BTreeMap;

/// The pods of each target that some autoscaler watches, in order of creation.
#[derive(Debug, Default)]
pub(super) struct Members {
    targets: BTreeMap<ObjectId, BTreeMap<u64, Member>>,
}

/// A pod of a target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) id: PodId,
    /// When its readiness last changed after its start.
    pub(super) turned: Option<SimTime>,
}

impl Members {
    /// The pods of a target. The first question finds them among all pods; later ones know.
    pub(super) fn of(&mut self, target: ObjectId, cluster: &Cluster) -> impl Iterator<Item = &Member> {
        let pods = self.targets.entry(target).or_insert_with(|| {
            let all = cluster.pods().iter();
            let mine = all.filter(|(_, pod)| ancestors(pod.owner, cluster).any(|owner| owner == target));
            mine.map(|(id, pod)| (pod.uid, Member { id, turned: None })).collect()
        });
        pods.retain(|_, member| cluster.pod(member.id).is_some());
        pods.values()
    }

    /// A pod exists.
    pub(super) fn created(&mut self, id: PodId, cluster: &Cluster) {
        if let (Some(pods), Some(pod)) = (self.pods_beside(id, cluster), cluster.pod(id)) {
            pods.insert(pod.uid, Member { id, turned: None });
        }
    }

    /// A pod's readiness changed.
    pub(super) fn turned(&mut self, id: PodId, cluster: &Cluster) {
        let now = cluster.now;
        if let (Some(pods), Some(pod)) = (self.pods_beside(id, cluster), cluster.pod(id))
            && let Some(member) = pods.get_mut(&pod.uid)
        {
            member.turned = Some(now);
        }
    }

    /// An object is gone.
    pub(super) fn forget(&mut self, target: ObjectId) {
        self.targets.remove(&target);
    }

    /// The pods of the target that the pod belongs to, if it is a known one.
    fn pods_beside(&mut self, id: PodId, cluster: &Cluster) -> Option<&mut BTreeMap<u64, Member>> {
        if self.targets.is_empty() {
            return None;
        }
        let target = ancestors(cluster.pod(id)?.owner, cluster).find(|owner| self.targets.contains_key(owner))?;
        self.targets.get_mut(&target)
    }
}

/// The owner, its owner, and so on.
fn ancestors(owner: Option<ObjectId>, cluster: &Cluster) -> impl Iterator<Item = ObjectId> + '_ {
    std::iter::successors(owner, |id| cluster.objects().meta(*id)?.owner)
}
