//! Sampling: many pods on clusters so large that not every node is looked at, while nodes come and go.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::stepper::Stepper;
use crate::conform::table::{self, Row};
use crate::conform::{Mismatch, world};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::Cause;
use towtank_sim::scheduler::TieBreak;
use towtank_workloads::manifest::Item;

pub(super) const KIND: Kind =
    Kind { name: "sampling", recognised: |recording| recording.is_folder() && recording.has(&["steps"]), run };

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
    steps: Vec<StepInput>,
}

/// One of the fields is there.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StepInput {
    pod: Option<Value>,
    add_node: Option<Value>,
    update_node: Option<Value>,
    delete_node: Option<String>,
    delete_pod: Option<String>,
}

/// The visiting order, from the step on from which it is recorded.
type Orders = BTreeMap<usize, Vec<String>>;

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let input: Input = recording.yaml()?;
    if !options.wants(&input.name, &input.covers) {
        return Ok(Vec::new());
    }
    let expected = table::expected(recording)?;
    let orders = orders(recording)?;
    let scheduler = world::scheduler(recording, input.config.as_ref(), &input.feature_gates)?;
    let mut stepper = Stepper::new(scheduler.profiles, TieBreak::FirstVisited);
    world::create_all(recording, &input.objects, &mut stepper.cluster)?;
    let mut mismatches = Vec::new();
    let mut row = 0;
    for (index, step) in input.steps.iter().enumerate() {
        let field = format!("steps[{index}]");
        if let Some(pod) = &step.pod {
            let got = try_pod(recording, &format!("{field}.pod"), pod, &mut stepper)?;
            table::compare(&expected, row, &got, &mut mismatches);
            if let Some((from, names)) = orders.range(..=index).next_back() {
                compare_order(&mut stepper, *from, names, index, &mut mismatches);
            }
            row += 1;
        } else {
            change(recording, &field, step, &mut stepper)?;
        }
    }
    table::compare_length(&expected, row, &mut mismatches);
    Ok(vec![CaseResult::new(input.name, table::first(mismatches))])
}

fn try_pod(recording: &Recording, field: &str, pod: &Value, stepper: &mut Stepper) -> Result<Row, Diagnostic> {
    let world::Created::Pod(id) = world::create(recording, field, pod, &mut stepper.cluster)? else {
        return Err(recording.problem(field, "expected a pod that has not ended"));
    };
    let step = stepper
        .try_pod(id)
        .ok_or_else(|| recording.problem(&format!("{field}.spec.schedulerName"), "no profile of this name"))?;
    let node = step.selected.node.map(|node| stepper.cluster.node(node).name().to_owned());
    let columns = [
        ("pod", pod["metadata"]["name"].as_str().unwrap_or_default().to_owned()),
        ("node", node.unwrap_or_default()),
        ("quota", step.quota.to_string()),
        ("feasible", step.selected.feasible.to_string()),
        ("examined", step.selected.examined.to_string()),
        ("nextStart", stepper.selection.start().to_string()),
        ("score", step.selected.best.map(|total| total.to_string()).unwrap_or_default()),
        ("ties", step.selected.ties.to_string()),
    ];
    Ok(columns.into_iter().map(|(column, value)| (column.to_owned(), value)).collect())
}

fn change(recording: &Recording, field: &str, step: &StepInput, stepper: &mut Stepper) -> Result<(), Diagnostic> {
    if let Some(node) = &step.add_node {
        world::create(recording, &format!("{field}.addNode"), node, &mut stepper.cluster)?;
    } else if let Some(node) = &step.update_node {
        let field = format!("{field}.updateNode");
        let planned = world::read(recording, &field, node)?;
        if let Some(Item::Node(spec)) = planned.map(|planned| planned.item)
            && let Some(id) = stepper.cluster.nodes().by_name(&spec.name)
        {
            stepper.cluster.update_node(id, |old| *old = *spec);
        }
    } else if let Some(name) = &step.delete_node {
        if let Some(id) = stepper.cluster.nodes().by_name(name) {
            stepper.cluster.remove_node(id);
        }
    } else if let Some(name) = &step.delete_pod
        && let Some(id) = find_pod(name, stepper)
    {
        stepper.cluster.delete_pod(id, Cause::Deleted);
        stepper.cluster.remove_pod(id);
    }
    stepper.settle();
    Ok(())
}

/// The pod of this name; recordings leave the namespace out where names are unique without it.
fn find_pod(name: &str, stepper: &Stepper) -> Option<towtank_sim::model::PodId> {
    let pods = stepper.cluster.pods();
    match name.split_once('/') {
        Some((namespace, name)) => pods.by_name(namespace, name),
        None => pods.iter().find(|(_, pod)| *pod.name == *name).map(|(id, _)| id),
    }
}

fn compare_order(stepper: &mut Stepper, from: usize, names: &[String], index: usize, mismatches: &mut Vec<Mismatch>) {
    let order: Vec<Arc<str>> = {
        let Stepper { selection, cluster, .. } = stepper;
        selection.order(cluster).iter().map(|id| cluster.node(*id).spec.name.clone()).collect()
    };
    if !order.iter().map(|name| &**name).eq(names.iter().map(String::as_str)) {
        let what = format!("the visiting order at step {index}, as recorded from step {from} on");
        mismatches.push(Mismatch::new(what, names.join(" "), order.join(" ")));
    }
}

fn orders(recording: &Recording) -> Result<Orders, Diagnostic> {
    let Some((path, text)) = recording.beside("order.txt")? else { return Ok(Orders::new()) };
    let mut orders = Orders::new();
    for (line, content) in text.lines().enumerate() {
        let mut words = content.split_whitespace();
        let Some(step) = words.next() else { continue };
        let step = step.parse().map_err(|_| {
            Diagnostic::in_file(&path, format!("`{step}` is no step: expected its number")).at(line + 1, 1)
        })?;
        orders.insert(step, words.map(str::to_owned).collect());
    }
    Ok(orders)
}
