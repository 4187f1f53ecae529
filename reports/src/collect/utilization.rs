//! How full the cluster was: exact integrals over time of what was allocated and of what there was.

use crate::data::ResourceUtilization;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::resources::{ResourceId, Resources};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::SimTime;

/// Integrates allocated and capacity, and remembers the fullest state that lasted.
///
/// Pods come and go far more often than nodes: capacity is looked at when it changes, and the fullest state is the largest amount for as long as
/// the capacity stays.
#[derive(Debug, Default)]
pub struct UtilizationCollector {
    /// Since when what is allocated is what it is, and since when the capacity is.
    since: SimTime,
    capacity_since: SimTime,
    allocated: Resources,
    capacity: Resources,
    by_resource: Vec<Sums>,
    initial_nodes: u64,
    peak_nodes: u64,
}

/// Of one resource.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    /// Allocated and capacity, in unit nanoseconds.
    allocated: i128,
    capacity: i128,
    /// The most that was allocated for more than an instant since the capacity is what it is.
    most: i64,
    /// The largest fraction that was before.
    peak: f64,
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
        self.advance(cluster.now);
        self.settle_capacity(cluster.now);
        let of = |id: ResourceId| {
            let sums = self.by_resource.get(id.index()).filter(|sums| sums.allocated != 0 || sums.capacity != 0)?;
            let share = if sums.capacity > 0 { sums.allocated as f64 / sums.capacity as f64 } else { 0.0 };
            let of = ResourceUtilization {
                mean_allocated: share,
                peak_allocated: sums.peak,
                ..ResourceUtilization::default()
            };
            Some((cluster.resources.name(id).to_owned(), of))
        };
        cluster.resources.ids().filter_map(of).collect()
    }

    /// The time until now has passed with what was allocated.
    #[inline]
    fn advance(&mut self, now: SimTime) {
        let span = i128::from(now.since(self.since).0);
        if span == 0 {
            return;
        }
        if self.since == SimTime::ZERO && self.by_resource.is_empty() {
            self.initial_nodes = self.peak_nodes;
        }
        let columns = self.allocated.as_slice().len().max(self.capacity.as_slice().len());
        if self.by_resource.len() < columns {
            self.by_resource.resize(columns, Sums::default());
        }
        for (sums, allocated) in self.by_resource.iter_mut().zip(self.allocated.as_slice()) {
            sums.allocated += i128::from(*allocated) * span;
            sums.most = sums.most.max(*allocated);
        }
        self.since = now;
    }

    /// A pod came to a node or left one.
    #[inline]
    pub(super) fn pod_changed(&mut self, cluster: &Cluster) {
        self.advance(cluster.now);
        self.allocated.clone_from(&cluster.totals().allocated);
    }

    /// The time until now has passed with the capacity as it was.
    fn settle_capacity(&mut self, now: SimTime) {
        let span = i128::from(now.since(self.capacity_since).0);
        for (sums, capacity) in self.by_resource.iter_mut().zip(self.capacity.as_slice()) {
            sums.capacity += i128::from(*capacity) * span;
            if *capacity > 0 {
                sums.peak = sums.peak.max(sums.most as f64 / *capacity as f64);
            }
            sums.most = 0;
        }
        self.capacity_since = now;
    }
}

impl Observer for UtilizationCollector {
    fn interest(&self) -> NoteKinds {
        let pods = Interest::POD_BOUND.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        NoteKinds::changes(pods.and(Interest::NODES))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(change) = note else { return };
        self.pod_changed(cluster);
        if matches!(change, Change::NodeAdded(_) | Change::NodeChanged(..) | Change::NodeRemoved(_)) {
            self.settle_capacity(cluster.now);
            self.capacity.clone_from(&cluster.totals().capacity);
            self.peak_nodes = self.peak_nodes.max(cluster.totals().nodes);
        }
    }
}
