//! Which images are on how many nodes, as the scheduler's snapshot has it.
//!
//! Source: `pkg/scheduler/backend/cache/cache.go`, `addNodeImageStates` and `UpdateSnapshot`. The snapshot of a node is renewed at
//! the start of a cycle only if the node or its pods have changed since the last one, and with it the numbers of nodes that
//! have its images. So a node that nothing happened to still counts as many nodes with an image as there were then.

use crate::cluster::{Change, Cluster};
use crate::model::NodeId;
use crate::model::node::{Node, NodeImage};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// The images of a cluster.
#[derive(Debug, Default)]
pub struct ImageStates {
    images: FxHashMap<String, Image>,
    /// The images whose number of nodes has changed since the last cycle, and the number before.
    changed: BTreeMap<String, usize>,
    /// What the snapshots of nodes that have not changed since still say of an image: the number of nodes, and the node's
    /// version for which it holds.
    stale: FxHashMap<NodeId, BTreeMap<String, (usize, u64)>>,
    /// The cluster's version at the last cycle.
    last_cycle: u64,
}

#[derive(Debug)]
struct Image {
    /// In bytes, as the first node that had it gave it.
    size: i64,
    nodes: BTreeSet<NodeId>,
}

impl ImageStates {
    /// The images of the cluster as it is.
    pub fn of(cluster: &Cluster) -> Self {
        let mut states = Self::default();
        let mut nodes: Vec<&Node> = cluster.nodes().iter().collect();
        nodes.sort_by_key(|node| node.uid);
        for node in nodes {
            states.add(node.id, &node.spec.images);
        }
        states
    }

    /// Whether no node has an image.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// The size of an image in bytes, and how many nodes have it; `None` where none has.
    pub fn find(&self, name: &str) -> Option<(i64, usize)> {
        self.images.get(name).map(|image| (image.size, image.nodes.len()))
    }

    /// How many nodes have an image as this node's snapshot knows it, where that differs from how many there are.
    pub fn stale(&self, node: NodeId, name: &str, cluster: &Cluster) -> Option<usize> {
        let (nodes, version) = self.stale.get(&node)?.get(name)?;
        (*version == cluster.nodes().version(node)).then_some(*nodes)
    }

    /// Keeps up with the nodes.
    pub(super) fn changed(&mut self, change: Change, cluster: &Cluster) {
        match change {
            Change::NodeAdded(id) => self.add(id, &cluster.node(id).spec.images),
            Change::NodeChanged(id, _) => {
                let node = cluster.node(id);
                if let Some(previous) = node.previous.as_deref().filter(|spec| spec.images != node.spec.images) {
                    self.remove(id, &previous.images);
                    self.add(id, &node.spec.images);
                }
            }
            Change::NodeRemoved(id) => {
                self.remove(id, &cluster.node(id).spec.images);
                self.stale.remove(&id);
            }
            _ => {}
        }
    }

    /// A cycle begins: nodes that have changed since the last one are looked at anew.
    #[inline]
    pub(super) fn begin_cycle(&mut self, cluster: &Cluster) {
        if !self.changed.is_empty() {
            self.look_anew(cluster);
        }
        self.last_cycle = cluster.version();
    }

    fn look_anew(&mut self, cluster: &Cluster) {
        for (name, before) in std::mem::take(&mut self.changed) {
            let Some(image) = self.images.get(&name).filter(|image| image.nodes.len() != before) else { continue };
            for &id in &image.nodes {
                let version = cluster.nodes().version(id);
                if version <= self.last_cycle {
                    let known = self.stale.entry(id).or_default().entry(name.clone()).or_insert((before, version));
                    if known.1 != version {
                        *known = (before, version);
                    }
                }
            }
        }
    }

    fn add(&mut self, node: NodeId, images: &[NodeImage]) {
        for image in images {
            for name in &image.names {
                let new = || Image { size: image.size, nodes: BTreeSet::new() };
                let state = self.images.entry(name.clone()).or_insert_with(new);
                self.changed.entry(name.clone()).or_insert(state.nodes.len());
                state.nodes.insert(node);
            }
        }
    }

    fn remove(&mut self, node: NodeId, images: &[NodeImage]) {
        for name in images.iter().flat_map(|image| &image.names) {
            let Some(state) = self.images.get_mut(name) else { continue };
            self.changed.entry(name.clone()).or_insert(state.nodes.len());
            state.nodes.remove(&node);
            if state.nodes.is_empty() {
                self.images.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::node::NodeSpec;
    use crate::model::pod::{NewPod, PodSpec};

    #[test]
    fn a_node_to_which_nothing_happens_keeps_its_numbers() {
        let mut cluster = Cluster::default();
        let mut states = ImageStates::default();
        let images = vec![NodeImage { names: vec!["app:v1".to_owned()], size: 7 }];
        let add = |name: &str, cluster: &mut Cluster, states: &mut ImageStates| {
            let spec = NodeSpec { name: name.into(), images: images.clone().into(), ..NodeSpec::default() };
            let id = cluster.add_node(spec).expect("a new name");
            cluster.deliver(|change, cluster| states.changed(change, cluster));
            id
        };
        let (a, b) = (add("a", &mut cluster, &mut states), add("b", &mut cluster, &mut states));
        states.begin_cycle(&cluster);
        add("c", &mut cluster, &mut states);
        states.begin_cycle(&cluster);
        assert_eq!(states.find("app:v1"), Some((7, 3)));
        assert_eq!([a, b].map(|node| states.stale(node, "app:v1", &cluster)), [Some(2), Some(2)]);

        let class = cluster.intern(PodSpec::default());
        let pod = cluster.create_pod(NewPod::new("p", class)).expect("nobody refuses");
        cluster.bind(pod, a);
        states.begin_cycle(&cluster);
        assert_eq!(states.stale(a, "app:v1", &cluster), None, "the pod made its snapshot new");
        add("d", &mut cluster, &mut states);
        states.begin_cycle(&cluster);
        assert_eq!([a, b].map(|node| states.stale(node, "app:v1", &cluster)), [Some(3), Some(2)]);
    }
}
