//! Groups of replayed jobs go with the last of their pods.

use super::PodGroup;
use crate::cluster::{Change, Interest};
use crate::controller::{Context, Controller};
use crate::model::pod::PodTraits;
use crate::model::{ObjectId, PodId};
use rustc_hash::FxHashMap;

/// Removes a group that [goes with its pods](PodGroup::goes_with_pods) when the last of them has ended or is gone, so that memory
/// follows the jobs that live.
#[derive(Debug, Default)]
pub struct PodGroupController {
    /// How many pods each group owns.
    pods: FxHashMap<ObjectId, u32>,
}

impl PodGroupController {
    /// The group of a pod, if the group goes with its pods.
    fn group_of(id: PodId, cx: &Context<'_>) -> Option<ObjectId> {
        let owner = cx.cluster.pod(id)?.owner?;
        cx.cluster.objects().get::<PodGroup>(owner).filter(|group| group.goes_with_pods).map(|_| owner)
    }
}

impl Controller for PodGroupController {
    fn name(&self) -> &'static str {
        "pod-group"
    }

    fn interest(&self) -> Interest {
        Interest::NONE
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_CREATED.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        if pods_with == PodTraits::OWNED { all } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(id) => {
                if let Some(group) = Self::group_of(id, cx) {
                    *self.pods.entry(group).or_default() += 1;
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => {
                let Some(group) = Self::group_of(id, cx) else { return };
                let Some(left) = self.pods.get_mut(&group) else { return };
                *left -= 1;
                if *left == 0 {
                    self.pods.remove(&group);
                    cx.cluster.remove_object(group);
                }
            }
            _ => {}
        }
    }
}
