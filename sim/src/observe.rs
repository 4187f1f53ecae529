//! Observers: they see every step and keep what reports need. Nothing in the simulation reads them.

use crate::cluster::Refusal;
use crate::cluster::{Change, Cluster, Hearers, Interest, Topic};
use crate::model::pod::PodTraits;
use crate::model::{ClassId, NodeId, ObjectId, PodId};
use crate::phases::Phase;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::{AttemptInspection, FailedAgain, Moves, Pool, Profile, Waits};
use crate::time::{SimTime, Span};
use smallvec::SmallVec;

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
    /// [ask for it](NoteKinds::FAILED_AGAIN); all others are told of each attempt by itself.
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
        moves: Moves<'a>,
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
        /// How long the pod waited where before.
        waits: &'a Waits,
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
    /// A kubelet begins to start a pod, in parts that are told apart. A pod whose machine fails meanwhile begins anew.
    Starting {
        /// The pod.
        pod: PodId,
        /// How long its images take.
        pull: Span,
        /// How long its sandbox and its init containers take then.
        init: Span,
        /// How long its containers take then.
        start: Span,
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
    /// These classes have no pods any more and are forgotten: they can be looked up for the last time, and their ids will name others.
    ClassesForgotten(&'a [ClassId]),
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

/// A set of kinds of notes that an observer wants to be told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoteKinds(u32);

/// Watches a run. Every method does nothing unless it is written.
pub trait Observer {
    /// What [`Observer::note`] is called for. Asked once, when the run begins.
    fn interest(&self) -> NoteKinds {
        NoteKinds::ALL
    }

    /// Which changes of pods it is told of where they have this one trait, beside those of all pods. Few pods have any.
    fn interest_in(&self, _pods_with: PodTraits) -> Interest {
        Interest::NONE
    }

    /// Something happened. For a change, the cluster is as it is after it.
    fn note(&mut self, _note: &Note<'_>, _cluster: &Cluster) {}

    /// How often [`Observer::sample`] is called, if at all.
    fn sampling_interval(&self) -> Option<Span> {
        None
    }

    /// The cluster as it was at `at`, a multiple of the interval, before anything of that instant happened; and once more
    /// at the end of the run.
    fn sample(&mut self, _at: SimTime, _cluster: &Cluster) {}

    /// As what the time that it takes counts: [`Phase::Output`] for those who write files meanwhile.
    fn phase(&self) -> Phase {
        Phase::Observers
    }

    /// Called every few thousand events.
    fn progress(&mut self, _now: SimTime, _events: u64) {}
}

impl NoteKinds {
    /// None.
    pub const NONE: Self = Self(0);
    /// [`Note::Refused`].
    pub const REFUSED: Self = Self(1);
    /// [`Note::SchedulingAttempt`].
    pub const ATTEMPTS: Self = Self(1 << 1);
    /// [`Note::Inspected`].
    pub const INSPECTED: Self = Self(1 << 2);
    /// [`Note::QueueMoves`].
    pub const QUEUE_MOVES: Self = Self(1 << 3);
    /// [`Note::Preempting`].
    pub const PREEMPTING: Self = Self(1 << 4);
    /// [`Note::Scheduled`].
    pub const SCHEDULED: Self = Self(1 << 5);
    /// [`Note::FailedScheduling`].
    pub const FAILED: Self = Self(1 << 6);
    /// [`Note::Event`].
    pub const EVENTS: Self = Self(1 << 7);
    /// [`Note::LeftQueue`].
    pub const LEFT_QUEUE: Self = Self(1 << 8);
    /// [`Note::FailedAgain`]. Who does not ask for it is told of each of these attempts by itself, as of others.
    pub const FAILED_AGAIN: Self = Self(1 << 9);
    /// [`Note::Starting`].
    pub const STARTING: Self = Self(1 << 10);
    /// [`Note::ClassesForgotten`].
    pub const CLASSES_FORGOTTEN: Self = Self(1 << 11);
    /// All of them but [`NoteKinds::FAILED_AGAIN`], without which all is told as well.
    pub const ALL: Self = Self(((1 << Self::COUNT) - 1) & !Self::FAILED_AGAIN.0);

    /// The kinds that are not changes come first.
    const OTHERS: usize = 12;
    const COUNT: usize = Self::OTHERS + Interest::KINDS;

    /// The changes among them.
    const fn of_changes(self) -> Interest {
        Interest::numbered((self.0 >> Self::OTHERS) as u16)
    }

    /// These kinds of changes: [`Note::Change`].
    pub const fn changes(of: Interest) -> Self {
        let mut kinds = 0;
        let mut kind = 0;
        while kind < Interest::KINDS {
            kinds |= (of.contains(kind) as u32) << (Self::OTHERS + kind);
            kind += 1;
        }
        Self(kinds)
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this is one of them.
    pub const fn covers(self, note: &Note<'_>) -> bool {
        match note {
            Note::Change(change) => self.of_changes().covers(*change),
            other => self.0 & (1 << Self::number(other)) != 0,
        }
    }

    /// The number of a kind that is no change; changes have [topics](Topic).
    #[inline]
    const fn number(note: &Note<'_>) -> usize {
        let kind = match note {
            Note::Change(_) => Self::NONE,
            Note::Refused { .. } => Self::REFUSED,
            Note::SchedulingAttempt { .. } => Self::ATTEMPTS,
            Note::Inspected { .. } => Self::INSPECTED,
            Note::QueueMoves { .. } => Self::QUEUE_MOVES,
            Note::Preempting { .. } => Self::PREEMPTING,
            Note::Scheduled { .. } => Self::SCHEDULED,
            Note::FailedScheduling { .. } => Self::FAILED,
            Note::Event { .. } => Self::EVENTS,
            Note::LeftQueue { .. } => Self::LEFT_QUEUE,
            Note::FailedAgain(_) => Self::FAILED_AGAIN,
            Note::Starting { .. } => Self::STARTING,
            Note::ClassesForgotten(_) => Self::CLASSES_FORGOTTEN,
        };
        kind.0.trailing_zeros() as usize
    }
}

/// Where notes go.
pub(crate) trait Notes {
    /// Tells everyone.
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster);
}

/// The observers of one run, with the times of their next samples.
pub(crate) struct Observers<'o, 'b> {
    all: &'o mut [&'b mut dyn Observer],
    /// Which of them are told of each kind of note that is no change, and of each change.
    told: [Vec<Told>; NoteKinds::OTHERS],
    told_of_changes: Hearers<Told>,
    /// Which of them are told of each attempt that repeats a failure.
    follow: Vec<Told>,
    next_sample: Vec<SimTime>,
    /// The first of the next samples.
    earliest: SimTime,
}

/// An observer that is told of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told {
    observer: u16,
    /// As what its time counts.
    phase: Phase,
}

impl<'o, 'b> Observers<'o, 'b> {
    pub(crate) fn new(observers: &'o mut [&'b mut dyn Observer]) -> Self {
        let next_sample: Vec<SimTime> = observers
            .iter()
            .map(|o| o.sampling_interval().filter(|span| *span > Span::ZERO).map_or(SimTime::MAX, |_| SimTime::ZERO))
            .collect();
        let earliest = next_sample.iter().copied().min().unwrap_or(SimTime::MAX);
        let all = || {
            observers
                .iter()
                .enumerate()
                .map(|(index, observer)| (Told { observer: index as u16, phase: observer.phase() }, &**observer))
        };
        let told = std::array::from_fn(|kind| {
            all().filter(|(_, observer)| observer.interest().0 & (1 << kind) != 0).map(|(told, _)| told).collect()
        });
        let mut told_of_changes = Hearers::default();
        for (told, observer) in all() {
            told_of_changes.add(told, observer.interest().of_changes(), |traits| observer.interest_in(traits));
        }
        let follows = |(_, observer): &(Told, &dyn Observer)| {
            let changes = NoteKinds::changes(Interest::POD_UNSCHEDULABLE);
            let each = NoteKinds::ATTEMPTS.and(NoteKinds::FAILED).and(changes);
            let interest = observer.interest();
            interest.0 & NoteKinds::FAILED_AGAIN.0 == 0 && interest.0 & each.0 != 0
        };
        let follow = all().filter(follows).map(|(told, _)| told).collect();
        Self { all: observers, told, told_of_changes, follow, next_sample, earliest }
    }

    /// Tells everyone who asked of a change, which is about this.
    pub(crate) fn changed(&mut self, change: Change, topic: Topic, cluster: &Cluster) {
        let told = self.told_of_changes.of(topic);
        if !told.is_empty() {
            let before = cluster.phases.enter(Phase::Observers);
            tell(self.all, told, &Note::Change(change), cluster);
            cluster.phases.leave(before);
        }
    }

    /// Gives everyone the samples of the instants before `now`: a sample shows what all events of its instant have done.
    pub(crate) fn sample_until(&mut self, now: SimTime, cluster: &Cluster) {
        if now <= self.earliest {
            return;
        }
        for (observer, next) in self.all.iter_mut().zip(&mut self.next_sample) {
            while *next < now && *next < SimTime::MAX {
                let before = cluster.phases.enter(Phase::Observers);
                observer.sample(*next, cluster);
                cluster.phases.leave(before);
                *next += observer.sampling_interval().unwrap_or(Span::MAX);
            }
        }
        self.earliest = self.next_sample.iter().copied().min().unwrap_or(SimTime::MAX);
    }

    pub(crate) fn sample_end(&mut self, now: SimTime, cluster: &Cluster) {
        for observer in self.all.iter_mut().filter(|o| o.sampling_interval().is_some()) {
            observer.sample(now, cluster);
        }
    }

    pub(crate) fn progress(&mut self, now: SimTime, events: u64) {
        for observer in &mut *self.all {
            observer.progress(now, events);
        }
    }
}

impl Notes for Observers<'_, '_> {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::Change(change) = note {
            return self.changed(*change, cluster.topic(*change), cluster);
        }
        let before = cluster.phases.enter(Phase::Observers);
        if let Note::FailedAgain(again) = note
            && !self.follow.is_empty()
        {
            self.follow(again, cluster);
        }
        tell(self.all, &self.told[NoteKinds::number(note)], note, cluster);
        cluster.phases.leave(before);
    }
}

impl Observers<'_, '_> {
    /// Tells those who are not told of repeated failures together of each by itself.
    fn follow(&mut self, again: &FailedAgain<'_>, cluster: &Cluster) {
        let Self { all: observers, told, told_of_changes, follow, .. } = self;
        again.tell_each(|note| {
            let told = match note {
                Note::Change(change) => told_of_changes.of(cluster.topic(*change)),
                _ => &told[NoteKinds::number(note)],
            };
            let told: SmallVec<[Told; 8]> = told.iter().copied().filter(|told| follow.contains(told)).collect();
            tell(observers, &told, note, cluster);
        });
    }
}

/// Tells some of the observers.
#[inline]
fn tell(observers: &mut [&mut dyn Observer], told: &[Told], note: &Note<'_>, cluster: &Cluster) {
    for &Told { observer, phase } in told {
        let observer = &mut observers[usize::from(observer)];
        if phase == Phase::Observers {
            observer.note(note, cluster);
        } else {
            cluster.phases.enter(phase);
            observer.note(note, cluster);
            cluster.phases.enter(Phase::Observers);
        }
    }
}
