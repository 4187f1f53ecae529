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

    /// Counts all of these.
    pub(super) fn all(&mut self, what: &[&'static str]) {
        for what in what {
            self.count(what);
        }
    }

    /// All of it, as sentences.
    pub(super) fn list(&self) -> Vec<String> {
        self.0.iter().map(|(what, count)| format!("{count} {what}")).collect()
    }
}

/// What of a pod's specification goes beyond what it requests and where it may run by labels.
pub(super) fn beyond_requests(spec: &PodSpec) -> Vec<&'static str> {
    let near = !spec.pod_affinity.is_empty() || !spec.pod_anti_affinity.is_empty() || !spec.topology_spread.is_empty();
    let lost = [
        (spec.gpu.is_some(), "pods with shares of GPUs, which are left out of them"),
        (spec.node_affinity != NodeAffinity::default(), "pods with a node affinity, which is left out of them"),
        (spec.node_name.is_some(), "pods that came with their node, which is left out of them"),
        (near, "pods with wishes about pods near them, which are left out of them"),
        (!spec.tolerations.is_empty(), "pods with tolerations, which are left out of them"),
        (
            !spec.volumes.is_empty() || !spec.resource_claims.is_empty(),
            "pods with volumes or claims, which are left out",
        ),
    ];
    lost.into_iter().filter(|(is_lost, _)| *is_lost).map(|(_, what)| what).collect()
}
