//! The queue's settings, and the backoff that follows from them.

use crate::time::{SimTime, Span};

/// Doublings after which no backoff grows any more: of one second it is 35,000 years by then. More would leave the range of
/// the shift: the 64th failure once had no backoff at all.
const MAX_DOUBLINGS: u32 = 40;

/// The queue's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// `podInitialBackoffSeconds`: 1 s.
    pub initial_backoff: Span,
    /// `podMaxBackoffSeconds`: 10 s; zero for no backoff.
    pub max_backoff: Span,
    /// Gate `SchedulerPopFromBackoffQ` (on): an idle scheduler does not wait for the end of a backoff.
    pub pop_from_backoff: bool,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self { initial_backoff: Span::from_secs(1), max_backoff: Span::from_secs(10), pop_from_backoff: true }
    }
}

impl QueueSettings {
    /// How long a pod backs off after so many failures: 1, 2, 4, 8, 10, 10 … seconds; `None` for not at all.
    pub(super) fn backoff(&self, failures: u32) -> Option<Span> {
        if failures == 0 || self.max_backoff == Span::ZERO {
            return None;
        }
        let doubled = self.initial_backoff.0.saturating_mul(1 << (failures - 1).min(MAX_DOUBLINGS));
        Some(Span(doubled.min(self.max_backoff.0)))
    }

    /// With early pop, backoff is counted in whole seconds.
    pub(super) fn cut(&self, at: SimTime) -> SimTime {
        if self.pop_from_backoff { at.floor_to_second() } else { at }
    }
}
