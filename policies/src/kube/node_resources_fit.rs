//! NodeResourcesFit: the pod's requests must fit into what the node's pods leave of its allocatable resources; scored by one
//! of three strategies.

use super::dynamic_resources::device_resources::{self, DeviceResources};
use crate::config::{ArgsSource, ConfigError, FitArgs, ShapePoint, Strategy};
use crate::factory::Factory;
use crate::resource_ref::{CycleResource, ResourceRef};
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, NodeChange};
use towtank_sim::dra::DeviceClass;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::{ResourceId, ResourceTable, Resources, amount};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, FeatureGates, Filter, Hint, MAX_NODE_SCORE, Plugin, Points, PreFilter,
    PreScore, Reason, Reasons, Score, Verdict,
};

/// The plugin.
///
/// Source: `noderesources/fit.go`.
#[derive(Clone, Debug)]
pub struct NodeResourcesFit {
    ignored: Vec<String>,
    ignored_groups: Vec<String>,
    strategy: Strategy,
    resources: Arc<[ResourceRef]>,
    /// Whether classes may stand behind extended resources (gate `DRAExtendedResource`).
    devices: bool,
}

struct Fits<'c> {
    /// What is asked for, in the order of the reasons; nothing that is 0 and nothing that is ignored.
    wanted: Vec<(ResourceId, i64)>,
    requests: &'c Resources,
    devices: DeviceResources,
}

struct Allocation<'c> {
    strategy: &'c Strategy,
    resources: Vec<CycleResource>,
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let mut plugin = NodeResourcesFit::new(&args.read()?);
    // What extenders look after takes the place of what the arguments name.
    if !args.ignored_resources().is_empty() {
        plugin.ignored = args.ignored_resources().to_vec();
    }
    Ok(Arc::new(move |context| {
        let devices = context.gates.enabled(FeatureGates::DRA_EXTENDED_RESOURCE);
        Box::new(NodeResourcesFit { devices, ..plugin.clone() })
    }))
}

impl NodeResourcesFit {
    /// The plugin with these arguments.
    pub fn new(args: &FitArgs) -> Self {
        Self {
            ignored: args.ignored_resources.clone(),
            ignored_groups: args.ignored_resource_groups.clone(),
            strategy: args.scoring_strategy.strategy(),
            resources: ResourceRef::list(&args.scoring_strategy.resources()).into(),
            devices: true,
        }
    }

    /// The resources of a pod of the class that nodes may give through devices.
    fn devices(&self, class: &PodClass, cluster: &Cluster) -> DeviceResources {
        if self.devices { DeviceResources::of(class, cluster) } else { DeviceResources::default() }
    }

    /// Whether the filter looks at the resource: ignoring works for extended resources only.
    fn counts(&self, id: ResourceId, table: &ResourceTable) -> bool {
        if id == ResourceId::PODS {
            return false;
        }
        if id.index() < ResourceId::PODS.index() || (self.ignored.is_empty() && self.ignored_groups.is_empty()) {
            return true;
        }
        let name = table.name(id);
        let Some((group, _)) = name.split_once('/') else { return true };
        let native = group.ends_with("kubernetes.io") || name.starts_with("requests.");
        native || !(self.ignored.iter().any(|n| n == name) || self.ignored_groups.iter().any(|g| g == group))
    }
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER).and(Points::PRE_SCORE).and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        let requests = &cycle.class.requests;
        let wanted = requests.iter().filter(|(id, _)| self.counts(*id, &cycle.cluster.resources)).collect();
        let devices = self.devices(cycle.class, cycle.cluster);
        PreFilter::Ask(Box::new(Fits { wanted, requests, devices }))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        score_allocation(&self.strategy, &self.resources, cycle)
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn events(&self) -> Events {
        let pods = Events::ASSIGNED_POD_DELETE.and(Events::POD_SCALE_DOWN);
        let own = pods.and(Events::NODE_ADD).and(Events::NODE_ALLOCATABLE);
        if self.devices { own.and(Events::DEVICE_CLASS_ADD).and(Events::DEVICE_CLASS_UPDATE) } else { own }
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let devices = || self.devices(cycle.class, cycle.cluster);
        let helps = match event {
            ClusterEvent::NodeAdd(id) => fits_empty(cycle.class, cycle.cluster.node(id), &devices()),
            ClusterEvent::NodeUpdate(id, what) if what.contains(NodeChange::ALLOCATABLE) => {
                let node = cycle.cluster.node(id);
                let devices = devices();
                fits_empty(cycle.class, node, &devices)
                    && has_grown(cycle.class, node, &cycle.cluster.resources, &devices)
            }
            ClusterEvent::ObjectAdd(id, DeviceClass::KIND) => {
                device_resources::helps(cycle.class, cycle.cluster, id, true)
            }
            ClusterEvent::ObjectUpdate(id, DeviceClass::KIND) => {
                device_resources::helps(cycle.class, cycle.cluster, id, false)
            }
            ClusterEvent::AssignedPodUpdate { old, new, .. } => {
                let (old, new) = (cycle.cluster.classes.get(old), cycle.cluster.classes.get(new));
                let freed = |(id, _)| old.requests.get(id) > new.requests.get(id);
                cycle.class.requests.iter().any(freed)
            }
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

/// Scores nodes by how much of these resources is taken with the pod on them.
pub(crate) fn score_allocation<'c>(strategy: &'c Strategy, list: &[ResourceRef], cycle: &Cycle<'c>) -> PreScore<'c> {
    let resources = ResourceRef::resolve(list, cycle.class, cycle.cluster, true);
    PreScore::Ask(Box::new(Allocation { strategy, resources }))
}

impl Filter for Fits<'_> {
    /// Classes come and go.
    fn depends_on_more(&self) -> bool {
        !self.devices.is_empty()
    }

    fn filter(&self, node: &Node) -> Verdict {
        let mut reasons = Reasons::new();
        let mut too_large = false;
        let pods = node.requested.get(ResourceId::PODS).saturating_add(self.requests.get(ResourceId::PODS));
        if pods > node.allocatable.get(ResourceId::PODS) {
            reasons.push(Reason::Insufficient(ResourceId::PODS));
        }
        for &(id, wanted) in &self.wanted {
            let allocatable = node.allocatable.get(id);
            if wanted > allocatable.saturating_sub(node.requested.get(id)) && !self.devices.leaves(id, node) {
                reasons.push(Reason::Insufficient(id));
                too_large |= wanted > allocatable;
            }
        }
        match (reasons.is_empty(), too_large) {
            (true, _) => Verdict::Fits,
            (false, false) => Verdict::Unschedulable(reasons),
            (false, true) => Verdict::Unresolvable(reasons),
        }
    }
}

impl Score for Allocation<'_> {
    fn score(&self, node: &Node) -> i64 {
        let (mut sum, mut weights) = (0_i64, 0_i64);
        for resource in &self.resources {
            let Some(amounts) = resource.on(node) else { continue };
            let score = self.strategy.score(amounts.after, amounts.allocatable);
            // A shape's zeros do not count at all, so that they do not drag the mean down.
            if matches!(self.strategy, Strategy::RequestedToCapacityRatio(_)) && score <= 0 {
                continue;
            }
            sum = sum.saturating_add(score.saturating_mul(resource.weight));
            weights += resource.weight;
        }
        match (weights, &self.strategy) {
            (0, _) => 0,
            (_, Strategy::RequestedToCapacityRatio(_)) => round_half_up(sum, weights),
            _ => sum / weights,
        }
    }
}

impl Strategy {
    /// The score of one resource, 0 to 100, where the node's pods and the incoming one together want `requested` of
    /// `capacity`, which is not 0.
    ///
    /// Source: `noderesources/{least_allocated,most_allocated,requested_to_capacity_ratio}.go`.
    fn score(&self, requested: i64, capacity: i64) -> i64 {
        let percent = |amount: i64| amount.saturating_mul(MAX_NODE_SCORE) / capacity;
        match self {
            Self::LeastAllocated if requested > capacity => 0,
            Self::LeastAllocated => percent(capacity - requested),
            Self::MostAllocated => percent(requested.min(capacity)),
            Self::RequestedToCapacityRatio(shape) if requested > capacity => broken_line(shape, 100),
            Self::RequestedToCapacityRatio(shape) => broken_line(shape, percent(requested)),
        }
    }
}

/// The height of a line through points of ascending utilization, flat outside them; a shape's score of 10 is 100 here.
///
/// Source: `plugins/helper/shape_score.go`.
pub(super) fn broken_line(shape: &[ShapePoint], utilization: i64) -> i64 {
    let height = |point: &ShapePoint| i64::from(point.score) * (MAX_NODE_SCORE / 10);
    match shape.iter().position(|point| utilization <= i64::from(point.utilization)) {
        None => shape.last().map_or(0, height),
        Some(0) => height(&shape[0]),
        Some(i) => {
            let (left, right) = (&shape[i - 1], &shape[i]);
            let (from, to) = (i64::from(left.utilization), i64::from(right.utilization));
            height(left) + (height(right) - height(left)) * (utilization - from) / (to - from)
        }
    }
}

/// `round(sum / weights)` for numbers that are not negative.
pub(super) const fn round_half_up(sum: i64, weights: i64) -> i64 {
    (2 * sum + weights) / (2 * weights)
}

/// Whether the node would hold the pod if it were empty.
fn fits_empty(class: &PodClass, node: &Node, devices: &DeviceResources) -> bool {
    class.requests.iter().all(|(id, wanted)| wanted <= node.allocatable.get(id) || devices.leaves(id, node))
}

/// Whether the node has more than before of something that the pod asks for, its place among the pods included.
fn has_grown(class: &PodClass, node: &Node, table: &ResourceTable, devices: &DeviceResources) -> bool {
    let Some(previous) = &node.previous else { return true };
    class.requests.iter().any(|(id, _)| {
        let before = previous.allocatable.get(table.name(id)).map_or(0, |quantity| amount(id, *quantity));
        node.allocatable.get(id) > before || devices.leaves(id, node)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn rounding_is_that_of_the_float_formula(sum in 0_i64..1_000_000, weights in 1_i64..10_000) {
            prop_assert_eq!(round_half_up(sum, weights), (sum as f64 / weights as f64).round() as i64);
        }

        #[test]
        fn every_strategy_stays_in_range(requested in 0_i64..1 << 50, capacity in 1_i64..1 << 50) {
            for strategy in [Strategy::LeastAllocated, Strategy::MostAllocated] {
                prop_assert!((0..=100).contains(&strategy.score(requested, capacity)));
            }
        }
    }
}
