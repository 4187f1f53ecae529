//! A copy of the nodes on which placements are tried out, with the scheduler's own filters.

use super::group::Group;
use super::template::renamed;
use crate::cluster::Cluster;
use crate::model::node::{Node, ZONE_LABEL};
use crate::model::pod::PodClass;
use crate::model::{ClassId, NodeId, PodId};
use crate::scheduler::{Cycle, FilterChain, PodOnNode, Profile, Step, Supposed};
use std::ops::Deref;
use std::sync::Arc;

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
    pub(super) node: Shown<'c>,
    /// Whether the node is there, and not only under way.
    pub(super) exists: bool,
    /// Whether a pending pod is expected on it.
    pub(super) expects: bool,
    /// Whether it is being removed.
    pub(super) leaves: bool,
}

/// A node, and a copy of it where the copy is to be seen. Most are seen as they are; copies are kept elsewhere, so that places are small.
#[derive(Clone, Debug)]
pub(super) struct Shown<'c> {
    node: &'c Node,
    copy: Option<Box<Node>>,
}

impl<'c> Shown<'c> {
    fn new(node: &'c Node) -> Self {
        Self { node, copy: None }
    }

    /// The copy, which is made if there is none.
    fn to_mut(&mut self) -> &mut Node {
        self.copy.get_or_insert_with(|| Box::new(self.node.clone()))
    }
}

impl Deref for Shown<'_> {
    type Target = Node;

    fn deref(&self) -> &Node {
        self.copy.as_deref().unwrap_or(self.node)
    }
}

impl<'c> Snapshot<'c> {
    /// Nodes as they are, but without the pods of a lower priority than `cutoff`. Those that are `leaving` are marked so.
    pub(super) fn new(
        filters: Filters<'c>,
        groups: &'c [Group],
        cutoff: i32,
        leaving: impl Fn(NodeId) -> bool,
    ) -> Self {
        let cluster = filters.cluster;
        let expendable = |class: &ClassId| cluster.classes.get(*class).priority() < cutoff;
        let any_expendable = cluster.classes.by_age().iter().any(expendable);
        let there = cluster.nodes().iter_by_name().map(|node| {
            let leaves = leaving(node.id);
            let node = if any_expendable { without(node, cluster, expendable) } else { Shown::new(node) };
            Place { node, exists: true, expects: false, leaves }
        });
        let mut upcoming = Vec::new();
        for group in groups {
            for number in 0..group.requests.len() {
                let mut node = group.template.clone();
                let mut spec = renamed(&node.spec, format!("{}-upcoming-{number}", node.spec.name));
                if let Some(zone) = group.zone_of_request(number) {
                    spec.labels.insert(ZONE_LABEL.to_owned(), zone.clone());
                }
                node.spec = Arc::new(spec);
                upcoming.push(Place {
                    node: Shown { node: &group.template, copy: Some(Box::new(node)) },
                    exists: false,
                    expects: false,
                    leaves: false,
                });
            }
        }
        Self { places: there.chain(upcoming).collect(), expected: Vec::new() }
    }

    /// Expects a pending pod on a place.
    pub(super) fn expect(&mut self, pod: PodId, class: &PodClass, place: usize) {
        self.expected.push((pod, place));
        let place = &mut self.places[place];
        place.node.to_mut().add_hypothetical(class);
        place.expects = true;
    }

    /// The pods of a place: those that are there, in any order, then those that are expected.
    pub(super) fn pods_of(&self, place: usize) -> impl Iterator<Item = PodId> + '_ {
        self.places[place].node.pods.iter().copied().chain(self.expected_on(place))
    }

    /// The pending pods that are expected on a place, in the order in which they were put there.
    pub(super) fn expected_on(&self, place: usize) -> impl Iterator<Item = PodId> + '_ {
        let expects = self.places[place].expects;
        self.expected.iter().filter(move |(_, at)| expects && *at == place).map(|(pod, _)| *pod)
    }

    /// The place of a node that is there, or under way, by its name.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let there = self.places.partition_point(|place| place.exists);
        let found = self.places[..there].binary_search_by(|place| (*place.node.spec.name).cmp(name)).ok();
        found
            .or_else(|| self.places[there..].iter().position(|place| *place.node.spec.name == *name).map(|i| i + there))
    }

    /// The pods that are expected and the nodes that are under way, for filters that look at more than one node.
    pub(super) fn supposed(&self, cluster: &'c Cluster) -> Supposed<'_> {
        let mut supposed = Supposed::default();
        for (id, place) in &self.expected {
            let pod = PodOnNode::find(*id, cluster);
            supposed.pods.extend(pod.map(|pod| (pod, &*self.places[*place].node, Step::Comes)));
        }
        let there = self.places.partition_point(|place| place.exists);
        let upcoming = self.places[there..].iter();
        supposed.nodes.extend(upcoming.map(|place| (&*place.node, Some(Arc::clone(&place.node.spec)))));
        supposed
    }
}

/// A node without the pods of some classes.
fn without<'c>(node: &'c Node, cluster: &Cluster, left_out: impl Fn(&ClassId) -> bool) -> Shown<'c> {
    let mut result = Shown::new(node);
    for &id in &node.pods {
        if let Some(pod) = cluster.pod(id).filter(|pod| left_out(&pod.class)) {
            result.to_mut().remove_pod(id, pod, cluster.class_of(pod));
        }
    }
    result
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
    profiles: &'c [Profile],
    pub(super) cluster: &'c Cluster,
    /// Whether any pods keep others away.
    repelling: bool,
}

impl<'c> Filters<'c> {
    pub(super) fn new(profiles: &'c [Profile], cluster: &'c Cluster) -> Self {
        let classes = cluster.classes.by_age().iter().map(|class| cluster.classes.get(*class));
        let repelling = { classes }.any(|class| !class.spec.pod_anti_affinity.required.is_empty());
        Self { profiles, cluster, repelling }
    }

    pub(super) fn class(self, class: ClassId) -> &'c PodClass {
        self.cluster.classes.get(class)
    }

    fn profile(self, class_id: ClassId) -> Result<&'c Profile, String> {
        let name = &self.class(class_id).spec.scheduler_name;
        let profile = self.profiles.iter().find(|profile| profile.name == *name);
        profile.ok_or_else(|| format!("no scheduler profile \"{name}\""))
    }

    /// The filters for a pod.
    ///
    /// # Errors
    /// Why no node can take it.
    pub(super) fn of(self, class_id: ClassId, pod: Option<PodId>) -> Result<FilterChain<'c>, String> {
        let profile = self.profile(class_id)?;
        // What a bound pod names is where it is, which says nothing about where it could go.
        let moving = pod.and_then(|id| self.cluster.pod(id)).is_some_and(|pod| pod.node.is_some());
        let cycle = Cycle { supposing: self.repelling, moving, ..Cycle::new(self.cluster, class_id, pod) };
        profile.filters(&cycle).map_err(|rejection| rejection.verdict.message(&self.cluster.resources))
    }

    /// The name of the plugin that refuses a node first.
    pub(super) fn refuses(self, class_id: ClassId, node: &Node) -> Option<&'static str> {
        let profile = self.profile(class_id).ok()?;
        let (plugin, _) = self.of(class_id, None).ok()?.check(node)?;
        Some(profile.plugins[plugin].name())
    }

    /// Why a node is refused.
    pub(super) fn reasons(self, chain: &FilterChain<'_>, node: &Node) -> Option<Vec<String>> {
        let (_, verdict) = chain.check(node)?;
        let texts = verdict.reasons().iter().map(|reason| reason.text(&self.cluster.resources).to_string());
        Some(texts.collect())
    }
}
