//! The scan for feasible nodes: from the start, until enough are found.

use super::bits::{self, BLOCK, cover, nth};
use super::groups::Group;
use super::refresh::Sources;
use super::view::View;
use crate::scheduler::verdict::Verdict;
use std::ops::Range;

/// What a scan has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// The positions that were looked at: from the start on, then from the first on.
    ranges: [Range<usize>; 2],
    /// How many nodes were looked at.
    pub(super) examined: usize,
    /// How many of them are feasible.
    pub(super) feasible: u32,
    whole: bool,
    /// Whether groups are refused in this cycle, by their numbers; empty if none is.
    refused: Vec<bool>,
}

impl Walk {
    /// Walks from `begin` round all positions, until `quota` feasible nodes are found. It ends before the next feasible one.
    ///
    /// Source: see `scan` in `evaluate.rs`, which defines it.
    pub(super) fn begin(&mut self, view: &mut View, begin: usize, quota: usize, sources: &mut Sources<'_>) {
        let nodes = sources.positions.len();
        (self.examined, self.feasible, self.whole) = (nodes, 0, true);
        self.ranges = [begin..nodes, 0..begin];
        self.refused.clear();
        if quota >= nodes {
            view.refresh(0..bits::blocks(nodes), sources);
            self.refuse(view, 0);
            let groups = view.groups.list.iter().enumerate();
            self.feasible = groups.filter(|(number, _)| self.admits(*number)).map(|(_, group)| group.size).sum();
            return;
        }
        self.refuse(view, 0);
        let mut fresh = 0..0;
        for (lap, range) in [begin..nodes, 0..begin].into_iter().enumerate() {
            for (block, mask) in cover(range) {
                if !fresh.contains(&block) {
                    // As many blocks at once as are needed if every node is feasible.
                    let wanted = (quota - self.feasible as usize) / BLOCK + 1;
                    fresh = block..(block + wanted).min(bits::blocks(nodes));
                    let known = view.groups.len();
                    view.refresh(fresh.clone(), sources);
                    self.refuse(view, known);
                }
                let feasible = self.feasible(block, view) & mask;
                let count = feasible.count_ones();
                if self.feasible as usize + count as usize <= quota {
                    self.feasible += count;
                    continue;
                }
                let end = block * BLOCK + nth(feasible, quota as u32 - self.feasible);
                self.feasible = quota as u32;
                self.whole = false;
                self.ranges = if lap == 0 { [begin..end, 0..0] } else { [begin..nodes, 0..end] };
                self.examined = self.ranges.iter().map(ExactSizeIterator::len).sum();
                return;
            }
        }
    }

    /// Asks what judges by key about groups from this number on.
    fn refuse(&mut self, view: &View, from: usize) {
        let plan = &view.plan;
        if plan.keyed.iter().all(|keyed| keyed.filters.is_none()) {
            return;
        }
        self.refused.truncate(from);
        self.refused.extend(view.groups.list[from..].iter().map(|group| refusal(view, group).is_some()));
    }

    /// Whether the nodes of a group may be taken in this cycle.
    #[inline]
    pub(super) fn admits(&self, group: usize) -> bool {
        !self.refused.get(group).copied().unwrap_or(false)
    }

    /// Whether it has seen every node.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The positions that it has seen, in its order.
    pub(super) fn ranges(&self) -> [Range<usize>; 2] {
        self.ranges.clone()
    }

    /// What it has seen, as parts of blocks in its order.
    pub(super) fn parts(&self) -> impl Iterator<Item = (usize, u64)> + Clone {
        let [first, second] = self.ranges.clone();
        cover(first).chain(cover(second))
    }

    /// The feasible nodes of a block.
    #[inline]
    pub(super) fn feasible(&self, block: usize, view: &View) -> u64 {
        if !self.refused.contains(&true) {
            return view.feasible()[block];
        }
        let admitted = view.groups.list.iter().enumerate().filter(|(number, _)| self.admits(*number));
        admitted.fold(0, |all, (_, group)| all | group.members[block])
    }

    /// How many members of a group it has seen.
    pub(super) fn size(&self, group: &Group) -> u32 {
        if self.whole {
            return group.size;
        }
        self.parts().map(|(block, mask)| (group.members[block] & mask).count_ones()).sum()
    }
}

/// The first verdict by key that refuses a group.
pub(super) fn refusal(view: &View, group: &Group) -> Option<(usize, Verdict)> {
    let plan = &view.plan;
    let first = 1 + plan.normalized.len() - plan.normalized_by_spec;
    plan.keyed.iter().zip(&group.key[first..]).find_map(|(keyed, key)| match keyed.judge.filter(*key) {
        _ if keyed.filters.is_none() => None,
        Verdict::Fits => None,
        verdict => Some((keyed.filters?, verdict)),
    })
}
