//! The node that a pod is bound to exists, and the pod says that it is there.

use super::Witness;
use crate::cluster::{Change, Cluster};
use crate::observe::Note;

/// Looks at every binding.
pub(super) struct Bindings;

impl Witness for Bindings {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) -> Result<(), String> {
        let Note::Change(Change::PodBound(id, to)) = note else { return Ok(()) };
        let Some(pod) = cluster.pod(*id) else { return Err(format!("{id} was bound and does not exist")) };
        // It may have left in the instant of the binding.
        if cluster.nodes().find(*to).is_none() && !cluster.nodes().is_leaving(*to) {
            return Err(format!("pod {} was bound to a node that does not exist", pod.name));
        }
        let node = cluster.node(*to);
        let holds = pod.node == Some(*to) && pod.bound == cluster.now && node.created <= cluster.now;
        let (name, node) = (&pod.name, node.name());
        if holds { Ok(()) } else { Err(format!("pod {name} was bound to node {node} at {:?}", pod.bound)) }
    }
}
