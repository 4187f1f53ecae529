//! The pools of the queue.

use crate::time::SimTime;

/// The order of pods in a pool: by key, timestamp and sequence number.
pub(super) type Rank = (i64, SimTime, u64);

/// Pools in which pods are in the order in which they leave.
pub(super) const RANKED: usize = 3;

/// Where a cohort is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// In no pool.
    #[default]
    InFlight,
    Active,
    Backoff(SimTime),
    ErrorBackoff(SimTime),
    Unschedulable,
    /// Held back by this plugin.
    Gated(u8),
}

/// A pool of the queue, as logs and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pool {
    /// Ready to be tried.
    Active,
    /// Backing off after plugins rejected it.
    Backoff,
    /// Backing off after an attempt that could not be made.
    ErrorBackoff,
    /// Waiting for an event.
    Unschedulable,
    /// Held back by the profile's plugin of this number.
    Gated(u8),
}

/// Where pods are, for the gauge `scheduler_pending_pods`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PendingPods {
    /// Ready to be tried.
    pub active: usize,
    /// Backing off.
    pub backoff: usize,
    /// Waiting for an event.
    pub unschedulable: usize,
    /// Held by a PreEnqueue plugin.
    pub gated: usize,
}

impl Place {
    pub(super) const KINDS: usize = 6;

    /// The first are those of the ranked pools.
    pub(super) const fn kind(self) -> usize {
        match self {
            Self::Active => 0,
            Self::Backoff(_) => 1,
            Self::ErrorBackoff(_) => 2,
            Self::Unschedulable => 3,
            Self::Gated(_) => 4,
            Self::InFlight => 5,
        }
    }

    pub(super) const fn waits(self) -> bool {
        matches!(self, Self::Unschedulable | Self::Gated(_))
    }

    pub(super) const fn gate(self) -> Option<u8> {
        if let Self::Gated(plugin) = self { Some(plugin) } else { None }
    }

    /// Where a cohort whose first pod has this rank stands in its pool, if that is ranked.
    pub(super) fn key(self, rank: Option<Rank>) -> Option<(SimTime, Rank)> {
        match self {
            Self::Active => Some((SimTime::ZERO, rank?)),
            Self::Backoff(until) | Self::ErrorBackoff(until) => Some((until, rank?)),
            _ => None,
        }
    }

    pub(super) const fn pool(self) -> Option<Pool> {
        match self {
            Self::Active => Some(Pool::Active),
            Self::Backoff(_) => Some(Pool::Backoff),
            Self::ErrorBackoff(_) => Some(Pool::ErrorBackoff),
            Self::Unschedulable => Some(Pool::Unschedulable),
            Self::Gated(plugin) => Some(Pool::Gated(plugin)),
            Self::InFlight => None,
        }
    }
}
