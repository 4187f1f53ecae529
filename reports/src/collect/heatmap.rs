//! The heat map of placements.

use super::changed_nodes::{Changed, ChangedNodes};
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
    /// By slot: the rows of the nodes that there are.
    members: Vec<Option<usize>>,
    changed: ChangedNodes,
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
        self.members.clear();
        for node in cluster.nodes().iter() {
            let slot = node.id.index();
            self.members.resize(self.members.len().max(slot + 1), None);
            self.members[slot] = Some(self.rows[&node.uid]);
        }
        self.heatmap.clear();
    }

    fn look(&mut self, id: NodeId, cluster: &Cluster) {
        if let Some(Some(row)) = self.members.get(id.index()) {
            let node = cluster.node(id);
            self.heatmap.set(*row, node.requested.get(ResourceId::CPU), node.allocatable.get(ResourceId::CPU));
        }
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
        match self.changed.look(cluster) {
            Changed::Some(nodes) => nodes.iter().for_each(|id| self.look(*id, cluster)),
            Changed::All { others } => {
                if others {
                    self.list_members(cluster);
                }
                cluster.nodes().iter().for_each(|node| self.look(node.id, cluster));
            }
        }
        self.heatmap.sample(at.0);
    }
}
