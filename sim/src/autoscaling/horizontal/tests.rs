//! Whole runs of the controller.

use super::{Behavior, HorizontalController, HorizontalPodAutoscaler, HorizontalSettings, LoadCurve, LoadPoint};
use super::{MetricTarget, ScaleTarget};
use crate::autoscaling::testing::{Diary, Script, node, replicas, simulation};
use crate::cluster::Cluster;
use crate::engine::Until;
use crate::time::{SimTime, Span};

/// One replica of one core at the start, a target of 50 %.
fn run(load: &[(i64, i64)], end: i64, settings: HorizontalSettings, shape: fn(&mut HorizontalPodAutoscaler)) -> Diary {
    let points = load.iter().map(|&(at, milli)| LoadPoint { at: Span::from_secs(at), milli }).collect();
    let load = LoadCurve::Steps { points, period: None };
    let step = move |cluster: &mut Cluster| {
        cluster.add_node(node("n", "100", "100Gi")).expect("a new name");
        replicas(cluster, "web", 1, "1", "1Gi");
        let target = ScaleTarget { kind: "ReplicaSet".into(), name: "web".into() };
        let mut hpa = HorizontalPodAutoscaler::new(target, 10);
        hpa.metrics[0].target = MetricTarget::Utilization(50);
        hpa.load = Some(load.clone());
        shape(&mut hpa);
        cluster.create_object("default", "web", None, Box::new(hpa)).expect("a new name");
    };
    let mut simulation = simulation();
    simulation.add_controller(Box::new(Script::new(vec![(0, Box::new(step))])));
    simulation.add_controller(Box::new(HorizontalController::new(settings)));
    let mut diary = Diary::default();
    simulation.run(Until::Time(SimTime::from_secs(end)), &mut [&mut diary]).expect("the run ends");
    diary
}

/// Metrics without delay, so that the arithmetic alone decides.
fn prompt() -> HorizontalSettings {
    HorizontalSettings {
        metric_resolution: Span::ZERO,
        metric_delay: Span::ZERO,
        cpu_initialization_period: Span::ZERO,
        ..HorizontalSettings::default()
    }
}

#[test]
fn it_follows_the_load_up_at_once_and_down_after_the_window() {
    let diary = run(&[(0, 500), (100, 3000), (200, 1000)], 700, prompt(), |_| {});
    assert_eq!(
        diary.about("SuccessfulRescale"),
        [
            // The load asks for 6; from 1 replica no more than 4 in one step.
            "105 SuccessfulRescale object: New size: 4; reason: cpu resource utilization (percentage of request) above \
             target",
            "120 SuccessfulRescale object: New size: 6; reason: cpu resource utilization (percentage of request) above \
             target",
            // 6 was asked for the last time at 195 s; a recommendation that is 300 s old still counts.
            "510 SuccessfulRescale object: New size: 2; reason: All metrics below target",
        ],
        "{:#?}",
        diary.0
    );
}

#[test]
fn a_behavior_limits_the_rate() {
    let diary = run(&[(0, 2000)], 120, prompt(), |hpa| {
        let mut behavior = Behavior::default();
        behavior.scale_up.policies.truncate(1);
        behavior.scale_up.policies[0].amount = super::PolicyAmount::Pods(1);
        behavior.scale_up.policies[0].period = Span::from_secs(30);
        hpa.behavior = Some(behavior);
    });
    let times: Vec<&str> = diary.about("New size").iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(times, ["15", "45", "75"], "{:#?}", diary.0);
}

#[test]
fn measurements_come_late() {
    let diary = run(&[(0, 500), (301, 1000)], 700, HorizontalSettings::default(), |_| {});
    // Measured at 315 s, known at 330 s.
    let sizes = diary.about("New size");
    assert!(sizes[0].starts_with("330 "), "{sizes:#?}");
}

#[test]
fn what_cannot_be_scaled_or_measured_is_told_once() {
    let lost = run(&[(0, 1)], 300, prompt(), |hpa| hpa.target.name = "nobody".into());
    assert_eq!(lost.about("FailedGetScale").len(), 1, "{:#?}", lost.0);
    let early = run(&[(0, 500)], 100, HorizontalSettings { metric_delay: Span::from_secs(1000), ..prompt() }, |_| {});
    assert_eq!(
        early.about("15 Failed"),
        [
            "15 FailedGetResourceMetric object: failed to get cpu utilization: unable to get metrics for resource cpu: \
             no metrics returned from resource metrics API",
            "15 FailedComputeMetricsReplicas object: invalid metrics (1 invalid out of 1), first error is: failed to get \
             cpu resource metric value: failed to get cpu utilization: unable to get metrics for resource cpu: no \
             metrics returned from resource metrics API",
        ]
    );
    assert_eq!(early.about("Failed").len(), 2);
}

#[test]
fn bounds_hold_without_metrics() {
    let above = run(&[(0, 500)], 20, prompt(), |hpa| hpa.min_replicas = 3);
    assert_eq!(
        above.about("New size"),
        ["15 SuccessfulRescale object: New size: 3; reason: Current number of replicas below Spec.MinReplicas"]
    );
}
