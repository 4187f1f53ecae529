//! Sums over the cluster, kept up to date by every change.

use crate::model::pod::{Pod, PodClass};
use crate::model::resources::{ResourceId, Resources};

/// What exists now.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Allocatable resources of all nodes, ready or not.
    pub capacity: Resources,
    /// Effective requests of the pods that are bound and have not ended.
    pub allocated: Resources,
    /// CPU in milli that running pods use, by their usage fractions.
    pub used_cpu: i64,
    /// Memory in bytes that running pods use, likewise.
    pub used_memory: i64,
    /// Pods without a node.
    pub pending: u64,
    /// Pods bound but not started.
    pub starting: u64,
    /// Pods running.
    pub running: u64,
    /// Nodes.
    pub nodes: u64,
    /// Nodes whose condition Ready is true.
    pub ready_nodes: u64,
}

/// What has happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Pods asked for, rejected ones included.
    pub submitted: u64,
    /// Pods that admission refused.
    pub rejected: u64,
    /// Scheduling attempts.
    pub attempts: u64,
    /// Bindings.
    pub bound: u64,
    /// Pods that ended well.
    pub succeeded: u64,
    /// Pods that ended badly.
    pub failed: u64,
    /// Pods deleted by their owner or a user.
    pub deleted: u64,
    /// Pods evicted: by a drain, a taint or the loss of their node.
    pub evicted: u64,
    /// Pods preempted.
    pub preempted: u64,
}

impl Totals {
    pub(crate) fn add_usage(&mut self, pod: &Pod, class: &PodClass) {
        let [cpu, memory] = pod.usage.of([ResourceId::CPU, ResourceId::MEMORY].map(|id| class.requests.get(id)));
        self.used_cpu += cpu;
        self.used_memory += memory;
    }

    pub(super) fn remove_usage(&mut self, pod: &Pod, class: &PodClass) {
        let [cpu, memory] = pod.usage.of([ResourceId::CPU, ResourceId::MEMORY].map(|id| class.requests.get(id)));
        self.used_cpu -= cpu;
        self.used_memory -= memory;
    }
}
