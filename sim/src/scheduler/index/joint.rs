//! What judges nodes for all classes that are judged in one way, and what it has to know of one of them: so that what a decision reads of its
//! class is together in few cache lines.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::bits;
use super::plan::{Judges, Plan, Signature};
use super::share_columns::Brought;
use crate::scheduler::lasting::lanes::{self, LaneWork, Lanes};
use crate::scheduler::lasting::{Asks, ClassFilter, ClassScore, LANES, Totals};
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
    scores: Vec<(i16, Rc<dyn ClassScore>)>,
    same: i16,
    /// Whether all scores do with parts of what nodes have: then the pods have room where they fit.
    by_shares: bool,
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
        let Judges { filters, scores, same } = judges;
        let room_is_asked_for = filters.iter().any(|(_, across)| across.judge.room(&across.asks).is_some());
        let by_shares = room_is_asked_for && scores.iter().all(|(.., across)| across.judge.by_shares().is_some());
        Self {
            filters: filters.into_iter().map(|(_, across)| across.judge).collect(),
            scores: scores.into_iter().map(|(_, weight, across)| (weight as i16, across.judge)).collect(),
            same: same as i16,
            by_shares,
        }
    }
}

impl Joint {
    /// Judges the nodes of these blocks, whose amounts are exact: the bits of those that fit, and the sums of scores, whole numbers from 0
    /// to [`i16::MAX`]. The sum of a node that does not fit may be any.
    pub(super) fn judge(
        &self,
        brought: &mut Brought<'_>,
        fits: &mut [u64],
        sums: &mut [Totals],
        scratch: &mut [Lanes],
    ) {
        let Shared { filters, scores, same, by_shares } = &*self.shared;
        let (of_filters, of_scores) = self.asks.split_at(filters.len());
        fits.fill(!0);
        for (filter, asks) in filters.iter().zip(of_filters) {
            let room = filter.room(asks);
            if room.is_some_and(|room| brought.all_have_room(&room)) {
                continue;
            }
            for (index, fits) in fits.iter_mut().enumerate() {
                if room.is_none_or(|room| !brought.has_room(index, &room)) {
                    let mut lanes = [[true; LANES]];
                    filter.narrow_nodes(&brought.loads[index..=index], asks, &mut lanes);
                    *fits &= bits::bits_of(&lanes[0]);
                }
            }
        }
        if let Some(shares) = brought.shares().filter(|_| *by_shares) {
            lanes::run(Fill { sums, same: *same });
            for ((weight, score), asks) in scores.iter().zip(of_scores) {
                score.by_shares().expect("all have it").add(shares, asks, *weight, sums);
            }
            return;
        }
        scratch.fill([f64::from(*same); LANES]);
        for ((weight, score), asks) in scores.iter().zip(of_scores) {
            score.add_nodes(brought.loads, asks, f64::from(*weight), scratch);
        }
        lanes::run(ToSums { totals: scratch, sums });
    }
}

/// Sets all sums. What is read as a whole just after had better not be written in parts.
struct Fill<'a> {
    sums: &'a mut [Totals],
    same: i16,
}

impl LaneWork for Fill<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for sums in self.sums {
            *sums = Totals([self.same; LANES]);
        }
    }
}

/// Makes sums of totals that are in range.
struct ToSums<'a> {
    totals: &'a [Lanes],
    sums: &'a mut [Totals],
}

impl LaneWork for ToSums<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (sums, totals) in self.sums.iter_mut().zip(self.totals) {
            for (sum, total) in sums.0.iter_mut().zip(totals) {
                *sum = lanes::low_bits(*total) as i16;
            }
        }
    }
}
