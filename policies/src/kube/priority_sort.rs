//! PrioritySort: higher priority first, then the longer wait.

use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::scheduler::{Events, Plugin, Points};

/// The plugin.
///
/// Source: `queuesort/priority_sort.go`.
#[derive(Clone, Copy, Debug)]
pub struct PrioritySort;

impl Plugin for PrioritySort {
    fn name(&self) -> &'static str {
        "PrioritySort"
    }

    fn points(&self) -> Points {
        Points::QUEUE_SORT
    }

    fn queue_key(&self, _pod: &Pod, class: &PodClass, _cluster: &Cluster) -> i64 {
        -i64::from(class.priority())
    }

    fn events(&self) -> Events {
        Events::NONE
    }
}
