//! Kept answers: the fallback where the index does not serve. What a plugin answers from the node alone
//! ([`Dependence::Node`]) is kept per class and node until the node changes; every node is walked over in every cycle.

use super::evaluate::{Found, Search, rejected, scan};
use super::fit_error::FitError;
use super::framework::{Cycle, Dependence, PreScore, Score};
use super::nominator::Nominator;
use super::profile::{FilterChain, PreFiltered, Profile};
use super::verdict::Verdict;
use super::verdicts::{VerdictId, Verdicts};
use crate::cluster::ClassWatch;
use crate::model::{ClassId, NodeId};
use crate::phases::Phase;
use rustc_hash::FxHashMap;

/// The most answers that are kept, over all classes; 24 bytes and more each.
const MAX_KEPT: usize = 4_000_000;

/// The answers that are kept.
#[derive(Debug, Default)]
pub(super) struct KeptAnswers {
    views: FxHashMap<(u8, ClassId), View>,
    kept: usize,
    verdicts: Verdicts,
    classes: ClassWatch,
}

/// What is remembered of one class in one profile. Index: the node's slot.
#[derive(Debug, Default)]
struct View {
    /// The filters whose verdicts are kept: those before the first that depends on more than the node.
    kept_filters: Vec<usize>,
    verdicts: Vec<(u64, VerdictId)>,
    scores: Vec<u64>,
    /// Weighted sum of the scores that need no normalisation.
    fixed: Vec<i64>,
    /// Scores before normalisation, one column for each plugin that normalises.
    raw: Vec<Vec<i64>>,
    /// The versions of the cluster and of the nominations at which no node was feasible, and why.
    hopeless: Option<((u64, u64), FitError)>,
}

impl KeptAnswers {
    /// Finds the feasible nodes and scores them. Also whether a failure lasts: see `Selected::lasts`.
    pub(super) fn find(&mut self, cycle: &Cycle<'_>, search: Search<'_>) -> (Found, bool) {
        let (number, profile) = search.profile;
        let PreFiltered { chain, rejection } = profile.pre_filter(cycle);
        if let Some(rejection) = rejection {
            return (rejected(&rejection, &chain, search, cycle), false);
        }
        let by_node = |plugin: usize| profile.plugins[plugin].filter_depends_on() == Dependence::Node;
        // The order of plugins decides which of them is to blame: only what comes before all others can be kept.
        let kept_filters =
            chain.filters.iter().take_while(|(plugin, filter)| by_node(*plugin) && !filter.depends_on_more()).count();
        let all_kept = kept_filters == chain.filters.len();

        let slots = cycle.cluster.nodes().slots();
        if let Some(stayed) = self.classes.look(&cycle.cluster.classes) {
            self.views.retain(|(_, id), _| stayed.has(*id));
            self.kept = self.views.len() * slots;
        }
        if self.kept + slots > MAX_KEPT {
            self.views.clear();
            self.kept = 0;
        }
        let kept = &mut self.kept;
        let view = self.views.entry((number, cycle.class_id)).or_insert_with(|| {
            *kept += slots;
            View::default()
        });
        let versions = (cycle.cluster.version(), search.nominator.version());
        let nominated = cycle.pod.is_some_and(|pod| search.nominator.node_of(pod).is_some());
        let may_keep_failure = all_kept && chain.only.is_none() && !nominated;
        if let Some((at, error)) = &view.hopeless
            && *at == versions
            && may_keep_failure
        {
            let nodes = search.order.len() as u32;
            let error = Some(error.clone());
            return (Found { examined: nodes, advance: nodes, error, ..Found::default() }, true);
        }
        view.grow(slots);
        view.keep_filters(chain.filters[..kept_filters].iter().map(|(plugin, _)| *plugin));

        let nodes = cycle.cluster.nodes();
        let kept = &mut view.verdicts;
        let may_be_kept = all_kept && search.nominator.is_empty();
        let mut found = scan(cycle, search, &chain, &mut self.verdicts, |id, all| {
            // Most of the walk ends here, without a look at the node.
            let (version, verdict) = kept[id.index()];
            if may_be_kept && version == nodes.version(id) {
                return verdict;
            }
            ask((cycle, search.nominator), (&chain, kept_filters), id, &mut kept[id.index()], all)
        });
        if let (Some(error), true) = (&found.error, may_keep_failure) {
            view.hopeless = Some((versions, error.clone()));
        }
        if found.feasible.len() > 1 {
            cycle.cluster.phases.enter(Phase::Score);
            found.totals = view.totals(profile, cycle, &found.feasible);
        }
        let lasts = found.error.is_some() && may_keep_failure;
        (found, lasts)
    }
}

/// Asks what is not kept of a node, and keeps what can be.
#[inline(never)]
fn ask(
    (cycle, nominator): (&Cycle<'_>, &Nominator),
    (chain, kept_filters): (&FilterChain<'_>, usize),
    id: NodeId,
    (version, verdict): &mut (u64, VerdictId),
    verdicts: &mut Verdicts,
) -> VerdictId {
    let nodes = cycle.cluster.nodes();
    let node = nodes.get(id);
    if !nominator.is_empty() && !nominator.beside(cycle, node).is_empty() {
        return verdicts.intern(chain.check_beside(cycle, node, nominator));
    }
    if *version != nodes.version(id) {
        *version = nodes.version(id);
        *verdict = verdicts.intern(check(&chain.filters[..kept_filters], node));
    }
    match *verdict {
        0 => verdicts.intern(check(&chain.filters[kept_filters..], node)),
        refusal => refusal,
    }
}

/// The first of some filters that refuses the node.
fn check(
    filters: &[(usize, Box<dyn super::framework::Filter + '_>)],
    node: &crate::model::node::Node,
) -> Option<(usize, Verdict)> {
    filters.iter().find_map(|(index, filter)| match filter.filter(node) {
        Verdict::Fits => None,
        verdict => Some((*index, verdict)),
    })
}

fn add_normalized(totals: &mut [i64], weight: i64, scorer: &dyn Score, raw: impl Fn(usize) -> i64) {
    let mut scores: Vec<i64> = (0..totals.len()).map(raw).collect();
    scorer.normalize(&mut scores);
    for (total, score) in totals.iter_mut().zip(scores) {
        *total += weight * score;
    }
}

impl View {
    /// Forgets the verdicts if they were those of other filters.
    fn keep_filters(&mut self, filters: impl Iterator<Item = usize> + Clone) {
        if !self.kept_filters.iter().copied().eq(filters.clone()) {
            self.kept_filters = filters.collect();
            self.verdicts.fill((0, 0));
        }
    }

    fn grow(&mut self, slots: usize) {
        if self.verdicts.len() < slots {
            self.verdicts.resize(slots, (0, 0));
            self.scores.resize(slots, 0);
            self.fixed.resize(slots, 0);
            for column in &mut self.raw {
                column.resize(slots, 0);
            }
        }
    }

    /// The weighted sums of all scores, asking plugins only about nodes that have changed.
    fn totals(&mut self, profile: &Profile, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<i64> {
        let nodes = cycle.cluster.nodes();
        let mut same = 0;
        let mut fixed: Vec<(i64, Box<dyn Score + '_>)> = Vec::new();
        let mut normalized: Vec<(i64, Box<dyn Score + '_>)> = Vec::new();
        let mut always: Vec<(i64, Box<dyn Score + '_>)> = Vec::new();
        for &(plugin, weight) in &profile.score {
            let plugin = &profile.plugins[plugin];
            match plugin.pre_score(cycle, feasible) {
                PreScore::Skip => {}
                PreScore::Same(score) => same += weight * score,
                PreScore::Ask(scorer) if plugin.score_depends_on() == Dependence::Anything => {
                    always.push((weight, scorer));
                }
                PreScore::Ask(scorer) if scorer.normalizes() => normalized.push((weight, scorer)),
                PreScore::Ask(scorer) => fixed.push((weight, scorer)),
            }
        }
        self.raw.resize_with(normalized.len(), || vec![0; self.verdicts.len()]);

        let mut totals = Vec::with_capacity(feasible.len());
        for &id in feasible {
            let slot = id.index();
            if self.scores[slot] != nodes.version(id) {
                self.scores[slot] = nodes.version(id);
                let node = nodes.get(id);
                self.fixed[slot] = fixed.iter().map(|(weight, scorer)| weight * scorer.score(node)).sum();
                for (column, (_, scorer)) in self.raw.iter_mut().zip(&normalized) {
                    column[slot] = scorer.score(node);
                }
            }
            totals.push(same + self.fixed[slot]);
        }
        for (column, (weight, scorer)) in self.raw.iter().zip(&normalized) {
            add_normalized(&mut totals, *weight, &**scorer, |i| column[feasible[i].index()]);
        }
        for (weight, scorer) in &always {
            add_normalized(&mut totals, *weight, &**scorer, |i| scorer.score(nodes.get(feasible[i])));
        }
        totals
    }
}
