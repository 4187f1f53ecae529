//! The best among the feasible nodes of a scan, and which of several best ones is taken.

use super::bits::{BLOCK, nth, ones};
use super::groups::Seen;
use super::specs::Specs;
use super::view::View;
use super::walk::Walk;
use crate::scheduler::tie_break::precedes_in_heap;
use smallvec::SmallVec;

/// The highest total, and the nodes that have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ranking {
    /// The highest total.
    pub(super) best: i64,
    /// How many nodes have it.
    pub(super) ties: u32,
    /// The groups that they are in, with the sum that makes the total there.
    targets: SmallVec<[(usize, i32); 4]>,
    /// What normalised scores add to the sums of each group.
    additions: SmallVec<[i64; 4]>,
}

impl Ranking {
    /// Ranks the feasible nodes that a walk has found.
    pub(super) fn begin(&mut self, view: &View, walk: &Walk, specs: &Specs) {
        let mut present: SmallVec<[(usize, Seen); 8]> = SmallVec::new();
        for (number, group) in view.groups.list.iter().enumerate() {
            if group.size == 0 || !walk.admits(number) {
                continue;
            }
            let seen = walk.seen(group, view);
            if seen.best >= 0 {
                present.push((number, seen));
            }
        }
        let additions = additions(view, specs, &present);
        self.best = i64::MIN;
        self.targets.clear();
        for &(number, Seen { best: sum, ties, .. }) in &present {
            let total = i64::from(sum) + additions[number];
            if total > self.best {
                (self.best, self.ties) = (total, 0);
                self.targets.clear();
            }
            if total == self.best {
                self.ties += ties;
                self.targets.push((number, sum));
            }
        }
        if walk.is_whole() {
            self.ties = self.targets.iter().map(|(number, sum)| view.groups.list[*number].count_all(*sum)).sum();
        }
        self.additions = additions;
    }

    /// The total of the node at a position, which is one of the feasible ones.
    pub(super) fn total(&self, position: usize, view: &View) -> i64 {
        i64::from(view.sum(position)) + self.additions[view.group_of(position)]
    }

    /// The position of the best node of this index, in the order of the walk.
    pub(super) fn tie(&self, index: u32, view: &View, walk: &Walk) -> usize {
        let mut left = index;
        if let ([(number, sum)], true) = (&self.targets[..], walk.is_whole()) {
            let group = &view.groups.list[*number];
            for range in walk.ranges() {
                match group.nth_of(range, *sum, left, view.sums()) {
                    Ok(position) => return position,
                    Err(others) => left = others,
                }
            }
        }
        for part in walk.parts() {
            let here = self.count(part, view);
            if left < here {
                return part.0 * BLOCK + nth(self.with(part, view), left);
            }
            left -= here;
        }
        unreachable!("an index is below the number of ties")
    }

    /// The positions of all best nodes, in the order of the walk.
    pub(super) fn all<'a>(&'a self, view: &'a View, walk: &'a Walk) -> impl Iterator<Item = usize> + 'a {
        walk.parts().filter(|part| self.count(*part, view) > 0).flat_map(|part| {
            let found = self.with(part, view);
            ones(found).map(move |bit| part.0 * BLOCK + bit)
        })
    }

    /// The position of the best node that comes out on top of a heap of all feasible ones.
    pub(super) fn top_of_heap(&self, view: &View, walk: &Walk) -> usize {
        let mut rank = 0;
        let mut top: Option<(usize, usize)> = None;
        for (block, mask) in walk.parts() {
            let feasible = walk.feasible(block, view) & mask;
            if self.count((block, mask), view) > 0 {
                for bit in ones(self.with((block, mask), view)) {
                    let rank = rank + (feasible & !(!0 << bit)).count_ones() as usize;
                    if top.is_none_or(|(other, _)| precedes_in_heap(rank, other)) {
                        top = Some((rank, block * BLOCK + bit));
                    }
                }
            }
            rank += feasible.count_ones() as usize;
        }
        top.map_or(0, |(_, position)| position)
    }

    fn count(&self, part: (usize, u64), view: &View) -> u32 {
        self.targets.iter().map(|(number, sum)| view.groups.list[*number].count(part, *sum, view.sums())).sum()
    }

    fn with(&self, (block, mask): (usize, u64), view: &View) -> u64 {
        self.targets
            .iter()
            .map(|(number, sum)| view.groups.list[*number].with(block, mask, *sum, view.sums()))
            .fold(0, |all, some| all | some)
    }
}

/// What the normalised scores add to each group, by the group's number.
fn additions(view: &View, specs: &Specs, present: &[(usize, Seen)]) -> SmallVec<[i64; 4]> {
    let mut additions: SmallVec<[i64; 4]> = SmallVec::from_elem(0, view.groups.len());
    let plan = &view.plan;
    let keys = |number: usize| &view.groups.list[number].key;
    for (index, (weight, score)) in plan.normalized.iter().enumerate() {
        let raw = |number: usize| match index.checked_sub(plan.normalized_by_spec) {
            None => specs.raw(keys(number)[0] as u16)[index],
            Some(other) => keys(number)[1 + other] as i64,
        };
        let mut different: SmallVec<[i64; 4]> = present.iter().map(|(number, _)| raw(*number)).collect();
        different.sort_unstable();
        different.dedup();
        let mut normalized = different.clone();
        score.normalize(&mut normalized);
        for &(number, _) in present {
            let place = different.binary_search(&raw(number)).expect("collected above");
            additions[number] += weight * normalized[place];
        }
    }
    let others = plan.normalized.len() - plan.normalized_by_spec;
    for (index, keyed) in plan.keyed.iter().enumerate() {
        let Some(weight) = keyed.weight else { continue };
        let key = |number: usize| keys(number)[1 + others + index];
        let mut counted: Vec<(u64, u32)> = present.iter().map(|(number, seen)| (key(*number), seen.size)).collect();
        counted.sort_unstable();
        counted.dedup_by(|next, first| {
            let same = next.0 == first.0;
            first.1 += if same { next.1 } else { 0 };
            same
        });
        let mut scores = vec![0; counted.len()];
        keyed.judge.score(&counted, &mut scores);
        for &(number, _) in present {
            let place = counted.binary_search_by_key(&key(number), |(key, _)| *key).expect("collected above");
            additions[number] += weight * scores[place];
        }
    }
    additions
}
