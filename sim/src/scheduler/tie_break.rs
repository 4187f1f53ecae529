//! Which of several best nodes is taken.

use crate::cluster::Cluster;
use crate::model::NodeId;
use crate::random::{Rng, index};

/// The rule among nodes with the same highest total.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TieBreak {
    /// Each of them alike, drawn from a stream of its own: what kube-scheduler did up to 1.34.
    #[default]
    Random,
    /// The node that was created first.
    First,
    /// The node that was visited first.
    FirstVisited,
    /// The one that comes out on top of a binary heap of the feasible nodes in visiting order: what kube-scheduler does since
    /// 1.35, where no extender scores.
    Heap,
}

impl TieBreak {
    /// The node with the highest total. `totals` is empty when only one node is feasible. Draws only where there is a choice.
    pub(super) fn select(
        self,
        feasible: &[NodeId],
        totals: &[i64],
        cluster: &Cluster,
        rng: &mut Option<Rng>,
    ) -> NodeId {
        if totals.is_empty() {
            return feasible[0];
        }
        let best = totals.iter().copied().max().unwrap_or(0);
        let mut ties = feasible.iter().zip(totals).filter(|(_, total)| **total == best).map(|(id, _)| *id);
        let chosen = match (self, rng) {
            (Self::Random, Some(rng)) => {
                let count = ties.clone().count();
                let chosen = if count > 1 { index(rng, count) } else { 0 };
                ties.nth(chosen)
            }
            (Self::Heap, _) => Some(feasible[top_of_heap(totals)]),
            (Self::FirstVisited, _) => ties.next(),
            _ => ties.min_by_key(|id| cluster.node(*id).uid),
        };
        chosen.unwrap_or(feasible[0])
    }
}

/// The index of what stands on top once the list has been made a heap with the largest on top.
///
/// Source: Go's `container/heap`, `Init`, as `pkg/scheduler/schedule_one.go`, `newSortedNodeScores`, uses it. Nothing moves where
/// values are equal, so the order of the list decides.
fn top_of_heap(totals: &[i64]) -> usize {
    let mut heap: Vec<usize> = (0..totals.len()).collect();
    for start in (0..heap.len() / 2).rev() {
        let mut parent = start;
        loop {
            let left = 2 * parent + 1;
            if left >= heap.len() {
                break;
            }
            let right = left + 1;
            let larger = if right < heap.len() && totals[heap[right]] > totals[heap[left]] { right } else { left };
            if totals[heap[larger]] <= totals[heap[parent]] {
                break;
            }
            heap.swap(parent, larger);
            parent = larger;
        }
    }
    heap[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_of_a_heap_has_the_highest_total_but_need_not_be_the_first() {
        assert_eq!(top_of_heap(&[5]), 0);
        assert_eq!(top_of_heap(&[5, 5, 5, 5]), 0, "nothing moves among equals");
        assert_eq!(top_of_heap(&[1, 5, 5]), 1, "the left child wins a tie");
        // The second half is lifted first: index 3 replaces 1, and then wins the left place under the root.
        assert_eq!(top_of_heap(&[1, 2, 9, 9]), 3);
        assert_eq!(top_of_heap(&[1, 9, 9, 9]), 1);
        for totals in [&[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5][..], &[2, 7, 1, 8, 2, 8, 1, 8][..]] {
            assert_eq!(totals[top_of_heap(totals)], *totals.iter().max().unwrap());
        }
    }
}
