//! Groups of nodes that normalised scores and keys treat alike: within one, the node of the highest sum of all other scores is
//! the best.

use super::bits::{self, BLOCK, cover, nth};
use super::specs::MAX_GROUPS;
use super::sums::{Found, Sums};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::ops::Range;

/// What makes nodes alike: the number of what their specification says, then what the pods on them do.
pub(super) type GroupKey = SmallVec<[u64; 4]>;

/// The groups of one view.
#[derive(Debug, Default)]
pub(super) struct Groups {
    pub(super) list: Vec<Group>,
    ids: FxHashMap<GroupKey, u16>,
    /// The groups of keys that are one number, by that number; [`NONE`] where there is none.
    of_spec: Vec<u16>,
}

/// No group.
const NONE: u16 = u16::MAX;

/// The feasible nodes of one group, and the best of them in each block of positions.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: GroupKey,
    pub(super) members: Vec<u64>,
    /// How many members there are.
    pub(super) size: u32,
    /// The highest sum in each block; negative without a member.
    best: Vec<i32>,
    /// How many members of the block have it.
    ties: Vec<u8>,
}

/// What a scan has seen of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The highest sum; negative without a member.
    pub(super) best: i32,
    /// How many members have it.
    pub(super) ties: u32,
    /// How many members there are.
    pub(super) size: u32,
}

impl Seen {
    /// So many other members have this sum.
    #[inline]
    fn meet(&mut self, best: i32, ties: u32) {
        // Which of them is higher nobody can foresee: so no branch depends on it.
        let (kept, added) = (u32::from(best <= self.best), u32::from(best >= self.best));
        self.ties = self.ties * kept + ties * added;
        self.best = self.best.max(best);
    }
}

impl Groups {
    /// The group of this key, made if it is new. Of far more groups than anybody wants, which nobody will look at, the first takes
    /// what comes.
    pub(super) fn intern(&mut self, key: &GroupKey, positions: usize) -> u16 {
        if let Some(&id) = self.ids.get(key) {
            return id;
        }
        if self.list.len() > 2 * MAX_GROUPS {
            return 0;
        }
        let id = self.list.len() as u16;
        self.ids.insert(key.clone(), id);
        self.list.push(Group::new(key.clone(), positions));
        id
    }

    /// The group of nodes that nothing but this number makes alike.
    #[inline]
    pub(super) fn of_spec(&mut self, spec: u16, positions: usize) -> u16 {
        match self.of_spec.get(usize::from(spec)) {
            Some(&group) if group != NONE => group,
            _ => {
                let group = self.intern(&GroupKey::from_slice(&[u64::from(spec)]), positions);
                if self.of_spec.len() <= usize::from(spec) {
                    self.of_spec.resize(usize::from(spec) + 1, NONE);
                }
                self.of_spec[usize::from(spec)] = group;
                group
            }
        }
    }

    /// The number of groups.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.ids.clear();
        self.of_spec.clear();
    }
}

impl Group {
    fn new(key: GroupKey, positions: usize) -> Self {
        let blocks = bits::blocks(positions);
        Self { key, members: vec![0; blocks], size: 0, best: vec![-1; blocks], ties: vec![0; blocks] }
    }

    /// All feasible nodes of a block are members, and this is what there is.
    #[inline]
    pub(super) fn renew(&mut self, block: usize, found: &Found) {
        self.size = self.size + found.fitting.count_ones() - self.members[block].count_ones();
        self.members[block] = found.fitting;
        (self.best[block], self.ties[block]) = (found.best, found.ties);
    }

    /// A node joins with this sum.
    #[inline]
    pub(super) fn join(&mut self, (block, bit): (usize, u64), sum: i32) {
        self.size += 1;
        self.members[block] |= bit;
        self.alter(block, -1, sum);
    }

    /// A member leaves, which had this sum. Whether [`Group::summarize`] has to follow.
    #[inline]
    #[must_use]
    pub(super) fn leave(&mut self, (block, bit): (usize, u64), sum: i32) -> bool {
        self.size -= 1;
        self.members[block] &= !bit;
        self.alter(block, sum, -1)
    }

    /// A member has another sum than before; a negative one for a node that is none. Whether the best of the block has to be looked
    /// for, because none that had the highest sum is left.
    #[inline]
    pub(super) fn alter(&mut self, block: usize, before: i32, now: i32) -> bool {
        let (best, ties) = (&mut self.best[block], &mut self.ties[block]);
        if now > *best {
            (*best, *ties) = (now, 1);
        } else if now != before {
            if before == *best {
                *ties -= 1;
                return *ties == 0;
            }
            *ties += u8::from(now == *best);
        }
        false
    }

    /// Finds the best of a block anew, from the sums of all positions (negative where a node is not feasible).
    #[inline]
    pub(super) fn summarize(&mut self, block: usize, sums: &Sums, feasible: u64) {
        let members = self.members[block];
        if members == feasible {
            // All that count: no need to look who they are.
            (self.best[block], self.ties[block]) = sums.best(block);
            return;
        }
        let best = sums.best_among(block, members);
        let ties = (sums.equal(block, best) & members).count_ones() as u8;
        (self.best[block], self.ties[block]) = (best, ties);
    }

    /// What there is in some parts of blocks.
    pub(super) fn seen_in(&self, parts: &[(usize, u64)], sums: &Sums) -> Seen {
        let mut seen = Seen { best: -1, ties: 0, size: 0 };
        let mut cuts: SmallVec<[(usize, u64); 4]> = SmallVec::new();
        for &(block, mask) in parts {
            let members = self.members[block] & mask;
            seen.size += members.count_ones();
            if members == self.members[block] {
                seen.meet(self.best[block], self.ties[block].into());
            } else if members != 0 {
                cuts.push((block, members));
            }
        }
        for (block, members) in cuts {
            // A part that has no chance is not looked at.
            if self.best[block] >= seen.best {
                let best = sums.best_among(block, members);
                seen.meet(best, (sums.equal(block, best) & members).count_ones());
            }
        }
        seen
    }

    /// The highest sum of all members; negative without any.
    pub(super) fn best_of_all(&self) -> i32 {
        self.best.iter().fold(-1, |best, of_block| best.max(*of_block))
    }

    /// How many of all members have this sum, the highest of all.
    pub(super) fn count_all(&self, sum: i32) -> u32 {
        let of_blocks = self.best.iter().zip(&self.ties);
        of_blocks.map(|(best, ties)| if *best == sum { u32::from(*ties) } else { 0 }).sum()
    }

    /// How many members in a part of a block have this sum, at most the highest of all.
    #[inline]
    pub(super) fn count(&self, (block, mask): (usize, u64), sum: i32, sums: &Sums) -> u32 {
        if self.best[block] < sum {
            0
        } else if self.members[block] & !mask == 0 && self.best[block] == sum {
            u32::from(self.ties[block])
        } else {
            self.with(block, mask, sum, sums).count_ones()
        }
    }

    /// Of the members in a range of positions that have this sum, the highest of all, the position of the one of this index; else less
    /// the number of those in the range.
    pub(super) fn nth_of(&self, range: Range<usize>, sum: i32, index: u32, sums: &Sums) -> Result<usize, u32> {
        let mut left = index;
        let part = |(block, mask): (usize, u64), left: &mut u32| {
            let found = self.with(block, mask, sum, sums);
            let here = found.count_ones();
            if here > *left {
                return Some(block * BLOCK + nth(found, *left));
            }
            *left -= here;
            None
        };
        let whole = range.start.div_ceil(BLOCK)..range.end / BLOCK;
        if whole.is_empty() {
            return cover(range).find_map(|cut| part(cut, &mut left)).ok_or(left);
        }
        let [before, behind] = [range.start..whole.start * BLOCK, whole.end * BLOCK..range.end];
        if let Some(position) = cover(before).find_map(|cut| part(cut, &mut left)) {
            return Ok(position);
        }
        // Which blocks have the sum nobody can foresee: so no branch depends on it.
        for (block, (best, ties)) in whole.clone().zip(self.best[whole.clone()].iter().zip(&self.ties[whole])) {
            let here = u32::from(*ties) * u32::from(*best == sum);
            if here > left {
                return Ok(block * BLOCK + nth(self.with(block, !0, sum, sums), left));
            }
            left -= here;
        }
        cover(behind).find_map(|cut| part(cut, &mut left)).ok_or(left)
    }

    /// Which members in a part of a block have this sum.
    pub(super) fn with(&self, block: usize, mask: u64, sum: i32, sums: &Sums) -> u64 {
        if self.best[block] < sum {
            return 0;
        }
        sums.equal(block, sum) & self.members[block] & mask
    }
}
