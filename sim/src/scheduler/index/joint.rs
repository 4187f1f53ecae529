//! What judges nodes for all classes that are judged in one way, and what it has to know of one of them: so that what a decision reads of its
//! class is together in few cache lines.

use super::plan::{Judges, Plan, Signature};
use crate::scheduler::lasting::lanes::Lanes;
use crate::scheduler::lasting::{Asks, ClassFilter, ClassScore, LANES, LoadBlock};
use smallvec::SmallVec;
use std::rc::Rc;

/// The most ways that are known: classes that are judged in yet another one keep their own judges.
const MAX_WAYS: usize = 16;

/// The ways in which classes are judged, by profile.
#[derive(Default)]
pub(super) struct Ways(Vec<(u8, Signature, Rc<Shared>)>);

/// A class that is judged in one of these ways.
pub(super) struct Joint {
    shared: Rc<Shared>,
    /// First those of the filters, then those of the scores.
    asks: SmallVec<[Asks; 3]>,
}

/// What judges nodes for any class.
struct Shared {
    filters: Vec<Rc<dyn ClassFilter>>,
    scores: Vec<(f64, Rc<dyn ClassScore>)>,
    same: f64,
}

impl Ways {
    /// The way in which a class is judged; `None` if it has to be asked about alone.
    pub(super) fn of(&mut self, profile: u8, plan: &Plan) -> Option<Joint> {
        let judges = plan.across()?;
        let (signature, asks) = (judges.signature(), judges.asks().collect());
        let known = self.0.iter().find(|(of, other, _)| (*of, other) == (profile, &signature));
        if let Some((.., shared)) = known {
            return Some(Joint { shared: Rc::clone(shared), asks });
        }
        if self.0.len() == MAX_WAYS {
            return None;
        }
        let shared = Rc::new(Shared::new(judges));
        self.0.push((profile, signature, Rc::clone(&shared)));
        Some(Joint { shared, asks })
    }
}

impl Shared {
    fn new(judges: Judges) -> Self {
        Self {
            filters: judges.filters.into_iter().map(|(_, across)| across.judge).collect(),
            scores: judges.scores.into_iter().map(|(_, weight, across)| (weight as f64, across.judge)).collect(),
            same: judges.same as f64,
        }
    }
}

impl Joint {
    /// The sums of scores of the nodes of these blocks, whose amounts are exact: whole numbers from 0 to [`i16::MAX`], or
    /// [`REFUSED`](crate::scheduler::lasting::REFUSED). There is one list of lanes for each block.
    pub(super) fn judge(&self, blocks: &[LoadBlock], totals: &mut [Lanes]) {
        let Shared { filters, scores, same } = &*self.shared;
        let (of_filters, of_scores) = self.asks.split_at(filters.len());
        let mut of_filters = filters.iter().zip(of_filters);
        match of_filters.next() {
            Some((filter, asks)) => filter.begin(blocks, asks, *same, totals),
            None => totals.fill([*same; LANES]),
        }
        for (filter, asks) in of_filters {
            filter.refuse(blocks, asks, totals);
        }
        for ((weight, score), asks) in scores.iter().zip(of_scores) {
            score.add_nodes(blocks, asks, *weight, totals);
        }
    }
}
