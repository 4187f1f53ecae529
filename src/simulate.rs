//! One run: a scenario under one scheduler, observed.

use crate::exit::Failure;
use crate::memory::peak_rss_bytes;
use crate::progress::Progress;
use crate::scenario::{Scenario, SchedulerChoice};
use std::time::Instant;
use towtank_reports::collect::{CollectOptions, Collectors};
use towtank_reports::data::Run;
use towtank_reports::output::OutputDir;
use towtank_sim::observe::Observer;
use towtank_sim::scheduler::Evaluation;

/// How a run is made and watched.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions {
    /// How nodes are evaluated; the results are the same.
    pub evaluation: Evaluation,
    /// Whether progress is shown, on a terminal.
    pub progress: bool,
    /// Whether the invariants are checked, and after how many notes of the run each time.
    pub audit: Option<u64>,
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
    let mut prepared = scenario.prepare(scheduler, options.evaluation)?;
    let observe = &scenario.spec.observe;
    let collect = CollectOptions {
        interval: observe.interval.map(|text| text.0),
        events: observe.events,
        tables: observe.tables,
        heatmap: observe.figures,
    };
    let mut collectors = Collectors::new(collect, out)?;
    let mut progress = options.progress.then(|| Progress::new(scenario.until));
    let mut audit = options.audit.map(|every| prepared.audit(every));
    let outcome = {
        let mut observers = collectors.observers();
        observers.extend(audit.as_mut().map(|audit| audit as &mut dyn Observer));
        observers.extend(progress.as_mut().map(|progress| progress as &mut dyn Observer));
        prepared.simulation.run(scenario.until, &mut observers)
    };
    if let Some(progress) = &progress {
        progress.finish();
    }
    if let Some(audit) = audit {
        audit.finish(&prepared.simulation.cluster)?;
    }
    let mut run = collectors.finish(outcome?, &prepared.simulation.cluster, out)?;
    let wall = began.elapsed().as_secs_f64();
    run.label.clone_from(&scheduler.label);
    run.description.clone_from(&scenario.description);
    let summary = &mut run.summary;
    summary.scenario.clone_from(&scenario.name);
    summary.policy.clone_from(&scheduler.label);
    summary.seed = scenario.spec.seed;
    summary.wall_seconds = wall;
    summary.decisions_per_second = if wall > 0.0 { summary.decisions as f64 / wall } else { 0.0 };
    summary.peak_rss_bytes = peak_rss_bytes();
    Ok(Simulated { run, warnings: prepared.warnings })
}
