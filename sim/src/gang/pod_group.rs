//! The PodGroup object.

use crate::cluster::{Cluster, Fingerprint, Object, ObjectMeta};
use crate::model::pod::{Pod, Run};
use crate::time::{SimTime, Span};

/// A PodGroup: how many of its pods must be able to start together, and how long its user expects them to run.
///
/// Source: `scheduling.k8s.io/v1alpha2` of Kubernetes 1.36, `PodGroup` with the policy `gang`; the estimate is the "requested time"
/// of batch systems, which Kubernetes has no field for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodGroup {
    /// `spec.schedulingPolicy.gang.minCount`, at least 1; 1 for the policy `basic`, in which each pod is for itself.
    pub min_count: u32,
    /// The run time that the user announced, counted from the start of the group.
    pub estimate: Option<Span>,
    /// Whether it goes with the last of the pods that it owns.
    pub goes_with_pods: bool,
}

impl PodGroup {
    /// The kind in manifests.
    pub const KIND: &'static str = "PodGroup";

    /// A group that stays until somebody deletes it.
    pub const fn new(min_count: u32, estimate: Option<Span>) -> Self {
        Self { min_count, estimate, goes_with_pods: false }
    }

    /// A group that goes with the last of the pods that it owns.
    pub const fn of_job(min_count: u32, estimate: Option<Span>) -> Self {
        Self { min_count, estimate, goes_with_pods: true }
    }

    /// The group of a pod: the one that owns it, or else the one that its specification names, if that exists.
    pub fn of<'c>(pod: &Pod, cluster: &'c Cluster) -> Option<(&'c ObjectMeta, &'c Self)> {
        if let Some(owner) = pod.owner
            && let Some(group) = cluster.objects().get::<Self>(owner)
        {
            return Some((cluster.objects().meta(owner)?, group));
        }
        let spec = &cluster.class_of(pod).spec;
        cluster.objects().named(Self::KIND, &spec.namespace, spec.scheduling_group.as_deref()?)
    }

    /// How long a pod is expected to run: what its group announces, or else its run time itself, as if its user had known it; the
    /// longest span for a pod that never ends.
    pub fn estimate_of(pod: &Pod, cluster: &Cluster) -> Span {
        Self::of(pod, cluster).and_then(|(_, group)| group.estimate).unwrap_or_else(|| match pod.run() {
            Run::Forever => Span::MAX,
            Run::Succeeds(span) | Run::Fails(span) => span,
        })
    }
}

impl Object for PodGroup {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        let estimate = self.estimate.map_or(u64::MAX, |span| span.0.cast_unsigned());
        into.fold(SimTime::ZERO, 0, &[u64::from(self.min_count), estimate]);
    }
}
