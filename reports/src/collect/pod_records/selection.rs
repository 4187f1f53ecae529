//! Which lives are kept where there are too many of them.

use crate::data::{KeptFor, PodRecord, PodRecords};
use std::cmp::Reverse;

/// A reason to keep a life, and for how many lives.
struct Criterion {
    /// What such pods have in common, as the end of a sentence.
    what: &'static str,
    /// How many are kept for this reason.
    limit: usize,
    /// How much of a reason a pod gives, if it gives any: what became of it, how long it waited for a node in nanoseconds, and a
    /// number drawn for it.
    weight: fn(outcome: &str, wait_ns: i64, drawn: u64) -> Option<u64>,
}

/// A pod is kept if it is among the first of any of them; so up to the last limit all pods are.
const CRITERIA: [Criterion; 5] = [
    Criterion {
        what: "that had no node at the end, those that waited longest first",
        limit: 30_000,
        weight: |outcome, wait, _| (outcome == "pending").then_some(wait as u64),
    },
    Criterion {
        what: "that were refused, the first ones",
        limit: 10_000,
        weight: |outcome, _, _| (outcome == "rejected").then_some(0),
    },
    Criterion {
        what: "that failed, were preempted or evicted, or were lost with their node, those that had waited longest first",
        limit: 30_000,
        weight: |outcome, wait, _| is_disrupted(outcome).then_some(wait as u64),
    },
    Criterion {
        what: "by how long they waited for a node, the longest first",
        limit: 30_000,
        weight: |_, wait, _| Some(wait as u64),
    },
    Criterion { what: "drawn from all", limit: 100_000, weight: |_, _, drawn| Some(drawn) },
];

/// So many lives more than the limits are kept for a while, because to choose costs as much as there are lives.
const SLACK: usize = 100_000;

fn is_disrupted(outcome: &str) -> bool {
    matches!(outcome, "failed" | "preempted" | "evicted" | "taint-evicted" | "node-lost")
}

/// How much of a reason, and of those with as much the first one. No two are equal.
type Weight = (u64, Reverse<u64>);

/// The lives that are kept so far.
#[derive(Default)]
pub(super) struct Selection {
    lives: Vec<Candidate>,
    /// How many pods there were.
    seen: u64,
    /// The last pod that [`Selection::wants`] was asked of.
    weights: [Option<Weight>; CRITERIA.len()],
    /// How many pods gave each reason.
    of: [u64; CRITERIA.len()],
    /// What a pod must exceed to be kept for each reason.
    above: [Option<Weight>; CRITERIA.len()],
}

struct Candidate {
    weights: [Option<Weight>; CRITERIA.len()],
    life: PodRecord,
}

impl Selection {
    /// Counts a pod, and says whether it is to be [added](Selection::add).
    pub(super) fn wants(&mut self, outcome: &str, wait_ns: i64) -> bool {
        let order = Reverse(self.seen);
        let drawn = draw(self.seen);
        self.seen += 1;
        let mut wanted = false;
        for (place, criterion) in CRITERIA.iter().enumerate() {
            let weight = (criterion.weight)(outcome, wait_ns, drawn).map(|weight| (weight, order));
            self.weights[place] = weight;
            self.of[place] += u64::from(weight.is_some());
            wanted |= weight > self.above[place];
        }
        wanted
    }

    /// Keeps the life of the pod that was asked of last.
    pub(super) fn add(&mut self, life: PodRecord) {
        self.lives.push(Candidate { weights: self.weights, life });
        if self.lives.len() >= SLACK + CRITERIA.iter().map(|criterion| criterion.limit).sum::<usize>() {
            self.choose();
        }
    }

    /// The lives in order of creation, and why they were kept.
    pub(super) fn finish(mut self) -> PodRecords {
        self.choose();
        let kept = |(place, criterion): (usize, &Criterion)| {
            let of = self.of[place];
            KeptFor { what: criterion.what, kept: of.min(criterion.limit as u64), of }
        };
        let kept = CRITERIA.iter().enumerate().map(kept).filter(|reason| reason.of > 0).collect();
        let mut lives: Vec<PodRecord> = self.lives.into_iter().map(|candidate| candidate.life).collect();
        lives.sort_by_key(|life| life.created_ns);
        PodRecords { list: lives, total: self.seen, kept }
    }

    /// Lets go of the lives that are not among the first for any reason.
    fn choose(&mut self) {
        for (place, criterion) in CRITERIA.iter().enumerate() {
            let mut weights: Vec<Weight> = self.lives.iter().filter_map(|candidate| candidate.weights[place]).collect();
            if weights.len() > criterion.limit {
                let (_, first_out, _) = weights.select_nth_unstable_by(criterion.limit, |a, b| b.cmp(a));
                self.above[place] = Some(*first_out);
            }
        }
        let above = self.above;
        self.lives.retain(|candidate| candidate.weights.iter().zip(&above).any(|(weight, above)| weight > above));
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
                selection.add(PodRecord {
                    name: n.to_string(),
                    outcome: outcome(n),
                    created_ns: n as i64,
                    ..PodRecord::default()
                });
            }
            if n == 99_999 {
                assert_eq!(selection.lives.len() as u64, n + 1);
            }
        }
        let lives = selection.finish();
        assert_eq!(lives.total, all);
        let names: BTreeSet<u64> = lives.list.iter().map(|life| life.name.parse().unwrap()).collect();
        assert_eq!(names.len(), lives.list.len(), "a pod is told of twice");
        for n in 0..all {
            let telling = outcome(n) == "preempted" || wait(n) >= (all - 30_000) as i64;
            assert!(!telling || names.contains(&n), "{n}");
        }
        let drawn: Vec<_> = lives.kept.iter().map(|reason| (reason.kept, reason.of)).collect();
        assert_eq!(drawn, [(5000, 5000), (30_000, all), (100_000, all)]);
        assert!((100_000..=135_000).contains(&names.len()));
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
        let lives = selection.finish().list;
        assert_eq!(lives.iter().map(|life| life.created_ns).collect::<Vec<_>>(), [3, 4, 5]);
    }
}
