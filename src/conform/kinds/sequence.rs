//! Sequences: many pods, each tried once and bound at once, on every node.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::stepper::Stepper;
use crate::conform::table::{self, Row};
use crate::conform::world;
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use towtank_sim::scheduler::TieBreak;

pub(super) const KIND: Kind =
    Kind { name: "sequence", recognised: |recording| recording.is_folder() && recording.has(&["pods"]), run };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Input {
    name: String,
    #[serde(default)]
    covers: Vec<String>,
    #[serde(default)]
    feature_gates: BTreeMap<String, bool>,
    config: Option<Value>,
    #[serde(default)]
    objects: Vec<Value>,
    pods: Vec<Value>,
}

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let input: Input = recording.yaml()?;
    if !options.wants(&input.name, &input.covers) {
        return Ok(Vec::new());
    }
    let expected = table::expected(recording)?;
    let mut scheduler = world::scheduler(recording, input.config.as_ref(), &input.feature_gates)?;
    for profile in &mut scheduler.profiles {
        profile.percentage_of_nodes_to_score = 100;
    }
    let mut stepper = Stepper::new(scheduler.profiles, TieBreak::First);
    world::create_all(recording, &input.objects, &mut stepper.cluster)?;
    let mut mismatches = Vec::new();
    for (index, pod) in input.pods.iter().enumerate() {
        let field = format!("pods[{index}]");
        let world::Created::Pod(id) = world::create(recording, &field, pod, &mut stepper.cluster)? else { continue };
        let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let step = stepper
            .try_pod(id)
            .ok_or_else(|| recording.problem(&format!("{field}.spec.schedulerName"), "no profile of this name"))?;
        let node = step.selected.node.map(|node| stepper.cluster.node(node).name().to_owned());
        let got: Row = [
            ("pod", name),
            ("node", node.unwrap_or_default()),
            ("feasible", step.selected.feasible.to_string()),
            ("score", step.total.map(|total| total.to_string()).unwrap_or_default()),
            ("ties", step.selected.ties.to_string()),
        ]
        .into_iter()
        .map(|(column, value)| (column.to_owned(), value))
        .collect();
        table::compare(&expected, index, &got, &mut mismatches);
    }
    table::compare_length(&expected, input.pods.len(), &mut mismatches);
    Ok(vec![CaseResult::new(input.name, table::first(mismatches))])
}
