//! What a pod says to those who want to move it elsewhere.

use crate::time::Span;
use std::fmt;
use std::sync::Arc;

/// What annotations and volumes of a pod, and the owner that it names, say to the cluster autoscaler and to the descheduler.
///
/// Source: `cluster-autoscaler/utils/drain/drain.go`, `cluster-autoscaler/utils/pod/pod.go`; of the descheduler
/// `pkg/framework/plugins/defaultevictor/defaultevictor.go`, `pkg/utils/pod.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is something of its own upstream")]
pub struct EvictionTerms {
    /// `cluster-autoscaler.kubernetes.io/safe-to-evict`.
    pub safe_to_evict: Option<SafeToEvict>,
    /// It has a volume on the node's disk, `hostPath` or `emptyDir`, that `cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes`
    /// does not name.
    pub local_storage: bool,
    /// It has a volume that is `hostPath` or `emptyDir`, whatever its medium and whatever annotations say of it.
    pub any_local_volume: bool,
    /// `descheduler.alpha.kubernetes.io/evict`: the descheduler may evict it whatever else holds.
    pub evict: bool,
    /// `descheduler.alpha.kubernetes.io/prefer-no-eviction`.
    pub prefer_no_eviction: bool,
    /// `kubernetes.io/config.mirror`: the kubelet runs it from a file of its own, and it cannot go elsewhere.
    pub mirror: bool,
    /// `kubernetes.io/config.source` is something else than the API server: likewise.
    pub from_file: bool,
    /// `cluster-autoscaler.kubernetes.io/daemonset-pod`: it counts as a pod of a DaemonSet.
    pub like_daemon: bool,
    /// `cluster-autoscaler.kubernetes.io/enable-ds-eviction`: whether it is evicted as a pod of a DaemonSet, where that is said.
    pub evict_as_daemon: Option<bool>,
    /// `cluster-autoscaler.kubernetes.io/pod-scale-up-delay`: nodes are asked for only when it is that old.
    pub scale_up_delay: Option<Span>,
    /// The kind of the controller that the manifest names, which need not be there.
    pub controller: Option<Arc<str>>,
}

/// The terms of a pod, of which most have none.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Terms(Option<Arc<EvictionTerms>>);

impl Terms {
    /// The terms, if there are any.
    pub fn get(&self) -> Option<&EvictionTerms> {
        self.0.as_deref()
    }
}

impl From<EvictionTerms> for Terms {
    fn from(terms: EvictionTerms) -> Self {
        Self((terms != EvictionTerms::default()).then(|| Arc::new(terms)))
    }
}

impl fmt::Debug for Terms {
    /// What volumes alone say is not repeated: ReplicaSets are called by what their templates print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let annotated =
            self.get().map(|terms| EvictionTerms { local_storage: false, any_local_volume: false, ..terms.clone() });
        annotated.filter(|terms| *terms != EvictionTerms::default()).fmt(f)
    }
}

/// Whether a pod may be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SafeToEvict {
    /// `true`.
    Yes,
    /// `false`.
    No,
    /// `on-completion`: its node waits until it has ended by itself.
    OnCompletion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_without_annotations_print_as_none() {
        let print = |terms: EvictionTerms| format!("{:?}", Terms::from(terms));
        assert_eq!(print(EvictionTerms::default()), "None");
        assert_eq!(
            print(EvictionTerms { local_storage: true, any_local_volume: true, ..EvictionTerms::default() }),
            "None"
        );
        assert!(print(EvictionTerms { mirror: true, ..EvictionTerms::default() }).contains("mirror: true"));
    }
}
