//! What is kept of one class of pods: for each position the verdict or the sum of scores, and what has to be looked at anew.

use super::bits::{self, BLOCK, cover, ones, place};
use super::groups::{GroupKey, Groups};
use super::plan::Plan;
use super::positions::Positions;
use super::specs::{MAX_GROUPS, Specs};
use crate::cluster::Nodes;
use crate::model::NodeId;
use crate::scheduler::fit_error::FitError;
use crate::scheduler::verdict::Verdict;
use crate::scheduler::verdicts::{VerdictId, Verdicts};
use std::ops::Range;

/// A view of the nodes through the eyes of one class.
#[derive(Default)]
pub(super) struct View {
    pub(super) plan: Plan,
    /// Which [`Specs`] it shares.
    pub(super) specs: usize,
    /// For each position the sum of the scores that are not normalised, or less the number of a verdict, if that refuses the node.
    /// Whole blocks: the positions past the end are refused.
    sums: Vec<i32>,
    group_of: Vec<u16>,
    feasible: Vec<u64>,
    dirty: Vec<u64>,
    /// Whether `dirty` has any bit.
    is_dirty: bool,
    pub(super) groups: Groups,
    /// Whether keys mean something else than before.
    pub(super) is_renewed: bool,
    /// The visiting order that positions are of.
    order: Option<u64>,
    /// Up to where changes of nodes have been noted in `dirty`.
    seen: u64,
    /// Why the last attempt failed, and what the cluster was then.
    pub(super) failure: Option<(Moment, FitError)>,
    /// When it was last asked, in attempts.
    pub(super) last_used: u64,
    /// Whether it met something that no view can hold: a sum out of range, an error, too many groups.
    pub(super) defeated: bool,
}

/// The versions of the cluster, of the placements and of the nominations.
pub(super) type Moment = [u64; 3];

/// What is read while nodes are looked at anew.
pub(super) struct Sources<'a> {
    pub(super) nodes: &'a Nodes,
    pub(super) positions: &'a Positions,
    pub(super) specs: &'a Specs,
    pub(super) verdicts: &'a mut Verdicts,
    pub(super) scratch: &'a mut Scratch,
}

/// Lists that are used again and again.
#[derive(Default)]
pub(super) struct Scratch {
    places: Vec<u32>,
    ids: Vec<NodeId>,
    fits: Vec<bool>,
    sums: Vec<i64>,
    keys: Vec<Vec<u64>>,
    stale: Vec<(u16, u32)>,
}

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
        blocks * (BLOCK * 6 + 16 + 13 * self.groups.len()) + 512
    }

    /// Notes which nodes have changed.
    pub(super) fn follow(&mut self, positions: &Positions, nodes: &Nodes) {
        let log = nodes.changes();
        let changed = log.since(self.seen).filter(|changed| changed.len() <= positions.len());
        if self.order == Some(positions.number())
            && let Some(changed) = changed
        {
            for position in changed.iter().filter_map(|id| positions.of(*id)) {
                let (block, bit) = place(position);
                self.dirty[block] |= bit;
                self.is_dirty = true;
            }
        } else if self.order == Some(positions.number()) {
            self.renew(positions.len());
        } else {
            self.order = Some(positions.number());
            self.groups.clear();
            let blocks = bits::blocks(positions.len());
            for (list, value) in [(&mut self.feasible, 0), (&mut self.dirty, 0)] {
                list.clear();
                list.resize(blocks, value);
            }
            self.sums.clear();
            self.sums.resize(blocks * BLOCK, i32::MIN);
            self.group_of.clear();
            self.group_of.resize(blocks * BLOCK, 0);
            self.renew(positions.len());
        }
        self.seen = log.end();
    }

    /// Every node has to be looked at anew.
    pub(super) fn renew(&mut self, positions: usize) {
        cover(0..positions).for_each(|(block, mask)| self.dirty[block] = mask);
        self.is_dirty = true;
    }

    /// Notes that a node has to be looked at anew.
    pub(super) fn doubt(&mut self, position: usize) {
        let (block, bit) = place(position);
        self.dirty[block] |= bit;
        self.is_dirty = true;
    }

    /// Looks anew at the nodes in these blocks that have changed.
    pub(super) fn refresh(&mut self, blocks: Range<usize>, sources: &mut Sources<'_>) {
        if !self.is_dirty {
            return;
        }
        let places = &mut sources.scratch.places;
        places.clear();
        for block in blocks.clone() {
            let dirty = std::mem::take(&mut self.dirty[block]);
            for bit in ones(dirty) {
                places.push((block * BLOCK + bit) as u32);
            }
        }
        if blocks == (0..self.dirty.len()) {
            self.is_dirty = false;
        }
        if !places.is_empty() {
            self.judge(sources);
        }
    }

    /// Judges the nodes of the positions in the scratch list.
    fn judge(&mut self, sources: &mut Sources<'_>) {
        let Sources { nodes, positions, specs, verdicts, scratch } = sources;
        let Scratch { places, ids, fits, sums, keys, stale } = &mut **scratch;
        ids.clear();
        ids.extend(places.iter().map(|position| positions.ids()[*position as usize]));
        fits.clear();
        fits.extend(places.iter().map(|position| specs.passes(*position as usize)));
        for filtering in self.plan.filters.iter().filter(|filtering| !filtering.by_spec) {
            filtering.filter.narrow(nodes, ids, fits);
        }
        sums.clear();
        sums.resize(places.len(), self.plan.same);
        for (weight, score) in &self.plan.scores {
            score.add(nodes, ids, *weight, sums);
        }
        let grouped = self.plan.groups_by_pods();
        if grouped {
            self.ask_keys(nodes, ids, keys);
        }
        stale.clear();
        let mut note = |group: u16, block: usize| {
            if stale.last() != Some(&(group, block as u32)) {
                stale.push((group, block as u32));
            }
        };
        let mut key = GroupKey::new();
        for (index, &position) in places.iter().enumerate() {
            let position = position as usize;
            let (block, bit) = place(position);
            let was = self.feasible[block] & bit != 0;
            let before = self.group_of[position];
            if fits[index] {
                let Some(sum) = i32::try_from(sums[index]).ok().filter(|sum| *sum >= 0) else {
                    self.defeated = true;
                    continue;
                };
                self.sums[position] = sum;
                let spec = specs.group(position);
                let group = if grouped {
                    key.clear();
                    key.push(u64::from(spec));
                    key.extend(keys.iter().map(|keys| keys[index]));
                    let alike = was && self.groups.list[usize::from(before)].key == key;
                    if alike { before } else { self.groups.intern(&key, positions.len()) }
                } else {
                    self.groups.of_spec(spec, positions.len())
                };
                if was && group != before {
                    self.groups.list[usize::from(before)].leave(block, bit);
                    note(before, block);
                }
                self.feasible[block] |= bit;
                self.group_of[position] = group;
                self.groups.list[usize::from(group)].join(block, bit);
                note(group, block);
            } else {
                let refusal = verdicts.intern(self.plan.refusal(nodes.get(ids[index])));
                self.defeated |= refusal == 0 || matches!(verdicts.get(refusal.max(1)).1, Verdict::Error(_));
                self.sums[position] = -(refusal as i32);
                if was {
                    self.feasible[block] &= !bit;
                    self.groups.list[usize::from(before)].leave(block, bit);
                    note(before, block);
                }
            }
        }
        self.defeated |= self.groups.len() > MAX_GROUPS;
        if self.groups.len() > 1 {
            stale.sort_unstable();
            stale.dedup();
        }
        for &(group, block) in &*stale {
            let block = block as usize;
            self.groups.list[usize::from(group)].summarize(block, &self.sums, self.feasible[block]);
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

    /// Takes a feasible node out until it is looked at anew.
    pub(super) fn exclude(&mut self, position: usize) {
        let (block, bit) = place(position);
        self.feasible[block] &= !bit;
        self.sums[position] = i32::MIN;
        let group = &mut self.groups.list[usize::from(self.group_of[position])];
        group.leave(block, bit);
        group.summarize(block, &self.sums, self.feasible[block]);
        self.doubt(position);
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
    pub(super) fn refusal(&self, position: usize) -> VerdictId {
        self.sums[position].unsigned_abs()
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
