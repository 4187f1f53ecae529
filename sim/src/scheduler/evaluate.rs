//! Filtering and scoring: from a pod and the nodes to the feasible nodes and their totals.
//!
//! What a plugin answers from the node alone ([`Dependence::Node`]) is kept per pod class and node until the node changes.
//! [`Evaluation::Plain`] keeps nothing and is the definition; [`Evaluation::Checked`] runs both and compares.

use super::fit_error::FitError;
use super::framework::{Cycle, Dependence, PreScore, Score, Verdict};
use super::profile::{FilterChain, Profile};
use super::sampling::feasible_quota;
use crate::model::{ClassId, NodeId};
use rustc_hash::FxHashMap;

/// How nodes are evaluated. The decisions are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Evaluation {
    /// Every plugin on every node, every time.
    Plain,
    /// Only what can have changed.
    #[default]
    Indexed,
    /// Both, compared.
    Checked,
}

/// The most answers that are kept, over all classes; 24 bytes and more each.
const MAX_KEPT: usize = 4_000_000;

/// What was found for one pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The feasible nodes, in visiting order.
    pub(super) feasible: Vec<NodeId>,
    /// Their totals; empty when at most one node is feasible, because scoring is then skipped.
    pub(super) totals: Vec<i64>,
    /// How many nodes were looked at.
    pub(super) examined: u32,
    /// Why, if no node is feasible.
    pub(super) error: Option<FitError>,
}

/// Evaluates pods, and remembers.
#[derive(Debug, Default)]
pub(super) struct Evaluator {
    mode: Evaluation,
    views: FxHashMap<(u8, ClassId), View>,
    kept: usize,
    verdicts: Verdicts,
}

/// What is remembered of one class in one profile. Index: the node's slot.
#[derive(Debug, Default)]
struct View {
    verdicts: Vec<(u64, VerdictId)>,
    scores: Vec<u64>,
    /// Weighted sum of the scores that need no normalisation.
    fixed: Vec<i64>,
    /// Scores before normalisation, one column for each plugin that normalises.
    raw: Vec<Vec<i64>>,
    /// The cluster's version at which no node was feasible, and why.
    hopeless: Option<(u64, FitError)>,
}

/// A verdict by number: 0 for "fits".
type VerdictId = u32;

/// The verdicts that have occurred, each with its plugin.
#[derive(Debug, Default)]
struct Verdicts {
    list: Vec<(usize, Verdict)>,
    ids: FxHashMap<(usize, Verdict), VerdictId>,
}

impl Verdicts {
    fn intern(&mut self, refused: Option<(usize, Verdict)>) -> VerdictId {
        let Some(refused) = refused else { return 0 };
        if let Some(&id) = self.ids.get(&refused) {
            return id;
        }
        self.list.push(refused.clone());
        let id = self.list.len() as VerdictId;
        self.ids.insert(refused, id);
        id
    }

    fn get(&self, id: VerdictId) -> &(usize, Verdict) {
        &self.list[id as usize - 1]
    }
}

impl Evaluator {
    pub(super) fn new(mode: Evaluation) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Finds the feasible nodes of `order`, beginning at `start`, and scores them.
    ///
    /// # Panics
    /// In mode [`Evaluation::Checked`], if the two ways differ: our own bug.
    pub(super) fn find(&mut self, profile: (u8, &Profile), cycle: &Cycle<'_>, order: &[NodeId], start: usize) -> Found {
        match self.mode {
            Evaluation::Plain => self.plain(profile.1, cycle, order, start),
            Evaluation::Indexed => self.indexed(profile, cycle, order, start),
            Evaluation::Checked => {
                let plain = self.plain(profile.1, cycle, order, start);
                let indexed = self.indexed(profile, cycle, order, start);
                assert_eq!(plain, indexed, "plain and indexed evaluation differ for class {:?}", cycle.class_id);
                plain
            }
        }
    }

    fn plain(&mut self, profile: &Profile, cycle: &Cycle<'_>, order: &[NodeId], start: usize) -> Found {
        let chain = match profile.filters(cycle) {
            Ok(chain) => chain,
            Err(rejection) => return rejected(&rejection, order.len(), cycle),
        };
        let verdict = |id: NodeId| chain.check(cycle.cluster.node(id));
        let mut found = scan(profile, &chain, order, start, &mut self.verdicts, |id, all| all.intern(verdict(id)));
        if found.feasible.len() > 1 {
            found.totals = plain_totals(profile, cycle, &found.feasible);
        }
        found
    }

    fn indexed(
        &mut self,
        (number, profile): (u8, &Profile),
        cycle: &Cycle<'_>,
        order: &[NodeId],
        start: usize,
    ) -> Found {
        let chain = match profile.filters(cycle) {
            Ok(chain) => chain,
            Err(rejection) => return rejected(&rejection, order.len(), cycle),
        };
        let by_node = |plugin: usize| profile.plugins[plugin].filter_depends_on() == Dependence::Node;
        if !chain.filters.iter().all(|(plugin, _)| by_node(*plugin)) {
            // The order of plugins decides which of them is to blame, so a mixed chain is run as it stands.
            return self.plain(profile, cycle, order, start);
        }

        let slots = cycle.cluster.nodes().slots();
        if self.kept + slots > MAX_KEPT {
            self.views.clear();
            self.kept = 0;
        }
        let kept = &mut self.kept;
        let view = self.views.entry((number, cycle.class_id)).or_insert_with(|| {
            *kept += slots;
            View::default()
        });
        if let Some((version, error)) = &view.hopeless
            && *version == cycle.cluster.version()
            && chain.only.is_none()
        {
            return Found { examined: order.len() as u32, error: Some(error.clone()), ..Found::default() };
        }
        view.grow(slots);

        let nodes = cycle.cluster.nodes();
        let verdicts = &mut view.verdicts;
        let mut found = scan(profile, &chain, order, start, &mut self.verdicts, |id, all| {
            let (version, verdict) = &mut verdicts[id.index()];
            if *version != nodes.version(id) {
                *version = nodes.version(id);
                *verdict = all.intern(chain.check(nodes.get(id)));
            }
            *verdict
        });
        if let (Some(error), None) = (&found.error, &chain.only) {
            view.hopeless = Some((cycle.cluster.version(), error.clone()));
        }
        if found.feasible.len() > 1 {
            found.totals = view.totals(profile, cycle, &found.feasible);
        }
        found
    }
}

/// PreFilter rejected the pod on all nodes.
fn rejected((plugin, verdict): &(usize, Verdict), nodes: usize, cycle: &Cycle<'_>) -> Found {
    let resources = &cycle.cluster.resources;
    let texts: Vec<String> = verdict.reasons().iter().map(|r| r.text(resources).to_string()).collect();
    let error =
        FitError { nodes: nodes as u32, instead: Some(texts.join(", ")), plugins: 1 << plugin, ..FitError::default() };
    Found { error: Some(error), ..Found::default() }
}

/// Walks the nodes from `start` until enough feasible ones are found.
///
/// Source: `pkg/scheduler/schedule_one.go`, `findNodesThatPassFilters`, with one worker: the walk ends at the first feasible
/// node beyond the quota, which is neither kept nor counted.
fn scan(
    profile: &Profile,
    chain: &FilterChain<'_>,
    order: &[NodeId],
    start: usize,
    verdicts: &mut Verdicts,
    mut verdict: impl FnMut(NodeId, &mut Verdicts) -> VerdictId,
) -> Found {
    let restricted: Vec<NodeId>;
    let list = match &chain.only {
        Some(only) => {
            restricted = order.iter().copied().filter(|id| only.contains(id)).collect();
            &restricted
        }
        None => order,
    };
    let scores = profile.score.is_empty();
    let quota = if scores { 1 } else { feasible_quota(list.len(), profile.percentage_of_nodes_to_score) };
    let mut found = Found::default();
    let mut refusals: Vec<(VerdictId, u32)> = Vec::new();
    let begin = if list.is_empty() { 0 } else { start % list.len() };
    for &id in list[begin..].iter().chain(&list[..begin]) {
        match verdict(id, verdicts) {
            0 if found.feasible.len() == quota => break,
            0 => found.feasible.push(id),
            refusal => match refusals.iter_mut().find(|(known, _)| *known == refusal) {
                Some((_, count)) => *count += 1,
                None => refusals.push((refusal, 1)),
            },
        }
        found.examined += 1;
    }
    if found.feasible.is_empty() {
        let mut error = FitError { nodes: order.len() as u32, ..FitError::default() };
        for (id, count) in refusals {
            let (plugin, verdict) = verdicts.get(id);
            error.plugins |= 1 << plugin;
            for reason in verdict.reasons() {
                error.count(reason, count);
            }
        }
        exclude(&mut error, order.len() - list.len(), profile, chain);
        found.error = Some(error);
    }
    found
}

/// Nodes outside PreFilter's restriction have a reason of their own.
fn exclude(error: &mut FitError, excluded: usize, profile: &Profile, chain: &FilterChain<'_>) {
    if excluded == 0 {
        return;
    }
    let names: Vec<&str> = chain.restricted_by.iter().map(|plugin| profile.plugins[*plugin].name()).collect();
    let text = format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" "));
    error.count(&super::framework::Reason::Composed(text.into()), excluded as u32);
    for plugin in &chain.restricted_by {
        error.plugins |= 1 << plugin;
    }
}

/// The weighted sums of all scores, by asking every plugin about every node.
fn plain_totals(profile: &Profile, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<i64> {
    let mut totals = vec![0; feasible.len()];
    for &(plugin, weight) in &profile.score {
        match profile.plugins[plugin].pre_score(cycle, feasible) {
            PreScore::Skip => {}
            PreScore::Same(score) => totals.iter_mut().for_each(|total| *total += weight * score),
            PreScore::Ask(scorer) => {
                add_normalized(&mut totals, weight, &*scorer, |i| scorer.score(cycle.cluster.node(feasible[i])));
            }
        }
    }
    totals
}

fn add_normalized(totals: &mut [i64], weight: i64, scorer: &dyn Score, raw: impl Fn(usize) -> i64) {
    let mut scores: Vec<i64> = (0..totals.len()).map(raw).collect();
    scorer.normalize(&mut scores);
    for (total, score) in totals.iter_mut().zip(scores) {
        *total += weight * score;
    }
}

impl View {
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
