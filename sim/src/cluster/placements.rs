//! Where the pods of each class are, for everything that looks at pods near others.

use super::change_log::ChangeLog;
use super::placement_index::PlacementIndex;
use super::{Nodes, Pods};
use crate::model::pod::PodClass;
use crate::model::{ClassId, NodeId};
use std::cell::{Cell, OnceCell};
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
#[derive(Clone, Copy, Debug)]
pub struct Placements<'a> {
    pub(super) table: &'a PlacementTable,
    pub(super) nodes: &'a Nodes,
    pub(super) pods: &'a Pods,
}

/// What is kept of them.
#[derive(Debug, Default)]
pub(super) struct PlacementTable {
    /// Made when somebody first asks where pods are, and kept up from then on.
    index: OnceCell<PlacementIndex>,
    of_class: Vec<OfClass>,
    /// The classes that have a pod on some node.
    placed: Vec<ClassId>,
    with_affinity: BTreeSet<ClassId>,
    /// How many pods have a priority, in the order of priorities; none twice.
    by_priority: Vec<(i32, u32)>,
    affinity_version: u64,
    /// Whether somebody has asked for the log; only then is anything in it.
    logs: Cell<bool>,
    log: ChangeLog<PlacementChange>,
}

/// The pods of a class that are on nodes.
#[derive(Clone, Copy, Debug, Default)]
struct OfClass {
    pods: u32,
    /// Where the class is among those that have a pod on some node.
    place: u32,
}

impl<'a> Placements<'a> {
    /// The nodes that have pods of this class, in no particular order.
    pub fn of(self, class: ClassId) -> impl Iterator<Item = (NodeId, Placed)> + 'a {
        self.index().of(class).iter().copied()
    }

    /// How many pods of this class a node has.
    pub fn on(self, class: ClassId, node: NodeId) -> Placed {
        self.on_node(node).find(|(other, _)| *other == class).map(|(_, placed)| placed).unwrap_or_default()
    }

    /// The classes that have pods on this node, in no particular order. A node that left has them until they are gone.
    pub fn on_node(self, node: NodeId) -> impl Iterator<Item = (ClassId, Placed)> + 'a {
        self.index().on_node(node)
    }

    /// How many pods of this class are on nodes.
    pub fn count(self, class: ClassId) -> u32 {
        self.table.of_class.get(class.index()).map_or(0, |of_class| of_class.pods)
    }

    /// The classes that have a pod on some node, in no particular order.
    pub fn classes(self) -> impl Iterator<Item = ClassId> + 'a {
        self.table.placed.iter().copied()
    }

    /// Those of them with affinity or anti-affinity to other pods.
    pub fn classes_with_affinity(self) -> impl Iterator<Item = ClassId> + 'a {
        self.table.with_affinity.iter().copied()
    }

    /// Whether a pod of lower priority is on some node.
    pub fn has_below(self, priority: i32) -> bool {
        self.table.by_priority.first().is_some_and(|(lowest, _)| *lowest < priority)
    }

    /// What came to nodes, left them, or was asked to go, in order. It is kept from when somebody first asks for it.
    pub fn log(self) -> &'a ChangeLog<PlacementChange> {
        self.table.logs.set(true);
        &self.table.log
    }

    /// How many such changes there were so far.
    pub fn changes(self) -> u64 {
        self.table.log.end()
    }

    /// Grows whenever [`Placements::classes_with_affinity`] changes.
    pub fn affinity_version(self) -> u64 {
        self.table.affinity_version
    }

    fn index(self) -> &'a PlacementIndex {
        self.table.index.get_or_init(|| PlacementIndex::new(self.nodes, self.pods))
    }
}

impl PlacementTable {
    /// A pod came to one of so many nodes.
    pub(super) fn add(&mut self, id: ClassId, class: &PodClass, (node, nodes): (NodeId, usize), terminating: bool) {
        if self.of_class.len() <= id.index() {
            self.of_class.resize(id.index() + 1, OfClass::default());
        }
        let of_class = &mut self.of_class[id.index()];
        of_class.pods += 1;
        if of_class.pods == 1 {
            of_class.place = self.placed.len() as u32;
            self.placed.push(id);
            if class.has_pod_affinity() {
                self.with_affinity.insert(id);
                self.affinity_version += 1;
            }
        }
        if let Some(index) = self.index.get_mut() {
            index.add(id, node, terminating);
        }
        let priority = class.priority();
        match self.by_priority.binary_search_by_key(&priority, |(priority, _)| *priority) {
            Ok(at) => self.by_priority[at].1 += 1,
            Err(at) => self.by_priority.insert(at, (priority, 1)),
        }
        self.note(PlacementChange { class: id, node, pods: 1, terminating: terminating.into() }, nodes);
    }

    /// A pod leaves one of so many nodes.
    pub(super) fn remove(&mut self, id: ClassId, class: &PodClass, (node, nodes): (NodeId, usize), terminating: bool) {
        let of_class = &mut self.of_class[id.index()];
        of_class.pods -= 1;
        if of_class.pods == 0 {
            let place = of_class.place;
            self.placed.swap_remove(place as usize);
            if let Some(moved) = self.placed.get(place as usize) {
                self.of_class[moved.index()].place = place;
            }
            self.affinity_version += u64::from(self.with_affinity.remove(&id));
        }
        if let Some(index) = self.index.get_mut() {
            index.remove(id, node, terminating);
        }
        let priority = class.priority();
        let at = self.by_priority.binary_search_by_key(&priority, |(priority, _)| *priority);
        let at = at.expect("a pod that leaves was counted");
        self.by_priority[at].1 -= 1;
        if self.by_priority[at].1 == 0 {
            self.by_priority.remove(at);
        }
        self.note(PlacementChange { class: id, node, pods: -1, terminating: -i8::from(terminating) }, nodes);
    }

    /// A pod on one of so many nodes was asked to go.
    pub(super) fn terminate(&mut self, class: ClassId, (node, nodes): (NodeId, usize)) {
        if let Some(index) = self.index.get_mut() {
            index.terminate(class, node);
        }
        self.note(PlacementChange { class, node, pods: 0, terminating: 1 }, nodes);
    }

    /// A reader that comes too late recounts all pods, of which a node has several.
    fn note(&mut self, change: PlacementChange, nodes: usize) {
        if self.logs.get() {
            self.log.push(change, 2 * nodes);
        } else {
            self.log.pass();
        }
    }
}
