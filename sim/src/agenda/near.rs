//! The next few events, in order.

use super::entry::Entry;
use super::future::Future;
use crate::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events that come before all that are further away. Those that came near together are sorted once, and taken from the end of a list; a
/// heap has the few that were planned since.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// The first event is the last of the list.
    sorted: Vec<Entry>,
    added: BinaryHeap<Reverse<Entry>>,
}

impl Near {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.sorted.is_empty() && self.added.is_empty()
    }

    /// The first one.
    pub(super) fn first(&self) -> Option<Entry> {
        let sorted = self.sorted.last().copied();
        match self.added.peek() {
            Some(Reverse(added)) if sorted.is_none_or(|sorted| *added < sorted) => Some(*added),
            _ => sorted,
        }
    }

    /// Takes the first one.
    pub(super) fn pop(&mut self) -> Option<Entry> {
        match self.added.peek() {
            Some(Reverse(added)) if self.sorted.last().is_none_or(|sorted| added < sorted) => {
                self.added.pop().map(|Reverse(entry)| entry)
            }
            _ => self.sorted.pop(),
        }
    }

    /// One more was planned.
    pub(super) fn add(&mut self, entry: Entry) {
        self.added.push(Reverse(entry));
    }

    /// Takes the first of those that are further away, now that there is none. Gives the instant before which all of them are, and none that
    /// is left there.
    pub(super) fn refill(&mut self, future: &mut Future) -> Option<SimTime> {
        let horizon = future.take_first(|entry| self.sorted.push(entry))?;
        self.sorted.sort_unstable_by_key(|entry| Reverse(entry.key()));
        Some(horizon)
    }

    /// Those that came near together and have not been taken, the first one first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry> {
        self.sorted.iter().rev().copied()
    }
}
