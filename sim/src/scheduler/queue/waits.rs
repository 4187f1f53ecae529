//! How long pods wait where. All pods of a cohort wait alike, so one account counts for them: a pod that joins keeps what it has waited
//! less what the account says, and gets that back when it leaves. A move costs the same for any number of pods.

use super::place::Place;
use crate::time::{Moment, SimTime, Span};

/// How long a pod has been in each pool of the scheduling queue, over all its attempts, and in those that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// When it came into the active pool for the first time.
    pub first_active: Moment,
    /// Ready to be tried.
    pub active: Span,
    /// Backing off, for whatever reason.
    pub backoff: Span,
    /// Waiting for an event.
    pub unschedulable: Span,
    /// Held back by a plugin.
    pub gated: Span,
    /// In attempts that failed.
    pub tried: Span,
}

/// What all pods of a cohort have waited together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Account {
    spent: Waits,
    /// The instant up to which it counts.
    until: SimTime,
}

impl Waits {
    /// Time has passed in a place.
    pub(super) fn pass(&mut self, place: Place, span: Span) {
        let pool = match place {
            Place::InFlight => return,
            Place::Active => &mut self.active,
            Place::Backoff(_) | Place::ErrorBackoff(_) => &mut self.backoff,
            Place::Unschedulable => &mut self.unschedulable,
            Place::Gated(_) => &mut self.gated,
        };
        *pool = Span(pool.0 + span.0);
    }

    /// It is in this place from now on.
    pub(super) fn come(&mut self, place: Place, now: SimTime) {
        if place == Place::Active && self.first_active.is_none() {
            self.first_active = now.into();
        }
    }

    fn change(&mut self, other: &Self, sign: i64) {
        let sum = |a: Span, b: Span| Span(a.0 + sign * b.0);
        self.active = sum(self.active, other.active);
        self.backoff = sum(self.backoff, other.backoff);
        self.unschedulable = sum(self.unschedulable, other.unschedulable);
        self.gated = sum(self.gated, other.gated);
    }
}

impl Account {
    /// An account that begins now.
    pub(super) fn new(now: SimTime) -> Self {
        Self { spent: Waits::default(), until: now }
    }

    /// Time has passed in a place until now.
    pub(super) fn pass(&mut self, place: Place, now: SimTime) {
        if now > self.until {
            self.spent.pass(place, now.since(self.until));
            self.until = now;
        }
    }

    /// The cohort comes into a place.
    pub(super) fn come(&mut self, place: Place) {
        self.spent.come(place, self.until);
    }

    /// A pod comes in, which has waited so long. The account has to be up to date.
    pub(super) fn join(&self, waits: &mut Waits) {
        waits.change(&self.spent, -1);
    }

    /// A pod leaves. The account has to be up to date.
    pub(super) fn settle(&self, waits: &mut Waits) {
        waits.change(&self.spent, 1);
        // Pods that have not been active came in before any of the cohort was.
        if waits.first_active.is_none() {
            waits.first_active = self.spent.first_active;
        }
    }
}
