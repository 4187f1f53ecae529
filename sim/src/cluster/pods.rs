//! The table of pods: recycled slots, found by id or by name.

use super::attempts::Attempts;
use super::pages::Pages;
use super::pod_names::PodNames;
use super::unbound::Unbound;
use crate::model::PodId;
use crate::model::pod::Pod;
use crate::prefetch::prefetch_bytes;
use crate::scheduler::FitError;
use rustc_hash::FxHashMap;
use std::cell::OnceCell;
use std::sync::Arc;

/// The pods that exist. Memory follows the largest number that existed at once.
#[derive(Debug, Default)]
pub struct Pods {
    slots: Pages<Slot>,
    free: Vec<u32>,
    /// Slots by namespace and name: made when somebody first asks for a pod by its name, or when a name comes that may not be new, and kept
    /// up from then on. Generators number their pods, and then nobody does.
    names: OnceCell<PodNames>,
    namespaces: Vec<Arc<str>>,
    namespace_numbers: FxHashMap<Arc<str>, u32>,
    /// The number that was asked for last.
    last_namespace: u32,
    unbound: Unbound,
    /// By slot: why the pod is unschedulable, where it is. Few pods are, and a repeated failure looks at nothing else.
    conditions: Vec<Option<Arc<FitError>>>,
    attempts: Attempts,
    live: usize,
}

/// A pod in its slot: two cache lines, which many processors fetch together where they begin like this.
#[derive(Debug)]
#[repr(align(128))]
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
        if slot.generation == id.generation() { slot.pod.as_ref() } else { None }
    }

    /// The namespace of a pod that exists.
    pub fn namespace(&self, id: PodId) -> Option<&str> {
        self.get(id)?;
        Some(&self.namespaces[self.slots[id.index()].namespace as usize])
    }

    /// The pod of this name in this namespace.
    pub fn by_name(&self, namespace: &str, name: &str) -> Option<PodId> {
        let names = self.names.get_or_init(|| self.list_names());
        let slot = names.find(namespace, name, |slot| self.is_named(slot, namespace, name))?;
        Some(PodId::new(slot, self.slots[slot as usize].generation))
    }

    /// Whether nobody knows which names are taken: all pods so far have names that were known to be new.
    pub(super) fn are_names_unlisted(&self) -> bool {
        self.names.get().is_none()
    }

    /// The pods without a node, in order of creation.
    pub fn unbound(&self) -> impl Iterator<Item = PodId> + '_ {
        self.unbound.iter().filter(|id| self.is_unbound(*id))
    }

    /// The pods that exist, in the order of their slots. It says nothing about age.
    pub fn iter(&self) -> impl Iterator<Item = (PodId, &Pod)> + '_ {
        self.slots.iter().enumerate().filter_map(|(i, slot)| {
            let id = PodId::new(i as u32, slot.generation);
            slot.pod.as_ref().map(|pod| (id, pod))
        })
    }

    /// Why a pod is unschedulable: the message of its condition PodScheduled=False.
    pub fn condition(&self, id: PodId) -> Option<&FitError> {
        self.said_last(id).map(AsRef::as_ref)
    }

    /// The same, to be shared.
    pub(crate) fn said_last(&self, id: PodId) -> Option<&Arc<FitError>> {
        self.get(id)?;
        self.conditions.get(id.index())?.as_ref()
    }

    /// How often scheduling a pod was tried; 0 if it does not exist.
    pub fn attempts(&self, id: PodId) -> u32 {
        self.get(id).map_or(0, |_| self.attempts.of(id.index()))
    }

    /// Asks for the memory of a pod, and for that of the count of attempts, which begins anew when the next pod gets the slot.
    #[inline]
    pub(super) fn ask_for(&self, id: PodId) {
        self.attempts.ask_for(id.index());
        if let Some(slot) = self.slots.get(id.index()) {
            prefetch_bytes(slot, size_of::<Slot>());
        }
    }

    /// Scheduling a pod, which exists, was tried again.
    #[inline]
    pub(super) fn count_attempt(&mut self, id: PodId) {
        self.attempts.count(id.index());
    }

    /// Scheduling a pod, which exists, is tried together with others from now on: [`Pods::count_attempts`] counts for it until
    /// [`Pods::try_alone`].
    pub(super) fn try_together(&mut self, id: PodId, party: u32) {
        self.attempts.join(id.index(), party);
    }

    /// Scheduling a pod is not tried together with others any more.
    pub(super) fn try_alone(&mut self, id: PodId) {
        if self.get(id).is_some() {
            self.attempts.leave(id.index());
        }
    }

    /// Scheduling the pods of a party was tried.
    pub(super) fn count_attempts(&mut self, party: u32) {
        self.attempts.count_party(party);
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
        if slot.generation == id.generation() { slot.pod.as_mut() } else { None }
    }

    /// The pod, if it has neither ended nor gone. What has is never changed again.
    #[inline]
    pub(super) fn get_live_mut(&mut self, id: PodId) -> Option<&mut Pod> {
        let slot = self.slots.get_mut(id.index())?;
        let there = slot.generation == id.generation();
        slot.pod.as_mut().filter(|pod| there && !pod.leaving && !pod.is_finished())
    }

    /// Adds a pod. So many wait for a node, it included.
    #[inline]
    pub(super) fn insert(&mut self, namespace: &Arc<str>, pod: Pod, pending: usize) -> PodId {
        let number = self.namespace_number(namespace);
        let (slot, generation) = if let Some(slot) = self.free.pop() {
            let place = &mut self.slots[slot as usize];
            (place.namespace, place.pod) = (number, Some(pod));
            (slot, place.generation)
        } else {
            self.slots.push(Slot { generation: 0, namespace: number, pod: Some(pod) });
            ((self.slots.len() - 1) as u32, 0)
        };
        let id = PodId::new(slot, generation);
        if let Some(names) = self.names.get_mut() {
            let pod = self.slots[slot as usize].pod.as_ref().expect("it has just come");
            names.add(namespace, &pod.name, slot);
        }
        self.attempts.begin(slot as usize);
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
        self.free.push(id.slot());
        self.live -= 1;
    }

    fn forget_name(&mut self, id: PodId) {
        let Some(names) = self.names.get_mut() else { return };
        let slot = &self.slots[id.index()];
        let name = &slot.pod.as_ref().expect("a named pod exists").name;
        names.remove(&self.namespaces[slot.namespace as usize], name, id.slot());
    }

    /// The names of all pods that have not gone.
    fn list_names(&self) -> PodNames {
        let mut names = PodNames::default();
        for (number, slot) in self.slots.iter().enumerate() {
            if let Some(pod) = slot.pod.as_ref().filter(|pod| !pod.leaving) {
                names.add(&self.namespaces[slot.namespace as usize], &pod.name, number as u32);
            }
        }
        names
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
        // Mostly it is that of the pod before.
        let last = self.last_namespace;
        if self.namespaces.get(last as usize).is_some_and(|known| Arc::ptr_eq(known, namespace)) {
            return last;
        }
        self.last_namespace = self.new_namespace_number(namespace);
        self.last_namespace
    }

    fn new_namespace_number(&mut self, namespace: &Arc<str>) -> u32 {
        if let Some(number) = self.namespace_numbers.get(namespace) {
            return *number;
        }
        let number = self.namespaces.len() as u32;
        self.namespaces.push(namespace.clone());
        self.namespace_numbers.insert(namespace.clone(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;
    use crate::model::pod::{NewPod, PodSpec};

    #[test]
    fn a_live_pod_is_small() {
        assert!(size_of::<Slot>() <= 128, "{} bytes", size_of::<Slot>());
    }

    #[test]
    fn names_are_listed_when_somebody_asks_and_kept_up_from_then_on() {
        let mut cluster = Cluster::default();
        let class = cluster.intern(PodSpec::default());
        let create = |cluster: &mut Cluster, name: &str| cluster.submit(&mut NewPod::new(name, class), true).ok();
        let [a, b, c] = ["a", "b", "c"].map(|name| create(&mut cluster, name).expect("a new name"));
        cluster.deliver(|_, _| ());
        cluster.remove_pod(a);
        assert!(cluster.pods().are_names_unlisted());
        let find = |cluster: &Cluster, name: &str| cluster.pods().by_name("default", name);
        assert_eq!(["a", "b", "c"].map(|name| find(&cluster, name)), [None, Some(b), Some(c)], "one of them has gone");
        cluster.remove_pod(b);
        let d = create(&mut cluster, "d");
        cluster.deliver(|_, _| ());
        assert_eq!(["b", "c", "d"].map(|name| find(&cluster, name)), [None, Some(c), d]);
        assert!(cluster.create_pod(NewPod::new("d", class)).is_err(), "the name is taken");
        assert_eq!(create(&mut cluster, "d"), None, "that a name is new is believed only as long as nobody has asked");
    }
}
