//! What is kept of one class of pods: for each position the verdict or the sum of scores, and what has to be looked at anew.

use super::bits::{self, BLOCK, cover, ones, place};
use super::groups::{GroupKey, Groups};
use super::plan::Plan;
use super::positions::Positions;
use super::specs::Specs;
use crate::cluster::Nodes;
use crate::model::NodeId;
use crate::model::node::Node;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::verdicts::{VerdictId, Verdicts};
use std::ops::Range;

/// A view of the nodes through the eyes of one class.
#[derive(Default)]
pub(super) struct View {
    pub(super) plan: Plan,
    /// Which [`Specs`] it shares.
    pub(super) specs: usize,
    /// For each position the sum of the scores that are not normalised; a negative number if the node is refused: the number of the
    /// verdict and one, or [`UNASKED`]. Whole blocks: the positions past the end are refused.
    sums: Vec<i32>,
    /// The group of each feasible node.
    group_of: Vec<u16>,
    feasible: Vec<u64>,
    /// The nodes that have changed and have not been looked at since.
    dirty: Vec<u64>,
    /// The nodes that were taken out for one cycle.
    excluded: Vec<usize>,
    /// The blocks in which `dirty` has any bit, 64 to a word.
    dirty_blocks: Vec<u64>,
    pub(super) groups: Groups,
    /// Whether keys mean something else than before.
    pub(super) is_renewed: bool,
    /// The visiting order that positions are of.
    order: Option<u64>,
    /// Up to where the log of changes of nodes has been noted in `dirty`, and when that was.
    read: u64,
    seen: u32,
    /// When the changes of each block were noted, if that was later.
    block_seen: Vec<u32>,
    /// Why the last attempt failed, and what the cluster was then.
    pub(super) failure: Option<(Moment, FitError)>,
    /// When it was last asked, in attempts.
    pub(super) last_used: u64,
    /// Whether it met something that no view can hold: a sum out of range, a filter that contradicts itself, too many groups.
    pub(super) defeated: bool,
}

/// The versions of the cluster, of the placements, of the nominations, and, where keys decide, of the objects.
pub(super) type Moment = [u64; 4];

/// What is read while nodes are looked at anew.
pub(super) struct Sources<'a> {
    pub(super) nodes: &'a Nodes,
    pub(super) positions: &'a Positions,
    pub(super) specs: &'a Specs,
    pub(super) scratch: &'a mut Scratch,
}

/// A node is refused, and it was not asked why.
const UNASKED: i32 = -1;

/// Up to so many changes of a block, each is entered for itself.
const FEW: usize = 4;

/// To read so many changes from the log costs about as much as to ask a block which of its nodes have changed.
const CHANGES_LIKE_A_BLOCK: u64 = 16;

/// What was found about the nodes of a block that changed.
struct Judged<'a> {
    fits: &'a [bool],
    sums: &'a [i64],
}

/// Lists that are used again and again.
#[derive(Default)]
pub(super) struct Scratch {
    parts: Vec<(u32, u64)>,
    ids: Vec<NodeId>,
    fits: Vec<bool>,
    sums: Vec<i64>,
    keys: Vec<Vec<u64>>,
    stale: Vec<(u16, u32)>,
    /// Positions in blocks with few changes, with the sum before and now.
    singles: Vec<(u32, i32, i64)>,
}

/// The group of all nodes of a view in which no group has been told from another.
const ONLY: u16 = 0;

impl View {
    /// Begins anew with other answers of the plugins.
    pub(super) fn restart(&mut self, plan: Plan, specs: usize) {
        (self.plan, self.specs) = (plan, specs);
        self.order = None;
        self.failure = None;
        self.defeated = false;
    }

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        let blocks = self.feasible.len();
        blocks * (BLOCK * 6 + 20 + 13 * self.groups.len()) + 512
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
    fn note_changes(&mut self, blocks: Range<usize>, positions: &Positions, nodes: &Nodes) {
        let log = nodes.changes();
        let few = CHANGES_LIKE_A_BLOCK * blocks.len() as u64;
        if log.end() - self.read <= few
            && let Some(changes) = log.since(self.read)
        {
            changes.iter().filter_map(|id| positions.of(*id)).for_each(|position| self.doubt(position));
            (self.read, self.seen) = (log.end(), positions.clock());
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
            self.block_seen[block] = positions.clock();
        }
    }

    /// Nothing is known of any node.
    pub(super) fn forget(&mut self, positions: &Positions, nodes: &Nodes) {
        self.failure = None;
        self.groups.clear();
        (self.read, self.seen) = (nodes.changes().end(), positions.clock());
        let blocks = bits::blocks(positions.len());
        self.block_seen.clear();
        self.block_seen.resize(blocks, 0);
        for (list, words) in
            [(&mut self.feasible, blocks), (&mut self.dirty, blocks), (&mut self.dirty_blocks, bits::blocks(blocks))]
        {
            list.clear();
            list.resize(words, 0);
        }
        self.sums.clear();
        self.sums.resize(blocks * BLOCK, i32::MIN);
        self.group_of.clear();
        self.group_of.resize(blocks * BLOCK, 0);
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

    /// Looks anew at the nodes in these blocks that have changed.
    pub(super) fn refresh(&mut self, blocks: Range<usize>, sources: &mut Sources<'_>) {
        self.note_changes(blocks.clone(), sources.positions, sources.nodes);
        // What was taken out for this cycle stays out, also if the log says only now that it had changed before.
        for &position in &self.excluded {
            let (block, bit) = place(position);
            self.dirty[block] &= !bit;
        }
        let Scratch { parts, ids, .. } = &mut *sources.scratch;
        parts.clear();
        ids.clear();
        let all = sources.positions.ids();
        for (word, mask) in cover(blocks) {
            let within = self.dirty_blocks[word] & mask;
            self.dirty_blocks[word] &= !mask;
            for block in ones(within).map(|bit| word * BLOCK + bit) {
                let dirty = std::mem::take(&mut self.dirty[block]);
                parts.push((block as u32, dirty));
                if dirty == !0 {
                    ids.extend_from_slice(&all[block * BLOCK..][..BLOCK]);
                } else {
                    for bit in ones(dirty) {
                        ids.push(all[block * BLOCK + bit]);
                    }
                }
            }
        }
        if !sources.scratch.parts.is_empty() {
            self.judge(sources);
        }
    }

    /// Judges the nodes of the scratch list.
    fn judge(&mut self, sources: &mut Sources<'_>) {
        let Sources { nodes, positions, specs, scratch, .. } = sources;
        let Scratch { parts, ids, fits, sums, keys, stale, singles } = &mut **scratch;
        fits.clear();
        for &(block, dirty) in &*parts {
            let passes = specs.passing(block as usize);
            if dirty & !passes == 0 {
                fits.resize(fits.len() + dirty.count_ones() as usize, true);
            } else {
                fits.extend(ones(dirty).map(|bit| passes >> bit & 1 == 1));
            }
        }
        for filtering in self.plan.filters.iter().filter(|filtering| !filtering.by_spec) {
            filtering.filter.narrow(nodes, ids, fits);
        }
        sums.clear();
        sums.resize(ids.len(), self.plan.same);
        for (weight, score) in &self.plan.scores {
            score.add(nodes, ids, *weight, sums);
        }
        let grouped = self.plan.groups_by_pods();
        if grouped {
            self.ask_keys(nodes, ids, keys);
        }
        stale.clear();
        // What the nodes of a uniform view had is read for all of them before anything is done with it: these reads are far apart.
        singles.clear();
        let uniform = !grouped && specs.is_uniform();
        if uniform {
            let only = self.groups.of_spec(0, positions.len());
            debug_assert_eq!(only, ONLY, "no other group has been seen");
        }
        let mut first = 0;
        for &(block, dirty) in &*parts {
            let here = first..first + dirty.count_ones() as usize;
            first = here.end;
            let judged = Judged { fits: &fits[here.clone()], sums: &sums[here.clone()] };
            if uniform {
                if here.len() > FEW {
                    self.enter_block((block as usize, dirty), &judged);
                } else {
                    singles.extend(ones(dirty).zip(here).map(|(bit, index)| {
                        let position = block as usize * BLOCK + bit;
                        let sum = if fits[index] { sums[index] } else { UNASKED.into() };
                        (position as u32, self.sums[position], sum)
                    }));
                }
                continue;
            }
            let mut key = GroupKey::new();
            for (bit, index) in ones(dirty).zip(here) {
                let position = block as usize * BLOCK + bit;
                let spec = specs.group(position);
                if grouped {
                    key.clear();
                    key.push(u64::from(spec));
                    key.extend(keys.iter().map(|keys| keys[index]));
                }
                let group = if grouped { Ok(&key) } else { Err(spec) };
                self.enter(position, fits[index].then_some(sums[index]), group, positions.len(), stale);
            }
        }
        for &(position, before, sum) in &*singles {
            self.enter_single(position as usize, before, sum, stale);
        }
        for &(group, block) in &*stale {
            let block = block as usize;
            self.groups.list[usize::from(group)].summarize(block, &self.sums, self.feasible[block]);
        }
    }

    /// Enters what was found about a node, in a view of one group: the sum of its scores, or [`UNASKED`].
    fn enter_single(&mut self, position: usize, before: i32, sum: i64, stale: &mut Vec<(u16, u32)>) {
        let (block, bit) = place(position);
        let Some(sum) = i32::try_from(sum).ok().filter(|sum| *sum >= UNASKED) else {
            self.defeated = true;
            return;
        };
        self.sums[position] = sum;
        let group = &mut self.groups.list[usize::from(ONLY)];
        let exhausted = match (before >= 0, sum >= 0) {
            (true, true) => group.alter(block, before, sum),
            (true, false) => {
                self.feasible[block] &= !bit;
                group.leave((block, bit), before)
            }
            (false, true) => {
                self.feasible[block] |= bit;
                group.join((block, bit), sum);
                false
            }
            (false, false) => false,
        };
        if exhausted {
            stale.push((ONLY, block as u32));
        }
    }

    /// Enters what was found about many nodes of a block at once, in a view of one group.
    fn enter_block(&mut self, (block, dirty): (usize, u64), judged: &Judged<'_>) {
        let sums: &mut [i32; BLOCK] =
            (&mut self.sums[block * BLOCK..][..BLOCK]).try_into().expect("sums fill whole blocks");
        let mut fitting = 0_u64;
        let mut bits = 0_i64;
        if let (true, Ok(new), Ok(fits)) =
            (dirty == !0, <&[i64; BLOCK]>::try_from(judged.sums), <&[bool; BLOCK]>::try_from(judged.fits))
        {
            for bit in 0..BLOCK {
                sums[bit] = if fits[bit] { new[bit] as i32 } else { UNASKED };
                bits |= if fits[bit] { new[bit] } else { 0 };
            }
            for (bit, fits) in fits.iter().enumerate() {
                fitting |= u64::from(*fits) << bit;
            }
        } else {
            for (bit, (sum, fits)) in ones(dirty).zip(judged.sums.iter().zip(judged.fits)) {
                sums[bit] = if *fits { *sum as i32 } else { UNASKED };
                bits |= if *fits { *sum } else { 0 };
                fitting |= u64::from(*fits) << bit;
            }
        }
        self.defeated |= i32::try_from(bits).is_err() || bits < 0;
        let feasible = self.feasible[block] & !dirty | fitting;
        self.feasible[block] = feasible;
        let group = &mut self.groups.list[usize::from(ONLY)];
        group.replace(block, feasible);
        group.summarize(block, &self.sums, feasible);
    }

    /// Enters what was found about a node: the sum of its scores, if it is feasible. `group` gives the key of its group, or the number
    /// of what its specification says where nothing else matters.
    fn enter(
        &mut self,
        position: usize,
        sum: Option<i64>,
        group: Result<&GroupKey, u16>,
        positions: usize,
        stale: &mut Vec<(u16, u32)>,
    ) {
        let (block, bit) = place(position);
        let before = if self.feasible[block] & bit != 0 { self.sums[position] } else { -1 };
        let was_in = self.group_of[position];
        let Some(sum) = sum else {
            self.sums[position] = UNASKED;
            if before >= 0 {
                self.feasible[block] &= !bit;
                if self.groups.list[usize::from(was_in)].leave((block, bit), before) {
                    stale.push((was_in, block as u32));
                }
            }
            return;
        };
        let Some(sum) = i32::try_from(sum).ok().filter(|sum| *sum >= 0) else {
            self.defeated = true;
            return;
        };
        self.sums[position] = sum;
        let group = match group {
            Err(spec) => self.groups.of_spec(spec, positions),
            Ok(key) if before >= 0 && self.groups.list[usize::from(was_in)].key == *key => was_in,
            Ok(key) => self.groups.intern(key, positions),
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
        self.group_of[position] = group;
        self.groups.list[usize::from(group)].join((block, bit), sum);
    }

    /// What the pods on the nodes make of their groups.
    fn ask_keys(&self, nodes: &Nodes, ids: &[NodeId], keys: &mut Vec<Vec<u64>>) {
        let scores = &self.plan.normalized[self.plan.normalized_by_spec..];
        keys.resize_with(scores.len() + self.plan.keyed.len(), Vec::new);
        for (keys, (_, score)) in keys.iter_mut().zip(scores) {
            keys.clear();
            keys.extend(ids.iter().map(|id| score.score(nodes.get(*id)) as u64));
        }
        for (keys, keyed) in keys[scores.len()..].iter_mut().zip(&self.plan.keyed) {
            keys.clear();
            keys.resize(ids.len(), 0);
            keyed.judge.keys(nodes, ids, keys);
        }
    }

    /// Takes a feasible node out until the next cycle.
    pub(super) fn exclude(&mut self, position: usize) {
        let (block, bit) = place(position);
        self.feasible[block] &= !bit;
        let sum = std::mem::replace(&mut self.sums[position], i32::MIN);
        let group = &mut self.groups.list[usize::from(self.group_of[position])];
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
        usize::from(self.group_of[position])
    }

    /// The verdict on a node that is not feasible.
    pub(super) fn refusal(&mut self, position: usize, node: &Node, verdicts: &mut Verdicts) -> VerdictId {
        let sum = &mut self.sums[position];
        if *sum == UNASKED {
            let refusal = verdicts.intern(self.plan.refusal(node));
            *sum = UNASKED - refusal as i32;
        }
        (UNASKED - *sum) as VerdictId
    }

    /// The sums of all positions.
    pub(super) fn sums(&self) -> &[i32] {
        &self.sums
    }

    /// The feasible nodes, by block.
    pub(super) fn feasible(&self) -> &[u64] {
        &self.feasible
    }
}
