//! The table of pods: recycled slots, found by id or by name.

use crate::model::PodId;
use crate::model::pod::Pod;
use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The pods that exist. Memory follows the largest number that existed at once.
#[derive(Debug, Default)]
pub struct Pods {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_name: HashTable<PodId>,
    unbound: BTreeMap<u64, PodId>,
    live: usize,
}

#[derive(Debug)]
struct Slot {
    generation: u32,
    leaving: bool,
    entry: Option<(Arc<str>, Pod)>,
}

impl Pods {
    /// The pod, if it still exists.
    #[inline]
    pub fn get(&self, id: PodId) -> Option<&Pod> {
        let slot = self.slots.get(id.index())?;
        if slot.generation == id.generation { slot.entry.as_ref().map(|(_, pod)| pod) } else { None }
    }

    /// The namespace of a pod that exists.
    pub fn namespace(&self, id: PodId) -> Option<&str> {
        self.get(id)?;
        self.slots[id.index()].entry.as_ref().map(|(namespace, _)| &**namespace)
    }

    /// The pod of this name in this namespace.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<PodId> {
        self.by_name.find(hash(namespace, name), |id| self.is_named(*id, namespace, name)).copied()
    }

    /// The pods without a node, in order of creation.
    pub fn unbound(&self) -> impl Iterator<Item = PodId> + '_ {
        self.unbound.values().copied()
    }

    /// The pods that exist, in the order of their slots. It says nothing about age.
    pub fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> + '_ {
        self.slots.iter().enumerate().filter_map(|(i, slot)| {
            let id = PodId { slot: i as u32, generation: slot.generation };
            slot.entry.as_ref().map(|(_, pod)| (id, pod))
        })
    }

    /// How many exist.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether none exists.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    pub(super) fn get_mut(&mut self, id: PodId) -> Option<&mut Pod> {
        let slot = self.slots.get_mut(id.index())?;
        if slot.generation == id.generation { slot.entry.as_mut().map(|(_, pod)| pod) } else { None }
    }

    /// The pod, if it has neither ended nor gone. What has is never changed again.
    pub(super) fn get_live_mut(&mut self, id: PodId) -> Option<&mut Pod> {
        let slot = self.slots.get_mut(id.index())?;
        let there = slot.generation == id.generation && !slot.leaving;
        slot.entry.as_mut().map(|(_, pod)| pod).filter(|pod| there && !pod.is_finished())
    }

    pub(super) fn insert(&mut self, namespace: Arc<str>, pod: Pod) -> PodId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, leaving: false, entry: None });
            (self.slots.len() - 1) as u32
        });
        let id = PodId { slot, generation: self.slots[slot as usize].generation };
        let code = hash(&namespace, &pod.name);
        self.unbound.insert(pod.uid, id);
        self.slots[slot as usize].entry = Some((namespace, pod));
        let slots = &self.slots;
        self.by_name.insert_unique(code, id, |id| {
            let (namespace, pod) = slots[id.index()].entry.as_ref().expect("a named pod exists");
            hash(namespace, &pod.name)
        });
        self.live += 1;
        id
    }

    pub(super) fn no_longer_unbound(&mut self, id: PodId) {
        if let Some(uid) = self.get(id).map(|pod| pod.uid) {
            self.unbound.remove(&uid);
        }
    }

    /// Marks a pod as gone: its name may be used again, its data stays until [`Pods::free`].
    pub(super) fn leave(&mut self, id: PodId) {
        self.forget_name(id);
        self.slots[id.index()].leaving = true;
    }

    /// Whether a pod that exists has gone, and only waits for everyone to have heard of it.
    pub(crate) fn is_leaving(&self, id: PodId) -> bool {
        self.slots[id.index()].leaving
    }

    pub(super) fn free(&mut self, id: PodId) {
        if self.get(id).is_none() {
            return;
        }
        self.forget_name(id);
        let slot = &mut self.slots[id.index()];
        slot.entry = None;
        slot.leaving = false;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.slot);
        self.live -= 1;
    }

    fn forget_name(&mut self, id: PodId) {
        let Some((namespace, pod)) = &self.slots[id.index()].entry else { return };
        if let Ok(entry) = self.by_name.find_entry(hash(namespace, &pod.name), |other| *other == id) {
            entry.remove();
        }
    }

    fn is_named(&self, id: PodId, namespace: &str, name: &str) -> bool {
        let entry = self.slots[id.index()].entry.as_ref();
        entry.is_some_and(|(its_namespace, pod)| &**its_namespace == namespace && &*pod.name == name)
    }
}

fn hash(namespace: &str, name: &str) -> u64 {
    let mut hasher = FxHasher::default();
    namespace.hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}
