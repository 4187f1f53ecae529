//! The part of `metrics.prom` that is not the scheduler's: kubelets, controllers, the cluster autoscaler, and what is in the store.
//!
//! Sources of names and labels: `pkg/kubelet/metrics/metrics.go`, `pkg/controller/{job,nodelifecycle,tainteviction}/metrics/metrics.go`,
//! `staging/src/k8s.io/apiserver/pkg/storage/etcd3/metrics/metrics.go`; `cluster-autoscaler/metrics/metrics.go`; of kube-state-metrics
//! `docs/metrics/policy/resourcequota-metrics.md`. All kubelets count as one.

use super::exposition::Exposition;
use super::histogram::Histogram;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest, ResourceQuota};
use towtank_sim::model::Quantity;
use towtank_sim::model::pod::Pod;
use towtank_sim::observe::Regarding;
use towtank_sim::time::SimTime;

/// Bounds of `kubelet_pod_start_total_duration_seconds`: `podStartupDurationBuckets`.
const STARTUP: [f64; 25] = [
    0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0, 30.0, 45.0, 60.0, 120.0, 180.0, 240.0, 300.0, 360.0, 480.0,
    600.0, 900.0, 1200.0, 1800.0, 2700.0, 3600.0,
];

/// Counts what kubelets and controllers do.
#[derive(Debug)]
pub(super) struct ControllerMetrics {
    started: Histogram,
    starts: u64,
    taint_deletions: u64,
    /// By result and reason.
    jobs: BTreeMap<(&'static str, &'static str), u64>,
    autoscaler: AutoscalerMetrics,
}

#[derive(Debug, Default)]
struct AutoscalerMetrics {
    /// Whether there is a node group.
    is_there: bool,
    scaled_up: u64,
    empty: u64,
    underutilized: u64,
    evicted: u64,
    timed_out: u64,
}

impl Default for ControllerMetrics {
    fn default() -> Self {
        Self {
            started: Histogram::with_bounds(&STARTUP),
            starts: 0,
            taint_deletions: 0,
            jobs: BTreeMap::new(),
            autoscaler: AutoscalerMetrics::default(),
        }
    }
}

impl ControllerMetrics {
    /// What it wants to be told of, beside events.
    pub(super) const CHANGES: Interest = Interest::POD_STARTED.and(Interest::POD_DELETING).and(Interest::NODES);

    #[inline]
    fn pod_started(&mut self, pod: &Pod, now: SimTime) {
        self.starts += 1;
        // A pod whose machine came back starts again: only the first start counts.
        if pod.started == now {
            self.started.observe((now - pod.created).as_secs_f64());
        }
    }

    #[inline]
    pub(super) fn changed(&mut self, change: Change, cluster: &Cluster) {
        match change {
            Change::PodStarted(id) => {
                if let Some(pod) = cluster.pod(id) {
                    self.pod_started(pod, cluster.now);
                }
            }
            Change::PodDeleting(_, Cause::TaintEvicted) => self.taint_deletions += 1,
            Change::NodeAdded(id) if cluster.node(id).spec.group.is_some() => {
                self.autoscaler.is_there = true;
                self.autoscaler.scaled_up += u64::from(cluster.now > SimTime::ZERO);
            }
            _ => {}
        }
    }

    pub(super) fn event(&mut self, reason: &'static str, regarding: Regarding<'_>, cluster: &Cluster) {
        match (reason, regarding) {
            ("ScaleDownEmpty", Regarding::Named(..)) => self.autoscaler.empty += 1,
            ("ScaleDown", Regarding::Named(..)) => self.autoscaler.underutilized += 1,
            ("ScaleDown", Regarding::Pod(_)) => self.autoscaler.evicted += 1,
            ("ScaleUpTimedOut", _) => self.autoscaler.timed_out += 1,
            ("Completed" | "BackoffLimitExceeded" | "DeadlineExceeded", Regarding::Object(id))
                if cluster.objects().meta(id).is_some_and(|meta| meta.kind == "Job") =>
            {
                let of = if reason == "Completed" { ("succeeded", "") } else { ("failed", reason) };
                *self.jobs.entry(of).or_default() += 1;
            }
            _ => {}
        }
    }

    pub(super) fn write(&self, into: &mut Exposition, cluster: &Cluster) {
        let help = "From the creation of a pod to its first start.";
        into.histogram("kubelet_pod_start_total_duration_seconds", help).buckets(&[], &self.started);
        into.counter("kubelet_started_pods", "Starts of pods.").total(&[], self.starts);
        into.gauge("kubelet_running_pods", "Pods that run at the end.").value(&[], cluster.totals().running);
        into.counter("taint_eviction_controller_pod_deletions", "Pods that were deleted because of a taint.")
            .total(&[], self.taint_deletions);
        zones(into, cluster);
        let family = into.counter("job_controller_jobs_finished", "Jobs that ended, by result and reason.");
        for ((result, reason), count) in &self.jobs {
            family.total(&[("result", result), ("reason", reason)], *count);
        }
        self.autoscaler.write(into, cluster);
        let totals = cluster.totals();
        into.gauge("apiserver_resource_objects", "Objects that the API server holds at the end.")
            .value(&[("group", ""), ("resource", "nodes")], totals.nodes)
            .value(&[("group", ""), ("resource", "pods")], totals.pending + totals.starting + totals.running);
        quotas(into, cluster);
    }
}

impl AutoscalerMetrics {
    fn write(&self, into: &mut Exposition, cluster: &Cluster) {
        if !self.is_there {
            return;
        }
        let totals = cluster.totals();
        into.gauge("cluster_autoscaler_nodes_count", "Nodes at the end, by state.")
            .value(&[("state", "ready")], totals.ready_nodes)
            .value(&[("state", "unready")], totals.nodes - totals.ready_nodes);
        into.counter("cluster_autoscaler_scaled_up_nodes", "Nodes that were added.").total(&[], self.scaled_up);
        into.counter("cluster_autoscaler_scaled_down_nodes", "Nodes whose removal was decided, by reason.")
            .total(&[("reason", "empty")], self.empty)
            .total(&[("reason", "underutilized")], self.underutilized);
        into.counter("cluster_autoscaler_evicted_pods", "Pods that were evicted from nodes that go.")
            .total(&[("eviction_result", "succeeded")], self.evicted);
        into.counter("cluster_autoscaler_failed_scale_ups", "Additions of nodes that failed, by reason.")
            .total(&[("reason", "timeout")], self.timed_out);
    }
}

/// What the node lifecycle controller says of zones.
fn zones(into: &mut Exposition, cluster: &Cluster) {
    let mut zones: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for node in cluster.nodes().iter() {
        let (all, unhealthy) = zones.entry(node.zone()).or_default();
        *all += 1;
        *unhealthy += u64::from(!node.ready);
    }
    let family = into.gauge("node_collector_zone_size", "Nodes of each zone at the end.");
    for (zone, (all, _)) in &zones {
        family.value(&[("zone", zone)], all);
    }
    let family =
        into.gauge("node_collector_zone_health", "Percentage of the nodes of each zone that are ready at the end.");
    for (zone, (all, unhealthy)) in &zones {
        family.value(&[("zone", zone)], (all - unhealthy) as f64 * 100.0 / *all as f64);
    }
    let family =
        into.gauge("node_collector_unhealthy_nodes_in_zone", "Nodes of each zone that are not ready at the end.");
    for (zone, (_, unhealthy)) in &zones {
        family.value(&[("zone", zone)], unhealthy);
    }
}

/// What kube-state-metrics says of quotas.
fn quotas(into: &mut Exposition, cluster: &Cluster) {
    let family = into.gauge("kube_resourcequota", "Limits of quotas, and what of them is used at the end.");
    for (meta, quota) in cluster.objects().of_kind::<ResourceQuota>(ResourceQuota::KIND) {
        for (kind, amounts) in [("hard", &quota.hard), ("used", &quota.used)] {
            for (resource, amount) in amounts {
                let labels = [
                    ("resourcequota", &*meta.name),
                    ("namespace", &*meta.namespace),
                    ("resource", resource.as_ref()),
                    ("type", kind),
                ];
                family.value(&labels, units(*amount));
            }
        }
    }
}

/// A quantity as a number of cores, bytes or things.
fn units(amount: Quantity) -> f64 {
    amount.milli_value() as f64 / 1000.0
}
