//! Which nodes have changed since somebody looked: who samples all of them often looks at those only.

use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;

/// A look at the nodes, over and over.
#[derive(Debug, Default)]
pub(super) struct ChangedNodes {
    /// How much of the log of changes has been read, and of which nodes it was.
    read: u64,
    membership: Option<u64>,
}

/// The nodes that may have changed.
pub(super) enum Changed<'c> {
    /// These; some of them more than once, and some may be gone.
    Some(&'c [NodeId]),
    /// Any.
    All {
        /// Whether nodes have come or gone.
        others: bool,
    },
}

impl ChangedNodes {
    /// Those that have changed since the last look; the first look is at all of them.
    pub(super) fn look<'c>(&mut self, cluster: &'c Cluster) -> Changed<'c> {
        let (log, membership) = (cluster.nodes().changes(), cluster.nodes().membership());
        let since = log.since(std::mem::replace(&mut self.read, log.end()));
        let others = self.membership.replace(membership) != Some(membership);
        match since {
            Some(nodes) if !others => Changed::Some(nodes),
            _ => Changed::All { others },
        }
    }
}
