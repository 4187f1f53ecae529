//! Observers: they see every step and keep what reports need. Nothing in the simulation reads them.

use crate::cluster::Refusal;
use crate::cluster::{Change, Cluster};
use crate::model::{NodeId, ObjectId, PodId};
use crate::scheduler::fit_error::FitError;
use crate::scheduler::{AttemptInspection, FailedAgain, Moves, Pool, Profile};
use crate::time::{SimTime, Span};

/// Something worth observing.
#[derive(Debug)]
pub enum Note<'a> {
    /// The store changed.
    Change(Change),
    /// Admission refused a pod.
    Refused {
        /// The namespace of the pod.
        namespace: &'a str,
        /// The name of the pod.
        name: &'a str,
        /// The controller that tried to create it.
        owner: Option<ObjectId>,
        /// The server's words.
        refusal: &'a Refusal,
    },
    /// The scheduler takes a pod from its queue to try it.
    SchedulingAttempt {
        /// The pod.
        pod: PodId,
        /// Whether its backoff was not over, and nothing else was there to be tried.
        early: bool,
        /// The plugins of the profile that rejected its last attempt, one bit each.
        blamed: u64,
        /// The profile that is responsible for it.
        profile: &'a Profile,
    },
    /// The scheduler tried pods that fail as other pods of their classes have. Told to those who
    /// [count](Observer::counts_repeats) such attempts; all others are told of each attempt by itself.
    FailedAgain(&'a FailedAgain<'a>),
    /// A pod that waited in the scheduling queue is bound or gone.
    LeftQueue {
        /// Where it was.
        from: Pool,
        /// The plugins of the profile that rejected its last attempt, one bit each.
        blamed: u64,
        /// The profile that was responsible for it.
        profile: &'a Profile,
    },
    /// What the plugins say of a pod that is being tried, before it is decided; see
    /// [`Scheduler::inspecting`](crate::scheduler::Scheduler::inspecting).
    Inspected {
        /// The pod.
        pod: PodId,
        /// What they say.
        inspection: &'a AttemptInspection,
        /// The profile that is responsible for it.
        profile: &'a Profile,
    },
    /// Pods came into other pools of the scheduling queue, all for one reason.
    QueueMoves {
        /// Which ones, from where to where.
        moves: &'a Moves,
        /// The profile of the first of them.
        profile: &'a Profile,
    },
    /// The scheduler found a node that can be made free for a pod.
    Preempting {
        /// The pod.
        pod: PodId,
        /// The node.
        node: NodeId,
        /// Who goes, the most important first.
        victims: &'a [PodId],
    },
    /// The scheduler tried a pod and found a node.
    Scheduled {
        /// The pod.
        pod: PodId,
        /// The node.
        node: NodeId,
        /// How many nodes were filtered.
        examined: u32,
        /// How many of them were feasible.
        feasible: u32,
        /// The highest total among them; `None` where only one was feasible, because nothing is scored then.
        best: Option<i64>,
        /// How many of them have it.
        ties: u32,
        /// How long the attempt took, in simulated time.
        took: Span,
    },
    /// The scheduler tried a pod and found none.
    FailedScheduling {
        /// The pod.
        pod: PodId,
        /// Why.
        error: &'a FitError,
        /// How long the attempt took, in simulated time.
        took: Span,
        /// Where in the queue it waits; `None` if it is gone.
        queue: Option<Pool>,
        /// The profile that is responsible for it.
        profile: &'a Profile,
    },
    /// A Kubernetes Event of a controller about an object.
    Event {
        /// Whether the type is `Warning` and not `Normal`.
        warning: bool,
        /// The reason, in CamelCase, such as `ScalingReplicaSet`.
        reason: &'static str,
        /// What the event is about.
        regarding: Regarding<'a>,
        /// The message.
        message: &'a str,
    },
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regarding<'a> {
    /// A pod.
    Pod(PodId),
    /// A node.
    Node(NodeId),
    /// An object.
    Object(ObjectId),
    /// Something that is not in the store, by kind and name, such as a node group.
    Named(&'static str, &'a str),
}

/// Watches a run. Every method does nothing unless it is written.
pub trait Observer {
    /// Something happened. For a change, the cluster is as it is after it.
    fn note(&mut self, _note: &Note<'_>, _cluster: &Cluster) {}

    /// Whether it is told of attempts that repeat a failure by [`Note::FailedAgain`].
    fn counts_repeats(&self) -> bool {
        false
    }

    /// How often [`Observer::sample`] is called, if at all.
    fn sampling_interval(&self) -> Option<Span> {
        None
    }

    /// The cluster as it was at `at`, a multiple of the interval, before anything of that instant happened; and once more
    /// at the end of the run.
    fn sample(&mut self, _at: SimTime, _cluster: &Cluster) {}

    /// Called every few thousand events.
    fn progress(&mut self, _now: SimTime, _events: u64) {}
}

/// Where notes go.
pub(crate) trait Notes {
    /// Tells everyone.
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster);
}

/// The observers of one run, with the times of their next samples.
pub(crate) struct Observers<'o, 'b> {
    observers: &'o mut [&'b mut dyn Observer],
    next_sample: Vec<SimTime>,
}

impl<'o, 'b> Observers<'o, 'b> {
    pub(crate) fn new(observers: &'o mut [&'b mut dyn Observer]) -> Self {
        let next_sample = observers
            .iter()
            .map(|o| o.sampling_interval().filter(|span| *span > Span::ZERO).map_or(SimTime::MAX, |_| SimTime::ZERO))
            .collect();
        Self { observers, next_sample }
    }

    /// Gives everyone the samples of the instants before `now`: a sample shows what all events of its instant have done.
    pub(crate) fn sample_until(&mut self, now: SimTime, cluster: &Cluster) {
        for (observer, next) in self.observers.iter_mut().zip(&mut self.next_sample) {
            while *next < now && *next < SimTime::MAX {
                observer.sample(*next, cluster);
                *next += observer.sampling_interval().unwrap_or(Span::MAX);
            }
        }
    }

    pub(crate) fn sample_end(&mut self, now: SimTime, cluster: &Cluster) {
        for observer in self.observers.iter_mut().filter(|o| o.sampling_interval().is_some()) {
            observer.sample(now, cluster);
        }
    }

    pub(crate) fn progress(&mut self, now: SimTime, events: u64) {
        for observer in &mut *self.observers {
            observer.progress(now, events);
        }
    }
}

impl Notes for Observers<'_, '_> {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        for observer in &mut *self.observers {
            match note {
                Note::FailedAgain(again) if !observer.counts_repeats() => {
                    again.tell_each(|note| observer.note(note, cluster));
                }
                _ => observer.note(note, cluster),
            }
        }
    }
}
