//! A copy of the nodes on which placements are tried out, with the scheduler's own filters.

use super::group::Group;
use crate::cluster::Cluster;
use crate::model::node::Node;
use crate::model::pod::PodClass;
use crate::model::{ClassId, NodeId, PodId};
use crate::scheduler::{Cycle, FilterChain, Profile};
use std::borrow::Cow;

/// The nodes that may take pods: those that are there, in order of name, then those under way. Nodes are copied only when
/// something is placed on them.
#[derive(Debug)]
pub(super) struct Snapshot<'c> {
    pub(super) places: Vec<Place<'c>>,
    /// The pending pods that are expected on places.
    pub(super) expected: Vec<(PodId, usize)>,
}

/// A node of the snapshot.
#[derive(Clone, Debug)]
pub(super) struct Place<'c> {
    pub(super) node: Cow<'c, Node>,
    /// Whether the node is there, and not only under way.
    pub(super) exists: bool,
    /// Whether a pending pod is expected on it.
    pub(super) expects: bool,
}

impl<'c> Snapshot<'c> {
    pub(super) fn new(cluster: &'c Cluster, groups: &'c [Group], leaving: impl Fn(NodeId) -> bool) -> Self {
        let there = cluster.nodes().iter_by_name().filter(|node| node.ready && !leaving(node.id));
        let there = there.map(|node| Place { node: Cow::Borrowed(node), exists: true, expects: false });
        let upcoming = groups.iter().flat_map(|group| std::iter::repeat_n(&group.template, group.requests.len()));
        let upcoming = upcoming.map(|node| Place { node: Cow::Borrowed(node), exists: false, expects: false });
        Self { places: there.chain(upcoming).collect(), expected: Vec::new() }
    }
}

/// A circular search that goes on where it last succeeded.
///
/// Source: `cluster-autoscaler/simulator/clustersnapshot`, `FitsAnyNodeMatching`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circular {
    last: usize,
}

impl Circular {
    /// The first index below `n` that satisfies, beginning after the last one found.
    pub(super) fn find(&mut self, n: usize, mut satisfies: impl FnMut(usize) -> bool) -> Option<usize> {
        let found = (0..n).map(|i| (i + 1 + self.last) % n).find(|&i| satisfies(i))?;
        self.last = found;
        Some(found)
    }
}

/// The scheduler's filters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filters<'c> {
    pub(super) profiles: &'c [Profile],
    pub(super) cluster: &'c Cluster,
}

impl<'c> Filters<'c> {
    pub(super) fn class(self, class: ClassId) -> &'c PodClass {
        self.cluster.classes.get(class)
    }

    /// The filters for a pod.
    ///
    /// # Errors
    /// Why no node can take it.
    pub(super) fn of(self, class_id: ClassId, pod: Option<PodId>) -> Result<FilterChain<'c>, String> {
        let class = self.class(class_id);
        let name = &class.spec.scheduler_name;
        let profile = self.profiles.iter().find(|profile| profile.name == *name);
        let profile = profile.ok_or_else(|| format!("no scheduler profile \"{name}\""))?;
        let cycle = Cycle::new(self.cluster, class_id, pod);
        profile.filters(&cycle).map_err(|rejection| rejection.verdict.message(&self.cluster.resources))
    }
}
