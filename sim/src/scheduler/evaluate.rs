//! Filtering and scoring: from a pod and the nodes to the feasible nodes and their totals.
//!
//! What a plugin answers from the node alone ([`Dependence::Node`]) is kept per pod class and node until the node changes.
//! [`Evaluation::Plain`] keeps nothing and is the definition; [`Evaluation::Checked`] runs both and compares.

use super::fit_error::FitError;
use super::framework::{Cycle, Dependence, PreScore, Score};
use super::inspection::{PluginScores, scores};
use super::nominator::Nominator;
use super::profile::{FilterChain, PreFiltered, Profile, Rejection};
use super::sampling::feasible_quota;
use super::verdict::{Reason, Verdict};
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

/// Where nodes are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Search<'a> {
    /// The profile's number, and the profile.
    pub(super) profile: (u8, &'a Profile),
    /// All nodes in visiting order.
    pub(super) order: &'a [NodeId],
    /// Where the scan begins.
    pub(super) start: usize,
    /// The pods that others have to leave room for.
    pub(super) nominator: &'a Nominator,
}

/// What was found for one pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The feasible nodes, in visiting order.
    pub(super) feasible: Vec<NodeId>,
    /// Their totals; empty when at most one node is feasible, because scoring is then skipped.
    pub(super) totals: Vec<i64>,
    /// How many nodes were looked at.
    pub(super) examined: u32,
    /// How far the start of the next scan moves on.
    pub(super) advance: u32,
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

    /// Finds the feasible nodes and scores them.
    ///
    /// # Panics
    /// In mode [`Evaluation::Checked`], if the two ways differ: our own bug.
    pub(super) fn find(&mut self, cycle: &Cycle<'_>, search: Search<'_>) -> Found {
        match self.mode {
            Evaluation::Plain => self.plain(cycle, search),
            Evaluation::Indexed => self.indexed(cycle, search),
            Evaluation::Checked => {
                let plain = self.plain(cycle, search);
                let indexed = self.indexed(cycle, search);
                assert_eq!(plain, indexed, "plain and indexed evaluation differ for class {:?}", cycle.class_id);
                plain
            }
        }
    }

    fn plain(&mut self, cycle: &Cycle<'_>, search: Search<'_>) -> Found {
        let profile = search.profile.1;
        let PreFiltered { chain, rejection } = profile.pre_filter(cycle);
        if let Some(rejection) = rejection {
            return rejected(&rejection, &chain, search, cycle);
        }
        let nodes = cycle.cluster.nodes();
        let mut found = scan(cycle, search, &chain, &mut self.verdicts, |id, all| {
            all.intern(chain.check_beside(cycle, nodes.get(id), search.nominator))
        });
        if found.feasible.len() > 1 {
            found.totals = plain_totals(profile, cycle, &found.feasible);
        }
        found
    }

    fn indexed(&mut self, cycle: &Cycle<'_>, search: Search<'_>) -> Found {
        let (number, profile) = search.profile;
        let PreFiltered { chain, rejection } = profile.pre_filter(cycle);
        if let Some(rejection) = rejection {
            return rejected(&rejection, &chain, search, cycle);
        }
        let by_node = |plugin: usize| profile.plugins[plugin].filter_depends_on() == Dependence::Node;
        // The order of plugins decides which of them is to blame: only what comes before all others can be kept.
        let kept_filters =
            chain.filters.iter().take_while(|(plugin, filter)| by_node(*plugin) && !filter.depends_on_more()).count();
        let all_kept = kept_filters == chain.filters.len();

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
        let versions = (cycle.cluster.version(), search.nominator.version());
        let nominated = cycle.pod.is_some_and(|pod| search.nominator.node_of(pod).is_some());
        let may_keep_failure = all_kept && chain.only.is_none() && !nominated;
        if let Some((at, error)) = &view.hopeless
            && *at == versions
            && may_keep_failure
        {
            let nodes = search.order.len() as u32;
            return Found { examined: nodes, advance: nodes, error: Some(error.clone()), ..Found::default() };
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
            found.totals = view.totals(profile, cycle, &found.feasible);
        }
        found
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

/// PreFilter rejected the pod on all nodes.
fn rejected(rejection: &Rejection, chain: &FilterChain<'_>, search: Search<'_>, cycle: &Cycle<'_>) -> Found {
    let nodes = search.order.len() as u32;
    let text = rejection.verdict.message(&cycle.cluster.resources);
    let mut error = FitError { nodes, instead: Some(text), ..FitError::default() };
    match (&rejection.verdict, rejection.plugin) {
        (Verdict::Error(text), Some(plugin)) => {
            let name = search.profile.1.plugins[plugin].name();
            error = FitError::internal(format!("running PreFilter plugin \"{name}\": {text}"));
        }
        (verdict, plugin) => {
            error.plugins = plugin.map_or(chain.restricted_by, |plugin| 1 << plugin);
            error.unschedulable = if matches!(verdict, Verdict::Unschedulable(_)) { nodes } else { 0 };
            error.pre_filter_ended_at = rejection.ended_at;
        }
    }
    Found { error: Some(error), ..Found::default() }
}

/// Tries the pod's nominated node, then walks the nodes from the start until enough feasible ones are found.
///
/// Source: `pkg/scheduler/schedule_one.go`, `findNodesThatFitPod` and `findNodesThatPassFilters`, with one worker: the walk ends at
/// the first feasible node beyond the quota, which is neither kept nor counted.
fn scan(
    cycle: &Cycle<'_>,
    search: Search<'_>,
    chain: &FilterChain<'_>,
    verdicts: &mut Verdicts,
    mut verdict: impl FnMut(NodeId, &mut Verdicts) -> VerdictId,
) -> Found {
    let Search { order, start, profile: (_, profile), .. } = search;
    let mut found = Found::default();
    let mut refusals: Vec<(VerdictId, u32)> = Vec::new();
    let refuse = |refusals: &mut Vec<(VerdictId, u32)>, refusal| match refusals
        .iter_mut()
        .find(|(known, _)| *known == refusal)
    {
        Some((_, count)) => *count += 1,
        None => refusals.push((refusal, 1)),
    };

    let nominated = cycle.live_pod().and_then(|pod| cycle.cluster.nodes().by_name(pod.nominated_node.as_deref()?));
    let mut tried = nominated.filter(|id| order.contains(id));
    if let Some(id) = tried {
        match verdict(id, verdicts) {
            0 => return Found { feasible: vec![id], examined: 1, ..found },
            refusal => refuse(&mut refusals, refusal),
        }
        found.examined = 1;
    }

    let restricted: Vec<NodeId>;
    let list = match &chain.only {
        Some(only) => {
            restricted = order.iter().copied().filter(|id| only.contains(id)).collect();
            &restricted
        }
        None => order,
    };
    // A nominated node outside the restriction has been tried all the same, and is counted with the reason that it gave.
    let outside = tried.filter(|id| !chain.leaves(*id));
    let scores = profile.score.is_empty();
    let quota = if scores { 1 } else { feasible_quota(list.len(), profile.percentage_of_nodes_to_score) };
    let begin = if list.is_empty() { 0 } else { start % list.len() };
    for &id in list[begin..].iter().chain(&list[..begin]) {
        if tried == Some(id) {
            tried = None;
            continue;
        }
        match verdict(id, verdicts) {
            0 if found.feasible.len() == quota => break,
            0 => found.feasible.push(id),
            refusal => {
                let error = matches!(verdicts.get(refusal).1, Verdict::Error(_));
                refuse(&mut refusals, refusal);
                if error {
                    found.feasible.clear();
                    found.error = Some(internal_error(refusal, verdicts));
                }
            }
        }
        found.examined += 1;
        if found.error.is_some() {
            break;
        }
    }
    found.advance = found.examined;
    if found.feasible.is_empty() && found.error.is_none() {
        let mut error = FitError { nodes: order.len() as u32, plugins: chain.restricted_by, ..FitError::default() };
        for (id, count) in refusals {
            let (plugin, verdict) = verdicts.get(id);
            error.plugins |= 1 << plugin;
            error.unschedulable += if matches!(verdict, Verdict::Unschedulable(_)) { count } else { 0 };
            for reason in verdict.reasons() {
                error.count(reason, count);
            }
        }
        exclude(&mut error, order.len() - list.len() - usize::from(outside.is_some()), profile, chain);
        found.error = Some(error);
    }
    found
}

fn internal_error(refusal: VerdictId, verdicts: &Verdicts) -> FitError {
    FitError::internal(match &verdicts.get(refusal).1 {
        Verdict::Error(text) => text.to_string(),
        _ => String::new(),
    })
}

/// Nodes outside PreFilter's restriction have a reason of their own.
fn exclude(error: &mut FitError, excluded: usize, profile: &Profile, chain: &FilterChain<'_>) {
    if excluded > 0 {
        error.count(&Reason::Composed(restriction(profile, chain).into()), excluded as u32);
    }
}

/// The reason of nodes that PreFilter has left out.
pub(super) fn restriction(profile: &Profile, chain: &FilterChain<'_>) -> String {
    format!("node(s) didn't satisfy plugin(s) [{}]", profile.names(chain.restricted_by).join(" "))
}

/// The weighted sums of all scores, by asking every plugin about every node.
fn plain_totals(profile: &Profile, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<i64> {
    let mut totals = vec![0; feasible.len()];
    for PluginScores { weight, scores, .. } in scores(profile, cycle, feasible) {
        for (total, score) in totals.iter_mut().zip(scores.into_iter().flatten()) {
            *total += weight * score;
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
