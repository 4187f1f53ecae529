//! ShortestJobFirst: pods that are expected to run for less time are tried first.

use towtank_sim::cluster::Cluster;
use towtank_sim::gang::PodGroup;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::scheduler::{Events, Plugin, Points};

/// The plugin. A pod's key is the run time that its PodGroup announces, or its run time itself where nothing is announced; pods that
/// never end come last. Among equals the longer wait decides.
///
/// Source: SJF of Weng et al., "MLaaS in the Wild", NSDI 2022, section 6.1.
#[derive(Clone, Copy, Debug)]
pub struct ShortestJobFirst;

impl Plugin for ShortestJobFirst {
    fn name(&self) -> &'static str {
        "ShortestJobFirst"
    }

    fn points(&self) -> Points {
        Points::QUEUE_SORT
    }

    fn queue_key(&self, pod: &Pod, _class: &PodClass, cluster: &Cluster) -> i64 {
        PodGroup::estimate_of(pod, cluster).0
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}
