//! One scheduling attempt: from a pod to a decision.
//!
//! Source: `pkg/scheduler/schedule_one.go`.

use super::askers::Askers;
use super::evaluate::Selected;
use super::fit_error::{FailureKind, FitError};
use super::framework::{Cycle, Permit, PostFilter};
use super::profile::Profile;
use super::queue::QueuedPod;
use super::selection::Selection;
use super::verdict::{Reason, Verdict};
use super::{AttemptInspection, ClusterEvent, Scheduler};
use crate::cluster::{Action, Cluster};
use crate::controller::Context;
use crate::model::{ClassId, NodeId, PodId};
use crate::observe::Note;
use crate::phases::Phase;
use crate::time::{SimTime, Span};
use std::sync::Arc;

/// An attempt that is taking its time.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) attempt: Attempt,
    /// What has happened since it began.
    pub(super) since: Vec<ClusterEvent>,
    pub(super) until: SimTime,
}

/// A decision on its way.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) pod: PodId,
    pub(super) queued: QueuedPod,
    pub(super) took: Span,
    pub(super) decision: Decision,
}

/// The pod that an attempt is about.
#[derive(Clone, Copy)]
pub(super) struct Tried {
    pub(super) pod: PodId,
    pub(super) class: ClassId,
    pub(super) profile: u8,
}

/// What an attempt came to.
#[derive(Debug)]
pub(super) enum Decision {
    /// To this node.
    Bind(Chosen),
    /// Plugins rejected it everywhere.
    Reject(Arc<FitError>, Remedy),
    /// The attempt could not be made.
    Error(Box<FitError>),
}

impl Decision {
    /// The attempt could not be made, for this reason.
    pub(super) fn internal(text: String) -> Self {
        Self::Error(Box::new(FitError::internal(text)))
    }
}

/// The node that was chosen.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) node: NodeId,
    /// Its version at the time of the decision: it may have changed since.
    pub(super) version: u64,
    pub(super) selected: Selected,
    /// The plugins that want the binding to wait, and how long.
    pub(super) permits: Vec<(usize, Span)>,
}

/// What PostFilter wants done.
#[derive(Debug, Default)]
pub struct Remedy {
    /// What becomes of the pod's nomination.
    pub nomination: Nomination,
    /// Who goes to make room, the most important first.
    pub victims: Vec<PodId>,
    /// What is changed otherwise.
    pub actions: Vec<Action>,
}

/// What becomes of the pod's nomination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nomination {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is void.
    Clear,
    /// The pod is nominated for this node.
    Set(NodeId),
}

impl Scheduler {
    /// Makes attempts, one after another, until something else comes first.
    pub(super) fn attempts(&mut self, cx: &mut Context<'_>) {
        self.known.clear();
        loop {
            self.attempt(cx);
            // Also after an attempt that changed nothing in the store: a plugin may have learnt of it what others wait for.
            self.look_after_waiting(cx);
            self.plan_but_attempts(cx);
            if !self.may_follow(cx) {
                break;
            }
            self.repeat_failures(cx);
            if !self.may_follow(cx) {
                break;
            }
            cx.count_events(1);
        }
        self.plan_attempt(cx);
    }

    /// Takes the next pod of the queue and decides where it goes. The decision takes effect when its time has passed.
    pub(super) fn attempt(&mut self, cx: &mut Context<'_>) {
        if !self.evictions.is_empty() {
            return;
        }
        // All profiles have the same QueueSort.
        let sort = self.profiles[0].queue_sort.map(|index| &self.profiles[0].plugins[index]);
        let rank = |key| sort.map_or(0, |plugin| plugin.line_rank(key, cx.cluster));
        let ranks = sort.is_some_and(|plugin| plugin.ranks_lines());
        let popped = self.queue.pop(cx.cluster.now, ranks.then_some(&rank));
        let Some((pod, early)) = popped else { return };
        let Some(&QueuedPod { class, profile: number, blamed, .. }) = self.queue.get(pod) else { return };
        let tried = Tried { pod, class, profile: number };
        cx.cluster.count_attempt(pod);
        let inspection = self.inspect(tried, cx.cluster);
        let selected = self.select(tried, cx.cluster);
        // Observers are told now, and not before: meanwhile the memory of the node comes.
        let profile = &self.profiles[usize::from(number)];
        cx.note(&Note::SchedulingAttempt { pod, early, blamed, profile });
        if let Some(inspection) = &inspection {
            cx.note(&Note::Inspected { pod, inspection, profile });
        }
        let took = self.settings.latency.of(selected.examined);
        if took == Span::ZERO && self.bind_straight(tried, &selected, cx) {
            return;
        }
        let decision = self.decide(tried, selected, cx.cluster);
        // Copied now, and not when it had just been changed: then the processor would wait for the change.
        let Some(&queued) = self.queue.get(pod) else { return };
        let attempt = Attempt { pod, queued, took, decision };
        if took == Span::ZERO {
            self.apply(attempt, &[], cx);
        } else {
            self.in_flight = Some(InFlight { attempt, since: Vec::new(), until: cx.now() + took });
        }
    }

    /// The time of the attempt that was under way is over.
    pub(super) fn finish_attempt(&mut self, cx: &mut Context<'_>) {
        if let Some(InFlight { attempt, since, .. }) = self.in_flight.take() {
            self.apply(attempt, &since, cx);
        }
    }

    /// Before the decision: what a plugin reserves would show afterwards.
    fn inspect(&mut self, tried: Tried, cluster: &Cluster) -> Option<AttemptInspection> {
        let inspected = self.inspected.as_ref()?;
        let Tried { pod: id, class, profile: number } = tried;
        let pod = cluster.pod(id)?;
        if !inspected.covers(&cluster.class_of(pod).spec.namespace, &pod.name, cluster.pods().attempts(id)) {
            return None;
        }
        let profile = &self.profiles[usize::from(number)];
        let cycle = Cycle::new(cluster, class, Some(id));
        Some(self.selection.inspect_attempt(profile, &cycle))
    }

    fn select(&mut self, Tried { pod, class, profile: number }: Tried, cluster: &Cluster) -> Selected {
        let profile = &self.profiles[usize::from(number)];
        let cycle = Cycle::new(cluster, class, Some(pod));
        // The evaluation itself says when it goes on to score.
        let before = cluster.phases.enter(Phase::Filter);
        let selected = self.selection.select((number, profile), &cycle);
        if let Some(node) = selected.node {
            cluster.read_node_ahead(node);
        }
        cluster.phases.leave(before);
        selected
    }

    fn decide(&mut self, tried: Tried, mut selected: Selected, cluster: &Cluster) -> Decision {
        let Tried { pod, class, profile: number } = tried;
        let profile = &self.profiles[usize::from(number)];
        let cycle = Cycle::new(cluster, class, Some(pod));
        let before = cluster.phases.enter(Phase::Filter);
        let lasting = self.known.len();
        let decision = match (selected.error.take(), selected.node) {
            (Some(error), _) if error.kind != FailureKind::Unfit => Decision::Error(error),
            (Some(mut error), _) => {
                cluster.phases.enter(Phase::PostFilter);
                error.post_filter_follows = selected.lasts && self.post_filter_follows(profile, &cycle);
                if error.post_filter_follows
                    && let Some(said) = cluster.pods().said_last(pod)
                    && said.post_filter_follows
                    && said.is_found_as(&error)
                {
                    self.known.add(number, class, said.clone());
                    cluster.phases.leave(before);
                    return Decision::Reject(said.clone(), Remedy::default());
                }
                let (error, remedy) = self.selection.post_filter(profile, &cycle, error);
                let error = self.known.share(number, class, *error);
                let asked = |index: &usize| profile.plugins[*index].post_filter_lasts(cycle.class, cluster);
                if selected.lasts && remedy.does_nothing() && profile.post_filter.iter().all(asked) {
                    self.known.add(number, class, error.clone());
                    cluster.phases.leave(before);
                    return Decision::Reject(error, remedy);
                }
                Decision::Reject(error, remedy)
            }
            (None, Some(node)) => {
                cluster.phases.enter(Phase::Bind);
                reserve((profile, &self.askers[usize::from(number)]), &cycle, selected, node)
            }
            (None, None) => Decision::internal("no node was found, and no reason given".to_owned()),
        };
        if self.known.len() == lasting {
            // Plugins may have learnt something.
            self.known.clear();
        }
        cluster.phases.leave(before);
        decision
    }
}

impl Scheduler {
    /// Whether what PostFilter does and says to the cycle's pod, which failed on every node, follows from why it did: nothing, and the same
    /// as the last time.
    fn post_filter_follows(&self, profile: &Profile, cycle: &Cycle<'_>) -> bool {
        let follows = |index: &usize| profile.plugins[*index].post_filter_follows(cycle.class, cycle.cluster);
        self.selection.nominator.is_empty() && profile.post_filter.iter().all(follows)
    }
}

impl Remedy {
    /// Whether nothing comes of it, except that a nomination may end.
    fn does_nothing(&self) -> bool {
        self.victims.is_empty() && self.actions.is_empty() && !matches!(self.nomination, Nomination::Set(_))
    }
}

/// Reserve and Permit.
fn reserve((profile, askers): (&Profile, &Askers), cycle: &Cycle<'_>, selected: Selected, id: NodeId) -> Decision {
    let node = cycle.cluster.node(id);
    let unreserve = || profile.reserve.iter().rev().for_each(|&index| profile.plugins[index].unreserve(cycle, node));
    for index in askers.reserve(cycle.class) {
        let verdict = profile.plugins[index].reserve(cycle, node);
        if verdict != Verdict::Fits {
            unreserve();
            return refused(&verdict, index);
        }
    }
    let mut permits = Vec::new();
    for &index in &profile.permit {
        match profile.plugins[index].permit(cycle, node) {
            Permit::Allow => {}
            Permit::Wait(span) => permits.push((index, span)),
            Permit::Reject(text) => {
                unreserve();
                return refused(&Verdict::unresolvable_because(text), index);
            }
        }
    }
    let version = cycle.cluster.nodes().version(id);
    Decision::Bind(Chosen { node: id, version, selected, permits })
}

/// A plugin of a late extension point refused the pod on the node that was chosen.
fn refused(verdict: &Verdict, plugin: usize) -> Decision {
    if let Verdict::Error(text) = verdict {
        return Decision::internal(text.to_string());
    }
    Decision::Reject(Arc::new(refusal(verdict, plugin)), Remedy { nomination: Nomination::Clear, ..Remedy::default() })
}

/// The error of a pod that a plugin of a late extension point refused: the one node that was left is not available.
pub(super) fn refusal(verdict: &Verdict, plugin: usize) -> FitError {
    let mut error = FitError { nodes: 1, plugins: 1 << plugin, ..FitError::default() };
    for reason in verdict.reasons() {
        error.count(reason, 1);
    }
    error
}

/// The error of a pod that a plugin refused in these words.
pub(super) fn refusal_because(text: String, plugin: usize) -> FitError {
    let mut error = FitError { nodes: 1, plugins: 1 << plugin, ..FitError::default() };
    error.count(&Reason::Composed(text.into()), 1);
    error
}

impl Selection {
    /// Runs PostFilter after an attempt that found no node. The messages are added to the error's.
    ///
    /// Source: `pkg/scheduler/framework/runtime/framework.go`, `RunPostFilterPlugins`.
    pub fn post_filter(
        &mut self,
        profile: &Profile,
        cycle: &Cycle<'_>,
        mut error: Box<FitError>,
    ) -> (Box<FitError>, Remedy) {
        let mut remedy = Remedy::default();
        if profile.post_filter.is_empty() {
            remedy.nomination = Nomination::Clear;
            return (error, remedy);
        }
        let failure = self.failure(profile, cycle, &error);
        let mut messages = Vec::new();
        for &index in &profile.post_filter {
            match profile.plugins[index].post_filter(cycle, &failure) {
                PostFilter::Nothing => {}
                PostFilter::Message(text) => messages.push(text),
                PostFilter::Error(text) => {
                    messages = vec![text];
                    remedy = Remedy::default();
                    break;
                }
                PostFilter::ClearNomination(text) => {
                    messages.push(text);
                    remedy.nomination = Nomination::Clear;
                }
                PostFilter::Change(text, actions) => {
                    messages.push(text);
                    remedy.actions.extend(actions);
                }
                PostFilter::Preempt { node, victims } => {
                    remedy.nomination = Nomination::Set(node);
                    remedy.victims = victims;
                    messages.clear();
                    break;
                }
            }
        }
        error.post_filter = if messages.len() > 1 { Some(messages.join(", ")) } else { messages.pop() };
        (error, remedy)
    }
}
