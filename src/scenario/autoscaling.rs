//! What grows and shrinks: node groups under the cluster autoscaler, and the load that drives horizontal pod autoscalers.

use serde::Deserialize;
use towtank_sim::autoscaling::NodeGroup;
use towtank_sim::autoscaling::cluster_autoscaler::{ClusterAutoscalerSettings, Expander, PriorityTier};
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
    scale_down_delay_after_add: Option<DurationText>,
    scale_down_delay_after_delete: Option<DurationText>,
    scale_down_delay_after_failure: Option<DurationText>,
    new_pod_scale_up_delay: Option<DurationText>,
    expendable_pods_priority_cutoff: Option<i32>,
    max_scale_down_parallelism: Option<u32>,
    max_drain_parallelism: Option<u32>,
    skip_nodes_with_system_pods: Option<bool>,
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
            zero_or_max: false,
        };
        group.validate().map_err(|error| error.to_string())?;
        Ok(group)
    }
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
        for (field, threshold) in [
            ("scaleDownUtilizationThreshold", self.scale_down_utilization_threshold),
            ("scaleDownGpuUtilizationThreshold", self.scale_down_gpu_utilization_threshold),
        ] {
            if let Some(threshold) = threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
                return Err((field, format!("{threshold} is out of range: expected a fraction from 0 to 1")));
            }
        }
        let mut settings = ClusterAutoscalerSettings::default();
        let span = |field: &mut Span, value: Option<DurationText>| *field = value.map_or(*field, |text| text.0);
        span(&mut settings.scan_interval, self.scan_interval);
        span(&mut settings.max_node_provision_time, self.max_node_provision_time);
        span(&mut settings.scale_down_unneeded_time, self.scale_down_unneeded_time);
        span(&mut settings.scale_down_delay_after_add, self.scale_down_delay_after_add);
        span(&mut settings.scale_down_delay_after_delete, self.scale_down_delay_after_delete);
        span(&mut settings.scale_down_delay_after_failure, self.scale_down_delay_after_failure);
        span(&mut settings.new_pod_scale_up_delay, self.new_pod_scale_up_delay);
        let count = |field: &mut u32, value: Option<u32>| *field = value.unwrap_or(*field);
        count(&mut settings.max_nodes_total, self.max_nodes_total);
        count(&mut settings.max_scale_down_parallelism, self.max_scale_down_parallelism);
        count(&mut settings.max_drain_parallelism, self.max_drain_parallelism);
        let fraction = |field: &mut f64, value: Option<f64>| *field = value.unwrap_or(*field);
        fraction(&mut settings.scale_down_utilization_threshold, self.scale_down_utilization_threshold);
        fraction(&mut settings.scale_down_gpu_utilization_threshold, self.scale_down_gpu_utilization_threshold);
        let flag = |field: &mut bool, value: Option<bool>| *field = value.unwrap_or(*field);
        flag(&mut settings.balance_similar_node_groups, self.balance_similar_node_groups);
        flag(&mut settings.scale_down_enabled, self.scale_down_enabled);
        flag(&mut settings.skip_nodes_with_system_pods, self.skip_nodes_with_system_pods);
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
