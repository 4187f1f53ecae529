//! What grows and shrinks: node groups under the cluster autoscaler, and the load that drives horizontal pod autoscalers.

use serde::Deserialize;
use towtank_sim::autoscaling::cluster_autoscaler::{ClusterAutoscalerSettings, Expander, PriorityTier};
use towtank_sim::autoscaling::{NodeGroup, NodeGroupOptions};
use towtank_sim::random::Distribution;
use towtank_sim::time::Span;
use towtank_workloads::generate::NodePool;
use towtank_workloads::schema::{DistributionSpec, DurationText, LoadSpec, Seconds};

/// No group may be larger.
const MAX_NODES: u32 = 1_000_000;

/// `spec.autoscaling`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct AutoscalingSpec {
    /// The cluster autoscaler's settings, under the names of its flags.
    pub cluster: ClusterAutoscalerSpec,
    /// The groups that it may resize. Without any there is no cluster autoscaler.
    pub node_groups: Vec<NodeGroupSpec>,
    /// The loads on the targets of horizontal pod autoscalers.
    pub load: Vec<AutoscalerLoad>,
}

/// A node group.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NodeGroupSpec {
    /// The name. Nodes are called `NAME-1`, `NAME-2`, …
    pub name: String,
    /// Never fewer nodes.
    #[serde(default)]
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// The number at the start; `min` if absent.
    pub initial: Option<u32>,
    /// What each node is, written as a pool of one node.
    pub template: NodePool,
    /// From the request for a node until it is ready; two minutes if absent.
    pub provisioning_delay: Option<DistributionSpec<Seconds>>,
    /// Price of a node per hour.
    pub price: Option<f64>,
    /// Zones that nodes are put into in turn.
    #[serde(default)]
    pub zones: Vec<String>,
    /// Whether it has all of its nodes or none.
    #[serde(default)]
    pub zero_or_max_node_scaling: bool,
    /// What holds for this group instead of the autoscaler's settings.
    #[serde(default)]
    pub options: GroupOptionsSpec,
}

/// Flags of the cluster autoscaler that hold for one group.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GroupOptionsSpec {
    scale_down_utilization_threshold: Option<f64>,
    scale_down_gpu_utilization_threshold: Option<f64>,
    scale_down_unneeded_time: Option<DurationText>,
    scale_down_unready_time: Option<DurationText>,
    max_node_provision_time: Option<DurationText>,
    ignore_daemonsets_utilization: Option<bool>,
}

/// The least and the most of something.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    #[serde(default)]
    min: u32,
    max: Option<u32>,
}

/// The cluster autoscaler's flags. What is absent has upstream's default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ClusterAutoscalerSpec {
    scan_interval: Option<DurationText>,
    expander: Option<Vec<ExpanderName>>,
    /// For the expander `priority`: groups by priority.
    priorities: Vec<PrioritySpec>,
    balance_similar_node_groups: Option<bool>,
    max_nodes_total: Option<u32>,
    max_node_provision_time: Option<DurationText>,
    scale_down_enabled: Option<bool>,
    scale_down_utilization_threshold: Option<f64>,
    scale_down_gpu_utilization_threshold: Option<f64>,
    scale_down_unneeded_time: Option<DurationText>,
    scale_down_unready_time: Option<DurationText>,
    scale_down_unready_enabled: Option<bool>,
    scale_down_delay_type_local: Option<bool>,
    scale_down_delay_after_add: Option<DurationText>,
    scale_down_delay_after_delete: Option<DurationText>,
    scale_down_delay_after_failure: Option<DurationText>,
    new_pod_scale_up_delay: Option<DurationText>,
    expendable_pods_priority_cutoff: Option<i32>,
    max_scale_down_parallelism: Option<u32>,
    max_drain_parallelism: Option<u32>,
    unremovable_node_recheck_timeout: Option<DurationText>,
    node_delete_delay_after_taint: Option<DurationText>,
    max_pod_eviction_time: Option<DurationText>,
    max_graceful_termination: Option<DurationText>,
    skip_nodes_with_system_pods: Option<bool>,
    blocking_system_pod_disruption_timeout: Option<DurationText>,
    skip_nodes_with_local_storage: Option<bool>,
    skip_nodes_with_custom_controller_pods: Option<bool>,
    min_replica_count: Option<u32>,
    ignore_daemonsets_utilization: Option<bool>,
    ignore_mirror_pods_utilization: Option<bool>,
    cores_total: Option<Limits>,
    /// In GiB.
    memory_total: Option<Limits>,
}

/// An expander by upstream's name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExpanderName {
    Random,
    MostPods,
    LeastNodes,
    LeastWaste,
    Price,
    Priority,
}

/// Groups of one priority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PrioritySpec {
    priority: i32,
    groups: Vec<String>,
}

/// The load on the target of a HorizontalPodAutoscaler.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AutoscalerLoad {
    /// The autoscaler: `NAMESPACE/NAME`, or `NAME` in namespace `default`.
    pub autoscaler: String,
    /// The load over time.
    pub curve: LoadSpec,
}

impl NodeGroupSpec {
    /// The group as the autoscaler takes it.
    ///
    /// # Errors
    /// What contradicts itself.
    pub fn group(&self) -> Result<NodeGroup, String> {
        let Some(template) = self.template.nodes().next().filter(|_| self.template.count == 1) else {
            return Err(format!("template.count is {}: expected none, min and max say how many", self.template.count));
        };
        if self.max > MAX_NODES {
            return Err(format!("max is {}: expected at most {MAX_NODES}", self.max));
        }
        let group = NodeGroup {
            name: self.name.as_str().into(),
            min: self.min,
            max: self.max,
            initial: self.initial.unwrap_or(self.min),
            template,
            provisioning: self
                .provisioning_delay
                .as_ref()
                .map_or(Distribution::Constant { value: 120.0 }, |delay| delay.distribution.clone()),
            price: self.price,
            zones: self.zones.clone(),
            zero_or_max: self.zero_or_max_node_scaling,
            options: self.options.options()?,
        };
        group.validate().map_err(|error| error.to_string())?;
        Ok(group)
    }
}

impl GroupOptionsSpec {
    fn options(&self) -> Result<NodeGroupOptions, String> {
        check_fractions([
            ("scaleDownUtilizationThreshold", self.scale_down_utilization_threshold),
            ("scaleDownGpuUtilizationThreshold", self.scale_down_gpu_utilization_threshold),
        ])
        .map_err(|(field, message)| format!("options.{field}: {message}"))?;
        let span = |text: Option<DurationText>| text.map(|text| text.0);
        Ok(NodeGroupOptions {
            scale_down_utilization_threshold: self.scale_down_utilization_threshold,
            scale_down_gpu_utilization_threshold: self.scale_down_gpu_utilization_threshold,
            scale_down_unneeded_time: span(self.scale_down_unneeded_time),
            scale_down_unready_time: span(self.scale_down_unready_time),
            max_node_provision_time: span(self.max_node_provision_time),
            ignore_daemon_sets_utilization: self.ignore_daemonsets_utilization,
        })
    }
}

/// Refuses what is not from 0 to 1.
fn check_fractions(given: [(&'static str, Option<f64>); 2]) -> Result<(), (&'static str, String)> {
    for (field, fraction) in given {
        if let Some(fraction) = fraction.filter(|fraction| !(0.0..=1.0).contains(fraction)) {
            return Err((field, format!("{fraction} is out of range: expected a fraction from 0 to 1")));
        }
    }
    Ok(())
}

impl ClusterAutoscalerSpec {
    /// The settings as the autoscaler takes them.
    ///
    /// # Errors
    /// The field that is out of its range, and what was expected.
    pub fn settings(&self) -> Result<ClusterAutoscalerSettings, (&'static str, String)> {
        if self.scan_interval.is_some_and(|interval| interval.0 <= Span::ZERO) {
            return Err(("scanInterval", "expected a duration above zero".to_owned()));
        }
        check_fractions([
            ("scaleDownUtilizationThreshold", self.scale_down_utilization_threshold),
            ("scaleDownGpuUtilizationThreshold", self.scale_down_gpu_utilization_threshold),
        ])?;
        for (field, limits) in [("coresTotal", self.cores_total), ("memoryTotal", self.memory_total)] {
            if let Some((min, max)) =
                limits.and_then(|limits| Some((limits.min, limits.max?))).filter(|(min, max)| min > max)
            {
                return Err((field, format!("min is {min}: expected at most max, which is {max}")));
            }
        }
        let mut settings = ClusterAutoscalerSettings::default();
        let span = |field: &mut Span, value: Option<DurationText>| *field = value.map_or(*field, |text| text.0);
        span(&mut settings.scan_interval, self.scan_interval);
        span(&mut settings.max_node_provision_time, self.max_node_provision_time);
        span(&mut settings.scale_down_unneeded_time, self.scale_down_unneeded_time);
        span(&mut settings.scale_down_unready_time, self.scale_down_unready_time);
        span(&mut settings.unremovable_node_recheck_timeout, self.unremovable_node_recheck_timeout);
        span(&mut settings.node_delete_delay_after_taint, self.node_delete_delay_after_taint);
        span(&mut settings.max_pod_eviction_time, self.max_pod_eviction_time);
        span(&mut settings.max_graceful_termination, self.max_graceful_termination);
        span(&mut settings.system_pod_disruption_timeout, self.blocking_system_pod_disruption_timeout);
        span(&mut settings.scale_down_delay_after_add, self.scale_down_delay_after_add);
        span(&mut settings.scale_down_delay_after_delete, self.scale_down_delay_after_delete);
        span(&mut settings.scale_down_delay_after_failure, self.scale_down_delay_after_failure);
        span(&mut settings.new_pod_scale_up_delay, self.new_pod_scale_up_delay);
        let count = |field: &mut u32, value: Option<u32>| *field = value.unwrap_or(*field);
        count(&mut settings.max_nodes_total, self.max_nodes_total);
        count(&mut settings.max_scale_down_parallelism, self.max_scale_down_parallelism);
        count(&mut settings.max_drain_parallelism, self.max_drain_parallelism);
        count(&mut settings.min_replica_count, self.min_replica_count);
        let fraction = |field: &mut f64, value: Option<f64>| *field = value.unwrap_or(*field);
        fraction(&mut settings.scale_down_utilization_threshold, self.scale_down_utilization_threshold);
        fraction(&mut settings.scale_down_gpu_utilization_threshold, self.scale_down_gpu_utilization_threshold);
        let flag = |field: &mut bool, value: Option<bool>| *field = value.unwrap_or(*field);
        flag(&mut settings.balance_similar_node_groups, self.balance_similar_node_groups);
        flag(&mut settings.scale_down_enabled, self.scale_down_enabled);
        flag(&mut settings.skip_nodes_with_system_pods, self.skip_nodes_with_system_pods);
        flag(&mut settings.scale_down_unready_enabled, self.scale_down_unready_enabled);
        flag(&mut settings.scale_down_delay_type_local, self.scale_down_delay_type_local);
        flag(&mut settings.skip_nodes_with_local_storage, self.skip_nodes_with_local_storage);
        flag(&mut settings.skip_nodes_with_custom_controller_pods, self.skip_nodes_with_custom_controller_pods);
        flag(&mut settings.ignore_daemon_sets_utilization, self.ignore_daemonsets_utilization);
        flag(&mut settings.ignore_mirror_pods_utilization, self.ignore_mirror_pods_utilization);
        let total = |field: &mut (i64, i64), limits: Option<Limits>| {
            let given = limits.map(|limits| (i64::from(limits.min), limits.max.map_or(field.1, i64::from)));
            *field = given.unwrap_or(*field);
        };
        total(&mut settings.totals.cores, self.cores_total);
        total(&mut settings.totals.memory_gib, self.memory_total);
        if let Some(cutoff) = self.expendable_pods_priority_cutoff {
            settings.expendable_pods_priority_cutoff = cutoff;
        }
        if let Some(names) = &self.expander {
            settings.expanders = names.iter().map(|name| self.expander(*name)).collect();
        }
        Ok(settings)
    }

    fn expander(&self, name: ExpanderName) -> Expander {
        match name {
            ExpanderName::Random => Expander::Random,
            ExpanderName::MostPods => Expander::MostPods,
            ExpanderName::LeastNodes => Expander::LeastNodes,
            ExpanderName::LeastWaste => Expander::LeastWaste,
            ExpanderName::Price => Expander::Price,
            ExpanderName::Priority => Expander::Priority(
                self.priorities
                    .iter()
                    .map(|tier| PriorityTier {
                        priority: tier.priority,
                        groups: tier.groups.iter().map(|name| name.as_str().into()).collect(),
                    })
                    .collect(),
            ),
        }
    }
}

impl AutoscalerLoad {
    /// The namespace and the name of the autoscaler.
    pub fn target(&self) -> (&str, &str) {
        self.autoscaler.split_once('/').unwrap_or(("default", &self.autoscaler))
    }
}
