//! One cycle: what strategies act through, and the limits of what they may evict.

use super::{Evictor, NodeView, PodView, Profile, Strategy, View};
use rustc_hash::FxHashMap;

/// How many pods a cycle may evict; `None` for any number.
///
/// Source: `pkg/descheduler/evictions/evictions.go`, `EvictPod`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `maxNoOfPodsToEvictPerNode`.
    pub per_node: Option<u32>,
    /// `maxNoOfPodsToEvictPerNamespace`.
    pub per_namespace: Option<u32>,
    /// `maxNoOfPodsToEvictTotal`.
    pub total: Option<u32>,
}

/// A pod to be evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eviction {
    /// The pod's place in the view.
    pub pod: usize,
    /// The strategy that wants it.
    pub strategy: &'static str,
}

/// Why a pod is not evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Enough have left its node: no more of that node.
    NodeLimit,
    /// Enough were evicted: no more at all.
    TotalLimit,
    /// Enough have left its namespace, or the API server refuses it: try another.
    Other,
}

/// A cycle under way, as a strategy of one profile sees it.
pub struct Cycle<'a, 'c> {
    view: &'a mut View<'c>,
    nodes: Vec<usize>,
    limits: Limits,
    grant: &'a mut dyn FnMut(&PodView<'c>) -> bool,
    evictor: Option<&'a dyn Evictor>,
    strategy: &'static str,
    evictions: Vec<Eviction>,
    of_node: FxHashMap<usize, u32>,
    of_namespace: FxHashMap<&'c str, u32>,
}

impl<'a, 'c> Cycle<'a, 'c> {
    pub(super) fn new(
        view: &'a mut View<'c>,
        nodes: Vec<usize>,
        limits: Limits,
        grant: &'a mut dyn FnMut(&PodView<'c>) -> bool,
    ) -> Self {
        let (of_node, of_namespace) = (FxHashMap::default(), FxHashMap::default());
        Self { view, nodes, limits, grant, evictor: None, strategy: "", evictions: Vec::new(), of_node, of_namespace }
    }

    pub(super) fn run(&mut self, profile: &'a Profile, strategies: &[Box<dyn Strategy>]) {
        self.evictor = Some(&*profile.evictor);
        for strategy in strategies {
            self.strategy = strategy.name();
            strategy.run(self);
        }
    }

    pub(super) fn into_evictions(self) -> Vec<Eviction> {
        self.evictions
    }

    /// What there is.
    pub const fn view(&self) -> &View<'c> {
        self.view
    }

    /// The places of the nodes that are looked at: ready, and selected by the policy.
    pub fn nodes(&self) -> &[usize] {
        &self.nodes
    }

    /// A node.
    pub fn node(&self, place: usize) -> &NodeView<'c> {
        &self.view.nodes[place]
    }

    /// A pod.
    pub fn pod(&self, place: usize) -> &PodView<'c> {
        &self.view.pods[place]
    }

    /// The places of the pods on a node that are there, in order; those that have ended only if asked for.
    pub fn pods_on(&self, node: usize, ended: bool) -> Vec<usize> {
        let pods = &self.view.nodes[node].pods;
        let listed = |place: &usize| {
            let pod = &self.view.pods[*place];
            !pod.gone && (ended || !pod.is_finished())
        };
        pods.iter().copied().filter(listed).collect()
    }

    /// Whether the evictor lets the pod be considered.
    pub fn may_consider(&self, pod: usize) -> bool {
        self.evictor.is_none_or(|evictor| evictor.filter(&self.view.pods[pod], self.view))
    }

    /// Whether the evictor lets the pod, which is to be evicted, go.
    pub fn may_go(&self, pod: usize) -> bool {
        self.evictor.is_none_or(|evictor| evictor.pre_eviction_filter(&self.view.pods[pod], self.view))
    }

    /// Evicts a pod.
    ///
    /// # Errors
    /// A limit of the cycle is reached, or the API server does not grant it.
    pub fn evict(&mut self, place: usize) -> Result<(), Refused> {
        let pod = &self.view.pods[place];
        let reached = |limit: Option<u32>, count: u32| limit.is_some_and(|limit| count >= limit);
        let (node, namespace) = (pod.node, pod.namespace());
        if reached(self.limits.total, self.evictions.len() as u32) {
            return Err(Refused::TotalLimit);
        }
        if reached(self.limits.per_node, self.of_node.get(&node).copied().unwrap_or(0)) {
            return Err(Refused::NodeLimit);
        }
        if reached(self.limits.per_namespace, self.of_namespace.get(namespace).copied().unwrap_or(0)) {
            return Err(Refused::Other);
        }
        if !(self.grant)(pod) {
            return Err(Refused::Other);
        }
        *self.of_node.entry(node).or_default() += 1;
        *self.of_namespace.entry(namespace).or_default() += 1;
        self.evictions.push(Eviction { pod: place, strategy: self.strategy });
        let live = self.view.live;
        self.view.pods[place].gone |= live;
        Ok(())
    }

    /// Evicts pods of one node one after another; whether the strategy may go on with other nodes.
    pub fn evict_all(&mut self, pods: &[usize]) -> bool {
        for &pod in pods {
            match self.evict(pod) {
                Ok(()) | Err(Refused::Other) => {}
                Err(Refused::NodeLimit) => return true,
                Err(Refused::TotalLimit) => return false,
            }
        }
        true
    }
}
