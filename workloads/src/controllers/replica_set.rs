//! ReplicaSets: keeps as many pods of a template as asked for.
//!
//! Source: `pkg/controller/replicaset/replica_set.go`, `replica_set_utils.go`. A pod without an owner is adopted when its labels come to
//! match, and by a ReplicaSet that comes when it is there; not when the pod itself comes.

mod status;

pub use status::{Failure, ReplicaSetStatus};

use super::creation::{BURST, Creator};
use super::ranking::{self, Candidate};
use super::work_queue::WorkQueue;
use crate::template::PodTemplate;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Cause, Change, Cluster, Fingerprint, Interest, Object};
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
    /// What the Deployment that made it has written on it.
    pub rollout: Rollout,
    /// What it has.
    pub status: ReplicaSetStatus,
}

/// What a Deployment writes on its ReplicaSets, as annotations `deployment.kubernetes.io/...`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// `revision`; 0 where no Deployment has written one.
    pub revision: u64,
    /// `revision-history`: the revisions that it was before, separated by commas.
    pub history: String,
    /// `desired-replicas`: how many the Deployment wanted when it was last scaled.
    pub desired: u32,
    /// `max-replicas`: how many the Deployment allowed then.
    pub max: u32,
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

    fn keep_status(&mut self, old: &dyn Object) {
        let old: &dyn Any = old;
        if let Some(old) = old.downcast_ref::<Self>() {
            self.status.clone_from(&old.status);
            self.rollout.clone_from(&old.rollout);
        }
    }

    fn fold(&self, into: &mut Fingerprint) {
        let ReplicaSetStatus { replicas, ready, available, .. } = self.status;
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
    /// The pods that have been asked to go, and have not gone.
    terminating: BTreeMap<u64, PodId>,
    /// How many pods are still to be created of those that a look wanted, and how many at once.
    growing: Option<(usize, usize)>,
    /// The generation that was heard of last.
    generation: u64,
    /// What is being written of the status, and whether pods were refused before.
    writing: Option<Box<ReplicaSetStatus>>,
    /// How many active pods lack a label of the template.
    mislabelled: u32,
    /// Pods that are no longer selected, and pods without an owner that are.
    to_release: Vec<PodId>,
    to_adopt: Vec<PodId>,
}

/// What has come of creating pods.
enum Growth {
    /// The next batch waits for this one.
    Goes,
    /// There is no more to do, or a pod was refused.
    Ended(Option<Arc<str>>),
}

#[derive(Debug)]
struct Member {
    id: PodId,
    ready_since: Option<SimTime>,
    mislabelled: bool,
}

impl Set {
    fn join(&mut self, uid: u64, member: Member) {
        self.ready += u32::from(member.ready_since.is_some());
        self.mislabelled += u32::from(member.mislabelled);
        self.active.insert(uid, member);
    }

    fn leave(&mut self, uid: u64) -> bool {
        let Some(member) = self.active.remove(&uid) else { return false };
        self.ready -= u32::from(member.ready_since.is_some());
        self.mislabelled -= u32::from(member.mislabelled);
        true
    }
}

impl ReplicaSetController {
    fn appeared(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(set) = cx.cluster.objects().get::<ReplicaSet>(id) else { return };
        let (template, selector) = (set.template.clone(), set.selector.clone());
        let Some(creator) = Creator::new(id, template, cx) else { return };
        let owner = cx.cluster.objects().meta(id).and_then(|meta| meta.owner);
        let mut to_adopt = Vec::new();
        if let Some(owner) = owner {
            self.siblings.entry(owner).or_default().push(id);
        } else {
            // What a Deployment makes selects by a hash that no other pod has.
            let found = cx.cluster.pods().iter().filter(|(pod, _)| adoptable(*pod, id, &selector, cx.cluster));
            let mut found: Vec<(u64, PodId)> = found.map(|(id, pod)| (pod.uid, id)).collect();
            found.sort_unstable();
            to_adopt.extend(found.into_iter().map(|(_, id)| id));
        }
        let set = Set {
            creator,
            owner,
            active: BTreeMap::new(),
            ready: 0,
            terminating: BTreeMap::new(),
            growing: None,
            generation: 1,
            writing: None,
            mislabelled: 0,
            to_release: Vec::new(),
            to_adopt,
        };
        self.sets.insert(id, set);
        self.queue.add_heard(id, cx);
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

    /// What the ReplicaSet wants has changed.
    fn updated(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        let Some(entry) = cx.cluster.objects().entry(id) else { return };
        if let Some(object) = cx.cluster.objects().get::<ReplicaSet>(id) {
            set.creator.set_template(object.template.clone());
        }
        // Its own words need no time to come back.
        if std::mem::replace(&mut set.generation, entry.meta.generation) == entry.meta.generation {
            self.queue.add(id, cx);
        } else {
            self.queue.add_heard(id, cx);
        }
    }

    /// A pod is no longer active.
    fn lost(&mut self, change: Change, pod: PodId, cx: &mut Context<'_>) {
        let Some((owner, uid)) = cx.cluster.pod(pod).and_then(|pod| Some((pod.owner?, pod.uid))) else { return };
        let Some(set) = self.sets.get_mut(&owner) else { return };
        let mut concerns = set.leave(uid);
        if matches!(change, Change::PodDeleting(..)) {
            if !cx.cluster.pod(pod).is_some_and(towtank_sim::model::pod::Pod::is_finished) {
                set.terminating.insert(uid, pod);
                concerns = true;
            }
        } else {
            concerns |= set.terminating.remove(&uid).is_some();
        }
        if concerns {
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

    /// A pod says something else, or has another owner.
    fn pod_updated(&mut self, id: PodId, cx: &mut Context<'_>) {
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.is_active()) else { return };
        let (uid, class) = (pod.uid, cx.cluster.class_of(pod));
        if let Some(owner) = pod.owner {
            let Some(set) = self.sets.get_mut(&owner) else { return };
            let Some(object) = cx.cluster.objects().get::<ReplicaSet>(owner) else { return };
            if !object.selector.matches(&class.spec.labels) {
                set.to_release.push(id);
                self.queue.add(owner, cx);
            } else if let Some(mut member) = set.active.remove(&uid) {
                set.mislabelled -= u32::from(member.mislabelled);
                member.mislabelled = lacks_labels(&class.spec.labels, object);
                set.mislabelled += u32::from(member.mislabelled);
                set.active.insert(uid, member);
            }
            return;
        }
        for (set_id, set) in &mut self.sets {
            let Some(object) = cx.cluster.objects().get::<ReplicaSet>(*set_id) else { continue };
            if adoptable(id, *set_id, &object.selector, cx.cluster) {
                set.to_adopt.push(id);
                self.queue.add(*set_id, cx);
            }
        }
    }

    /// Lets go of pods that are no longer selected, and takes those that are.
    fn claim(&mut self, id: ObjectId, cx: &mut Context<'_>) -> usize {
        let Some(set) = self.sets.get_mut(&id) else { return 0 };
        let (release, adopt) = (std::mem::take(&mut set.to_release), std::mem::take(&mut set.to_adopt));
        let requests = release.len() + adopt.len();
        if requests == 0 {
            return 0;
        }
        let selector = cx.cluster.objects().get::<ReplicaSet>(id).map(|set| set.selector.clone());
        let Some(selector) = selector else { return 0 };
        for pod in release {
            let Some(there) = cx.cluster.pod(pod).filter(|pod| pod.owner == Some(id) && pod.is_active()) else {
                continue;
            };
            if !selector.matches(&cx.cluster.class_of(there).spec.labels) {
                set.leave(there.uid);
                cx.cluster.set_owner(pod, None);
            }
        }
        for pod in adopt {
            if !adoptable(pod, id, &selector, cx.cluster) {
                continue;
            }
            let (Some(there), Some(object)) = (cx.cluster.pod(pod), cx.cluster.objects().get::<ReplicaSet>(id)) else {
                continue;
            };
            let mislabelled = lacks_labels(&cx.cluster.class_of(there).spec.labels, object);
            let ready_since = there.ready.then_some(cx.now());
            set.join(there.uid, Member { id: pod, ready_since, mislabelled });
            cx.cluster.set_owner(pod, Some(id));
        }
        requests
    }

    /// Returns how many requests it made one after the other; those of a batch go out together.
    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) -> usize {
        if let Some(status) = self.sets.get_mut(&id).and_then(|set| set.writing.take()) {
            cx.cluster.update_object(id, |object: &mut ReplicaSet| object.status = *status);
            return 0;
        }
        let mut requests = self.claim(id, cx);
        let Some(object) = cx.cluster.objects().get::<ReplicaSet>(id) else { return requests };
        let (wanted, min_ready) = (object.replicas as usize, object.min_ready);
        let Some(set) = self.sets.get_mut(&id) else { return requests };
        let have = set.active.len();
        // The status tells what was there before this look; what it does is told by the next.
        let mut status = self.status(id, min_ready, cx);
        let mut refused = None;
        if have < wanted {
            requests += 1;
            match self.grow(id, wanted - have, cx) {
                Growth::Goes => {
                    self.queue.go_on(id, cx);
                    return requests;
                }
                Growth::Ended(refusal) => refused = refusal,
            }
        } else if have > wanted {
            requests += 1;
            self.shrink(id, (have - wanted).min(BURST), cx);
        }
        let failure = |message| Failure { reason: "FailedCreate", message };
        let failed = refused.is_some();
        status.failure = refused.map(|message| status.failure.take().unwrap_or_else(|| failure(message)));
        if cx.cluster.objects().get::<ReplicaSet>(id).is_some_and(|object| object.status != status) {
            requests += 1;
            if cx.cluster.write_latency > Span::ZERO
                && let Some(set) = self.sets.get_mut(&id)
            {
                // It stands there when the request is answered.
                set.writing = Some(Box::new(status));
                self.queue.go_on(id, cx);
            } else {
                cx.cluster.update_object(id, |object: &mut ReplicaSet| object.status = status);
            }
        }
        if failed {
            self.queue.retry(id, cx);
        } else {
            self.queue.forget(id);
            if have != wanted && !self.queue.is_held(id) {
                self.queue.add(id, cx);
            }
        }
        requests
    }

    /// Creates pods, of which so many are missing.
    fn grow(&mut self, id: ObjectId, missing: usize, cx: &mut Context<'_>) -> Growth {
        let Some(set) = self.sets.get_mut(&id) else { return Growth::Ended(None) };
        let (count, batch) = set.growing.take().unwrap_or((missing.min(BURST), 1));
        // Where requests take time, each batch waits for the one before.
        let now = if cx.cluster.write_latency > Span::ZERO { count.min(batch) } else { count };
        let (created, refused) =
            if now == count && batch == 1 { set.creator.create(now, cx) } else { set.creator.create_batch(now, cx) };
        for pod in created {
            if let Some(uid) = cx.cluster.pod(pod).map(|pod| pod.uid) {
                set.join(uid, Member { id: pod, ready_since: None, mislabelled: false });
            }
        }
        if refused.is_none() && count > now {
            set.growing = Some((count - now, batch * 2));
            return Growth::Goes;
        }
        Growth::Ended(refused)
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
                cost: pod.deletion_cost(),
                restarts: pod.restarts(),
                created: pod.created,
            })
        });
        let mut candidates: Vec<Candidate> = candidates.collect();
        if surplus < candidates.len() {
            ranking::sort(&mut candidates, cx.now());
        }
        // The requests go out at one time, and are told of by age.
        candidates.truncate(surplus);
        candidates.sort_unstable_by_key(|victim| victim.uid);
        for victim in candidates {
            let name = cx.cluster.pod(victim.id).map_or_else(String::new, |pod| pod.name.to_string());
            if let Some(set) = self.sets.get_mut(&id) {
                set.leave(victim.uid);
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

    /// What the ReplicaSet has now, with the failure that it had.
    fn status(&mut self, id: ObjectId, min_ready: Span, cx: &mut Context<'_>) -> ReplicaSetStatus {
        let now = cx.now();
        let Some(set) = self.sets.get(&id) else { return ReplicaSetStatus::default() };
        let mut available = set.ready;
        if min_ready > Span::ZERO {
            // The API keeps whole seconds.
            let due = |member: &Member| Some(member.ready_since?.floor_to_second() + min_ready);
            available = set.active.values().filter_map(due).filter(|at| *at <= now).count() as u32;
            if let Some(next) = set.active.values().filter_map(due).filter(|at| *at > now).min() {
                self.queue.add_in_background(id, next.since(now), cx);
            }
        }
        let entry = cx.cluster.objects().entry(id);
        let failure = cx.cluster.objects().get::<ReplicaSet>(id).and_then(|object| object.status.failure.clone());
        ReplicaSetStatus {
            replicas: set.active.len() as u32,
            ready: set.ready,
            available,
            terminating: set.terminating.len() as u32,
            fully_labelled: set.active.len() as u32 - set.mislabelled,
            failure,
            observed: entry.map_or(0, |entry| entry.meta.generation),
        }
    }
}

/// Whether a ReplicaSet may take a pod: one of its namespace that it selects, that nobody owns and that neither ends nor goes.
fn adoptable(pod: PodId, set: ObjectId, selector: &LabelSelector, cluster: &Cluster) -> bool {
    let (Some(pod), Some(meta)) = (cluster.pod(pod), cluster.objects().meta(set)) else { return false };
    let spec = &cluster.class_of(pod).spec;
    pod.owner.is_none() && pod.is_active() && spec.namespace == meta.namespace && selector.matches(&spec.labels)
}

/// Whether a pod lacks a label of the template.
fn lacks_labels(labels: &towtank_sim::model::labels::Labels, set: &ReplicaSet) -> bool {
    set.template.spec.labels.iter().any(|(key, value)| labels.get(key) != Some(value))
}

impl Controller for ReplicaSetController {
    fn name(&self) -> &'static str {
        "replicaset"
    }

    fn interest(&self) -> Interest {
        // What any pod gives back may help a set whose pods were refused. A pod that nobody owns may come to be selected.
        let gone = Interest::POD_FINISHED.and(Interest::POD_DELETING).and(Interest::POD_REMOVED);
        gone.and(Interest::OBJECTS).and(Interest::POD_UPDATED)
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_STARTED.and(Interest::POD_READINESS);
        if pods_with == PodTraits::OWNED { all } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodStarted(pod) | Change::PodReadiness(pod) => self.readiness(pod, cx),
            Change::PodFinished(pod) | Change::PodDeleting(pod, _) | Change::PodRemoved(pod) => {
                self.lost(change, pod, cx);
            }
            Change::PodUpdated(pod, _) if !self.sets.is_empty() => self.pod_updated(pod, cx),
            Change::ObjectCreated(id) => self.appeared(id, cx),
            Change::ObjectRemoved(id) => self.disappeared(id),
            Change::ObjectChanged(id) if self.sets.contains_key(&id) => self.updated(id, cx),
            _ => {}
        }
        self.queue.hear(change, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.work(timer, cx) {
            let requests = self.sync(id, cx);
            self.queue.worked(requests, cx);
        }
    }
}
