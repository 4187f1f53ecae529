//! What the index finds, as those see it who choose among several best nodes.

use super::board::Board;
use super::positions::Positions;
use super::ranking::Ranking;
use super::survey::Survey;
use super::sweep::Sweep;
use super::view::View;
use super::walk::Walk;
use crate::model::NodeId;
use crate::scheduler::evaluate::Selected;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::tie_break::{Choice, Ties};

/// What the index finds.
pub(in crate::scheduler) struct Answer<'a> {
    /// How many nodes were looked at.
    pub(in crate::scheduler) examined: u32,
    /// How many of them are feasible.
    pub(in crate::scheduler) feasible: u32,
    /// Why none is.
    pub(in crate::scheduler) error: Option<Box<FitError>>,
    pub(super) positions: &'a Positions,
    pub(super) place: Searched<'a>,
}

/// Where nodes were looked for, and what was found.
pub(super) enum Searched<'a> {
    View(&'a View, &'a Walk, &'a Ranking),
    /// With what normalised scores add to each sum.
    Board(&'a Board, &'a Survey, i64),
    /// With the same.
    Sweep(&'a Sweep, i64),
}

impl Answer<'_> {
    /// The node that is chosen, and how far the start of the next scan moves on.
    #[inline]
    pub(in crate::scheduler) fn select(self, choice: Choice<'_>) -> (Selected, u32) {
        let node = if self.error.is_some() { None } else { Some(choice.of(&self)) };
        let (ties, best) = (if self.error.is_some() { 0 } else { self.count() }, self.best());
        let Answer { examined, feasible, error, .. } = self;
        let lasts = error.is_some();
        (Selected { node, feasible, best, ties, examined, error, lasts }, examined)
    }

    /// The highest total; `None` where at most one node is feasible, because nothing is scored then.
    pub(in crate::scheduler) fn best(&self) -> Option<i64> {
        (self.feasible > 1).then(|| match self.place {
            Searched::View(_, _, ranking) => ranking.best,
            Searched::Board(_, survey, added) => i64::from(survey.best) + added,
            Searched::Sweep(sweep, added) => sweep.best() + added,
        })
    }

    /// The total of a node among the feasible ones; `None` if it is not one of them.
    pub(in crate::scheduler) fn total(&self, id: NodeId) -> Option<i64> {
        let position = self.positions.of(id)?;
        match self.place {
            Searched::View(view, _, ranking) => self.is_feasible(position).then(|| ranking.total(position, view)),
            Searched::Board(board, survey, added) => {
                self.is_feasible(position).then(|| survey.sum(position, board) + added)
            }
            Searched::Sweep(sweep, added) => sweep.sum(position).map(|sum| sum + added),
        }
    }

    /// A node that is feasible to the index and not among these.
    pub(in crate::scheduler) fn stray(&self, others: &[NodeId]) -> Option<NodeId> {
        let ids = self.positions.ids().iter().enumerate();
        ids.filter(|(position, _)| self.is_feasible(*position)).map(|(_, id)| *id).find(|id| !others.contains(id))
    }

    fn is_feasible(&self, position: usize) -> bool {
        match self.place {
            Searched::View(view, ..) => view.is_feasible(position),
            Searched::Board(board, survey, _) => survey.sum(position, board) >= 0,
            Searched::Sweep(sweep, _) => sweep.sum(position).is_some(),
        }
    }

    fn node(&self, position: usize) -> NodeId {
        self.positions.ids()[position]
    }
}

impl Ties for Answer<'_> {
    fn count(&self) -> u32 {
        match self.place {
            _ if self.feasible <= 1 => self.feasible,
            Searched::View(_, _, ranking) => ranking.ties,
            Searched::Board(_, survey, _) => survey.ties,
            Searched::Sweep(sweep, _) => sweep.ties,
        }
    }

    fn nth(&self, index: u32) -> NodeId {
        self.node(match self.place {
            Searched::View(view, walk, _) if self.feasible == 1 => walk.only(view),
            Searched::View(view, walk, ranking) => ranking.tie(index, view, walk),
            Searched::Board(board, survey, _) => survey.tie(index, board),
            Searched::Sweep(sweep, _) => sweep.tie(index),
        })
    }

    fn all(&self) -> Vec<NodeId> {
        match self.place {
            _ if self.feasible == 1 => vec![self.nth(0)],
            Searched::View(view, walk, ranking) => {
                ranking.all(view, walk).map(|position| self.node(position)).collect()
            }
            Searched::Board(board, survey, _) => survey.all(board).map(|position| self.node(position)).collect(),
            Searched::Sweep(sweep, _) => sweep.all().map(|position| self.node(position)).collect(),
        }
    }

    fn top_of_heap(&self) -> NodeId {
        self.node(match self.place {
            Searched::View(view, walk, _) if self.feasible == 1 => walk.only(view),
            Searched::View(view, walk, ranking) => ranking.top_of_heap(view, walk),
            Searched::Board(board, survey, _) => survey.top_of_heap(board),
            Searched::Sweep(sweep, _) => sweep.top_of_heap(),
        })
    }
}
