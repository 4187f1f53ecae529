//! The pods that the queue knows, found by id.

use super::pod::QueuedPod;
use crate::model::PodId;
use std::ops::{Index, IndexMut};

const NOWHERE: u32 = u32::MAX;

/// The entries of the pods. Memory follows the largest number that was in the queue at once.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By the slot of the pod: its entry, but for the newest.
    of_slot: Vec<u32>,
    /// The pod that came last, as long as it is here. Most pods leave before another one comes, and slots are as many as pods that live: the
    /// place of one is in no cache.
    newest: Option<(PodId, u32)>,
    /// The pod that left last: whoever hears of it asks for it.
    gone: Option<PodId>,
    entries: Vec<QueuedPod>,
    free: Vec<u32>,
}

impl Table {
    /// The entry of a pod.
    #[inline]
    pub(super) fn find(&self, pod: PodId) -> Option<u32> {
        if let Some((newest, entry)) = self.newest
            && newest == pod
        {
            return Some(entry);
        }
        if self.gone == Some(pod) {
            return None;
        }
        let entry = *self.of_slot.get(pod.index())?;
        (entry != NOWHERE && self.entries[entry as usize].pod == pod).then_some(entry)
    }

    /// Adds a pod that is not here.
    #[inline]
    pub(super) fn insert(&mut self, queued: QueuedPod) -> u32 {
        let pod = queued.pod;
        debug_assert!(self.find(pod).is_none(), "a pod is in the queue once");
        self.list_newest();
        let entry = if let Some(free) = self.free.pop() {
            self.entries[free as usize] = queued;
            free
        } else {
            self.entries.push(queued);
            (self.entries.len() - 1) as u32
        };
        self.newest = Some((pod, entry));
        self.gone = None;
        entry
    }

    /// Forgets a pod.
    pub(super) fn remove(&mut self, entry: u32) {
        self.gone = Some(self[entry].pod);
        if self.newest.is_some_and(|(_, newest)| newest == entry) {
            self.newest = None;
        } else {
            let slot = self[entry].pod.index();
            self.of_slot[slot] = NOWHERE;
        }
        self.free.push(entry);
    }

    /// Another one is about to come.
    fn list_newest(&mut self) {
        let Some((pod, entry)) = self.newest.take() else { return };
        if self.of_slot.len() <= pod.index() {
            self.of_slot.resize(pod.index() + 1, NOWHERE);
        }
        debug_assert!(self.of_slot[pod.index()] == NOWHERE, "who leaves the store has left the queue");
        self.of_slot[pod.index()] = entry;
    }
}

impl Index<u32> for Table {
    type Output = QueuedPod;

    fn index(&self, entry: u32) -> &QueuedPod {
        &self.entries[entry as usize]
    }
}

impl IndexMut<u32> for Table {
    fn index_mut(&mut self, entry: u32) -> &mut QueuedPod {
        &mut self.entries[entry as usize]
    }
}
