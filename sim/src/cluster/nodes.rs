//! The table of nodes.

use super::change_log::ChangeLog;
use super::kinds::Kinds;
use super::node_load::NodeLoad;
use crate::model::NodeId;
use crate::model::node::{Node, NodeSpec};
use crate::model::resources::Resources;
use crate::prefetch::{prefetch, prefetch_bytes};
use crate::time::SimTime;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// The first bytes of a node, which change with every pod or are read then.
const HOT_BYTES: usize = std::mem::offset_of!(Node, ports);

/// The nodes that exist. Slots are used again.
#[derive(Debug, Default)]
pub struct Nodes {
    slots: Vec<Option<Node>>,
    /// Nodes that have left, and whether everyone has heard of it. Those with pods stay until the pods are gone.
    leaving: Vec<(NodeId, bool)>,
    free: Vec<u32>,
    by_name: BTreeMap<Arc<str>, NodeId>,
    kinds: Kinds,
    membership: u64,
    spec_changes: u64,
    versions: Vec<u64>,
    loads: Vec<NodeLoad>,
    changes: ChangeLog,
    spec_log: ChangeLog,
}

/// Two nodes of one name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("nodes \"{name}\" already exists")]
pub struct DuplicateNode {
    /// The name.
    pub name: String,
}

impl Nodes {
    /// The node, which must exist (a node that just left still does while that is being delivered).
    #[inline]
    pub fn get(&self, id: NodeId) -> &Node {
        self.slots[id.index()].as_ref().expect("the node exists")
    }

    /// The node, if the slot holds one that has not left.
    pub fn find(&self, id: NodeId) -> Option<&Node> {
        if self.is_leaving(id) { None } else { self.slots.get(id.index())?.as_ref() }
    }

    /// The node of this name.
    pub fn by_name(&self, name: &str) -> Option<NodeId> {
        self.by_name.get(name).copied()
    }

    /// The nodes, in the order of their slots.
    pub fn iter(&self) -> impl Iterator<Item = &Node> + '_ {
        self.slots.iter().flatten().filter(|node| !self.is_leaving(node.id))
    }

    /// The nodes with those that have left and still have pods, or wait for everyone to have heard of it.
    pub(super) fn all(&self) -> impl Iterator<Item = &Node> + '_ {
        self.slots.iter().flatten()
    }

    /// The nodes in the order of their names.
    pub fn iter_by_name(&self) -> impl Iterator<Item = &Node> + '_ {
        self.by_name.values().map(|id| self.get(*id))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// One more than the largest slot in use, for tables beside this one.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Grows whenever a node comes or goes.
    pub fn membership(&self) -> u64 {
        self.membership
    }

    /// Grows whenever a node comes or goes or its specification changes, and not with the pods on it.
    pub fn spec_changes(&self) -> u64 {
        self.spec_changes
    }

    /// A number that grows with every change of the node in this slot or of the pods on it.
    #[inline]
    pub fn version(&self, id: NodeId) -> u64 {
        self.versions[id.index()]
    }

    /// What is read most of the node in this slot; nothing allocatable where there is none.
    #[inline]
    pub fn load(&self, id: NodeId) -> &NodeLoad {
        &self.loads[id.index()]
    }

    /// Asks for the memory that a change of the pods on a node touches, but for the list of them.
    pub(super) fn ask_for(&self, id: NodeId) {
        let index = id.index();
        prefetch(&self.versions[index]);
        prefetch_bytes(&self.slots[index], HOT_BYTES);
        prefetch_bytes(&self.loads[index], size_of::<NodeLoad>());
    }

    /// The nodes in the order of their changes: of the specification, or of the pods on them, which includes that one is asked to
    /// go. That a node comes or goes shows in [`Nodes::membership`].
    pub fn changes(&self) -> &ChangeLog {
        &self.changes
    }

    /// The nodes in the order of changes of their specification.
    pub fn spec_log(&self) -> &ChangeLog {
        &self.spec_log
    }

    /// Changes a node or what is on it.
    pub(super) fn change<R>(&mut self, id: NodeId, version: u64, change: impl FnOnce(&mut Node) -> R) -> R {
        let result = self.change_pods(id, version, change);
        self.loads[id.index()] = NodeLoad::of(self.get(id));
        result
    }

    /// Changes what is on a node, and nothing else of it.
    #[expect(clippy::inline_always, reason = "whether the compiler did it changed with code elsewhere: 3 % of a run")]
    #[inline(always)]
    pub(super) fn change_pods<R>(&mut self, id: NodeId, version: u64, change: impl FnOnce(&mut Node) -> R) -> R {
        let slots = self.slots.len();
        self.versions[id.index()] = version;
        self.changes.push(id, slots);
        let node = self.slots[id.index()].as_mut().expect("the node exists");
        let result = change(node);
        self.loads[id.index()].take_pods_of(node);
        result
    }

    /// A pod on the node was asked to go: the node is as before, but those who count its pods do not count that one.
    pub(super) fn note_termination(&mut self, id: NodeId) {
        self.changes.push(id, self.slots.len());
    }

    /// A specification has changed.
    pub(super) fn note_spec_change(&mut self, id: NodeId) {
        self.spec_changes += 1;
        self.spec_log.push(id, self.slots.len());
    }

    /// So many nodes are about to come: takes the memory for them at once, and not with copies that are each twice as large.
    pub(super) fn expect(&mut self, count: usize) {
        self.slots.reserve_exact(count);
        self.versions.reserve_exact(count);
        self.loads.reserve_exact(count);
    }

    /// For how many nodes memory has been taken, for tables beside this one.
    pub fn capacity(&self) -> usize {
        self.slots.capacity()
    }

    pub(super) fn get_mut(&mut self, id: NodeId) -> &mut Node {
        self.slots[id.index()].as_mut().expect("the node exists")
    }

    pub(super) fn insert(
        &mut self,
        uid: u64,
        created: SimTime,
        version: u64,
        spec: NodeSpec,
        allocatable: Resources,
    ) -> NodeId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.versions.push(0);
            self.loads.push(NodeLoad::default());
            (self.slots.len() - 1) as u32
        });
        let id = NodeId::new(slot);
        let (spec, allocatable) = self.kinds.share(spec, allocatable);
        self.by_name.insert(spec.name.clone(), id);
        self.membership += 1;
        self.spec_changes += 1;
        self.slots[id.index()] = Some(Node::new((id, uid), created, spec, allocatable));
        self.change(id, version, |_| ());
        self.spec_log.push(id, self.slots.len());
        id
    }

    pub(super) fn leave(&mut self, id: NodeId) {
        let name = self.get(id).spec.name.clone();
        self.by_name.remove(&name);
        self.membership += 1;
        self.spec_changes += 1;
        self.leaving.push((id, false));
    }

    /// Whether a node has left, and only waits for everyone to have heard of it.
    pub(crate) fn is_leaving(&self, id: NodeId) -> bool {
        self.leaving.iter().any(|(other, _)| *other == id)
    }

    /// Everyone has heard that a node has left.
    pub(super) fn told(&mut self, id: NodeId) {
        if let Some(entry) = self.leaving.iter_mut().find(|(other, _)| *other == id) {
            entry.1 = true;
        }
        self.free_if_empty(id);
    }

    /// Frees the slot of a node that has left, once everyone has heard of it and its last pod is gone.
    pub(super) fn free_if_empty(&mut self, id: NodeId) {
        if !self.leaving.is_empty() && self.leaving.contains(&(id, true)) && self.get(id).pods.is_empty() {
            self.leaving.retain(|(other, _)| *other != id);
            self.slots[id.index()] = None;
            self.loads[id.index()] = NodeLoad::default();
            self.free.push(id.slot());
        }
    }
}
