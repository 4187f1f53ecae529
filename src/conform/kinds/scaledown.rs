//! A few loops of the Cluster Autoscaler at given times: which nodes it would remove, and what it does about them.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::autoscaler::{Input, Owners, Record, T0, World, build};
use crate::conform::{Mismatch, compare};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::{Value, json};
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::time::SimTime;

pub(super) const KIND: Kind = Kind { name: "scaledown", recognised, run };

/// How long after the last loop its effects are waited for, in seconds.
const AFTERWARDS: i64 = 3600;

#[derive(Deserialize)]
struct Loops {
    #[serde(flatten)]
    input: Input,
    /// When loops are, in seconds.
    loops: Vec<i64>,
}

fn recognised(recording: &Recording) -> bool {
    !recording.is_folder() && recording.has(&["nodeGroups", "expect", "loops"])
}

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let Loops { input, loops } = recording.yaml()?;
    if !options.wants(&input.name, &input.covers) {
        return Ok(Vec::new());
    }
    let World { cluster, autoscaler, not_modelled } = build(recording, &input, Owners::AsListed)?;
    if !not_modelled.is_empty() {
        return Ok(vec![CaseResult { not_modelled, ..CaseResult::new(input.name, Vec::new()) }]);
    }
    let mut record = Record::default();
    let watcher = record.clone();
    let times = loops.iter().map(|at| SimTime::from_secs(T0 + at)).collect();
    let autoscaler = autoscaler.with_loops_at(times).watched_by(move |seen, cluster| watcher.see(seen, cluster));
    let mut simulation = Simulation::new(0);
    simulation.cluster = cluster;
    simulation.add_controller(Box::new(autoscaler));
    let end = SimTime::from_secs(T0 + loops.last().copied().unwrap_or_default() + AFTERWARDS);
    let ran = simulation.run(Until::Time(end), &mut [&mut record]);
    ran.map_err(|error| Diagnostic::in_file(recording.path(), error.to_string()))?;
    let got = json!({"loops": record.loops(), "actions": record.actions()});
    let mismatches = mismatches(&input, &got);
    Ok(vec![CaseResult::new(input.name, mismatches)])
}

/// What differs. Where upstream's orders decide, another outcome that was seen will do.
fn mismatches(input: &Input, got: &Value) -> Vec<Mismatch> {
    let mismatches = compare(&input.expect, got);
    let is_another = |outcome: &Value| compare(outcome, got).is_empty();
    if mismatches.is_empty() || (input.order_sensitive && input.alternatives.iter().any(is_another)) {
        return Vec::new();
    }
    mismatches
}
