//! Pools of equal nodes.

use super::ranges::{devices_of_node, nodes, taints};
use crate::manifest::node::add_devices;
use crate::schema::QuantityText;
use serde::Deserialize;
use std::collections::BTreeMap;
use towtank_sim::model::Quantity;
use towtank_sim::model::node::{HOSTNAME_LABEL, INSTANCE_TYPE_LABEL, NodeSpec, REGION_LABEL, ZONE_LABEL};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::Taint;
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::SimTime;

/// The most pods that a kubelet takes where nothing else is said (`maxPods`).
const DEFAULT_MAX_PODS: i64 = 110;

/// The generated part of a cluster: what a scenario writes under `cluster: - generate:`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodePools {
    /// The pools.
    pub nodes: Vec<NodePool>,
}

/// A number of equal nodes, dealt out over zones in turn. They are named `PREFIX-0`, `PREFIX-1`, ….
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NodePool {
    /// How many, at most a million; one where it is not said.
    #[serde(default = "one", deserialize_with = "nodes")]
    pub count: u32,
    /// The beginning of their names.
    #[serde(default = "default_prefix")]
    pub name_prefix: String,
    /// The zones, for the label `topology.kubernetes.io/zone`.
    #[serde(default)]
    pub zones: Vec<String>,
    /// The region, for the label `topology.kubernetes.io/region`.
    pub region: Option<String>,
    /// The machine type, for the label `node.kubernetes.io/instance-type`.
    pub instance_type: Option<String>,
    /// Further labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The taints.
    #[serde(default, deserialize_with = "taints")]
    pub taints: Vec<Taint>,
    /// What pods can have of each node; 110 `pods` where it is not said.
    pub allocatable: BTreeMap<String, QuantityText>,
    /// How many GPU devices can be shared, 0 to 16.
    #[serde(default, deserialize_with = "devices_of_node")]
    pub devices: u8,
}

fn one() -> u32 {
    1
}

fn default_prefix() -> String {
    "node".to_owned()
}

impl NodePools {
    /// The nodes of all pools, in order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeSpec> + '_ {
        self.nodes.iter().flat_map(NodePool::nodes)
    }

    /// A source that adds all nodes at the scenario's start. The name is for messages.
    pub fn source(&self, name: impl Into<String>) -> Listed {
        let submission = |node| Submission { at: SimTime::ZERO, work: Work::Node(Box::new(node)) };
        Listed::new(name, self.nodes().map(submission).collect())
    }
}

impl NodePool {
    /// The nodes.
    pub fn nodes(&self) -> impl Iterator<Item = NodeSpec> + '_ {
        let mut allocatable: ResourceList = self.allocatable.iter().map(|(name, q)| (name.clone(), q.0)).collect();
        allocatable.entry("pods".to_owned()).or_insert(Quantity::from_units(DEFAULT_MAX_PODS));
        add_devices(&mut allocatable, self.devices);
        let kind = NodeSpec {
            taints: self.taints.clone().into(),
            allocatable: allocatable.into(),
            devices: self.devices,
            ..NodeSpec::default()
        };
        (0..self.count).map(move |i| self.node(i, &kind))
    }

    fn node(&self, i: u32, kind: &NodeSpec) -> NodeSpec {
        let name = format!("{}-{i}", self.name_prefix);
        let zone = (!self.zones.is_empty()).then(|| &self.zones[i as usize % self.zones.len()]);
        let usual = [
            (HOSTNAME_LABEL, Some(&name)),
            (ZONE_LABEL, zone),
            (REGION_LABEL, self.region.as_ref()),
            (INSTANCE_TYPE_LABEL, self.instance_type.as_ref()),
        ];
        let usual = usual.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.clone())));
        NodeSpec { name: name.as_str().into(), labels: usual.chain(self.labels.clone()).collect(), ..kind.clone() }
    }
}
