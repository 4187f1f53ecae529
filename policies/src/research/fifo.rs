//! Fifo: first come, first served, whatever the priorities.

use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::scheduler::{Events, Plugin, Points};

/// The plugin. Pods are tried in the order of their creation, also after attempts that failed, so that one which could not be placed
/// is again the first one when it comes back. It does not hold back the others meanwhile: strict order is the batch policy `fifo`.
///
/// Source: the baseline FIFO of Weng et al., "MLaaS in the Wild", NSDI 2022, section 6.1.
#[derive(Clone, Copy, Debug)]
pub struct Fifo;

impl Plugin for Fifo {
    fn name(&self) -> &'static str {
        "Fifo"
    }

    fn points(&self) -> Points {
        Points::QUEUE_SORT
    }

    fn queue_key(&self, pod: &Pod, _class: &PodClass, _cluster: &Cluster) -> i64 {
        pod.created.0
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}
