//! What a target cannot say.

use std::collections::BTreeMap;
use towtank_sim::model::affinity::NodeAffinity;
use towtank_sim::model::pod::PodSpec;

/// What was lost so far, and how often.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses(BTreeMap<&'static str, u64>);

impl Losses {
    /// Counts something that is lost.
    pub(super) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Counts what of a pod's specification goes beyond what it requests and where it may run by labels.
    pub(super) fn beyond_requests(&mut self, spec: &PodSpec) {
        let lost = [
            (spec.gpu.is_some(), "pods with shares of GPUs, which are left out of them"),
            (spec.node_affinity != NodeAffinity::default(), "pods with a node affinity, which is left out of them"),
            (
                !spec.pod_affinity.is_empty() || !spec.pod_anti_affinity.is_empty() || !spec.topology_spread.is_empty(),
                "pods with wishes about pods near them, which are left out of them",
            ),
            (!spec.tolerations.is_empty(), "pods with tolerations, which are left out of them"),
            (
                !spec.volumes.is_empty() || !spec.resource_claims.is_empty(),
                "pods with volumes or claims, which are left out",
            ),
        ];
        for (is_lost, what) in lost {
            if is_lost {
                self.count(what);
            }
        }
    }

    /// All of it, as sentences.
    pub(super) fn list(&self) -> Vec<String> {
        self.0.iter().map(|(what, count)| format!("{count} {what}")).collect()
    }
}
