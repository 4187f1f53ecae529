//! What happens in the cluster, and which waiting pods it brings back.
//!
//! Source: `pkg/scheduler/eventhandlers.go` and `pkg/scheduler/backend/queue/scheduling_queue.go`.

use super::Scheduler;
use super::askers::Askers;
use super::binding::Eviction;
use super::events::{ClusterEvent, Events};
use super::framework::{Cycle, Hint, Plugin};
use super::profile::Profile;
use super::queue::{Entrant, Group, PreEnqueue, QueuedPod, SchedulingQueue};
use crate::cluster::{Change, Cluster, NodeChange};
use crate::controller::Context;
use crate::model::{ClassId, NodeId, PodId};
use crate::observe::Note;
use crate::time::SimTime;
use std::collections::VecDeque;

/// The parts of a node in the order in which their changes are told.
///
/// Source: `pkg/scheduler/framework/events.go`, `NodeSchedulingPropertiesChange`.
const NODE_PARTS: [NodeChange; 6] = [
    NodeChange::UNSCHEDULABLE,
    NodeChange::ALLOCATABLE,
    NodeChange::LABELS,
    NodeChange::TAINTS,
    NodeChange::READY,
    NodeChange::FEATURES,
];

impl Scheduler {
    /// The store has changed.
    pub(super) fn changed(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(pod) => self.enqueue(pod, cx.cluster),
            Change::PodUpdated(pod, old) => self.pod_updated(pod, old, cx),
            Change::PodClaims(pod) => self.pod_claimed(pod, cx),
            Change::PodNominated { pod, had_one } => self.nominated(pod, had_one, cx),
            Change::PodBound(pod, node) => {
                self.leave_queue(pod, cx);
                self.selection.nominator.remove(pod);
                if let Some(class) = cx.cluster.pod(pod).map(|pod| pod.class) {
                    self.happened(ClusterEvent::AssignedPodAdd { pod, class, node }, None, None, cx);
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => self.pod_left(id, cx),
            Change::NodeAdded(node) => {
                self.selection.changed(change, cx.cluster);
                self.happened(ClusterEvent::NodeAdd(node), None, None, cx);
            }
            Change::NodeChanged(node, what) => self.node_changed(node, what, cx),
            Change::NodeRemoved(node) => {
                self.happened(ClusterEvent::NodeDelete(node), None, None, cx);
                self.selection.changed(change, cx.cluster);
                self.lose_node(node, cx.cluster);
                // When the attempt is over nobody can look the node up, and another one may have its slot.
                if let Some(in_flight) = &mut self.in_flight {
                    in_flight.since.retain(|event| event.node() != Some(node));
                }
            }
            Change::ObjectCreated(id) | Change::ObjectChanged(id) | Change::ObjectRemoved(id) => {
                let Some(kind) = cx.cluster.objects().meta(id).map(|meta| meta.kind) else { return };
                let event = match change {
                    Change::ObjectCreated(_) => ClusterEvent::ObjectAdd(id, kind),
                    Change::ObjectChanged(_) => ClusterEvent::ObjectUpdate(id, kind),
                    _ => ClusterEvent::ObjectDelete(id, kind),
                };
                self.happened(event, None, None, cx);
            }
            _ => {}
        }
    }

    /// A new pod enters the queue, if a profile is responsible for it.
    fn enqueue(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.node.is_none()) else { return };
        let class = cluster.class_of(pod);
        let Some(number) = self.profiles.iter().position(|p| p.name == class.spec.scheduler_name) else { return };
        let profile = &self.profiles[number];
        let key = profile.queue_sort.map_or(0, |index| profile.plugins[index].queue_key(pod, class, cluster));
        let entrant = Entrant { class: pod.class, profile: number as u8, key, individual: class.is_individual() };
        self.selection.read_ahead(number as u8, pod.class);
        self.selection.nominator.nominate(id, pod.nominated_node().cloned());
        self.with_queue(cluster, |queue, pre_enqueue, now| queue.add(id, entrant, now, pre_enqueue));
        self.fruitless.start_anew(self.queue.last_sequence());
    }

    /// A pod is none of the queue's any more.
    fn leave_queue(&mut self, pod: PodId, cx: &mut Context<'_>) {
        let Some(profile) = self.queue.get(pod).map(|queued| usize::from(queued.profile)) else { return };
        if let Some((from, blamed)) = self.queue.remove(pod, cx.now()) {
            cx.note(&Note::LeftQueue { from, blamed, profile: &self.profiles[profile] });
        }
    }

    fn pod_updated(&mut self, id: PodId, old: ClassId, cx: &Context<'_>) {
        let Some(pod) = cx.cluster.pod(id) else { return };
        let changes = pod_changes(cx.cluster, old, pod.class);
        self.pod_changed(id, old, changes, cx);
    }

    /// Claims were made for a pod that waits for them.
    fn pod_claimed(&mut self, id: PodId, cx: &Context<'_>) {
        if let Some(pod) = cx.cluster.pod(id) {
            self.pod_changed(id, pod.class, vec![Events::POD_GENERATED_CLAIM], cx);
        }
    }

    fn pod_changed(&mut self, id: PodId, old: ClassId, changes: Vec<Events>, cx: &Context<'_>) {
        let Some(pod) = cx.cluster.pod(id) else { return };
        let new = pod.class;
        if pod.placed_on().is_some() {
            for what in changes {
                self.happened(ClusterEvent::AssignedPodUpdate { pod: id, old, new, what }, None, None, cx);
            }
            return;
        }
        self.fruitless.start_anew(self.queue.last_sequence());
        let own = |what| ClusterEvent::OwnUpdate { old, new, what };
        if let Some(in_flight) = self.in_flight.as_mut().filter(|in_flight| in_flight.attempt.pod == id) {
            in_flight.since.extend(changes.iter().copied().map(own));
        }
        let key = self.queue.get(id).map(|queued| &self.profiles[usize::from(queued.profile)]).and_then(|profile| {
            let plugin = &profile.plugins[profile.queue_sort?];
            Some(plugin.queue_key(pod, cx.cluster.class_of(pod), cx.cluster))
        });
        if !self.queue.update(id, new, key.unwrap_or(0), cx.now()) {
            return;
        }
        for what in changes {
            let Some(group) = self.queue.group_of(id) else { return };
            let event = own(what);
            if wakes(&self.profiles[usize::from(group.profile)], group, id, event, cx.cluster) {
                self.with_queue(cx.cluster, |queue, pre_enqueue, now| queue.wake(id, event.label(), now, pre_enqueue));
            }
        }
    }

    /// The nomination of a pod was written to the store. Whoever had to leave room for it before may fit now.
    fn nominated(&mut self, id: PodId, had_one: bool, cx: &Context<'_>) {
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.node.is_none()) else { return };
        if self.queue.get(id).is_none() {
            return;
        }
        if self.selection.nominator.node_of(id) != pod.nominated_node() {
            self.selection.nominator.nominate(id, pod.nominated_node().cloned());
        }
        if had_one {
            self.nomination_ended(id, pod.class, cx);
        }
    }

    /// Pods of its or lower priority treated a nominated pod as if it were on its node.
    fn nomination_ended(&mut self, pod: PodId, class: ClassId, cx: &Context<'_>) {
        let up_to = cx.cluster.classes.get(class).priority();
        let event = ClusterEvent::AssignedPodDelete { pod, class, node: None };
        self.happened(event, None, Some(up_to), cx);
    }

    fn pod_left(&mut self, id: PodId, cx: &mut Context<'_>) {
        // One that is bound has left the queue, whose place for it is in no cache.
        let is_bound = cx.cluster.pod(id).is_some_and(|pod| pod.node.is_some());
        let queued = !is_bound && self.queue.get(id).is_some();
        if queued {
            self.leave_queue(id, cx);
        }
        self.selection.nominator.remove(id);
        // Perhaps it was one of those that were tried.
        self.fruitless.forget_one();
        let Some(pod) = cx.cluster.pod(id) else { return };
        if let Some(node) = pod.placed_on() {
            let event = ClusterEvent::AssignedPodDelete { pod: id, class: pod.class, node: Some(node) };
            self.happened(event, None, None, cx);
        } else if queued && pod.nominated_node().is_some() {
            self.nomination_ended(id, pod.class, cx);
        }
    }

    fn node_changed(&mut self, node: NodeId, what: NodeChange, cx: &Context<'_>) {
        self.selection.changed(Change::NodeChanged(node, what), cx.cluster);
        let cordoned = cx.cluster.node(node).spec.unschedulable;
        for part in NODE_PARTS.into_iter().filter(|part| what.contains(*part)) {
            if part == NodeChange::UNSCHEDULABLE && cordoned {
                continue;
            }
            self.happened(ClusterEvent::NodeUpdate(node, part), None, None, cx);
        }
    }

    /// Something happened that may help pods that wait: all but `except`, and only those up to a priority if one is given.
    pub(super) fn happened(
        &mut self,
        event: ClusterEvent,
        except: Option<PodId>,
        up_to: Option<i32>,
        cx: &Context<'_>,
    ) {
        if let Some(in_flight) = &mut self.in_flight {
            in_flight.since.push(event);
        }
        if !self.queue.has_groups() {
            return;
        }
        let may_wake = |group: &Group| {
            let in_reach = up_to.is_none_or(|most| cx.cluster.classes.get(group.class).priority() <= most);
            let profile = &self.profiles[usize::from(group.profile)];
            let waker = |pod| wakes(profile, *group, pod, event, cx.cluster);
            // A pod of the group, to ask hints about: they answer alike for all.
            let pod = || group.pod.or_else(|| self.queue.first_of(*group));
            in_reach && listens(profile, group, event) && pod().is_some_and(waker)
        };
        let woken: Vec<Group> = self.queue.groups().filter(may_wake).collect();
        if woken.is_empty() {
            return;
        }
        // A change of an object does not show in the cluster's version, and may help all the same.
        self.fruitless.start_anew(self.queue.last_sequence());
        self.with_queue(cx.cluster, |queue, pre_enqueue, now| {
            queue.wake_groups(&woken, except, event.label(), now, pre_enqueue);
        });
    }

    /// Whether an event that happened during its attempt helps a pod that these plugins have rejected now.
    pub(super) fn wakes_popped(
        &self,
        queued: &QueuedPod,
        rejectors: u64,
        event: ClusterEvent,
        cluster: &Cluster,
    ) -> bool {
        let (profile, class) = (queued.profile, queued.class);
        let group = Group { profile, class, rejectors, gate: None, pod: None };
        let profile = &self.profiles[usize::from(profile)];
        wakes_group(profile, group, None, event, cluster)
    }

    pub(super) fn flush_backoff(&mut self, cx: &Context<'_>) {
        self.with_queue(cx.cluster, |queue, pre_enqueue, now| queue.flush_backoff(now, pre_enqueue));
    }

    /// Backoffs that are over end first: the two ticks meet every 30 seconds.
    pub(super) fn flush_unschedulable(&mut self, cx: &Context<'_>) {
        self.flush_backoff(cx);
        self.with_queue(cx.cluster, |queue, pre_enqueue, now| queue.flush_unschedulable(now, pre_enqueue));
    }

    /// Works on the queue, which asks PreEnqueue through the closure that it is given.
    pub(super) fn with_queue<R>(
        &mut self,
        cluster: &Cluster,
        work: impl FnOnce(&mut SchedulingQueue, PreEnqueue<'_>, SimTime) -> R,
    ) -> R {
        let (profiles, askers, evictions) = (&self.profiles, &self.askers, &self.evictions);
        let ask = |queued: &QueuedPod| pre_enqueue((profiles, askers), evictions, queued, cluster);
        // Whether others are going for it is the only thing that tells apart a pod from those that hints answer alike for.
        let pre_enqueue = PreEnqueue { ask: &ask, alike: evictions.is_empty() };
        work(&mut self.queue, pre_enqueue, cluster.now)
    }
}

/// The plugin that holds a pod back, if one does.
fn pre_enqueue(
    (profiles, askers): (&[Profile], &[Askers]),
    evictions: &VecDeque<Eviction>,
    queued: &QueuedPod,
    cluster: &Cluster,
) -> Option<u8> {
    let pod = queued.pod;
    let (profile, askers) = (&profiles[usize::from(queued.profile)], &askers[usize::from(queued.profile)]);
    let preempting = !evictions.is_empty() && Scheduler::is_preempting(evictions, pod, cluster);
    let cycle = Cycle { preempting, ..Cycle::new(cluster, queued.class, Some(pod)) };
    let holds = |index: &usize| profile.plugins[*index].pre_enqueue(&cycle).is_err();
    askers.pre_enqueue(cycle.class, preempting).find(holds).map(|index| index as u8)
}

fn wakes(profile: &Profile, group: Group, pod: PodId, event: ClusterEvent, cluster: &Cluster) -> bool {
    wakes_group(profile, group, Some(pod), event, cluster)
}

/// Whether one of the plugins that rejected a group would be asked about the event, or need not be.
fn listens(profile: &Profile, group: &Group, event: ClusterEvent) -> bool {
    event.is_wildcard() || rejectors(profile, group).any(|plugin| hears(plugin, Events::of(event)) != Hears::Nothing)
}

/// Whether one of the plugins that rejected a pod of this group thinks that the event helps. Pods that a plugin holds back are
/// looked at only when it listens to the event.
///
/// Source: `pkg/scheduler/backend/queue/scheduling_queue.go`, `isPodWorthRequeuing`; and `pkg/scheduler/scheduler.go`,
/// `buildQueueingHintMap`, for the rule that a plugin which listens to added nodes but not to taints is woken by any change of
/// a taint, without being asked.
fn wakes_group(profile: &Profile, group: Group, pod: Option<PodId>, event: ClusterEvent, cluster: &Cluster) -> bool {
    let kinds = Events::of(event);
    if let Some(gate) = group.gate
        && !profile.plugins[usize::from(gate)].events().meets(kinds)
    {
        return false;
    }
    if event.is_wildcard() {
        return true;
    }
    let cycle = Cycle::new(cluster, group.class, pod);
    rejectors(profile, &group).any(|plugin| match hears(plugin, kinds) {
        Hears::Nothing => false,
        Hears::Asked => plugin.hint(&cycle, event) == Hint::Queue,
        Hears::Unasked => true,
    })
}

/// The plugins that rejected a group.
fn rejectors<'p>(profile: &'p Profile, group: &Group) -> impl Iterator<Item = &'p dyn Plugin> {
    let rejectors = group.rejectors;
    let rejected = move |(index, _): &(usize, _)| rejectors & (1 << index) != 0;
    profile.plugins.iter().enumerate().filter(rejected).map(|(_, plugin)| &**plugin)
}

/// What an event of some kinds is to a plugin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hears {
    Nothing,
    /// It is asked whether the event helps.
    Asked,
    /// It counts as helpful.
    Unasked,
}

fn hears(plugin: &dyn Plugin, kinds: Events) -> Hears {
    let listens = plugin.events();
    let unasked = kinds.contains(Events::NODE_TAINT)
        && listens.contains(Events::NODE_ADD)
        && !listens.contains(Events::NODE_TAINT);
    match (unasked, listens.meets(kinds)) {
        (true, _) => Hears::Unasked,
        (false, true) => Hears::Asked,
        (false, false) => Hears::Nothing,
    }
}

/// The kinds of an update of a pod, in the order in which they are told.
///
/// Source: `pkg/scheduler/framework/events.go`, `PodSchedulingPropertiesChange`.
fn pod_changes(cluster: &Cluster, old: ClassId, new: ClassId) -> Vec<Events> {
    let (old, new) = (cluster.classes.get(old), cluster.classes.get(new));
    let scaled_down = old.requests.iter().any(|(id, amount)| amount > new.requests.get(id));
    let gates = |class: &crate::model::pod::PodClass| class.spec.scheduling_gates.is_empty();
    let changes = [
        (old.spec.labels != new.spec.labels, Events::POD_LABEL),
        (scaled_down, Events::POD_SCALE_DOWN),
        (gates(new) && !gates(old), Events::POD_GATES_ELIMINATED),
        (old.spec.tolerations.len() != new.spec.tolerations.len(), Events::POD_TOLERATION),
    ];
    let changes: Vec<Events> = changes.into_iter().filter_map(|(changed, what)| changed.then_some(what)).collect();
    if changes.is_empty() { vec![Events::POD_OTHER] } else { changes }
}
