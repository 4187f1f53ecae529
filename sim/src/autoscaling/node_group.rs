//! Groups of alike nodes that can grow and shrink.

use crate::model::node::{HOSTNAME_LABEL, NodeSpec, ZONE_LABEL};
use crate::random::{Distribution, DistributionError};
use crate::time::Span;
use std::sync::Arc;
use thiserror::Error;

/// A node group: an auto scaling group, a managed instance group, a node pool.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeGroup {
    /// The name. Its nodes are called `<name>-<n>`, n from 1.
    pub name: Arc<str>,
    /// The autoscaler never shrinks it below this size.
    pub min: u32,
    /// The autoscaler never grows it above this size.
    pub max: u32,
    /// The size at the start, at most `max`. It may be below `min`; nothing then grows the group by itself.
    pub initial: u32,
    /// What each node is, but for its name, its hostname label, its zone label (if there are `zones`) and its group.
    pub template: NodeSpec,
    /// Seconds from the request for a node until it is there and ready.
    pub provisioning: Distribution,
    /// The price of a node per hour, for the expander `price`.
    pub price: Option<f64>,
    /// Zones that its nodes are put into in turn; empty to leave the template's label as it is.
    pub zones: Vec<String>,
    /// `zero-or-max-node-scaling`: it has no nodes, or as many as it may.
    pub zero_or_max: bool,
    /// What holds for this group instead of the autoscaler's settings.
    pub options: NodeGroupOptions,
}

/// Settings of the cluster autoscaler that a group has for itself.
///
/// Source: `cluster-autoscaler/config/autoscaling_options.go`, `NodeGroupAutoscalingOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct NodeGroupOptions {
    /// `--scale-down-utilization-threshold`.
    pub scale_down_utilization_threshold: Option<f64>,
    /// `--scale-down-gpu-utilization-threshold`.
    pub scale_down_gpu_utilization_threshold: Option<f64>,
    /// `--scale-down-unneeded-time`.
    pub scale_down_unneeded_time: Option<Span>,
    /// `--scale-down-unready-time`.
    pub scale_down_unready_time: Option<Span>,
    /// `--max-node-provision-time`.
    pub max_node_provision_time: Option<Span>,
    /// `--ignore-daemonsets-utilization`.
    pub ignore_daemon_sets_utilization: Option<bool>,
}

/// Why a node group makes no sense.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum NodeGroupError {
    /// The sizes contradict each other.
    #[error("node group \"{group}\": {field} is {value}: expected at most max, which is {max}")]
    Size {
        /// The group.
        group: Arc<str>,
        /// `min` or `initial`.
        field: &'static str,
        /// Its value.
        value: u32,
        /// The maximum.
        max: u32,
    },
    /// The delay is no distribution.
    #[error("node group \"{group}\": provisioning: {error}")]
    Provisioning {
        /// The group.
        group: Arc<str>,
        /// What is wrong with it.
        error: DistributionError,
    },
    /// The price is negative or no number.
    #[error("node group \"{group}\": price is {value}: expected a number of at least 0")]
    Price {
        /// The group.
        group: Arc<str>,
        /// Its price.
        value: f64,
    },
}

impl NodeGroup {
    /// Checks the numbers.
    ///
    /// # Errors
    /// The first one that makes no sense.
    pub fn validate(&self) -> Result<(), NodeGroupError> {
        let group = || self.name.clone();
        for (field, value) in [("min", self.min), ("initial", self.initial)] {
            if value > self.max {
                return Err(NodeGroupError::Size { group: group(), field, value, max: self.max });
            }
        }
        let checked = self.provisioning.validate();
        checked.map_err(|error| NodeGroupError::Provisioning { group: group(), error })?;
        match self.price {
            Some(value) if !(value >= 0.0 && value.is_finite()) => Err(NodeGroupError::Price { group: group(), value }),
            _ => Ok(()),
        }
    }

    /// The specification of its `n`th node, n from 1.
    pub fn node(&self, n: u64) -> NodeSpec {
        self.named(format!("{}-{n}", self.name), n)
    }

    /// A node like its first one, by a name that no node has: whoever keeps to one host, or away from somebody's host, finds nobody on a
    /// node that is still to come.
    ///
    /// Source: `cluster-autoscaler/simulator/node_info_utils.go`, `createSanitizedNode`.
    pub fn template_node(&self) -> NodeSpec {
        self.named(format!("template-node-for-{}", self.name), 1)
    }

    fn named(&self, name: String, n: u64) -> NodeSpec {
        let mut spec = NodeSpec { group: Some(self.name.clone()), ..self.template.clone() };
        spec.labels.insert(HOSTNAME_LABEL.to_owned(), name.clone());
        if !self.zones.is_empty() {
            let zone = &self.zones[((n - 1) % self.zones.len() as u64) as usize];
            spec.labels.insert(ZONE_LABEL.to_owned(), zone.clone());
        }
        NodeSpec { name: name.into(), ..spec }
    }
}
