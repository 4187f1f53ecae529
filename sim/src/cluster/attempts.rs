//! How often scheduling was tried, by slot of the pod. Where thousands of pods are tried together again and again, one number counts
//! for all of them.

use crate::prefetch::prefetch;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    of_slot: Vec<Count>,
    /// How often each party has been tried together. No pod belongs to the first.
    parties: Vec<u32>,
}

/// The attempts of a pod: what its party counts comes on top. Both may go round, their sum is right.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    own: u32,
    party: u32,
}

impl Attempts {
    /// How often the pod in the slot was tried.
    pub(super) fn of(&self, slot: usize) -> u32 {
        let Count { own, party } = self.of_slot[slot];
        own.wrapping_add(self.of_party(party))
    }

    /// Asks for the memory of what is kept of the slot.
    #[inline]
    pub(super) fn ask_for(&self, slot: usize) {
        self.of_slot.get(slot).into_iter().for_each(prefetch);
    }

    /// There is a new pod in the slot.
    pub(super) fn begin(&mut self, slot: usize) {
        if self.of_slot.len() <= slot {
            self.of_slot.resize(slot + 1, Count::default());
        }
        self.of_slot[slot] = Count::default();
    }

    /// The pod in the slot was tried by itself. It belongs to no party from now on.
    #[inline]
    pub(super) fn count(&mut self, slot: usize) {
        self.leave(slot);
        self.of_slot[slot].own += 1;
    }

    /// The pod in the slot is tried together with others from now on.
    pub(super) fn join(&mut self, slot: usize, party: u32) {
        self.leave(slot);
        let party = party + 1;
        let own = self.of_slot[slot].own.wrapping_sub(self.of_party(party));
        self.of_slot[slot] = Count { own, party };
    }

    /// The pod in the slot belongs to no party.
    #[inline]
    pub(super) fn leave(&mut self, slot: usize) {
        if self.of_slot[slot].party != 0 {
            self.of_slot[slot] = Count { own: self.of(slot), party: 0 };
        }
    }

    /// A party was tried.
    pub(super) fn count_party(&mut self, party: u32) {
        let party = party as usize + 1;
        if self.parties.len() <= party {
            self.parties.resize(party + 1, 0);
        }
        self.parties[party] = self.parties[party].wrapping_add(1);
    }

    fn of_party(&self, party: u32) -> u32 {
        self.parties.get(party as usize).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_counts_for_those_who_belong_to_it() {
        let mut attempts = Attempts::default();
        for slot in [0, 1] {
            attempts.begin(slot);
            attempts.count(slot);
        }
        attempts.count_party(5);
        attempts.join(0, 5);
        attempts.count_party(5);
        attempts.join(1, 5);
        attempts.count_party(5);
        assert_eq!([attempts.of(0), attempts.of(1)], [3, 2]);
        attempts.leave(0);
        attempts.count_party(5);
        attempts.count(1);
        assert_eq!([attempts.of(0), attempts.of(1)], [3, 4]);
        attempts.count_party(5);
        attempts.join(1, 2);
        attempts.count_party(2);
        assert_eq!([attempts.of(0), attempts.of(1)], [3, 5]);
        attempts.begin(1);
        assert_eq!(attempts.of(1), 0);
    }
}
