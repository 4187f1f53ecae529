//! What the store does to pods in the course of their life: starts, readiness, ends, deletions.

use super::{Cause, Change, Charge, Cluster, Interest};
use crate::model::pod::{Pod, PodEnd, PodPhase};
use crate::model::{ObjectId, PodId};
use crate::scheduler::FitError;
use crate::time::Span;
use std::sync::Arc;

/// Up to so many pods of a node, their places in its list are not kept up.
const SHORT_LIST: usize = 128;

impl Cluster {
    /// Records a failed scheduling attempt: condition PodScheduled=False, with this message. As long as the message is the same,
    /// nothing changes; controllers that want to hear of failed attempts do all the same.
    ///
    /// Source: `pkg/scheduler/schedule_one.go`, `updatePod`.
    pub fn mark_unschedulable(&mut self, id: PodId, error: &Arc<FitError>) {
        if self.set_unschedulable(id, error) || self.heard.meets(Interest::POD_UNSCHEDULABLE) {
            self.feed.push_back(Change::PodUnschedulable(id));
        }
    }

    /// Counts an attempt of a pod that waits for a node, and records that it failed, without telling the controllers; whether the message is
    /// a new one.
    #[inline]
    pub(crate) fn fail_again(&mut self, id: PodId, error: &Arc<FitError>) -> bool {
        self.counters.attempts += 1;
        self.pods.count_attempt(id);
        // Nearly always nothing has changed, and then nothing else is read of the pod.
        !self.pods.is_condition(id, error) && self.set_unschedulable(id, error)
    }

    /// Records that an attempt failed which has been counted, without telling the controllers; whether the message is a new one.
    pub(crate) fn fail_otherwise(&mut self, id: PodId, error: &Arc<FitError>) -> bool {
        !self.pods.is_condition(id, error) && self.set_unschedulable(id, error)
    }

    /// Scheduling a pod that waits for a node is tried together with others from now on.
    pub(crate) fn try_together(&mut self, id: PodId, party: u32) {
        self.pods.try_together(id, party);
    }

    /// Scheduling these pods is not tried together with others any more.
    pub(crate) fn try_alone(&mut self, ids: impl Iterator<Item = PodId>) {
        ids.for_each(|id| self.pods.try_alone(id));
    }

    /// Counts an attempt of each pod of a party, which has so many. Conditions stay as they are.
    pub(crate) fn fail_together(&mut self, party: u32, pods: u64) {
        self.counters.attempts += pods;
        self.pods.count_attempts(party);
    }

    /// Counts a scheduling attempt of the pod.
    pub fn count_attempt(&mut self, id: PodId) {
        self.counters.attempts += 1;
        if self.pods.get(id).is_some() {
            self.pods.count_attempt(id);
        }
    }

    #[inline]
    fn set_unschedulable(&mut self, id: PodId, error: &Arc<FitError>) -> bool {
        if self.pods.get_live_mut(id).is_none_or(|pod| pod.node.is_some()) {
            return false;
        }
        let said = self.pods.condition_mut(id);
        if said.as_ref().is_some_and(|said| Arc::ptr_eq(said, error) || said.says_the_same(error)) {
            return false;
        }
        *said = Some(error.clone());
        let (code, words) = Change::PodUnschedulable(id).words(self);
        self.fingerprint.fold(self.now, code, &words);
        true
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
            pod.started = now.into();
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
        pod.rare_mut().restarts += 1;
        if std::mem::replace(&mut pod.working, false) {
            self.totals.remove_usage(pod, self.classes.get(pod.class));
        }
        self.set_ready(id, false);
    }

    /// A pod's work has ended by itself. It gives back its resources and leaves the store once every controller has heard
    /// of it.
    pub fn finish(&mut self, id: PodId, phase: PodPhase) {
        self.finish_as(id, phase, None);
    }

    /// As [`Cluster::finish`], with what its status says of it.
    pub fn finish_as(&mut self, id: PodId, phase: PodPhase, ended: Option<PodEnd>) {
        debug_assert!(matches!(phase, PodPhase::Succeeded | PodPhase::Failed));
        if self.pods.get_live_mut(id).is_none() {
            return;
        }
        self.count_out(id);
        let pod = self.pods.get_mut(id).expect("looked up above");
        pod.phase = phase;
        pod.ready = false;
        if ended.is_some() {
            pod.rare_mut().ended = ended;
        }
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
        if self.keeps_finished && self.pods.get(id).is_some_and(Pod::is_finished) {
            return self.delete_finished(id, cause);
        }
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.deleting.is_none()) else { return };
        pod.deleting = now.into();
        if matches!(cause, Cause::Evicted | Cause::TaintEvicted) && self.keeps_finished {
            pod.rare_mut().disrupted = true;
        }
        if cause == Cause::Preempted || grace.is_some() {
            let rare = pod.rare_mut();
            (rare.preempted, rare.grace) = (cause == Cause::Preempted, grace);
        }
        let unbound = pod.node.is_none();
        if let Some(node) = pod.placed_on() {
            self.placements.terminate(pod.class, (node, self.nodes.slots()));
            self.nodes.note_termination(node);
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

    /// Deletes a pod that has ended and stayed. It has left its node, so only a finalizer keeps it.
    fn delete_finished(&mut self, id: PodId, cause: Cause) {
        let now = self.now;
        let Some(pod) = self.pods.get_mut(id).filter(|pod| !pod.leaving && pod.deleting.is_none()) else { return };
        pod.deleting = now.into();
        let held = pod.is_held();
        self.emit(Change::PodDeleting(id, cause));
        if !held {
            self.pods.leave(id);
            self.emit(Change::PodRemoved(id));
        }
    }

    /// The controller whose finalizer keeps a pod needs it no more.
    pub fn release_pod(&mut self, id: PodId) {
        let Some(pod) = self.pods.get_mut(id).filter(|pod| !pod.leaving && pod.is_held()) else { return };
        pod.rare_mut().held = false;
        let (class, gone) = (pod.class, pod.deleting.is_some() && (pod.is_finished() || pod.node.is_none()));
        self.emit(Change::PodUpdated(id, class));
        if gone {
            self.remove_pod(id);
        }
    }

    /// Sets or clears the controller that owns a pod.
    pub fn set_owner(&mut self, id: PodId, owner: Option<ObjectId>) {
        let Some(pod) = self.pods.get_mut(id).filter(|pod| !pod.leaving && pod.owner != owner) else { return };
        pod.owner = owner;
        let class = pod.class;
        self.emit(Change::PodUpdated(id, class));
    }

    /// Sets the annotation `controller.kubernetes.io/pod-deletion-cost`.
    pub fn set_deletion_cost(&mut self, id: PodId, cost: i32) {
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| pod.deletion_cost() != cost) else { return };
        pod.rare_mut().deletion_cost = cost;
        let class = pod.class;
        self.emit(Change::PodUpdated(id, class));
    }

    /// The pod object is gone: stopped by its kubelet, or its node left.
    pub fn remove_pod(&mut self, id: PodId) {
        let now = self.now;
        if self.keeps_finished
            && let Some(pod) = self.pods.get(id).filter(|pod| !pod.leaving)
        {
            let (held, finished) = (pod.is_held(), pod.is_finished());
            if finished && !held {
                self.pods.leave(id);
                self.emit(Change::PodRemoved(id));
            }
            if finished || held {
                return;
            }
        }
        let Some(pod) = self.pods.get_live_mut(id) else { return };
        if pod.deleting.is_none() {
            pod.deleting = now.into();
            if let Some(node) = pod.placed_on() {
                self.placements.terminate(pod.class, (node, self.nodes.slots()));
                self.nodes.note_termination(node);
            }
        }
        self.count_out(id);
        self.release_node(id);
        self.pods.leave(id);
        self.emit(Change::PodRemoved(id));
    }

    /// Takes the pod out of the count of its present state.
    pub(super) fn count_out(&mut self, id: PodId) {
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
        self.pods.no_longer_unbound(id);
    }

    /// Quotas no longer wait for the end of a pod whose deletion takes too long: its node may be lost.
    pub fn stop_charging(&mut self, id: PodId) {
        let Some(pod) = self.pods.get_live_mut(id).filter(|pod| !pod.is_overdue()) else { return };
        pod.rare_mut().overdue = true;
        let class = self.classes.get(pod.class);
        self.fingerprint.fold(self.now, 3, &[pod.uid]);
        self.quotas.each(&class.spec.namespace, &mut self.objects, |quota| {
            quota.release(class, Charge::Full);
            quota.charge(class, Charge::ObjectOnly);
        });
    }

    pub(super) fn release_node(&mut self, id: PodId) {
        let pod = self.pods.get(id).expect("the caller looked it up");
        let (Some(node), place, devices) = (pod.placed_on(), pod.place as usize, pod.devices) else { return };
        let class = self.classes.get(pod.class);
        self.placements.remove(pod.class, class, (node, self.nodes.slots()), pod.deleting.is_some());
        self.version += 1;
        let moved = self.nodes.change_pods(node, self.version, |target| {
            // On a node of ordinary size it costs less to look for the pod than to tell another one that it has moved.
            let is_long = target.pods.len() > SHORT_LIST;
            let right = target.pods.get(place) == Some(&id);
            let place = if right { place } else { target.pods.iter().position(|pod| *pod == id).expect("it is there") };
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
            target.pods.get(place).filter(|_| is_long).map(|moved| (*moved, place as u32))
        });
        if pod.node.is_some() {
            self.totals.allocated.sub(&class.requests);
        }
        if let Some((moved, place)) = moved {
            self.pods.get_mut(moved).expect("a node's pods exist").place = place;
        }
    }
}
