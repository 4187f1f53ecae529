//! The scan for feasible nodes: from the start, until enough are found.

use super::bits::{self, BLOCK, cover, nth};
use super::groups::{Group, Seen};
use super::refresh::Sources;
use super::view::View;
use crate::scheduler::verdict::Verdict;
use std::ops::Range;

/// What a scan has seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    /// The positions that were looked at: from the start on, then from the first on.
    ranges: [Range<usize>; 2],
    /// The same as parts of blocks, if not all nodes were looked at.
    parts: Vec<(usize, u64)>,
    /// How many nodes were looked at.
    pub(super) examined: usize,
    /// How many of them are feasible.
    pub(super) feasible: u32,
    whole: bool,
    /// What those who judge by key say in this cycle of the groups that have nodes, by their numbers; empty if nobody does.
    judged: Vec<Standing>,
    /// The groups that they admit.
    admitted: Vec<u16>,
    any_refused: bool,
}

/// What is known of a group in this cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nobody has asked, because it has no nodes: groups of which the last node is gone are many.
    Unknown,
    Admitted,
    Refused,
}

impl Walk {
    /// Walks from `begin` round all positions, until `quota` feasible nodes are found. It ends before the next feasible one.
    ///
    /// Source: see `scan` in `evaluate.rs`, which defines it.
    pub(super) fn begin(&mut self, view: &mut View, begin: usize, quota: usize, sources: &mut Sources<'_>) {
        let nodes = sources.positions.len();
        (self.examined, self.feasible, self.whole) = (nodes, 0, true);
        self.ranges = [begin..nodes, 0..begin];
        self.parts.clear();
        self.judged.clear();
        self.admitted.clear();
        self.any_refused = false;
        if quota >= nodes {
            view.refresh(0..bits::blocks(nodes), sources);
            self.judge(view);
            let groups = view.groups.list.iter().enumerate();
            self.feasible = groups.filter(|(number, _)| self.admits(*number)).map(|(_, group)| group.size).sum();
            return;
        }
        self.judge(view);
        let mut fresh = 0..0;
        for (lap, range) in [begin..nodes, 0..begin].into_iter().enumerate() {
            for (block, mask) in cover(range) {
                if !fresh.contains(&block) {
                    let wanted = self.blocks_for(quota - self.feasible as usize, nodes, view);
                    fresh = block..(block + wanted).min(bits::blocks(nodes));
                    view.refresh(fresh.clone(), sources);
                    self.judge(view);
                }
                let feasible = self.feasible(block, view) & mask;
                let count = feasible.count_ones();
                if self.feasible as usize + count as usize <= quota {
                    self.feasible += count;
                    self.parts.push((block, mask));
                    continue;
                }
                let end = nth(feasible, quota as u32 - self.feasible);
                self.parts.push((block, mask & !(!0 << end)));
                let end = block * BLOCK + end;
                self.feasible = quota as u32;
                self.whole = false;
                self.ranges = if lap == 0 { [begin..end, 0..0] } else { [begin..nodes, 0..end] };
                self.examined = self.ranges.iter().map(ExactSizeIterator::len).sum();
                return;
            }
        }
    }

    /// In how many blocks there are so many feasible nodes, if they are everywhere as many as among all nodes: these are looked at together.
    fn blocks_for(&self, quota: usize, nodes: usize, view: &View) -> usize {
        let groups = view.groups.list.iter().enumerate();
        let known: usize =
            groups.filter(|(number, _)| self.admits(*number)).map(|(_, group)| group.size as usize).sum();
        // Of a new view little is known.
        let reach = (quota * nodes).checked_div(known).map_or(quota, |reach| reach.min(4 * quota));
        reach / BLOCK + 1
    }

    /// Asks those who judge by key about the groups that have nodes and have not been asked about.
    fn judge(&mut self, view: &View) {
        if view.plan.keyed.iter().all(|keyed| keyed.filters.is_none()) {
            return;
        }
        self.judged.resize(view.groups.len(), Standing::Unknown);
        for (number, (group, standing)) in view.groups.list.iter().zip(&mut self.judged).enumerate() {
            if group.size == 0 || *standing != Standing::Unknown {
                continue;
            }
            if refusal(view, group).is_some() {
                *standing = Standing::Refused;
                self.any_refused = true;
            } else {
                *standing = Standing::Admitted;
                self.admitted.push(number as u16);
            }
        }
    }

    /// Whether the nodes of a group may be taken in this cycle.
    #[inline]
    pub(super) fn admits(&self, group: usize) -> bool {
        self.judged.get(group) != Some(&Standing::Refused)
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
        if !self.any_refused {
            return view.feasible()[block];
        }
        let members = |group: &u16| view.groups.list[usize::from(*group)].members[block];
        self.admitted.iter().fold(0, |all, group| all | members(group))
    }

    /// The position of the only feasible node.
    pub(super) fn only(&self, view: &View) -> usize {
        let found = self.parts().find_map(|(block, mask)| {
            let feasible = self.feasible(block, view) & mask;
            (feasible != 0).then(|| block * BLOCK + feasible.trailing_zeros() as usize)
        });
        found.unwrap_or_default()
    }

    /// What it has seen of a group: how many have the highest sum only if it has not seen every node.
    pub(super) fn seen(&self, group: &Group, view: &View) -> Seen {
        if self.whole {
            Seen { best: group.best_of_all(), ties: 0, size: group.size }
        } else {
            group.seen_in(&self.parts, view.sums())
        }
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
