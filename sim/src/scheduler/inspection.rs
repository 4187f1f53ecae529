//! Everything that the plugins of a profile say of one pod: every node, every score. For explanations and recordings; the
//! scheduling cycle itself asks no more than it needs.

use super::framework::{Cycle, PreScore};
use super::nominator::Nominator;
use super::profile::{PreFiltered, Profile, Rejection};
use super::verdict::Verdict;
use crate::model::NodeId;
use std::collections::BTreeSet;
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

impl Inspection {
    /// Asks the plugins about the cycle's pod and these nodes.
    pub fn new(profile: &Profile, cycle: &Cycle<'_>, nodes: &[NodeId], nominator: &Nominator) -> Self {
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
        let nominated = cycle.live_pod().and_then(|pod| cycle.cluster.nodes().by_name(pod.nominated_node.as_deref()?));
        found.nominated_node_used = nominated.is_some_and(|id| {
            nodes.contains(&id) && chain.check_beside(cycle, cycle.cluster.node(id), nominator).is_none()
        });
        if !found.feasible.is_empty() {
            found.scores = scores(profile, cycle, &found.feasible);
        }
        found
    }

    /// The weighted sum of the scores of a node that is the only feasible one. The scheduling cycle would not score it.
    pub fn total_of(profile: &Profile, cycle: &Cycle<'_>, node: NodeId) -> i64 {
        let by = scores(profile, cycle, &[node]);
        by.iter().filter_map(|by| Some(by.weight * by.scores.as_ref()?[0])).sum()
    }

    /// The weighted sum of the scores of the feasible node of this index.
    pub fn total(&self, index: usize) -> i64 {
        self.scores.iter().filter_map(|by| Some(by.weight * by.scores.as_ref()?[index])).sum()
    }
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
