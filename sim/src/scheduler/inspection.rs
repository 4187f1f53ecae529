//! Everything that the plugins of a profile say of one pod: every node, every score. For explanations and recordings; the
//! scheduling cycle itself asks no more than it needs.

use super::framework::{Cycle, PreScore};
use super::nominator::Nominator;
use super::profile::{PreFiltered, Profile, Rejection};
use super::selection::Selection;
use super::verdict::Verdict;
use crate::model::NodeId;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// What the plugins of a profile say of a pod.
#[derive(Clone, Debug, Default)]
pub struct Inspection {
    /// The plugin that keeps the pod out of the queue, with its message. Nothing else is asked then.
    pub gated: Option<(usize, String)>,
    /// Why PreFilter rejects the pod on every node, if it does.
    pub rejection: Option<Rejection>,
    /// The names of the nodes that PreFilter leaves, which need not exist, and the plugins that leave only those, as bits;
    /// `None` if all are left.
    pub restricted: Option<(BTreeSet<Arc<str>>, u64)>,
    /// The plugins with PreFilter that have no say about this pod, in the profile's order.
    pub skipped_filters: Vec<usize>,
    /// The nodes that are refused, each with the plugin that refuses it first. Nodes that PreFilter did not leave are not
    /// among them.
    pub refused: Vec<(NodeId, usize, Verdict)>,
    /// The feasible nodes.
    pub feasible: Vec<NodeId>,
    /// What each scoring plugin gives the feasible nodes.
    pub scores: Vec<PluginScores>,
    /// Whether the pod's own nominated node is feasible, so that the scheduling cycle looks no further.
    pub nominated_node_used: bool,
}

/// What one plugin gives the feasible nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginScores {
    /// The plugin.
    pub plugin: usize,
    /// Its weight in the total.
    pub weight: i64,
    /// Normalised, 0 to 100, in the order of the nodes; `None` if the plugin has no say for this pod.
    pub scores: Option<Vec<i64>>,
}

/// What the plugins say of a pod that is about to be tried: of every node, and of those that the attempt itself looks at.
#[derive(Clone, Debug, Default)]
pub struct AttemptInspection {
    /// Of every node. Without scores: those depend on which nodes the attempt finds.
    pub verdicts: Inspection,
    /// The nodes that the attempt looks at, in its order.
    pub visited: Vec<NodeId>,
    /// The feasible nodes that it finds, in its order. It ends when they are enough.
    pub found: Vec<NodeId>,
    /// What each scoring plugin gives the nodes that it finds; empty where at most one is found, because nothing is scored
    /// then.
    pub scores: Vec<PluginScores>,
}

/// A pod whose attempts are inspected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// Its namespace; any if it is not said.
    pub namespace: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// Which of its attempts are inspected, counted from 1.
    pub attempts: Vec<RangeInclusive<u32>>,
}

impl Inspection {
    /// Asks the plugins about the cycle's pod and these nodes.
    pub fn new(profile: &Profile, cycle: &Cycle<'_>, nodes: &[NodeId], nominator: &Nominator) -> Self {
        let mut found = Self::verdicts(profile, cycle, nodes, nominator);
        if !found.feasible.is_empty() {
            found.scores = scores(profile, cycle, &found.feasible);
        }
        found
    }

    /// As [`Inspection::new`], without scores.
    fn verdicts(profile: &Profile, cycle: &Cycle<'_>, nodes: &[NodeId], nominator: &Nominator) -> Self {
        for &index in &profile.pre_enqueue {
            if let Err(message) = profile.plugins[index].pre_enqueue(cycle) {
                return Self { gated: Some((index, message)), ..Self::default() };
            }
        }
        let PreFiltered { chain, rejection } = profile.pre_filter(cycle);
        let asked: Vec<usize> = chain.plugins().collect();
        let skipped = |index: &&usize| profile.filter.contains(*index) && !asked.contains(*index);
        let mut found = Self {
            skipped_filters: profile.pre_filter.iter().filter(skipped).copied().collect(),
            rejection,
            ..Self::default()
        };
        if found.rejection.is_some() {
            return found;
        }
        let left: Vec<NodeId> = nodes.iter().copied().filter(|id| chain.leaves(*id)).collect();
        for &id in &left {
            match chain.check_beside(cycle, cycle.cluster.node(id), nominator) {
                None => found.feasible.push(id),
                Some((plugin, verdict)) => found.refused.push((id, plugin, verdict)),
            }
        }
        found.restricted = chain.only_names().map(|names| (names.clone(), chain.restricted_by()));
        let nominated = cycle.live_pod().and_then(|pod| cycle.cluster.nodes().by_name(pod.nominated_node()?));
        found.nominated_node_used = nominated.is_some_and(|id| {
            nodes.contains(&id) && chain.check_beside(cycle, cycle.cluster.node(id), nominator).is_none()
        });
        found
    }

    /// The weighted sum of the scores of a node that is the only feasible one. The scheduling cycle would not score it.
    pub fn total_of(profile: &Profile, cycle: &Cycle<'_>, node: NodeId) -> i64 {
        let by = scores(profile, cycle, &[node]);
        by.iter().filter_map(|by| Some(by.weight * by.scores.as_ref()?[0])).sum()
    }

    /// The weighted sum of the scores of the feasible node of this index.
    pub fn total(&self, index: usize) -> i64 {
        total(&self.scores, index)
    }
}

impl Inspected {
    /// Whether this attempt of a pod of this name is to be inspected.
    pub(super) fn covers(&self, namespace: &str, name: &str, attempt: u32) -> bool {
        &*self.name == name
            && self.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
            && self.attempts.iter().any(|range| range.contains(&attempt))
    }
}

impl AttemptInspection {
    /// Asks the plugins about the cycle's pod and all nodes, which stand in visiting order. The attempt begins at the node of
    /// the index `start`.
    ///
    /// Which nodes it looks at follows from the verdicts alone; see `scan` in `evaluate.rs`, which does the same and stops.
    pub(super) fn new(
        profile: &Profile,
        cycle: &Cycle<'_>,
        (order, start): (&[NodeId], usize),
        nominator: &Nominator,
    ) -> Self {
        let verdicts = Inspection::verdicts(profile, cycle, order, nominator);
        let mut this = Self { verdicts, ..Self::default() };
        if this.verdicts.gated.is_some() || this.verdicts.rejection.is_some() {
            return this;
        }
        let cluster = cycle.cluster;
        let nominated = cycle.live_pod().and_then(|pod| cluster.nodes().by_name(pod.nominated_node()?));
        let nominated = nominated.filter(|id| order.contains(id));
        this.visited.extend(nominated);
        if let Some(id) = nominated
            && this.verdicts.nominated_node_used
        {
            this.found.push(id);
            return this;
        }
        let only = this.verdicts.restricted.as_ref().map(|(names, _)| names);
        let left = |id: &NodeId| only.is_none_or(|names| names.contains(cluster.node(*id).name()));
        let list: Vec<NodeId> = order.iter().copied().filter(left).collect();
        let quota = Selection::quota(profile, list.len());
        let begin = if list.is_empty() { 0 } else { start % list.len() };
        let feasible: BTreeSet<NodeId> = this.verdicts.feasible.iter().copied().collect();
        let errors = this.verdicts.refused.iter().filter(|(_, _, verdict)| matches!(verdict, Verdict::Error(_)));
        let errors: BTreeSet<NodeId> = errors.map(|(id, ..)| *id).collect();
        for &id in list[begin..].iter().chain(&list[..begin]).filter(|id| Some(**id) != nominated) {
            if feasible.contains(&id) {
                if this.found.len() == quota {
                    break;
                }
                this.found.push(id);
            }
            this.visited.push(id);
            if errors.contains(&id) {
                this.found.clear();
                break;
            }
        }
        if this.found.len() > 1 {
            this.scores = scores(profile, cycle, &this.found);
        }
        this
    }

    /// The weighted sum of the scores of the node of this index among those that are found.
    pub fn total(&self, index: usize) -> i64 {
        total(&self.scores, index)
    }
}

fn total(scores: &[PluginScores], index: usize) -> i64 {
    scores.iter().filter_map(|by| Some(by.weight * by.scores.as_ref()?[index])).sum()
}

/// What every scoring plugin gives the feasible nodes, by asking each about each.
pub(super) fn scores(profile: &Profile, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<PluginScores> {
    let of = |&(plugin, weight): &(usize, i64)| {
        let scores = match profile.plugins[plugin].pre_score(cycle, feasible) {
            PreScore::Skip => None,
            PreScore::Same(score) => Some(vec![score; feasible.len()]),
            PreScore::Ask(scorer) => {
                let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(cycle.cluster.node(*id))).collect();
                scorer.normalize(&mut scores);
                Some(scores)
            }
        };
        PluginScores { plugin, weight, scores }
    };
    profile.score.iter().map(of).collect()
}
