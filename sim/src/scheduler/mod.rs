//! kube-scheduler: the framework, the queue, the scheduling cycle. A controller like any other.

mod evaluate;
pub(crate) mod fit_error;
mod framework;
mod latency;
mod node_order;
mod profile;
mod queue;
mod sampling;
mod tie_break;

pub use evaluate::Evaluation;
pub use fit_error::FitError;
pub use framework::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, MAX_NODE_SCORE, Permit, Plugin, Points, PostFilter,
    PreFilter, PreScore, Reason, Reasons, Score, Verdict, default_normalize,
};
pub use latency::AttemptLatency;
pub use profile::{FilterChain, Profile};
pub use queue::QueueSettings;
pub use tie_break::TieBreak;

use crate::agenda::{Presence, Rank, Subject, Timer};
use crate::cluster::{Change, Cluster, Interest, NodeChange};
use crate::controller::{Context, Controller};
use crate::model::{ClassId, NodeId, PodId};
use crate::observe::Note;
use crate::random::Rng;
use crate::time::{SimTime, Span};
use evaluate::{Evaluator, Found};
use node_order::NodeOrder;
use queue::{QueuedPod, SchedulingQueue};

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
    settings: SchedulerSettings,
    queue: SchedulingQueue,
    evaluator: Evaluator,
    order: NodeOrder,
    /// Where the next scan of nodes begins.
    start: usize,
    ties: Option<Rng>,
    /// The attempt that is taking its time.
    in_flight: Option<InFlight>,
    /// The attempts in a row that found no node, while nothing changed: the cluster's version, and how many.
    fruitless: (u64, usize),
    planned: [Planned; 4],
}

/// An attempt that is taking its time.
#[derive(Debug)]
struct InFlight {
    attempt: Attempt,
    /// What has happened since it began.
    since: Vec<ClusterEvent>,
    until: SimTime,
}

/// The timer of one kind that is planned. One that was replaced is known by its number.
#[derive(Clone, Copy, Debug, Default)]
struct Planned {
    number: u32,
    presence: Option<Presence>,
}

/// A decision on its way.
#[derive(Debug)]
struct Attempt {
    pod: PodId,
    queued: QueuedPod,
    took: Span,
    examined: u32,
    decision: Decision,
}

#[derive(Debug)]
enum Decision {
    /// To this node, by slot, uid and version at the time of the decision.
    Bind { node: NodeId, uid: u64, version: u64, feasible: u32 },
    /// Plugins rejected it everywhere.
    Reject(FitError),
    /// The attempt could not be made.
    Error(FitError),
}

impl Scheduler {
    /// A scheduler with these profiles, at least one.
    pub fn new(profiles: Vec<Profile>, settings: SchedulerSettings) -> Self {
        Self {
            profiles,
            settings,
            queue: SchedulingQueue::new(settings.queue),
            evaluator: Evaluator::new(settings.evaluation),
            order: NodeOrder::default(),
            start: 0,
            ties: None,
            in_flight: None,
            fruitless: (0, 0),
            planned: [Planned::default(); 4],
        }
    }

    // ---- one attempt -----------------------------------------------------------------------------------------------

    /// Takes the next pod of the queue and decides where it goes. The decision takes effect when its time has passed.
    fn attempt(&mut self, cx: &mut Context<'_>) {
        let Some((pod, queued)) = self.queue.pop() else { return };
        cx.cluster.count_attempt(pod);
        let (decision, examined) = self.decide(pod, queued, cx.cluster);
        let took = self.settings.latency.of(examined);
        let attempt = Attempt { pod, queued, took, examined, decision };
        if took == Span::ZERO {
            self.apply(attempt, &[], cx);
        } else {
            self.in_flight = Some(InFlight { attempt, since: Vec::new(), until: cx.now() + took });
        }
    }

    fn decide(&mut self, pod: PodId, queued: QueuedPod, cluster: &Cluster) -> (Decision, u32) {
        let order = self.order.list(cluster);
        if order.is_empty() {
            return (Decision::Error(FitError::no_nodes()), 0);
        }
        let profile = &self.profiles[queued.profile as usize];
        let cycle = cycle(cluster, queued.class, Some(pod));
        let found = self.evaluator.find((queued.profile, profile), &cycle, order, self.start);
        self.start = (self.start + found.examined as usize) % order.len();
        let examined = found.examined;
        let decision = if let Some(error) = found.error {
            Decision::Reject(post_filter(profile, &cycle, error))
        } else {
            let node = self.settings.tie_break.select(&found.feasible, &found.totals, cluster, &mut self.ties);
            Self::reserve(profile, &cycle, &found, node)
        };
        (decision, examined)
    }

    /// Reserve and Permit.
    fn reserve(profile: &Profile, cycle: &Cycle<'_>, found: &Found, id: NodeId) -> Decision {
        let node = cycle.cluster.node(id);
        let plugin = |index: usize| &profile.plugins[index];
        for (done, &index) in profile.reserve.iter().enumerate() {
            if let Err(text) = plugin(index).reserve(cycle, node) {
                profile.reserve[..=done].iter().rev().for_each(|&index| plugin(index).unreserve(cycle, node));
                return Decision::Reject(refused(text, index));
            }
        }
        for &index in &profile.permit {
            if let Permit::Reject(text) = plugin(index).permit(cycle, node) {
                profile.reserve.iter().rev().for_each(|&index| plugin(index).unreserve(cycle, node));
                return Decision::Reject(refused(text, index));
            }
        }
        let version = cycle.cluster.nodes().version(id);
        Decision::Bind { node: id, uid: node.uid, version, feasible: found.feasible.len() as u32 }
    }

    // ---- its effect ------------------------------------------------------------------------------------------------

    fn apply(&mut self, attempt: Attempt, since: &[ClusterEvent], cx: &mut Context<'_>) {
        let Attempt { pod, queued, took, examined, decision } = attempt;
        let waits = cx.cluster.pod(pod).is_some_and(|p| p.node.is_none() && p.deleting.is_none());
        if !waits {
            self.queue.remove(pod);
            return;
        }
        if self.fruitless.0 != cx.cluster.version() {
            self.fruitless = (cx.cluster.version(), 0);
        }
        self.fruitless.1 += 1;
        match decision {
            Decision::Bind { node, uid, version, feasible } => {
                if !self.may_bind(pod, queued, (node, uid, version), cx.cluster) {
                    self.queue.failed_with_error(pod, cx.now());
                    return;
                }
                self.queue.remove(pod);
                cx.cluster.bind(pod, node);
                cx.note(&Note::Scheduled { pod, node, examined, feasible, took });
                let profile = &self.profiles[queued.profile as usize];
                let cycle = cycle(cx.cluster, queued.class, Some(pod));
                let node = cx.cluster.node(node);
                profile.post_bind.iter().for_each(|&index| profile.plugins[index].post_bind(&cycle, node));
            }
            Decision::Reject(error) => {
                let woken = since.iter().any(|event| self.wakes(&queued, error.plugins, *event, cx.cluster));
                self.queue.rejected(pod, error.plugins, woken, cx.now());
                Self::fail(pod, &error, took, cx);
            }
            Decision::Error(error) => {
                self.queue.failed_with_error(pod, cx.now());
                Self::fail(pod, &error, took, cx);
            }
        }
    }

    fn fail(pod: PodId, error: &FitError, took: Span, cx: &mut Context<'_>) {
        cx.cluster.mark_unschedulable(pod);
        cx.note(&Note::FailedScheduling { pod, error, took });
    }

    /// PreBind, and whether the node still takes the pod if it has changed while the decision was on its way.
    fn may_bind(&self, pod: PodId, queued: QueuedPod, to: (NodeId, u64, u64), cluster: &Cluster) -> bool {
        let (id, uid, version) = to;
        let Some(node) = cluster.nodes().find(id).filter(|node| node.uid == uid) else { return false };
        let profile = &self.profiles[queued.profile as usize];
        let cycle = cycle(cluster, queued.class, Some(pod));
        let unchanged = cluster.nodes().version(id) == version;
        let fits = || profile.filters(&cycle).is_ok_and(|chain| chain.check(node).is_none());
        let prepared = || profile.pre_bind.iter().all(|&index| profile.plugins[index].pre_bind(&cycle, node).is_ok());
        let binds = (unchanged || fits()) && prepared();
        if !binds {
            profile.reserve.iter().rev().for_each(|&index| profile.plugins[index].unreserve(&cycle, node));
        }
        binds
    }

    // ---- the queue -------------------------------------------------------------------------------------------------

    fn enqueue(&mut self, id: PodId, cx: &Context<'_>) {
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.node.is_none()) else { return };
        let class = cx.cluster.class_of(pod);
        let Some(number) = self.profiles.iter().position(|p| p.name == class.spec.scheduler_name) else { return };
        let profile = &self.profiles[number];
        let key = profile.queue_sort.map_or(0, |index| profile.plugins[index].queue_key(pod, class));
        let gated = profile.pre_enqueue.iter().any(|&index| profile.plugins[index].pre_enqueue(class).is_err());
        self.queue.add(id, pod.class, number as u8, key, gated, cx.now());
        self.fruitless.1 = 0;
    }

    /// Something happened that may help pods that wait.
    fn happened(&mut self, event: ClusterEvent, cx: &Context<'_>) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.since.push(event);
        }
        if !self.queue.is_waiting() {
            return;
        }
        let woken: Vec<_> = self
            .queue
            .groups()
            .filter(|&(profile, class, rejectors)| {
                wakes(&self.profiles[profile as usize], class, rejectors, event, cx.cluster)
            })
            .collect();
        for group in woken {
            self.queue.wake_group(group, cx.now());
        }
    }

    fn wakes(&self, queued: &QueuedPod, rejectors: u64, event: ClusterEvent, cluster: &Cluster) -> bool {
        wakes(&self.profiles[queued.profile as usize], queued.class, rejectors, event, cluster)
    }

    /// Plans what the queue needs next.
    fn plan(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        // Pods that were all tried in vain are tried again every five minutes. With as many of them as attempts take time,
        // that would go on for ever: no run waits for it.
        let pending = self.queue.pending();
        let waiting = pending.active + pending.backoff + pending.unschedulable + usize::from(self.in_flight.is_some());
        let in_vain = self.fruitless.0 == cx.cluster.version() && self.fruitless.1 >= waiting;
        let attempts = if in_vain { Presence::Background } else { Presence::Foreground };
        if let Some(in_flight) = &self.in_flight {
            let until = in_flight.until;
            self.remind(timer::APPLY, until, Rank::Schedule, attempts, cx);
        } else if self.queue.has_next() {
            self.remind(timer::ATTEMPT, now, Rank::Schedule, attempts, cx);
        }
        if self.queue.is_backing_off() {
            // In a cluster without nodes nothing that backs off will ever be placed: the run need not wait for it.
            let hopeless = cx.cluster.nodes().is_empty();
            let presence = if hopeless { Presence::Background } else { Presence::Foreground };
            self.remind(timer::BACKOFF, now.next_multiple(BACKOFF_TICK), Rank::QueueTimer, presence, cx);
        }
        if self.queue.is_waiting() {
            let at = now.next_multiple(FLUSH_TICK);
            self.remind(timer::FLUSH, at, Rank::QueueTimer, Presence::Background, cx);
        }
    }

    /// Plans a timer, unless one is planned that the run waits for no less.
    fn remind(&mut self, kind: u16, at: SimTime, rank: Rank, presence: Presence, cx: &mut Context<'_>) {
        let planned = &mut self.planned[usize::from(kind)];
        if planned.presence == Some(Presence::Foreground) || planned.presence == Some(presence) {
            return;
        }
        *planned = Planned { number: planned.number.wrapping_add(1), presence: Some(presence) };
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
            .and(Interest::POD_FINISHED)
            .and(Interest::POD_REMOVED)
            .and(Interest::NODES)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        if self.settings.tie_break == TieBreak::Random {
            self.ties = Some(cx.streams.stream("scheduler/tie-break"));
        }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(pod) => self.enqueue(pod, cx),
            Change::PodBound(pod, node) => {
                self.queue.remove(pod);
                if let Some(class) = cx.cluster.pod(pod).map(|pod| pod.class) {
                    self.happened(ClusterEvent::AssignedPodAdd { class, node }, cx);
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => {
                self.queue.remove(id);
                // Perhaps it was one of those that were tried.
                self.fruitless.1 = self.fruitless.1.saturating_sub(1);
                if let Some((class, node)) = cx.cluster.pod(id).and_then(|pod| Some((pod.class, pod.node?))) {
                    self.happened(ClusterEvent::AssignedPodDelete { class, node }, cx);
                }
            }
            Change::NodeAdded(node) => {
                self.order.add(cx.cluster.node(node));
                self.happened(ClusterEvent::NodeAdd(node), cx);
            }
            Change::NodeChanged(node, what) => {
                if what.contains(NodeChange::LABELS) {
                    self.order.relabel(cx.cluster.node(node));
                }
                self.happened(ClusterEvent::NodeUpdate(node, what), cx);
            }
            Change::NodeRemoved(node) => {
                self.order.remove(node);
                // When the attempt is over nobody can look the node up, and another one may have its slot.
                if let Some(in_flight) = &mut self.in_flight {
                    in_flight.since.retain(|event| event.node() != Some(node));
                }
            }
            _ => {}
        }
        self.plan(cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        let planned = &mut self.planned[usize::from(timer.kind)];
        if planned.number != timer.tag {
            return;
        }
        planned.presence = None;
        let now: SimTime = cx.now();
        match timer.kind {
            timer::ATTEMPT => self.attempt(cx),
            timer::APPLY => {
                if let Some(InFlight { attempt, since, .. }) = self.in_flight.take() {
                    self.apply(attempt, &since, cx);
                }
            }
            timer::BACKOFF => self.queue.flush_backoff(now),
            _ => self.queue.flush_unschedulable(now),
        }
        self.plan(cx);
    }
}

fn cycle(cluster: &Cluster, class_id: ClassId, pod: Option<PodId>) -> Cycle<'_> {
    Cycle { cluster, class: cluster.classes.get(class_id), class_id, pod }
}

/// Runs PostFilter, whose message is added to the error's.
fn post_filter(profile: &Profile, cycle: &Cycle<'_>, mut error: FitError) -> FitError {
    for &index in &profile.post_filter {
        if let PostFilter::Message(text) = profile.plugins[index].post_filter(cycle) {
            error.post_filter = Some(text);
        }
    }
    error
}

/// A plugin of a late extension point refused the pod.
fn refused(text: String, plugin: usize) -> FitError {
    FitError { instead: Some(text), plugins: 1 << plugin, ..FitError::default() }
}

/// Whether one of the plugins that rejected a pod of this class thinks that the event helps.
///
/// Source: `pkg/scheduler/backend/queue/scheduling_queue.go`, `isPodWorthRequeuing`; and `pkg/scheduler/scheduler.go`,
/// `buildQueueingHintMap`, for the rule that a plugin which listens to added nodes but not to taints is woken by any change of
/// a taint, without being asked.
fn wakes(profile: &Profile, class: ClassId, rejectors: u64, event: ClusterEvent, cluster: &Cluster) -> bool {
    let kinds = Events::of(event);
    let cycle = cycle(cluster, class, None);
    profile.plugins.iter().enumerate().filter(|(index, _)| rejectors & (1 << index) != 0).any(|(_, plugin)| {
        let listens = plugin.events();
        let unasked = kinds.contains(Events::NODE_TAINT)
            && listens.contains(Events::NODE_ADD)
            && !listens.contains(Events::NODE_TAINT);
        unasked || (listens.meets(kinds) && plugin.hint(&cycle, event) == Hint::Queue)
    })
}
