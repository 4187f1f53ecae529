//! The cluster autoscaler's flags.

use super::expander::Expander;
use super::totals::Totals;
use crate::time::Span;

/// The settings of the cluster autoscaler, with upstream's flags and defaults.
///
/// Source: `cluster-autoscaler/config/flags`, version 1.36.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own upstream")]
pub struct ClusterAutoscalerSettings {
    /// `--scan-interval`: how often the cluster is looked at. 10 s.
    pub scan_interval: Span,
    /// `--expander`: what chooses among the groups that could help, from left to right until one remains; a remaining tie
    /// is drawn by lot. `least-waste`.
    pub expanders: Vec<Expander>,
    /// `--max-nodes-total`: no more nodes than this in the whole cluster; 0 for no limit. 0.
    pub max_nodes_total: u32,
    /// `--max-nodes-per-scaleup`: at most so many nodes at once. 1000.
    pub max_nodes_per_scaleup: u32,
    /// `--max-node-provision-time`: a node that is not there after this time is given up. 15 min.
    pub max_node_provision_time: Span,
    /// `--initial-node-group-backoff-duration`: how long a group that failed is left alone. 5 min.
    pub initial_backoff: Span,
    /// `--max-node-group-backoff-duration`: the backoff doubles up to this. 30 min.
    pub max_backoff: Span,
    /// `--node-group-backoff-reset-timeout`: a failure is forgotten after this time. 3 h.
    pub backoff_reset: Span,
    /// `--balance-similar-node-groups`: groups that are alike grow together. False.
    pub balance_similar_node_groups: bool,
    /// `--cores-total`, `--memory-total`, `--gpu-total`: what the nodes may have in sum.
    pub totals: Totals,
    /// `--force-ds`: a new node gets a pod of every DaemonSet that belongs there, also where its group's nodes have none. False.
    pub force_daemon_sets: bool,
    /// `--startup-taint`: keys of taints that a node has only while it starts.
    pub startup_taints: Vec<String>,
    /// `--expendable-pods-priority-cutoff`: pods of lower priority ask for no nodes and keep none. −10.
    pub expendable_pods_priority_cutoff: i32,
    /// `--new-pod-scale-up-delay`: pods younger than this are not looked at. 0.
    pub new_pod_scale_up_delay: Span,
    /// While all pods to be helped are younger than this, more are waited for. 2 s. No flag upstream.
    pub pod_buffer: Span,
    /// The same for pods that request GPUs. 30 s. No flag upstream.
    pub gpu_pod_buffer: Span,
    /// `--max-total-unready-percentage`: with more nodes unready nothing is done. 45.
    pub max_total_unready_percentage: u32,
    /// `--ok-total-unready-count`: so many unready nodes are always tolerated. 3.
    pub ok_total_unready_count: u32,
    /// `--scale-down-enabled`. True.
    pub scale_down_enabled: bool,
    /// `--scale-down-utilization-threshold`: a node up to this utilization may be unneeded. 0.5.
    pub scale_down_utilization_threshold: f64,
    /// `--scale-down-gpu-utilization-threshold`: the same for nodes with GPUs, whose GPUs alone count. 0.5.
    pub scale_down_gpu_utilization_threshold: f64,
    /// `--scale-down-unneeded-time`: how long a node must be unneeded before it goes. 10 min.
    pub scale_down_unneeded_time: Span,
    /// `--scale-down-unready-time`: the same of a node that is not ready. 20 min.
    pub scale_down_unready_time: Span,
    /// `--scale-down-unready-enabled`: nodes that are not ready may go. True.
    pub scale_down_unready_enabled: bool,
    /// `--ignore-daemonsets-utilization`: pods of DaemonSets do not count as use, nor what they take as what a node has. False.
    pub ignore_daemon_sets_utilization: bool,
    /// `--ignore-mirror-pods-utilization`: the same of mirror pods. False.
    pub ignore_mirror_pods_utilization: bool,
    /// `--scale-down-delay-after-add`: no node goes so soon after nodes were added. 10 min.
    pub scale_down_delay_after_add: Span,
    /// `--scale-down-delay-after-delete`: no node goes so soon after another one began to go. 0.
    pub scale_down_delay_after_delete: Span,
    /// `--scale-down-delay-after-failure`: no node goes so soon after a node could not be tainted. It always can, so that nothing waits;
    /// upstream does not count a drain that fails later either. 3 min.
    pub scale_down_delay_after_failure: Span,
    /// `--unremovable-node-recheck-timeout`: how long a node is left alone whose pods cannot move. 5 min.
    pub unremovable_node_recheck_timeout: Span,
    /// `--max-scale-down-parallelism`: so many nodes are removed at the same time. 10.
    pub max_scale_down_parallelism: u32,
    /// `--max-drain-parallelism`: so many of them with pods to evict. 1.
    pub max_drain_parallelism: u32,
    /// `--node-delete-delay-after-taint`: from the taint to the first eviction or the deletion. 5 s.
    pub node_delete_delay_after_taint: Span,
    /// `--max-pod-eviction-time`: how long refused evictions are tried again. 2 min.
    pub max_pod_eviction_time: Span,
    /// `--max-graceful-termination-sec`: how long evicted pods are waited for; 30 s of grace come on top. 10 min.
    pub max_graceful_termination: Span,
    /// `--skip-nodes-with-system-pods`: pods in `kube-system` that no DaemonSet owns keep their node. True.
    pub skip_nodes_with_system_pods: bool,
    /// `--skip-nodes-with-custom-controller-pods`: pods whose owner is of an unknown kind keep their node. True.
    pub skip_nodes_with_custom_controller_pods: bool,
    /// `--skip-nodes-with-local-storage`: pods with data on the node's disk keep their node. True.
    pub skip_nodes_with_local_storage: bool,
    /// `--blocking-system-pod-distruption-timeout`: older pods of the system no longer keep their node. 1 h.
    pub system_pod_disruption_timeout: Span,
    /// `--min-replica-count`: pods of a ReplicaSet or ReplicationController with fewer replicas keep their node. 0.
    pub min_replica_count: u32,
    /// `--daemonset-eviction-for-occupied-nodes`: pods of DaemonSets are evicted with the others. True.
    pub evict_daemon_sets_from_occupied: bool,
    /// `--daemonset-eviction-for-empty-nodes`: pods of DaemonSets are evicted where there are no others. False.
    pub evict_daemon_sets_from_empty: bool,
    /// `--scale-down-delay-type-local`: delays after additions, deletions and failures hold for the group alone. False.
    pub scale_down_delay_type_local: bool,
    /// Pods are looked at by namespace and name, as in recordings, and not by age. Upstream's order is none. False.
    pub pods_by_name: bool,
}

impl Default for ClusterAutoscalerSettings {
    fn default() -> Self {
        let minutes = |n: i64| Span::from_secs(n * 60);
        Self {
            scan_interval: Span::from_secs(10),
            expanders: vec![Expander::LeastWaste],
            max_nodes_total: 0,
            max_nodes_per_scaleup: 1000,
            max_node_provision_time: minutes(15),
            initial_backoff: minutes(5),
            max_backoff: minutes(30),
            backoff_reset: minutes(180),
            balance_similar_node_groups: false,
            totals: Totals::default(),
            force_daemon_sets: false,
            startup_taints: Vec::new(),
            expendable_pods_priority_cutoff: -10,
            new_pod_scale_up_delay: Span::ZERO,
            pod_buffer: Span::from_secs(2),
            gpu_pod_buffer: Span::from_secs(30),
            max_total_unready_percentage: 45,
            ok_total_unready_count: 3,
            scale_down_enabled: true,
            scale_down_utilization_threshold: 0.5,
            scale_down_gpu_utilization_threshold: 0.5,
            scale_down_unneeded_time: minutes(10),
            scale_down_unready_time: minutes(20),
            scale_down_unready_enabled: true,
            ignore_daemon_sets_utilization: false,
            ignore_mirror_pods_utilization: false,
            scale_down_delay_after_add: minutes(10),
            scale_down_delay_after_delete: Span::ZERO,
            scale_down_delay_after_failure: minutes(3),
            unremovable_node_recheck_timeout: minutes(5),
            max_scale_down_parallelism: 10,
            max_drain_parallelism: 1,
            node_delete_delay_after_taint: Span::from_secs(5),
            max_pod_eviction_time: minutes(2),
            max_graceful_termination: minutes(10),
            skip_nodes_with_system_pods: true,
            skip_nodes_with_custom_controller_pods: true,
            skip_nodes_with_local_storage: true,
            system_pod_disruption_timeout: minutes(60),
            min_replica_count: 0,
            evict_daemon_sets_from_occupied: true,
            evict_daemon_sets_from_empty: false,
            scale_down_delay_type_local: false,
            pods_by_name: false,
        }
    }
}
