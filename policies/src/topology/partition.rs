//! How label keys divide the nodes into domains, kept up node by node.
//!
//! This is for those who keep sums by domain between scheduling cycles; [`Domains`](super::Domains) is the plain table.

use rustc_hash::FxHashMap;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::NodeSpec;

/// Nowhere: no domain, or no place.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// The partitions by all label keys that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Partitions {
    list: Vec<Partition>,
    by_key: FxHashMap<Arc<str>, usize>,
    /// The specifications that the partitions are made of, by slot.
    specs: Vec<Option<Arc<NodeSpec>>>,
    /// The slots whose node is another one than before, or has another specification, in order.
    changed: Vec<NodeId>,
    /// How many of those have been dropped.
    dropped: u64,
    spec_changes: u64,
    spec_log: u64,
    membership: u64,
}

/// The domains that one label key makes: small numbers, of which those of domains that are gone are used again.
///
/// A domain is *shared* from when it has had two nodes until it has none. Others are a node's own.
#[derive(Debug)]
pub(crate) struct Partition {
    key: Arc<str>,
    numbers: FxHashMap<Arc<str>, u32>,
    of: Vec<u32>,
    domains: Vec<Domain>,
    free: Vec<u32>,
    shared: usize,
    regrouped: u64,
}

#[derive(Debug)]
struct Domain {
    value: Arc<str>,
    nodes: u32,
    shared: bool,
}

impl Partitions {
    /// The number of the partition by this key, made if it is new.
    pub(crate) fn by_key(&mut self, key: &Arc<str>) -> usize {
        if let Some(known) = self.by_key.get(key) {
            return *known;
        }
        let mut partition = Partition::new(key.clone());
        partition.of.resize(self.specs.len(), NOWHERE);
        for (slot, spec) in self.specs.iter().enumerate() {
            partition.set(slot, spec.as_deref());
        }
        self.list.push(partition);
        self.by_key.insert(key.clone(), self.list.len() - 1);
        self.list.len() - 1
    }

    /// The partition of this number.
    pub(crate) fn get(&self, number: usize) -> &Partition {
        &self.list[number]
    }

    /// Catches up with the nodes of the cluster.
    pub(crate) fn refresh(&mut self, cluster: &Cluster) {
        let nodes = cluster.nodes();
        if self.spec_changes == nodes.spec_changes() {
            return;
        }
        self.spec_changes = nodes.spec_changes();
        self.specs.resize(nodes.slots(), None);
        self.list.iter_mut().for_each(|partition| partition.of.resize(nodes.slots(), NOWHERE));
        let same_nodes = self.membership == nodes.membership();
        match nodes.spec_log().since(self.spec_log).filter(|_| same_nodes) {
            Some(some) => some.iter().for_each(|id| self.update(*id, cluster)),
            None => (0..nodes.slots() as u32).for_each(|slot| self.update(NodeId::new(slot), cluster)),
        }
        self.membership = nodes.membership();
        self.spec_log = nodes.spec_log().end();
    }

    /// Where a reader that has seen every change will go on.
    pub(crate) fn end(&self) -> u64 {
        self.dropped + self.changed.len() as u64
    }

    /// The slots that changed since a reader stopped there; `None` if not all of that is remembered.
    pub(crate) fn since(&self, seen: u64) -> Option<&[NodeId]> {
        self.changed.get(usize::try_from(seen.checked_sub(self.dropped)?).ok()?..)
    }

    /// The specification of the node in this slot, as of the last [`Partitions::refresh`].
    pub(crate) fn spec(&self, node: NodeId) -> Option<&NodeSpec> {
        self.specs.get(node.index())?.as_deref()
    }

    /// How many slots there are.
    pub(crate) fn slots(&self) -> usize {
        self.specs.len()
    }

    fn update(&mut self, id: NodeId, cluster: &Cluster) {
        let now = cluster.nodes().find(id).map(|node| &node.spec);
        let before = &mut self.specs[id.index()];
        if before.as_ref().map(Arc::as_ptr) == now.map(Arc::as_ptr) {
            return;
        }
        *before = now.cloned();
        self.list.iter_mut().for_each(|partition| partition.set(id.index(), now.map(|spec| &**spec)));
        if self.changed.len() >= 4 * self.specs.len().max(512) {
            let old = self.changed.len() / 2;
            self.changed.drain(..old);
            self.dropped += old as u64;
        }
        self.changed.push(id);
    }
}

impl Partition {
    /// The domain of the empty value, which counts as shared: nodes without the label may be taken for its own.
    pub(crate) const EMPTY: u32 = 0;

    fn new(key: Arc<str>) -> Self {
        let empty: Arc<str> = "".into();
        Self {
            key,
            numbers: std::iter::once((empty.clone(), Self::EMPTY)).collect(),
            of: Vec::new(),
            domains: vec![Domain { value: empty, nodes: 0, shared: true }],
            free: Vec::new(),
            shared: 1,
            regrouped: 0,
        }
    }

    /// The domain of the node in this slot; [`NOWHERE`] without the label, or without a node.
    #[inline]
    pub(crate) fn of(&self, node: NodeId) -> u32 {
        self.of.get(node.index()).copied().unwrap_or(NOWHERE)
    }

    /// Whether this domain is shared.
    #[inline]
    pub(crate) fn is_shared(&self, domain: u32) -> bool {
        self.domains[domain as usize].shared
    }

    /// How many shared domains there are.
    pub(crate) fn shared(&self) -> usize {
        self.shared
    }

    /// Grows whenever a node's domain, which was its own, is shared.
    pub(crate) fn regrouped(&self) -> u64 {
        self.regrouped
    }

    fn set(&mut self, slot: usize, spec: Option<&NodeSpec>) {
        let value = spec.and_then(|spec| spec.labels.get(&self.key));
        let before = self.of[slot];
        if before != NOWHERE {
            if value.is_some_and(|value| **value == *self.domains[before as usize].value) {
                return;
            }
            self.take_from(before);
        }
        self.of[slot] = value.map_or(NOWHERE, |value| self.add_to(value));
    }

    fn take_from(&mut self, number: u32) {
        let domain = &mut self.domains[number as usize];
        domain.nodes -= 1;
        if domain.nodes == 0 && number != Self::EMPTY {
            self.numbers.remove(&domain.value);
            self.free.push(number);
            self.shared -= usize::from(domain.shared);
        }
    }

    fn add_to(&mut self, value: &str) -> u32 {
        if let Some(number) = self.numbers.get(value).copied() {
            let domain = &mut self.domains[number as usize];
            domain.nodes += 1;
            if domain.nodes > 1 && !domain.shared {
                domain.shared = true;
                self.shared += 1;
                self.regrouped += 1;
            }
            return number;
        }
        let new = Domain { value: value.into(), nodes: 1, shared: false };
        let number = self.free.pop().unwrap_or(self.domains.len() as u32);
        self.numbers.insert(new.value.clone(), number);
        match self.domains.get_mut(number as usize) {
            Some(place) => *place = new,
            None => self.domains.push(new),
        }
        number
    }
}
