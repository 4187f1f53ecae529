//! The pods that the queue knows, found by id.

use super::pod::QueuedPod;
use crate::model::PodId;
use std::ops::{Index, IndexMut};

const NOWHERE: u32 = u32::MAX;

/// The entries of the pods. Memory follows the largest number that was in the queue at once.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By the slot of the pod: its entry.
    of_slot: Vec<u32>,
    entries: Vec<QueuedPod>,
    free: Vec<u32>,
}

impl Table {
    /// The entry of a pod.
    pub(super) fn find(&self, pod: PodId) -> Option<u32> {
        let entry = *self.of_slot.get(pod.index())?;
        (entry != NOWHERE && self.entries[entry as usize].pod == pod).then_some(entry)
    }

    /// Adds a pod, or changes what is known of it.
    pub(super) fn insert(&mut self, queued: QueuedPod) -> u32 {
        let slot = queued.pod.index();
        if self.of_slot.len() <= slot {
            self.of_slot.resize(slot + 1, NOWHERE);
        }
        let entry = match self.of_slot[slot] {
            NOWHERE => self.free.pop().unwrap_or(self.entries.len() as u32),
            known => known,
        };
        match self.entries.get_mut(entry as usize) {
            Some(old) => *old = queued,
            None => self.entries.push(queued),
        }
        self.of_slot[slot] = entry;
        entry
    }

    /// Forgets a pod.
    pub(super) fn remove(&mut self, entry: u32) {
        let slot = self[entry].pod.index();
        self.of_slot[slot] = NOWHERE;
        self.free.push(entry);
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
