//! From what the scheduler was asked to what is told: names for numbers, nodes in groups.

use super::model::{Because, Choice, Details, Group, NodeScore, NodeVerdict, Reasoned, ScorePlugin, Scores};
use crate::scenario::TieBreakSpec;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::scheduler::{AttemptInspection, Profile, Verdict};

/// How many nodes of a group are named.
const EXAMPLES: usize = 3;

/// What the plugins said. The scores are those of all nodes that were found, the best first; see [`decided`].
pub(super) fn of(
    pod: PodId,
    inspection: &AttemptInspection,
    profile: &Profile,
    cluster: &Cluster,
    every_node: bool,
) -> Details {
    let verdicts = &inspection.verdicts;
    let visited: BTreeSet<NodeId> = inspection.visited.iter().copied().collect();
    let refusals = refusals(inspection, profile, cluster);
    let mut groups: BTreeMap<&Reasoned, Group> = BTreeMap::new();
    for (id, why) in &refusals {
        let new = || Group { why: why.clone(), nodes: 0, visited: 0, examples: Vec::new() };
        let group = groups.entry(why).or_insert_with(new);
        group.nodes += 1;
        group.visited += usize::from(visited.contains(id));
        if group.examples.len() < EXAMPLES {
            group.examples.push(cluster.node(*id).name().to_owned());
        }
    }
    let mut refused: Vec<Group> = groups.into_values().collect();
    refused.sort_by_key(|group| std::cmp::Reverse(group.nodes));
    let nominated = cluster.pod(pod).and_then(|pod| pod.nominated_node()).map(ToString::to_string);
    let rejection = verdicts.rejection.as_ref().map(|rejection| {
        let plugin = rejection.plugin.map_or("PreFilter", |plugin| profile.plugins[plugin].name());
        reasoned(plugin.to_owned(), &rejection.verdict, cluster)
    });
    Details {
        nodes: cluster.nodes().iter().count(),
        visited: inspection.visited.len(),
        found: inspection.found.len(),
        feasible: verdicts.feasible.len(),
        nominated,
        rejection,
        skipped_filters: verdicts
            .skipped_filters
            .iter()
            .map(|&plugin| profile.plugins[plugin].name().to_owned())
            .collect(),
        refused,
        every_node: every_node.then(|| node_verdicts(&refusals, &verdicts.feasible, &visited, cluster)),
        scores: (!inspection.scores.is_empty()).then(|| scores(inspection, profile, cluster)),
        choice: None,
    }
}

/// The attempt has been decided: says why for this node, and leaves the `top` best nodes, the chosen one first.
pub(super) fn decided(details: &mut Details, chosen: Option<&str>, top: usize, tie_break: TieBreakSpec) {
    if let Some(node) = chosen {
        let because = match &details.scores {
            None if details.nominated.as_deref() == Some(node) && details.visited == 1 => Because::Nominated,
            None => Because::OnlyOne,
            Some(scores) => {
                let total = scores.nodes.first().map_or(0, |best| best.total);
                match scores.nodes.iter().filter(|node| node.total == total).count() {
                    1 => Because::HighestTotal { total },
                    nodes => Because::Tie { total, nodes, tie_break: tie_break.name() },
                }
            }
        };
        details.choice = Some(Choice { node: node.to_owned(), because });
    }
    if let Some(scores) = &mut details.scores {
        scores.nodes.sort_by_key(|node| Some(node.node.as_str()) != chosen);
        scores.nodes.truncate(top);
    }
}

/// The refused nodes in the order of their creation, each with the plugin that refused it first.
fn refusals(inspection: &AttemptInspection, profile: &Profile, cluster: &Cluster) -> Vec<(NodeId, Reasoned)> {
    let verdicts = &inspection.verdicts;
    let name = |plugin: usize| profile.plugins[plugin].name().to_owned();
    let mut refusals: Vec<(NodeId, Reasoned)> =
        verdicts.refused.iter().map(|(id, plugin, verdict)| (*id, reasoned(name(*plugin), verdict, cluster))).collect();
    if let Some((left, plugins)) = &verdicts.restricted {
        let why = Reasoned {
            plugin: profile.names(*plugins).join(", "),
            reason: format!("node(s) didn't satisfy plugin(s) [{}]", profile.names(*plugins).join(" ")),
            code: Verdict::unresolvable("").code(),
        };
        let out = cluster.nodes().iter().filter(|node| !left.contains(node.name()));
        refusals.extend(out.map(|node| (node.id, why.clone())));
    }
    refusals.sort_by_key(|(id, _)| cluster.node(*id).uid);
    refusals
}

fn reasoned(plugin: String, verdict: &Verdict, cluster: &Cluster) -> Reasoned {
    Reasoned { plugin, reason: verdict.message(&cluster.resources), code: verdict.code() }
}

fn node_verdicts(
    refusals: &[(NodeId, Reasoned)],
    feasible: &[NodeId],
    visited: &BTreeSet<NodeId>,
    cluster: &Cluster,
) -> Vec<NodeVerdict> {
    let refused = refusals.iter().map(|(id, why)| (*id, Some(why.clone())));
    let mut all: Vec<_> = refused.chain(feasible.iter().map(|id| (*id, None))).collect();
    all.sort_by_key(|(id, _)| cluster.node(*id).uid);
    let verdict = |(id, refused): (NodeId, Option<Reasoned>)| NodeVerdict {
        node: cluster.node(id).name().to_owned(),
        visited: visited.contains(&id),
        refused,
    };
    all.into_iter().map(verdict).collect()
}

fn scores(inspection: &AttemptInspection, profile: &Profile, cluster: &Cluster) -> Scores {
    let name = |plugin: usize| profile.plugins[plugin].name().to_owned();
    let asked = || inspection.scores.iter().filter_map(|by| Some((by, by.scores.as_ref()?)));
    let node = |(index, id): (usize, &NodeId)| NodeScore {
        node: cluster.node(*id).name().to_owned(),
        scores: asked().map(|(_, scores)| scores[index]).collect(),
        total: inspection.total(index),
    };
    let mut nodes: Vec<NodeScore> = inspection.found.iter().enumerate().map(node).collect();
    nodes.sort_by_key(|node| std::cmp::Reverse(node.total));
    Scores {
        plugins: asked().map(|(by, _)| ScorePlugin { name: name(by.plugin), weight: by.weight }).collect(),
        skipped: inspection.scores.iter().filter(|by| by.scores.is_none()).map(|by| name(by.plugin)).collect(),
        nodes,
    }
}
