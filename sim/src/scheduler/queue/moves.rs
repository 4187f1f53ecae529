//! What came into which pool of the queue.

use super::Pool;
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
    pods: Range<usize>,
}

impl Move {
    /// How many pods it was.
    pub fn count(&self) -> u64 {
        self.pods.len() as u64
    }
}

/// Moves in the order in which they happened.
#[derive(Debug, Default)]
pub struct Moves {
    moves: Vec<Move>,
    pods: Vec<PodId>,
}

impl Moves {
    /// The moves, without the pods.
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// The moves of single pods.
    pub fn each(&self) -> impl Iterator<Item = (PodId, &Move)> + '_ {
        self.moves.iter().flat_map(|one| self.pods[one.pods.clone()].iter().map(move |pod| (*pod, one)))
    }

    /// The first pod.
    pub(crate) fn first(&self) -> Option<PodId> {
        self.pods.first().copied()
    }

    pub(crate) fn add(&mut self, pods: impl Iterator<Item = PodId>, from: Option<Pool>, to: Pool, cause: EventLabel) {
        let start = self.pods.len();
        self.pods.extend(pods);
        self.moves.push(Move { from, to, cause, pods: start..self.pods.len() });
    }

    pub(crate) fn clear(&mut self) {
        self.moves.clear();
        self.pods.clear();
    }
}
