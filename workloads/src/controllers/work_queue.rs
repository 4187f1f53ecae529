//! A controller's work queue: which objects want to be looked at, and when.
//!
//! Source: `client-go/util/workqueue`. An object is looked at once per instant, however often that is asked for; and of the
//! later looks only the earliest is kept, so whoever needs another one asks for it again at each look. Failed looks are
//! repeated after 5 ms · 2ⁿ, at most 1000 s.
//!
//! A run `until: idle` waits for the repetition of a failed look only if something has left the cluster, or some object has
//! changed, since it failed. Otherwise it could only fail again, and a quota that never frees would keep the run going for
//! ever.

use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::agenda::{Rank, Subject, Timer};
use towtank_sim::cluster::Change;
use towtank_sim::controller::Context;
use towtank_sim::model::ObjectId;
use towtank_sim::time::{SimTime, Span};

const BASE_DELAY: Span = Span::from_millis(5);
const MAX_DELAY: Span = Span::from_secs(1000);
/// After so many failures the delay is beyond its maximum.
const DOUBLINGS: u32 = 18;

/// How much earlier others hear of a change than who made it can go on, in nanoseconds.
const JUST_BEFORE: i64 = 1_000;

/// The kinds of the timers that a work queue sets.
const NOW: u16 = 0;
const LATER: u16 = 1;

#[derive(Debug, Default)]
pub(super) struct WorkQueue {
    ready: BTreeSet<ObjectId>,
    waiting: BTreeMap<ObjectId, Look>,
    failures: BTreeMap<ObjectId, u32>,
    /// How many of the looks are hopeless.
    hopeless: usize,
    /// Until when the worker waits for the answers to its requests.
    free_at: SimTime,
    /// What it was looking at when it sent the last of them, and goes on with.
    held: Option<ObjectId>,
}

#[derive(Clone, Copy, Debug)]
struct Look {
    at: SimTime,
    weight: Weight,
}

/// Whether a run waits for a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Not before something has left.
    Hopeless,
    /// No.
    Background,
    /// Yes.
    Foreground,
}

impl WorkQueue {
    /// Looks at the object in this instant.
    pub(super) fn add(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        self.add_at(id, cx.now(), cx);
    }

    /// Looks at the object when another controller's request has been answered that is made in this instant: those who watch hear of its
    /// effect just before.
    pub(super) fn add_heard(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let heard = Span((cx.cluster.write_latency.0 - JUST_BEFORE).max(0));
        self.add_at(id, cx.now() + heard, cx);
    }

    fn add_at(&mut self, id: ObjectId, at: SimTime, cx: &mut Context<'_>) {
        if self.ready.insert(id) {
            cx.remind(at.max(self.free_at), Rank::Control, timer(NOW, id));
        }
    }

    /// Goes on looking at the object when its requests have been answered, before it looks at any other.
    pub(super) fn go_on(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        self.held = Some(id);
        self.ready.remove(&id);
        self.add_at(id, cx.now(), cx);
    }

    /// Whether the worker goes on looking at the object.
    pub(super) fn is_held(&self, id: ObjectId) -> bool {
        self.held == Some(id)
    }

    /// Looks at what a timer is about, if it has not been overtaken. The worker then waits for the answers to the requests that the look
    /// has made, and the next look comes after that.
    pub(super) fn work(&mut self, timer: Timer, cx: &mut Context<'_>) -> Option<ObjectId> {
        let Subject::Object(id) = timer.about else { return None };
        if cx.now() < self.free_at {
            cx.remind(self.free_at, Rank::Control, timer);
            return None;
        }
        if self.held.is_some_and(|held| held != id) {
            cx.remind(cx.now() + Span(1), Rank::Control, timer);
            return None;
        }
        self.held = None;
        self.due(timer, cx.now()).filter(|due| *due == id)
    }

    /// A look is over that made so many requests one after the other.
    pub(super) fn worked(&mut self, requests: usize, cx: &Context<'_>) {
        self.free_at = self.free_at.max(cx.now()) + Span(cx.cluster.write_latency.0 * requests as i64);
    }

    /// Looks at the object after a while.
    pub(super) fn add_after(&mut self, id: ObjectId, wait: Span, cx: &mut Context<'_>) {
        self.plan(id, Look { at: cx.now() + wait, weight: Weight::Foreground }, cx);
    }

    /// Looks at the object after a while, if the run goes on until then.
    pub(super) fn add_in_background(&mut self, id: ObjectId, wait: Span, cx: &mut Context<'_>) {
        self.plan(id, Look { at: cx.now() + wait, weight: Weight::Background }, cx);
    }

    /// Looks at the object again after a failed look.
    pub(super) fn retry(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let failures = self.failures.entry(id).or_default();
        let delay = Span(BASE_DELAY.0 << *failures).min(MAX_DELAY);
        *failures = (*failures + 1).min(DOUBLINGS);
        self.plan(id, Look { at: cx.now() + delay, weight: Weight::Hopeless }, cx);
    }

    /// The last look succeeded: the next failure is the first again.
    pub(super) fn forget(&mut self, id: ObjectId) {
        self.failures.remove(&id);
    }

    /// The object is gone.
    pub(super) fn remove(&mut self, id: ObjectId) {
        self.failures.remove(&id);
        self.ready.remove(&id);
        self.held = self.held.filter(|held| *held != id);
        self.take(id);
    }

    /// The object to look at now, if the timer is not one that has been overtaken.
    fn due(&mut self, timer: Timer, now: SimTime) -> Option<ObjectId> {
        let Subject::Object(id) = timer.about else { return None };
        if timer.kind == NOW {
            return self.ready.remove(&id).then_some(id);
        }
        self.waiting.get(&id).filter(|look| look.at <= now)?;
        self.take(id);
        Some(id)
    }

    /// Hears of a change, after which hopeless looks may succeed.
    pub(super) fn hear(&mut self, change: Change, cx: &mut Context<'_>) {
        let gives_hope = matches!(
            change,
            Change::PodFinished(_)
                | Change::PodDeleting(..)
                | Change::PodRemoved(_)
                | Change::ObjectCreated(_)
                | Change::ObjectChanged(_)
                | Change::ObjectRemoved(_)
        );
        if self.hopeless == 0 || !gives_hope {
            return;
        }
        self.hopeless = 0;
        for (id, look) in self.waiting.iter_mut().filter(|(_, look)| look.weight == Weight::Hopeless) {
            look.weight = Weight::Foreground;
            cx.remind(look.at, Rank::Control, timer(LATER, *id));
        }
    }

    /// Plans a look, or keeps the one that is planned where that is as early and weighs as much.
    fn plan(&mut self, id: ObjectId, mut look: Look, cx: &mut Context<'_>) {
        if let Some(old) = self.waiting.get(&id).filter(|old| old.at <= look.at) {
            if old.weight >= look.weight {
                return;
            }
            look.at = old.at;
        }
        self.take(id);
        self.waiting.insert(id, look);
        self.hopeless += usize::from(look.weight == Weight::Hopeless);
        if look.weight == Weight::Foreground {
            cx.remind(look.at, Rank::Control, timer(LATER, id));
        } else {
            cx.remind_in_background(look.at, Rank::Control, timer(LATER, id));
        }
    }

    fn take(&mut self, id: ObjectId) {
        if let Some(look) = self.waiting.remove(&id) {
            self.hopeless -= usize::from(look.weight == Weight::Hopeless);
        }
    }
}

const fn timer(kind: u16, id: ObjectId) -> Timer {
    Timer { kind, tag: 0, about: Subject::Object(id) }
}
