//! What the queue knows of a pod, and which pods are alike to it.

use super::cohort::CohortId;
use super::waits::Waits;
use crate::model::{ClassId, PodId};
use crate::time::Span;

/// A pod that comes into the queue.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheduler) struct Entrant {
    pub(in crate::scheduler) class: ClassId,
    pub(in crate::scheduler) profile: u8,
    /// The key of the profile's QueueSort plugin: smaller ones first.
    pub(in crate::scheduler) key: i64,
    /// Whether hints have to be asked about this very pod.
    pub(in crate::scheduler) individual: bool,
}

/// How PreEnqueue is asked.
#[derive(Clone, Copy)]
pub(in crate::scheduler) struct PreEnqueue<'a> {
    /// The number of the plugin that holds a pod back, if one does.
    pub(in crate::scheduler) ask: &'a dyn Fn(&QueuedPod) -> Option<u8>,
    /// Whether it says the same of all pods of a group.
    pub(in crate::scheduler) alike: bool,
}

/// Pods for which all hints answer alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scheduler) struct Group {
    pub(in crate::scheduler) profile: u8,
    pub(in crate::scheduler) class: ClassId,
    pub(in crate::scheduler) rejectors: u64,
    /// The plugin that holds them back, if one does.
    pub(in crate::scheduler) gate: Option<u8>,
    /// The pod, if hints have to be asked about it alone.
    pub(in crate::scheduler) pod: Option<PodId>,
}

/// What the queue knows of a pod.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheduler) struct QueuedPod {
    pub(in crate::scheduler) pod: PodId,
    pub(in crate::scheduler) class: ClassId,
    pub(in crate::scheduler) profile: u8,
    /// Whether hints have to be asked about this very pod.
    pub(super) individual: bool,
    /// The key of the profile's QueueSort plugin: smaller ones first.
    pub(super) key: i64,
    /// Attempts that plugins have rejected.
    pub(super) rejections: u32,
    /// Failed attempts in a row that no plugin is to blame for.
    pub(super) errors: u32,
    /// The plugins that rejected the last attempt or hold the pod back, one bit each.
    pub(in crate::scheduler) rejectors: u64,
    /// The plugins that rejected the last attempt, one bit each.
    pub(in crate::scheduler) blamed: u64,
    /// How long it has been where. As long as it is in a cohort, less what that one's account says.
    pub(in crate::scheduler) waits: Waits,
    /// Where it is: the cohort, and its place there. [`NOWHERE`] while it is being tried.
    pub(super) cohort: CohortId,
    pub(super) place: u32,
}

/// The cohort of a pod that is being tried.
pub(super) const NOWHERE: CohortId = CohortId::MAX;

impl QueuedPod {
    /// Without the plugin that holds it back.
    pub(super) fn group(&self) -> Group {
        let pod = self.individual.then_some(self.pod);
        Group { profile: self.profile, class: self.class, rejectors: self.rejectors, gate: None, pod }
    }

    pub(super) fn reject(&mut self, rejectors: u64, took: Span) {
        self.waits.tried = self.waits.tried + took;
        self.rejections += 1;
        self.errors = 0;
        (self.rejectors, self.blamed) = (rejectors, rejectors);
    }
}
