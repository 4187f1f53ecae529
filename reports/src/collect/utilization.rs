//! How full the cluster was: exact integrals over time of what was allocated and of what there was.

use crate::data::ResourceUtilization;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::resources::{ResourceId, Resources};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::SimTime;

/// Integrates allocated and capacity, and remembers the fullest state that lasted.
#[derive(Debug, Default)]
pub struct UtilizationCollector {
    since: SimTime,
    allocated: Resources,
    capacity: Resources,
    /// Per resource: allocated and capacity in unit nanoseconds.
    integrals: Vec<(i128, i128)>,
    /// Per resource: the largest fraction that held for more than an instant.
    peaks: Vec<f64>,
    initial_nodes: u64,
    peak_nodes: u64,
}

impl UtilizationCollector {
    /// How many nodes there were when time first passed.
    pub fn initial_nodes(&self) -> u64 {
        self.initial_nodes
    }

    /// The largest number of nodes.
    pub fn peak_nodes(&self) -> u64 {
        self.peak_nodes
    }

    /// Utilization by resource, for every resource that the cluster has or that was asked for.
    pub fn summary(&mut self, cluster: &Cluster) -> BTreeMap<String, ResourceUtilization> {
        self.advance(cluster);
        let used = |id: &ResourceId| self.integrals.get(id.index()).is_some_and(|(a, c)| *a != 0 || *c != 0);
        let of = |id: ResourceId| {
            let (allocated, capacity) = self.integrals[id.index()];
            let mean_allocated = if capacity > 0 { allocated as f64 / capacity as f64 } else { 0.0 };
            ResourceUtilization {
                mean_allocated,
                peak_allocated: self.peaks[id.index()],
                ..ResourceUtilization::default()
            }
        };
        let ids = cluster.resources.ids().filter(used);
        ids.map(|id| (cluster.resources.name(id).to_owned(), of(id))).collect()
    }

    fn advance(&mut self, cluster: &Cluster) {
        let span = i128::from(cluster.now.since(self.since).0);
        if span > 0 {
            if self.since == SimTime::ZERO && self.integrals.is_empty() {
                self.initial_nodes = self.peak_nodes;
            }
            let columns = self.allocated.as_slice().len().max(self.capacity.as_slice().len());
            if self.integrals.len() < columns {
                self.integrals.resize(columns, (0, 0));
                self.peaks.resize(columns, 0.0);
            }
            for (i, (integral, peak)) in self.integrals.iter_mut().zip(&mut self.peaks).enumerate() {
                let id = ResourceId(i as u16);
                let (allocated, capacity) = (self.allocated.get(id), self.capacity.get(id));
                integral.0 += i128::from(allocated) * span;
                integral.1 += i128::from(capacity) * span;
                if capacity > 0 {
                    *peak = peak.max(allocated as f64 / capacity as f64);
                }
            }
        }
        self.since = cluster.now;
    }
}

impl Observer for UtilizationCollector {
    fn interest(&self) -> NoteKinds {
        let pods = Interest::POD_BOUND.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        NoteKinds::changes(pods.and(Interest::NODES))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(change) = note else { return };
        self.advance(cluster);
        self.allocated.clone_from(&cluster.totals().allocated);
        if matches!(change, Change::NodeAdded(_) | Change::NodeChanged(..) | Change::NodeRemoved(_)) {
            self.capacity.clone_from(&cluster.totals().capacity);
            self.peak_nodes = self.peak_nodes.max(cluster.totals().nodes);
        }
    }
}
