//! Recorded decisions of kube-scheduler 1.36.2: verdicts, reasons, scores and weights.

use crate::registry;
use crate::testing::{Case, Rejection, cases};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Filter, PreFilter, Verdict};

/// What the filters say: node name to plugin, code and reasons; feasible nodes are absent.
type Infeasible = BTreeMap<String, (String, String, Vec<String>)>;

fn check(prefix: &str, at_least: usize) {
    let cases = cases("hand", prefix);
    if cases.is_empty() {
        eprintln!("no recorded decisions on this machine: nothing checked for {prefix}");
        return;
    }
    assert!(cases.len() >= at_least, "{} cases of {prefix}", cases.len());
    for (name, text) in &cases {
        check_case(name, &Case::read(text));
    }
}

fn check_case(name: &str, case: &Case) {
    let cycle = case.cycle();
    if let Some(gated) = &case.expect.gated {
        let refused = case.profile.pre_enqueue.iter().find_map(|i| case.profile.plugins[*i].pre_enqueue(&cycle).err());
        assert_eq!(refused.as_ref(), gated.reasons.first(), "{name}");
        return;
    }
    let infeasible = filter(case);
    let expected: Infeasible =
        case.expect.infeasible.iter().map(|(node, rejection)| (node.clone(), rejection.parts())).collect();
    assert_eq!(infeasible, expected, "{name}");

    let feasible: Vec<&Node> = case.cluster.nodes().iter().filter(|n| !infeasible.contains_key(n.name())).collect();
    let ids: Vec<NodeId> = feasible.iter().map(|node| node.id).collect();
    let scores = if ids.is_empty() { Vec::new() } else { case.scores(&ids) };
    for (i, node) in feasible.iter().enumerate() {
        let expected = &case.expect.feasible[node.name()];
        let mut total: i64 = 0;
        for (plugin, weight, scores) in &scores {
            let score = scores.as_ref().map(|scores| scores[i]);
            assert_eq!(score, expected.scores.get(*plugin).copied(), "{name}: {plugin} on {}", node.name());
            assert_eq!(score.is_none(), case.expect.skipped_scores.iter().any(|s| s == plugin), "{name}: {plugin}");
            total += weight * score.unwrap_or(0);
        }
        let scored_by_others = expected.scores.iter().any(|(plugin, n)| registry::find(plugin).is_none() && *n != 0);
        assert!(!scored_by_others, "{name}: a plugin that is not modelled has a say");
        assert_eq!(total, expected.total, "{name}: total of {}", node.name());
    }
}

fn filter(case: &Case) -> Infeasible {
    let cycle = case.cycle();
    let mut filters: Vec<(&str, Box<dyn Filter + '_>)> = Vec::new();
    let mut restricted: Option<(&str, BTreeSet<Arc<str>>)> = None;
    for &index in &case.profile.filter {
        let plugin = &case.profile.plugins[index];
        match plugin.pre_filter(&cycle) {
            PreFilter::Skip => {}
            PreFilter::Ask(filter) => filters.push((plugin.name(), filter)),
            PreFilter::AskOnly(nodes, filter) => {
                restricted = Some((plugin.name(), nodes));
                filters.push((plugin.name(), filter));
            }
            PreFilter::Reject(_) => panic!("no such case"),
        }
    }
    let refuse = |node: &Node| -> Option<(String, String, Vec<String>)> {
        if let Some((plugin, nodes)) = &restricted
            && !nodes.contains(node.name())
        {
            let reason = format!("node(s) didn't satisfy plugin(s) [{plugin}]");
            return Some(((*plugin).to_owned(), "UnschedulableAndUnresolvable".to_owned(), vec![reason]));
        }
        filters.iter().find_map(|(plugin, filter)| match filter.filter(node) {
            Verdict::Fits => None,
            verdict => {
                let texts = verdict.reasons().iter().map(|r| r.text(&case.cluster.resources).to_string());
                Some(((*plugin).to_owned(), verdict.code().to_owned(), texts.collect()))
            }
        })
    };
    case.cluster.nodes().iter().filter_map(|node| Some((node.name().to_owned(), refuse(node)?))).collect()
}

#[test]
fn node_name() {
    check("NodeName-", 2);
}

#[test]
fn node_unschedulable() {
    check("NodeUnschedulable-", 3);
}

#[test]
fn taint_toleration() {
    check("TaintToleration-", 9);
}

#[test]
fn node_affinity() {
    check("NodeAffinity-", 14);
}

#[test]
fn node_ports() {
    check("NodePorts-", 5);
}

#[test]
fn node_resources_fit() {
    check("NodeResourcesFit-", 21);
}

#[test]
fn balanced_allocation() {
    check("NodeResourcesBalancedAllocation-", 6);
}

#[test]
fn image_locality() {
    check("ImageLocality-", 6);
}

#[test]
fn node_declared_features() {
    check("NodeDeclaredFeatures-", 3);
}

#[test]
fn scheduling_gates() {
    check("SchedulingGates-", 2);
}

#[test]
fn profiles() {
    check("Profile-", 4);
}

/// These look at what the reader here passes over; `towtank conform` plays them.
const ELSEWHERE: [&str; 6] =
    ["PodTopologySpread", "InterPodAffinity", "NodeVolumeLimits", "VolumeBinding", "VolumeRestrictions", "VolumeZone"];

/// The random cases mix in plugins that are not compared here. The filters that are come before the others, so that a node
/// which one of the others rejected must pass ours; the feasible nodes are taken from the record, so that scores compare.
#[test]
fn the_modelled_part_of_random_cases() {
    let mut compared = 0;
    let cases = cases("random", "");
    for (name, text) in &cases {
        let case = Case::read(text);
        if case.expect.gated.is_some() || (case.expect.infeasible.is_empty() && case.expect.feasible.is_empty()) {
            continue;
        }
        let infeasible = filter(&case);
        let ours = |r: &&Rejection| registry::find(&r.plugin).is_some() && !ELSEWHERE.contains(&r.plugin.as_str());
        for node in case.cluster.nodes().iter() {
            let expected = case.expect.infeasible.get(node.name()).filter(ours).map(Rejection::parts);
            assert_eq!(infeasible.get(node.name()), expected.as_ref(), "{name}: {}", node.name());
        }
        let is_feasible = |node: &&Node| case.expect.feasible.contains_key(node.name());
        let feasible: Vec<&Node> = case.cluster.nodes().iter().filter(is_feasible).collect();
        let ids: Vec<NodeId> = feasible.iter().map(|node| node.id).collect();
        for (plugin, _, scores) in case.scores(&ids).into_iter().filter(|(plugin, ..)| !ELSEWHERE.contains(plugin)) {
            for (i, node) in feasible.iter().enumerate() {
                let expected = case.expect.feasible[node.name()].scores.get(plugin).copied();
                assert_eq!(scores.as_ref().map(|s| s[i]), expected, "{name}: {plugin} on {}", node.name());
                compared += 1;
            }
        }
    }
    assert!(cases.is_empty() || compared > 4000, "{compared} scores compared");
}
