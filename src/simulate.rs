//! One run: a scenario under one scheduler, observed.

use crate::clock::nanoseconds;
use crate::exit::Failure;
use crate::memory::peak_rss_bytes;
use crate::progress::Progress;
use crate::published_schedule;
use crate::scenario::{PowerSpec, Scenario, SchedulerChoice};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use towtank_reports::collect::{CollectOptions, Collectors};
use towtank_reports::data::{NANOS_PER_SECOND, PhaseTime, RepairCount, Run, Summary, TraceSummary};
use towtank_reports::metrics::energy::{Power, PowerModel};
use towtank_reports::output::OutputDir;
use towtank_sim::model::fragmentation::FragmentationMeasure;
use towtank_sim::observe::Observer;
use towtank_sim::phases::{Phase, Phases};
use towtank_sim::scheduler::Evaluation;

/// How a run is made and watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct RunOptions {
    /// How nodes are evaluated; the results are the same.
    pub evaluation: Evaluation,
    /// Whether progress is shown, on a terminal.
    pub progress: bool,
    /// Whether the invariants are checked, and after how many notes of the run each time.
    pub audit: Option<u64>,
    /// Whether it is measured where the time goes.
    pub profile_phases: bool,
    /// Whether what the page and the figures of one run tell of single nodes and pods is kept.
    pub page: bool,
}

/// A run's data, and what the user should know about its input.
pub struct Simulated {
    /// The data.
    pub run: Run,
    /// What of the input has no effect, or may not mean what it seems to.
    pub warnings: Vec<String>,
}

/// Simulates a scenario. Tables and events go into `out` while it runs.
///
/// # Errors
/// The input cannot be used, the run stopped early, or output could not be written.
pub fn simulate(
    scenario: &Scenario,
    scheduler: &SchedulerChoice,
    options: RunOptions,
    out: Option<&OutputDir>,
) -> Result<Simulated, Failure> {
    let began = Instant::now();
    let phases = if options.profile_phases { Phases::measured(nanoseconds) } else { Phases::default() };
    phases.enter(Phase::Inputs);
    let mut prepared = scenario.prepare(scheduler, options.evaluation)?;
    let observe = &scenario.spec.observe;
    let published = observe.published_schedule.as_deref().map(|path| published_schedule::read(&scenario.path(path)));
    let published = published.transpose()?;
    let collect = CollectOptions {
        interval: observe.interval.map(|text| text.0),
        events: observe.events,
        epoch_second: scenario.epoch_second,
        tables: observe.tables,
        attempts: observe.attempts,
        parquet: observe.parquet,
        series: options.page || out.is_some(),
        page: observe.figures && options.page,
        fragmentation: prepared
            .target_workload
            .as_deref()
            .filter(|_| observe.fragmentation)
            .map(|target| Arc::new(FragmentationMeasure::new(target))),
        prices: prices(scenario),
        power: power(&observe.power),
        warm_up: observe.warm_up.map(|spec| spec.0),
    };
    let mut collectors = Collectors::new(collect, out)?;
    phases.enter(Phase::Other);
    prepared.simulation.cluster.phases = phases;
    let mut progress = options.progress.then(|| Progress::new(scenario.until));
    let mut audit = options.audit.map(|every| prepared.audit(every));
    let started = Instant::now();
    let outcome = {
        let mut observers = collectors.observers();
        observers.extend(audit.as_mut().map(|audit| audit as &mut dyn Observer));
        observers.extend(progress.as_mut().map(|progress| progress as &mut dyn Observer));
        prepared.simulation.run(scenario.until, &mut observers)
    };
    let simulating = started.elapsed().as_secs_f64();
    prepared.simulation.cluster.phases.enter(Phase::Output);
    if let Some(progress) = &progress {
        progress.finish();
    }
    if let Some(audit) = audit {
        audit.finish(&prepared.simulation.cluster)?;
    }
    let mut run = collectors.finish(outcome?, &prepared.simulation.cluster, out)?;
    let wall = began.elapsed().as_secs_f64();
    if let Some(published) = published {
        run.jobs.published = published;
        run.summary.jobs = run.jobs.summary();
    }
    run.label.clone_from(&scheduler.label);
    run.description.clone_from(&scenario.description);
    let summary = &mut run.summary;
    summary.scenario.clone_from(&scenario.name);
    summary.policy.clone_from(&scheduler.label);
    summary.seed = scenario.spec.seed;
    summary.wall_seconds = wall;
    summary.decisions_per_second = if simulating > 0.0 { summary.decisions as f64 / simulating } else { 0.0 };
    summary.phases = phase_times(&prepared.simulation.cluster.phases);
    summary.peak_rss_bytes = peak_rss_bytes();
    let repaired = prepared.repairs.report().into_iter();
    let repairs = repaired.map(|one| RepairCount { rule: one.rule.name(), count: one.count, first: one.first });
    summary.trace = TraceSummary { repairs: repairs.collect() };
    let mut warnings = prepared.warnings;
    warnings.extend(prepared.repairs.notes());
    warnings.extend(prepared.recorded.list());
    warnings.extend(suspicions(summary));
    Ok(Simulated { run, warnings })
}

/// The prices of nodes that the scenario names: those of node groups, unless it says others.
fn prices(scenario: &Scenario) -> BTreeMap<String, f64> {
    let groups = scenario.spec.autoscaling.node_groups.iter();
    let mut prices: BTreeMap<String, f64> =
        groups.filter_map(|group| Some((group.name.clone(), group.price?))).collect();
    prices.extend(scenario.spec.observe.prices.clone());
    prices
}

/// What nodes draw, if the scenario says anything of it.
fn power(spec: &BTreeMap<String, PowerSpec>) -> Option<PowerModel> {
    let each = |power: &PowerSpec| Power { idle: power.idle_watts, busy: power.busy_watts };
    let mut by_kind: BTreeMap<String, Power> = spec.iter().map(|(kind, power)| (kind.clone(), each(power))).collect();
    let default = by_kind.remove("default");
    (!spec.is_empty()).then_some(PowerModel { by_kind, default })
}

/// The times of the phases that took any.
fn phase_times(phases: &Phases) -> BTreeMap<&'static str, PhaseTime> {
    let spent = phases.nanoseconds().unwrap_or_default();
    let all: u64 = spent.iter().map(|(_, nanoseconds)| nanoseconds).sum();
    let time = |nanoseconds: u64| PhaseTime {
        seconds: nanoseconds as f64 / NANOS_PER_SECOND as f64,
        share: nanoseconds as f64 / all as f64,
    };
    spent.iter().filter(|(_, spent)| *spent > 0).map(|(phase, spent)| (phase.name(), time(*spent))).collect()
}

/// What a run's numbers say about its input: that something was probably forgotten.
fn suspicions(summary: &Summary) -> Vec<String> {
    let mut warnings = Vec::new();
    if summary.nodes.peak == 0 {
        warnings.push("the cluster never had a node, so that no pod could run: see spec.cluster".to_owned());
    }
    if summary.pods.submitted == 0 {
        warnings.push("no pod was ever submitted: see spec.workload".to_owned());
    }
    if let Some(count) = summary.rejections.get("Priority") {
        warnings.push(format!(
            "{count} pods were refused because no PriorityClass has the name that they ask for; pods.csv says which"
        ));
    }
    warnings
}
