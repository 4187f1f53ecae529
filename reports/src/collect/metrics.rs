//! `metrics.prom`: what a scrape at the end of the run would give, under upstream's names.
//!
//! Source of names and buckets: `pkg/scheduler/metrics/metrics.go`. Times are simulated.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use towtank_sim::cluster::Cluster;
use towtank_sim::observe::{Note, Observer};

/// Counts scheduling attempts and their times.
#[derive(Debug)]
pub struct MetricsCollector {
    scheduled: u64,
    unschedulable: u64,
    errors: u64,
    attempt_duration: Histogram,
    pod_duration: Histogram,
    pod_attempts: Histogram,
    refused: BTreeMap<(&'static str, u16), u64>,
}

/// A Prometheus histogram with exponential buckets.
#[derive(Debug)]
struct Histogram {
    bounds: Vec<f64>,
    counts: Vec<u64>,
    sum: f64,
    count: u64,
}

impl Histogram {
    fn exponential(start: f64, factor: f64, buckets: usize) -> Self {
        let bounds: Vec<f64> = std::iter::successors(Some(start), |bound| Some(bound * factor)).take(buckets).collect();
        Self { counts: vec![0; bounds.len()], bounds, sum: 0.0, count: 0 }
    }

    fn observe(&mut self, value: f64) {
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum += value;
        self.count += 1;
    }

    fn write(&self, into: &mut String, name: &str, help: &str) {
        let _ = writeln!(into, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut below = 0;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            below += count;
            let _ = writeln!(into, "{name}_bucket{{le=\"{bound}\"}} {below}");
        }
        let _ =
            writeln!(into, "{name}_bucket{{le=\"+Inf\"}} {0}\n{name}_sum {1}\n{name}_count {0}", self.count, self.sum);
    }
}

impl Default for MetricsCollector {
    fn default() -> Self {
        Self {
            scheduled: 0,
            unschedulable: 0,
            errors: 0,
            attempt_duration: Histogram::exponential(0.001, 2.0, 15),
            pod_duration: Histogram::exponential(0.01, 2.0, 20),
            pod_attempts: Histogram::exponential(1.0, 2.0, 5),
            refused: BTreeMap::new(),
        }
    }
}

impl MetricsCollector {
    /// The text of the exposition format.
    pub fn text(&self, cluster: &Cluster) -> String {
        let mut text = String::new();
        let name = "scheduler_schedule_attempts_total";
        let _ = writeln!(text, "# HELP {name} Attempts to schedule pods, by result.\n# TYPE {name} counter");
        for (result, count) in
            [("scheduled", self.scheduled), ("unschedulable", self.unschedulable), ("error", self.errors)]
        {
            let _ = writeln!(text, "{name}{{result=\"{result}\"}} {count}");
        }
        self.attempt_duration.write(
            &mut text,
            "scheduler_scheduling_attempt_duration_seconds",
            "Simulated time of a scheduling attempt.",
        );
        self.pod_duration.write(
            &mut text,
            "scheduler_pod_scheduling_sli_duration_seconds",
            "From the creation of a pod to its binding.",
        );
        self.pod_attempts.write(&mut text, "scheduler_pod_scheduling_attempts", "Attempts until a pod was bound.");
        let name = "apiserver_admission_refused_pods_total";
        let _ = writeln!(text, "# HELP {name} Pods refused by admission.\n# TYPE {name} counter");
        for ((by, code), count) in &self.refused {
            let _ = writeln!(text, "{name}{{name=\"{by}\",code=\"{code}\"}} {count}");
        }
        let totals = cluster.totals();
        let name = "scheduler_cache_size";
        let _ = writeln!(text, "# HELP {name} Nodes and pods at the end.\n# TYPE {name} gauge");
        for (kind, count) in [("nodes", totals.nodes), ("pods", totals.running + totals.starting)] {
            let _ = writeln!(text, "{name}{{type=\"{kind}\"}} {count}");
        }
        text
    }
}

impl Observer for MetricsCollector {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Scheduled { pod, took, .. } => {
                self.scheduled += 1;
                self.attempt_duration.observe(took.as_secs_f64());
                if let Some(pod) = cluster.pod(*pod) {
                    self.pod_duration.observe((cluster.now - pod.created).as_secs_f64());
                    self.pod_attempts.observe(f64::from(pod.attempts));
                }
            }
            Note::FailedScheduling { error, took, .. } => {
                // Without a plugin to blame, upstream counts an error, except that there is no node at all.
                let blamed = error.plugins != 0 || error.nodes == 0;
                *(if blamed { &mut self.unschedulable } else { &mut self.errors }) += 1;
                self.attempt_duration.observe(took.as_secs_f64());
            }
            Note::Refused { refusal, .. } => *self.refused.entry((refusal.by, refusal.code)).or_default() += 1,
            _ => {}
        }
    }
}
