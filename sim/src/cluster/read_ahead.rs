//! Reading ahead. A pod that has run for a while is in no cache, nor is its node. What the next few events will touch is read for
//! all of them together: the processor fetches many places of the memory at once, but each event by itself would wait for one after
//! another.

use super::{Cluster, Nodes, Pods};
use crate::model::{NodeId, PodId};
use smallvec::SmallVec;
use std::hint::black_box;

impl Cluster {
    /// Reads what the ends of these pods will touch. Nothing else comes of it.
    pub(crate) fn read_ahead(&self, pods: impl Iterator<Item = PodId>) {
        let mut read = 0;
        let mut nodes: SmallVec<[(NodeId, u32); 64]> = SmallVec::new();
        nodes.extend(pods.filter_map(|id| self.pods.read_ahead(id, &mut read)));
        let read = nodes.iter().fold(read, |read, (node, place)| read ^ self.nodes.read_ahead(*node, *place));
        black_box(read);
    }

    /// Reads what it will touch to put a pod on a node. Nothing else comes of it.
    pub(crate) fn read_node_ahead(&self, id: NodeId) {
        black_box(self.nodes.read_ahead(id, 0));
    }
}

impl Pods {
    /// The node of a pod, and its place there. What is read depends on all parts of its memory.
    fn read_ahead(&self, id: PodId, read: &mut u64) -> Option<(NodeId, u32)> {
        let pod = self.get(id)?;
        *read ^= pod.uid ^ pod.created.0 as u64 ^ u64::from(pod.usage.cpu);
        Some((pod.node?, pod.place))
    }
}

impl Nodes {
    /// A number that depends on what a change of the pods on a node touches, if it is about the pod at this place or the last one.
    fn read_ahead(&self, id: NodeId, place: u32) -> u64 {
        let node = self.get(id);
        let slot = |pod: Option<&PodId>| pod.map_or(0, |pod| pod.slot());
        let pods = slot(node.pods.get(place as usize)) ^ slot(node.pods.last());
        let load = self.load(id);
        let amounts = node.requested.as_slice().len() ^ node.allocatable.as_slice().len();
        self.version(id) ^ u64::from(pods) ^ amounts as u64 ^ u64::from(load.exact) ^ load.allocatable[0].to_bits()
    }
}
