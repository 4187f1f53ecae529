//! kube-scheduler: the framework, the queue, the scheduling cycle. A controller like any other.
//!
//! [`Scheduler::attempt`](self) takes a pod from the queue and decides; what the decision does is in `binding.rs`; what happens in
//! the cluster meanwhile comes in through `wake.rs`.

mod askers;
mod attempt;
mod binding;
mod check;
mod dry_run;
mod evaluate;
mod events;
mod feature_gates;
pub(crate) mod fit_error;
mod fork;
mod framework;
mod image_states;
mod in_vain;
mod index;
mod inspection;
mod kept;
mod lasting;
mod latency;
mod node_order;
mod nominator;
mod profile;
mod queue;
mod repeats;
mod sampling;
mod selection;
mod supposed;
mod tie_break;
mod verdict;
mod verdicts;
mod wake;

pub use attempt::{Nomination, Remedy};
pub use dry_run::{Code, DryRun, Failure};
pub use evaluate::{Evaluation, Selected};
pub use events::{ClusterEvent, EventLabel, Events};
pub use feature_gates::{FeatureGates, Gate};
pub use fit_error::{FailureKind, FitError};
pub use framework::{
    Bind, Cycle, Dependence, Filter, Hint, MAX_NODE_SCORE, Permit, Plugin, PodOnNode, Points, PostFilter, PreBound,
    PreFilter, PreScore, Score, default_normalize,
};
pub use image_states::ImageStates;
pub use inspection::{AttemptInspection, Inspected, Inspection, PluginScores};
pub use lasting::{
    Across, AskColumns, Asks, Basis, ClassFilter, ClassScore, KINDS, KeyJudge, Keys, Kinds, LANES, Lasting,
    LastingFilter, LastingScore, LoadBlock, LoadPart, NodeFilter, NodePart, NodeScore, PartWork, ShareBlock,
    ShareColumns, ShareScore, ShareWork, Shares, Totals, add_shares, exact, fixed, lanes,
};
pub use latency::AttemptLatency;
pub use nominator::Nominator;
pub use profile::{FilterChain, PreFiltered, Profile, Rejection};
pub(crate) use queue::MoveLog;
pub use queue::{Move, Moves, PendingPods, Pool, QueueSettings, Waits};
pub use repeats::{FailedAgain, LastingFailure, Tally};
pub use selection::Selection;
pub use supposed::{Step, Supposed};
pub use tie_break::TieBreak;
pub use verdict::{Reason, Reasons, Verdict};

use crate::agenda::{Presence, Rank, Subject, Timer};
use crate::cluster::{Change, Interest};
use crate::controller::{Context, Controller};
use crate::model::ClassId;
use crate::observe::Note;
use crate::phases::Phase;
use crate::time::{SimTime, Span};
use askers::Askers;
use attempt::InFlight;
use binding::{Eviction, Waiting};
use in_vain::Fruitless;
use queue::SchedulingQueue;
use repeats::KnownFailures;
use std::collections::VecDeque;

/// Whole seconds, at which backoffs end.
const BACKOFF_TICK: Span = Span::from_secs(1);
/// How often pods that have waited too long are looked for.
const FLUSH_TICK: Span = Span::from_secs(30);

/// Timers of the scheduler.
mod timer {
    pub(super) const ATTEMPT: u16 = 0;
    pub(super) const APPLY: u16 = 1;
    pub(super) const BACKOFF: u16 = 2;
    pub(super) const FLUSH: u16 = 3;
    /// The next pod that is to make room is asked to go.
    pub(super) const EVICT: u16 = 4;
    /// A plugin's time to permit a binding is over.
    pub(super) const PERMIT: u16 = 5;
    pub(super) const COUNT: usize = 6;
}

/// The scheduler's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedulerSettings {
    /// The queue's.
    pub queue: QueueSettings,
    /// How much simulated time an attempt takes.
    pub latency: AttemptLatency,
    /// Which of the best nodes is taken.
    pub tie_break: TieBreak,
    /// How nodes are evaluated.
    pub evaluation: Evaluation,
}

/// The scheduler.
#[derive(Debug)]
pub struct Scheduler {
    profiles: Vec<Profile>,
    /// Of each profile, who has to do with which pods.
    askers: Vec<Askers>,
    settings: SchedulerSettings,
    queue: SchedulingQueue,
    selection: Selection,
    /// The attempt that is taking its time.
    in_flight: Option<InFlight>,
    /// Pods that hold a place on a node while their binding waits, in the order in which they got it.
    waiting: Vec<Waiting>,
    /// Pods that are to make room, in the order in which they are asked to go.
    evictions: VecDeque<Eviction>,
    fruitless: Fruitless,
    /// Failures that repeat.
    known: KnownFailures,
    planned: [Planned; timer::COUNT],
    /// The pod whose attempts the observers want to see from inside.
    inspected: Option<Inspected>,
}

/// The timer of one kind that is planned. One that was replaced is known by its number.
#[derive(Clone, Copy, Debug, Default)]
struct Planned {
    number: u32,
    at: SimTime,
    presence: Option<Presence>,
}

impl Scheduler {
    /// A scheduler with these profiles, at least one.
    pub fn new(profiles: Vec<Profile>, settings: SchedulerSettings) -> Self {
        Self {
            askers: profiles.iter().map(Askers::new).collect(),
            profiles,
            settings,
            queue: SchedulingQueue::new(settings.queue),
            selection: Selection::new(settings.evaluation, settings.tie_break, None),
            in_flight: None,
            waiting: Vec::new(),
            evictions: VecDeque::new(),
            fruitless: Fruitless::default(),
            known: KnownFailures::default(),
            planned: [Planned::default(); timer::COUNT],
            inspected: None,
        }
    }

    /// The same, and tells the observers what the plugins say of a pod before it is tried: [`Note::Inspected`]. It decides
    /// nothing else than it would without.
    #[must_use]
    pub fn inspecting(mut self, inspected: Inspected) -> Self {
        self.inspected = Some(inspected);
        self
    }

    /// Tells the observers what came into which pool.
    fn note_moves(&mut self, cx: &mut Context<'_>) {
        if let Some((first, moves)) = self.queue.moves() {
            let profile = self.queue.get(first).map_or(0, |queued| queued.profile);
            cx.note(&Note::QueueMoves { moves, profile: &self.profiles[usize::from(profile)] });
            self.queue.forget_moves();
        }
    }

    /// Plans what is to be done next.
    fn plan(&mut self, cx: &mut Context<'_>) {
        self.plan_but_attempts(cx);
        self.plan_attempt(cx);
    }

    fn plan_attempt(&mut self, cx: &mut Context<'_>) {
        if self.in_flight.is_none() && self.queue.has_next() && self.evictions.is_empty() {
            let presence = if self.is_in_vain(cx.cluster) { Presence::Background } else { Presence::Foreground };
            self.remind(timer::ATTEMPT, cx.now(), Rank::Schedule, presence, cx);
        }
    }

    fn plan_but_attempts(&mut self, cx: &mut Context<'_>) {
        self.note_moves(cx);
        let rests = !self.queue.is_backing_off() && !self.queue.is_waiting();
        if rests && self.evictions.is_empty() && self.in_flight.is_none() && self.waiting.is_empty() {
            return;
        }
        let now = cx.now();
        let in_vain = self.is_in_vain(cx.cluster);
        let attempts = if in_vain { Presence::Background } else { Presence::Foreground };
        if !self.evictions.is_empty() {
            self.remind(timer::EVICT, now, Rank::Schedule, Presence::Foreground, cx);
        }
        if let Some(in_flight) = &self.in_flight {
            let until = in_flight.until;
            self.remind(timer::APPLY, until, Rank::Schedule, attempts, cx);
        }
        if self.queue.is_backing_off() {
            // In a cluster without nodes nothing that backs off will ever be placed, and what was all tried in vain will
            // not be either: the run need not wait for it.
            let hopeless = cx.cluster.nodes().is_empty() || in_vain;
            let presence = if hopeless { Presence::Background } else { Presence::Foreground };
            self.remind(timer::BACKOFF, now.next_multiple(BACKOFF_TICK), Rank::QueueTimer, presence, cx);
        }
        if self.queue.is_waiting() {
            let at = now.next_multiple(FLUSH_TICK);
            self.remind(timer::FLUSH, at, Rank::QueueTimer, Presence::Background, cx);
        }
        if let Some(at) = self.waiting.iter().filter_map(Waiting::deadline).min() {
            self.remind(timer::PERMIT, at, Rank::QueueTimer, Presence::Foreground, cx);
        }
    }

    /// Plans a timer, unless one is planned that comes no later and that the run waits for no less.
    fn remind(&mut self, kind: u16, at: SimTime, rank: Rank, presence: Presence, cx: &mut Context<'_>) {
        let planned = &mut self.planned[usize::from(kind)];
        let stands = planned.presence == Some(Presence::Foreground) || planned.presence == Some(presence);
        if stands && planned.at <= at {
            return;
        }
        *planned = Planned { number: planned.number.wrapping_add(1), at, presence: Some(presence) };
        let timer = Timer { kind, tag: planned.number, about: Subject::Itself };
        match presence {
            Presence::Foreground => cx.remind(at, rank, timer),
            Presence::Background => cx.remind_in_background(at, rank, timer),
        }
    }
}

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    fn interest(&self) -> Interest {
        Interest::POD_CREATED
            .and(Interest::POD_BOUND)
            .and(Interest::POD_UPDATED)
            .and(Interest::POD_FINISHED)
            .and(Interest::POD_REMOVED)
            .and(Interest::NODES)
            .and(Interest::OBJECTS)
    }

    fn name_classes(&self, name: &mut dyn FnMut(ClassId)) {
        self.queue.classes().for_each(&mut *name);
        self.waiting.iter().map(Waiting::class).for_each(&mut *name);
        if let Some(InFlight { attempt, since, .. }) = &self.in_flight {
            name(attempt.queued.class);
            since.iter().flat_map(|event| event.classes()).flatten().for_each(name);
        }
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        if self.settings.tie_break == TieBreak::Random {
            self.selection.draw_ties_from(cx.streams.stream("scheduler/tie-break"));
        }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        let before = cx.cluster.phases.enter(Phase::Queue);
        self.changed(change, cx);
        self.look_after_waiting(cx);
        self.plan(cx);
        cx.cluster.phases.leave(before);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        let planned = &mut self.planned[usize::from(timer.kind)];
        if planned.number != timer.tag {
            return;
        }
        planned.presence = None;
        let before = cx.cluster.phases.enter(Phase::Queue);
        match timer.kind {
            timer::ATTEMPT => {
                self.attempts(cx);
                cx.cluster.phases.leave(before);
                return;
            }
            timer::APPLY => self.finish_attempt(cx),
            timer::BACKOFF => self.flush_backoff(cx),
            timer::FLUSH => self.flush_unschedulable(cx),
            timer::EVICT => self.evict_next(cx),
            _ => {}
        }
        // Also after an attempt that changed nothing in the store: a plugin may have learnt of it what others wait for.
        self.look_after_waiting(cx);
        self.plan(cx);
        cx.cluster.phases.leave(before);
    }
}
