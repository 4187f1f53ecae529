//! `metrics.prom`: what a scrape at the end of the run would give, under upstream's names.
//!
//! Source of names, labels and buckets: `pkg/scheduler/metrics/metrics.go`. Times are simulated.

use super::histogram::Histogram;
use super::queue_metrics::{POOLS, QueueMetrics};
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::sync::Arc;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::scheduler::{FitError, Profile};
use towtank_sim::time::Span;

/// From this many attempts on, pods are counted together.
const MANY_ATTEMPTS: u32 = 15;

/// What an attempt came to, and the profile that made it.
type Outcome = (&'static str, Arc<str>);

/// Counts scheduling attempts and their times.
#[derive(Debug)]
pub struct MetricsCollector {
    queue: QueueMetrics,
    /// By what they came to. So few that a list does, and every attempt comes by here.
    attempts: Vec<(Outcome, u64, Histogram)>,
    /// By the number of attempts.
    pod_duration: BTreeMap<u32, Histogram>,
    pod_attempts: Histogram,
    preemptions: u64,
    victims: Histogram,
    refused: BTreeMap<(&'static str, u16), u64>,
}

impl Default for MetricsCollector {
    fn default() -> Self {
        Self {
            queue: QueueMetrics::default(),
            attempts: Vec::new(),
            pod_duration: BTreeMap::new(),
            pod_attempts: Histogram::exponential(1.0, 2.0, 5),
            preemptions: 0,
            victims: Histogram::exponential(1.0, 2.0, 7),
            refused: BTreeMap::new(),
        }
    }
}

impl MetricsCollector {
    /// The text of the exposition format.
    pub fn text(&self, cluster: &Cluster) -> String {
        let mut text = String::new();
        let outcome = |(result, profile): &Outcome| format!("result=\"{result}\",profile=\"{profile}\"");
        let mut attempts: Vec<_> = self.attempts.iter().collect();
        attempts.sort_unstable_by_key(|(of, ..)| of);
        let counts = attempts.iter().map(|(of, count, _)| (outcome(of), *count));
        let help = "Attempts to schedule pods, by result and profile.";
        series(&mut text, "scheduler_schedule_attempts_total", "counter", help, counts);
        let name = "scheduler_scheduling_attempt_duration_seconds";
        head(&mut text, name, "histogram", "Simulated time of a scheduling attempt.");
        for (of, _, durations) in attempts {
            durations.write(&mut text, name, &outcome(of));
        }
        let name = "scheduler_pod_scheduling_sli_duration_seconds";
        head(&mut text, name, "histogram", "From the first time that a pod could be tried to its binding.");
        for (attempts, durations) in &self.pod_duration {
            let more = if *attempts == MANY_ATTEMPTS { "+" } else { "" };
            durations.write(&mut text, name, &format!("attempts=\"{attempts}{more}\""));
        }
        let name = "scheduler_pod_scheduling_attempts";
        head(&mut text, name, "histogram", "Attempts until a pod was bound.");
        self.pod_attempts.write(&mut text, name, "");

        let pending = POOLS.iter().zip(self.queue.pending).map(|(pool, count)| (format!("queue=\"{pool}\""), count));
        let help = "Pods that wait at the end, by pool of the scheduling queue.";
        series(&mut text, "scheduler_pending_pods", "gauge", help, pending);
        let label = |(pool, event): &(&str, _)| format!("queue=\"{pool}\",event=\"{event}\"");
        let incoming = self.queue.incoming().into_iter().map(|(key, count)| (label(&key), count));
        let help = "Pods that came into a pool of the scheduling queue, by the event.";
        series(&mut text, "scheduler_queue_incoming_pods_total", "counter", help, incoming);
        let waiting = self
            .queue
            .unschedulable()
            .into_iter()
            .map(|((plugin, profile), count)| (format!("plugin=\"{plugin}\",profile=\"{profile}\""), count));
        let help = "Pods that wait at the end and were rejected by the plugin at their last attempt.";
        series(&mut text, "scheduler_unschedulable_pods", "gauge", help, waiting);

        let help = "Attempts to make room for a pod.";
        series(&mut text, "scheduler_preemption_attempts_total", "counter", help, [(String::new(), self.preemptions)]);
        let name = "scheduler_preemption_victims";
        head(&mut text, name, "histogram", "Pods that were chosen to make room for another one.");
        self.victims.write(&mut text, name, "");

        let totals = cluster.totals();
        let sizes = [("nodes", totals.nodes), ("pods", totals.running + totals.starting)];
        let sizes = sizes.map(|(kind, count)| (format!("type=\"{kind}\""), count));
        series(&mut text, "scheduler_cache_size", "gauge", "Nodes and pods at the end.", sizes);
        let refused = self.refused.iter().map(|((by, code), n)| (format!("name=\"{by}\",code=\"{code}\""), *n));
        let help = "Pods refused by admission.";
        series(&mut text, "apiserver_admission_refused_pods_total", "counter", help, refused);
        text
    }

    fn attempted(&mut self, result: &'static str, profile: &Arc<str>, took: Span, times: u64) {
        let same = |((known, of), ..): &(Outcome, u64, Histogram)| *known == result && of == profile;
        let index = self.attempts.iter().position(same).unwrap_or_else(|| {
            self.attempts.push(((result, profile.clone()), 0, Histogram::exponential(0.001, 2.0, 15)));
            self.attempts.len() - 1
        });
        let (_, count, durations) = &mut self.attempts[index];
        *count += times;
        durations.observe_many(took.as_secs_f64(), times);
    }

    fn failed(&mut self, error: &FitError, profile: &Profile, took: Span, times: u64) {
        // Without a plugin to blame, upstream counts an error, except that there is no node at all.
        let blamed = error.plugins != 0 || error.nodes == 0;
        self.attempted(if blamed { "unschedulable" } else { "error" }, &profile.name, took, times);
        self.preemptions += if error.post_filter.is_some() { times } else { 0 };
    }

    fn scheduled(&mut self, id: PodId, took: Span, cluster: &Cluster) {
        let since = self.queue.left(id);
        let Some(pod) = cluster.pod(id) else { return };
        self.attempted("scheduled", &cluster.class_of(pod).spec.scheduler_name, took, 1);
        let attempts = cluster.pods().attempts(id);
        self.pod_attempts.observe(f64::from(attempts));
        let durations = self.pod_duration.entry(attempts.min(MANY_ATTEMPTS));
        let durations = durations.or_insert_with(|| Histogram::exponential(0.01, 2.0, 20));
        durations.observe((cluster.now - since.unwrap_or(pod.created)).as_secs_f64());
    }
}

impl Observer for MetricsCollector {
    fn interest(&self) -> NoteKinds {
        let changes = Interest::POD_BOUND.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        let attempts = NoteKinds::ATTEMPTS.and(NoteKinds::SCHEDULED).and(NoteKinds::FAILED).and(NoteKinds::PREEMPTING);
        let queue = NoteKinds::QUEUE_MOVES.and(NoteKinds::LEFT_QUEUE).and(NoteKinds::FAILED_AGAIN);
        NoteKinds::changes(changes).and(attempts).and(queue).and(NoteKinds::REFUSED)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::QueueMoves { moves, .. } => self.queue.moved(moves, cluster.now),
            Note::SchedulingAttempt { early, blamed, profile, .. } => self.queue.tried(*early, *blamed, profile),
            Note::LeftQueue { from, blamed, profile } => self.queue.left_pool(*from, *blamed, profile),
            Note::FailedAgain(again) => {
                for (tally, failure, profile) in again.tallies() {
                    self.failed(&failure.error, profile, Span::ZERO, tally.count);
                    self.queue.failed_again(tally, failure.error.plugins, profile);
                }
            }
            Note::Scheduled { pod, took, .. } => self.scheduled(*pod, *took, cluster),
            Note::FailedScheduling { error, took, queue, profile, .. } => {
                self.failed(error, profile, *took, 1);
                self.queue.failed(*queue, error.plugins, profile);
            }
            Note::Preempting { victims, .. } => {
                self.preemptions += 1;
                self.victims.observe(victims.len() as f64);
            }
            Note::Change(Change::PodRemoved(pod) | Change::PodFinished(pod) | Change::PodBound(pod, _)) => {
                self.queue.left(*pod);
            }
            Note::Refused { refusal, .. } => *self.refused.entry((refusal.by, refusal.code)).or_default() += 1,
            _ => {}
        }
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A family of single numbers, with the labels of each.
fn series(
    text: &mut String,
    name: &str,
    kind: &str,
    help: &str,
    numbers: impl IntoIterator<Item = (String, impl Display)>,
) {
    head(text, name, kind, help);
    for (labels, number) in numbers {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(text, "{name}{labels} {number}");
    }
}
