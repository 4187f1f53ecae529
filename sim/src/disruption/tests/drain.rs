//! Drains and the eviction API.

use super::{Scaled, Tank, check};
use crate::disruption::eviction::judge;
use crate::disruption::{
    AfterDrain, Drain, IntOrPercent, NodeSelection, PodDisruptionBudget, UnhealthyPodEvictionPolicy,
};
use crate::engine::Until;
use crate::model::labels::LabelSelector;
use crate::time::{SimTime, Span};

fn drain(names: &[&str]) -> Drain {
    Drain::new(SimTime::from_secs(10), NodeSelection::names(names.iter().copied()))
}

fn all_but(unavailable: u32) -> PodDisruptionBudget {
    PodDisruptionBudget::max_unavailable(LabelSelector::default(), IntOrPercent::Int(unavailable))
}

#[test]
fn nodes_are_cordoned_together_and_emptied_one_after_another() {
    let mut tank = Tank::new();
    for name in ["n1", "n2"] {
        tank.node(name, "a");
    }
    let set = tank.object("agents", None, Box::new(Scaled("DaemonSet", None)));
    tank.pod("agent", "n1", Some(set), Vec::new());
    tank.pod("a", "n1", None, Vec::new());
    tank.pod("b", "n2", None, Vec::new());
    tank.drains(vec![Drain { then: AfterDrain::Uncordon(Span::from_secs(60)), ..drain(&["n1", "n2"]) }]);
    check(
        &tank.run(Until::Idle),
        &[
            "10 NodeNotSchedulable n1",
            "10 NodeNotSchedulable n2",
            "10 Evicted: Evicted through the eviction API",
            "10 deleting a evicted",
            "10 gone a",
            "10 NodeDrained n1",
            "10 Evicted: Evicted through the eviction API",
            "10 deleting b evicted",
            "10 gone b",
            "10 NodeDrained n2",
            "70 NodeSchedulable n1",
            "70 NodeSchedulable n2",
        ],
    );
}

#[test]
fn a_budget_lets_one_pod_go_and_holds_up_the_rest_until_the_timeout() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    let owner = tank.object("web", None, Box::new(Scaled("ReplicaSet", Some(3))));
    for name in ["a", "b", "c"] {
        tank.pod(name, "n1", Some(owner), Vec::new());
    }
    tank.object("budget", None, Box::new(all_but(1)));
    tank.drains(vec![Drain { timeout: Some(Span::from_secs(12)), ..drain(&["n1"]) }]);
    let lines = tank.run(Until::Idle);
    let evicted: Vec<&String> = lines.iter().filter(|line| line.ends_with("evicted")).collect();
    assert_eq!(evicted, ["10 deleting a evicted"]);
    assert_eq!(lines.last().unwrap(), "22 FailedDrain n1");
}

/// A drain that can never end keeps no run going for ever.
#[test]
fn a_hopeless_drain_lets_the_run_end() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    let owner = tank.object("web", None, Box::new(Scaled("ReplicaSet", Some(1))));
    tank.pod("a", "n1", Some(owner), Vec::new());
    tank.object("budget", None, Box::new(all_but(0)));
    tank.drains(vec![drain(&["n1"])]);
    tank.run(Until::Idle);
    assert_eq!(tank.cluster().now, SimTime::from_secs(10 + 3600));
}

#[test]
fn two_budgets_for_one_pod_are_an_error() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    tank.pod("a", "n1", None, Vec::new());
    tank.object("one", None, Box::new(all_but(1)));
    tank.object("two", None, Box::new(all_but(1)));
    tank.drains(vec![drain(&["n1"])]);
    let lines = tank.run(Until::Idle);
    assert!(lines.contains(&"10 FailedDrain n1".to_owned()), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("deleting")), "{lines:?}");
}

#[test]
fn a_drained_node_can_leave() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    tank.node("n2", "a");
    tank.pod("a", "n1", None, Vec::new());
    tank.drains(vec![Drain { then: AfterDrain::Delete(Span::from_secs(5)), ..drain(&["n1"]) }]);
    let lines = tank.run(Until::Idle);
    assert_eq!(lines.last().unwrap(), "15 gone n1");
    assert_eq!(tank.cluster().nodes().len(), 1);
}

/// Whether a pod that is not ready may be evicted, beside as many ready ones as are given.
#[test]
fn pods_that_are_not_ready() {
    use UnhealthyPodEvictionPolicy::{AlwaysAllow, IfHealthyBudget};
    let check = |policy, ready: usize, least: u32, expected: Result<(), u16>| {
        let mut tank = Tank::new();
        tank.node("n1", "a");
        tank.node("n2", "a");
        let sick = tank.pod("sick", "n1", None, Vec::new());
        for number in 0..ready {
            tank.pod(&number.to_string(), "n2", None, Vec::new());
        }
        let budget = PodDisruptionBudget::min_available(LabelSelector::default(), IntOrPercent::Int(least));
        let budget = PodDisruptionBudget { unhealthy_pod_eviction_policy: policy, ..budget };
        tank.object("budget", None, Box::new(budget));
        tank.run_to(1);
        tank.cluster().set_ready(sick, false);
        let verdict = judge(&tank.0.cluster, tank.0.cluster.pod(sick).unwrap()).map_err(|refusal| refusal.code);
        assert_eq!(verdict, expected, "{policy:?}, {ready} ready, at least {least}");
    };
    check(IfHealthyBudget, 2, 2, Ok(()));
    check(IfHealthyBudget, 1, 2, Err(429));
    check(AlwaysAllow, 1, 2, Ok(()));
    check(AlwaysAllow, 0, 2, Ok(()));
    check(IfHealthyBudget, 3, 2, Ok(()));
    check(IfHealthyBudget, 0, 0, Err(429));
}

#[test]
fn the_refusal_is_the_servers() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    let pod = tank.pod("a", "n1", None, Vec::new());
    let budget = PodDisruptionBudget::min_available(LabelSelector::default(), IntOrPercent::Int(3));
    tank.object("web", None, Box::new(budget));
    tank.run_to(1);
    let refusal = judge(&tank.0.cluster, tank.0.cluster.pod(pod).unwrap()).unwrap_err();
    assert_eq!((refusal.code, refusal.reason, &*refusal.object), (429, "TooManyRequests", "web"));
    assert_eq!(
        refusal.message,
        "Cannot evict pod as it would violate the pod's disruption budget. The disruption budget web needs 3 healthy \
         pods and has 1 currently"
    );
}
