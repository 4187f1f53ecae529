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
        match (self, rng) {
            (Self::Random, Some(rng)) => {
                let count = ties.clone().count();
                let chosen = if count > 1 { index(rng, count) } else { 0 };
                ties.nth(chosen)
            }
            _ => ties.min_by_key(|id| cluster.node(*id).uid),
        }
        .unwrap_or(feasible[0])
    }
}
