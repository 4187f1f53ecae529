//! `metrics.prom`: what scrapes of all components at the end of the run would give, under upstream's names where it has one.
//!
//! Source of names, labels and buckets: `pkg/scheduler/metrics/metrics.go`. Times are simulated.

use super::controller_metrics::ControllerMetrics;
use super::exposition::Exposition;
use super::histogram::Histogram;
use super::queue_metrics::{POOLS, QueueMetrics};
use super::waits::WaitingParts;
use crate::data::{LatencyPair, LatencySummary, SchedulingParts};
use crate::metrics::scheduling_latency::Waiting;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::Pod;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::scheduler::{FitError, Profile, Waits};
use towtank_sim::time::{SimTime, Span};

/// From this many attempts on, pods are counted together.
const MANY_ATTEMPTS: u32 = 15;

/// What an attempt came to, in upstream's word, and the profile that made it.
type Outcome = (&'static str, Arc<str>);

/// Counts scheduling attempts and their times.
#[derive(Debug)]
pub struct MetricsCollector {
    queue: QueueMetrics,
    parts: WaitingParts,
    controllers: ControllerMetrics,
    /// By what they came to. So few that a list does, and every attempt comes by here.
    attempts: Vec<(Outcome, u64, Histogram)>,
    /// By the number of attempts, as far as there are any.
    pod_duration: [Option<Histogram>; MANY_ATTEMPTS as usize + 1],
    pod_attempts: Histogram,
    /// Pods that were bound by their first attempt in the instant in which they came, and the profile, as far as they are not entered above.
    /// Often nearly all are.
    at_once: Option<(Arc<str>, u64)>,
    preemptions: u64,
    victims: Histogram,
    refused: BTreeMap<(&'static str, u16), u64>,
    /// What attempts have taken together, in nanoseconds, and what pods have been without a node until `since`.
    deciding: i128,
    unbound: i128,
    pending: u64,
    since: SimTime,
}

impl Default for MetricsCollector {
    fn default() -> Self {
        Self {
            queue: QueueMetrics::default(),
            parts: WaitingParts::default(),
            controllers: ControllerMetrics::default(),
            attempts: Vec::new(),
            pod_duration: [const { None }; MANY_ATTEMPTS as usize + 1],
            pod_attempts: Histogram::exponential(1.0, 2.0, 5),
            at_once: None,
            preemptions: 0,
            victims: Histogram::exponential(1.0, 2.0, 7),
            refused: BTreeMap::new(),
            deciding: 0,
            unbound: 0,
            pending: 0,
            since: SimTime::ZERO,
        }
    }
}

impl MetricsCollector {
    /// The whole text, with latencies that others have summed up.
    pub fn text(&mut self, cluster: &Cluster, latency: &LatencyPair) -> String {
        self.enter_at_once();
        let mut into = Exposition::default();
        self.attempts(&mut into);
        self.queue(&mut into);
        into.counter("scheduler_preemption_attempts", "Attempts to make room for a pod.").total(&[], self.preemptions);
        let help = "Pods that were chosen to make room for another one.";
        into.histogram("scheduler_preemption_victims", help).buckets(&[], &self.victims);
        let totals = cluster.totals();
        into.gauge("scheduler_cache_size", "Nodes and pods that the scheduler knows at the end.")
            .value(&[("type", "nodes")], totals.nodes)
            .value(&[("type", "pods")], totals.running + totals.starting);
        self.controllers.write(&mut into, cluster);
        let family =
            into.counter("towtank_admission_refused_pods", "Pods that admission refused, by step and status code.");
        for ((by, code), count) in &self.refused {
            family.total(&[("name", by), ("code", &code.to_string())], *count);
        }
        let LatencyPair { scheduling, startup, .. } = latency;
        let help = "From the creation of a pod to its binding, of those that the scheduler bound.";
        summary(into.summary("towtank_pod_scheduling_latency_seconds", help), scheduling);
        let help = "From the creation of a pod to its first start.";
        summary(into.summary("towtank_pod_startup_latency_seconds", help), startup);
        into.finish()
    }

    fn attempts(&self, into: &mut Exposition) {
        let mut attempts: Vec<_> = self.attempts.iter().collect();
        attempts.sort_unstable_by_key(|((result, profile), ..)| (*result, profile));
        let help = "Attempts to schedule pods, by result and profile.";
        let family = into.counter("scheduler_schedule_attempts", help);
        for ((result, profile), count, _) in &attempts {
            family.total(&[("result", *result), ("profile", profile)], *count);
        }
        let help = "Simulated time of a scheduling attempt.";
        let family = into.histogram("scheduler_scheduling_attempt_duration_seconds", help);
        for ((result, profile), _, durations) in attempts {
            family.buckets(&[("result", *result), ("profile", profile)], durations);
        }
        let help = "From the first time that a pod could be tried to its binding.";
        let family = into.histogram("scheduler_pod_scheduling_sli_duration_seconds", help);
        let known = self.pod_duration.iter().enumerate();
        for (attempts, durations) in known.filter_map(|(attempts, durations)| Some((attempts, durations.as_ref()?))) {
            let more = if attempts == MANY_ATTEMPTS as usize { "+" } else { "" };
            family.buckets(&[("attempts", &format!("{attempts}{more}"))], durations);
        }
        let help = "Attempts until a pod was bound.";
        into.histogram("scheduler_pod_scheduling_attempts", help).buckets(&[], &self.pod_attempts);
    }

    fn queue(&self, into: &mut Exposition) {
        let family =
            into.gauge("scheduler_pending_pods", "Pods that wait at the end, by pool of the scheduling queue.");
        for (pool, count) in POOLS.iter().zip(self.queue.pending) {
            family.value(&[("queue", pool)], count);
        }
        let help = "Pods that came into a pool of the scheduling queue, by the event.";
        let family = into.counter("scheduler_queue_incoming_pods", help);
        for ((pool, event), count) in self.queue.incoming() {
            family.total(&[("queue", pool), ("event", &event.to_string())], count);
        }
        let help = "Pods that wait at the end and were rejected by the plugin at their last attempt.";
        let family = into.gauge("scheduler_unschedulable_pods", help);
        for ((plugin, profile), count) in self.queue.unschedulable() {
            family.value(&[("plugin", plugin), ("profile", &profile)], count);
        }
    }

    /// Where the time went that pods were without a node, until now.
    pub fn waiting(&mut self, cluster: &Cluster) -> Waiting {
        self.advance(cluster);
        self.queue.advance(cluster.now);
        let [queue, backoff, unschedulable, gated] = self.queue.waited();
        Waiting { all: self.unbound, gated, queue, backoff, unschedulable, decision: self.deciding }
    }

    /// How long bound pods have waited where.
    pub fn parts(&mut self) -> SchedulingParts {
        self.parts.sum_up()
    }

    /// The time until now has passed with as many pods without a node as there were.
    #[inline]
    fn advance(&mut self, cluster: &Cluster) {
        let span = i128::from(cluster.now.since(self.since).0);
        if span > 0 {
            if self.pending > 0 {
                self.unbound += i128::from(self.pending) * span;
            }
            self.since = cluster.now;
        }
        self.pending = cluster.totals().pending;
    }

    /// The store has changed.
    #[inline]
    pub(super) fn changed(&mut self, change: Change, cluster: &Cluster) {
        self.advance(cluster);
        self.controllers.changed(change, cluster);
    }

    fn attempted(&mut self, result: &'static str, profile: &Arc<str>, took: Span, times: u64) {
        let is_it = |of: &Arc<str>| Arc::ptr_eq(of, profile) || of == profile;
        let same = |((known, of), ..): &(Outcome, u64, Histogram)| *known == result && is_it(of);
        let index = self.attempts.iter().position(same).unwrap_or_else(|| {
            self.attempts.push(((result, profile.clone()), 0, Histogram::exponential(0.001, 2.0, 15)));
            self.attempts.len() - 1
        });
        self.deciding += i128::from(took.0) * i128::from(times);
        let (_, count, durations) = &mut self.attempts[index];
        *count += times;
        durations.observe_many(took.as_secs_f64(), times);
    }

    fn failed(&mut self, error: &FitError, profile: &Profile, took: Span, times: u64) {
        self.attempted(error.kind.result(), &profile.name, took, times);
        self.preemptions += if error.post_filter.is_some() { times } else { 0 };
    }

    /// The scheduler has placed a pod.
    pub(super) fn scheduled(&mut self, id: PodId, pod: &Pod, (took, waits): (Span, &Waits), cluster: &Cluster) {
        self.queue.advance(cluster.now);
        let passed = cluster.now.since(pod.created);
        self.parts.bound(waits, took, passed);
        let profile = &cluster.class_of(pod).spec.scheduler_name;
        let attempts = cluster.pods().attempts(id);
        if passed.0 | took.0 == 0 && attempts == 1 {
            match &mut self.at_once {
                Some((of, pods)) if Arc::ptr_eq(of, profile) || of == profile => *pods += 1,
                _ => {
                    self.enter_at_once();
                    self.at_once = Some((profile.clone(), 1));
                }
            }
            return;
        }
        let since = waits.first_active.get().unwrap_or(pod.created);
        self.bound(profile, took, attempts, (cluster.now - since, 1));
    }

    /// Pods are bound after so many attempts each, the last of which took so long, and so long after they could be tried first.
    fn bound(&mut self, profile: &Arc<str>, took: Span, attempts: u32, (duration, pods): (Span, u64)) {
        self.attempted("scheduled", profile, took, pods);
        self.pod_attempts.observe_many(f64::from(attempts), pods);
        let durations = &mut self.pod_duration[attempts.min(MANY_ATTEMPTS) as usize];
        let durations = durations.get_or_insert_with(|| Histogram::exponential(0.01, 2.0, 20));
        durations.observe_many(duration.as_secs_f64(), pods);
    }

    fn enter_at_once(&mut self) {
        if let Some((profile, pods)) = self.at_once.take() {
            self.bound(&profile, Span::ZERO, 1, (Span::ZERO, pods));
        }
    }
}

impl Observer for MetricsCollector {
    fn interest(&self) -> NoteKinds {
        // Those that change how many pods are without a node.
        let pods = Interest::POD_CREATED.and(Interest::POD_BOUND).and(Interest::POD_REMOVED);
        let changes = pods.and(ControllerMetrics::CHANGES);
        let attempts = NoteKinds::ATTEMPTS.and(NoteKinds::SCHEDULED).and(NoteKinds::FAILED).and(NoteKinds::PREEMPTING);
        let queue = NoteKinds::QUEUE_MOVES.and(NoteKinds::LEFT_QUEUE).and(NoteKinds::FAILED_AGAIN);
        NoteKinds::changes(changes).and(attempts).and(queue).and(NoteKinds::REFUSED).and(NoteKinds::EVENTS)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(change) => self.changed(*change, cluster),
            Note::QueueMoves { moves, .. } => {
                self.queue.advance(cluster.now);
                self.queue.moved(moves.moves());
            }
            Note::SchedulingAttempt { early, blamed, profile, .. } => {
                self.queue.advance(cluster.now);
                self.queue.tried(*early, *blamed, profile);
            }
            Note::Scheduled { pod: id, took, waits, .. } => {
                if let Some(pod) = cluster.pod(*id) {
                    self.scheduled(*id, pod, (*took, waits), cluster);
                }
            }
            other => self.other(other, cluster),
        }
    }
}

impl MetricsCollector {
    /// Of what not every pod gives reason for.
    fn other(&mut self, note: &Note<'_>, cluster: &Cluster) {
        self.queue.advance(cluster.now);
        match note {
            Note::LeftQueue { from, blamed, profile } => self.queue.left_pool(*from, *blamed, profile),
            Note::FailedAgain(again) => {
                for (tally, failure, profile) in again.tallies() {
                    self.failed(&failure.error, profile, Span::ZERO, tally.count);
                }
                self.queue.failed_again(again);
            }
            Note::FailedScheduling { error, took, queue, profile, .. } => {
                self.failed(error, profile, *took, 1);
                self.queue.failed(*queue, error.plugins, profile);
            }
            Note::Preempting { victims, .. } => {
                self.preemptions += 1;
                self.victims.observe(victims.len() as f64);
            }
            Note::Refused { refusal, .. } => *self.refused.entry((refusal.by, refusal.code)).or_default() += 1,
            Note::Event { reason, regarding, .. } => self.controllers.event(reason, *regarding, cluster),
            _ => {}
        }
    }
}

/// The quantiles of latencies, which are values that were observed.
fn summary(family: &mut Exposition, of: &LatencySummary) {
    let LatencySummary { count, p50, p90, p99, max, .. } = *of;
    let known = [(0.5, p50), (0.9, p90), (0.99, p99), (1.0, max)];
    let known: Vec<(f64, f64)> = known.into_iter().filter_map(|(at, value)| Some((at, value?))).collect();
    family.quantiles(&[], &known, count);
}
