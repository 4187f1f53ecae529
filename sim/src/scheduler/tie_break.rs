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

/// The feasible nodes of the highest total.
pub(super) trait Ties {
    /// How many there are, at least one.
    fn count(&self) -> u32;

    /// The one of this index, in the order in which nodes are visited.
    fn nth(&self, index: u32) -> NodeId;

    /// All of them, in that order.
    fn all(&self) -> Vec<NodeId>;

    /// The one that comes out on top of a heap of all feasible nodes.
    fn top_of_heap(&self) -> NodeId;
}

/// What chooses among them.
#[derive(Debug)]
pub(super) struct Choice<'a> {
    pub(super) rule: TieBreak,
    pub(super) cluster: &'a Cluster,
    pub(super) rng: &'a mut Option<Rng>,
}

impl Choice<'_> {
    /// The node that is taken. Draws only where there is a choice.
    pub(super) fn of(self, ties: &impl Ties) -> NodeId {
        match (self.rule, self.rng) {
            (TieBreak::Random, Some(rng)) => {
                let count = ties.count();
                ties.nth(if count > 1 { index(rng, count as usize) as u32 } else { 0 })
            }
            (TieBreak::Heap, _) => ties.top_of_heap(),
            (TieBreak::FirstVisited, _) => ties.nth(0),
            _ => {
                let first = ties.all().into_iter().min_by_key(|id| self.cluster.node(*id).uid);
                first.unwrap_or_else(|| ties.nth(0))
            }
        }
    }
}

/// Whether, of two equal values in a list, the one of the first index comes out on top when the list is made a heap: it is
/// met first on a way through the tree that visits a parent before its children, and the left child before the right one.
pub(super) fn precedes_in_heap(a: usize, b: usize) -> bool {
    let depth = |index: usize| (index + 1).ilog2();
    let (depth_a, depth_b) = (depth(a), depth(b));
    let common = depth_a.min(depth_b);
    let (up_a, up_b) = ((a + 1) >> (depth_a - common), (b + 1) >> (depth_b - common));
    if up_a == up_b { depth_a < depth_b } else { up_a < up_b }
}

/// The index of what stands on top once the list has been made a heap with the largest on top.
///
/// Source: Go's `container/heap`, `Init`, as `pkg/scheduler/schedule_one.go`, `newSortedNodeScores`, uses it. Nothing moves where
/// values are equal, so the order of the list decides.
pub(super) fn top_of_heap(totals: &[i64]) -> usize {
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

    proptest::proptest! {
        #[test]
        fn the_top_is_the_first_of_the_best_on_a_way_down_the_tree(totals in proptest::collection::vec(0_i64..3, 1..80)) {
            let best = *totals.iter().max().unwrap();
            let ties = (0..totals.len()).filter(|i| totals[*i] == best);
            let first = ties.reduce(|a, b| if precedes_in_heap(b, a) { b } else { a });
            proptest::prop_assert_eq!(first, Some(top_of_heap(&totals)));
        }
    }
}
