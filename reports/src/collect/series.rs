//! The cluster's state over time.

use super::fragmentation::FragmentationTracker;
use crate::data::{GpuFragmentation, Sample, Series};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::fragmentation::FragmentationMeasure;
use towtank_sim::observe::{NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// Rows at which the series is thinned when the interval is ours to choose. One more than a power of two, so that the last
/// row stays when every other one goes.
const MAX_ROWS: usize = 4097;

/// Samples the cluster's state. Without a given interval it begins with seconds, and each time there are too many rows it
/// drops every other one and looks half as often: a month costs what an hour costs.
#[derive(Debug)]
pub struct SeriesCollector {
    series: Series,
    interval: Span,
    thins: bool,
    fragmentation: Option<FragmentationTracker>,
}

impl SeriesCollector {
    /// A collector with this interval, or one that adapts. With a measure of fragmentation it samples that too.
    pub fn new(interval: Option<Span>, measure: Option<Arc<FragmentationMeasure>>) -> Self {
        Self {
            series: Series::default(),
            interval: interval.unwrap_or(Span::from_secs(1)),
            thins: interval.is_none(),
            fragmentation: measure.map(FragmentationTracker::new),
        }
    }

    /// How fragmented the GPUs are at the end, if that is measured.
    pub fn fragmentation(&mut self, cluster: &Cluster) -> Option<GpuFragmentation> {
        let tracker = self.fragmentation.as_mut()?;
        tracker.follow(cluster);
        Some(tracker.summary(cluster))
    }

    /// The collected series.
    pub fn into_series(self) -> Series {
        self.series
    }
}

impl Observer for SeriesCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::NONE
    }

    fn sampling_interval(&self) -> Option<Span> {
        Some(self.interval)
    }

    fn sample(&mut self, at: SimTime, cluster: &Cluster) {
        let totals = cluster.totals();
        self.series.push(Sample {
            time_ns: at.0,
            pods_pending: totals.pending as i64,
            pods_running: (totals.running + totals.starting) as i64,
            nodes_total: totals.nodes as i64,
            nodes_ready: totals.ready_nodes as i64,
        });
        for id in cluster.resources.ids() {
            let (capacity, allocated) = (totals.capacity.get(id), totals.allocated.get(id));
            self.series.set_resource(cluster.resources.name(id), capacity, allocated);
        }
        let counters = cluster.counters();
        for (name, value) in [
            (Series::PODS_STARTING, totals.starting),
            ("used_cpu_milli", totals.used_cpu as u64),
            ("used_memory_bytes", totals.used_memory as u64),
            ("submitted_total", counters.submitted),
            ("rejected_total", counters.rejected),
            ("bound_total", counters.bound),
            ("succeeded_total", counters.succeeded),
            ("failed_total", counters.failed),
            ("evicted_total", counters.evicted),
        ] {
            self.series.set_counter(name, value as i64);
        }
        if let Some(tracker) = &mut self.fragmentation {
            tracker.follow(cluster);
            self.series.set_counter(Series::GPU_IDLE, tracker.idle_milli());
            self.series.set_counter(Series::GPU_FRAGMENTED, tracker.fragmented_milli().round() as i64);
        }
        if self.thins && self.series.len() == MAX_ROWS {
            self.series.thin();
            self.interval = Span(self.interval.0 * 2);
        }
    }
}
