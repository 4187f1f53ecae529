//! Looking anew at nodes that have changed: in blocks of columns, so that the processor judges several at once.

use super::bits::{BLOCK, ones, place};
use super::columns::Columns;
use super::groups::GroupKey;
use super::plan::{Plan, Scoring};
use super::positions::Positions;
use super::specs::Specs;
use super::sums::{self, Found};
use super::view::{ONLY, UNASKED, View};
use crate::cluster::Nodes;
use crate::model::NodeId;
use crate::scheduler::lasting::lanes::Lanes;
use crate::scheduler::lasting::{LANES, LoadBlock};
use std::ops::Range;

/// If so many nodes of a block have changed, it costs less to judge all of them where they stand than to gather those.
const MANY: u32 = 8;

/// So many blocks are judged together: what comes of it stays in the nearest cache.
const TOGETHER: usize = 4;

/// What is read while nodes are looked at anew.
pub(super) struct Sources<'a> {
    pub(super) nodes: &'a Nodes,
    pub(super) positions: &'a Positions,
    pub(super) specs: &'a Specs,
    pub(super) columns: &'a mut Columns,
    pub(super) scratch: &'a mut Scratch,
}

/// Lists that are used again and again.
#[derive(Default)]
pub(super) struct Scratch {
    /// Parts of blocks of which many nodes are looked at.
    dense: Vec<(usize, u64)>,
    /// The positions of all others.
    sparse: Vec<u32>,
    gathered: Vec<LoadBlock>,
    judged: Judged,
    passing: Vec<u64>,
    found: Vec<Found>,
    ids: Vec<NodeId>,
    keys: Vec<Vec<u64>>,
    /// Groups of which the best of a block has to be looked for.
    stale: Vec<(u16, u32)>,
}

/// What was found about the nodes of some blocks.
#[derive(Default)]
struct Judged {
    fits: Vec<[bool; LANES]>,
    totals: Vec<Lanes>,
}

impl View {
    /// Looks anew at the nodes in these blocks that have changed.
    pub(super) fn refresh(&mut self, blocks: Range<usize>, sources: &mut Sources<'_>) {
        let Sources { nodes, positions, specs, columns, scratch } = sources;
        self.note_changes(blocks.clone(), positions, nodes);
        let grouped = self.plan.groups_by_pods();
        let uniform = !grouped && specs.is_uniform();
        let Scratch { dense, sparse, stale, .. } = &mut **scratch;
        dense.clear();
        sparse.clear();
        stale.clear();
        self.take_dirty(blocks, |block, dirty| {
            if dirty.count_ones() >= MANY {
                dense.push((block, dirty));
            } else {
                sparse.extend(ones(dirty).map(|bit| (block * BLOCK + bit) as u32));
            }
        });
        if dense.is_empty() && sparse.is_empty() {
            return;
        }
        if uniform {
            let only = self.groups.of_spec(0, positions.len());
            debug_assert_eq!(only, ONLY, "no other group has been seen");
        }
        let mut first = 0;
        while let Some(&(block, _)) = scratch.dense.get(first) {
            let rest = &scratch.dense[first..];
            let run = rest.iter().zip(block..).take(TOGETHER).take_while(|((block, _), next)| block == next).count();
            let loads = columns.bring(block..block + run, positions, nodes);
            scratch.judged.judge(&self.plan, nodes, loads);
            if uniform && !self.is_narrowed() {
                let Scratch { judged, passing, found, .. } = &mut **scratch;
                passing.clear();
                passing.extend((block..block + run).map(|block| specs.passing(block)));
                found.clear();
                found.resize(run, Found::default());
                let judged = sums::Judged { fits: &judged.fits, totals: &judged.totals, passing };
                self.enter_blocks(block, &judged, found);
            } else {
                for index in 0..run {
                    let (block, dirty) = scratch.dense[first + index];
                    let asked = ones(dirty).map(|bit| (block * BLOCK + bit, index, bit));
                    self.enter_each(asked, grouped, (nodes, positions, specs), &mut Lists::of(scratch));
                }
            }
            first += run;
        }
        for from in (0..scratch.sparse.len()).step_by(TOGETHER * LANES) {
            let positions_here = from..scratch.sparse.len().min(from + TOGETHER * LANES);
            let count = positions_here.len();
            scratch.gather(positions_here, nodes, positions);
            let blocks = count.div_ceil(LANES);
            scratch.judged.judge(&self.plan, nodes, &scratch.gathered[..blocks]);
            if uniform {
                self.enter_singles(from, count, specs, scratch);
            } else {
                let sparse = std::mem::take(&mut scratch.sparse);
                let asked = sparse[from..from + count].iter().enumerate();
                let asked = asked.map(|(index, position)| (*position as usize, index / LANES, index % LANES));
                self.enter_each(asked, grouped, (nodes, positions, specs), &mut Lists::of(scratch));
                scratch.sparse = sparse;
            }
        }
        scratch.stale.dedup();
        for &(group, block) in &scratch.stale {
            self.summarize(group, block as usize);
        }
    }

    /// Enters what was found about nodes that are far apart, in a view of one group.
    fn enter_singles(&mut self, from: usize, count: usize, specs: &Specs, scratch: &mut Scratch) {
        let Scratch { sparse, judged, stale, .. } = scratch;
        for (index, &position) in sparse[from..from + count].iter().enumerate() {
            let (block, bit) = place(position as usize);
            let passes = specs.passing(block) & bit != 0;
            match judged.sum(index / LANES, index % LANES) {
                Ok(sum) => {
                    if self.enter_single(position as usize, if passes { sum } else { UNASKED }) {
                        stale.push((ONLY, block as u32));
                    }
                }
                Err(OutOfRange) => self.defeated |= passes,
            }
        }
    }

    /// Enters what was found about nodes: their positions, and where that was found.
    fn enter_each(
        &mut self,
        asked: impl Iterator<Item = (usize, usize, usize)> + Clone,
        grouped: bool,
        (nodes, positions, specs): (&Nodes, &Positions, &Specs),
        Lists { judged, ids, keys, stale }: &mut Lists<'_>,
    ) {
        if grouped {
            ids.clear();
            ids.extend(asked.clone().map(|(position, ..)| positions.ids()[position]));
            self.ask_keys(nodes, ids, keys);
        }
        for (number, (position, index, lane)) in asked.enumerate() {
            let spec = specs.group(position);
            let group = if grouped { Ok(Key { spec, keys, number }) } else { Err(spec) };
            let (block, bit) = place(position);
            let sum = match judged.sum(index, lane) {
                _ if specs.passing(block) & bit == 0 => None,
                Ok(sum) => (sum >= 0).then_some(sum),
                Err(OutOfRange) => {
                    self.defeated = true;
                    continue;
                }
            };
            self.enter(position, sum, group, positions.len(), stale);
        }
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
}

/// The key of a node's group: what its specification says, and the words that stand at this place in the lists.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    spec: u16,
    keys: &'a [Vec<u64>],
    number: usize,
}

impl Key<'_> {
    fn words(self) -> impl Iterator<Item = u64> {
        std::iter::once(self.spec.into()).chain(self.keys.iter().map(move |keys| keys[self.number]))
    }

    /// Whether a group has this key.
    #[inline]
    pub(super) fn is(self, key: &GroupKey) -> bool {
        let [spec, keys @ ..] = &key[..] else { return false };
        *spec == u64::from(self.spec) && keys.iter().zip(self.keys).all(|(word, keys)| *word == keys[self.number])
    }

    /// The key by itself.
    pub(super) fn to_owned(self) -> GroupKey {
        self.words().collect()
    }
}

/// What is written while nodes are entered.
struct Lists<'a> {
    judged: &'a Judged,
    ids: &'a mut Vec<NodeId>,
    keys: &'a mut Vec<Vec<u64>>,
    stale: &'a mut Vec<(u16, u32)>,
}

impl<'a> Lists<'a> {
    fn of(scratch: &'a mut Scratch) -> Self {
        let Scratch { judged, ids, keys, stale, .. } = scratch;
        Self { judged, ids, keys, stale }
    }
}

impl Scratch {
    /// Puts the nodes at some of the positions side by side.
    fn gather(&mut self, sparse: Range<usize>, nodes: &Nodes, positions: &Positions) {
        for (index, chunk) in self.sparse[sparse].chunks(LANES).enumerate() {
            if self.gathered.len() == index {
                self.gathered.push(LoadBlock::default());
            }
            let block = &mut self.gathered[index];
            block.clear();
            for position in chunk {
                block.push(positions.ids()[*position as usize], nodes);
            }
        }
    }
}

/// A sum of scores that no view can hold.
struct OutOfRange;

/// Asks the plugins that judge nodes alone. There is one list of lanes for each block.
pub(super) fn judge(
    plan: &Plan,
    nodes: &Nodes,
    blocks: &[LoadBlock],
    fits: &mut [[bool; LANES]],
    totals: &mut [Lanes],
) {
    fits.fill([true; LANES]);
    for filtering in plan.filters.iter().filter(|filtering| !filtering.by_spec) {
        filtering.filter.narrow(nodes, blocks, fits);
    }
    totals.fill([plan.same as f64; LANES]);
    for Scoring { weight, score, .. } in &plan.scores {
        score.add(nodes, blocks, *weight, totals);
    }
}

impl Judged {
    /// Judges the nodes of these blocks.
    fn judge(&mut self, plan: &Plan, nodes: &Nodes, blocks: &[LoadBlock]) {
        self.fits.resize(blocks.len(), [true; LANES]);
        self.totals.resize(blocks.len(), [0.0; LANES]);
        judge(plan, nodes, blocks, &mut self.fits, &mut self.totals);
    }

    /// The sum of scores in a lane; [`UNASKED`] if the node is refused.
    #[inline]
    fn sum(&self, index: usize, lane: usize) -> Result<i32, OutOfRange> {
        if !self.fits[index][lane] {
            return Ok(UNASKED);
        }
        let total = self.totals[index][lane];
        if (0.0..=f64::from(i32::MAX)).contains(&total) { Ok(total as i32) } else { Err(OutOfRange) }
    }
}
