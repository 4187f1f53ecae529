//! The comparison of what is kept with the plain evaluation: `--evaluation checked`.

use super::evaluate::{Found, Search};
use super::framework::{Cycle, PreScore};
use super::index::Answer;
use super::lasting::{LANES, LastingFilter, LastingScore, LoadBlock, exact};
use super::tie_break::Ties;
use super::verdict::Verdict;
use crate::model::NodeId;

/// Compares what the index finds.
///
/// # Panics
/// At the first difference, with the pod, the node and the plugin: our own bug.
pub(super) fn compare_answers(plain: &Found, answer: &Answer<'_>, cycle: &Cycle<'_>, search: Search<'_>) {
    let differs = |what: String, node: Option<NodeId>| differ(&what, node, cycle, search);
    if let Some(id) = plain.feasible.iter().find(|id| plain.feasible.len() > 1 && answer.total(**id).is_none()) {
        differs("the index finds it infeasible".to_owned(), Some(*id));
    }
    for (id, total) in plain.feasible.iter().zip(&plain.totals) {
        let other = answer.total(*id);
        if other != Some(*total) {
            differs(format!("its total is {total} and the index says {other:?}"), Some(*id));
        }
    }
    let (counts, others) = (
        (plain.feasible.len() as u32, plain.examined, plain.advance),
        (answer.feasible, answer.examined, answer.examined),
    );
    if counts != others {
        let what = format!("feasible, examined and advance are {counts:?} and the index says {others:?}");
        differs(what, answer.stray(&plain.feasible));
    }
    if plain.error.as_ref() != answer.error.as_deref() {
        differs(format!("the error is {:?} and the index says {:?}", plain.error, answer.error), None);
    }
    if plain.error.is_none() {
        let (ties, others) = (plain.all(), answer.all());
        let first = ties.iter().zip(&others).find(|(a, b)| a != b).map(|(a, _)| *a);
        if ties != others || answer.count() as usize != ties.len() {
            differs(format!("{} nodes are best and the index says {}", ties.len(), others.len()), first);
        }
        let (heap, other) = (plain.top_of_heap(), answer.top_of_heap());
        if heap != other {
            differs("it comes out on top of the heap".to_owned(), Some(heap));
        }
    }
}

/// Compares what kept answers find.
///
/// # Panics
/// As [`compare_answers`].
pub(super) fn compare_lists(plain: &Found, kept: &Found, cycle: &Cycle<'_>, search: Search<'_>) {
    if plain == kept {
        return;
    }
    let feasible = plain.feasible.iter().zip(&kept.feasible).find(|(a, b)| a != b).map(|(a, _)| *a);
    let totals = plain.feasible.iter().zip(plain.totals.iter().zip(&kept.totals));
    let total = totals.into_iter().find(|(_, (a, b))| a != b).map(|(id, _)| *id);
    differ(&format!("{plain:?} by plain evaluation, {kept:?} by kept answers"), feasible.or(total), cycle, search);
}

/// Ends the run.
fn differ(what: &str, node: Option<NodeId>, cycle: &Cycle<'_>, search: Search<'_>) -> ! {
    let pod = cycle.live_pod().map_or("a hypothetical pod", |pod| &pod.name);
    let namespace = &cycle.class.spec.namespace;
    let name = node.map_or("any node", |id| cycle.cluster.node(id).name());
    let plugin = culprit(node, cycle, search).unwrap_or("none: all give the same answers when asked now");
    panic!("plain and indexed evaluation differ for pod {namespace}/{pod} on {name}: {what}; plugin: {plugin}");
}

/// The plugin whose lasting answers about the node differ from those of its filter and score in the cycle.
fn culprit(node: Option<NodeId>, cycle: &Cycle<'_>, search: Search<'_>) -> Option<&'static str> {
    let profile = search.profile.1;
    let nodes = cycle.cluster.nodes();
    let chain = profile.pre_filter(cycle).chain;
    let asked: Vec<NodeId> = node.map_or_else(|| search.order.to_vec(), |id| vec![id]);
    for (index, plugin) in profile.plugins.iter().enumerate() {
        let mut lasting = plugin.lasting(cycle.class, cycle.cluster);
        if let Some(judge) = &mut lasting.keys {
            judge.begin(cycle);
        }
        let filter = chain.filters.iter().find(|(other, _)| *other == index).map(|(_, filter)| filter);
        for node in asked.iter().map(|id| nodes.get(*id)) {
            let now = filter.map_or(Verdict::Fits, |filter| filter.filter(node));
            let kept = match (&lasting.filter, &lasting.keys) {
                (LastingFilter::Skip, _) => Verdict::Fits,
                (LastingFilter::ByNode(filter), _) => {
                    let mut fits = [[true; LANES]];
                    filter.narrow(nodes, &LoadBlock::gather(nodes, &[node.id]), &mut fits);
                    match filter.verdict(node) {
                        verdict if fits[0][0] != (verdict == Verdict::Fits) => return Some(plugin.name()),
                        verdict => verdict,
                    }
                }
                (LastingFilter::ByKey, Some(judge)) => {
                    let mut key = [0];
                    judge.keys(nodes, &[node.id], &mut key);
                    judge.filter(key[0])
                }
                _ => continue,
            };
            if profile.filter.contains(&index) && now != kept {
                return Some(plugin.name());
            }
        }
        if !profile.score.iter().any(|(scorer, _)| *scorer == index) {
            continue;
        }
        let now = plugin.pre_score(cycle, &asked);
        for id in asked.iter().map(|id| nodes.get(*id)) {
            let now = match &now {
                PreScore::Skip => 0,
                PreScore::Same(score) => *score,
                PreScore::Ask(score) => score.score(id),
            };
            let kept = match &lasting.score {
                LastingScore::Skip => 0,
                LastingScore::Same(score) => *score,
                LastingScore::ByNode(score) => {
                    let mut totals = [[0.0; LANES]];
                    score.add(nodes, &LoadBlock::gather(nodes, &[id.id]), 1, &mut totals);
                    match score.score(id) {
                        number if totals[0][0].total_cmp(&exact(number)).is_ne() => return Some(plugin.name()),
                        number => number,
                    }
                }
                LastingScore::ByKey | LastingScore::InCycle => continue,
            };
            if now != kept {
                return Some(plugin.name());
            }
        }
    }
    None
}
