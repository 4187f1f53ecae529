//! Which lives are kept where there are too many of them.

use crate::data::{KeptFor, PodRecord, PodRecords};
use std::cmp::Reverse;

/// A reason to keep a life, and for how many lives.
struct Criterion {
    /// What such pods have in common, as the end of a sentence.
    what: &'static str,
    /// How many are kept for this reason.
    limit: usize,
    /// How much of a reason a pod gives, if it gives any.
    weight: fn(pod: Counted) -> Option<u64>,
}

/// What weighs.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    /// What became of the pod.
    outcome: &'static str,
    /// How many pods were counted before.
    place: u64,
    /// How long it waited for a node, in nanoseconds.
    wait_ns: i64,
}

/// Of no more pods than this all are kept.
const ALL: u64 = 100_000;

/// A pod is kept if it is among the first of any of them.
const CRITERIA: [Criterion; 5] = [
    Criterion {
        what: "that had no node at the end, those that waited longest first",
        limit: 30_000,
        weight: |pod| (pod.outcome == "pending").then_some(pod.wait_ns as u64),
    },
    Criterion {
        what: "that were refused, the first ones",
        limit: 10_000,
        weight: |pod| (pod.outcome == "rejected").then_some(0),
    },
    Criterion {
        what: "that failed, were preempted or evicted, or were lost with their node, those that had waited longest first",
        limit: 30_000,
        weight: |pod| is_disrupted(pod.outcome).then_some(pod.wait_ns as u64),
    },
    Criterion {
        what: "by how long they waited for a node, the longest first",
        limit: 30_000,
        weight: |pod| Some(pod.wait_ns as u64),
    },
    Criterion { what: "drawn from all", limit: 50_000, weight: |pod| Some(draw(pod.place)) },
];

/// So many lives more than the last choice left are kept before the next one, because to choose costs as much as there are lives.
const SLACK: usize = 60_000;

/// The first choice is made of so many lives: more than [`ALL`].
const FIRST: usize = 130_000;

fn is_disrupted(outcome: &str) -> bool {
    matches!(outcome, "failed" | "preempted" | "evicted" | "taint-evicted" | "node-lost")
}

/// How much of a reason, and of those with as much the first one. No two are equal.
type Weight = (u64, Reverse<u64>);

impl Criterion {
    fn weigh(&self, pod: Counted) -> Option<Weight> {
        (self.weight)(pod).map(|weight| (weight, Reverse(pod.place)))
    }
}

/// The lives that are kept so far.
#[derive(Default)]
pub(super) struct Selection {
    /// In the order in which they were counted.
    kept: Vec<Candidate>,
    /// The lives of those that are kept, and some that are not any more: what is chosen from is small, and lives stay where they are.
    lives: Vec<PodRecord>,
    /// The places of lives that are not kept any more.
    free: Vec<u32>,
    /// How many the last choice left.
    left: usize,
    /// How many pods there were.
    seen: u64,
    /// The last pod that [`Selection::wants`] was asked of.
    last: Counted,
    /// How many pods gave each reason.
    of: [u64; CRITERIA.len()],
    /// What a pod must exceed to be kept for each reason.
    above: [Option<Weight>; CRITERIA.len()],
}

#[derive(Clone, Copy)]
struct Candidate {
    pod: Counted,
    /// When it was created, which is asked of all of them and would else be read from all over the memory.
    created_ns: i64,
    /// Where its life is.
    life: u32,
}

impl Selection {
    /// Counts a pod, and says whether it is to be [added](Selection::add).
    pub(super) fn wants(&mut self, outcome: &'static str, wait_ns: i64) -> bool {
        let pod = Counted { place: self.seen, wait_ns, outcome };
        (self.last, self.seen) = (pod, self.seen + 1);
        let mut wanted = false;
        for (place, criterion) in CRITERIA.iter().enumerate() {
            let weight = criterion.weigh(pod);
            self.of[place] += u64::from(weight.is_some());
            wanted |= weight > self.above[place];
        }
        wanted
    }

    /// A name for the next life, in memory that another one has left where there is some.
    pub(super) fn name(&mut self, name: &str) -> String {
        let left = self.free.last().and_then(|life| self.lives.get_mut(*life as usize));
        let mut text = left.map(|life| std::mem::take(&mut life.name)).unwrap_or_default();
        text.clear();
        text.push_str(name);
        text
    }

    /// Keeps the life of the pod that was asked of last.
    pub(super) fn add(&mut self, life: PodRecord) {
        let created_ns = life.created_ns;
        let place = if let Some(place) = self.free.pop() {
            self.lives[place as usize] = life;
            place
        } else {
            if self.lives.is_empty() {
                // Memory that is not written to is not there yet; a list that grows step by step is copied each time.
                self.lives.reserve_exact(FIRST);
            }
            self.lives.push(life);
            self.lives.len() as u32 - 1
        };
        self.kept.push(Candidate { pod: self.last, created_ns, life: place });
        if self.kept.len() >= FIRST.max(self.left + SLACK) {
            self.choose();
            self.left = self.kept.len();
        }
    }

    /// The lives in order of creation, and why they were kept.
    pub(super) fn finish(mut self) -> PodRecords {
        self.choose();
        let told = |(place, criterion): (usize, &Criterion)| {
            let of = self.of[place];
            let limit = if self.seen <= ALL { ALL } else { criterion.limit as u64 };
            KeptFor { what: criterion.what, kept: of.min(limit), of }
        };
        let kept = CRITERIA.iter().enumerate().map(told).filter(|reason| reason.of > 0).collect();
        // Lives stay where they are: they are much larger than what says in which order they come.
        let mut order: Vec<_> = self.kept.iter().map(|candidate| (candidate.created_ns, candidate.life)).collect();
        order.sort_by_key(|(created_ns, _)| *created_ns);
        let order = order.into_iter().map(|(_, life)| life).collect();
        PodRecords { list: self.lives, order, total: self.seen, kept }
    }

    /// Lets go of the lives that are not among the first for any reason.
    fn choose(&mut self) {
        if self.seen <= ALL {
            return;
        }
        let mut weights: Vec<Weight> = Vec::with_capacity(self.kept.len());
        for (place, criterion) in CRITERIA.iter().enumerate() {
            if self.of[place] <= criterion.limit as u64 {
                continue;
            }
            weights.clear();
            weights.extend(self.kept.iter().filter_map(|candidate| criterion.weigh(candidate.pod)));
            if weights.len() > criterion.limit {
                let (_, first_out, _) = weights.select_nth_unstable_by(criterion.limit, |a, b| b.cmp(a));
                self.above[place] = Some(*first_out);
            }
        }
        let Self { kept, free, above, .. } = self;
        kept.retain(|candidate| {
            let wanted = CRITERIA.iter().zip(&*above).any(|(criterion, above)| criterion.weigh(candidate.pod) > *above);
            if !wanted {
                free.push(candidate.life);
            }
            wanted
        });
    }
}

/// A number that looks random and depends on nothing but the place in line: the finalizer of SplitMix64.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 16.
fn draw(place: u64) -> u64 {
    let mut z = place.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn few_pods_are_all_kept_and_of_many_the_telling_ones() {
        let mut selection = Selection::default();
        let all = 500_000;
        let outcome = |n: u64| if n.is_multiple_of(100) { "preempted" } else { "succeeded" };
        // Waits that come in no order, each once.
        let wait = |n: u64| (n * 7919 % all) as i64;
        for n in 0..all {
            if selection.wants(outcome(n), wait(n)) {
                let name = selection.name(&n.to_string());
                selection.add(PodRecord { name, outcome: outcome(n), created_ns: n as i64, ..PodRecord::default() });
            }
            if n == 99_999 {
                assert_eq!(selection.kept.len() as u64, n + 1);
            }
        }
        let lives = selection.finish();
        assert_eq!(lives.total, all);
        let names: BTreeSet<u64> = lives.iter().map(|life| life.name.parse().unwrap()).collect();
        assert_eq!(names.len(), lives.count(), "a pod is told of twice");
        assert_eq!(names, lives.in_no_order().map(|life| life.name.parse().unwrap()).collect());
        for n in 0..all {
            let telling = outcome(n) == "preempted" || wait(n) >= (all - 30_000) as i64;
            assert!(!telling || names.contains(&n), "{n}");
        }
        let drawn: Vec<_> = lives.kept.iter().map(|reason| (reason.kept, reason.of)).collect();
        assert_eq!(drawn, [(5000, 5000), (30_000, all), (50_000, all)]);
        assert!((50_000..=85_000).contains(&names.len()));
        // What is drawn comes from everywhere.
        let early = names.iter().filter(|n| **n < all / 2).count() as f64 / names.len() as f64;
        assert!((0.49..0.51).contains(&early), "{early}");
    }

    #[test]
    fn order_of_creation() {
        let mut selection = Selection::default();
        for created_ns in [5, 3, 4] {
            assert!(selection.wants("succeeded", 0));
            selection.add(PodRecord { created_ns, ..PodRecord::default() });
        }
        let lives = selection.finish();
        assert_eq!(lives.iter().map(|life| life.created_ns).collect::<Vec<_>>(), [3, 4, 5]);
    }
}
