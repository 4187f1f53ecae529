//! The cluster autoscaler: node groups grow for pods that find no node, and shrink when nodes are not needed.
//!
//! Source: `cluster-autoscaler` 1.36. One loop is the private `scan`; its steps are in the files beside this one.
//!
//! Simplified: instances and nodes are one thing, so a node that vanishes shrinks its group; new nodes are ready when they
//! come.

mod backoff;
mod budgets;
mod crop;
mod deletion;
mod drainability;
mod estimate;
mod expander;
mod findings;
mod group;
mod hints;
mod look;
mod pending;
mod removal;
mod scale_down;
mod scale_up;
mod settings;
mod shrink;
mod similar;
mod snapshot;
mod template;
#[cfg(test)]
mod tests;
mod totals;
mod utilization;

pub use drainability::Blocking;
pub use expander::{Expander, Expansion, PriorityTier};
pub use findings::{
    Hopeless, Increase, Reason, ScaleDownFindings, ScaleDownResult, ScaleUp, ScaleUpOption, ScaleUpResult, Seen,
    Unremovable,
};
pub use look::DaemonSetPods;
pub use settings::ClusterAutoscalerSettings;
pub use totals::Totals;
pub use utilization::Utilization;

use super::node_group::NodeGroup;
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Cluster, Interest};
use crate::controller::{Context, Controller};
use crate::model::{NodeId, PodId};
use crate::observe::{Note, Regarding};
use crate::random::{Rng, Streams};
use crate::scheduler::Profile;
use crate::time::{SimTime, Span};
use deletion::{Deletion, Progress};
use group::{Group, refresh};
use hints::Hints;
use scale_down::{ScaleDown, Scene, Unneeded};
use scale_up::Situation;
use shrink::Shrinking;
use snapshot::{Circular, Filters, Snapshot};
use std::collections::BTreeMap;
use std::sync::Arc;
use template::DaemonSet;

/// How long after a node came the scheduler is given to use it, before pods that fit on it no longer keep a run going. It
/// exceeds the scheduler's longest backoff.
const SETTLING: Span = Span::from_secs(60);

/// Timers. The tag of a scan is its number, that of an arrival the request's.
mod timer {
    pub(super) const SCAN: u16 = 0;
    pub(super) const ARRIVAL: u16 = 1;
    pub(super) const DELETION: u16 = 2;
}

/// The cluster autoscaler.
///
/// Its scans are periodic. They keep a run going (`until: idle`) only while they can still change the cluster: nodes are
/// under way or being removed, a node counts down its unneeded time, a node that could not be emptied is to be looked at
/// again after something has changed, a failed group's backoff will end with pods waiting for it, or something happened
/// that no scan has seen.
pub struct ClusterAutoscaler {
    settings: ClusterAutoscalerSettings,
    profiles: Vec<Profile>,
    specs: Vec<NodeGroup>,
    groups: Vec<Group>,
    daemon_sets: Vec<DaemonSet>,
    /// Draws among the best options; without it the first is taken.
    lot: Option<Rng>,
    search: Circular,
    scale_down: ScaleDown,
    deletions: Vec<Deletion>,
    next_request: u32,
    /// The next scan: when, its number, and whether the run waits for it.
    next: (SimTime, u32, bool),
    last_scale_up: Option<SimTime>,
    /// When the last removal of a node began.
    last_delete: Option<SimTime>,
    last_arrival: Option<SimTime>,
    /// What each pending pod was last told of why nothing grows for it, by uid.
    told: BTreeMap<u64, String>,
    /// The cluster's version at the last scan that found nothing to do and nothing to wait for.
    quiet: Option<u64>,
    /// Where pending pods were expected.
    hints: Hints,
    /// Nodes that are ready to be deleted together with others of their groups.
    queues: BTreeMap<usize, Vec<Deletion>>,
    script: look::Script,
}

/// What one scan came to.
#[derive(Default)]
struct Decision {
    scale_up: ScaleUp,
    /// Whether a pod would be helped by a group that is left alone after a failure.
    awaits_backoff: bool,
    /// Whether some pod is not looked at yet.
    early: bool,
    /// Whether pending pods fit on nodes that are there.
    settling: bool,
    shrinking: Shrinking,
}

impl Decision {
    /// Whether growth was put off because all pods are new.
    fn too_young(&self) -> bool {
        self.scale_up.result == ScaleUpResult::InCooldown
    }
}

impl ClusterAutoscaler {
    /// An autoscaler of these groups. `profiles` are the scheduler's, built once more: its filters say which pods would fit
    /// on nodes that do not exist.
    pub fn new(groups: Vec<NodeGroup>, profiles: Vec<Profile>, settings: ClusterAutoscalerSettings) -> Self {
        Self {
            settings,
            profiles,
            specs: groups,
            groups: Vec::new(),
            daemon_sets: Vec::new(),
            lot: None,
            search: Circular::default(),
            scale_down: ScaleDown::default(),
            deletions: Vec::new(),
            next_request: 0,
            next: (SimTime::ZERO, 0, false),
            last_scale_up: None,
            last_delete: None,
            last_arrival: None,
            told: BTreeMap::new(),
            quiet: None,
            hints: Hints::default(),
            queues: BTreeMap::new(),
            script: look::Script::default(),
        }
    }

    /// One loop.
    fn scan(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        self.give_up_late_nodes(cx);
        refresh(&mut self.groups, cx.cluster);
        let version = cx.cluster.version();
        if self.quiet == Some(version) && !self.script.is_watched() {
            return self.plan_scan(self.awaits_nodes(), cx);
        }
        if self.is_unhealthy(cx.cluster) {
            self.scale_down.forget_unneeded();
            self.show(&Decision::default(), cx.cluster);
            return self.plan_scan(self.awaits_nodes(), cx);
        }
        if !self.script.is_attached() {
            self.daemon_sets = template::daemon_sets(cx.cluster);
        }
        let decision = self.decide(cx.cluster);
        let mut awaits = decision.too_young() || decision.early || decision.awaits_backoff;
        awaits |= decision.settling && self.last_arrival.is_some_and(|at| now.since(at) < SETTLING);
        self.tell(&decision.scale_up, cx);
        self.grow(&decision.scale_up, cx);
        if self.settings.scale_down_enabled {
            self.shrink(&decision.shrinking, cx);
            awaits |= decision.shrinking.later | self.scale_down.awaits_recheck();
        }
        self.show(&decision, cx.cluster);
        awaits |= self.awaits_nodes();
        let backs_off = self.groups.iter().any(|group| group.backoff.is_on(now));
        self.quiet = (!awaits && !backs_off).then_some(version);
        self.plan_scan(awaits, cx);
    }

    /// Looks at everything and changes nothing but what is remembered between scans.
    fn decide(&mut self, cluster: &Cluster) -> Decision {
        let filters = Filters::new(&self.profiles, cluster);
        template::refresh(&mut self.groups, &self.daemon_sets, filters, &self.settings);
        let deletions = || self.deletions.iter().chain(self.queues.values().flatten());
        let leaving = |id: NodeId| deletions().any(|deletion| deletion.node == id);
        let cutoff = self.settings.expendable_pods_priority_cutoff;
        let mut snapshot = Snapshot::new(filters, &self.groups, cutoff, leaving);
        let mut pods = pending::unschedulable(cluster, &self.settings);
        let draining = deletions().filter(|deletion| deletion.drains);
        let drained: Vec<PodId> = draining.flat_map(|it| it.pods_to_come(cluster, &self.settings)).collect();
        let settling =
            pending::take_out_fitting(&mut pods, &drained, &mut snapshot, filters, (&mut self.hints, &mut self.search));
        let early = pending::take_out_unhelpable(&mut pods, cluster, &self.settings);
        let mut decision = Decision { early, settling, ..Decision::default() };
        let situation = Situation { groups: &self.groups, filters, settings: &self.settings, snapshot: &snapshot };
        (decision.scale_up, decision.awaits_backoff) =
            scale_up::look(pods, situation, self.lot.as_mut(), &mut self.search);
        if self.settings.scale_down_enabled {
            let increases = decision.scale_up.increases.iter();
            let to: BTreeMap<&str, u32> = increases.map(|increase| (&*increase.group, increase.to)).collect();
            let target = |group: &Group| to.get(&*group.spec.name).copied().unwrap_or_else(|| group.target());
            let targets: Vec<u32> = self.groups.iter().map(target).collect();
            let settings = &self.settings;
            let scene = Scene { snapshot: &snapshot, groups: &self.groups, targets: &targets, filters, settings };
            let last_scale_up = if to.is_empty() { self.last_scale_up } else { Some(cluster.now) };
            let cooling =
                decision.too_young() || is_cooling_down(cluster.now, last_scale_up, self.last_delete, settings);
            decision.shrinking = shrink::look(&mut self.scale_down, scene, deletions(), cooling, &mut self.search);
        }
        decision
    }
    /// Asks for the nodes of a plan.
    fn grow(&mut self, plan: &ScaleUp, cx: &mut Context<'_>) {
        if plan.increases.is_empty() {
            return;
        }
        let now = cx.now();
        let mut changes = Vec::new();
        for increase in &plan.increases {
            self.script.show(&Seen::Increased(increase), cx.cluster);
            let Increase { group: name, from, to, max } = increase;
            let Some(group) = self.groups.iter_mut().find(|group| group.spec.name == *name) else { continue };
            group.last_growth = Some(now);
            for _ in *from..*to {
                let id = self.next_request;
                self.next_request = id.wrapping_add(1);
                let at = group.request(id, now);
                // The scans keep the run going while nodes are under way; one that comes too late is given up by then.
                cx.remind_in_background(
                    at,
                    Rank::Machine,
                    Timer { kind: timer::ARRIVAL, tag: id, about: Subject::Itself },
                );
            }
            let message = format!("Scale-up: group {name} size set to {to} instead of {from} (max: {max})");
            event(cx, false, "ScaledUpGroup", STATUS, &message);
            changes.push(format!("{{{name} {from}->{to} (max: {max})}}"));
        }
        self.last_scale_up = Some(now);
        let message = format!("pod triggered scale-up: [{}]", changes.join(" "));
        for id in &plan.triggered {
            event(cx, false, "TriggeredScaleUp", Regarding::Pod(*id), &message);
        }
    }

    /// Tells pods why nothing grows for them, once for each reason.
    fn tell(&mut self, plan: &ScaleUp, cx: &mut Context<'_>) {
        let mut told = BTreeMap::new();
        for Hopeless { pod: id, rejected } in &plan.hopeless {
            let Some(uid) = cx.cluster.pod(*id).map(|pod| pod.uid) else { continue };
            let reasons = count(rejected, &plan.skipped);
            if self.told.get(&uid) != Some(&reasons) {
                let message = format!("pod didn't trigger scale-up: {reasons}");
                event(cx, false, "NotTriggerScaleUp", Regarding::Pod(*id), &message);
            }
            told.insert(uid, reasons);
        }
        self.told = told;
    }

    /// Begins to remove nodes.
    fn shrink(&mut self, shrinking: &Shrinking, cx: &mut Context<'_>) {
        for (buckets, drains) in [(&shrinking.empty, false), (&shrinking.drain, true)] {
            for bucket in buckets {
                bucket.nodes.iter().for_each(|node| self.remove(node, drains, bucket.batch, cx));
            }
        }
    }

    fn remove(&mut self, node: &Unneeded, drains: bool, batch: Option<usize>, cx: &mut Context<'_>) {
        let name = cx.cluster.node(node.node).spec.name.clone();
        if drains {
            let pod_name = |id: &PodId| cx.cluster.pod(*id).map(|pod| pod.name.to_string());
            let pods: Vec<String> = node.pods.iter().filter_map(pod_name).collect();
            let message = format!(
                "Scale-down: removing node {name}, utilization: {:.6}, pods to reschedule: {}",
                node.utilization,
                pods.join(",")
            );
            event(cx, false, "ScaleDown", STATUS, &message);
        } else {
            event(cx, false, "ScaleDownEmpty", STATUS, &format!("Scale-down: removing empty node \"{name}\""));
        }
        let deletion = Deletion::begin((node.node, node.group), drains, batch, timer::DELETION, &self.settings, cx);
        debug_assert_eq!(deletion.uid, node.uid, "the node that was looked at");
        self.deletions.push(deletion);
        self.last_delete = Some(cx.now());
    }

    /// Looks up the groups.
    fn begin(&mut self, streams: Streams, cluster: &mut Cluster) {
        for spec in std::mem::take(&mut self.specs) {
            self.groups.push(Group::new(spec, streams, cluster));
        }
        refresh(&mut self.groups, cluster);
    }

    fn continue_deletion(&mut self, node: NodeId, uid: u64, cx: &mut Context<'_>) {
        let found = self.deletions.iter().position(|deletion| deletion.node == node && deletion.uid == uid);
        let Some(index) = found else { return };
        match self.deletions[index].go_on(timer::DELETION, &self.settings, cx) {
            Progress::Waiting => {}
            Progress::Failed => {
                let failed = self.deletions.remove(index);
                // Those that wait for it stay, too.
                for deletion in self.queues.remove(&failed.group).into_iter().flatten() {
                    deletion.abort(cx);
                }
            }
            Progress::Emptied => {
                let deletion = self.deletions.remove(index);
                let (group, batch) = (deletion.group, deletion.batch.unwrap_or(1));
                let queue = self.queues.entry(group).or_default();
                queue.push(deletion);
                if queue.len() >= batch {
                    let nodes: Vec<NodeId> =
                        self.queues.remove(&group).into_iter().flatten().map(|deletion| deletion.node).collect();
                    self.groups[group].last_removal = Some(cx.now());
                    self.script
                        .show(&Seen::Deleted { group: &self.groups[group].spec.name, nodes: &nodes }, cx.cluster);
                    for node in nodes {
                        cx.cluster.remove_node(node);
                    }
                }
            }
        }
    }

    fn give_up_late_nodes(&mut self, cx: &mut Context<'_>) {
        for group in &mut self.groups {
            let lost = group.give_up(cx.now(), &self.settings);
            if lost > 0 {
                let (name, limit) = (&group.spec.name, self.settings.max_node_provision_time);
                let message = format!("Nodes added to group {name} failed to register within {limit} s");
                event(cx, true, "ScaleUpTimedOut", STATUS, &message);
                self.quiet = None;
            }
        }
    }

    /// Whether so many nodes are unready that nothing is to be trusted.
    fn is_unhealthy(&self, cluster: &Cluster) -> bool {
        let totals = cluster.totals();
        let unready = totals.nodes - totals.ready_nodes;
        unready > u64::from(self.settings.ok_total_unready_count)
            && unready * 100 > totals.nodes * u64::from(self.settings.max_total_unready_percentage)
    }

    fn awaits_nodes(&self) -> bool {
        self.groups.iter().any(|group| !group.requests.is_empty())
    }

    /// Plans the next scan; whether the run waits for it.
    fn plan_scan(&mut self, foreground: bool, cx: &mut Context<'_>) {
        let at = match self.script.next_loop() {
            None => cx.now() + self.settings.scan_interval.max(Span(1)),
            Some(at) => at,
        };
        self.next = (at, self.next.1.wrapping_add(1), foreground);
        let timer = Timer { kind: timer::SCAN, tag: self.next.1, about: Subject::Itself };
        if foreground {
            cx.remind(at, Rank::Control, timer);
        } else {
            cx.remind_in_background(at, Rank::Control, timer);
        }
    }

    /// Something happened that the next scan should see: the run waits for it.
    fn await_scan(&mut self, cx: &mut Context<'_>) {
        self.quiet = None;
        if !std::mem::replace(&mut self.next.2, true) {
            // The timer in the background stays; whichever of the two comes second finds its number passed.
            cx.remind(
                self.next.0,
                Rank::Control,
                Timer { kind: timer::SCAN, tag: self.next.1, about: Subject::Itself },
            );
        }
    }
}

impl Controller for ClusterAutoscaler {
    fn name(&self) -> &'static str {
        "cluster-autoscaler"
    }

    fn interest(&self) -> Interest {
        let pods = Interest::POD_UNSCHEDULABLE.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        pods.and(Interest::NODES)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        if self.script.is_attached() {
            return self.plan_scan(true, cx);
        }
        self.lot = Some(cx.streams.stream("autoscaling/expander"));
        self.begin(cx.streams, cx.cluster);
        for group in &mut self.groups {
            for _ in group.target()..group.spec.initial {
                group.add_node(cx);
            }
        }
        cx.remind_in_background(cx.now(), Rank::Control, Timer::of_kind(timer::SCAN));
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            // A pod that left matters when its node may now be left alone.
            Change::PodFinished(_) | Change::PodRemoved(_) => {
                let may_shrink = |group: &Group| group.nodes.len() as u32 > group.spec.min;
                if self.settings.scale_down_enabled && self.groups.iter().any(may_shrink) {
                    self.await_scan(cx);
                }
            }
            Change::NodeRemoved(id) => {
                let uid = cx.cluster.node(id).uid;
                self.deletions.retain(|deletion| deletion.uid != uid);
                self.queues.values_mut().for_each(|queue| queue.retain(|deletion| deletion.uid != uid));
                self.await_scan(cx);
            }
            _ => self.await_scan(cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        match (timer.kind, timer.about) {
            (timer::SCAN, _) if timer.tag == self.next.1 => self.scan(cx),
            (timer::ARRIVAL, _) => {
                let came = self.groups.iter_mut().any(|group| group.arrive(timer.tag, cx));
                self.last_arrival = if came { Some(cx.now()) } else { self.last_arrival };
            }
            (timer::DELETION, Subject::Node(node, uid)) => self.continue_deletion(node, uid, cx),
            _ => {}
        }
    }
}

impl std::fmt::Debug for ClusterAutoscaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClusterAutoscaler").field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// Whether it is too soon after something for any node to go.
fn is_cooling_down(
    now: SimTime,
    last_scale_up: Option<SimTime>,
    last_delete: Option<SimTime>,
    settings: &ClusterAutoscalerSettings,
) -> bool {
    let lasts =
        [(last_scale_up, settings.scale_down_delay_after_add), (last_delete, settings.scale_down_delay_after_delete)];
    let is_recent = |(last, delay): (Option<SimTime>, Span)| last.is_some_and(|last| last + delay > now);
    !settings.scale_down_delay_type_local && lasts.into_iter().any(is_recent)
}

/// `2 Insufficient cpu, 1 max node group size reached`.
///
/// Source: `processors/status/eventing_scale_up_processor.go`, `ReasonsMessage`.
fn count(rejected: &[(Arc<str>, Vec<String>)], skipped: &[(Arc<str>, String)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let reasons = rejected.iter().flat_map(|(_, reasons)| reasons).chain(skipped.iter().map(|(_, reason)| reason));
    reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
    counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect::<Vec<_>>().join(", ")
}

/// The object that events about the autoscaler itself are about.
const STATUS: Regarding<'static> = Regarding::Named("ConfigMap", "cluster-autoscaler-status");

fn event(cx: &mut Context<'_>, warning: bool, reason: &'static str, regarding: Regarding<'_>, message: &str) {
    cx.note(&Note::Event { warning, reason, regarding, message });
}
