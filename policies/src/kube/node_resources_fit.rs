//! NodeResourcesFit: the pod's requests must fit into what the node's pods leave of its allocatable resources; scored by one
//! of three strategies.

use super::dynamic_resources::device_resources::{self, DeviceResources};
use crate::allocation_score::AllocationScore;
use crate::config::{ArgsSource, ConfigError, FitArgs};
use crate::factory::Factory;
use crate::resource_ref::ResourceRef;
use smallvec::SmallVec;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, NodeChange, NodeLoad, Nodes};
use towtank_sim::dra::DeviceClass;
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::{ResourceId, ResourceTable, amount};
use towtank_sim::scheduler::lanes::{self, LaneWork};
use towtank_sim::scheduler::{
    Across, AskColumns, Asks, Basis, ClassFilter, ClusterEvent, Cycle, Dependence, Events, FeatureGates, Filter, Hint,
    LANES, Lasting, LastingFilter, LoadBlock, LoadPart, NodeFilter, NodePart, PartWork, Plugin, Points, PreFilter,
    PreScore, Reason, Reasons, Verdict,
};

/// The plugin.
///
/// Source: `noderesources/fit.go`.
#[derive(Clone, Debug)]
pub struct NodeResourcesFit {
    ignored: Vec<String>,
    ignored_groups: Vec<String>,
    score: AllocationScore,
    /// Whether classes may stand behind extended resources (gate `DRAExtendedResource`).
    devices: bool,
}

struct Fits {
    /// Places among the node's pods: one.
    pods: i64,
    /// What is asked for, in the order of the reasons; nothing that is 0 and nothing that is ignored.
    wanted: SmallVec<[(ResourceId, i64); 4]>,
    devices: DeviceResources,
}

/// As [`Fits`], for good. Most nodes are judged by the columns of their loads, as far as these go.
struct FitsByColumn {
    plain: Fits,
    /// What is wanted of CPU and memory; less than any node has left where nothing is.
    wanted: [f64; 2],
    pods: f64,
    /// Whether the columns do not say everything.
    more: bool,
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
            score: AllocationScore::new(
                args.scoring_strategy.strategy(),
                ResourceRef::list(&args.scoring_strategy.resources()),
            ),
            devices: true,
        }
    }

    /// The resources of a pod of the class that nodes may give through devices.
    fn devices(&self, class: &PodClass, cluster: &Cluster) -> DeviceResources {
        if self.devices { DeviceResources::of(class, cluster) } else { DeviceResources::default() }
    }

    /// What pods of the class ask of a node.
    fn fits(&self, class: &PodClass, cluster: &Cluster) -> Fits {
        Fits {
            pods: class.requests.get(ResourceId::PODS),
            wanted: class.requests.iter().filter(|(id, _)| self.counts(*id, &cluster.resources)).collect(),
            devices: self.devices(class, cluster),
        }
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
        PreFilter::Ask(Box::new(self.fits(cycle.class, cycle.cluster)))
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(self.score.of(cycle.class, cycle.cluster)))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        let basis = if self.devices { device_resources::basis(class, cluster) } else { Basis::default() };
        let fits = self.fits(class, cluster);
        let filter = if fits.devices.is_empty() {
            LastingFilter::ByNode(Box::new(FitsByColumn::new(fits)))
        } else {
            LastingFilter::InCycle
        };
        Lasting { filter, score: self.score.lasting(class, cluster), basis, ..Lasting::default() }
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

impl Filter for Fits {
    /// Classes come and go.
    fn depends_on_more(&self) -> bool {
        !self.devices.is_empty()
    }

    fn filter(&self, node: &Node) -> Verdict {
        let mut reasons = Reasons::new();
        let mut too_large = false;
        let pods = node.requested.get(ResourceId::PODS).saturating_add(self.pods);
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

impl FitsByColumn {
    fn new(plain: Fits) -> Self {
        let mut wanted = [f64::NEG_INFINITY; 2];
        let mut more = !NodeLoad::is_exact(plain.pods);
        for &(id, amount) in &plain.wanted {
            match NodeLoad::place_of(id) {
                Some(place) if NodeLoad::is_exact(amount) => wanted[place] = amount as f64,
                _ => more = true,
            }
        }
        Self { pods: plain.pods as f64, plain, wanted, more }
    }

    /// What [`FitsAcross`] has to know.
    fn asks(&self) -> Asks {
        let [cpu, memory] = self.wanted;
        [cpu, memory, self.pods]
    }
}

impl NodeFilter for FitsByColumn {
    fn reads(&self) -> NodePart {
        NodePart::Whole
    }

    fn verdict(&self, node: &Node) -> Verdict {
        self.plain.filter(node)
    }

    fn narrow(&self, nodes: &Nodes, blocks: &[LoadBlock], fits: &mut [[bool; LANES]]) {
        lanes::run(Narrow { asks: self.asks(), blocks, fits });
        let by_node = |id: NodeId| self.plain.filter(nodes.get(id)) == Verdict::Fits;
        for (block, fits) in blocks.iter().zip(fits) {
            if self.more {
                let left = block.ids().iter().zip(fits).filter(|(_, fits)| **fits);
                left.for_each(|(id, fits)| *fits = by_node(*id));
            } else {
                // Those have passed so far.
                block.inexact().for_each(|(lane, id)| fits[lane] = fits[lane] && by_node(id));
            }
        }
    }

    fn across(&self) -> Option<Across<dyn ClassFilter>> {
        let judge: Rc<dyn ClassFilter> = Rc::new(FitsAcross);
        (!self.more).then_some(Across { judge, asks: self.asks() })
    }
}

/// Whether there is room for a pod that wants so much of CPU and memory, and so many places among the pods.
#[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
#[expect(clippy::needless_bitwise_bool, reason = "lanes of a vector do not branch")]
#[inline(always)]
fn has_room([allocatable, requested, wanted]: [[f64; 2]; 3], (places, pods): (f64, f64)) -> bool {
    let left = |place: usize| allocatable[place] - requested[place];
    (left(0) >= wanted[0]) & (left(1) >= wanted[1]) & (places >= pods)
}

/// As [`FitsByColumn`], for the pods of any class.
struct FitsAcross;

impl ClassFilter for FitsAcross {
    fn narrow(&self, load: &NodeLoad, asks: &AskColumns, fits: &mut [bool]) {
        lanes::run(NarrowAcross { load, asks, fits });
    }

    fn narrow_nodes(&self, blocks: &[LoadBlock], asks: &Asks, fits: &mut [[bool; LANES]]) {
        lanes::run(Narrow { asks: *asks, blocks, fits });
    }

    fn room(&self, asks: &Asks) -> Option<[f64; 3]> {
        Some(*asks)
    }
}

struct NarrowAcross<'a> {
    load: &'a NodeLoad,
    asks: &'a AskColumns,
    fits: &'a mut [bool],
}

impl LaneWork for NarrowAcross<'_> {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let NodeLoad { allocatable, requested, places, .. } = *self.load;
        let [cpu, memory, pods] = self.asks.columns();
        for (fits, (pods, wanted)) in self.fits.iter_mut().zip(pods.iter().zip(cpu.iter().zip(memory))) {
            *fits &= has_room([allocatable, requested, [*wanted.0, *wanted.1]], (places, *pods));
        }
    }
}

struct Narrow<'a> {
    asks: Asks,
    blocks: &'a [LoadBlock],
    fits: &'a mut [[bool; LANES]],
}

impl LaneWork for Narrow<'_> {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (block, fits) in self.blocks.iter().zip(self.fits) {
            block.each_part::<FUSED, bool>(fits, &Room(self.asks));
        }
    }
}

/// Its work on a part of a block.
struct Room(Asks);

impl Room {
    /// Whether there is room on the node in a lane.
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn is_in<const N: usize>(&self, part: LoadPart<'_, N>, lane: usize) -> bool {
        let [cpu, memory, pods] = self.0;
        let of = |columns: [&[f64; N]; 2]| columns.map(|column| column[lane]);
        has_room([of(part.allocatable), of(part.requested), [cpu, memory]], (part.places[lane], pods))
    }
}

impl PartWork<bool> for Room {
    #[expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]
    #[inline(always)]
    fn run<const FUSED: bool, const N: usize>(&self, part: LoadPart<'_, N>, fits: &mut [bool; N]) {
        for (lane, fits) in fits.iter_mut().enumerate() {
            *fits &= self.is_in(part, lane);
        }
    }
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
