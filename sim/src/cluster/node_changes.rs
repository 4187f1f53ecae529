//! What the store does to nodes.

use super::{Cause, Change, Cluster, DuplicateNode, NodeChange};
use crate::model::NodeId;
use crate::model::node::NodeSpec;
use std::sync::Arc;

impl Cluster {
    /// So many nodes are about to be added, which is good to know for tables of nodes.
    pub fn expect_nodes(&mut self, count: usize) {
        self.nodes.expect(count);
    }

    /// Adds a node, ready at once.
    ///
    /// # Errors
    /// A node of this name exists.
    pub fn add_node(&mut self, spec: NodeSpec) -> Result<NodeId, DuplicateNode> {
        if self.nodes.by_name(&spec.name).is_some() {
            return Err(DuplicateNode { name: spec.name.to_string() });
        }
        let uid = self.take_uid();
        self.version += 1;
        self.fingerprint.fold_name(&spec.name);
        let allocatable = self.resources.vector(&spec.allocatable);
        self.totals.capacity.add(&allocatable);
        self.totals.nodes += 1;
        self.totals.ready_nodes += 1;
        let id = self.nodes.insert(uid, self.now, self.version, spec, allocatable);
        self.emit(Change::NodeAdded(id));
        Ok(id)
    }

    /// Changes a node's specification; what changed goes on the feed. The name must stay.
    pub fn update_node(&mut self, id: NodeId, change: impl FnOnce(&mut NodeSpec)) {
        if self.nodes.is_leaving(id) {
            return;
        }
        self.version += 1;
        let (resources, totals) = (&mut self.resources, &mut self.totals);
        let what = self.nodes.change(id, self.version, |node| {
            let before = node.spec.clone();
            let spec = Arc::make_mut(&mut node.spec);
            change(spec);
            spec.share(&before);
            let what = NodeChange::between(&before, &node.spec);
            if what.is_empty() {
                return what;
            }
            node.previous = Some(before);
            if what.contains(NodeChange::ALLOCATABLE) {
                let allocatable = resources.vector(&node.spec.allocatable);
                totals.capacity.sub(&node.allocatable);
                totals.capacity.add(&allocatable);
                node.allocatable = Arc::new(allocatable);
            }
            what
        });
        if !what.is_empty() {
            self.nodes.note_spec_change(id);
            self.emit(Change::NodeChanged(id, what));
        }
    }

    /// Sets the condition Ready.
    pub fn set_node_ready(&mut self, id: NodeId, ready: bool) {
        if self.nodes.get(id).ready == ready || self.nodes.is_leaving(id) {
            return;
        }
        self.version += 1;
        self.nodes.change(id, self.version, |node| node.ready = ready);
        if ready {
            self.totals.ready_nodes += 1;
        } else {
            self.totals.ready_nodes -= 1;
        }
        self.emit(Change::NodeChanged(id, NodeChange::READY));
    }

    /// The machine under a node stopped or runs again. The node's conditions follow later, when the node lifecycle
    /// controller has noticed.
    pub fn set_machine_up(&mut self, id: NodeId, up: bool) {
        let gone = self.nodes.is_leaving(id);
        let node = self.nodes.get_mut(id);
        if node.machine_up != up && !gone {
            node.machine_up = up;
            self.emit(Change::NodeChanged(id, NodeChange::MACHINE));
        }
    }

    /// Removes a node and every pod on it.
    pub fn remove_node(&mut self, id: NodeId) {
        if self.nodes.is_leaving(id) {
            return;
        }
        self.empty_node(id);
        self.remove_node_alone(id);
    }

    /// Removes a node and leaves its pods bound to a node that is not there, as the API does. They are gone when somebody
    /// deletes them. What the scheduler only holds there is given up.
    pub fn remove_node_alone(&mut self, id: NodeId) {
        if self.nodes.is_leaving(id) {
            return;
        }
        for pod in self.node(id).pods.to_vec() {
            self.forget(pod);
        }
        let node = self.nodes.get(id);
        self.totals.capacity.sub(&node.allocatable);
        self.totals.nodes -= 1;
        self.totals.ready_nodes -= u64::from(node.ready);
        self.version += 1;
        self.nodes.leave(id);
        self.emit(Change::NodeRemoved(id));
    }

    pub(super) fn empty_node(&mut self, id: NodeId) {
        for pod in self.node(id).pods.to_vec() {
            if self.pod(pod).is_some_and(|pod| pod.node.is_some()) {
                self.delete_pod(pod, Cause::NodeLost);
                self.remove_pod(pod);
            }
        }
    }
}
