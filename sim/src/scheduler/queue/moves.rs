//! What came into which pool of the queue.

use super::cohort::CohortId;
use super::{Pool, SchedulingQueue};
use crate::model::PodId;
use crate::scheduler::events::EventLabel;
use std::ops::Range;

/// Pods that came from one pool into another, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where they were; `None` if they are new or were being tried.
    pub from: Option<Pool>,
    /// Where they are.
    pub to: Pool,
    /// Why.
    pub cause: EventLabel,
    count: u64,
    first: PodId,
    pods: Pods,
}

/// Who moved.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pods {
    /// These of the list.
    Listed(Range<usize>),
    /// All of a cohort, which has the same pods still.
    Cohort(CohortId),
}

impl Move {
    /// How many pods it was.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// Moves in the order in which they happened.
#[derive(Clone, Copy, Debug)]
pub struct Moves<'a> {
    log: &'a MoveLog,
    /// Where cohorts are looked up.
    queue: Option<&'a SchedulingQueue>,
}

impl<'a> Moves<'a> {
    /// Moves of pods that are all listed.
    pub(crate) fn listed(log: &'a MoveLog) -> Self {
        Self { log, queue: None }
    }

    /// The moves, without the pods.
    pub fn moves(&self) -> &'a [Move] {
        &self.log.moves
    }

    /// The moves of single pods. It looks up each of them.
    pub fn each(&self) -> impl Iterator<Item = (PodId, &'a Move)> {
        let Self { log, queue } = *self;
        log.moves.iter().flat_map(move |one| {
            let (listed, cohort) = match &one.pods {
                Pods::Listed(range) => (&log.pods[range.clone()], None),
                Pods::Cohort(id) => (&[][..], queue.map(|queue| queue.pods_in(*id))),
            };
            listed.iter().copied().chain(cohort.into_iter().flatten()).map(move |pod| (pod, one))
        })
    }
}

/// Moves that have not been told.
#[derive(Debug, Default)]
pub(crate) struct MoveLog {
    moves: Vec<Move>,
    pods: Vec<PodId>,
}

impl MoveLog {
    /// The first pod.
    pub(crate) fn first(&self) -> Option<PodId> {
        self.moves.first().map(|one| one.first)
    }

    /// A pod moved.
    pub(crate) fn add(&mut self, pod: PodId, from: Option<Pool>, to: Pool, cause: EventLabel) {
        let start = self.pods.len();
        self.pods.push(pod);
        self.moves.push(Move { from, to, cause, count: 1, first: pod, pods: Pods::Listed(start..start + 1) });
    }
}

impl SchedulingQueue {
    /// What came into which pool and has not been told.
    pub(in crate::scheduler) fn moves(&self) -> Option<(PodId, Moves<'_>)> {
        let first = self.moves.first()?;
        Some((first, Moves { log: &self.moves, queue: Some(self) }))
    }

    /// The moves have been told.
    pub(in crate::scheduler) fn forget_moves(&mut self) {
        let Self { moves: MoveLog { moves, pods }, cohorts, .. } = self;
        for one in moves.drain(..) {
            if let Pods::Cohort(id) = one.pods {
                cohorts[id].is_told = true;
            }
        }
        pods.clear();
    }

    /// All pods of a cohort moved.
    pub(super) fn note_move(&mut self, id: CohortId, from: Option<Pool>, to: Pool, cause: EventLabel) {
        let cohort = &mut self.cohorts[id];
        let Some(front) = cohort.front() else { return };
        cohort.is_told = false;
        let (count, first) = (cohort.len() as u64, self.pods[front.entry].pod);
        self.moves.moves.push(Move { from, to, cause, count, first, pods: Pods::Cohort(id) });
    }

    /// Before a cohort has other pods than those that moved: they are listed, if nobody has been told of them.
    pub(super) fn list_moves(&mut self, id: CohortId) {
        if std::mem::replace(&mut self.cohorts[id].is_told, true) {
            return;
        }
        let Self { moves: MoveLog { moves, pods }, cohorts, pods: table, .. } = self;
        let start = pods.len();
        pods.extend(cohorts[id].members().map(|member| table[member.entry].pod));
        for one in moves.iter_mut().filter(|one| one.pods == Pods::Cohort(id)) {
            one.pods = Pods::Listed(start..pods.len());
        }
    }

    /// The pods of a cohort, in their order.
    fn pods_in(&self, id: CohortId) -> impl Iterator<Item = PodId> {
        self.cohorts[id].members().map(|member| self.pods[member.entry].pod)
    }
}
