//! NodeGpuShare: shares of GPU devices are placed device by device. Ours, not Kubernetes'.
//!
//! NodeResourcesFit sees only the sum of the free shares of a node; a share never spans two devices (see
//! [`towtank_sim::model::gpu`]).

use crate::config::{ArgsSource, ConfigError, GpuDeviceChoice, NodeGpuShareArgs};
use crate::factory::{Factory, PluginContext};
use crate::lasting::{filter_by_node, filters};
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::gpu::{DeviceSet, Devices, GpuRequest};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{DEFAULT_SCHEDULER, PodClass, PodTraits};
use towtank_sim::random::{Rng, index};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Lasting, NodePart, Plugin, Points, PreFilter, Verdict,
};

/// The plugin. At Reserve it names the devices that the pod takes, if its arguments say how to choose them.
#[derive(Debug)]
pub struct NodeGpuShare {
    choice: Option<GpuDeviceChoice>,
    rng: Rng,
}

struct Shares(GpuRequest);

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let choice = args.read::<NodeGpuShareArgs>()?.device_choice();
    Ok(Arc::new(move |context| Box::new(NodeGpuShare::new(choice, context))))
}

impl NodeGpuShare {
    /// The plugin of a profile. Profiles beside the default one have streams of their own, named by the profile.
    fn new(choice: Option<GpuDeviceChoice>, context: &PluginContext<'_>) -> Self {
        let stream = match context.profile {
            DEFAULT_SCHEDULER => "policies/node-gpu-share".to_owned(),
            profile => format!("policies/node-gpu-share/{profile}"),
        };
        Self { choice, rng: context.streams.stream(&stream) }
    }

    /// Devices with room, drawn for this attempt on this node whatever was drawn before.
    fn draw(&self, cycle: &Cycle<'_>, node: &Node, request: GpuRequest) -> DeviceSet {
        let mut rng = self.rng.clone();
        rng.set_stream(cycle.attempt());
        // Sixteen devices draw fewer than 64 words.
        rng.set_word_pos(u128::from(node.uid) * 64);
        random(&node.devices, request, &mut rng)
    }
}

impl Plugin for NodeGpuShare {
    fn name(&self) -> &'static str {
        "NodeGpuShare"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER).and(Points::RESERVE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match cycle.class.spec.gpu {
            None => PreFilter::Skip,
            Some(request) => PreFilter::Ask(Box::new(Shares(request))),
        }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        filters(filter_by_node(NodePart::Whole, class.spec.gpu.map(Shares)))
    }

    /// Shares are a resource of their own.
    fn reserves_for(&self) -> Option<PodTraits> {
        Some(PodTraits::OTHER_RESOURCES)
    }

    fn devices(&self, cycle: &Cycle<'_>, node: &Node) -> Option<DeviceSet> {
        let request = cycle.class.spec.gpu?;
        match self.choice? {
            GpuDeviceChoice::Rule(choice) => choice.choose(&node.devices, request),
            GpuDeviceChoice::Random => Some(self.draw(cycle, node, request)),
        }
    }

    fn events(&self) -> Events {
        Events::ASSIGNED_POD_DELETE.and(Events::NODE_ADD)
    }

    /// A pod that left helps if it held shares; a node that came, if it has devices enough.
    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let Some(request) = cycle.class.spec.gpu else { return Hint::Queue };
        let helps = match event {
            ClusterEvent::AssignedPodDelete { class, .. } => cycle.cluster.classes.get(class).spec.gpu.is_some(),
            ClusterEvent::NodeAdd(id) => cycle.cluster.node(id).devices.free().len() >= usize::from(request.count),
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

/// As many devices as asked for, of those with room, each set of them alike.
fn random(devices: &Devices, request: GpuRequest, rng: &mut Rng) -> DeviceSet {
    let free = devices.free().iter().enumerate();
    let mut room: Vec<usize> = free.filter(|(_, free)| **free >= request.milli).map(|(device, _)| device).collect();
    let mut chosen = DeviceSet::default();
    for _ in 0..usize::from(request.count).min(room.len()) {
        let drawn = if room.len() > 1 { index(rng, room.len()) } else { 0 };
        chosen = chosen.with(room.swap_remove(drawn));
    }
    chosen
}

impl Filter for Shares {
    fn filter(&self, node: &Node) -> Verdict {
        const REASON: &str = "node(s) didn't have enough free GPU device shares";
        if node.devices.fits(self.0) {
            Verdict::Fits
        } else if node.devices.free().len() < usize::from(self.0.count) {
            Verdict::unresolvable(REASON)
        } else {
            Verdict::unschedulable(REASON)
        }
    }
}
