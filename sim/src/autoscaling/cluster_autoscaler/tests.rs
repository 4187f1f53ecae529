//! Whole runs of the cluster autoscaler in small clusters.

use super::{ClusterAutoscaler, ClusterAutoscalerSettings};
use crate::autoscaling::node_group::NodeGroup;
use crate::autoscaling::testing::{Diary, Script, bare_pod, node, profile, replicas, simulation};
use crate::cluster::Cluster;
use crate::engine::{Outcome, Until};
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
    }
}

type Step = Box<dyn Fn(&mut Cluster)>;

fn run(groups: Vec<NodeGroup>, until: Until, steps: Vec<(i64, Step)>) -> (Diary, Outcome, Cluster) {
    let mut simulation = simulation();
    simulation.add_controller(Box::new(Script::new(steps)));
    let settings = ClusterAutoscalerSettings::default();
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
    // first: unneeded from 610 s, removed ten minutes later and five seconds after its taint.
    assert_eq!(diary.about(" -ng-").len(), 2, "{:#?}", diary.0);
    assert!(diary.about(" -ng-")[0].starts_with("1215 -ng-1"), "{:#?}", diary.0);
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
    assert_eq!(&times[..5], ["10", "1220", "2730", "4840", "7550"], "{times:?}");
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
        cluster.update_object(id, |set: &mut crate::autoscaling::testing::Replicas| {
            set.spec = crate::autoscaling::testing::spec("1", "1Gi");
        });
        let pods: Vec<_> = cluster.pods().iter().map(|(id, _)| id).collect();
        for pod in pods {
            cluster.delete_pod(pod, crate::cluster::Cause::Deleted);
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
