//! Whole runs of the cluster autoscaler in small clusters.

use super::{ClusterAutoscaler, ClusterAutoscalerSettings};
use crate::autoscaling::node_group::{NodeGroup, NodeGroupOptions};
use crate::autoscaling::testing::{Diary, Replicas, Script, bare_pod, node, profile, replicas, simulation, spec};
use crate::cluster::{Cause, Cluster};
use crate::disruption::{IntOrPercent, PodDisruptionBudget};
use crate::engine::{Outcome, Until};
use crate::model::labels::LabelSelector;
use crate::model::pod::Run;
use crate::random::Distribution;
use crate::time::{SimTime, Span};

fn group(name: &str, min: u32, max: u32, cpu: &str, delay: f64) -> NodeGroup {
    NodeGroup {
        name: name.into(),
        min,
        max,
        initial: min,
        template: node("", cpu, "16Gi"),
        provisioning: Distribution::Constant { value: delay },
        price: None,
        zones: Vec::new(),
        zero_or_max: false,
        options: NodeGroupOptions::default(),
    }
}

type Step = Box<dyn Fn(&mut Cluster)>;

fn run(groups: Vec<NodeGroup>, until: Until, steps: Vec<(i64, Step)>) -> (Diary, Outcome, Cluster) {
    run_with(ClusterAutoscalerSettings::default(), groups, until, steps)
}

fn run_with(
    settings: ClusterAutoscalerSettings,
    groups: Vec<NodeGroup>,
    until: Until,
    steps: Vec<(i64, Step)>,
) -> (Diary, Outcome, Cluster) {
    let mut simulation = simulation();
    simulation.add_controller(Box::new(Script::new(steps)));
    simulation.add_controller(Box::new(ClusterAutoscaler::new(groups, vec![profile()], settings)));
    let mut diary = Diary::default();
    let outcome = simulation.run(until, &mut [&mut diary]).expect("the run ends");
    (diary, outcome, std::mem::take(&mut simulation.cluster))
}

fn pods(count: usize, cpu: &'static str, run: Run) -> Step {
    Box::new(move |cluster| {
        for i in 1..=count {
            bare_pod(cluster, &format!("p{i}"), cpu, "1Gi", run);
        }
    })
}

fn seconds(n: i64) -> Run {
    Run::Succeeds(Span::from_secs(n))
}

#[test]
fn a_group_grows_once_for_all_its_pods_and_shrinks_to_its_minimum() {
    let (diary, outcome, cluster) =
        run(vec![group("ng", 1, 10, "4", 90.0)], Until::Idle, vec![(5, pods(5, "2", seconds(600)))]);
    // Two pods fit on the first node, the other three need two more; seen by the first scan that finds them 2 s old.
    assert_eq!(
        diary.about("ScaledUpGroup"),
        ["10 ScaledUpGroup cluster-autoscaler-status: Scale-up: group ng size set to 3 instead of 1 (max: 10)"],
        "{:#?}",
        diary.0
    );
    assert_eq!(diary.about("TriggeredScaleUp").len(), 3, "{:#?}", diary.0);
    assert!(diary.about("TriggeredScaleUp")[0].ends_with("pod triggered scale-up: [{ng 1->3 (max: 10)}]"));
    assert_eq!(diary.about(" +ng-"), ["0 +ng-1", "100 +ng-2", "100 +ng-3"]);
    // The pods on the new nodes end at 700 s; ng-1 is empty from 605 s but then still the group's lot is three, so it goes
    // first: unneeded from 610 s, removed by the first scan that is more than ten minutes later, five seconds after its
    // taint.
    assert_eq!(diary.about(" -ng-").len(), 2, "{:#?}", diary.0);
    assert!(diary.about(" -ng-")[0].starts_with("1225 -ng-1"), "{:#?}", diary.0);
    assert_eq!(cluster.nodes().len(), 1);
    assert!(outcome.end < SimTime::from_secs(1400), "{}", outcome.end);
}

#[test]
fn the_maximum_holds_and_pods_are_told_once() {
    let (diary, _, cluster) = run(
        vec![group("ng", 0, 2, "4", 60.0)],
        Until::Time(SimTime::from_secs(300)),
        vec![(0, pods(3, "4", Run::Forever))],
    );
    assert_eq!(cluster.nodes().len(), 2);
    assert_eq!(
        diary.about("NotTriggerScaleUp"),
        ["20 NotTriggerScaleUp p3: pod didn't trigger scale-up: 1 max node group size reached"]
    );
}

#[test]
fn a_pod_that_no_group_can_help_keeps_no_run_alive() {
    let (diary, outcome, cluster) =
        run(vec![group("ng", 0, 5, "4", 60.0)], Until::Idle, vec![(3, pods(1, "64", Run::Forever))]);
    assert_eq!(
        diary.about("NotTriggerScaleUp"),
        ["10 NotTriggerScaleUp p1: pod didn't trigger scale-up: 1 Insufficient cpu"]
    );
    assert!(cluster.nodes().is_empty());
    assert!(outcome.end <= SimTime::from_secs(20), "{}", outcome.end);
}

#[test]
fn nodes_that_never_come_back_off_longer_and_longer_and_the_run_still_ends() {
    let (diary, outcome, cluster) =
        run(vec![group("ng", 0, 5, "4", 1e6)], Until::Idle, vec![(0, pods(1, "1", Run::Forever))]);
    let times: Vec<&str> =
        diary.about("ScaledUpGroup").iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    // 15 min of waiting each, then 5, 10, 20, 30, 30 … min of backoff.
    assert_eq!(&times[..5], ["10", "1230", "2750", "4870", "7590"], "{times:?}");
    assert_eq!(times.len(), 16);
    assert!(cluster.nodes().is_empty());
    assert!(outcome.end < SimTime::from_secs(60 * 60 * 24));
}

#[test]
fn least_waste_takes_the_small_group() {
    let groups = || vec![group("big", 0, 10, "16", 10.0), group("small", 0, 10, "2", 10.0)];
    let (diary, ..) = run(groups(), Until::Time(SimTime::from_secs(60)), vec![(0, pods(1, "1900m", Run::Forever))]);
    assert_eq!(diary.about(" +"), ["20 +small-1"], "{:#?}", diary.0);
}

#[test]
fn pods_of_an_owner_move_and_bare_pods_stay() {
    let two = |cluster: &mut Cluster| {
        replicas(cluster, "web", 2, "3", "1Gi");
    };
    let smaller = |cluster: &mut Cluster| {
        let id = cluster.objects().by_name("ReplicaSet", "default", "web").expect("it exists");
        cluster.update_object(id, |set: &mut Replicas| set.spec = spec("1", "1Gi"));
        let pods: Vec<_> = cluster.pods().iter().map(|(id, _)| id).collect();
        for pod in pods {
            cluster.delete_pod(pod, Cause::Deleted);
        }
    };
    // Two nodes for two pods of 3 cores; then they shrink to 1 core each, one per node, and one node can go.
    let (diary, _, cluster) =
        run(vec![group("ng", 1, 5, "4", 30.0)], Until::Idle, vec![(0, Box::new(two)), (100, Box::new(smaller))]);
    assert_eq!(cluster.nodes().len(), 1, "{:#?}", diary.0);
    assert_eq!(cluster.totals().running, 2);

    let stay = |cluster: &mut Cluster| {
        bare_pod(cluster, "stay", "1", "1Gi", Run::Forever);
    };
    // The same with bare pods: nobody would create them anew.
    let (diary, _, cluster) = run(
        vec![group("ng", 1, 5, "4", 30.0)],
        Until::Idle,
        vec![(0, pods(2, "3", seconds(100))), (60, Box::new(stay))],
    );
    assert_eq!(cluster.nodes().len(), 1, "{:#?}", diary.0);
    assert_eq!(cluster.totals().running, 1);
    assert_eq!(cluster.counters().evicted, 0);
}

#[test]
fn the_same_run_twice_is_the_same() {
    let groups = || {
        let delay = Distribution::LogNormal { median: 60.0, sigma: 0.5 };
        vec![NodeGroup { provisioning: delay, ..group("ng", 0, 20, "4", 0.0) }]
    };
    let once = || run(groups(), Until::Idle, vec![(1, pods(20, "1500m", seconds(300)))]);
    let (first, second) = (once(), once());
    assert_eq!(first.1, second.1);
    assert_eq!(first.0.0, second.0.0);
}

fn budget(allowed: u32) -> Step {
    Box::new(move |cluster: &mut Cluster| {
        let budget = PodDisruptionBudget::max_unavailable(LabelSelector::default(), IntOrPercent::Int(allowed));
        cluster.create_object("default", "budget", None, Box::new(budget)).expect("a new name");
    })
}

/// Two nodes, each with a pod of 1 core and so much memory that an owner made, and one of them free to go.
fn two_hardly_used_nodes(memory: &'static str, then: Vec<(i64, Step)>) -> (Diary, Cluster) {
    let fill: Step = Box::new(move |cluster| {
        replicas(cluster, "a", 1, "1", memory);
    });
    // What fills the nodes for a while sends the two pods to different ones.
    let rest: Step = Box::new(move |cluster| {
        bare_pod(cluster, "filler-1", "3", "1Gi", seconds(100));
        bare_pod(cluster, "filler-2", "3", "1Gi", seconds(100));
        replicas(cluster, "b", 1, "1", memory);
    });
    let group = NodeGroup { initial: 2, ..group("ng", 1, 5, "4", 30.0) };
    let steps = [(0, fill), (1, rest)].into_iter().chain(then).collect();
    let (diary, _, cluster) = run(vec![group], Until::Time(SimTime::from_secs(1500)), steps);
    assert_eq!(cluster.totals().running, 2, "{:#?}", diary.0);
    (diary, cluster)
}

#[test]
fn a_node_is_emptied_when_its_pods_fit_elsewhere() {
    let (diary, cluster) = two_hardly_used_nodes("6Gi", vec![]);
    assert_eq!(cluster.counters().evicted, 1);
    assert_eq!(diary.about(" -ng"), ["730 -ng-1"], "{:#?}", diary.0);
    assert_eq!(
        diary.about("0 ScaleDown "),
        [
            "720 ScaleDown cluster-autoscaler-status: Scale-down: removing node ng-1, utilization: 0.375000, pods to \
             reschedule: a-1",
            "720 ScaleDown ng-1: marked the node as toBeDeleted/unschedulable",
        ]
    );
}

#[test]
fn a_node_stays_that_is_used_or_whose_pods_are_protected() {
    let (_, used) = two_hardly_used_nodes("9Gi", vec![]);
    assert_eq!(used.nodes().len(), 2, "9 of 16 GiB is above the threshold");
    let (diary, guarded) = two_hardly_used_nodes("6Gi", vec![(50, budget(0))]);
    assert_eq!((guarded.nodes().len(), guarded.counters().evicted), (2, 0), "{:#?}", diary.0);
    let (_, allowed) = two_hardly_used_nodes("6Gi", vec![(50, budget(1))]);
    assert_eq!((allowed.nodes().len(), allowed.counters().evicted), (1, 1));
}

#[test]
fn unneeded_time_begins_anew_when_the_node_was_used_between() {
    let empty = NodeGroup { initial: 1, ..group("ng", 0, 5, "4", 30.0) };
    let until = Until::Time(SimTime::from_secs(2000));
    let (diary, ..) = run(vec![empty.clone()], until, vec![]);
    assert_eq!(diary.about(" -ng"), ["615 -ng-1"], "unneeded from the first scan on");
    let (diary, ..) = run(vec![empty], until, vec![(595, pods(1, "3", seconds(100)))]);
    assert_eq!(diary.about(" -ng"), ["1315 -ng-1"], "unneeded again from 700 s on: {:#?}", diary.0);
}

/// The recorded run up-then-down: a node whose pod could not move is looked at again only five minutes later, although it
/// is empty by then.
#[test]
fn up_then_down_as_recorded() {
    let up: Step = Box::new(|cluster| {
        replicas(cluster, "web", 3, "1500m", "1Gi");
    });
    let down: Step = Box::new(|cluster| {
        let web = cluster.objects().by_name("ReplicaSet", "default", "web").expect("it exists");
        cluster.scale(web, 0);
    });
    let (diary, outcome, cluster) = run(vec![group("a", 0, 10, "4", 60.0)], Until::Idle, vec![(5, up), (300, down)]);
    assert_eq!(diary.about(" -a-"), ["915 -a-1", "985 -a-2"], "{:#?}", diary.0);
    assert!(cluster.nodes().is_empty(), "{:#?}", diary.0);
    assert!(outcome.end <= SimTime::from_secs(1000), "{}", outcome.end);
}

#[test]
fn the_delay_after_a_deletion_counts_from_its_beginning() {
    let settings = ClusterAutoscalerSettings {
        max_scale_down_parallelism: 1,
        scale_down_delay_after_delete: Span::from_secs(180),
        ..ClusterAutoscalerSettings::default()
    };
    let empty = NodeGroup { initial: 3, ..group("ng", 0, 5, "4", 30.0) };
    let (diary, ..) = run_with(settings, vec![empty], Until::Idle, vec![]);
    assert_eq!(diary.about(" -ng"), ["615 -ng-1", "795 -ng-2", "975 -ng-3"], "{:#?}", diary.0);
}

/// As in the recorded run rand-0020, where a node goes in the loop that asks for others.
#[test]
fn a_loop_that_asks_for_nodes_removes_others_unless_there_is_a_delay() {
    let groups = || vec![NodeGroup { initial: 1, ..group("small", 0, 5, "4", 30.0) }, group("big", 0, 5, "16", 30.0)];
    let pod = || vec![(605, pods(1, "8", Run::Forever))];
    let until = Until::Time(SimTime::from_secs(2000));
    let none =
        ClusterAutoscalerSettings { scale_down_delay_after_add: Span::ZERO, ..ClusterAutoscalerSettings::default() };
    let (diary, ..) = run_with(none, groups(), until, pod());
    let (grew, went) = (diary.about("ScaledUpGroup"), diary.about(" -small"));
    assert!(grew.len() == 1 && grew[0].starts_with("610 "), "{grew:?}");
    assert_eq!(went, ["615 -small-1"]);
    let (diary, ..) = run(groups(), until, pod());
    assert_eq!(diary.about(" -small"), ["1215 -small-1"], "ten minutes after the nodes were asked for");
}

#[test]
fn a_drain_that_fails_delays_no_other_node() {
    let fill: Step = Box::new(|cluster| {
        replicas(cluster, "a", 1, "1", "6Gi");
    });
    let rest: Step = Box::new(|cluster| {
        bare_pod(cluster, "filler-1", "3", "1Gi", seconds(100));
        bare_pod(cluster, "filler-2", "3", "1Gi", seconds(300));
        replicas(cluster, "b", 1, "1", "6Gi");
        bare_pod(cluster, "filler-3", "3", "1Gi", seconds(100));
    });
    let three = NodeGroup { initial: 3, ..group("ng", 1, 5, "4", 30.0) };
    // The budget comes between the taint of the node that is to be drained, and the evictions.
    let steps = vec![(0, fill), (1, rest), (722, budget(0))];
    let (diary, _, cluster) = run(vec![three], Until::Time(SimTime::from_secs(1500)), steps);
    assert_eq!(diary.about("ScaleDownFailed").len(), 1, "{:#?}", diary.0);
    assert_eq!((diary.about(" -ng"), cluster.counters().evicted), (vec!["925 -ng-3"], 0), "{:#?}", diary.0);
}

/// Three nodes of 4 cores that nobody needs; which of them go first, and when.
fn three_idle_nodes(settings: ClusterAutoscalerSettings, options: NodeGroupOptions, zero_or_max: bool) -> Vec<String> {
    let max = if zero_or_max { 3 } else { 5 };
    let idle = NodeGroup { initial: 3, options, zero_or_max, ..group("ng", 0, max, "4", 30.0) };
    let (diary, ..) = run_with(settings, vec![idle], Until::Time(SimTime::from_secs(2000)), vec![]);
    diary.about(" -ng").into_iter().map(str::to_owned).collect()
}

#[test]
fn groups_and_the_cluster_have_limits_of_their_own() {
    let plain = ClusterAutoscalerSettings::default;
    assert_eq!(three_idle_nodes(plain(), NodeGroupOptions::default(), false), ["615 -ng-1", "615 -ng-2", "615 -ng-3"]);
    let sooner =
        NodeGroupOptions { scale_down_unneeded_time: Some(Span::from_secs(60)), ..NodeGroupOptions::default() };
    assert_eq!(three_idle_nodes(plain(), sooner, false), ["75 -ng-1", "75 -ng-2", "75 -ng-3"]);
    let eight = super::Totals { cores: (8, 1000), ..super::Totals::default() };
    let at_least = ClusterAutoscalerSettings { totals: eight, ..plain() };
    assert_eq!(three_idle_nodes(at_least, NodeGroupOptions::default(), false), ["615 -ng-1"]);
}

#[test]
fn a_group_that_is_whole_or_nothing_goes_at_once() {
    let two = ClusterAutoscalerSettings { max_scale_down_parallelism: 2, ..ClusterAutoscalerSettings::default() };
    let some = three_idle_nodes(two.clone(), NodeGroupOptions::default(), false);
    assert_eq!(some, ["615 -ng-1", "615 -ng-2", "625 -ng-3"]);
    let all = three_idle_nodes(two, NodeGroupOptions::default(), true);
    assert_eq!(all, ["615 -ng-1", "615 -ng-2", "615 -ng-3"], "one group may exceed what may go at a time");
}

#[test]
fn nodes_that_are_not_ready_go_after_twenty_minutes() {
    let fail: Step = Box::new(|cluster| {
        let node = cluster.nodes().by_name("ng-1").expect("it is there");
        cluster.set_node_ready(node, false);
    });
    let empty = NodeGroup { initial: 1, ..group("ng", 0, 5, "4", 30.0) };
    let (diary, ..) = run(vec![empty], Until::Time(SimTime::from_secs(3000)), vec![(1, fail)]);
    assert_eq!(diary.about(" -ng"), ["1215 -ng-1"], "{:#?}", diary.0);
}

#[test]
fn nodes_are_named_numbered_and_spread_over_zones() {
    let zones = vec!["a".to_owned(), "b".to_owned()];
    let spread = NodeGroup { initial: 3, zones, ..group("ng", 3, 5, "4", 30.0) };
    let (_, _, cluster) = run(vec![spread], Until::Idle, vec![]);
    let nodes: Vec<(&str, &str)> = cluster.nodes().iter_by_name().map(|node| (node.name(), node.zone())).collect();
    assert_eq!(nodes, [("ng-1", "a"), ("ng-2", "b"), ("ng-3", "a")]);
    assert!(cluster.nodes().iter().all(|node| node.spec.labels["kubernetes.io/hostname"] == node.name()));
}

#[test]
fn impossible_groups_are_refused() {
    let message = |group: NodeGroup| group.validate().expect_err("refused").to_string();
    assert_eq!(message(group("ng", 3, 2, "4", 1.0)), "node group \"ng\": min is 3: expected at most max, which is 2");
    assert_eq!(
        message(group("ng", 0, 2, "4", -1.0)),
        "node group \"ng\": provisioning: value is -1: expected a number of at least 0"
    );
    let priced = NodeGroup { price: Some(f64::NAN), ..group("ng", 0, 2, "4", 1.0) };
    assert_eq!(message(priced), "node group \"ng\": price is NaN: expected a number of at least 0");
}
