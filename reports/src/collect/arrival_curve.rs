//! How a cluster fills up, by how much has been asked of its GPUs.

use super::fragmentation::FragmentationTracker;
use crate::data::{ArrivalCurve, ArrivalPoint};
use std::sync::Arc;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::fragmentation::FragmentationMeasure;
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::observe::{Note, NoteKinds, Observer};

/// Looks at the GPUs whenever the next pod arrives, and at the end: that is the state after the arrival before. Pods have to
/// arrive one after another, so that each has been tried when the next one comes.
#[derive(Clone, Debug)]
pub struct ArrivalCurveCollector {
    tracker: FragmentationTracker,
    arrived_milli: i64,
    /// Whether a pod has arrived whose state has not been looked at.
    is_open: bool,
    curve: ArrivalCurve,
}

impl ArrivalCurveCollector {
    /// A collector that measures fragmentation this way.
    pub fn new(measure: Arc<FragmentationMeasure>) -> Self {
        let tracker = FragmentationTracker::new(measure);
        Self { tracker, arrived_milli: 0, is_open: false, curve: ArrivalCurve::default() }
    }

    /// The curve, with the state after the last arrival.
    pub fn into_curve(mut self, cluster: &Cluster) -> ArrivalCurve {
        self.close(cluster);
        self.curve
    }

    /// Looks at the state after the last arrival. A cluster without GPUs has none.
    fn close(&mut self, cluster: &Cluster) {
        if !std::mem::take(&mut self.is_open) {
            return;
        }
        self.tracker.follow(cluster);
        let (capacity, idle) = (self.tracker.capacity_milli() as f64, self.tracker.idle_milli() as f64);
        if capacity == 0.0 {
            return;
        }
        let fragmented = self.tracker.fragmented_milli();
        self.curve.push(ArrivalPoint {
            arrived_percent: 100.0 * self.arrived_milli as f64 / capacity,
            allocated_percent: to_two_decimals(100.0 * (capacity - idle) / capacity),
            fragmented_percent: 100.0 * fragmented / capacity,
            fragmentation_ratio_percent: if idle > 0.0 { to_two_decimals(100.0 * fragmented / idle) } else { 0.0 },
        });
    }
}

impl Observer for ArrivalCurveCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::changes(Interest::POD_CREATED)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(Change::PodCreated(id)) = note else { return };
        self.close(cluster);
        let gpu = cluster.pod(*id).and_then(|pod| cluster.class_of(pod).spec.gpu);
        self.arrived_milli += gpu.map_or(0, GpuRequest::total);
        self.is_open = true;
    }
}

/// As the logs have the numbers from which the published means were made.
fn to_two_decimals(percent: f64) -> f64 {
    (percent * 100.0).round_ties_even() / 100.0
}
