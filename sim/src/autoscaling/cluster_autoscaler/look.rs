//! One loop without a simulation: what the autoscaler would do in a cluster as it is.

use super::findings::{ScaleUp, ScaleUpResult, Seen};
use super::group::refresh;
use super::template::DaemonSet;
use super::{ClusterAutoscaler, Decision};
use crate::cluster::Cluster;
use crate::model::ObjectId;
use crate::model::pod::PodSpec;
use crate::random::Streams;
use crate::time::SimTime;

/// A DaemonSet, as far as new nodes are concerned.
#[derive(Clone, Debug)]
pub struct DaemonSetPods {
    /// The object that owns its pods.
    pub object: ObjectId,
    /// What its pods are.
    pub spec: PodSpec,
}

/// How loops come about that are not those of a run.
#[derive(Default)]
pub(super) struct Script {
    /// The cluster's nodes were there before the autoscaler.
    attached: bool,
    /// When loops are, the last one first, if not at an interval.
    loops: Option<Vec<SimTime>>,
    watcher: Option<Box<Watcher>>,
}

/// Who is told of what the autoscaler does.
type Watcher = dyn FnMut(&Seen<'_>, &Cluster);

impl Script {
    pub(super) fn is_attached(&self) -> bool {
        self.attached
    }

    /// Whether no loop is to be left out.
    pub(super) fn is_watched(&self) -> bool {
        self.watcher.is_some()
    }

    /// The next of the times of loops, if there are any.
    pub(super) fn next_loop(&mut self) -> Option<SimTime> {
        self.loops.as_mut().map(|loops| loops.pop().unwrap_or(SimTime::MAX))
    }

    pub(super) fn show(&mut self, seen: &Seen<'_>, cluster: &Cluster) {
        if let Some(watcher) = &mut self.watcher {
            watcher(seen, cluster);
        }
    }
}

impl ClusterAutoscaler {
    /// Prepares to look at a cluster whose nodes are there already. Of several best options the first is taken then. `unregistered` are
    /// instances per group, in the order of the groups, that count towards its size and of which nothing is known.
    pub fn attach(&mut self, cluster: &mut Cluster, daemon_sets: Vec<DaemonSetPods>, unregistered: &[u32]) {
        self.begin(Streams::new(0), cluster);
        for (group, count) in self.groups.iter_mut().zip(unregistered) {
            group.unregistered = *count;
        }
        self.script.attached = true;
        let set = |set: DaemonSetPods| DaemonSet { object: set.object, class: cluster.intern(set.spec) };
        self.daemon_sets = daemon_sets.into_iter().map(set).collect();
    }

    /// Loops are at these times, in order, and not at an interval.
    #[must_use]
    pub fn with_loops_at(mut self, mut times: Vec<SimTime>) -> Self {
        times.reverse();
        self.script.loops = Some(times);
        self
    }

    /// Tells somebody of everything. No loop is left out then, also where nothing has changed.
    #[must_use]
    pub fn watched_by(mut self, watcher: impl FnMut(&Seen<'_>, &Cluster) + 'static) -> Self {
        self.script.watcher = Some(Box::new(watcher));
        self
    }

    /// Tells whoever watches that a loop has ended.
    pub(super) fn show(&mut self, decision: &Decision, cluster: &Cluster) {
        let Decision { scale_up, shrinking, .. } = decision;
        let findings = &self.scale_down.findings;
        self.script.show(&Seen::Loop { scale_up, scale_down: shrinking.result, findings }, cluster);
    }

    /// What a loop finds about growth now. Nothing is done about it.
    pub fn look(&mut self, cluster: &Cluster) -> ScaleUp {
        refresh(&mut self.groups, cluster);
        if self.is_unhealthy(cluster) {
            return ScaleUp { result: ScaleUpResult::NotTried, ..ScaleUp::default() };
        }
        let Decision { scale_up, .. } = self.decide(cluster);
        scale_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoscaling::cluster_autoscaler::{ClusterAutoscalerSettings, Increase, Totals};
    use crate::autoscaling::testing::{Replicas, bare_pod, node, profile, spec};
    use crate::autoscaling::{NodeGroup, NodeGroupOptions};
    use crate::cluster::{Fingerprint, Object};
    use crate::model::PodId;
    use crate::model::node::NodeSpec;
    use crate::model::pod::{GivenStatus, NewPod, Run};
    use crate::random::Distribution;
    use crate::scheduler::FitError;
    use crate::time::SimTime;
    use std::sync::Arc;

    #[derive(Debug)]
    struct Daemons;

    impl Object for Daemons {
        fn kind(&self) -> &'static str {
            "DaemonSet"
        }
        fn fold(&self, _into: &mut Fingerprint) {}
    }

    fn group(name: &str, max: u32, cpu: &str) -> NodeGroup {
        NodeGroup {
            name: name.into(),
            min: 0,
            max,
            initial: 0,
            template: node("", cpu, "16Gi"),
            provisioning: Distribution::Constant { value: 0.0 },
            price: None,
            zones: Vec::new(),
            zero_or_max: false,
            options: NodeGroupOptions::default(),
        }
    }

    fn pending(cluster: &mut Cluster, name: &str, cpu: &str) -> PodId {
        let pod = bare_pod(cluster, name, cpu, "1Gi", Run::Forever);
        cluster.mark_unschedulable(pod, &Arc::new(FitError::default()));
        pod
    }

    fn add(cluster: &mut Cluster, name: &str, group: &str, cpu: &str) {
        cluster.add_node(NodeSpec { group: Some(group.into()), ..node(name, cpu, "16Gi") }).expect("a new name");
    }

    fn look(
        cluster: &mut Cluster,
        groups: Vec<NodeGroup>,
        settings: ClusterAutoscalerSettings,
        sets: Vec<DaemonSetPods>,
    ) -> ScaleUp {
        let mut autoscaler = ClusterAutoscaler::new(groups, vec![profile()], settings);
        autoscaler.attach(cluster, sets, &[]);
        cluster.now = SimTime::from_secs(3600);
        autoscaler.look(cluster)
    }

    fn sizes(found: &ScaleUp) -> Vec<(&str, u32, u32)> {
        found.increases.iter().map(|Increase { group, from, to, .. }| (&**group, *from, *to)).collect()
    }

    #[test]
    fn similar_groups_grow_together_from_the_smallest_on() {
        let grow = |balance: bool, more: &str| {
            let mut cluster = Cluster::default();
            add(&mut cluster, "b-0", "b", "4");
            bare_pod(&mut cluster, "full", "4", "1Gi", Run::Forever);
            let full = cluster.pods().unbound().next().expect("created above");
            let id = cluster.nodes().by_name("b-0").expect("added above");
            cluster.bind(full, id);
            for i in 0..5 {
                pending(&mut cluster, &format!("p{i}"), "3");
            }
            let settings = ClusterAutoscalerSettings {
                balance_similar_node_groups: balance,
                ..ClusterAutoscalerSettings::default()
            };
            let groups = vec![group("a", 10, "4"), group("b", 2, "4"), group("c", 10, more)];
            let found = look(&mut cluster, groups, settings, Vec::new());
            sizes(&found).into_iter().map(|(name, from, to)| format!("{name} {from}->{to}")).collect::<Vec<_>>()
        };
        assert_eq!(grow(false, "64"), ["a 0->5"]);
        assert_eq!(grow(true, "64"), ["b 1->2", "a 0->4"]);
        assert_eq!(grow(true, "4"), ["a 0->2", "c 0->2", "b 1->2"]);
    }

    #[test]
    fn the_cluster_has_limits() {
        let grow = |totals: Totals| {
            let mut cluster = Cluster::default();
            add(&mut cluster, "alone", "none", "1");
            (0..5).for_each(|i| _ = pending(&mut cluster, &format!("p{i}"), "3"));
            let settings = ClusterAutoscalerSettings { totals, ..ClusterAutoscalerSettings::default() };
            let found = look(&mut cluster, vec![group("a", 10, "4")], settings, Vec::new());
            (sizes(&found).first().map(|(_, _, to)| *to), found.skipped.first().map(|(_, reason)| reason.clone()))
        };
        assert_eq!(grow(Totals::default()), (Some(5), None));
        assert_eq!(grow(Totals { cores: (0, 10), ..Totals::default() }), (Some(2), None));
        assert_eq!(grow(Totals { memory_gib: (0, 64), ..Totals::default() }), (Some(3), None));
        let exceeded = "exceeded quota: \"cluster-wide\", resources: cpu".to_owned();
        assert_eq!(grow(Totals { cores: (0, 4), ..Totals::default() }), (None, Some(exceeded)));
    }

    /// Two pods of 2 CPUs fit on a node of 4 unless something of a DaemonSet is there.
    #[test]
    fn new_nodes_have_pods_of_daemon_sets() {
        let packing = |there: bool, runs: bool, force: bool| {
            let mut cluster = Cluster::default();
            let object = cluster.create_object("default", "log", None, Box::new(Daemons)).expect("a new name");
            if there {
                add(&mut cluster, "a-0", "a", "4");
                let class = cluster.intern(spec("4", "1Gi"));
                let owner = cluster.create_object(
                    "default",
                    "web",
                    None,
                    Box::new(Replicas { wanted: 1, spec: spec("1", "1Gi"), made: 1 }),
                );
                let class = if runs { cluster.intern(spec("1", "1Gi")) } else { class };
                let owner = if runs { object } else { owner.expect("a new name") };
                let pod =
                    cluster.create_pod(NewPod { owner: Some(owner), ..NewPod::new("x", class) }).expect("admitted");
                let node = cluster.nodes().by_name("a-0").expect("added above");
                cluster.bind(pod, node);
                let rest = bare_pod(&mut cluster, "rest", if runs { "3" } else { "0" }, "1Gi", Run::Forever);
                cluster.bind(rest, node);
            }
            (0..2).for_each(|i| _ = pending(&mut cluster, &format!("p{i}"), "2"));
            let settings =
                ClusterAutoscalerSettings { force_daemon_sets: force, ..ClusterAutoscalerSettings::default() };
            let sets = vec![DaemonSetPods { object, spec: spec("1", "1Gi") }];
            let found = look(&mut cluster, vec![group("a", 10, "4")], settings, sets);
            found.options[0].packing.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert_eq!(packing(false, false, false), [1, 1], "as the DaemonSet says");
        assert_eq!(packing(true, true, false), [1, 1], "as on a node that is there");
        assert_eq!(packing(true, false, false), [2]);
        assert_eq!(packing(true, false, true), [1, 1]);
    }

    #[test]
    fn who_takes_room_on_nodes_that_are_there() {
        let left_over = |prepare: &dyn Fn(&mut Cluster)| {
            let mut cluster = Cluster::default();
            add(&mut cluster, "n", "none", "4");
            prepare(&mut cluster);
            pending(&mut cluster, "p", "2");
            look(&mut cluster, vec![group("a", 10, "4")], ClusterAutoscalerSettings::default(), Vec::new()).pods.len()
        };
        assert_eq!(left_over(&|_| {}), 0);
        // A pending pod of a DaemonSet is not helped, and is expected on the node all the same.
        let daemon = |cluster: &mut Cluster| {
            let object = cluster.create_object("default", "log", None, Box::new(Daemons)).expect("a new name");
            let class = cluster.intern(spec("3", "1Gi"));
            let pod = cluster.create_pod(NewPod { owner: Some(object), ..NewPod::new("d", class) }).expect("admitted");
            cluster.mark_unschedulable(pod, &Arc::new(FitError::default()));
        };
        assert_eq!(left_over(&daemon), 1);
        let nominated = |cluster: &mut Cluster| {
            let class = cluster.intern(spec("3", "1Gi"));
            let status = GivenStatus { nominated_node: Some("n".into()), ..GivenStatus::default() };
            let new = NewPod { status: Some(Box::new(status)), ..NewPod::new("x", class) };
            let pod = cluster.create_pod(new).expect("admitted");
            cluster.mark_unschedulable(pod, &Arc::new(FitError::default()));
        };
        assert_eq!(left_over(&nominated), 1);
        let bound = |priority: i32| {
            move |cluster: &mut Cluster| {
                let class = cluster.intern(crate::model::pod::PodSpec { priority: Some(priority), ..spec("4", "1Gi") });
                let pod = cluster.create_pod(NewPod::new("x", class)).expect("admitted");
                let node = cluster.nodes().by_name("n").expect("added above");
                cluster.bind(pod, node);
            }
        };
        assert_eq!(left_over(&bound(0)), 1);
        assert_eq!(left_over(&bound(-11)), 0, "pods of so low a priority are as if they were not there");
    }
}
