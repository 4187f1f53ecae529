//! Jobs as policies see them.

use super::ground::KindId;
use crate::model::resources::Resources;
use crate::time::{SimTime, Span};
use smallvec::SmallVec;

/// A job's number, in order of the creation of its first pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// A job: pods that start together, each on a place of its own, and give back their places when they end.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// When enough of its pods were there.
    pub submitted: SimTime,
    /// How long it is expected to run, at least a nanosecond, so that every job takes some time; the longest span for one of which
    /// no end is known.
    pub estimate: Span,
    /// Its pods, those that ask for the same together.
    pub parts: SmallVec<[Part; 1]>,
}

/// Pods of a job that ask for the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What each of them asks for, and where it may go.
    pub kind: KindId,
    /// How many there are.
    pub pods: u32,
}

impl Job {
    /// How many pods it has.
    pub fn pods(&self) -> u32 {
        self.parts.iter().map(|part| part.pods).sum()
    }

    /// When it is expected to end if it starts at `start`.
    pub fn end(&self, start: SimTime) -> SimTime {
        start.saturating_add(self.estimate)
    }
}

/// How often `request` fits into `free`.
pub(super) fn times(request: &Resources, free: &Resources) -> u32 {
    let fits = request.iter().filter(|(_, amount)| *amount > 0).map(|(id, amount)| free.get(id).max(0) / amount).min();
    u32::try_from(fits.unwrap_or(i64::MAX)).unwrap_or(u32::MAX)
}
