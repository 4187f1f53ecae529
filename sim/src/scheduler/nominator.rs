//! The pods that wait for a node that is being made free for them.
//!
//! Source: `pkg/scheduler/backend/queue/nominator.go`. It differs from the pods' own `status.nominatedNodeName` for the moment
//! between a decision and its write to the store.

use super::framework::{Cycle, PodOnNode};
use crate::cluster::Cluster;
use crate::model::PodId;
use crate::model::node::Node;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The nominated pods, by the name of their node, in order of nomination.
#[derive(Debug, Default)]
pub struct Nominator {
    by_node: BTreeMap<Arc<str>, Vec<PodId>>,
    node_of: FxHashMap<PodId, Arc<str>>,
    version: u64,
}

impl Nominator {
    /// Nominates a pod, instead of what it was nominated for before; without a node, takes its nomination back.
    pub fn nominate(&mut self, pod: PodId, node: Option<Arc<str>>) {
        self.remove(pod);
        if let Some(node) = node {
            self.version += 1;
            self.by_node.entry(node.clone()).or_default().push(pod);
            self.node_of.insert(pod, node);
        }
    }

    /// Takes a nomination back.
    pub fn remove(&mut self, pod: PodId) {
        if self.node_of.is_empty() {
            return;
        }
        let Some(node) = self.node_of.remove(&pod) else { return };
        self.version += 1;
        if let Some(pods) = self.by_node.get_mut(&node) {
            pods.retain(|other| *other != pod);
            if pods.is_empty() {
                self.by_node.remove(&node);
            }
        }
    }

    /// The node of a pod.
    pub(super) fn node_of(&self, pod: PodId) -> Option<&Arc<str>> {
        self.node_of.get(&pod)
    }

    /// The pods that are nominated for the node of this name.
    pub fn on(&self, node: &str) -> &[PodId] {
        self.by_node.get(node).map_or(&[], Vec::as_slice)
    }

    /// The names of the nodes that pods are nominated for.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &str> + '_ {
        self.by_node.keys().map(|name| &**name)
    }

    /// Whether nobody is nominated.
    pub fn is_empty(&self) -> bool {
        self.by_node.is_empty()
    }

    /// Grows with every change.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// The pods nominated for a node that the cycle's pod has to yield to: of its priority or a higher one.
    pub(super) fn beside<'c>(&self, cycle: &Cycle<'c>, node: &Node) -> Vec<PodOnNode<'c>> {
        if self.is_empty() {
            return Vec::new();
        }
        let others = self.on(node.name()).iter().filter(|pod| Some(**pod) != cycle.pod);
        let found = others.filter_map(|id| PodOnNode::find(*id, cycle.cluster));
        found.filter(|other| other.class.priority() >= cycle.class.priority()).collect()
    }
}

impl<'a> PodOnNode<'a> {
    /// A pod of the store.
    pub fn find(id: PodId, cluster: &'a Cluster) -> Option<Self> {
        let pod = cluster.pod(id)?;
        Some(Self { id, pod, class_id: pod.class, class: cluster.class_of(pod) })
    }
}
