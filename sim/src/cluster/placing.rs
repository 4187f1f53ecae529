//! What the store does to pods on their way to a node: creation, binding, assumptions, updates, nominations.

use super::{Cause, Change, Charge, Cluster, Refusal};
use crate::model::gpu::{DeviceSet, GpuRequest};
use crate::model::pod::{GivenDeletion, GivenStatus, NewPod, Pod, PodPhase, Submitted};
use crate::model::resource_claims::PodClaims;
use crate::model::{ClassId, Name, NodeId, PodId};
use crate::phases::Phase;
use crate::time::Moment;
use std::sync::Arc;

impl Cluster {
    /// Creates a pod, after admission has completed and judged it. One with `spec.nodeName` is bound at once.
    ///
    /// # Errors
    /// The server's refusal. It is counted, and nothing else has changed.
    pub fn create_pod(&mut self, mut new: NewPod) -> Result<PodId, Refusal> {
        self.create(&mut new, false)
    }

    /// As [`Cluster::create_pod`]. A name that is said to be new has had no pod, unless that was created the other way. A pod that is
    /// refused keeps its name.
    pub(crate) fn submit(&mut self, new: &mut NewPod, is_new: bool) -> Result<PodId, Refusal> {
        let is_new = is_new && self.pods.are_names_unlisted();
        self.create(new, is_new)
    }

    fn create(&mut self, new: &mut NewPod, is_new: bool) -> Result<PodId, Refusal> {
        self.counters.submitted += 1;
        let before = self.phases.enter(Phase::Admission);
        let verdict = self.admit(&mut new.class, &new.name, is_new);
        self.phases.leave(before);
        if verdict.is_err() {
            self.counters.rejected += 1;
            self.fingerprint.fold(self.now, 1, &[self.counters.rejected]);
        }
        let class = verdict?;
        let uid = self.take_uid();
        self.fingerprint.fold_name_bytes(new.name.as_bytes());
        let pod = Pod {
            uid,
            name: std::mem::take(&mut new.name),
            class,
            owner: new.owner,
            phase: PodPhase::Pending,
            node: None,
            working: false,
            ready: false,
            created: self.now,
            bound: Moment::NEVER,
            started: Moment::NEVER,
            deleting: Moment::NEVER,
            end: new.run.into(),
            usage: new.usage,
            devices: DeviceSet::default(),
            rare: None,
            bound_order: 0,
            leaving: false,
            place: 0,
        };
        let class = self.classes.get(pod.class);
        let namespace = &class.spec.namespace;
        self.quotas.each(namespace, &mut self.objects, |quota| quota.charge(class, Charge::Full));
        let node = class.spec.node_name.as_deref().and_then(|name| self.nodes.by_name(name));
        self.totals.pending += 1;
        let id = self.pods.insert(namespace, pod, self.totals.pending as usize);
        if let Some(status) = &new.status
            && (status.nominated_node.is_some() || status.claims.is_some())
        {
            let rare = self.pods.get_mut(id).expect("inserted above").rare_mut();
            rare.nominated_node.clone_from(&status.nominated_node);
            rare.claims.clone_from(&status.claims);
        }
        if let Some(status) = new.status.as_ref().filter(|status| status.held || status.completion.is_some()) {
            let rare = self.pods.get_mut(id).expect("inserted above").rare_mut();
            rare.held = status.held && self.keeps_finished;
            rare.completion = status.completion;
        }
        self.emit(Change::PodCreated(id));
        if let Some(node) = node {
            self.bind(id, node);
        }
        if let Some(status) = &new.status {
            self.give_status(id, status);
        }
        Ok(id)
    }

    /// Restores the status of a pod that has lived elsewhere.
    pub(super) fn give_status(&mut self, id: PodId, status: &GivenStatus) {
        let pod = self.pods.get_mut(id).expect("the caller inserted it");
        if let (Some(start), Some(_)) = (status.start, pod.node) {
            pod.bound = start.into();
        }
        match status.deleting {
            Some(GivenDeletion::Preempted) => self.delete_pod(id, Cause::Preempted),
            Some(GivenDeletion::Other) => self.delete_pod(id, Cause::Deleted),
            None => {}
        }
    }

    fn admit(&mut self, submitted: &mut Submitted, name: &Name, is_new: bool) -> Result<ClassId, Refusal> {
        let id = match submitted.class().and_then(|class| self.admission.completed(class)) {
            Some(known) => known,
            None => self.complete(std::mem::take(submitted)).map_err(|refusal| refusal.for_pod(name))?,
        };
        let class = self.classes.get(id);
        if !is_new && self.pods.by_name(&class.spec.namespace, name).is_some() {
            return Err(Refusal::already_exists("pods", name));
        }
        self.admission.judge(class, self).map_err(|refusal| refusal.for_pod(name))?;
        Ok(id)
    }

    #[inline(never)]
    fn complete(&mut self, submitted: Submitted) -> Result<ClassId, Refusal> {
        let admission = std::mem::take(&mut self.admission);
        let completed = admission.complete_submitted(submitted, self);
        self.admission = admission;
        completed
    }

    /// Binds a pod to a node and takes the node's resources for it; shares of GPU devices from the devices that best fit chooses.
    ///
    /// # Panics
    /// If the pod is gone or bound already, or the node is gone: the caller's bug.
    pub fn bind(&mut self, id: PodId, node: NodeId) {
        self.bind_to_devices(id, node, None);
    }

    /// As [`Cluster::bind`], and shares of GPU devices are taken from exactly these devices, if any are named. A pod that was
    /// assumed keeps those that it has.
    ///
    /// # Panics
    /// As [`Cluster::bind`], or if the devices have no room for what the pod asks for.
    pub fn bind_to_devices(&mut self, id: PodId, node: NodeId, devices: Option<DeviceSet>) {
        assert!(!self.nodes.is_leaving(node), "a node to bind to exists");
        let pod = self.pods.get_live_mut(id).expect("a pod to bind exists");
        assert!(pod.node.is_none(), "a pod is bound once");
        pod.node = Some(node);
        match pod.rare.as_mut().and_then(|rare| rare.assumed.take()) {
            None => self.take_node(id, node, devices),
            Some(assumed) => {
                assert!(assumed == node, "a pod is bound where it was assumed");
                self.totals.allocated.add(&self.classes.get(pod.class).requests);
            }
        }
        let pod = self.pods.get_mut(id).expect("looked up above");
        pod.bound = self.now.into();
        pod.bound_order = self.counters.bound;
        if let Some(rare) = &mut pod.rare {
            rare.nominated_node = None;
        }
        self.pods.clear_condition(id);
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
        self.assume_on_devices(id, node, None);
    }

    /// As [`Cluster::assume`], and shares of GPU devices are taken from exactly these devices, if any are named.
    ///
    /// # Panics
    /// As [`Cluster::assume`], or if the devices have no room for what the pod asks for.
    pub fn assume_on_devices(&mut self, id: PodId, node: NodeId, devices: Option<DeviceSet>) {
        assert!(!self.nodes.is_leaving(node), "a node to assume a pod on exists");
        let pod = self.pods.get_live_mut(id).expect("a pod to assume exists");
        assert!(pod.placed_on().is_none(), "a pod is assumed once");
        pod.rare_mut().assumed = Some(node);
        self.take_node(id, node, devices);
    }

    /// The scheduler gives up what it held for a pod; whether it held anything.
    pub fn forget(&mut self, id: PodId) -> bool {
        if self.pods.get_live_mut(id).is_none_or(|pod| pod.assumed().is_none()) {
            return false;
        }
        self.release_node(id);
        self.pods.get_mut(id).expect("looked up above").rare_mut().assumed = None;
        true
    }

    /// Takes a node's resources for a pod, and exactly these devices, if any are named.
    pub(super) fn take_node(&mut self, id: PodId, node: NodeId, devices: Option<DeviceSet>) {
        let pod = self.pods.get_mut(id).expect("the caller looked it up");
        let class = self.classes.get(pod.class);
        self.version += 1;
        self.nodes.change_pods(node, self.version, |target| {
            if let Some(request) = class.spec.gpu {
                pod.devices = if let Some(devices) = devices {
                    assert!(target.devices.fits_on(request, devices), "the devices have room");
                    target.devices.take_from(request, devices);
                    devices
                } else {
                    target.devices.take(request).unwrap_or_default()
                };
            }
            pod.place = target.pods.len() as u32;
            target.pods.push(id);
            target.requested.add(&class.requests);
            target.nonzero_cpu += class.nonzero_cpu;
            target.nonzero_memory += class.nonzero_memory;
            // Few pods have any, and those of the node are in a part of it that nothing else reads.
            if !class.host_ports.is_empty() {
                target.ports.extend_from_slice(&class.host_ports);
            }
        });
        if pod.node.is_some() {
            self.totals.allocated.add(&class.requests);
        }
        self.placements.add(pod.class, class, (node, self.nodes.slots()), pod.deleting.is_some());
    }

    /// Changes what a pod says, as an update through the API does: its labels, gates, tolerations, requests. What it takes of
    /// its node follows.
    pub fn update_pod(&mut self, id: PodId, class: ClassId) {
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.class != class) else { return };
        let (old, node, devices) = (pod.class, pod.placed_on(), pod.devices);
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
            // What it holds of devices stays where it is, as long as it asks for the same.
            let gpu = |class| self.classes.get(class).spec.gpu;
            let keeps = gpu(old).filter(|request| Some(*request) == gpu(class));
            let there = |request: &GpuRequest| self.nodes.get(node).devices.fits_on(*request, devices);
            let devices = keeps.filter(there).map(|_| devices);
            self.take_node(id, node, devices);
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
        let changes = |pod: &&mut Pod| pod.node.is_none() && pod.nominated_node() != node.as_ref();
        let Some(pod) = self.pods.get_live_mut(id).filter(changes) else { return };
        let had_one = std::mem::replace(&mut pod.rare_mut().nominated_node, node).is_some();
        self.emit(Change::PodNominated { pod: id, had_one });
    }

    /// Sets the part of a pod's status that says which claims were made for it.
    pub fn set_pod_claims(&mut self, id: PodId, claims: PodClaims) {
        if let Some(pod) = self.pods.get_live_mut(id) {
            pod.rare_mut().claims = Some(Box::new(claims));
            self.emit(Change::PodClaims(id));
        }
    }
}
