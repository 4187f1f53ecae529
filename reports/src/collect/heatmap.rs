//! The heat map of placements.

use crate::data::Heatmap;
use rustc_hash::FxHashMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::observe::{NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// Samples per column of the heat map.
const SAMPLES_PER_COLUMN: i64 = 2;

/// Samples each node's allocated CPU. Rows are in order of zone, group and appearance.
#[derive(Debug, Default)]
pub struct HeatmapCollector {
    heatmap: Heatmap,
    /// By the uid of the node.
    rows: FxHashMap<u64, usize>,
    /// The nodes that there are with their rows, and the membership that they are of.
    members: Vec<(NodeId, usize)>,
    membership: Option<u64>,
}

impl HeatmapCollector {
    /// The heat map of a run that ended at `end`.
    pub fn into_heatmap(mut self, end: SimTime) -> Heatmap {
        self.heatmap.finish(end.0);
        self.heatmap
    }

    fn list_members(&mut self, cluster: &Cluster) {
        let mut new: Vec<_> = cluster.nodes().iter().filter(|node| !self.rows.contains_key(&node.uid)).collect();
        new.sort_by_key(|node| (node.zone(), &node.spec.group, node.uid));
        for node in new {
            self.rows.insert(node.uid, self.heatmap.add_node(node.name()));
        }
        self.members = cluster.nodes().iter().map(|node| (node.id, self.rows[&node.uid])).collect();
        self.membership = Some(cluster.nodes().membership());
    }
}

impl Observer for HeatmapCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::NONE
    }

    fn sampling_interval(&self) -> Option<Span> {
        Some(Span(self.heatmap.column_width_ns() / SAMPLES_PER_COLUMN))
    }

    fn sample(&mut self, at: SimTime, cluster: &Cluster) {
        if self.membership != Some(cluster.nodes().membership()) {
            self.list_members(cluster);
        }
        self.heatmap.begin_sample(at.0);
        for (id, row) in &self.members {
            let node = cluster.node(*id);
            self.heatmap.set(*row, node.requested.get(ResourceId::CPU), node.allocatable.get(ResourceId::CPU));
        }
    }
}
