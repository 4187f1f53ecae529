//! ReplicaSets: keeps as many pods of a template as asked for.
//!
//! Source: `pkg/controller/replicaset/replica_set.go`. Not modelled: adoption and release of pods by labels (pods belong to
//! their owner), `pod-deletion-cost`.

use super::creation::{BURST, Creator};
use super::ranking::{self, Candidate};
use super::work_queue::WorkQueue;
use crate::template::PodTemplate;
use std::collections::BTreeMap;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Cause, Change, Fingerprint, Interest, Object};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::pod::PodTraits;
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::observe::{Note, Regarding};
use towtank_sim::time::{SimTime, Span};

/// A ReplicaSet object.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaSet {
    /// How many pods it wants.
    pub replicas: u32,
    /// What it selects; its pods are those it owns.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplate,
    /// How long a pod must be ready to count as available.
    pub min_ready: Span,
    /// What it has.
    pub status: ReplicaSetStatus,
}

/// What a ReplicaSet has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaSetStatus {
    /// Active pods.
    pub replicas: u32,
    /// Those that are ready.
    pub ready: u32,
    /// Those that have been ready for long enough.
    pub available: u32,
}

impl ReplicaSet {
    /// The kind in manifests.
    pub const KIND: &'static str = "ReplicaSet";
}

impl Object for ReplicaSet {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn replicas(&self) -> Option<u32> {
        Some(self.replicas)
    }

    fn set_replicas(&mut self, replicas: u32) {
        self.replicas = replicas;
    }

    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.selector)
    }

    fn fold(&self, into: &mut Fingerprint) {
        let ReplicaSetStatus { replicas, ready, available } = self.status;
        let words = [self.replicas, replicas, ready, available].map(u64::from);
        into.fold(SimTime::ZERO, 0, &words);
    }
}

/// The controller of all ReplicaSets.
#[derive(Debug, Default)]
pub struct ReplicaSetController {
    sets: BTreeMap<ObjectId, Set>,
    /// The sets of each owner, for ranking by what is on a node.
    siblings: BTreeMap<ObjectId, Vec<ObjectId>>,
    queue: WorkQueue,
}

/// What the controller remembers of one ReplicaSet.
#[derive(Debug)]
struct Set {
    creator: Creator,
    owner: Option<ObjectId>,
    /// The active pods by uid.
    active: BTreeMap<u64, Member>,
    ready: u32,
}

#[derive(Debug)]
struct Member {
    id: PodId,
    ready_since: Option<SimTime>,
}

impl ReplicaSetController {
    fn appeared(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(template) = cx.cluster.objects().get::<ReplicaSet>(id).map(|set| set.template.clone()) else { return };
        let Some(creator) = Creator::new(id, template, cx) else { return };
        let owner = cx.cluster.objects().meta(id).and_then(|meta| meta.owner);
        if let Some(owner) = owner {
            self.siblings.entry(owner).or_default().push(id);
        }
        self.sets.insert(id, Set { creator, owner, active: BTreeMap::new(), ready: 0 });
        self.queue.add(id, cx);
    }

    fn disappeared(&mut self, id: ObjectId) {
        self.queue.remove(id);
        let Some(owner) = self.sets.remove(&id).and_then(|set| set.owner) else { return };
        if let Some(sets) = self.siblings.get_mut(&owner) {
            sets.retain(|sibling| *sibling != id);
            if sets.is_empty() {
                self.siblings.remove(&owner);
            }
        }
    }

    /// A pod is no longer active.
    fn lost(&mut self, pod: PodId, cx: &mut Context<'_>) {
        let Some((owner, uid)) = cx.cluster.pod(pod).and_then(|pod| Some((pod.owner?, pod.uid))) else { return };
        let Some(set) = self.sets.get_mut(&owner) else { return };
        if let Some(member) = set.active.remove(&uid) {
            set.ready -= u32::from(member.ready_since.is_some());
            self.queue.add(owner, cx);
        }
    }

    fn readiness(&mut self, pod: PodId, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(pod) = cx.cluster.pod(pod) else { return };
        let (Some(owner), uid, ready) = (pod.owner, pod.uid, pod.ready) else { return };
        let Some(set) = self.sets.get_mut(&owner) else { return };
        let Some(member) = set.active.get_mut(&uid) else { return };
        if member.ready_since.is_some() != ready {
            member.ready_since = ready.then_some(now);
            set.ready = if ready { set.ready + 1 } else { set.ready - 1 };
            self.queue.add(owner, cx);
        }
    }

    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(object) = cx.cluster.objects().get::<ReplicaSet>(id) else { return };
        let (wanted, min_ready) = (object.replicas as usize, object.min_ready);
        let Some(set) = self.sets.get_mut(&id) else { return };
        let have = set.active.len();
        let mut complete = true;
        if have < wanted {
            let (created, all) = set.creator.create((wanted - have).min(BURST), cx);
            complete = all;
            for pod in created {
                if let Some(uid) = cx.cluster.pod(pod).map(|pod| pod.uid) {
                    set.active.insert(uid, Member { id: pod, ready_since: None });
                }
            }
        } else if have > wanted {
            self.shrink(id, (have - wanted).min(BURST), cx);
        }
        if complete {
            self.queue.forget(id);
            if wanted.abs_diff(have) > BURST {
                self.queue.add(id, cx);
            }
        } else {
            self.queue.retry(id, cx);
        }
        self.report(id, min_ready, cx);
    }

    fn shrink(&mut self, id: ObjectId, surplus: usize, cx: &mut Context<'_>) {
        let Some(set) = self.sets.get(&id) else { return };
        let on_nodes = self.active_on_nodes(id, set.owner, cx);
        let candidates = set.active.iter().filter_map(|(uid, member)| {
            let pod = cx.cluster.pod(member.id)?;
            Some(Candidate {
                id: member.id,
                uid: *uid,
                assigned: pod.node.is_some(),
                phase: pod.phase,
                ready: member.ready_since,
                rank: pod.node.and_then(|node| on_nodes.get(&node)).copied().unwrap_or(0),
                restarts: pod.restarts(),
                created: pod.created,
            })
        });
        let mut candidates: Vec<Candidate> = candidates.collect();
        if surplus < candidates.len() {
            ranking::sort(&mut candidates, cx.now());
        }
        for victim in candidates.into_iter().take(surplus) {
            let name = cx.cluster.pod(victim.id).map_or_else(String::new, |pod| pod.name.to_string());
            if let Some(set) = self.sets.get_mut(&id)
                && let Some(member) = set.active.remove(&victim.uid)
            {
                set.ready -= u32::from(member.ready_since.is_some());
            }
            cx.cluster.delete_pod(victim.id, Cause::Deleted);
            let message = format!("Deleted pod: {name}");
            let regarding = Regarding::Object(id);
            cx.note(&Note::Event { warning: false, reason: "SuccessfulDelete", regarding, message: &message });
        }
    }

    /// The active pods on each node, of all sets with the same owner.
    fn active_on_nodes(&self, id: ObjectId, owner: Option<ObjectId>, cx: &Context<'_>) -> BTreeMap<NodeId, usize> {
        let own = [id];
        let sets = owner.and_then(|owner| self.siblings.get(&owner)).map_or(&own[..], Vec::as_slice);
        let mut counts = BTreeMap::new();
        for member in sets.iter().filter_map(|set| self.sets.get(set)).flat_map(|set| set.active.values()) {
            if let Some(node) = cx.cluster.pod(member.id).and_then(|pod| pod.node) {
                *counts.entry(node).or_default() += 1;
            }
        }
        counts
    }

    /// Writes the status where it changed.
    fn report(&mut self, id: ObjectId, min_ready: Span, cx: &mut Context<'_>) {
        let Some(set) = self.sets.get(&id) else { return };
        let mut available = set.ready;
        if min_ready > Span::ZERO {
            let due = |member: &Member| Some(member.ready_since? + min_ready);
            let now = cx.now();
            available = set.active.values().filter_map(due).filter(|at| *at <= now).count() as u32;
            if let Some(next) = set.active.values().filter_map(due).filter(|at| *at > now).min() {
                self.queue.add_in_background(id, next.since(now), cx);
            }
        }
        let status = ReplicaSetStatus { replicas: set.active.len() as u32, ready: set.ready, available };
        if cx.cluster.objects().get::<ReplicaSet>(id).is_some_and(|object| object.status != status) {
            cx.cluster.update_object(id, |object: &mut ReplicaSet| object.status = status);
        }
    }
}

impl Controller for ReplicaSetController {
    fn name(&self) -> &'static str {
        "replicaset"
    }

    fn interest(&self) -> Interest {
        // What any pod gives back may help a set whose pods were refused.
        Interest::POD_FINISHED.and(Interest::POD_DELETING).and(Interest::POD_REMOVED).and(Interest::OBJECTS)
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_STARTED.and(Interest::POD_READINESS);
        if pods_with == PodTraits::OWNED { all } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodStarted(pod) | Change::PodReadiness(pod) => self.readiness(pod, cx),
            Change::PodFinished(pod) | Change::PodDeleting(pod, _) | Change::PodRemoved(pod) => self.lost(pod, cx),
            Change::ObjectCreated(id) => self.appeared(id, cx),
            Change::ObjectRemoved(id) => self.disappeared(id),
            Change::ObjectChanged(id) if self.sets.contains_key(&id) => self.queue.add(id, cx),
            _ => {}
        }
        self.queue.hear(change, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.due(timer, cx.now()) {
            self.sync(id, cx);
        }
    }
}
