//! The API server's store: every pod, node and object, the sums over them, and the feed of what changed.
//!
//! The store enforces what no component may break (a pod is bound once, a node's sums equal its pods) and judges nothing
//! else. What has gone is never changed again, though it can be looked up until everyone has heard of it. Each change is
//! folded into the fingerprint and put on the feed, which the engine hands to the controllers.

mod action;
mod admission;
mod classes;
mod feed;
mod fingerprint;
mod namespace;
mod nodes;
mod objects;
mod placements;
mod pods;
mod quota_index;
mod refusal;
mod resource_quota;
mod totals;

pub use action::Action;
pub use admission::{Admission, AdmissionPlugin};
pub use classes::Classes;
pub use feed::{Cause, Change, Interest, NodeChange};
pub use fingerprint::Fingerprint;
pub use namespace::Namespace;
pub use nodes::{DuplicateNode, Nodes};
pub use objects::{Object, ObjectEntry, ObjectExists, ObjectMeta, Objects};
pub use placements::{Placed, Placements};
pub use pods::Pods;
pub use refusal::Refusal;
pub use resource_quota::{Charge, QuotaScope, ResourceQuota, ScopeOperator, ScopeRequirement};
pub use totals::{Counters, Totals};

use crate::model::node::{Node, NodeSpec};
use crate::model::pod::{GivenDeletion, GivenStatus, NewPod, Pod, PodClass, PodPhase};
use crate::model::resource_claims::PodClaims;
use crate::model::resources::ResourceTable;
use crate::model::{ClassId, NodeId, ObjectId, PodId};
use crate::time::{SimTime, Span};
use quota_index::QuotaIndex;
use std::collections::VecDeque;
use std::sync::Arc;

/// The state of one simulated cluster.
#[derive(Debug, Default)]
pub struct Cluster {
    /// The current instant.
    pub now: SimTime,
    /// The resources' columns.
    pub resources: ResourceTable,
    /// The classes of pods seen so far.
    pub classes: Classes,
    /// What judges and completes new pods.
    pub admission: Admission,
    /// Whether no controller keeps the status of objects up to date, so that what manifests say of it counts.
    pub statuses_as_given: bool,
    nodes: Nodes,
    pods: Pods,
    objects: Objects,
    placements: Placements,
    quotas: QuotaIndex,
    totals: Totals,
    counters: Counters,
    feed: VecDeque<Change>,
    fingerprint: Fingerprint,
    next_uid: u64,
    version: u64,
}

impl Cluster {
    /// The nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The node, which must exist.
    #[inline]
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id)
    }

    /// The pods.
    pub fn pods(&self) -> &Pods {
        &self.pods
    }

    /// The pod, if it still exists.
    #[inline]
    pub fn pod(&self, id: PodId) -> Option<&Pod> {
        self.pods.get(id)
    }

    /// The class of a pod.
    #[inline]
    pub fn class_of(&self, pod: &Pod) -> &PodClass {
        self.classes.get(pod.class)
    }

    /// The objects that are neither pods nor nodes.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Where the pods of each class are.
    pub fn placements(&self) -> &Placements {
        &self.placements
    }

    /// Sums over what exists now.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Counts of what has happened.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Grows with every change of a node or of what is on it, and when one comes or goes.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The hash of every change so far.
    pub fn fingerprint(&self) -> u128 {
        self.fingerprint.value()
    }

    // ---- pods ----------------------------------------------------------------------------------------------------

    /// Creates a pod, after admission has completed and judged it. One with `spec.nodeName` is bound at once.
    ///
    /// # Errors
    /// The server's refusal. It is counted, and nothing else has changed.
    pub fn create_pod(&mut self, mut new: NewPod) -> Result<PodId, Refusal> {
        self.counters.submitted += 1;
        let admission = std::mem::take(&mut self.admission);
        let verdict = self.admit(&admission, &mut new);
        self.admission = admission;
        if let Err(refusal) = verdict {
            self.counters.rejected += 1;
            self.fingerprint.fold(self.now, 1, &[self.counters.rejected]);
            return Err(refusal);
        }
        let pod = Pod {
            uid: self.take_uid(),
            name: new.name,
            class: new.class,
            owner: new.owner,
            phase: PodPhase::Pending,
            node: None,
            working: false,
            ready: false,
            unschedulable: false,
            attempts: 0,
            created: self.now,
            bound: None,
            started: None,
            deleting: None,
            restarts: 0,
            run: new.run,
            usage: new.usage,
            devices: crate::model::gpu::DeviceSet::default(),
            claims: None,
            overdue: false,
            preempted: false,
            grace: None,
            nominated_node: None,
            assumed: None,
            bound_order: 0,
            place: 0,
        };
        self.fingerprint.fold_name(&pod.name);
        let class = self.classes.get(pod.class);
        let namespace = class.spec.namespace.clone();
        self.quotas.each(&namespace, &mut self.objects, |quota| quota.charge(class, Charge::Full));
        let node = class.spec.node_name.as_deref().and_then(|name| self.nodes.by_name(name));
        let id = self.pods.insert(namespace, pod);
        self.totals.pending += 1;
        if let Some(status) = &new.status {
            let pod = self.pods.get_mut(id).expect("inserted above");
            pod.nominated_node.clone_from(&status.nominated_node);
            pod.claims.clone_from(&status.claims);
        }
        self.emit(Change::PodCreated(id));
        if let Some(node) = node {
            self.bind(id, node);
        }
        if let Some(status) = new.status {
            self.give_status(id, *status);
        }
        Ok(id)
    }

    /// Restores the status of a pod that has lived elsewhere.
    fn give_status(&mut self, id: PodId, status: GivenStatus) {
        let pod = self.pods.get_mut(id).expect("the caller inserted it");
        if let (Some(start), Some(_)) = (status.start, pod.node) {
            pod.bound = Some(start);
        }
        match status.deleting {
            Some(GivenDeletion::Preempted) => self.delete_pod(id, Cause::Preempted),
            Some(GivenDeletion::Other) => self.delete_pod(id, Cause::Deleted),
            None => {}
        }
    }

    fn admit(&mut self, admission: &Admission, new: &mut NewPod) -> Result<(), Refusal> {
        new.class = admission.complete(new.class, self).map_err(|refusal| refusal.for_pod(&new.name))?;
        let class = self.classes.get(new.class);
        if self.pods.by_name(&class.spec.namespace, &new.name).is_some() {
            return Err(Refusal::already_exists("pods", &new.name));
        }
        admission.judge(class, self).map_err(|refusal| refusal.for_pod(&new.name))
    }

    /// Binds a pod to a node and takes the node's resources for it.
    ///
    /// # Panics
    /// If the pod is gone or bound already, or the node is gone: the caller's bug.
    pub fn bind(&mut self, id: PodId, node: NodeId) {
        assert!(!self.nodes.is_leaving(node), "a node to bind to exists");
        let pod = self.pods.get_live_mut(id).expect("a pod to bind exists");
        assert!(pod.node.is_none(), "a pod is bound once");
        pod.node = Some(node);
        match pod.assumed.take() {
            None => self.take_node(id, node),
            Some(assumed) => {
                assert!(assumed == node, "a pod is bound where it was assumed");
                self.totals.allocated.add(&self.classes.get(pod.class).requests);
            }
        }
        let pod = self.pods.get_mut(id).expect("looked up above");
        pod.bound = Some(self.now);
        pod.bound_order = self.counters.bound;
        pod.unschedulable = false;
        pod.nominated_node = None;
        self.pods.no_longer_unbound(id);
        self.totals.pending -= 1;
        self.totals.starting += 1;
        self.counters.bound += 1;
        self.emit(Change::PodBound(id, node));
    }

    /// The scheduler holds the node's resources for a pod whose binding waits.
    ///
    /// # Panics
    /// If the pod is gone, bound or assumed already, or the node is gone: the caller's bug.
    pub fn assume(&mut self, id: PodId, node: NodeId) {
        assert!(!self.nodes.is_leaving(node), "a node to assume a pod on exists");
        let pod = self.pods.get_live_mut(id).expect("a pod to assume exists");
        assert!(pod.placed_on().is_none(), "a pod is assumed once");
        pod.assumed = Some(node);
        self.take_node(id, node);
    }

    /// The scheduler gives up what it held for a pod; whether it held anything.
    pub fn forget(&mut self, id: PodId) -> bool {
        if self.pods.get_live_mut(id).is_none_or(|pod| pod.assumed.is_none()) {
            return false;
        }
        self.release_node(id);
        self.pods.get_mut(id).expect("looked up above").assumed = None;
        true
    }

    /// Takes a node's resources for a pod.
    fn take_node(&mut self, id: PodId, node: NodeId) {
        let pod = self.pods.get_mut(id).expect("the caller looked it up");
        let class = self.classes.get(pod.class);
        self.version += 1;
        let target = self.nodes.touch(node, self.version);
        if let Some(request) = class.spec.gpu {
            pod.devices = target.devices.take(request).unwrap_or_default();
        }
        pod.place = target.pods.len() as u32;
        target.pods.push(id);
        target.requested.add(&class.requests);
        target.nonzero_cpu += class.nonzero_cpu;
        target.nonzero_memory += class.nonzero_memory;
        target.ports.extend_from_slice(&class.host_ports);
        if pod.node.is_some() {
            self.totals.allocated.add(&class.requests);
        }
        self.placements.add(pod.class, class, node, pod.deleting.is_some());
    }

    /// Changes what a pod says, as an update through the API does: its labels, gates, tolerations, requests. What it takes of
    /// its node follows.
    pub fn update_pod(&mut self, id: PodId, class: ClassId) {
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.class != class) else { return };
        let (old, node, assumed) = (pod.class, pod.placed_on(), pod.assumed);
        if node.is_some() {
            self.release_node(id);
        }
        let pod = self.pods.get_mut(id).expect("looked up above");
        let charge = Charge::of(pod);
        let working = pod.working;
        if working {
            self.totals.remove_usage(pod, self.classes.get(old));
        }
        pod.class = class;
        pod.assumed = assumed;
        if working {
            self.totals.add_usage(pod, self.classes.get(class));
        }
        let namespace = self.classes.get(class).spec.namespace.clone();
        let classes = &self.classes;
        self.quotas.each(&namespace, &mut self.objects, |quota| {
            quota.release(classes.get(old), charge);
            quota.charge(classes.get(class), charge);
        });
        if let Some(node) = node {
            self.take_node(id, node);
        }
        self.emit(Change::PodUpdated(id, old));
    }

    /// Lets the pod of this name say what a new specification says, after admission has completed it.
    ///
    /// # Errors
    /// The server's refusal; nothing has changed.
    pub fn resubmit_pod(&mut self, name: &str, class: ClassId) -> Result<(), Refusal> {
        let admission = std::mem::take(&mut self.admission);
        let completed = admission.complete(class, self);
        self.admission = admission;
        let class = completed.map_err(|refusal| refusal.for_pod(name))?;
        let namespace = &self.classes.get(class).spec.namespace;
        if let Some(id) = self.pods.by_name(namespace, name) {
            self.update_pod(id, class);
        }
        Ok(())
    }

    /// Sets or clears the node that is being made free for a pod.
    pub fn nominate(&mut self, id: PodId, node: Option<Arc<str>>) {
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.node.is_none() && pod.nominated_node != node)
        else {
            return;
        };
        let had_one = std::mem::replace(&mut pod.nominated_node, node).is_some();
        self.emit(Change::PodNominated { pod: id, had_one });
    }

    /// Sets the part of a pod's status that says which claims were made for it.
    pub fn set_pod_claims(&mut self, id: PodId, claims: PodClaims) {
        if let Some(pod) = self.pods.get_live_mut(id) {
            pod.claims = Some(Box::new(claims));
            self.emit(Change::PodClaims(id));
        }
    }

    /// Records a failed scheduling attempt: condition PodScheduled=False.
    pub fn mark_unschedulable(&mut self, id: PodId) {
        if let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.node.is_none()) {
            pod.unschedulable = true;
            self.emit(Change::PodUnschedulable(id));
        }
    }

    /// Counts a scheduling attempt of the pod.
    pub fn count_attempt(&mut self, id: PodId) {
        self.counters.attempts += 1;
        if let Some(pod) = self.pods.get_mut(id) {
            pod.attempts += 1;
        }
    }

    /// The containers of a bound pod have started, and it is ready.
    pub fn start(&mut self, id: PodId) {
        let now = self.now;
        let Some(pod) = self.pods.get_live_mut(id) else { return };
        debug_assert!(pod.node.is_some(), "only a bound pod starts");
        if pod.phase == PodPhase::Pending {
            self.totals.starting -= 1;
            self.totals.running += 1;
            pod.phase = PodPhase::Running;
            pod.started = Some(now);
        }
        if pod.working {
            return;
        }
        pod.working = true;
        pod.ready = pod.deleting.is_none();
        self.totals.add_usage(pod, self.classes.get(pod.class));
        self.emit(Change::PodStarted(id));
    }

    /// A running pod became ready or unready.
    pub fn set_ready(&mut self, id: PodId, ready: bool) {
        let Some(pod) = self.pods.get_live_mut(id) else { return };
        if pod.ready != ready {
            pod.ready = ready;
            self.emit(Change::PodReadiness(id));
        }
    }

    /// The machine under a pod lost its containers; when it comes back they start again, from the beginning.
    pub fn interrupt(&mut self, id: PodId) {
        let Some(pod) = self.pods.get_live_mut(id) else { return };
        pod.restarts += 1;
        if std::mem::replace(&mut pod.working, false) {
            self.totals.remove_usage(pod, self.classes.get(pod.class));
        }
        self.set_ready(id, false);
    }

    /// A pod's work has ended by itself. It gives back its resources and leaves the store once every controller has heard
    /// of it.
    pub fn finish(&mut self, id: PodId, phase: PodPhase) {
        debug_assert!(matches!(phase, PodPhase::Succeeded | PodPhase::Failed));
        if self.pods.get_live_mut(id).is_none() {
            return;
        }
        self.count_out(id);
        let pod = self.pods.get_mut(id).expect("looked up above");
        pod.phase = phase;
        pod.ready = false;
        *(if phase == PodPhase::Succeeded { &mut self.counters.succeeded } else { &mut self.counters.failed }) += 1;
        self.release_node(id);
        self.emit(Change::PodFinished(id));
    }

    /// Asks for a pod's deletion. An unbound pod is gone at once; the kubelet of a bound one stops it first.
    pub fn delete_pod(&mut self, id: PodId, cause: Cause) {
        self.delete_pod_within(id, cause, None);
    }

    /// As [`Cluster::delete_pod`], with a grace period of its own.
    pub fn delete_pod_within(&mut self, id: PodId, cause: Cause, grace: Option<Span>) {
        let now = self.now;
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.deleting.is_none()) else { return };
        pod.deleting = Some(now);
        pod.preempted = cause == Cause::Preempted;
        pod.grace = grace;
        let unbound = pod.node.is_none();
        if let Some(node) = pod.placed_on() {
            self.placements.terminate(pod.class, node);
        }
        match cause {
            Cause::Preempted => self.counters.preempted += 1,
            Cause::Evicted | Cause::TaintEvicted | Cause::NodeLost => self.counters.evicted += 1,
            Cause::Deleted => self.counters.deleted += 1,
        }
        self.emit(Change::PodDeleting(id, cause));
        if unbound {
            self.remove_pod(id);
        } else {
            self.set_ready(id, false);
        }
    }

    /// The pod object is gone: stopped by its kubelet, or its node left.
    pub fn remove_pod(&mut self, id: PodId) {
        let now = self.now;
        let Some(pod) = self.pods.get_live_mut(id) else { return };
        if pod.deleting.is_none() {
            pod.deleting = Some(now);
            if let Some(node) = pod.placed_on() {
                self.placements.terminate(pod.class, node);
            }
        }
        self.count_out(id);
        self.release_node(id);
        self.pods.leave(id);
        self.emit(Change::PodRemoved(id));
    }

    /// Takes the pod out of the count of its present state.
    fn count_out(&mut self, id: PodId) {
        let pod = self.pods.get_mut(id).expect("the caller looked it up");
        match (pod.node, pod.phase) {
            (None, _) => self.totals.pending -= 1,
            (Some(_), PodPhase::Running) => self.totals.running -= 1,
            (Some(_), _) => self.totals.starting -= 1,
        }
        let class = self.classes.get(pod.class);
        if std::mem::replace(&mut pod.working, false) {
            self.totals.remove_usage(pod, class);
        }
        let charge = Charge::of(pod);
        self.quotas.each(&class.spec.namespace, &mut self.objects, |quota| quota.release(class, charge));
    }

    /// Quotas no longer wait for the end of a pod whose deletion takes too long: its node may be lost.
    pub fn stop_charging(&mut self, id: PodId) {
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| !pod.overdue) else { return };
        pod.overdue = true;
        let class = self.classes.get(pod.class);
        self.fingerprint.fold(self.now, 3, &[pod.uid]);
        self.quotas.each(&class.spec.namespace, &mut self.objects, |quota| {
            quota.release(class, Charge::Full);
            quota.charge(class, Charge::ObjectOnly);
        });
    }

    fn release_node(&mut self, id: PodId) {
        let pod = self.pods.get(id).expect("the caller looked it up");
        let (Some(node), place, devices) = (pod.placed_on(), pod.place as usize, pod.devices) else {
            self.pods.no_longer_unbound(id);
            return;
        };
        let class = self.classes.get(pod.class);
        self.placements.remove(pod.class, class, node, pod.deleting.is_some());
        self.version += 1;
        let target = self.nodes.touch(node, self.version);
        target.pods.swap_remove(place);
        target.requested.sub(&class.requests);
        target.nonzero_cpu -= class.nonzero_cpu;
        target.nonzero_memory -= class.nonzero_memory;
        for port in &class.host_ports {
            if let Some(i) = target.ports.iter().position(|p| p == port) {
                target.ports.swap_remove(i);
            }
        }
        if let Some(request) = class.spec.gpu {
            target.devices.give_back(request, devices);
        }
        if pod.node.is_some() {
            self.totals.allocated.sub(&class.requests);
        }
        if let Some(&moved) = target.pods.get(place) {
            self.pods.get_mut(moved).expect("a node's pods exist").place = place as u32;
        }
    }

    // ---- nodes ---------------------------------------------------------------------------------------------------

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
        let node = self.nodes.touch(id, self.version);
        let before = node.spec.clone();
        change(Arc::make_mut(&mut node.spec));
        let what = NodeChange::between(&before, &node.spec);
        if what.is_empty() {
            return;
        }
        node.previous = Some(before);
        if what.contains(NodeChange::ALLOCATABLE) {
            let allocatable = self.resources.vector(&node.spec.allocatable);
            self.totals.capacity.sub(&node.allocatable);
            self.totals.capacity.add(&allocatable);
            node.allocatable = allocatable;
        }
        self.nodes.note_spec_change();
        self.emit(Change::NodeChanged(id, what));
    }

    /// Sets the condition Ready.
    pub fn set_node_ready(&mut self, id: NodeId, ready: bool) {
        if self.nodes.get(id).ready == ready || self.nodes.is_leaving(id) {
            return;
        }
        self.version += 1;
        self.nodes.touch(id, self.version).ready = ready;
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
    /// deletes them.
    pub fn remove_node_alone(&mut self, id: NodeId) {
        if self.nodes.is_leaving(id) {
            return;
        }
        let node = self.nodes.get(id);
        self.totals.capacity.sub(&node.allocatable);
        self.totals.nodes -= 1;
        self.totals.ready_nodes -= u64::from(node.ready);
        self.version += 1;
        self.nodes.leave(id);
        self.emit(Change::NodeRemoved(id));
    }

    fn empty_node(&mut self, id: NodeId) {
        for pod in self.node(id).pods.clone() {
            if self.forget(pod) {
                continue;
            }
            self.delete_pod(pod, Cause::NodeLost);
            self.remove_pod(pod);
        }
    }

    // ---- objects -------------------------------------------------------------------------------------------------

    /// Creates an object.
    ///
    /// # Errors
    /// One of this kind, namespace and name exists.
    pub fn create_object(
        &mut self,
        namespace: &str,
        name: &str,
        owner: Option<ObjectId>,
        body: Box<dyn Object>,
    ) -> Result<ObjectId, ObjectExists> {
        let uid = self.next_uid;
        let id = self.objects.insert(namespace, name, owner, uid, self.now, body)?;
        self.next_uid += 1;
        self.fingerprint.fold_name(name);
        self.admission.forget();
        self.quotas.created(id, &self.objects);
        self.recount_quota(id);
        self.emit(Change::ObjectCreated(id));
        Ok(id)
    }

    /// Changes an object of type `T`. Nothing happens when it is gone or of another type.
    pub fn update_object<T: Object, R>(&mut self, id: ObjectId, change: impl FnOnce(&mut T) -> R) -> Option<R> {
        self.objects.keep_previous(id);
        let result = change(self.objects.get_mut::<T>(id)?);
        self.recount_quota(id);
        self.objects.fold(id, &mut self.fingerprint);
        self.emit(Change::ObjectChanged(id));
        Some(result)
    }

    /// Replaces what an object says. Nothing happens when it is gone.
    pub fn replace_object(&mut self, id: ObjectId, body: Box<dyn Object>) {
        self.objects.keep_previous(id);
        if self.objects.replace(id, body) {
            self.admission.forget();
            self.recount_quota(id);
            self.objects.fold(id, &mut self.fingerprint);
            self.emit(Change::ObjectChanged(id));
        }
    }

    /// Sets `spec.replicas` of an object that has a scale subresource; whether it has and the number is a new one.
    pub fn scale(&mut self, id: ObjectId, replicas: u32) -> bool {
        let changed = self.objects.scale(id, replicas);
        if changed {
            self.fingerprint.fold(self.now, 2, &[u64::from(id.0), u64::from(replicas)]);
            self.emit(Change::ObjectChanged(id));
        }
        changed
    }

    /// Removes an object. Its dependents are the garbage collector's business.
    pub fn remove_object(&mut self, id: ObjectId) {
        if self.objects.leave(id) {
            self.admission.forget();
            self.quotas.removed(id);
            self.emit(Change::ObjectRemoved(id));
        }
    }

    /// The quotas of a namespace, by name.
    pub fn quotas_of(&self, namespace: &str) -> impl Iterator<Item = (&str, &ResourceQuota)> + '_ {
        self.quotas.of(namespace, &self.objects)
    }

    /// Charges an object that is a new or changed quota for the pods that exist.
    fn recount_quota(&mut self, id: ObjectId) {
        let Some(namespace) = self.objects.meta(id).map(|meta| meta.namespace.clone()) else { return };
        let Some(quota) = self.objects.get_mut::<ResourceQuota>(id) else { return };
        let pods = self.pods.iter().filter(|(id, pod)| !pod.is_finished() && !self.pods.is_leaving(*id));
        let charges = pods.map(|(_, pod)| (self.classes.get(pod.class), Charge::of(pod)));
        quota.recount(charges.filter(|(class, _)| class.spec.namespace == namespace));
    }

    // ---- the feed ------------------------------------------------------------------------------------------------

    /// Tells of every change that has not been told, in order, and frees what is gone. The engine does this for the controllers;
    /// this is for those who look at a cluster without any.
    pub fn deliver(&mut self, mut tell: impl FnMut(Change, &Self)) {
        while let Some(change) = self.next_change() {
            tell(change, self);
            self.settle(change);
        }
    }

    /// The next change that the controllers have not heard of.
    pub(crate) fn next_change(&mut self) -> Option<Change> {
        self.feed.pop_front()
    }

    /// Whether everyone has been told of every change but the one that is being delivered.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.feed.is_empty()
    }

    /// Frees what has gone, now that everyone has heard of it.
    pub(crate) fn settle(&mut self, change: Change) {
        match change {
            Change::PodFinished(id) | Change::PodRemoved(id) => {
                let node = self.pods.get(id).and_then(Pod::placed_on);
                self.pods.free(id);
                if let Some(node) = node {
                    self.nodes.free_if_empty(node);
                }
            }
            Change::NodeRemoved(id) => self.nodes.told(id),
            Change::ObjectRemoved(id) => self.objects.free(id),
            _ => {}
        }
    }

    /// Interns a specification.
    pub fn intern(&mut self, spec: crate::model::pod::PodSpec) -> ClassId {
        self.classes.intern(spec, &mut self.resources)
    }

    fn emit(&mut self, change: Change) {
        let (code, words) = change.words(self);
        self.fingerprint.fold(self.now, code, &words);
        self.feed.push_back(change);
    }

    fn take_uid(&mut self) -> u64 {
        self.next_uid += 1;
        self.next_uid - 1
    }
}
