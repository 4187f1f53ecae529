//! Reading ahead. A pod that has run for a while is in no cache, nor is its node. What the next few events will touch is asked for
//! for all of them together, in looks: where a pod is says which node it has, and the node says where its list of pods is. While one
//! look's memory comes, other events happen.

use super::Cluster;
use crate::model::{NodeId, PodId};
use crate::prefetch::prefetch;

/// How many looks there are.
pub(crate) const LOOKS: u8 = 3;

impl Cluster {
    /// Asks for what the ends of these pods will touch, as far as the looks before have brought what says where it is.
    pub(crate) fn read_ahead(&self, look: u8, pods: impl Iterator<Item = PodId>) {
        match look {
            0 => pods.for_each(|id| self.pods.ask_for(id)),
            1 => pods.filter_map(|id| self.pods.get(id)?.node).for_each(|node| self.nodes.ask_for(node)),
            _ => pods.for_each(|id| self.ask_for_place(id)),
        }
    }

    /// Asks for what is touched to put a pod on a node, but for the list of its pods.
    pub(crate) fn read_node_ahead(&self, id: NodeId) {
        self.nodes.ask_for(id);
    }

    /// Asks for the places in the list of a pod's node where the pod or the last one may be, and where a pod is looked for.
    fn ask_for_place(&self, id: PodId) {
        let Some(pod) = self.pods.get(id) else { return };
        let Some(node) = pod.node.and_then(|node| self.nodes.find(node)) else { return };
        let places = [node.pods.get(0), node.pods.get(pod.place as usize), node.pods.last()];
        places.into_iter().flatten().for_each(prefetch);
    }
}
