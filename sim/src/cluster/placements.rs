//! Where the pods of each class are: the index behind everything that looks at pods near others.

use super::change_log::ChangeLog;
use crate::model::pod::PodClass;
use crate::model::{ClassId, NodeId};
use std::collections::BTreeSet;

/// How many pods of one class a node has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// All of them.
    pub pods: u32,
    /// Those that have been asked to go.
    pub terminating: u32,
}

/// A pod came to a node, left it, or was asked to go: by how much the numbers of its class on the node have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacementChange {
    /// The pod's class.
    pub class: ClassId,
    /// The node.
    pub node: NodeId,
    /// The change of [`Placed::pods`]: -1, 0 or 1.
    pub pods: i8,
    /// The change of [`Placed::terminating`]: -1, 0 or 1.
    pub terminating: i8,
}

/// The pods on nodes, bound or assumed, by class and node.
#[derive(Debug, Default)]
pub struct Placements {
    by_node: Vec<Vec<OnNode>>,
    by_class: Vec<OfClass>,
    /// The classes that have a pod on some node.
    placed: Vec<ClassId>,
    with_affinity: BTreeSet<ClassId>,
    /// How many pods have a priority, in the order of priorities; none twice.
    by_priority: Vec<(i32, u32)>,
    affinity_version: u64,
    log: ChangeLog<PlacementChange>,
}

/// A class that has pods on a node.
#[derive(Clone, Copy, Debug)]
struct OnNode {
    class: ClassId,
    /// Where the node is in the list of the class.
    place: u32,
}

/// The nodes that have pods of a class.
#[derive(Debug, Default)]
struct OfClass {
    nodes: Vec<(NodeId, Placed)>,
    /// Where the class is among those that have a pod on some node.
    place: u32,
}

impl Placements {
    /// The nodes that have pods of this class, in no particular order.
    pub fn of(&self, class: ClassId) -> impl Iterator<Item = (NodeId, Placed)> + '_ {
        self.by_class.get(class.index()).into_iter().flat_map(|of_class| &of_class.nodes).copied()
    }

    /// How many pods of this class a node has.
    pub fn on(&self, class: ClassId, node: NodeId) -> Placed {
        self.on_node(node).find(|(other, _)| *other == class).map(|(_, placed)| placed).unwrap_or_default()
    }

    /// The classes that have pods on this node, in no particular order. A node that left has them until they are gone.
    pub fn on_node(&self, node: NodeId) -> impl Iterator<Item = (ClassId, Placed)> + '_ {
        let here = self.by_node.get(node.index()).into_iter().flatten();
        here.map(|here| (here.class, self.by_class[here.class.index()].nodes[here.place as usize].1))
    }

    /// The classes that have a pod on some node, in no particular order.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.placed.iter().copied()
    }

    /// Those of them with affinity or anti-affinity to other pods.
    pub fn classes_with_affinity(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.with_affinity.iter().copied()
    }

    /// Whether a pod of lower priority is on some node.
    pub fn has_below(&self, priority: i32) -> bool {
        self.by_priority.first().is_some_and(|(lowest, _)| *lowest < priority)
    }

    /// What came to nodes, left them, or was asked to go, in order.
    pub fn log(&self) -> &ChangeLog<PlacementChange> {
        &self.log
    }

    /// Grows whenever [`Placements::classes_with_affinity`] changes.
    pub fn affinity_version(&self) -> u64 {
        self.affinity_version
    }

    pub(super) fn add(&mut self, id: ClassId, class: &PodClass, node: NodeId, terminating: bool) {
        if self.by_node.len() <= node.index() {
            self.by_node.resize_with(node.index() + 1, Vec::new);
        }
        let placed = match self.by_node[node.index()].iter().find(|here| here.class == id) {
            Some(here) => self.placed_mut(*here),
            None => self.add_node(id, class, node),
        };
        placed.pods += 1;
        placed.terminating += u32::from(terminating);
        let priority = class.priority();
        match self.by_priority.binary_search_by_key(&priority, |(priority, _)| *priority) {
            Ok(at) => self.by_priority[at].1 += 1,
            Err(at) => self.by_priority.insert(at, (priority, 1)),
        }
        self.note(PlacementChange { class: id, node, pods: 1, terminating: terminating.into() });
    }

    pub(super) fn remove(&mut self, id: ClassId, class: &PodClass, node: NodeId, terminating: bool) {
        let here = &self.by_node[node.index()];
        let at = here.iter().position(|here| here.class == id).expect("a pod that leaves was here");
        let here = here[at];
        let placed = self.placed_mut(here);
        placed.pods -= 1;
        placed.terminating -= u32::from(terminating);
        if placed.pods == 0 {
            self.by_node[node.index()].swap_remove(at);
            self.remove_node(here);
        }
        let priority = class.priority();
        let at = self.by_priority.binary_search_by_key(&priority, |(priority, _)| *priority);
        let at = at.expect("a pod that leaves was counted");
        self.by_priority[at].1 -= 1;
        if self.by_priority[at].1 == 0 {
            self.by_priority.remove(at);
        }
        self.note(PlacementChange { class: id, node, pods: -1, terminating: -i8::from(terminating) });
    }

    /// A pod on the node was asked to go.
    pub(super) fn terminate(&mut self, class: ClassId, node: NodeId) {
        let here = self.by_node[node.index()].iter().find(|here| here.class == class);
        let here = *here.expect("a pod that is asked to go is here");
        self.placed_mut(here).terminating += 1;
        self.note(PlacementChange { class, node, pods: 0, terminating: 1 });
    }

    fn placed_mut(&mut self, here: OnNode) -> &mut Placed {
        &mut self.by_class[here.class.index()].nodes[here.place as usize].1
    }

    /// A node gets its first pod of a class.
    fn add_node(&mut self, id: ClassId, class: &PodClass, node: NodeId) -> &mut Placed {
        if self.by_class.len() <= id.index() {
            self.by_class.resize_with(id.index() + 1, OfClass::default);
        }
        let of_class = &mut self.by_class[id.index()];
        if of_class.nodes.is_empty() {
            of_class.place = self.placed.len() as u32;
            self.placed.push(id);
            if class.has_pod_affinity() {
                self.with_affinity.insert(id);
                self.affinity_version += 1;
            }
        }
        let here = OnNode { class: id, place: of_class.nodes.len() as u32 };
        of_class.nodes.push((node, Placed::default()));
        self.by_node[node.index()].push(here);
        self.placed_mut(here)
    }

    /// What was here has none of the pods of its class any more, and is out of the list of its node.
    fn remove_node(&mut self, gone: OnNode) {
        let OnNode { class: id, place } = gone;
        let of_class = &mut self.by_class[id.index()];
        of_class.nodes.swap_remove(place as usize);
        if let Some((moved, _)) = of_class.nodes.get(place as usize) {
            let here = self.by_node[moved.index()].iter_mut().find(|here| here.class == id);
            here.expect("a node in the list of a class has its pods").place = place;
        } else if of_class.nodes.is_empty() {
            let place = of_class.place;
            self.placed.swap_remove(place as usize);
            if let Some(moved) = self.placed.get(place as usize) {
                self.by_class[moved.index()].place = place;
            }
            self.affinity_version += u64::from(self.with_affinity.remove(&id));
        }
    }

    /// A reader that comes too late recounts all pods, of which a node has several.
    fn note(&mut self, change: PlacementChange) {
        self.log.push(change, 2 * self.by_node.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pod::PodSpec;
    use crate::model::resources::ResourceTable;
    use std::collections::BTreeMap;

    #[test]
    fn both_sides_of_the_index_agree_after_any_history() {
        let class = PodClass::new(PodSpec::default(), &mut ResourceTable::default());
        let (mut placements, mut plain) = (Placements::default(), BTreeMap::<(ClassId, NodeId), Placed>::new());
        let mut number = 1_u32;
        for _ in 0..4000 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (id, node) = (ClassId((number >> 8) % 5), NodeId((number >> 16) % 7));
            let here = plain.entry((id, node)).or_default();
            match (number >> 24) % 3 {
                0 => {
                    placements.add(id, &class, node, false);
                    here.pods += 1;
                }
                1 if here.pods > here.terminating => {
                    placements.terminate(id, node);
                    here.terminating += 1;
                }
                _ if here.pods > 0 => {
                    let terminating = here.terminating > 0;
                    placements.remove(id, &class, node, terminating);
                    here.pods -= 1;
                    here.terminating -= u32::from(terminating);
                }
                _ => {}
            }
            plain.retain(|_, placed| placed.pods > 0);
            let mut all: Vec<_> =
                placements.classes().flat_map(|id| placements.of(id).map(move |of| (id, of))).collect();
            all.sort_by_key(|(id, (node, _))| (*id, *node));
            assert!(all.iter().map(|(id, (node, placed))| ((*id, *node), *placed)).eq(plain.clone()));
        }
        let end = placements.log().end();
        let last = placements.log().since(end - 1).expect("remembered");
        assert_eq!(last.len(), 1);
    }
}
