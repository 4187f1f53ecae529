//! The answers of all plugins of a profile to one class, sorted by what has to be done with them.

use super::specs::Raw;
use crate::cluster::Cluster;
use crate::model::node::Node;
use crate::model::pod::PodClass;
use crate::scheduler::framework::MAX_NODE_SCORE;
use crate::scheduler::lasting::{
    Across, Asks, Basis, ClassFilter, ClassScore, KeyJudge, Lasting, LastingFilter, LastingScore, NodeFilter, NodePart,
    NodeScore,
};
use crate::scheduler::profile::Profile;
use crate::scheduler::verdict::Verdict;
use smallvec::SmallVec;

/// What the plugins of a profile say to a class.
#[derive(Default)]
pub(super) struct Plan {
    /// By the node alone, in the profile's order of filters.
    pub(super) filters: Vec<Filtering>,
    /// The sum of the scores that every node has.
    pub(super) same: i64,
    /// By the node alone, not normalised.
    pub(super) scores: Vec<Scoring>,
    /// By the node alone, with weights, normalised: those that read the specification only, then the others.
    pub(super) normalized: Vec<(i64, Box<dyn NodeScore>)>,
    /// How many of the normalised scores read the specification only.
    pub(super) normalized_by_spec: usize,
    /// By key.
    pub(super) keyed: Vec<Keyed>,
    /// What it holds for.
    foundations: Vec<Foundation>,
}

/// A plugin that judges nodes alone.
pub(super) struct Filtering {
    pub(super) plugin: usize,
    /// Whether the node's specification decides, and what the pod asks of it.
    pub(super) by_spec: bool,
    pub(super) filter: Box<dyn NodeFilter>,
}

/// A plugin that scores nodes alone.
pub(super) struct Scoring {
    pub(super) plugin: usize,
    pub(super) weight: i64,
    pub(super) score: Box<dyn NodeScore>,
}

/// What judges nodes for all classes with the same [`Judges::signature`] together, and what it has to know of this one.
pub(super) struct Judges {
    pub(super) filters: SmallVec<[FilterOf; 1]>,
    pub(super) scores: SmallVec<[ScoreOf; 2]>,
    /// The sum of the scores that every node has.
    pub(super) same: i64,
}

/// A plugin that filters.
type FilterOf = (usize, Across<dyn ClassFilter>);

/// A plugin that scores, with its weight.
type ScoreOf = (usize, i64, Across<dyn ClassScore>);

/// The plugins that filter, those that score with their weights, and the sum of the scores that every node has.
pub(super) type Signature = (SmallVec<[usize; 1]>, SmallVec<[(usize, i64); 2]>, i64);

/// A plugin that judges by key.
pub(super) struct Keyed {
    /// The plugin, if it filters.
    pub(super) filters: Option<usize>,
    /// The weight of its score, if it scores.
    pub(super) weight: Option<i64>,
    pub(super) judge: Box<dyn KeyJudge>,
}

/// A plugin whose answers depend on more than the class and the nodes.
struct Foundation {
    plugin: usize,
    basis: Basis,
    stamp: Stamp,
    /// It had nothing to say.
    silent: bool,
}

type Stamp = [u64; 4];

/// What any plan may build on, counted whenever some of it has changed: what held at the same count still does.
#[derive(Debug, Default)]
pub(super) struct Ground {
    stamp: [u64; 3],
    count: u64,
}

impl Ground {
    /// The present count, never 0.
    pub(super) fn look(&mut self, cluster: &Cluster) -> u64 {
        let (placements, objects) = (cluster.placements(), cluster.objects());
        let now = [cluster.nodes().spec_changes(), placements.affinity_version(), objects.version()];
        if self.count == 0 || now != self.stamp {
            (self.stamp, self.count) = (now, self.count + 1);
        }
        self.count
    }
}

/// Whether a plan still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Holds,
    Void,
}

impl Plan {
    /// Asks the plugins; `None` if one of them has to be asked in every cycle, or if a key decides before a node does.
    pub(super) fn new(profile: &Profile, class: &PodClass, cluster: &Cluster) -> Option<Self> {
        let mut plan = Self::default();
        let mut involved: Vec<usize> = profile
            .pre_filter
            .iter()
            .chain(&profile.filter)
            .copied()
            .chain(profile.score.iter().map(|s| s.0))
            .collect();
        involved.sort_unstable();
        involved.dedup();
        let mut others = Vec::new();
        let mut by_filter = Vec::new();
        for plugin in involved {
            let place = profile.filter.iter().position(|other| *other == plugin);
            let weight = profile.score.iter().find(|other| other.0 == plugin).map(|other| other.1);
            let lasting = profile.plugins[plugin].lasting(class, cluster);
            if lasting.basis != Basis::default() {
                let silent = is_silent(&lasting);
                plan.foundations.push(Foundation {
                    plugin,
                    basis: lasting.basis,
                    stamp: stamp(lasting.basis, cluster),
                    silent,
                });
            }
            let mut keyed = Keyed { filters: None, weight: None, judge: Box::new(NoKeys) };
            match lasting.filter {
                LastingFilter::Skip => {}
                // What PreFilter restricts or rejects counts also where the profile has no Filter of the plugin.
                LastingFilter::InCycle => {
                    if place.is_some() || profile.pre_filter.contains(&plugin) {
                        return None;
                    }
                }
                LastingFilter::ByNode(filter) => by_filter.extend(place.map(|place| {
                    (place, Filtering { plugin, by_spec: by_spec(filter.reads(), lasting.basis), filter })
                })),
                LastingFilter::ByKey => keyed.filters = place.map(|_| plugin),
            }
            match (lasting.score, weight) {
                (_, None) | (LastingScore::Skip, _) => {}
                (LastingScore::Same(score), Some(weight)) => plan.same += weight * score,
                (LastingScore::InCycle, _) => return None,
                (LastingScore::ByNode(score), Some(weight)) if !score.normalizes() => {
                    plan.scores.push(Scoring { plugin, weight, score });
                }
                (LastingScore::ByNode(score), Some(weight)) if by_spec(score.reads(), lasting.basis) => {
                    plan.normalized.push((weight, score));
                }
                (LastingScore::ByNode(score), Some(weight)) => others.push((weight, score)),
                (LastingScore::ByKey, Some(weight)) => keyed.weight = Some(weight),
            }
            if keyed.filters.is_some() || keyed.weight.is_some() {
                plan.keyed.push(Keyed { judge: lasting.keys?, ..keyed });
            }
        }
        by_filter.sort_by_key(|(place, ..)| *place);
        let last_by_node = by_filter.last().map_or(0, |(place, ..)| *place);
        plan.filters = by_filter.into_iter().map(|(_, filtering)| filtering).collect();
        let place = |plugin: usize| profile.filter.iter().position(|other| *other == plugin);
        plan.keyed.sort_by_key(|keyed| keyed.filters.and_then(place));
        let key_first = plan.keyed.iter().any(|keyed| keyed.filters.and_then(place).is_some_and(|p| p < last_by_node));
        plan.normalized_by_spec = plan.normalized.len();
        plan.normalized.append(&mut others);
        let heaviest: i64 = profile.score.iter().map(|(_, weight)| weight.saturating_abs()).sum();
        (!key_first && heaviest < i64::from(i32::MAX) / 1000).then_some(plan)
    }

    /// Whether it still holds. What a plugin with nothing to say still does not say changes nothing.
    #[inline]
    pub(super) fn standing(&mut self, profile: &Profile, class: &PodClass, cluster: &Cluster) -> Standing {
        for foundation in &mut self.foundations {
            let now = stamp(foundation.basis, cluster);
            // One by one: read together just after they were written, they would make the processor wait.
            let ([specs, affinity, selectors, kinds], before) = (now, &foundation.stamp);
            if specs == before[0] && affinity == before[1] && selectors == before[2] && kinds == before[3] {
                continue;
            }
            let lasting = profile.plugins[foundation.plugin].lasting(class, cluster);
            if !(foundation.silent && is_silent(&lasting) && lasting.basis == foundation.basis) {
                return Standing::Void;
            }
            foundation.stamp = now;
        }
        Standing::Holds
    }

    /// The first filter that refuses the node.
    pub(super) fn refusal(&self, node: &Node) -> Option<(usize, Verdict)> {
        self.filters.iter().find_map(|filtering| match filtering.filter.verdict(node) {
            Verdict::Fits => None,
            verdict => Some((filtering.plugin, verdict)),
        })
    }

    /// What normalised scores add, where these are the scores of all nodes before.
    pub(super) fn addition(&self, raw: &Raw) -> i64 {
        let added = self.normalized.iter().zip(raw).map(|((weight, score), raw)| {
            let mut normalized = [*raw];
            score.normalize(&mut normalized);
            weight * normalized[0]
        });
        added.sum()
    }

    /// What judges nodes for this class and others together: `None` if anybody has to be asked about this class alone, or if sums do
    /// not fit into 16 bits.
    pub(super) fn across(&self) -> Option<Judges> {
        if self.groups_by_pods() {
            return None;
        }
        let by_node = self.filters.iter().filter(|filtering| !filtering.by_spec);
        let filters = by_node.map(|f| Some((f.plugin, f.filter.across()?))).collect::<Option<_>>()?;
        let scores =
            self.scores.iter().map(|s| Some((s.plugin, s.weight, s.score.across()?))).collect::<Option<_>>()?;
        let most: i64 = self.scores.iter().map(|scoring| scoring.weight * MAX_NODE_SCORE).sum();
        let in_range = self.same >= 0 && self.same + most <= i16::MAX.into();
        let positive = self.scores.iter().all(|scoring| scoring.weight >= 0);
        (in_range && positive).then_some(Judges { filters, scores, same: self.same })
    }

    /// Whether a node's group depends on more than its specification.
    pub(super) fn groups_by_pods(&self) -> bool {
        !self.keyed.is_empty() || self.normalized.len() > self.normalized_by_spec
    }
}

impl Judges {
    /// What two classes must have in common to be judged together.
    pub(super) fn signature(&self) -> Signature {
        let filters = self.filters.iter().map(|(plugin, _)| *plugin).collect();
        (filters, self.scores.iter().map(|(plugin, weight, _)| (*plugin, *weight)).collect(), self.same)
    }

    /// What each has to know: first the filters, then the scores.
    pub(super) fn asks(&self) -> impl Iterator<Item = Asks> {
        self.filters.iter().map(|(_, across)| across.asks).chain(self.scores.iter().map(|(.., across)| across.asks))
    }
}

/// Whether answers follow from the node's specification and what the pod asks of it. An answer that depends on anything else
/// in the cluster does not.
fn by_spec(reads: NodePart, basis: Basis) -> bool {
    reads == NodePart::Spec && basis == Basis::default()
}

fn is_silent(lasting: &Lasting) -> bool {
    matches!(lasting.filter, LastingFilter::Skip) && matches!(lasting.score, LastingScore::Skip | LastingScore::Same(0))
}

/// Numbers that change when what a plugin builds on changes.
fn stamp(basis: Basis, cluster: &Cluster) -> Stamp {
    let (nodes, objects) = (cluster.nodes(), cluster.objects());
    [
        if basis.node_specs { nodes.spec_changes() } else { 0 },
        if basis.affinity_classes { cluster.placements().affinity_version() } else { 0 },
        if basis.selectors { objects.selector_version() } else { 0 },
        basis.kinds.iter().map(|kind| objects.kind_version(kind)).sum(),
    ]
}

/// Stands for the keys of a plugin until they are there.
struct NoKeys;

impl KeyJudge for NoKeys {
    fn begin(&mut self, _cycle: &crate::scheduler::framework::Cycle<'_>) -> crate::scheduler::lasting::Keys {
        crate::scheduler::lasting::Keys::Useless
    }

    fn keys(&self, _nodes: &crate::cluster::Nodes, _ids: &[crate::model::NodeId], _keys: &mut [u64]) {}
}
