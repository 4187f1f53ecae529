//! StatefulSets: pods with numbers, names and claims that stay, which come, change and go one after the other.
//!
//! Source: `pkg/controller/statefulset`. Not modelled: adoption and release of pods by labels (pods belong to their owner).

mod object;
mod pods;
#[cfg(test)]
mod tests;

pub use object::{ClaimRetention, ClaimTemplate, PodManagement, StatefulSet, StatefulSetStatus, StatefulSetStrategy};

use super::creation::{Creator, slow_start};
use super::revision::{self, ControllerRevision, REVISION_LABEL};
use super::work_queue::WorkQueue;
use pods::{Act, Member, Pods, plan};
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Cause, Change, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::pod::{PodPhase, PodSpec, PodTraits};
use towtank_sim::model::volume::{Volume, VolumeSource};
use towtank_sim::model::{Name, ObjectId, PodId};
use towtank_sim::storage::PersistentVolumeClaim;
use towtank_sim::time::Span;

/// The labels that name the pod and its number.
const NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";

/// The controller of all StatefulSets.
#[derive(Debug, Default)]
pub struct StatefulSetController {
    sets: BTreeMap<ObjectId, Set>,
    queue: WorkQueue,
}

/// What the controller remembers of one StatefulSet.
#[derive(Debug)]
struct Set {
    name: Arc<str>,
    creator: Creator,
    /// The revision that the pods had before the update, and the one that is wanted; none before the first look.
    revisions: Option<[ControllerRevision; 2]>,
    /// How many revisions there are.
    known: usize,
    pods: Pods,
    /// The number of each pod, by uid.
    ordinals: BTreeMap<u64, u32>,
}

impl StatefulSetController {
    fn appeared(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(template) = cx.cluster.objects().get::<StatefulSet>(id).map(|set| set.template.clone()) else {
            return;
        };
        let Some(creator) = Creator::new(id, template, cx) else { return };
        let Some(name) = cx.cluster.objects().meta(id).map(|meta| meta.name.clone()) else { return };
        let set = Set { name, creator, revisions: None, known: 0, pods: Pods::new(), ordinals: BTreeMap::new() };
        self.sets.insert(id, set);
        self.queue.add(id, cx);
    }

    /// Something happened to a pod.
    fn pod_changed(&mut self, change: Change, pod: PodId, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(pod) = cx.cluster.pod(pod) else { return };
        let (Some(owner), uid, phase, ready) = (pod.owner, pod.uid, pod.phase, pod.ready) else { return };
        let Some(set) = self.sets.get_mut(&owner) else { return };
        let Some(ordinal) = set.ordinals.get(&uid).copied() else { return };
        let Some(member) = set.pods.get_mut(&ordinal) else { return };
        match change {
            // Whoever is asked to go is ready until it stops.
            Change::PodStarted(_) | Change::PodReadiness(_) => {
                if member.deleting || member.ready.is_some() == ready {
                    return;
                }
                member.ready = ready.then(|| now.floor_to_second());
            }
            Change::PodDeleting(..) => member.deleting = true,
            Change::PodFinished(_) if !member.deleting => {
                (member.ended, member.ready) = (Some(phase), None);
            }
            Change::PodFinished(_) | Change::PodRemoved(_) => {
                let condemned = member.condemned;
                set.pods.remove(&ordinal);
                set.ordinals.remove(&uid);
                if condemned {
                    set.drop_claims(owner, ordinal, cx);
                }
            }
            _ => return,
        }
        self.queue.add(owner, cx);
    }

    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        let Some(object) = cx.cluster.objects().get::<StatefulSet>(id).cloned() else { return };
        let Some([_, update]) = set.revise(id, &object, cx) else { return };
        let acts = plan(&object, &set.pods, &update, cx.now());
        let complete = set.perform(&acts, id, &object, cx);
        if complete {
            self.queue.forget(id);
        } else {
            self.queue.retry(id, cx);
        }
        let gone = |act: &Act| matches!(act, Act::Recreate(ordinal) if !set.pods.contains_key(ordinal));
        if acts.iter().any(gone) {
            self.queue.add(id, cx);
        }
        set.forget_revisions(id, object.revision_history_limit as usize, cx);
        set.report(id, &object, cx);
        if object.min_ready > Span::ZERO {
            let now = cx.now();
            let ripens = set.pods.values().filter_map(|pod| pod.available_from(object.min_ready));
            if let Some(next) = ripens.filter(|at| *at > now).min() {
                let has_more_to_do = set.pods.len() != object.replicas as usize
                    || set.pods.values().any(|pod| pod.revision != update || pod.deleting);
                if has_more_to_do {
                    self.queue.add_after(id, next.since(now), cx);
                } else {
                    self.queue.add_in_background(id, next.since(now), cx);
                }
            }
        }
    }
}

impl Set {
    /// Finds the revisions; the names by which pods know them.
    ///
    /// Source: `getStatefulSetRevisions`.
    fn revise(&mut self, id: ObjectId, object: &StatefulSet, cx: &mut Context<'_>) -> Option<[Arc<str>; 2]> {
        if self.revisions.as_ref().is_none_or(|[_, update]| update.template != object.template) {
            let update = revision::of_template(id, &object.template, cx)?;
            let current = self.revisions.take().map_or_else(|| update.clone(), |[current, _]| current);
            self.revisions = Some([current, update]);
            self.known = revision::revisions(id, cx).len();
        }
        self.revisions.as_ref().map(|both| both.each_ref().map(|revision| self.revision_name(revision)))
    }

    fn revision_name(&self, revision: &ControllerRevision) -> Arc<str> {
        format!("{}-{}", self.name, revision.hash).into()
    }

    fn pod_name(&self, ordinal: u32) -> String {
        format!("{}-{ordinal}", self.name)
    }

    /// Does what is planned; whether nothing was refused.
    fn perform(&mut self, acts: &[Act], id: ObjectId, object: &StatefulSet, cx: &mut Context<'_>) -> bool {
        let missing: Vec<u32> =
            acts.iter().filter_map(|act| if let Act::Create(ordinal) = act { Some(*ordinal) } else { None }).collect();
        for act in acts {
            if let Act::Recreate(ordinal) = *act {
                self.tell_of_ended(ordinal, cx);
                self.delete(ordinal, cx);
            }
        }
        let (_, complete) = slow_start(missing.len(), |place| self.create(missing[place], id, object, cx));
        if !complete {
            return false;
        }
        for act in acts {
            match *act {
                Act::Condemn(ordinal) => {
                    if let Some(pod) = self.pods.get_mut(&ordinal) {
                        pod.condemned = object.retention.delete_when_scaled;
                    }
                    self.delete(ordinal, cx);
                }
                Act::Replace(ordinal) => self.delete(ordinal, cx),
                Act::Create(_) | Act::Recreate(_) => {}
            }
        }
        true
    }

    /// Makes a pod and the claims that it needs.
    fn create(&mut self, ordinal: u32, id: ObjectId, object: &StatefulSet, cx: &mut Context<'_>) -> Result<(), ()> {
        let name = self.pod_name(ordinal);
        let Some([current, update]) = &self.revisions else { return Err(()) };
        let stays_old = matches!(object.strategy, StatefulSetStrategy::RollingUpdate { partition }
            if ordinal < object.start.saturating_add(partition));
        let revision = if stays_old { current } else { update };
        let (revision, template) = (self.revision_name(revision), revision.template.clone());
        let mut spec: PodSpec = (*template.spec).clone();
        spec.labels.insert(REVISION_LABEL.to_owned(), (*revision).to_owned());
        spec.labels.insert(NAME_LABEL.to_owned(), name.clone());
        spec.labels.insert(INDEX_LABEL.to_owned(), ordinal.to_string());
        let mut volumes = Vec::new();
        for claim in &object.claims {
            let claim_name = format!("{}-{name}", claim.name);
            let owner = object.retention.delete_with_set.then_some(id);
            let body = Box::new(PersistentVolumeClaim::new((*claim.spec).clone()));
            // One that is there is what the pod had before.
            if cx.cluster.create_object(&spec.namespace, &claim_name, owner, body).is_ok() {
                let message = format!("create Claim {claim_name} Pod {name} in StatefulSet {} success", self.name);
                self.creator.event(false, "SuccessfulCreate", &message, cx);
            }
            let source = VolumeSource::PersistentVolumeClaim { claim_name: claim_name.into(), read_only: false };
            volumes.push(Volume { name: claim.name.clone(), source });
        }
        spec.volumes.retain(|volume| volumes.iter().all(|of_claim| of_claim.name != volume.name));
        volumes.append(&mut spec.volumes);
        spec.volumes = volumes;

        self.creator.set_template(template);
        let what = cx.cluster.submit_alone(spec);
        let set = &self.name;
        let pod = match self.creator.submit(&Name::from(name.clone()), what, cx) {
            Ok(pod) => pod,
            Err(refusal) => {
                let message = format!("create Pod {name} in StatefulSet {set} failed error: {}", refusal.message);
                self.creator.event(true, "FailedCreate", &message, cx);
                return Err(());
            }
        };
        self.creator.event(
            false,
            "SuccessfulCreate",
            &format!("create Pod {name} in StatefulSet {set} successful"),
            cx,
        );
        if let Some(uid) = cx.cluster.pod(pod).map(|pod| pod.uid) {
            self.ordinals.insert(uid, ordinal);
            let member = Member { id: pod, uid, revision, ready: None, deleting: false, condemned: false, ended: None };
            self.pods.insert(ordinal, member);
        }
        Ok(())
    }

    fn delete(&mut self, ordinal: u32, cx: &mut Context<'_>) {
        let Some(pod) = self.pods.get_mut(&ordinal) else { return };
        let (id, uid) = (pod.id, pod.uid);
        if pod.ended.is_some() && cx.cluster.pod(id).is_none() {
            // Only the name was still in use.
            self.pods.remove(&ordinal);
            self.ordinals.remove(&uid);
        } else {
            pod.deleting = true;
            cx.cluster.delete_pod(id, Cause::Deleted);
        }
        let message = format!("delete Pod {} in StatefulSet {} successful", self.pod_name(ordinal), self.name);
        self.creator.event(false, "SuccessfulDelete", &message, cx);
    }

    fn tell_of_ended(&self, ordinal: u32, cx: &mut Context<'_>) {
        let Some(phase) = self.pods.get(&ordinal).and_then(|pod| pod.ended) else { return };
        let set = format!("StatefulSet {}/{}", self.creator.template().spec.namespace, self.name);
        let name = self.pod_name(ordinal);
        if phase == PodPhase::Failed {
            let message = format!("{set} is recreating failed Pod {name}");
            self.creator.event(true, "RecreatingFailedPod", &message, cx);
        } else {
            let message = format!("{set} is recreating terminated Pod {name}");
            self.creator.event(false, "RecreatingTerminatedPod", &message, cx);
        }
    }

    /// Removes the claims of a pod that was scaled away.
    fn drop_claims(&self, id: ObjectId, ordinal: u32, cx: &mut Context<'_>) {
        let Some(object) = cx.cluster.objects().get::<StatefulSet>(id) else { return };
        let namespace = &self.creator.template().spec.namespace;
        let name = |claim: &ClaimTemplate| format!("{}-{}", claim.name, self.pod_name(ordinal));
        let find = |claim| cx.cluster.objects().by_name(PersistentVolumeClaim::KIND, namespace, &name(claim));
        let claims: Vec<ObjectId> = object.claims.iter().filter_map(find).collect();
        for claim in claims {
            cx.cluster.remove_object(claim);
        }
    }

    /// Forgets templates that are not in use any more, the oldest first.
    ///
    /// Source: `truncateHistory`.
    fn forget_revisions(&mut self, id: ObjectId, limit: usize, cx: &mut Context<'_>) {
        let Some(both) = &self.revisions else { return };
        // At least one is in use.
        if self.known <= limit + 1 {
            return;
        }
        let is_used = |revision: &ControllerRevision| {
            let name = self.revision_name(revision);
            both.iter().any(|used| used.hash == revision.hash) || self.pods.values().any(|pod| pod.revision == name)
        };
        let mut unused = revision::revisions(id, cx);
        unused.retain(|(_, revision)| !is_used(revision));
        let surplus = unused.len().saturating_sub(limit);
        for (object, _) in unused.into_iter().take(surplus) {
            cx.cluster.remove_object(object);
            self.known -= 1;
        }
    }

    /// Writes the status where it changed. An update is over when every pod is ready and of the revision that is wanted.
    ///
    /// Source: `updateStatus`, `completeRollingUpdate`.
    fn report(&mut self, id: ObjectId, object: &StatefulSet, cx: &mut Context<'_>) {
        let Some([current, update]) = &self.revisions else { return };
        let [current, update] = [current, update].map(|revision| self.revision_name(revision));
        let count = |which: &dyn Fn(&Member) -> bool| self.pods.values().filter(|pod| which(pod)).count() as u32;
        let of = |revision: &Arc<str>| count(&|pod| pod.revision == *revision && !pod.deleting);
        let mut status = StatefulSetStatus {
            replicas: self.pods.len() as u32,
            ready: count(&|pod| pod.ready.is_some()),
            available: count(&|pod| pod.is_available(object.min_ready, cx.now())),
            current: of(&current),
            updated: of(&update),
            current_revision: Some(current),
            update_revision: Some(update.clone()),
        };
        let is_over = status.updated == object.replicas && status.ready == object.replicas;
        if matches!(object.strategy, StatefulSetStrategy::RollingUpdate { .. }) && is_over {
            status.current = status.updated;
            status.current_revision = Some(update);
            if let Some([current, update]) = &mut self.revisions {
                current.clone_from(update);
            }
        }
        if cx.cluster.objects().get::<StatefulSet>(id).is_some_and(|object| object.status != status) {
            cx.cluster.update_object(id, |object: &mut StatefulSet| object.status = status);
        }
    }
}

impl Controller for StatefulSetController {
    fn name(&self) -> &'static str {
        "statefulset"
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
            Change::ObjectCreated(id) => self.appeared(id, cx),
            _ if self.sets.is_empty() => return,
            Change::PodStarted(pod)
            | Change::PodReadiness(pod)
            | Change::PodFinished(pod)
            | Change::PodDeleting(pod, _)
            | Change::PodRemoved(pod) => self.pod_changed(change, pod, cx),
            Change::ObjectChanged(id) if self.sets.contains_key(&id) => self.queue.add(id, cx),
            Change::ObjectRemoved(id) => {
                self.sets.remove(&id);
                self.queue.remove(id);
            }
            _ => {}
        }
        self.queue.hear(change, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.work(timer, cx) {
            self.sync(id, cx);
        }
    }
}
