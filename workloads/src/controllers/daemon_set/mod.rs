//! DaemonSets: one pod on every node that is eligible.
//!
//! Source: `pkg/controller/daemon/daemon_controller.go`. A look costs what has changed since the last one, and not the number of nodes,
//! but for the steps of a rolling update. Not modelled: adoption and release of pods by labels (pods belong to their owner), the label
//! `pod-template-generation`.

mod object;
mod rolling;
mod spot;
#[cfg(test)]
mod tests;

pub use object::{DaemonSet, DaemonSetStatus, DaemonSetStrategy, with_tolerations};

use super::creation::{Creator, slow_start};
use super::revision;
use super::work_queue::WorkQueue;
use object::{eligibility, for_node};
use rolling::Limits;
use spot::{Availability, Member, Spot};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest, NodeChange};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::pod::{PodPhase, PodTraits};
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::time::Span;

/// The most pods that one look creates, and that it deletes.
///
/// Source: `BurstReplicas`.
const BURST: usize = 250;

/// The controller of all DaemonSets.
#[derive(Debug, Default)]
pub struct DaemonSetController {
    sets: BTreeMap<ObjectId, Set>,
    queue: WorkQueue,
}

/// What the controller remembers of one DaemonSet.
#[derive(Debug)]
struct Set {
    creator: Creator,
    /// The object as it was at the last look.
    seen: DaemonSet,
    /// The hash of the revision in force; empty before the first look.
    revision: Arc<str>,
    /// How many revisions there are.
    revisions: usize,
    /// The nodes by name, and nodes that are gone whose pods are not.
    spots: BTreeMap<Arc<str>, Spot>,
    /// Where something has changed since the last look.
    changed: BTreeSet<Arc<str>>,
    /// Where a pod is ready and not available yet.
    ripening: BTreeSet<Arc<str>>,
    /// The node of each pod, by uid.
    places: BTreeMap<u64, Arc<str>>,
    /// The sum of what the nodes count for.
    status: DaemonSetStatus,
    /// How many pods are of another revision than the one in force.
    old: usize,
}

impl DaemonSetController {
    fn appeared(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(object) = cx.cluster.objects().get::<DaemonSet>(id).cloned() else { return };
        let Some(creator) = Creator::new(id, object.template.clone(), cx) else { return };
        let mut set = Set {
            creator,
            seen: object,
            revision: "".into(),
            revisions: 0,
            spots: BTreeMap::new(),
            changed: BTreeSet::new(),
            ripening: BTreeSet::new(),
            places: BTreeMap::new(),
            status: DaemonSetStatus::default(),
            old: 0,
        };
        set.look_at_nodes(cx.cluster);
        self.sets.insert(id, set);
        self.queue.add(id, cx);
    }

    fn node_changed(&mut self, change: Change, cx: &mut Context<'_>) {
        let (node, gone) = match change {
            Change::NodeAdded(node) => (node, false),
            Change::NodeChanged(node, what)
                if what.contains(NodeChange::LABELS) || what.contains(NodeChange::TAINTS) =>
            {
                (node, false)
            }
            Change::NodeRemoved(node) => (node, true),
            _ => return,
        };
        for (id, set) in &mut self.sets {
            // Nobody looks because a node has gone. Its pods will go too.
            if gone {
                set.node_gone(node, cx.cluster);
            } else if set.look_at_node(node, cx.cluster) {
                self.queue.add(*id, cx);
            }
        }
    }

    /// Something happened to a pod.
    fn pod_changed(&mut self, change: Change, pod: PodId, cx: &mut Context<'_>) {
        let now = cx.now();
        let Some(pod) = cx.cluster.pod(pod) else { return };
        let (Some(owner), uid, phase, ready) = (pod.owner, pod.uid, pod.phase, pod.ready) else { return };
        let Some(set) = self.sets.get_mut(&owner) else { return };
        let Some(place) = set.places.get(&uid).cloned() else { return };
        let Some(spot) = set.spots.get_mut(&place) else { return };
        let Some(member) = spot.pods.iter_mut().find(|member| member.uid == uid) else { return };
        match change {
            // Whoever is asked to go is ready until it stops.
            Change::PodStarted(_) | Change::PodReadiness(_) => {
                if member.deleting || member.ready.is_some() == ready {
                    return;
                }
                member.ready = ready.then(|| now.floor_to_second());
                if ready && set.seen.min_ready > Span::ZERO {
                    self.queue.add_in_background(owner, set.seen.min_ready + Span::from_secs(1), cx);
                }
            }
            Change::PodDeleting(..) => member.deleting = true,
            Change::PodFinished(_) if !member.deleting => {
                (member.ended, member.ready) = (Some(phase), None);
            }
            Change::PodFinished(_) | Change::PodRemoved(_) => {
                spot.pods.retain(|member| member.uid != uid);
                set.places.remove(&uid);
            }
            _ => return,
        }
        set.changed.insert(place);
        self.queue.add(owner, cx);
    }

    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        let Some(object) = cx.cluster.objects().get::<DaemonSet>(id) else { return };
        if !object.says_the_same(&set.seen) || set.revision.is_empty() {
            let object = object.clone();
            set.read(id, object, cx);
        }
        let mut looked_at = std::mem::take(&mut set.changed);
        looked_at.append(&mut set.ripening);
        let mut outcome = set.manage(&looked_at, cx);
        set.recount(&looked_at, cx);
        if outcome.is_complete
            && set.old > 0
            && let DaemonSetStrategy::RollingUpdate { max_surge, max_unavailable } = set.seen.strategy
        {
            let desired = set.status.desired;
            let surge = max_surge.of_rounded_up(desired.into()) as usize;
            let unavailable = max_unavailable.of_rounded_up(desired.into()) as usize;
            // Where both come to nothing, the update would never go on.
            let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
            let limits = Limits { surge, unavailable, desired: desired as usize };
            let step = rolling::step(&set.spots, &set.revision, limits, set.availability(cx));
            let touched = step.create.iter().chain(step.delete.iter().map(|(name, _)| name)).cloned().collect();
            let of_step = set.act(step.create, step.delete, cx);
            outcome.is_complete = of_step.is_complete;
            outcome.goes_on |= of_step.goes_on;
            set.recount(&touched, cx);
        }
        set.forget_revisions(id, cx);
        if let Some(wait) = outcome.again {
            self.queue.add_after(id, wait, cx);
        }
        if outcome.is_complete {
            self.queue.forget(id);
        } else {
            self.queue.retry(id, cx);
        }
        if outcome.goes_on {
            self.queue.add(id, cx);
        }
        set.report(id, cx);
        let DaemonSetStatus { ready, available, .. } = set.status;
        if set.seen.min_ready > Span::ZERO && ready != available {
            if set.old > 0 {
                self.queue.add_after(id, set.seen.min_ready, cx);
            } else {
                self.queue.add_in_background(id, set.seen.min_ready, cx);
            }
        }
    }
}

/// How an attempt to create and delete pods went.
#[derive(Debug)]
struct Outcome {
    /// Whether nothing was refused.
    is_complete: bool,
    /// Whether there is more to be done at once.
    goes_on: bool,
    /// After what time to look again.
    again: Option<Span>,
}

impl Set {
    /// Takes up what the object says now.
    fn read(&mut self, id: ObjectId, object: DaemonSet, cx: &mut Context<'_>) {
        let is_first = self.revision.is_empty();
        let other_template = is_first || object.template != self.seen.template;
        self.seen = object;
        // Waits count from what is asked for now.
        self.spots.values_mut().for_each(|spot| spot.backoff = None);
        if !other_template {
            self.changed.extend(self.spots.keys().cloned());
            return;
        }
        if let Some(current) = revision::of_template(id, &self.seen.template, cx) {
            self.creator.set_template(current.labelled());
            self.revision = current.hash;
        }
        self.revisions = revision::revisions(id, cx).len();
        self.look_at_nodes(cx.cluster);
        self.changed.extend(self.spots.keys().cloned());
    }

    fn look_at_nodes(&mut self, cluster: &Cluster) {
        for node in cluster.nodes().iter() {
            self.look_at_node(node.id, cluster);
        }
    }

    /// Finds out whether pods should be on a node; whether that is news.
    fn look_at_node(&mut self, id: NodeId, cluster: &Cluster) -> bool {
        let node = &cluster.node(id).spec;
        let (should_run, may_stay) = eligibility(&self.seen.template.spec, node);
        let spot = match self.spots.get_mut(&node.name) {
            Some(spot) => spot,
            None => self.spots.entry(node.name.clone()).or_default(),
        };
        let is_new = spot.node.replace(id) != Some(id);
        let is_news = (spot.should_run, spot.may_stay) != (should_run, may_stay);
        (spot.should_run, spot.may_stay) = (should_run, may_stay);
        if is_news || is_new {
            self.changed.insert(node.name.clone());
        }
        is_news || (is_new && should_run)
    }

    fn node_gone(&mut self, id: NodeId, cluster: &Cluster) {
        let name = &cluster.node(id).spec.name;
        let Some(spot) = self.spots.get_mut(name).filter(|spot| spot.node == Some(id)) else { return };
        (spot.node, spot.should_run, spot.may_stay, spot.backoff) = (None, false, false, None);
        self.changed.insert(name.clone());
    }

    fn availability(&self, cx: &Context<'_>) -> Availability {
        Availability { min_ready: self.seen.min_ready, now: cx.now() }
    }

    /// Puts the right number of pods onto these nodes.
    fn manage(&mut self, nodes: &BTreeSet<Arc<str>>, cx: &mut Context<'_>) -> Outcome {
        // Any percentage above 0 is at least one node.
        let surges = matches!(self.seen.strategy, DaemonSetStrategy::RollingUpdate { max_surge, .. }
            if max_surge.of_rounded_up(1) > 0);
        let availability = self.availability(cx);
        let (mut create, mut delete, mut again) = (Vec::new(), Vec::new(), None);
        for name in nodes {
            let Some(spot) = self.spots.get_mut(name) else { continue };
            let todo = spot.manage(surges, &self.revision, availability, |pod| is_bound(pod, cx.cluster));
            if todo.create {
                create.push(name.clone());
            }
            for uid in todo.delete {
                if let Some(ended) = spot.pods.iter().find(|pod| pod.uid == uid && pod.ended.is_some()) {
                    tell_of_ended(&self.creator, ended, name, cx);
                }
                delete.push((name.clone(), uid));
            }
            if let Some(wait) = todo.again {
                again = Some(again.map_or(wait, |again: Span| again.min(wait)));
                self.changed.insert(name.clone());
            }
        }
        Outcome { again, ..self.act(create, delete, cx) }
    }

    /// Creates and deletes pods, as many as one look may. What is not done is left for the next one.
    fn act(&mut self, create: Vec<Arc<str>>, delete: Vec<(Arc<str>, u64)>, cx: &mut Context<'_>) -> Outcome {
        let mut goes_on = create.len() > BURST || delete.len() > BURST;
        let template = self.creator.template().spec.clone();
        let (created, is_complete) = slow_start(create.len().min(BURST), |place| {
            let what = cx.cluster.submit_alone(for_node(&template, &create[place]));
            Ok((place, self.creator.create_as(what, cx)?))
        });
        let mut is_done = vec![false; create.len()];
        for (place, id) in created {
            is_done[place] = true;
            let (Some(pod), Some(spot)) = (cx.cluster.pod(id), self.spots.get_mut(&create[place])) else { continue };
            self.places.insert(pod.uid, create[place].clone());
            spot.pods.push(Member {
                id,
                uid: pod.uid,
                name: pod.name.clone(),
                created: pod.created.floor_to_second(),
                revision: self.revision.clone(),
                ready: None,
                deleting: false,
                ended: None,
            });
        }
        let left = create.into_iter().zip(is_done).filter(|(_, is_done)| !is_done);
        self.changed.extend(left.map(|(name, _)| name));
        for (number, (name, uid)) in delete.into_iter().enumerate() {
            let Some(spot) = self.spots.get_mut(&name).filter(|_| number < BURST) else {
                self.changed.insert(name);
                continue;
            };
            let Some(index) = spot.pods.iter().position(|pod| pod.uid == uid) else { continue };
            let Member { id, name: pod, ended, deleting, .. } = &mut spot.pods[index];
            let pod_name = pod.to_string();
            if ended.is_some() && cx.cluster.pod(*id).is_none() {
                // Only its place was still taken.
                spot.pods.remove(index);
                self.places.remove(&uid);
                self.changed.insert(name);
                goes_on = true;
            } else {
                *deleting = true;
                cx.cluster.delete_pod(*id, Cause::Deleted);
            }
            self.creator.deleted(&pod_name, cx);
        }
        Outcome { is_complete, goes_on, again: None }
    }

    /// Counts anew what is on these nodes.
    fn recount(&mut self, nodes: &BTreeSet<Arc<str>>, cx: &Context<'_>) {
        let availability = self.availability(cx);
        for name in nodes {
            let Some(spot) = self.spots.get_mut(name) else { continue };
            self.status = sum(self.status, spot.share, u32::wrapping_sub);
            self.old -= spot.old;
            spot.count(&self.revision, availability, |pod| is_bound(pod, cx.cluster));
            self.status = sum(self.status, spot.share, u32::wrapping_add);
            self.old += spot.old;
            if spot.pods.iter().any(|pod| pod.ready.is_some() && !availability.is_met_by(pod)) {
                self.ripening.insert(name.clone());
            }
            if spot.node.is_none() && spot.pods.is_empty() {
                self.spots.remove(name);
            }
        }
    }

    /// Forgets templates that are not needed any more, the oldest first.
    ///
    /// Source: `cleanupHistory`.
    fn forget_revisions(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let limit = self.seen.revision_history_limit as usize;
        if self.revisions <= limit + 1 {
            return;
        }
        let old = revision::revisions(id, cx);
        let mut surplus = (old.len() - 1).saturating_sub(limit);
        for (object, revision) in &old[..old.len() - 1] {
            let mut pods = self.spots.values().flat_map(|spot| &spot.pods);
            if surplus > 0 && !pods.any(|pod| pod.revision == revision.hash) {
                cx.cluster.remove_object(*object);
                surplus -= 1;
                self.revisions -= 1;
            }
        }
    }

    /// Writes the status where it changed.
    fn report(&self, id: ObjectId, cx: &mut Context<'_>) {
        let status = self.status;
        if cx.cluster.objects().get::<DaemonSet>(id).is_some_and(|object| object.status != status) {
            cx.cluster.update_object(id, |object: &mut DaemonSet| object.status = status);
        }
    }
}

fn is_bound(pod: PodId, cluster: &Cluster) -> bool {
    cluster.pod(pod).is_some_and(|pod| pod.node.is_some())
}

fn sum(a: DaemonSetStatus, b: DaemonSetStatus, with: impl Fn(u32, u32) -> u32) -> DaemonSetStatus {
    DaemonSetStatus {
        desired: with(a.desired, b.desired),
        current: with(a.current, b.current),
        misscheduled: with(a.misscheduled, b.misscheduled),
        ready: with(a.ready, b.ready),
        available: with(a.available, b.available),
        updated: with(a.updated, b.updated),
    }
}

/// Says why a pod that has ended is deleted.
fn tell_of_ended(creator: &Creator, pod: &Member, node: &str, cx: &mut Context<'_>) {
    let full_name = format!("{}/{}", creator.template().spec.namespace, pod.name);
    if pod.ended == Some(PodPhase::Failed) {
        let message = format!("Found failed daemon pod {full_name} on node {node}, will try to kill it");
        creator.event(true, "FailedDaemonPod", &message, cx);
    } else {
        let message = format!("Found succeeded daemon pod {full_name} on node {node}, will try to delete it");
        creator.event(false, "SucceededDaemonPod", &message, cx);
    }
}

impl Controller for DaemonSetController {
    fn name(&self) -> &'static str {
        "daemonset"
    }

    fn interest(&self) -> Interest {
        // What any pod gives back may help a set whose pods were refused.
        Interest::POD_FINISHED
            .and(Interest::POD_DELETING)
            .and(Interest::POD_REMOVED)
            .and(Interest::OBJECTS)
            .and(Interest::NODES)
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
            Change::NodeAdded(_) | Change::NodeChanged(..) | Change::NodeRemoved(_) => self.node_changed(change, cx),
            Change::ObjectChanged(id) => {
                let object = cx.cluster.objects().get::<DaemonSet>(id);
                let is_news = |set: &Set| object.is_some_and(|object| !object.says_the_same(&set.seen));
                if self.sets.get(&id).is_some_and(is_news) {
                    self.queue.add(id, cx);
                }
            }
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
