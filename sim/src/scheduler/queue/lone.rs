//! The only pod that is active, as long as it is the only one: most pods are tried before the next one comes, and need no cohort.

use super::SchedulingQueue;
use super::cohort::{CohortId, Standing};
use super::place::Place;
use super::pod::NOWHERE;
use crate::time::SimTime;

/// The cohort of a pod that is in none because it is alone.
pub(super) const LONE: CohortId = NOWHERE - 1;

/// A pod that came when no pod was active. No cohort is among the active ones then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lone {
    entry: u32,
    since: SimTime,
    sequence: u64,
}

impl Lone {
    /// When and how it came.
    pub(super) fn standing(self) -> Standing {
        Standing { since: self.since, backoff: None, sequence: self.sequence }
    }
}

impl SchedulingQueue {
    /// A pod is new, and no other one is active.
    pub(super) fn let_in_alone(&mut self, entry: u32, since: SimTime) {
        self.lone = Some(Lone { entry, since, sequence: self.sequence });
        self.pods[entry].cohort = LONE;
        self.counts[Place::Active.kind()] += 1;
    }

    /// Takes out the pod that is alone, and gives its entry.
    pub(super) fn take_lone(&mut self) -> Option<u32> {
        let Lone { entry, since, .. } = self.lone.take()?;
        let queued = &mut self.pods[entry];
        queued.cohort = NOWHERE;
        queued.waits.come(Place::Active, since);
        queued.waits.pass(Place::Active, self.now.since(since));
        self.counts[Place::Active.kind()] -= 1;
        Some(entry)
    }

    /// Others come: the pod that was alone gets a cohort, which they may join.
    pub(super) fn seat(&mut self) {
        let Some(Lone { since, sequence, .. }) = self.lone else { return };
        let Some(entry) = self.take_lone() else { return };
        let id = self.alone(entry, Place::Active, since, None, sequence);
        if !self.pods[entry].individual {
            self.open(id);
        }
    }
}
