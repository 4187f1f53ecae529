//! Filtering and scoring: from a pod and the nodes to the feasible nodes and the best of them.
//!
//! [`Evaluation::Plain`] asks every plugin about every node, every time, and is the definition. [`Evaluation::Indexed`] keeps what
//! lasts: in the index (`index/`) where every plugin gives lasting answers to the class, else by node (`kept.rs`).
//! [`Evaluation::Checked`] does both and compares (`check.rs`).

use super::check;
use super::fit_error::FitError;
use super::framework::Cycle;
use super::index::Index;
use super::inspection::{PluginScores, scores};
use super::kept::KeptAnswers;
use super::nominator::Nominator;
use super::profile::{FilterChain, PreFiltered, Profile, Rejection};
use super::sampling::feasible_quota;
use super::tie_break::{Choice, Ties, top_of_heap};
use super::verdict::{Reason, Verdict};
use super::verdicts::{VerdictId, Verdicts};
use crate::model::{ClassId, NodeId};
use crate::phases::Phase;

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

/// A node for a pod, or why there is none.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// The node; `None` where none is feasible.
    pub node: Option<NodeId>,
    /// How many feasible nodes were found.
    pub feasible: u32,
    /// The highest total; `None` where at most one node is feasible, because nothing is scored then.
    pub best: Option<i64>,
    /// How many of the feasible nodes have that total; 1 where only one is feasible.
    pub ties: u32,
    /// How many nodes were looked at.
    pub examined: u32,
    /// Why there is none.
    pub error: Option<Box<FitError>>,
    /// Whether every pod of the class that is nominated for no node fails in this way, until a node, what is on nodes, an object or
    /// a nomination changes.
    pub lasts: bool,
}

/// Evaluates pods, and remembers.
#[derive(Debug, Default)]
pub(super) struct Evaluator {
    mode: Evaluation,
    verdicts: Verdicts,
    index: Index,
    kept: KeptAnswers,
}

impl Evaluator {
    pub(super) fn new(mode: Evaluation) -> Self {
        Self { mode, ..Self::default() }
    }

    /// A pod of the class will be tried soon.
    pub(super) fn read_ahead(&self, profile: u8, class: ClassId) {
        self.index.read_ahead(profile, class);
    }

    /// Finds a node for the cycle's pod, and how far the start of the next scan moves on.
    ///
    /// # Panics
    /// In mode [`Evaluation::Checked`], if the two ways differ: our own bug.
    pub(super) fn find(&mut self, cycle: &Cycle<'_>, search: Search<'_>, choice: Choice<'_>) -> (Selected, u32) {
        if self.mode == Evaluation::Plain {
            return self.plain(cycle, search).select(choice);
        }
        // A pod with a nominated node tries that one first.
        let nominated = cycle.live_pod().is_some_and(|pod| pod.nominated_node().is_some());
        let plain = (self.mode == Evaluation::Checked).then(|| self.plain(cycle, search));
        if !nominated && let Some(answer) = self.index.find(cycle, &search) {
            if let Some(plain) = plain {
                check::compare_answers(&plain, &answer, cycle, search);
                return plain.select(choice);
            }
            return answer.select(choice);
        }
        let (kept, lasts) = self.kept.find(cycle, search);
        if let Some(plain) = plain {
            check::compare_lists(&plain, &kept, cycle, search);
            return plain.select(choice);
        }
        let (selected, advance) = kept.select(choice);
        (Selected { lasts, ..selected }, advance)
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
            cycle.cluster.phases.enter(Phase::Score);
            found.totals = plain_totals(profile, cycle, &found.feasible);
        }
        found
    }
}

impl Found {
    /// The highest total; `None` where nothing is scored.
    pub(super) fn best(&self) -> Option<i64> {
        self.totals.iter().copied().max()
    }

    fn select(self, choice: Choice<'_>) -> (Selected, u32) {
        let node = if self.error.is_some() { None } else { Some(choice.of(&self)) };
        let ties = if self.error.is_some() { 0 } else { self.count() };
        let (feasible, best) = (self.feasible.len() as u32, self.best());
        let (examined, error, lasts) = (self.examined, self.error.map(Box::new), false);
        let selected = Selected { node, feasible, best, ties, examined, error, lasts };
        (selected, self.advance)
    }
}

impl Ties for Found {
    fn count(&self) -> u32 {
        self.all().len() as u32
    }

    fn nth(&self, index: u32) -> NodeId {
        self.all()[index as usize]
    }

    fn all(&self) -> Vec<NodeId> {
        let Some(best) = self.best() else { return self.feasible.clone() };
        let of_best = self.feasible.iter().zip(&self.totals).filter(|(_, total)| **total == best);
        of_best.map(|(id, _)| *id).collect()
    }

    fn top_of_heap(&self) -> NodeId {
        if self.totals.is_empty() { self.feasible[0] } else { self.feasible[top_of_heap(&self.totals)] }
    }
}

/// PreFilter rejected the pod on all nodes.
pub(super) fn rejected(rejection: &Rejection, chain: &FilterChain<'_>, search: Search<'_>, cycle: &Cycle<'_>) -> Found {
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
pub(super) fn scan(
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

    let nominated = cycle.live_pod().and_then(|pod| cycle.cluster.nodes().by_name(pod.nominated_node()?));
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
