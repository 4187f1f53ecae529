//! How many feasible nodes are enough.

/// The number of feasible nodes after which a scan of `nodes` nodes ends.
///
/// Source: `pkg/scheduler/schedule_one.go`, `numFeasibleNodesToFind`. `percentage` is `percentageOfNodesToScore`; 0 stands
/// for the adaptive rule.
pub(super) fn feasible_quota(nodes: usize, percentage: u32) -> usize {
    const MIN_FEASIBLE: usize = 100;
    const MIN_PERCENTAGE: usize = 5;
    if nodes < MIN_FEASIBLE {
        return nodes;
    }
    let percentage = match percentage as usize {
        0 => 50_usize.saturating_sub(nodes / 125).max(MIN_PERCENTAGE),
        given => given,
    };
    (nodes * percentage / 100).max(MIN_FEASIBLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_adaptive_rule() {
        let expected = [(99, 99), (100, 100), (1000, 420), (5000, 500), (5625, 281), (12_500, 625)];
        for (nodes, quota) in expected {
            assert_eq!(feasible_quota(nodes, 0), quota, "{nodes} nodes");
        }
        assert_eq!(feasible_quota(1000, 100), 1000);
        assert_eq!(feasible_quota(1000, 1), 100);
    }
}
