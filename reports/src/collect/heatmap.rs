//! The heat map of placements.

use crate::data::Heatmap;
use rustc_hash::FxHashMap;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::observe::Observer;
use towtank_sim::time::{SimTime, Span};

/// Samples per column of the heat map.
const SAMPLES_PER_COLUMN: i64 = 2;

/// Samples each node's allocated CPU. Rows are in order of zone, group and appearance.
#[derive(Debug, Default)]
pub struct HeatmapCollector {
    heatmap: Heatmap,
    rows: FxHashMap<u64, usize>,
}

impl HeatmapCollector {
    /// The heat map of a run that ended at `end`.
    pub fn into_heatmap(mut self, end: SimTime) -> Heatmap {
        self.heatmap.finish(end.0);
        self.heatmap
    }
}

impl Observer for HeatmapCollector {
    fn counts_repeats(&self) -> bool {
        true
    }

    fn sampling_interval(&self) -> Option<Span> {
        Some(Span(self.heatmap.column_width_ns() / SAMPLES_PER_COLUMN))
    }

    fn sample(&mut self, at: SimTime, cluster: &Cluster) {
        let mut new: Vec<_> = cluster.nodes().iter().filter(|node| !self.rows.contains_key(&node.uid)).collect();
        new.sort_by_key(|node| (node.zone(), &node.spec.group, node.uid));
        for node in new {
            self.rows.insert(node.uid, self.heatmap.add_node(node.name()));
        }
        self.heatmap.begin_sample(at.0);
        for node in cluster.nodes().iter() {
            let (allocated, capacity) = (node.requested.get(ResourceId::CPU), node.allocatable.get(ResourceId::CPU));
            self.heatmap.set(self.rows[&node.uid], allocated, capacity);
        }
    }
}
