//! One loop without a simulation: what the autoscaler would do in a cluster as it is.

use super::findings::{ScaleUp, ScaleUpResult};
use super::group::refresh;
use super::template::DaemonSet;
use super::{ClusterAutoscaler, Decision};
use crate::cluster::Cluster;
use crate::model::ObjectId;
use crate::model::pod::PodSpec;
use crate::random::Streams;

/// A DaemonSet, as far as new nodes are concerned.
#[derive(Clone, Debug)]
pub struct DaemonSetPods {
    /// The object that owns its pods.
    pub object: ObjectId,
    /// What its pods are.
    pub spec: PodSpec,
}

impl ClusterAutoscaler {
    /// Prepares to look at a cluster whose nodes are there already. Of several best options the first is taken then. `unregistered` are
    /// instances per group, in the order of the groups, that count towards its size and of which nothing is known.
    pub fn attach(&mut self, cluster: &mut Cluster, daemon_sets: Vec<DaemonSetPods>, unregistered: &[u32]) {
        self.begin(Streams::new(0), cluster);
        for (group, count) in self.groups.iter_mut().zip(unregistered) {
            group.unregistered = *count;
        }
        let set = |set: DaemonSetPods| DaemonSet { object: set.object, class: cluster.intern(set.spec) };
        self.daemon_sets = daemon_sets.into_iter().map(set).collect();
    }

    /// What a loop finds about growth now. Nothing is done about it.
    pub fn look(&mut self, cluster: &Cluster) -> ScaleUp {
        refresh(&mut self.groups, cluster);
        if self.is_unhealthy(cluster) {
            return ScaleUp { result: ScaleUpResult::NotTried, ..ScaleUp::default() };
        }
        let Decision { scale_up, .. } = self.decide(cluster);
        scale_up
    }
}
