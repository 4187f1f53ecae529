//! For how long nodes were not ready.

use towtank_sim::model::NodeId;
use towtank_sim::time::SimTime;

/// Adds up the times in which nodes were not ready.
#[derive(Debug, Default)]
pub(super) struct Outages {
    /// By slot.
    nodes: Vec<Outage>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Outage {
    /// In nanoseconds, without the time since `since`.
    total: i64,
    /// Since when it is not ready.
    since: Option<SimTime>,
}

impl Outages {
    /// A node came.
    pub(super) fn begin(&mut self, id: NodeId) {
        if self.nodes.len() <= id.index() {
            self.nodes.resize(id.index() + 1, Outage::default());
        }
        self.nodes[id.index()] = Outage::default();
    }

    /// A node is ready from now on, or it is not.
    pub(super) fn note(&mut self, id: NodeId, ready: bool, now: SimTime) {
        let Some(node) = self.nodes.get_mut(id.index()) else { return };
        if !ready {
            node.since.get_or_insert(now);
        } else if let Some(since) = node.since.take() {
            node.total += now.since(since).0;
        }
    }

    /// The nanoseconds in which a node that leaves was not ready.
    pub(super) fn close(&mut self, id: NodeId, now: SimTime) -> i64 {
        self.note(id, true, now);
        self.nodes.get(id.index()).map_or(0, |node| node.total)
    }
}
