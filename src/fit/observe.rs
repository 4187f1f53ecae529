//! What of a trace a model is made of.

use std::collections::BTreeMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::ClassId;
use towtank_sim::model::pod::{PodSpec, RestartPolicy, Run};
use towtank_traces::TraceError;
use towtank_traces::record::{Event, Submitted};
use towtank_traces::stream::Stream;

const NANOS: f64 = 1e9;
const HOUR: i64 = 3_600_000_000_000;

/// A trace's submissions, by hour and by shape.
#[derive(Debug, Default)]
pub(super) struct Observed {
    /// All submissions.
    pub(super) submissions: u64,
    /// The first and the last, in nanoseconds.
    pub(super) span: (i64, i64),
    /// Submissions by hour of the day, if the trace begins at midnight.
    pub(super) by_hour: [u64; 24],
    /// The shapes, the commonest first.
    pub(super) shapes: Vec<ObservedShape>,
}

/// The submissions of one shape.
#[derive(Clone, Debug, Default)]
pub(super) struct ObservedShape {
    /// The specification, without what depends on a run time.
    pub(super) spec: PodSpec,
    /// How many submissions.
    pub(super) count: u64,
    /// How many of them failed.
    pub(super) failed: u64,
    /// Run times in seconds of those that end.
    pub(super) run_times: Vec<f64>,
    /// Pods of each submission.
    pub(super) pods: Vec<f64>,
    /// Whether the pods of one start together or not at all.
    pub(super) gang: bool,
    /// How many times as long as they ran jobs were announced to run.
    pub(super) estimate_factors: Vec<f64>,
}

/// Reads a trace to its end, without submissions of more than `largest` pods.
pub(super) fn observe(stream: &mut Stream, largest: u32) -> Result<Observed, TraceError> {
    let mut observed = Observed::default();
    let mut cluster = Cluster::default();
    let mut shapes: BTreeMap<(ClassId, bool), ObservedShape> = BTreeMap::new();
    let mut first = None;
    while let Some(record) = stream.next_record()? {
        let Event::Submitted(job) = record.event else { continue };
        if job.pods > largest {
            continue;
        }
        observed.submissions += 1;
        observed.span = (*first.get_or_insert(record.at), record.at);
        observed.by_hour[(record.at.rem_euclid(24 * HOUR) / HOUR) as usize] += 1;
        let mut spec = stream.shape(job.shape).spec.clone();
        // Whether it ends is said by its run time.
        spec.restart_policy = RestartPolicy::Never;
        let class = cluster.intern(spec.clone());
        // Services and jobs of one size are two shapes: what never ends has no run time.
        shapes
            .entry((class, job.run == Run::Forever))
            .or_insert_with(|| ObservedShape { spec, ..Default::default() })
            .add(&job);
    }
    observed.shapes = shapes.into_values().collect();
    observed.shapes.sort_by_key(|shape| std::cmp::Reverse(shape.count));
    Ok(observed)
}

impl ObservedShape {
    fn add(&mut self, job: &Submitted) {
        self.count += 1;
        self.gang |= job.gang && (job.pods > 1 || job.estimate.is_some());
        if let (true, Some(estimate), Run::Succeeds(span) | Run::Fails(span)) = (job.gang, job.estimate, job.run)
            && span.0 > 0
        {
            self.estimate_factors.push(estimate.0 as f64 / span.0 as f64);
        }
        self.pods.push(f64::from(job.pods));
        match job.run {
            Run::Forever => {}
            Run::Succeeds(span) => self.run_times.push(span.0 as f64 / NANOS),
            Run::Fails(span) => {
                self.failed += 1;
                self.run_times.push(span.0 as f64 / NANOS);
            }
        }
    }

    /// Takes another shape's submissions in.
    pub(super) fn absorb(&mut self, other: Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.run_times.extend(other.run_times);
        self.pods.extend(other.pods);
        self.estimate_factors.extend(other.estimate_factors);
    }
}

impl Observed {
    /// Submissions per hour, by hour of the day: those of the hour, over the time that the trace spent in it.
    pub(super) fn rates(&self) -> [f64; 24] {
        let mut spent = [0_i64; 24];
        let (mut at, end) = (self.span.0, self.span.1 + 1);
        while at < end {
            let next = (at.div_euclid(HOUR) + 1) * HOUR;
            spent[(at.rem_euclid(24 * HOUR) / HOUR) as usize] += next.min(end) - at;
            at = next;
        }
        let known: i64 = spent.iter().sum();
        let overall = self.submissions as f64 / known.max(1) as f64;
        let mut rates = [0.0; 24];
        for (hour, rate) in rates.iter_mut().enumerate() {
            // Where the trace never was, it says as much as everywhere.
            let per_nano = if spent[hour] > 0 { self.by_hour[hour] as f64 / spent[hour] as f64 } else { overall };
            *rate = per_nano * HOUR as f64;
        }
        rates
    }
}
