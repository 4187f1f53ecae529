//! What a decision does: the binding cycle, and what follows a failure.
//!
//! Source: `pkg/scheduler/schedule_one.go`, `bindingCycle` and `handleSchedulingFailure`, and
//! `pkg/scheduler/framework/preemption/executor.go`. Writes to the API take no time.

use super::attempt::{Attempt, Chosen, Decision, Nomination, Remedy, Tried, refusal_because};
use super::evaluate::Selected;
use super::events::ClusterEvent;
use super::fit_error::FitError;
use super::framework::{Bind, Cycle, Permit, PreBound};
use super::queue::QueuedPod;
use super::{Profile, Scheduler, Waits};
use crate::cluster::{Cause, Cluster};
use crate::controller::Context;
use crate::model::gpu::DeviceSet;
use crate::model::node::Node;
use crate::model::pod::Pod;
use crate::model::{ClassId, NodeId, ObjectId, PodId};
use crate::observe::Note;
use crate::phases::Phase;
use crate::time::{SimTime, Span};
use smallvec::SmallVec;
use std::sync::Arc;

/// A plugin cannot let a pod wait longer than this.
///
/// Source: `pkg/scheduler/framework/runtime/framework.go`, `maxTimeout`.
const MAX_PERMIT_WAIT: Span = Span::from_secs(15 * 60);

/// A pod that holds a place on a node while its binding waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pod: PodId,
    queued: QueuedPod,
    node: NodeId,
    stage: Stage,
    /// What is noted when it is bound.
    selected: Selected,
    took: Span,
}

#[derive(Debug)]
enum Stage {
    /// For these plugins, each until its time is over; with how long it was.
    Permit(Vec<(usize, SimTime, Span)>),
    /// For what PreBind asked for.
    PreBind(Awaited),
}

/// What brings a binding further whose PreBind is not done.
#[derive(Clone, Copy, Debug)]
enum Awaited {
    /// Anything, or this time if there is a limit.
    Anything(Option<SimTime>),
    /// That this object, in the version that it had, changes or is gone, or this time.
    Object(ObjectId, u64, SimTime),
}

/// A pod that is to make room for another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eviction {
    preemptor: PodId,
    victim: PodId,
    /// Whether it is the last one, after which the preemptor is no longer held back.
    last: bool,
}

/// How a binding failed.
enum Failed {
    Rejected(Box<FitError>),
    Error(Box<FitError>),
}

impl Failed {
    /// For a reason that no plugin is to blame for.
    fn internal(text: String) -> Self {
        Self::Error(Box::new(FitError::internal(text)))
    }
}

impl Waiting {
    /// The class that the pod had when it got its place.
    pub(super) fn class(&self) -> ClassId {
        self.queued.class
    }

    /// When the first plugin's time is over, that is waited for.
    pub(super) fn deadline(&self) -> Option<SimTime> {
        match &self.stage {
            Stage::Permit(plugins) => plugins.iter().map(|(_, until, _)| *until).min(),
            Stage::PreBind(Awaited::Anything(until)) => *until,
            Stage::PreBind(Awaited::Object(.., until)) => Some(*until),
        }
    }

    /// Whether it surely waits on, which is cheaper to know than to ask the plugins: many bindings may wait for slow volumes.
    fn rests(&self, cluster: &Cluster) -> bool {
        let Stage::PreBind(Awaited::Object(object, version, until)) = self.stage else { return false };
        let is_as_before = || cluster.objects().version_of(object) == Some(version);
        cluster.now < until && is_as_before() && self.is_there(cluster) == Some(true)
    }

    /// Whether the pod still has its place; `None` if it is gone, or on its way out.
    fn is_there(&self, cluster: &Cluster) -> Option<bool> {
        let pod = cluster.pod(self.pod).filter(|pod| waits_for_node(pod))?;
        Some(pod.assumed() == Some(self.node))
    }
}

impl Scheduler {
    /// Lets a decision take effect. `since` is what has happened while it was on its way.
    pub(super) fn apply(&mut self, attempt: Attempt, since: &[ClusterEvent], cx: &mut Context<'_>) {
        let Attempt { pod, queued, took, decision } = attempt;
        if !cx.cluster.pod(pod).is_some_and(waits_for_node) {
            self.queue.remove(pod, cx.now());
            if let Decision::Bind(chosen) = decision {
                self.unreserve(&queued, pod, chosen.node, cx.cluster);
            }
            return;
        }
        self.fruitless.count(cx.cluster.version(), &self.queue);
        match decision {
            Decision::Bind(chosen) => self.begin_binding(pod, &queued, chosen, took, cx),
            Decision::Reject(error, remedy) => self.reject(pod, &queued, &error, remedy, (since, took), cx),
            Decision::Error(error) => self.fail(pod, queued, *error, took, cx),
        }
    }

    /// Binds a pod at once if nobody has a say any more: as [`Scheduler::apply`] and what follows from it would, without asking. Whether it
    /// did. The node's memory is on its way: it is not looked at before it has to be.
    pub(super) fn bind_straight(&mut self, tried: Tried, selected: &Selected, cx: &mut Context<'_>) -> bool {
        let Tried { pod, class, profile } = tried;
        let (Some(node), None) = (selected.node, &selected.error) else { return false };
        if !self.askers[usize::from(profile)].goes_straight(cx.cluster.classes.get(class))
            || !cx.cluster.pod(pod).is_some_and(waits_for_node)
        {
            return false;
        }
        let Some(waits) = self.queue.let_go(pod, cx.now()) else { return false };
        // Plugins may learn something of it.
        self.known.clear();
        self.fruitless.count(cx.cluster.version(), &self.queue);
        self.selection.nominator.remove(pod);
        let before = cx.cluster.phases.enter(Phase::Bind);
        cx.cluster.bind(pod, node);
        self.note_binding(tried, selected, (node, Span::ZERO), &waits, cx);
        cx.cluster.phases.leave(before);
        true
    }

    // ---- success ---------------------------------------------------------------------------------------------------

    fn begin_binding(&mut self, pod: PodId, queued: &QueuedPod, chosen: Chosen, took: Span, cx: &mut Context<'_>) {
        if !self.still_takes(pod, queued, &chosen, cx.cluster) {
            self.unreserve(queued, pod, chosen.node, cx.cluster);
            let changed = FitError::internal("the node has changed since it was chosen".to_owned());
            self.fail(pod, *queued, changed, took, cx);
            return;
        }
        let now = cx.now();
        self.queue.remove(pod, now);
        self.selection.nominator.remove(pod);
        let until = |(plugin, span): &(usize, Span)| (*plugin, now + (*span).min(MAX_PERMIT_WAIT), *span);
        let permits = if chosen.permits.is_empty() { Vec::new() } else { chosen.permits.iter().map(until).collect() };
        let stage = Stage::Permit(permits);
        let waiting = Waiting { pod, queued: *queued, node: chosen.node, stage, took, selected: chosen.selected };
        self.go_on(waiting, cx);
    }

    /// Whether the node still takes the pod, if it has changed while the decision was on its way.
    fn still_takes(&self, pod: PodId, queued: &QueuedPod, chosen: &Chosen, cluster: &Cluster) -> bool {
        let node = cluster.node(chosen.node);
        let cycle = Cycle::new(cluster, queued.class, Some(pod));
        let fits = || {
            let chain = self.profile_of(queued).filters(&cycle);
            chain.is_ok_and(|chain| chain.check_beside(&cycle, node, &self.selection.nominator).is_none())
        };
        cluster.nodes().version(chosen.node) == chosen.version || fits()
    }

    /// Takes a binding as far as it goes now.
    fn go_on(&mut self, mut waiting: Waiting, cx: &mut Context<'_>) {
        let before = cx.cluster.phases.enter(Phase::Bind);
        let result = self.step(&mut waiting, cx);
        cx.cluster.phases.leave(before);
        match result {
            Ok(true) => {}
            Ok(false) => match self.hold(&waiting, cx) {
                Ok(()) => self.waiting.push(waiting),
                Err(failed) => self.give_up(&waiting, failed, cx),
            },
            Err(failed) => self.give_up(&waiting, failed, cx),
        }
    }

    /// The next steps of a binding; whether the pod is bound.
    fn step(&mut self, waiting: &mut Waiting, cx: &mut Context<'_>) -> Result<bool, Failed> {
        let (pod, node, class) = (waiting.pod, waiting.node, waiting.queued.class);
        let number = usize::from(waiting.queued.profile);
        if let Stage::Permit(plugins) = &waiting.stage {
            if !plugins.is_empty() {
                self.hold(waiting, cx)?;
                let Waiting { queued, stage, .. } = waiting;
                let Stage::Permit(plugins) = stage else { unreachable!("the stage is that of before") };
                self.permit_again(pod, queued, node, plugins, cx)?;
                if !plugins.is_empty() {
                    return Ok(false);
                }
            }
            let (profile, askers) = (&self.profiles[number], &self.askers[number]);
            let asked: SmallVec<[usize; 4]> = askers.pre_bind(cx.cluster.classes.get(class)).collect();
            for index in asked {
                let cycle = Cycle::new(cx.cluster, class, Some(pod));
                let actions = profile.plugins[index].pre_bind(&cycle, cx.cluster.node(node));
                let actions = actions.map_err(Failed::internal)?;
                for action in actions {
                    cx.cluster.perform(action);
                }
            }
            waiting.stage = Stage::PreBind(Awaited::Anything(None));
        }
        let profile = &self.profiles[number];
        let cycle = Cycle::new(cx.cluster, class, Some(pod));
        let target = cx.cluster.node(node);
        for (place, index) in self.askers[number].pre_bind(cycle.class).enumerate() {
            match profile.plugins[index].pre_bound(&cycle, target) {
                PreBound::Ready => {}
                PreBound::Wait(until) => {
                    // A plugin that waits on at its own deadline waits for something to happen.
                    let until = until.filter(|until| *until > cycle.cluster.now);
                    waiting.stage = Stage::PreBind(Awaited::Anything(until));
                    return Ok(false);
                }
                PreBound::WaitFor(object, until) => {
                    let version = cycle.cluster.objects().version_of(object);
                    // Plugins before this one may change their minds with anything.
                    let awaited = version.filter(|_| place == 0 && until > cycle.cluster.now);
                    let any = Awaited::Anything(Some(until).filter(|until| *until > cycle.cluster.now));
                    let awaited = awaited.map_or(any, |version| Awaited::Object(object, version, until));
                    waiting.stage = Stage::PreBind(awaited);
                    return Ok(false);
                }
                PreBound::Failed(text) => return Err(Failed::internal(text)),
            }
        }
        bind(profile, &cycle, target)?;
        let devices = devices(profile, &cycle, node)?;
        cx.cluster.bind_to_devices(pod, node, devices);
        let Waiting { took, selected, queued, .. } = waiting;
        let tried = Tried { pod, class, profile: queued.profile };
        self.note_binding(tried, selected, (node, *took), &queued.waits, cx);
        Ok(true)
    }

    /// Tells of a pod that is bound to a node, after an attempt that took so long.
    fn note_binding(
        &self,
        Tried { pod, class, profile }: Tried,
        &Selected { examined, feasible, best, ties, .. }: &Selected,
        (node, took): (NodeId, Span),
        waits: &Waits,
        cx: &mut Context<'_>,
    ) {
        cx.note(&Note::Scheduled { pod, node, examined, feasible, best, ties, took, waits });
        let profile = &self.profiles[usize::from(profile)];
        if !profile.post_bind.is_empty() {
            let cycle = Cycle::new(cx.cluster, class, Some(pod));
            let target = cx.cluster.node(node);
            profile.post_bind.iter().for_each(|&index| profile.plugins[index].post_bind(&cycle, target));
        }
    }

    /// Takes the pod's place on the node for as long as its binding waits, if it has none yet.
    fn hold(&self, waiting: &Waiting, cx: &mut Context<'_>) -> Result<(), Failed> {
        let Waiting { pod, queued, node, .. } = *waiting;
        if cx.cluster.pod(pod).is_some_and(|pod| pod.placed_on().is_none()) {
            let cycle = Cycle::new(cx.cluster, queued.class, Some(pod));
            let devices = devices(self.profile_of(&queued), &cycle, node)?;
            cx.cluster.assume_on_devices(pod, node, devices);
        }
        Ok(())
    }

    /// Asks the plugins that let a pod wait.
    fn permit_again(
        &self,
        pod: PodId,
        queued: &QueuedPod,
        node: NodeId,
        plugins: &mut Vec<(usize, SimTime, Span)>,
        cx: &Context<'_>,
    ) -> Result<(), Failed> {
        let cycle = Cycle::new(cx.cluster, queued.class, Some(pod));
        let profile = self.profile_of(queued);
        let mut left = Vec::new();
        for (index, until, span) in std::mem::take(plugins) {
            let plugin = &profile.plugins[index];
            match plugin.permit_again(&cycle, cx.cluster.node(node)) {
                Permit::Allow => {}
                Permit::Reject(text) => return Err(Failed::Rejected(Box::new(refusal_because(text, index)))),
                Permit::Wait(_) if until <= cx.now() => {
                    let (waited, name) = (in_units(span.min(MAX_PERMIT_WAIT)), plugin.name());
                    let text = format!("rejected due to timeout after waiting {waited} at plugin {name}");
                    return Err(Failed::Rejected(Box::new(refusal_because(text, index))));
                }
                Permit::Wait(_) => left.push((index, until, span)),
            }
        }
        *plugins = left;
        Ok(())
    }

    /// Looks whether bindings that wait can go on. Pods that are gone meanwhile give up their reservations.
    pub(super) fn look_after_waiting(&mut self, cx: &mut Context<'_>) {
        debug_assert!(self.waiting.iter().all(|waiting| !waiting.rests(cx.cluster) || self.waits(waiting, cx.cluster)));
        if self.waiting.iter().all(|waiting| waiting.rests(cx.cluster)) {
            return;
        }
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting.is_there(cx.cluster) {
                Some(true) if waiting.rests(cx.cluster) => self.waiting.push(waiting),
                Some(true) => self.go_on(waiting, cx),
                Some(false) => {
                    let lost = Failed::internal("the node is gone".to_owned());
                    self.give_up(&waiting, lost, cx);
                }
                None => self.unreserve(&waiting.queued, waiting.pod, waiting.node, cx.cluster),
            }
        }
    }

    /// Whether the first plugin of PreBind says that the binding waits on: what [`Waiting::rests`] knows without it.
    fn waits(&self, waiting: &Waiting, cluster: &Cluster) -> bool {
        let cycle = Cycle::new(cluster, waiting.queued.class, Some(waiting.pod));
        let number = usize::from(waiting.queued.profile);
        let first = self.askers[number].pre_bind(cycle.class).next();
        let answer =
            first.map(|index| self.profiles[number].plugins[index].pre_bound(&cycle, cluster.node(waiting.node)));
        matches!(answer, Some(PreBound::WaitFor(..)))
    }

    /// A binding failed: what was held for it is given back, which may help others.
    fn give_up(&mut self, waiting: &Waiting, failed: Failed, cx: &mut Context<'_>) {
        let Waiting { pod, queued, node, took, .. } = *waiting;
        self.unreserve(&queued, pod, node, cx.cluster);
        let held = cx.cluster.forget(pod);
        self.queue.restore(queued);
        match failed {
            Failed::Rejected(error) => {
                let remedy = Remedy { nomination: Nomination::Clear, ..Remedy::default() };
                self.reject(pod, &queued, &Arc::new(*error), remedy, (&[], took), cx);
            }
            Failed::Error(error) => self.fail(pod, queued, *error, took, cx),
        }
        if held {
            let event = ClusterEvent::AssignedPodDelete { pod, class: queued.class, node: Some(node) };
            self.happened(event, Some(pod), None, cx);
        }
    }

    /// The node has left while a decision for it was on its way. What the plugins hold is given back at once: later nobody can
    /// look the node up.
    pub(super) fn lose_node(&mut self, node: NodeId, cluster: &Cluster) {
        let Some(mut in_flight) = self.in_flight.take() else { return };
        let attempt = &mut in_flight.attempt;
        if matches!(&attempt.decision, Decision::Bind(chosen) if chosen.node == node) {
            self.unreserve(&attempt.queued, attempt.pod, node, cluster);
            attempt.decision = Decision::internal("the node is gone".to_owned());
        }
        self.in_flight = Some(in_flight);
    }

    fn unreserve(&self, queued: &QueuedPod, pod: PodId, node: NodeId, cluster: &Cluster) {
        let profile = self.profile_of(queued);
        let cycle = Cycle::new(cluster, queued.class, Some(pod));
        let node = cluster.node(node);
        profile.reserve.iter().rev().for_each(|&index| profile.plugins[index].unreserve(&cycle, node));
    }

    fn profile_of(&self, queued: &QueuedPod) -> &Profile {
        &self.profiles[usize::from(queued.profile)]
    }

    // ---- failure ---------------------------------------------------------------------------------------------------

    /// Plugins rejected the pod: it waits for an event, perhaps for the end of those that make room for it.
    fn reject(
        &mut self,
        pod: PodId,
        queued: &QueuedPod,
        error: &Arc<FitError>,
        remedy: Remedy,
        (since, took): (&[ClusterEvent], Span),
        cx: &mut Context<'_>,
    ) {
        let going: Vec<PodId> = remedy
            .victims
            .iter()
            .copied()
            .filter(|victim| cx.cluster.pod(*victim).is_some_and(|victim| victim.deleting.is_none()))
            .collect();
        let node = match remedy.nomination {
            Nomination::Set(node) => cx.cluster.nodes().find(node).map(|node| (node.id, node.spec.name.clone())),
            _ => None,
        };
        if let Some((node, _)) = node
            && !going.is_empty()
        {
            cx.note(&Note::Preempting { pod, node, victims: &remedy.victims });
        }
        for (index, victim) in going.iter().enumerate() {
            let last = index + 1 == going.len();
            self.evictions.push_back(Eviction { preemptor: pod, victim: *victim, last });
        }
        let woken = since.iter().any(|event| self.wakes_popped(queued, error.plugins, *event, cx.cluster));
        let queue = self.with_queue(cx.cluster, |queue, pre_enqueue, now| {
            queue.rejected(pod, (error.plugins, took), woken, now, pre_enqueue)
        });
        let profile = &self.profiles[usize::from(queued.profile)];
        cx.note(&Note::FailedScheduling { pod, error, took, queue, profile });
        cx.cluster.mark_unschedulable(pod, error);
        match remedy.nomination {
            Nomination::Keep => {}
            Nomination::Clear => self.set_nomination(pod, None, cx),
            Nomination::Set(_) => self.set_nomination(pod, node.as_ref().map(|(_, name)| name.clone()), cx),
        }
        for action in remedy.actions {
            cx.cluster.perform(action);
        }
        if let Some((_, name)) = node
            && !going.is_empty()
        {
            self.clear_lower_nominations(pod, &name, cx);
        }
    }

    /// The attempt could not be made. Only time brings the pod back.
    fn fail(&mut self, pod: PodId, queued: QueuedPod, error: FitError, took: Span, cx: &mut Context<'_>) {
        let error = &Arc::new(error);
        let queue = self.queue.failed_with_error(pod, took, cx.now());
        let profile = self.profile_of(&queued);
        cx.note(&Note::FailedScheduling { pod, error, took, queue, profile });
        cx.cluster.mark_unschedulable(pod, error);
        self.set_nomination(pod, None, cx);
    }

    fn set_nomination(&mut self, pod: PodId, node: Option<std::sync::Arc<str>>, cx: &mut Context<'_>) {
        self.selection.nominator.nominate(pod, node.clone());
        cx.cluster.nominate(pod, node);
    }

    /// Pods of lower priority that were nominated for the node look for another one.
    fn clear_lower_nominations(&mut self, preemptor: PodId, node: &str, cx: &mut Context<'_>) {
        let priority = |pod: PodId| cx.cluster.pod(pod).map(|pod| cx.cluster.class_of(pod).priority());
        let own = priority(preemptor);
        let lower: Vec<PodId> =
            self.selection.nominator.on(node).iter().copied().filter(|pod| priority(*pod) < own).collect();
        for pod in lower {
            cx.cluster.nominate(pod, None);
        }
    }

    /// Asks the next pod that is to make room to go.
    pub(super) fn evict_next(&mut self, cx: &mut Context<'_>) {
        // It counts as asked before it gives up its place: what that brings back must not be held back for its sake.
        let Some(next) = self.evictions.pop_front() else { return };
        if cx.cluster.pod(next.victim).is_some_and(|pod| pod.assumed().is_some()) {
            self.evict_waiting(next.victim, cx);
        } else {
            cx.cluster.delete_pod(next.victim, Cause::Preempted);
        }
    }

    /// A pod whose binding waits makes room without being deleted: it is tried again.
    fn evict_waiting(&mut self, victim: PodId, cx: &mut Context<'_>) {
        let Some(index) = self.waiting.iter().position(|waiting| waiting.pod == victim) else { return };
        let waiting = self.waiting.remove(index);
        self.give_up(&waiting, Failed::internal("preempted".to_owned()), cx);
    }

    /// Whether pods that are to make room for this one are still being asked to go. While the last of them is asked, it is
    /// not: its end must not be missed.
    ///
    /// Source: `pkg/scheduler/framework/preemption/executor.go`, `isRunningPreemption`.
    pub(super) fn is_preempting(
        evictions: &std::collections::VecDeque<Eviction>,
        pod: PodId,
        cluster: &Cluster,
    ) -> bool {
        evictions.iter().any(|eviction| {
            eviction.preemptor == pod
                && (!eviction.last || cluster.pod(eviction.victim).is_some_and(|victim| victim.deleting.is_none()))
        })
    }
}

/// Whether a pod waits for a node.
fn waits_for_node(pod: &Pod) -> bool {
    pod.node.is_none() && pod.deleting.is_none()
}

/// The GPU devices that the pod takes, if any plugin has a say. A pod that was assumed has them.
fn devices(profile: &Profile, cycle: &Cycle<'_>, node: NodeId) -> Result<Option<DeviceSet>, Failed> {
    if cycle.class.spec.gpu.is_none() || cycle.live_pod().is_some_and(|pod| pod.assumed().is_some()) {
        return Ok(None);
    }
    profile.devices(cycle, cycle.cluster.node(node)).map_err(|plugin| {
        let text = format!("plugin {plugin} chose GPU devices that have no room for the pod");
        Failed::internal(text)
    })
}

/// Runs Bind. A profile without any such plugin binds as DefaultBinder does.
fn bind(profile: &Profile, cycle: &Cycle<'_>, node: &Node) -> Result<(), Failed> {
    if profile.bind.is_empty() {
        return Ok(());
    }
    for &index in &profile.bind {
        match profile.plugins[index].bind(cycle, node) {
            Bind::Skip => {}
            Bind::Bind => return Ok(()),
            Bind::Fail(text) => return Err(Failed::internal(text)),
        }
    }
    Err(Failed::internal("no bind plugin bound the pod".to_owned()))
}

/// A span as Go prints it, such as `10s`, `1m30s` or `15m0s`.
fn in_units(span: Span) -> String {
    let minutes = span.0 / Span::from_secs(60).0;
    let seconds = Span(span.0 % Span::from_secs(60).0).as_secs_f64();
    if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") }
}
