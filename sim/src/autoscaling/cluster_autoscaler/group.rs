//! What the autoscaler knows of a node group: its nodes, the nodes under way, and how it has failed.

use super::backoff::Backoff;
use super::settings::ClusterAutoscalerSettings;
use crate::autoscaling::node_group::NodeGroup;
use crate::cluster::Cluster;
use crate::controller::Context;
use crate::model::NodeId;
use crate::model::node::Node;
use crate::model::resources::{ResourceId, Resources};
use crate::random::{Rng, Streams};
use crate::time::{SimTime, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A node group at work.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) spec: NodeGroup,
    /// What a new node would be, as the last scan found.
    pub(super) template: Node,
    /// What a new node would be by what the group says, without any pods.
    pub(super) bare: Node,
    /// Whether the template is like a node that was there.
    pub(super) has_example: bool,
    /// Instances that count and of which nothing is known.
    pub(super) unregistered: u32,
    /// The capacity of a node.
    pub(super) capacity: Resources,
    /// Its nodes, in order of name, as [`refresh`] found them.
    pub(super) nodes: Vec<NodeId>,
    /// The nodes that were asked for and are not there, oldest first.
    pub(super) requests: Vec<Request>,
    pub(super) backoff: Backoff,
    /// When nodes were last asked for, and when one was last removed.
    pub(super) last_growth: Option<SimTime>,
    pub(super) last_removal: Option<SimTime>,
    delays: Rng,
    next_number: u64,
}

/// A node that was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) id: u32,
    asked: SimTime,
}

impl Group {
    pub(super) fn new(spec: NodeGroup, streams: Streams, cluster: &mut Cluster) -> Self {
        let template = Node::hypothetical(spec.template_node(), &mut cluster.resources);
        let listed =
            if spec.template.capacity.is_empty() { &spec.template.allocatable } else { &spec.template.capacity };
        Self {
            bare: template.clone(),
            template,
            has_example: false,
            unregistered: 0,
            capacity: cluster.resources.vector(listed),
            nodes: Vec::new(),
            requests: Vec::new(),
            backoff: Backoff::default(),
            last_growth: None,
            last_removal: None,
            delays: streams.stream(&format!("autoscaling/{}/provisioning", spec.name)),
            next_number: 1,
            spec,
        }
    }

    /// The size that was asked for: the nodes that are there, those under way, and instances of which nothing is known.
    pub(super) fn target(&self) -> u32 {
        (self.nodes.len() + self.requests.len()) as u32 + self.unregistered
    }

    /// The zone that the node under way of this place among them will be in, if the group puts its nodes into zones in turn.
    pub(super) fn zone_of_request(&self, place: usize) -> Option<&String> {
        let turn = (self.next_number - 1).wrapping_add(place as u64);
        self.spec.zones.get((turn % self.spec.zones.len().max(1) as u64) as usize)
    }

    /// Whether its nodes have GPUs.
    pub(super) fn has_gpu(&self, cluster: &Cluster) -> bool {
        gpu_resource(&self.template, cluster).is_some()
    }

    /// Whether none of its nodes goes for now, where delays hold for a group alone.
    ///
    /// Source: `processors/scaledowncandidates/scale_down_candidates_delay_processor.go`.
    pub(super) fn cools_down(&self, now: SimTime, settings: &ClusterAutoscalerSettings) -> bool {
        let lasts = [
            (self.last_growth, settings.scale_down_delay_after_add),
            (self.last_removal, settings.scale_down_delay_after_delete),
        ];
        let is_recent = |(last, delay): (Option<SimTime>, Span)| last.is_some_and(|last| last + delay > now);
        settings.scale_down_delay_type_local && lasts.into_iter().any(is_recent)
    }

    /// Asks for a node; when it will be there.
    pub(super) fn request(&mut self, id: u32, now: SimTime) -> SimTime {
        self.requests.push(Request { id, asked: now });
        now + Span::try_from_secs_f64(self.spec.provisioning.sample(&mut self.delays)).unwrap_or(Span::MAX)
    }

    /// A node that was asked for is there. Nothing happens if it was given up meanwhile.
    pub(super) fn arrive(&mut self, id: u32, cx: &mut Context<'_>) -> bool {
        let Some(index) = self.requests.iter().position(|request| request.id == id) else { return false };
        self.requests.remove(index);
        self.backoff.succeed();
        self.add_node(cx);
        true
    }

    /// Adds a node under the next free name.
    pub(super) fn add_node(&mut self, cx: &mut Context<'_>) {
        loop {
            let spec = self.spec.node(self.next_number);
            self.next_number += 1;
            if let Ok(id) = cx.cluster.add_node(spec) {
                self.nodes.push(id);
                return;
            }
        }
    }

    /// Gives up the nodes that have not come in time; how many they were.
    pub(super) fn give_up(&mut self, now: SimTime, settings: &ClusterAutoscalerSettings) -> usize {
        let before = self.requests.len();
        let longest = self.spec.options.max_node_provision_time.unwrap_or(settings.max_node_provision_time);
        self.requests.retain(|request| now.since(request.asked) <= longest);
        let lost = before - self.requests.len();
        if lost > 0 {
            self.backoff.fail(now, settings);
        }
        lost
    }
}

/// Looks up which nodes belong to the groups.
pub(super) fn refresh(groups: &mut [Group], cluster: &Cluster) {
    let mut index: BTreeMap<Arc<str>, &mut Vec<NodeId>> = BTreeMap::new();
    for group in groups {
        group.nodes.clear();
        index.insert(group.spec.name.clone(), &mut group.nodes);
    }
    for node in cluster.nodes().iter_by_name() {
        if let Some(nodes) = node.spec.group.as_ref().and_then(|name| index.get_mut(name)) {
            nodes.push(node.id);
        }
    }
}

/// The resource that counts the node's GPUs, if it has any.
pub(super) fn gpu_resource(node: &Node, cluster: &Cluster) -> Option<ResourceId> {
    let names = [crate::model::gpu::GPU_MILLI, "nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915"];
    names.iter().filter_map(|name| cluster.resources.get(name)).find(|id| node.allocatable.get(*id) > 0)
}
