//! Where the wall time of a run goes, for those who want to know what the next bottleneck is.
//!
//! This crate reads no clock. Whoever runs a simulation may hand one in; then every part says when it begins and when it ends, and
//! the time between two readings belongs to the part that was under way. Nothing in a simulation reads the result. Without a clock
//! a mark costs one branch.

use std::cell::Cell;

/// A part of the work of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Reading the inputs, before the first event.
    Inputs,
    /// Taking submissions from sources and storing them.
    Sources,
    /// Completing and judging new pods.
    Admission,
    /// The scheduling queue: who is next, and who is woken by what.
    Queue,
    /// PreFilter and Filter.
    Filter,
    /// PreScore, Score, and choosing among the best.
    Score,
    /// PostFilter: looking for pods that could make room.
    PostFilter,
    /// Reserve to PostBind, and writing the binding.
    Bind,
    /// All controllers but the scheduler; the kubelets are one of them.
    Controllers,
    /// What observers keep.
    Observers,
    /// Writing tables and events.
    Output,
    /// What is between the others: the order of events, the delivery of changes.
    #[default]
    Other,
}

/// A clock: nanoseconds since any fixed moment, never going back.
pub type Clock = fn() -> u64;

/// How long each phase took.
///
/// Phases nest, and are exclusive: while one is under way inside another one, only the inner one's time runs.
///
/// ```
/// use towtank_sim::phases::{Phase, Phases};
///
/// let phases = Phases::default();
/// let before = phases.enter(Phase::Filter);
/// // Here nodes are judged.
/// phases.leave(before);
/// assert_eq!(phases.nanoseconds(), None, "no clock was handed in");
/// ```
#[derive(Debug, Default)]
pub struct Phases {
    clock: Option<Clock>,
    current: Cell<Phase>,
    since: Cell<u64>,
    spent: [Cell<u64>; Phase::ALL.len()],
}

impl Phase {
    /// All of them, in the order in which a pod meets them.
    pub const ALL: [Self; 12] = [
        Self::Inputs,
        Self::Sources,
        Self::Admission,
        Self::Queue,
        Self::Filter,
        Self::Score,
        Self::PostFilter,
        Self::Bind,
        Self::Controllers,
        Self::Observers,
        Self::Output,
        Self::Other,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Sources => "sources",
            Self::Admission => "admission",
            Self::Queue => "queue",
            Self::Filter => "filter",
            Self::Score => "score",
            Self::PostFilter => "post-filter",
            Self::Bind => "bind",
            Self::Controllers => "controllers",
            Self::Observers => "observers",
            Self::Output => "output",
            Self::Other => "other",
        }
    }
}

impl Phases {
    /// Measures with this clock from now on, beginning with [`Phase::Other`].
    pub fn measured(clock: Clock) -> Self {
        Self { clock: Some(clock), since: Cell::new(clock()), ..Self::default() }
    }

    /// A phase begins. The one that was under way is to be handed to [`Phases::leave`]. Where an inner phase is not left, because an
    /// error ended it, leaving the outer one is enough.
    #[inline]
    pub fn enter(&self, phase: Phase) -> Phase {
        match self.clock {
            None => Phase::Other,
            Some(clock) => self.switch(phase, clock()),
        }
    }

    /// The phase before goes on.
    #[inline]
    pub fn leave(&self, before: Phase) {
        self.enter(before);
    }

    /// How long each phase took so far, in the order of [`Phase::ALL`]; `None` without a clock.
    pub fn nanoseconds(&self) -> Option<Vec<(Phase, u64)>> {
        let clock = self.clock?;
        self.switch(self.current.get(), clock());
        Some(Phase::ALL.iter().map(|phase| (*phase, self.spent[*phase as usize].get())).collect())
    }

    #[inline(never)]
    fn switch(&self, to: Phase, now: u64) -> Phase {
        let before = self.current.replace(to);
        let spent = &self.spent[before as usize];
        spent.set(spent.get() + now.saturating_sub(self.since.replace(now)));
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn phases_are_numbered_as_they_are_listed() {
        assert!(Phase::ALL.iter().enumerate().all(|(index, phase)| *phase as usize == index));
    }

    #[test]
    fn time_belongs_to_the_innermost_phase() {
        static NOW: AtomicU64 = AtomicU64::new(0);
        let pass = |nanoseconds| NOW.fetch_add(nanoseconds, Ordering::Relaxed);
        let phases = Phases::measured(|| NOW.load(Ordering::Relaxed));
        pass(1);
        let outer = phases.enter(Phase::Queue);
        pass(10);
        let inner = phases.enter(Phase::Filter);
        pass(100);
        // Left by an error: the outer phase takes over all the same.
        phases.enter(Phase::Score);
        pass(1000);
        phases.leave(inner);
        pass(10_000);
        phases.leave(outer);
        pass(100_000);
        let spent: Vec<(Phase, u64)> =
            phases.nanoseconds().expect("there is a clock").into_iter().filter(|(_, spent)| *spent > 0).collect();
        let expected = [(Phase::Queue, 10_010), (Phase::Filter, 100), (Phase::Score, 1000), (Phase::Other, 100_001)];
        assert_eq!(spent, expected);
    }
}
