//! Where the pods of each class are: the index behind everything that looks at pods near others.

use crate::model::pod::PodClass;
use crate::model::{ClassId, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// How many pods of one class a node has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// All of them.
    pub pods: u32,
    /// Those that have been asked to go.
    pub terminating: u32,
}

/// The pods on nodes, bound or assumed, by class and node.
#[derive(Debug, Default)]
pub struct Placements {
    by_class: Vec<BTreeMap<NodeId, Placed>>,
    placed: BTreeSet<ClassId>,
    with_affinity: BTreeSet<ClassId>,
    by_priority: BTreeMap<i32, u32>,
    version: u64,
    affinity_version: u64,
}

impl Placements {
    /// The nodes that have pods of this class, in the order of their slots.
    pub fn of(&self, class: ClassId) -> impl Iterator<Item = (NodeId, Placed)> + '_ {
        self.by_class.get(class.index()).into_iter().flatten().map(|(node, placed)| (*node, *placed))
    }

    /// How many pods of this class a node has.
    pub fn on(&self, class: ClassId, node: NodeId) -> Placed {
        self.by_class.get(class.index()).and_then(|nodes| nodes.get(&node)).copied().unwrap_or_default()
    }

    /// The classes that have a pod on some node.
    pub fn classes(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.placed.iter().copied()
    }

    /// Those of them with affinity or anti-affinity to other pods.
    pub fn classes_with_affinity(&self) -> impl Iterator<Item = ClassId> + '_ {
        self.with_affinity.iter().copied()
    }

    /// Whether a pod of lower priority is on some node.
    pub fn has_below(&self, priority: i32) -> bool {
        self.by_priority.first_key_value().is_some_and(|(lowest, _)| *lowest < priority)
    }

    /// Grows whenever a pod comes to a node, leaves it, or is asked to go.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Grows whenever [`Placements::classes_with_affinity`] changes.
    pub fn affinity_version(&self) -> u64 {
        self.affinity_version
    }

    pub(super) fn add(&mut self, id: ClassId, class: &PodClass, node: NodeId, terminating: bool) {
        self.version += 1;
        if self.by_class.len() <= id.index() {
            self.by_class.resize_with(id.index() + 1, BTreeMap::new);
        }
        let nodes = &mut self.by_class[id.index()];
        if nodes.is_empty() {
            self.placed.insert(id);
            if class.has_pod_affinity() {
                self.with_affinity.insert(id);
                self.affinity_version += 1;
            }
        }
        let placed = nodes.entry(node).or_default();
        placed.pods += 1;
        placed.terminating += u32::from(terminating);
        *self.by_priority.entry(class.priority()).or_default() += 1;
    }

    pub(super) fn remove(&mut self, id: ClassId, class: &PodClass, node: NodeId, terminating: bool) {
        self.version += 1;
        let nodes = &mut self.by_class[id.index()];
        let placed = nodes.get_mut(&node).expect("a pod that leaves was here");
        placed.pods -= 1;
        placed.terminating -= u32::from(terminating);
        if placed.pods == 0 {
            nodes.remove(&node);
        }
        if nodes.is_empty() {
            self.placed.remove(&id);
            self.affinity_version += u64::from(self.with_affinity.remove(&id));
        }
        let priority = class.priority();
        let count = self.by_priority.get_mut(&priority).expect("a pod that leaves was counted");
        *count -= 1;
        if *count == 0 {
            self.by_priority.remove(&priority);
        }
    }

    /// A pod on the node was asked to go.
    pub(super) fn terminate(&mut self, id: ClassId, node: NodeId) {
        self.version += 1;
        let placed = self.by_class[id.index()].get_mut(&node).expect("a pod that is asked to go is here");
        placed.terminating += 1;
    }
}
