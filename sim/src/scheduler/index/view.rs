//! What is kept of one class of pods: for each position the verdict or the sum of scores, and what has to be looked at anew.

use super::bits::{self, BLOCK, cover, ones, place};
use super::groups::Groups;
use super::joint::Joint;
use super::plan::Plan;
use super::positions::Positions;
use super::refresh::{Key, Sources};
use super::seats::{Pace, Seat};
use super::sums::{Found, Judged, Sums};
use crate::cluster::Nodes;
use crate::model::node::Node;
use crate::prefetch::prefetch_bytes;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::verdicts::{VerdictId, Verdicts};
use smallvec::SmallVec;
use std::mem::offset_of;
use std::ops::Range;

/// A view of the nodes through the eyes of one class. What every decision reads comes first, in few cache lines: it is in no near one
/// when there are many classes.
#[derive(Default)]
#[repr(C)]
pub(super) struct View {
    /// When it was last found that the plan holds, by [`Ground`](super::plan::Ground); 0 if it has not been asked.
    pub(super) holds: u64,
    /// When it was last asked, in attempts.
    pub(super) last_used: u64,
    /// Which [`Specs`] it shares.
    pub(super) specs: usize,
    /// How often it is asked, and its place on a board.
    pub(super) pace: Pace,
    pub(super) seat: Option<Seat>,
    /// How many bytes have been counted for it.
    pub(super) counted: usize,
    /// The visiting order that positions are of; `None` if nothing is known of any node.
    order: Option<u64>,
    /// Whether it met something that no view can hold: a sum out of range, a filter that contradicts itself, too many groups.
    pub(super) defeated: bool,
    /// Whether keys mean something else than before.
    pub(super) is_renewed: bool,
    /// Whether a node's group depends on more than its specification.
    pub(super) is_grouped: bool,
    /// Why the last attempt failed, and what the cluster was then.
    pub(super) failure: Option<Box<LastFailure>>,
    pub(super) joint: Option<Joint>,
    pub(super) plan: Plan,
    /// For each position the sum of the scores that are not normalised; a negative number if the node is refused: the number of the
    /// verdict and one, or [`UNASKED`].
    sums: Sums,
    /// The group of each feasible node; empty as long as there is only one group.
    group_of: Vec<u16>,
    feasible: Vec<u64>,
    /// The nodes that have changed and have not been looked at since.
    dirty: Vec<u64>,
    /// The nodes that were taken out for one cycle.
    excluded: Vec<usize>,
    /// The blocks in which `dirty` has any bit, 64 to a word.
    dirty_blocks: Vec<u64>,
    pub(super) groups: Groups,
    /// Up to where the log of changes of nodes has been noted in `dirty`, and when that was.
    read: u64,
    seen: u32,
    /// When the changes of each block were noted, if that was later.
    block_seen: Vec<u32>,
}

/// Why an attempt failed.
pub(super) struct LastFailure {
    /// What the cluster was then.
    pub(super) moment: Moment,
    /// The verdicts with how many nodes each was on, by their numbers.
    pub(super) refusals: Refusals,
    pub(super) error: FitError,
}

/// Verdicts, each with a number of nodes.
pub(super) type Refusals = SmallVec<[(VerdictId, u32); 8]>;

/// The versions of the cluster, of the placements, of the nominations, and, where keys decide, of the objects.
pub(super) type Moment = [u64; 4];

/// A node is refused, and it was not asked why.
pub(super) const UNASKED: i32 = -1;

/// To read so many changes from the log costs about as much as to ask a block which of its nodes have changed.
const CHANGES_LIKE_A_BLOCK: u64 = 16;

/// The group of all nodes of a view in which no group has been told from another.
pub(super) const ONLY: u16 = 0;

impl View {
    /// Asks for the memory of what every decision reads.
    pub(super) fn read_ahead(&self) {
        prefetch_bytes(self, offset_of!(Self, sums));
    }

    /// Begins anew with other answers of the plugins.
    pub(super) fn restart(&mut self, plan: Plan, specs: usize) {
        self.is_grouped = plan.groups_by_pods();
        (self.plan, self.specs, self.joint, self.holds) = (plan, specs, None, 0);
        self.order = None;
        self.failure = None;
        (self.seat, self.pace) = (None, Pace::default());
        self.defeated = false;
    }

    /// The sums of all nodes as they are now, if they are small and there is one group.
    pub(super) fn sums_of_all(&mut self, sources: &mut Sources<'_>) -> Option<&Sums> {
        self.follow(sources.positions, sources.nodes);
        self.refresh(0..bits::blocks(sources.positions.len()), sources);
        let is_plain = !self.defeated && self.groups.len() == 1 && self.sums.width() == size_of::<i16>();
        is_plain.then_some(&self.sums)
    }

    /// Gives back the memory for nodes, of which nothing is known then.
    pub(super) fn release(&mut self) {
        if self.order.is_none() && self.counted <= Self::EMPTY {
            return;
        }
        let (plan, joint) = (std::mem::take(&mut self.plan), self.joint.take());
        let Self { holds, last_used, specs, pace, seat, counted, is_grouped, .. } = *self;
        *self = Self { holds, last_used, specs, pace, seat, counted, is_grouped, joint, plan, ..Self::default() };
    }

    /// The bytes of a view in which nothing is known of any node, about.
    pub(super) const EMPTY: usize = 512;

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let blocks = self.feasible.len();
        blocks * (BLOCK * self.sums.width() + 20 + 13 * self.groups.len()) + 2 * self.group_of.len() + Self::EMPTY
    }

    /// Follows the visiting order.
    pub(super) fn follow(&mut self, positions: &Positions, nodes: &Nodes) {
        if self.order != Some(positions.number()) {
            self.excluded.clear();
            self.order = Some(positions.number());
            self.forget(positions, nodes);
        }
        for position in std::mem::take(&mut self.excluded) {
            self.doubt(position);
        }
    }

    /// Notes which of the nodes in these blocks have changed. A few changes are read from the log; of many, those elsewhere are of no
    /// interest, and it is less work to ask the blocks.
    pub(super) fn note_changes(&mut self, blocks: Range<usize>, positions: &Positions, nodes: &Nodes) {
        let log = nodes.changes();
        let few = CHANGES_LIKE_A_BLOCK * blocks.len() as u64;
        if log.end() - self.read <= few
            && let Some(changes) = log.since(self.read)
        {
            changes.iter().filter_map(|id| positions.of(*id)).for_each(|position| self.doubt(position));
            (self.read, self.seen) = (log.end(), positions.clock(nodes));
            return;
        }
        for block in blocks {
            let seen = self.seen.max(self.block_seen[block]);
            let changed = positions.changed_since(block, seen);
            if changed != 0 {
                self.dirty[block] |= changed;
                let (word, bit) = place(block);
                self.dirty_blocks[word] |= bit;
            }
            self.block_seen[block] = positions.clock(nodes);
        }
    }

    /// Nothing is known of any node.
    pub(super) fn forget(&mut self, positions: &Positions, nodes: &Nodes) {
        self.failure = None;
        self.groups.clear();
        (self.read, self.seen) = (nodes.changes().end(), positions.clock(nodes));
        let blocks = bits::blocks(positions.len());
        self.block_seen.clear();
        self.block_seen.resize(blocks, 0);
        for (list, words) in
            [(&mut self.feasible, blocks), (&mut self.dirty, blocks), (&mut self.dirty_blocks, bits::blocks(blocks))]
        {
            list.clear();
            list.resize(words, 0);
        }
        self.sums.reset(blocks);
        self.group_of.clear();
        cover(0..positions.len()).for_each(|(block, mask)| self.dirty[block] = mask);
        cover(0..self.dirty.len()).for_each(|(word, mask)| self.dirty_blocks[word] = mask);
    }

    /// Notes that a node has to be looked at anew.
    #[inline]
    fn doubt(&mut self, position: usize) {
        let (block, bit) = place(position);
        self.dirty[block] |= bit;
        let (word, bit) = place(block);
        self.dirty_blocks[word] |= bit;
    }

    /// Enters what was found about all nodes of some blocks, in a view of one group.
    pub(super) fn enter_blocks(&mut self, first: usize, judged: &Judged<'_>, found: &mut [Found]) {
        self.defeated |= self.sums.enter(first, judged, found).is_none();
        let group = &mut self.groups.list[usize::from(ONLY)];
        for (block, found) in (first..).zip(found) {
            self.feasible[block] = found.fitting;
            group.renew(block, found);
        }
    }

    /// Enters what was found about a node, in a view of one group: the sum of its scores, or [`UNASKED`]. Whether the best of the
    /// block has to be looked for.
    #[inline]
    #[must_use]
    pub(super) fn enter_single(&mut self, position: usize, sum: i32) -> bool {
        let (block, bit) = place(position);
        let was_feasible = self.feasible[block] & bit != 0;
        let before = if was_feasible { self.sums.get(position) } else { -1 };
        self.sums.set(position, sum);
        let group = &mut self.groups.list[usize::from(ONLY)];
        if was_feasible == (sum >= 0) {
            return was_feasible && group.alter(block, before, sum);
        }
        self.feasible[block] ^= bit;
        if was_feasible {
            return group.leave((block, bit), before);
        }
        group.join((block, bit), sum);
        false
    }

    /// Enters what was found about a node: the sum of its scores, if it is feasible. `group` gives the key of its group, or the number
    /// of what its specification says where nothing else matters.
    pub(super) fn enter(
        &mut self,
        position: usize,
        sum: Option<i32>,
        group: Result<Key<'_>, u16>,
        positions: usize,
        stale: &mut Vec<(u16, u32)>,
    ) {
        let (block, bit) = place(position);
        let before = if self.feasible[block] & bit != 0 { self.sums.get(position) } else { -1 };
        let was_in = self.group_of(position) as u16;
        let Some(sum) = sum else {
            self.sums.set(position, UNASKED);
            if before >= 0 {
                self.feasible[block] &= !bit;
                if self.groups.list[usize::from(was_in)].leave((block, bit), before) {
                    stale.push((was_in, block as u32));
                }
            }
            return;
        };
        self.sums.set(position, sum);
        let group = match group {
            Err(spec) => self.groups.of_spec(spec, positions),
            Ok(key) if before >= 0 && key.is(&self.groups.list[usize::from(was_in)].key) => was_in,
            Ok(key) => self.groups.intern(&key.to_owned(), positions),
        };
        if before >= 0 && group == was_in {
            if self.groups.list[usize::from(group)].alter(block, before, sum) {
                stale.push((group, block as u32));
            }
            return;
        }
        if before >= 0 && self.groups.list[usize::from(was_in)].leave((block, bit), before) {
            stale.push((was_in, block as u32));
        }
        self.feasible[block] |= bit;
        self.put_in(group, position);
        self.groups.list[usize::from(group)].join((block, bit), sum);
    }

    /// The nodes of these blocks that have changed and were not looked at since, as parts of blocks. They are taken to be looked at now.
    pub(super) fn take_dirty(&mut self, blocks: Range<usize>, mut take: impl FnMut(usize, u64)) {
        // What was taken out for this cycle stays out, also if the log says only now that it had changed before.
        for &position in &self.excluded {
            let (block, bit) = place(position);
            self.dirty[block] &= !bit;
        }
        for (word, mask) in cover(blocks) {
            let within = self.dirty_blocks[word] & mask;
            self.dirty_blocks[word] &= !mask;
            for block in ones(within).map(|bit| word * BLOCK + bit) {
                let dirty = std::mem::take(&mut self.dirty[block]);
                if dirty != 0 {
                    take(block, dirty);
                }
            }
        }
    }

    /// Whether a node was taken out for this cycle.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.excluded.is_empty()
    }

    /// The sum of scores at a position; negative if the node is refused.
    #[inline]
    pub(super) fn sum(&self, position: usize) -> i32 {
        self.sums.get(position)
    }

    /// Finds the best of a block of a group anew.
    pub(super) fn summarize(&mut self, group: u16, block: usize) {
        self.groups.list[usize::from(group)].summarize(block, &self.sums, self.feasible[block]);
    }

    /// Takes a feasible node out until the next cycle.
    pub(super) fn exclude(&mut self, position: usize) {
        let (block, bit) = place(position);
        self.feasible[block] &= !bit;
        let sum = self.sums.get(position);
        self.sums.set(position, i16::MIN.into());
        let number = self.group_of(position);
        let group = &mut self.groups.list[number];
        if group.leave((block, bit), sum) {
            group.summarize(block, &self.sums, self.feasible[block]);
        }
        self.excluded.push(position);
    }

    /// Whether the node is feasible, as far as nodes alone decide.
    pub(super) fn is_feasible(&self, position: usize) -> bool {
        let (block, bit) = place(position);
        self.feasible[block] & bit != 0
    }

    /// The group of a feasible node.
    pub(super) fn group_of(&self, position: usize) -> usize {
        usize::from(self.group_of.get(position).copied().unwrap_or(ONLY))
    }

    fn put_in(&mut self, group: u16, position: usize) {
        if group != ONLY && self.group_of.is_empty() {
            self.group_of.resize(self.feasible.len() * BLOCK, ONLY);
        }
        if let Some(place) = self.group_of.get_mut(position) {
            *place = group;
        }
    }

    /// Finds out why nodes of a block are refused, as far as nobody has asked.
    pub(super) fn ask_why<'n>(
        &mut self,
        (block, refused): (usize, u64),
        node: impl Fn(usize) -> &'n Node,
        verdicts: &mut Verdicts,
    ) {
        for bit in ones(self.sums.equal(block, UNASKED) & refused) {
            let position = block * BLOCK + bit;
            let refusal = verdicts.intern(self.plan.refusal(node(position)));
            self.sums.set(position, UNASKED - refusal as i32);
        }
    }

    /// The verdicts on nodes of a block that are not feasible, counted.
    pub(super) fn refusals(&self, (block, refused): (usize, u64), mut count: impl FnMut(VerdictId, u32)) {
        let mut rest = refused;
        while rest != 0 {
            let sum = self.sums.get(block * BLOCK + rest.trailing_zeros() as usize);
            let equal = self.sums.equal(block, sum) & rest;
            count((UNASKED - sum) as VerdictId, equal.count_ones());
            rest &= !equal;
        }
    }

    /// The sums of all positions.
    pub(super) fn sums(&self) -> &Sums {
        &self.sums
    }

    /// The feasible nodes, by block.
    pub(super) fn feasible(&self) -> &[u64] {
        &self.feasible
    }
}
