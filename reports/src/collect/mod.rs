//! Collectors: observers that turn a running simulation into the plain data of [`crate::data`].
//!
//! Each collects one thing. [`Collectors`] holds those that a run needs, and nothing in the simulation reads any of them.

mod arrival_curve;
mod attempts;
mod background;
mod changed_nodes;
mod cluster_history;
pub mod completion;
mod controller_metrics;
mod each_pod;
mod events;
mod exposition;
mod failures;
mod fragmentation;
mod heatmap;
mod histogram;
mod jobs;
mod latency;
pub mod ledger;
mod lives;
mod metrics;
mod notable;
pub mod occupancy;
mod other_resources;
mod parts;
mod queue_metrics;
mod series;
pub mod services;
mod slots;
mod steady;
mod told_classes;
mod utilization;
mod waits;
mod work_times;
mod written;

pub use arrival_curve::ArrivalCurveCollector;
pub use attempts::AttemptTable;
pub use cluster_history::ClusterHistoryCollector;
pub use events::EventLog;
pub use fragmentation::FragmentationTracker;
pub use heatmap::HeatmapCollector;
pub use jobs::JobCollector;
pub use latency::LatencyCollector;
pub use lives::LifeLog;
pub use metrics::MetricsCollector;
pub use notable::NotableCollector;
pub use series::SeriesCollector;
pub use steady::SteadyCollector;
pub use utilization::UtilizationCollector;

use crate::data::{NodeCounts, PodCounts, Run, Summary};
use crate::metrics::autoscaling::Provisioning;
use crate::metrics::availability::Availability;
use crate::metrics::completion::CompletionSummary;
use crate::metrics::disruption::Budgets;
use crate::metrics::energy::{Energy, PowerModel};
use crate::metrics::fairness::Fairness;
use crate::metrics::packing::{Packing, stranded};
use crate::metrics::steady_state::WarmUp;
use crate::metrics::utilization::{by_namespace, by_zone, complete, few};
use crate::output::{OutputDir, OutputError};
use background::Ending;
use each_pod::EachPod;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::Outcome;
use towtank_sim::model::fragmentation::FragmentationMeasure;
use towtank_sim::observe::Observer;
use towtank_sim::time::Span;

/// What is to be collected.
#[allow(clippy::struct_excessive_bools, reason = "switches, each with its name")]
#[derive(Clone, Debug, Default)]
pub struct CollectOptions {
    /// How far samples are apart; `None` to thin them so that a few thousand remain, whatever the length.
    pub interval: Option<Span>,
    /// Whether `events.jsonl` is written.
    pub events: bool,
    /// The scenario's start as seconds since 1970, for the dates of events.
    pub epoch_second: i64,
    /// Whether `pods.csv` and `nodes.csv` are written.
    pub tables: bool,
    /// Whether `attempts.csv` is written.
    pub attempts: bool,
    /// Whether tables are written as Parquet too.
    pub parquet: bool,
    /// Whether the cluster's state over time is kept, of which `timeseries.csv` and figures are made. Nothing in the summary is.
    pub series: bool,
    /// Whether what the page and the figures of one run tell of single nodes and pods is kept.
    pub page: bool,
    /// What the fragmentation of GPUs is measured with, if it is.
    pub fragmentation: Option<Arc<FragmentationMeasure>>,
    /// Prices of a node per hour, by node group or instance type.
    pub prices: BTreeMap<String, f64>,
    /// What nodes draw, if it is to be summed.
    pub power: Option<PowerModel>,
    /// What is left out as the beginning, if anything is.
    pub warm_up: Option<WarmUp>,
}

/// The collectors of one run.
pub struct Collectors {
    /// It follows the fragmentation of GPUs too.
    series: Option<SeriesCollector>,
    notable: NotableCollector,
    each_pod: EachPod,
    heatmap: Option<HeatmapCollector>,
    history: Option<ClusterHistoryCollector>,
    arrivals: Option<ArrivalCurveCollector>,
    jobs: JobCollector,
    steady: Option<SteadyCollector>,
    prices: BTreeMap<String, f64>,
    power: Option<PowerModel>,
    /// Whether there are tables.
    tables: bool,
    lives: Option<LifeLog>,
    attempts: Option<AttemptTable>,
    parquet: bool,
    events: Option<EventLog>,
}

impl Collectors {
    /// Collectors that write tables and events into `out`, if it is given.
    ///
    /// # Errors
    /// A file cannot be created.
    pub fn new(options: CollectOptions, out: Option<&OutputDir>) -> Result<Self, OutputError> {
        let tables = out.filter(|_| options.tables);
        let events = out.filter(|_| options.events);
        let attempts = out.filter(|_| options.attempts);
        let lives = (options.page || tables.is_some()).then(|| LifeLog::new(options.page, tables, options.parquet));
        let lives = lives.transpose()?;
        Ok(Self {
            series: (options.series || options.fragmentation.is_some())
                .then(|| SeriesCollector::new(options.interval, options.fragmentation.clone())),
            arrivals: options.fragmentation.map(ArrivalCurveCollector::new),
            notable: NotableCollector::default(),
            each_pod: EachPod::default(),
            heatmap: options.page.then(HeatmapCollector::default),
            history: options.page.then(ClusterHistoryCollector::default),
            steady: options.warm_up.map(SteadyCollector::new),
            prices: options.prices,
            power: options.power,
            tables: options.tables,
            jobs: JobCollector::new(tables, options.parquet)?,
            lives,
            attempts: attempts.map(|out| AttemptTable::create(out, options.parquet)).transpose()?,
            parquet: options.parquet,
            events: events.map(|out| EventLog::create(out, options.epoch_second)).transpose()?,
        })
    }

    /// The observers to hand to the engine.
    pub fn observers(&mut self) -> Vec<&mut dyn Observer> {
        let mut all: Vec<&mut dyn Observer> = self.series.iter_mut().map(|o| o as &mut dyn Observer).collect();
        all.extend([&mut self.notable as &mut dyn Observer, &mut self.each_pod]);
        all.extend(self.heatmap.as_mut().map(|o| o as &mut dyn Observer));
        all.extend(self.history.as_mut().map(|o| o as &mut dyn Observer));
        all.extend(self.arrivals.as_mut().map(|o| o as &mut dyn Observer));
        all.extend(self.steady.as_mut().map(|o| o as &mut dyn Observer));
        all.push(&mut self.jobs);
        all.extend(self.lives.as_mut().map(|o| o as &mut dyn Observer));
        all.extend(self.attempts.as_mut().map(|o| o as &mut dyn Observer));
        all.extend(self.events.as_mut().map(|o| o as &mut dyn Observer));
        all
    }

    /// Ends the tables and gives the collected data. What only the caller knows of the summary (names, seed, real time and
    /// memory) is left empty.
    ///
    /// # Errors
    /// A table could not be written, now or during the run.
    pub fn finish(mut self, outcome: Outcome, cluster: &Cluster, out: Option<&OutputDir>) -> Result<Run, OutputError> {
        // Who writes beside the run does the last of it while the sums are made.
        let lives = self.lives.map(|lives| lives.end(cluster));
        let attempts = self.attempts.map(AttemptTable::end);
        let events = self.events.map(EventLog::end);
        let jobs = self.jobs.finish(cluster)?;
        let EachPod { mut utilization, latency, mut metrics, ledger, occupancy, completion, services } = self.each_pod;
        let ledger = ledger.finish(cluster);
        let occupancy = occupancy.finish(cluster);
        let services = services.finish(cluster);
        let (zones, namespaces) = (by_zone(&ledger), by_namespace(&ledger));
        if let Some(out) = out.filter(|_| self.tables) {
            parts::write(out, "zones.csv", "zone", &zones)?;
            parts::write(out, "namespaces.csv", "namespace", &namespaces)?;
        }
        let waiting = metrics.waiting(cluster);
        let (latency, scheduling, startup) = latency.finish(metrics.parts());
        if let Some(out) = out {
            out.write("metrics.prom", metrics.text(cluster, &latency))?;
        }
        let counters = cluster.counters();
        let mut summary = Summary {
            fingerprint: format!("{:032x}", outcome.fingerprint),
            simulated_seconds: outcome.end.as_secs_f64(),
            events: outcome.events,
            decisions: counters.attempts,
            pods: PodCounts {
                submitted: counters.submitted,
                rejected: counters.rejected,
                bound: counters.bound,
                succeeded: counters.succeeded,
                failed: counters.failed,
                pending: cluster.totals().pending,
                evicted: counters.evicted,
                preempted: counters.preempted,
            },
            nodes: NodeCounts {
                initial: utilization.initial_nodes(),
                peak: utilization.peak_nodes(),
                r#final: cluster.totals().nodes,
            },
            utilization: utilization.summary(cluster),
            latency,
            jobs: jobs.summary(),
            gpu_fragmentation: self.series.as_mut().and_then(|series| series.fragmentation(cluster)),
            zones: few(zones),
            namespaces: few(namespaces),
            packing: Some(Packing::of(&occupancy)),
            waiting: Some(waiting.into()),
            completion: CompletionSummary::of(completion.finish(), ledger.nanoseconds),
            provisioning: Some(Provisioning::of(&occupancy, &ledger.machines, &self.prices)),
            energy: self.power.map(|power| Energy::of(&ledger.machines, &power, ledger.nanoseconds)),
            fairness: Fairness::of(&ledger),
            budgets: Budgets::of(&services),
            availability: Availability::of(&services),
            steady_state: self.steady.map(|steady| steady.finish(cluster)),
            ..Summary::default()
        };
        complete(&mut summary.utilization, &ledger);
        summary.stranded = stranded(&occupancy, &ledger, &summary.utilization);
        self.notable.fill(&mut summary);
        let series = self.series.map(SeriesCollector::into_series).unwrap_or_default();
        if let Some(out) = out.filter(|_| self.parquet) {
            written::write_series(out, &series)?;
        }
        attempts.map(Ending::wait).transpose()?;
        events.map(Ending::wait).transpose()?;
        let records = lives.map(Ending::wait).transpose()?.unwrap_or_default();
        Ok(Run {
            label: String::new(),
            description: String::new(),
            summary,
            series,
            scheduling,
            startup,
            heatmap: self.heatmap.map(|heatmap| heatmap.into_heatmap(outcome.end)).unwrap_or_default(),
            jobs,
            curves: self.arrivals.map(|arrivals| arrivals.into_curve(cluster).curves()).unwrap_or_default(),
            notable: self.notable.into_notable(),
            history: self.history.map(ClusterHistoryCollector::into_history).unwrap_or_default(),
            records,
        })
    }
}
