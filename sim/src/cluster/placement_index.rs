//! On which nodes the pods of each class are, and which classes each node has.

use super::{Nodes, Placed, Pods};
use crate::model::{ClassId, NodeId};

/// The index behind everything that looks at pods near others. It takes time with every pod that comes or goes, so it is made when
/// somebody first asks.
#[derive(Debug, Default)]
pub(super) struct PlacementIndex {
    by_node: Vec<Vec<OnNode>>,
    by_class: Vec<Vec<(NodeId, Placed)>>,
}

/// A class that has pods on a node.
#[derive(Clone, Copy, Debug)]
struct OnNode {
    class: ClassId,
    /// Where the node is in the list of the class.
    place: u32,
}

impl PlacementIndex {
    /// The index of the pods that are on nodes now.
    pub(super) fn new(nodes: &Nodes, pods: &Pods) -> Self {
        let mut this = Self::default();
        for node in nodes.all() {
            for pod in node.pods.iter().filter_map(|id| pods.get(*id)) {
                this.add(pod.class, node.id, pod.deleting.is_some());
            }
        }
        this
    }

    pub(super) fn of(&self, class: ClassId) -> &[(NodeId, Placed)] {
        self.by_class.get(class.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn on_node(&self, node: NodeId) -> impl Iterator<Item = (ClassId, Placed)> + '_ {
        let here = self.by_node.get(node.index()).into_iter().flatten();
        here.map(|here| (here.class, self.by_class[here.class.index()][here.place as usize].1))
    }

    pub(super) fn add(&mut self, class: ClassId, node: NodeId, terminating: bool) {
        if self.by_node.len() <= node.index() {
            self.by_node.resize_with(node.index() + 1, Vec::new);
        }
        let placed = match self.by_node[node.index()].iter().find(|here| here.class == class) {
            Some(here) => self.placed_mut(*here),
            None => self.add_node(class, node),
        };
        placed.pods += 1;
        placed.terminating += u32::from(terminating);
    }

    pub(super) fn remove(&mut self, class: ClassId, node: NodeId, terminating: bool) {
        let here = &self.by_node[node.index()];
        let at = here.iter().position(|here| here.class == class).expect("a pod that leaves was here");
        let here = here[at];
        let placed = self.placed_mut(here);
        placed.pods -= 1;
        placed.terminating -= u32::from(terminating);
        if placed.pods == 0 {
            self.by_node[node.index()].swap_remove(at);
            self.remove_node(here);
        }
    }

    /// A pod on the node was asked to go.
    pub(super) fn terminate(&mut self, class: ClassId, node: NodeId) {
        let here = self.by_node[node.index()].iter().find(|here| here.class == class);
        let here = *here.expect("a pod that is asked to go is here");
        self.placed_mut(here).terminating += 1;
    }

    fn placed_mut(&mut self, here: OnNode) -> &mut Placed {
        &mut self.by_class[here.class.index()][here.place as usize].1
    }

    /// A node gets its first pod of a class.
    fn add_node(&mut self, class: ClassId, node: NodeId) -> &mut Placed {
        if self.by_class.len() <= class.index() {
            self.by_class.resize_with(class.index() + 1, Vec::new);
        }
        let nodes = &mut self.by_class[class.index()];
        let here = OnNode { class, place: nodes.len() as u32 };
        nodes.push((node, Placed::default()));
        self.by_node[node.index()].push(here);
        self.placed_mut(here)
    }

    /// What was here has none of the pods of its class any more, and is out of the list of its node.
    fn remove_node(&mut self, gone: OnNode) {
        let OnNode { class, place } = gone;
        let nodes = &mut self.by_class[class.index()];
        nodes.swap_remove(place as usize);
        if let Some((moved, _)) = nodes.get(place as usize) {
            let here = self.by_node[moved.index()].iter_mut().find(|here| here.class == class);
            here.expect("a node in the list of a class has its pods").place = place;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn both_sides_of_the_index_agree_after_any_history() {
        let (mut index, mut plain) = (PlacementIndex::default(), BTreeMap::<(ClassId, NodeId), Placed>::new());
        let mut number = 1_u32;
        for _ in 0..4000 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (id, node) = (ClassId((number >> 8) % 5), NodeId::new((number >> 16) % 7));
            let here = plain.entry((id, node)).or_default();
            match (number >> 24) % 3 {
                0 => {
                    index.add(id, node, false);
                    here.pods += 1;
                }
                1 if here.pods > here.terminating => {
                    index.terminate(id, node);
                    here.terminating += 1;
                }
                _ if here.pods > 0 => {
                    let terminating = here.terminating > 0;
                    index.remove(id, node, terminating);
                    here.pods -= 1;
                    here.terminating -= u32::from(terminating);
                }
                _ => {}
            }
            plain.retain(|_, placed| placed.pods > 0);
            let by_class = (0..5).map(ClassId).flat_map(|id| index.of(id).iter().map(move |of| ((id, of.0), of.1)));
            let by_node =
                (0..7).map(NodeId::new).flat_map(|node| index.on_node(node).map(move |on| ((on.0, node), on.1)));
            assert_eq!(by_class.collect::<BTreeMap<_, _>>(), plain);
            assert_eq!(by_node.collect::<BTreeMap<_, _>>(), plain);
        }
    }
}
