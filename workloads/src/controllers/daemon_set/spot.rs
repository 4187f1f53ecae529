//! A DaemonSet on one node: the pods there, and what is to be done about them.

use super::object::DaemonSetStatus;
use std::cmp::Reverse;
use std::sync::Arc;
use towtank_sim::model::pod::PodPhase;
use towtank_sim::model::{Name, NodeId, PodId};
use towtank_sim::time::{SimTime, Span};

/// The wait after the first failed pod on a node; it doubles with each further one.
const FIRST_BACKOFF: Span = Span::from_secs(1);
/// The longest wait.
const MAX_BACKOFF: Span = Span::from_secs(15 * 60);

/// A node as one DaemonSet sees it, or the name of one that is gone.
#[derive(Debug, Default)]
pub(super) struct Spot {
    pub(super) node: Option<NodeId>,
    /// Whether a pod should be started here.
    pub(super) should_run: bool,
    /// Whether one that is here may stay.
    pub(super) may_stay: bool,
    pub(super) pods: Vec<Member>,
    /// What it counts for in the status, as of the last count.
    pub(super) share: DaemonSetStatus,
    /// How many of its pods are of another revision than the one in force, as of the last count.
    pub(super) old: usize,
    pub(super) backoff: Option<Backoff>,
}

/// A pod of a DaemonSet.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: PodId,
    pub(super) uid: u64,
    pub(super) name: Name,
    /// When it was created, in whole seconds, as the API has it.
    pub(super) created: SimTime,
    pub(super) revision: Arc<str>,
    /// Since when it is ready, in whole seconds, if it is.
    pub(super) ready: Option<SimTime>,
    /// Whether it has been asked to go.
    pub(super) deleting: bool,
    /// How it has ended. The store has let go of it; the API server keeps it until the controller deletes it.
    pub(super) ended: Option<PodPhase>,
}

/// How long failed pods of a node are left alone.
///
/// Source: `client-go/util/flowcontrol/backoff.go`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    wait: Span,
    since: SimTime,
}

/// When a pod counts as available.
#[derive(Clone, Copy, Debug)]
pub(super) struct Availability {
    pub(super) min_ready: Span,
    pub(super) now: SimTime,
}

/// What is to be done on a node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Todo {
    pub(super) create: bool,
    /// The uids of pods to delete.
    pub(super) delete: Vec<u64>,
    /// After what time to look again.
    pub(super) again: Option<Span>,
}

impl Availability {
    pub(super) fn is_met_by(self, pod: &Member) -> bool {
        pod.ready.is_some_and(|since| self.min_ready == Span::ZERO || since + self.min_ready <= self.now)
    }
}

impl Spot {
    /// What is to be done so that there is the right number of pods, whatever their revision. A failed pod that may be deleted starts the
    /// next wait.
    ///
    /// Source: `podsShouldBeOnNode` in `pkg/controller/daemon/daemon_controller.go`.
    pub(super) fn manage(
        &mut self,
        surges: bool,
        revision: &str,
        availability: Availability,
        is_bound: impl Fn(PodId) -> bool,
    ) -> Todo {
        let mut todo = Todo::default();
        if self.node.is_none() {
            // Nobody else would find them: they are bound nowhere, and never will be.
            let lost = self.pods.iter().filter(|pod| pod.ended.is_none() && !pod.deleting && !is_bound(pod.id));
            todo.delete = lost.map(|pod| pod.uid).collect();
            return todo;
        }
        if self.should_run && self.pods.is_empty() {
            todo.create = true;
            return todo;
        }
        let staying = self.pods.iter().filter(|pod| !pod.deleting);
        if !self.may_stay {
            todo.delete = staying.map(|pod| pod.uid).collect();
            return todo;
        }
        let mut running: Vec<&Member> = Vec::new();
        for pod in staying {
            match pod.ended {
                None => running.push(pod),
                Some(PodPhase::Failed) => match self.backoff {
                    Some(backoff) if backoff.is_on(availability.now) => todo.again = Some(backoff.wait),
                    _ => {
                        self.backoff = Some(Backoff::next(self.backoff, availability.now));
                        todo.delete.push(pod.uid);
                    }
                },
                Some(_) => todo.delete.push(pod.uid),
            }
        }
        if surges && running.is_empty() {
            todo.create = self.should_run;
        }
        if running.len() < 2 {
            return todo;
        }
        running.sort_by_key(|pod| oldest_first(pod, &is_bound));
        if !surges {
            todo.delete.extend(running[1..].iter().map(|pod| pod.uid));
            return todo;
        }
        // Two pods may be here: an old one that is ready, and a new one that is not available yet.
        let (mut new, mut old) = (None, None);
        for pod in running {
            let place = if *pod.revision == *revision { &mut new } else { &mut old };
            if place.is_none() {
                *place = Some(pod);
            } else {
                todo.delete.push(pod.uid);
            }
        }
        if let (Some(new), Some(old)) = (new, old)
            && (old.ready.is_none() || availability.is_met_by(new))
        {
            todo.delete.push(old.uid);
        }
        todo
    }

    /// The pod of this revision and the one of another that are here and have not been asked to go.
    ///
    /// # Errors
    /// There are several of one sort.
    pub(super) fn new_and_old(&self, revision: &str) -> Result<[Option<&Member>; 2], TooMany> {
        let mut found = [None, None];
        for pod in self.pods.iter().filter(|pod| !pod.deleting) {
            if found[usize::from(*pod.revision != *revision)].replace(pod).is_some() {
                return Err(TooMany);
            }
        }
        Ok(found)
    }

    /// Counts anew what is here.
    ///
    /// Source: `updateDaemonSetStatus`.
    pub(super) fn count(&mut self, revision: &str, availability: Availability, is_bound: impl Fn(PodId) -> bool) {
        self.old = self.pods.iter().filter(|pod| *pod.revision != *revision && !pod.deleting).count();
        self.share = DaemonSetStatus::default();
        let first = self.pods.iter().min_by_key(|pod| oldest_first(pod, &is_bound));
        if self.node.is_none() {
            return;
        }
        let is = |yes: bool| u32::from(yes);
        if !self.should_run {
            self.share.misscheduled = is(first.is_some());
            return;
        }
        self.share.desired = 1;
        if let Some(pod) = first {
            self.share.current = 1;
            self.share.ready = is(pod.ready.is_some());
            self.share.available = is(availability.is_met_by(pod));
            self.share.updated = is(*pod.revision == *revision);
        }
    }
}

/// There are more pods on a node than a DaemonSet may have there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// Bound ones first, then by creation.
///
/// Source: `podByCreationTimestampAndPhase`.
fn oldest_first(pod: &Member, is_bound: impl Fn(PodId) -> bool) -> (Reverse<bool>, SimTime, &str) {
    // One that has ended was bound.
    (Reverse(pod.ended.is_some() || is_bound(pod.id)), pod.created, &pod.name)
}

impl Backoff {
    fn next(last: Option<Self>, now: SimTime) -> Self {
        let last = last.filter(|last| now.since(last.since).0 <= 2 * MAX_BACKOFF.0);
        let wait = last.map_or(FIRST_BACKOFF, |last| Span(last.wait.0 * 2).min(MAX_BACKOFF));
        Self { wait, since: now }
    }

    fn is_on(self, now: SimTime) -> bool {
        now.since(self.since) < self.wait
    }
}
