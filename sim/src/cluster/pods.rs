//! The table of pods: recycled slots, found by id or by name.

use super::unbound::Unbound;
use crate::model::PodId;
use crate::model::pod::Pod;
use crate::scheduler::FitError;
use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher;
use std::sync::Arc;

/// The pods that exist. Memory follows the largest number that existed at once.
#[derive(Debug, Default)]
pub struct Pods {
    slots: Vec<Slot>,
    free: Vec<u32>,
    /// Slots by namespace and name.
    by_name: HashTable<Named>,
    namespaces: Vec<Arc<str>>,
    namespace_numbers: FxHashMap<Arc<str>, u32>,
    unbound: Unbound,
    /// By slot: why the pod is unschedulable, where it is. Few pods are, and a repeated failure looks at nothing else.
    conditions: Vec<Option<Arc<FitError>>>,
    /// By slot: how often scheduling was tried.
    attempts: Vec<u32>,
    live: usize,
}

/// An entry of the index of names. The hash stands beside the slot: to compute it again for all pods, when the table grows, would
/// read all of them.
#[derive(Clone, Copy, Debug)]
struct Named {
    hash: u32,
    slot: u32,
}

/// A pod in its slot: two cache lines.
#[derive(Debug)]
#[repr(align(64))]
struct Slot {
    generation: u32,
    /// The number of the pod's namespace.
    namespace: u32,
    pod: Option<Pod>,
}

impl Pods {
    /// The pod, if it still exists.
    #[inline]
    pub fn get(&self, id: PodId) -> Option<&Pod> {
        let slot = self.slots.get(id.index())?;
        if slot.generation == id.generation { slot.pod.as_ref() } else { None }
    }

    /// The namespace of a pod that exists.
    pub fn namespace(&self, id: PodId) -> Option<&str> {
        self.get(id)?;
        Some(&self.namespaces[self.slots[id.index()].namespace as usize])
    }

    /// The pod of this name in this namespace.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<PodId> {
        let hash = hash(namespace, name.as_bytes());
        let is_it = |named: &Named| named.hash == hash && self.is_named(named.slot, namespace, name);
        let slot = self.by_name.find(spread(hash), is_it)?.slot;
        Some(PodId { slot, generation: self.slots[slot as usize].generation })
    }

    /// The pods without a node, in order of creation.
    pub fn unbound(&self) -> impl Iterator<Item = PodId> + '_ {
        self.unbound.iter().filter(|id| self.is_unbound(*id))
    }

    /// The pods that exist, in the order of their slots. It says nothing about age.
    pub fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> + '_ {
        self.slots.iter().enumerate().filter_map(|(i, slot)| {
            let id = PodId { slot: i as u32, generation: slot.generation };
            slot.pod.as_ref().map(|pod| (id, pod))
        })
    }

    /// Why a pod is unschedulable: the message of its condition PodScheduled=False.
    pub fn condition(&self, id: PodId) -> Option<&FitError> {
        self.get(id)?;
        self.conditions.get(id.index())?.as_deref()
    }

    /// How often scheduling a pod was tried; 0 if it does not exist.
    pub fn attempts(&self, id: PodId) -> u32 {
        self.get(id).map_or(0, |_| self.attempts[id.index()])
    }

    /// Scheduling a pod, which exists, was tried again.
    #[inline]
    pub(super) fn count_attempt(&mut self, id: PodId) {
        self.attempts[id.index()] += 1;
    }

    /// Whether this very error is why the pod in the slot is unschedulable.
    #[inline]
    pub(super) fn is_condition(&self, id: PodId, error: &Arc<FitError>) -> bool {
        matches!(self.conditions.get(id.index()), Some(Some(said)) if Arc::ptr_eq(said, error))
    }

    #[inline]
    pub(super) fn condition_mut(&mut self, id: PodId) -> &mut Option<Arc<FitError>> {
        if self.conditions.len() <= id.index() {
            self.conditions.resize(self.slots.len(), None);
        }
        &mut self.conditions[id.index()]
    }

    /// The pod is not unschedulable any more.
    pub(super) fn clear_condition(&mut self, id: PodId) {
        if let Some(condition) = self.conditions.get_mut(id.index()) {
            *condition = None;
        }
    }

    /// How many exist.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether none exists.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    #[inline]
    pub(super) fn get_mut(&mut self, id: PodId) -> Option<&mut Pod> {
        let slot = self.slots.get_mut(id.index())?;
        if slot.generation == id.generation { slot.pod.as_mut() } else { None }
    }

    /// The pod, if it has neither ended nor gone. What has is never changed again.
    #[inline]
    pub(super) fn get_live_mut(&mut self, id: PodId) -> Option<&mut Pod> {
        let slot = self.slots.get_mut(id.index())?;
        let there = slot.generation == id.generation;
        slot.pod.as_mut().filter(|pod| there && !pod.leaving && !pod.is_finished())
    }

    /// Adds a pod. So many wait for a node, it included.
    pub(super) fn insert(&mut self, namespace: &Arc<str>, pod: Pod, pending: usize) -> PodId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, namespace: 0, pod: None });
            self.attempts.push(0);
            (self.slots.len() - 1) as u32
        });
        let id = PodId { slot, generation: self.slots[slot as usize].generation };
        let hash = hash(namespace, pod.name.as_bytes());
        let number = self.namespace_number(namespace);
        let place = &mut self.slots[slot as usize];
        (place.namespace, place.pod) = (number, Some(pod));
        self.attempts[slot as usize] = 0;
        self.by_name.insert_unique(spread(hash), Named { hash, slot }, |named| spread(named.hash));
        if self.unbound.is_overfull(pending) {
            let mut unbound = std::mem::take(&mut self.unbound);
            unbound.retain(|id| self.is_unbound(id));
            self.unbound = unbound;
        }
        self.unbound.push(id);
        self.live += 1;
        id
    }

    /// A pod has a node now, or will never have one.
    pub(super) fn no_longer_unbound(&mut self, id: PodId) {
        self.unbound.forget_last(id);
    }

    /// Marks a pod as gone: its name may be used again, its data stays until [`Pods::free`].
    pub(super) fn leave(&mut self, id: PodId) {
        self.forget_name(id);
        if let Some(pod) = &mut self.slots[id.index()].pod {
            pod.leaving = true;
        }
    }

    /// Whether a pod that exists has gone, and only waits for everyone to have heard of it.
    pub(crate) fn is_leaving(&self, id: PodId) -> bool {
        self.slots[id.index()].pod.as_ref().is_some_and(|pod| pod.leaving)
    }

    pub(super) fn free(&mut self, id: PodId) {
        self.clear_condition(id);
        if self.get(id).is_none() {
            return;
        }
        if !self.is_leaving(id) {
            self.forget_name(id);
        }
        let slot = &mut self.slots[id.index()];
        slot.pod = None;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.slot);
        self.live -= 1;
    }

    fn forget_name(&mut self, id: PodId) {
        let slot = &self.slots[id.index()];
        let name = &slot.pod.as_ref().expect("a named pod exists").name;
        let hash = hash(&self.namespaces[slot.namespace as usize], name.as_bytes());
        if let Ok(entry) = self.by_name.find_entry(spread(hash), |named| named.slot == id.slot) {
            entry.remove();
        }
    }

    fn is_named(&self, slot: u32, namespace: &str, name: &str) -> bool {
        let Slot { pod, namespace: number, .. } = &self.slots[slot as usize];
        let same = |pod: &Pod| pod.name.as_bytes() == name.as_bytes();
        pod.as_ref().is_some_and(same) && *self.namespaces[*number as usize] == *namespace
    }

    fn is_unbound(&self, id: PodId) -> bool {
        self.get(id).is_some_and(|pod| pod.node.is_none() && !pod.is_finished() && !pod.leaving)
    }

    /// The number of a namespace. Namespaces are few, and a number is smaller than a pointer.
    fn namespace_number(&mut self, namespace: &Arc<str>) -> u32 {
        if let Some(number) = self.namespace_numbers.get(namespace) {
            return *number;
        }
        let number = self.namespaces.len() as u32;
        self.namespaces.push(namespace.clone());
        self.namespace_numbers.insert(namespace.clone(), number);
        number
    }
}

fn hash(namespace: &str, name: &[u8]) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(namespace.as_bytes());
    hasher.write(name);
    hasher.finish() as u32
}

/// A hash in as many bits as a table wants.
fn spread(hash: u32) -> u64 {
    // The golden ratio: what differs anywhere differs in the highest bits.
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_pod_is_small() {
        assert!(size_of::<Slot>() <= 128, "{} bytes", size_of::<Slot>());
    }
}
