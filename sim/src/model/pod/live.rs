//! The live pod: what differs between pods of one class, in little memory.

use super::{Completion, PodEnd, PodPhase, Run, Usage};
use crate::model::gpu::DeviceSet;
use crate::model::resource_claims::PodClaims;
use crate::model::{ClassId, Name, NodeId, ObjectId};
use crate::time::{Moment, SimTime, Span};
use std::sync::Arc;

/// A live pod.
///
/// There may be hundreds of thousands of them: what few have is kept apart.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Unique in the run, in order of creation.
    pub uid: u64,
    /// The name.
    pub name: Name,
    /// The class.
    pub class: ClassId,
    /// The controller that owns it.
    pub owner: Option<ObjectId>,
    /// Where it is in its life.
    pub phase: PodPhase,
    /// The node it is bound to.
    pub node: Option<NodeId>,
    /// Whether its containers run at this moment.
    pub working: bool,
    /// Whether it passes its readiness probes.
    pub ready: bool,
    /// When it was created.
    pub created: SimTime,
    /// When it was bound.
    pub bound: Moment,
    /// When its containers started.
    pub started: Moment,
    /// When its deletion was asked for, if it was.
    pub deleting: Moment,
    /// How it ends by itself.
    pub(crate) end: End,
    /// What it uses while it runs.
    pub usage: Usage,
    /// The GPU devices it holds.
    pub devices: DeviceSet,
    /// What few pods have.
    pub(crate) rare: Option<Box<RareStatus>>,
    /// The how manieth binding of the run its own was.
    pub bound_order: u64,
    /// Whether it has gone, and only waits for everyone to have heard of it.
    pub(crate) leaving: bool,
    /// Its place in the node's list of pods, or where it once was.
    pub(crate) place: u32,
}

/// What few pods have.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct RareStatus {
    pub(crate) claims: Option<Box<PodClaims>>,
    pub(crate) grace: Option<Span>,
    pub(crate) nominated_node: Option<Arc<str>>,
    pub(crate) assumed: Option<NodeId>,
    pub(crate) restarts: u32,
    pub(crate) overdue: bool,
    pub(crate) preempted: bool,
    pub(crate) held: bool,
    pub(crate) disrupted: bool,
    pub(crate) deletion_cost: i32,
    pub(crate) completion: Option<Completion>,
    pub(crate) ended: Option<PodEnd>,
}

/// A [`Run`] in 8 bytes: the time until success, the complement of the time until failure, or the least number for never.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End(i64);

impl From<Run> for End {
    fn from(run: Run) -> Self {
        match run {
            Run::Forever => Self(i64::MIN),
            Run::Succeeds(span) => Self(span.0.max(0)),
            // The longest span is as good as the one before it.
            Run::Fails(span) => Self(!span.0.clamp(0, i64::MAX - 1)),
        }
    }
}

impl From<End> for Run {
    fn from(End(nanos): End) -> Self {
        match nanos {
            i64::MIN => Self::Forever,
            0.. => Self::Succeeds(Span(nanos)),
            _ => Self::Fails(Span(!nanos)),
        }
    }
}

impl Pod {
    /// The claims that were made for it.
    pub fn claims(&self) -> Option<&PodClaims> {
        self.rare.as_ref()?.claims.as_deref()
    }

    /// How long it may take to stop, where its deletion said so and not its specification.
    pub fn grace(&self) -> Option<Span> {
        self.rare.as_ref()?.grace
    }

    /// `status.nominatedNodeName`: the node that is being made free for it.
    pub fn nominated_node(&self) -> Option<&Arc<str>> {
        self.rare.as_ref()?.nominated_node.as_ref()
    }

    pub(crate) fn rare_mut(&mut self) -> &mut RareStatus {
        self.rare.get_or_insert_default()
    }

    /// Whether it has neither ended nor been asked to go: what controllers call active.
    pub const fn is_active(&self) -> bool {
        !self.is_finished() && self.deleting.is_none()
    }

    /// The node whose resources it takes: bound to it, or assumed there by the scheduler.
    pub fn placed_on(&self) -> Option<NodeId> {
        self.node.or_else(|| self.assumed())
    }

    /// The node that the scheduler holds resources on for it, while its binding waits.
    pub fn assumed(&self) -> Option<NodeId> {
        self.rare.as_ref()?.assumed
    }

    /// How it ends by itself.
    pub fn run(&self) -> Run {
        self.end.into()
    }

    /// How often its containers were lost and started again.
    pub fn restarts(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.restarts)
    }

    /// Whether quotas have given up waiting for its end: it is still counted as an object, and no longer charged.
    pub fn is_overdue(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.overdue)
    }

    /// Whether it is being deleted to make room for a pod of higher priority.
    pub fn is_preempted(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.preempted)
    }

    /// Whether a finalizer keeps it.
    pub fn is_held(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.held)
    }

    /// The annotation `controller.kubernetes.io/pod-deletion-cost`: ReplicaSets delete pods of lower cost first.
    pub fn deletion_cost(&self) -> i32 {
        self.rare.as_ref().map_or(0, |rare| rare.deletion_cost)
    }

    /// Which part of an Indexed Job it works on.
    pub fn completion(&self) -> Option<Completion> {
        self.rare.as_ref()?.completion
    }

    /// How it has ended, where somebody said so.
    pub fn ended(&self) -> Option<&PodEnd> {
        self.rare.as_ref()?.ended.as_ref()
    }

    /// Whether it has the condition `DisruptionTarget`: it goes, or has ended, for no fault of its own.
    pub fn is_disrupted(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| {
            rare.disrupted || rare.preempted || rare.ended.as_ref().is_some_and(|ended| ended.disrupted)
        })
    }

    /// Whether it has ended.
    pub const fn is_finished(&self) -> bool {
        matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_end_is_kept() {
        for nanos in [0, 1, i64::MAX - 1, i64::MAX] {
            assert_eq!(Run::from(End::from(Run::Succeeds(Span(nanos)))), Run::Succeeds(Span(nanos)));
            let kept = nanos.min(i64::MAX - 1);
            assert_eq!(Run::from(End::from(Run::Fails(Span(nanos)))), Run::Fails(Span(kept)));
        }
        assert_eq!(Run::from(End::from(Run::Forever)), Run::Forever);
    }
}
