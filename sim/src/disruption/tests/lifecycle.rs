//! What a silent machine leads to, against the recordings in `conformance/controllers/node-*.yaml`.

use super::{Tank, check};
use crate::disruption::{ListedFailure, NodeSelection};
use crate::engine::Until;
use crate::model::taint::{Toleration, TolerationOperator};
use crate::time::{SimTime, Span};

fn failure(at: i64, names: &[&str], seconds: Option<i64>) -> ListedFailure {
    ListedFailure {
        at: SimTime::from_secs(at),
        nodes: NodeSelection::names(names.iter().copied()),
        duration: seconds.map(Span::from_secs),
    }
}

fn stays(seconds: Option<i64>) -> Vec<Toleration> {
    vec![Toleration {
        key: "node.kubernetes.io/unreachable".into(),
        operator: TolerationOperator::Exists,
        seconds: seconds.map(Span::from_secs),
        ..Toleration::default()
    }]
}

/// `node-silent-tolerations` and `node-silent-one-of-four`: grace, taints, and each pod when its time is up; they stay
/// terminating.
#[test]
fn a_lost_node_from_silence_to_eviction() {
    let mut tank = Tank::new();
    for name in ["n1", "n2", "n3", "n4", "n5"] {
        tank.node(name, "a");
    }
    tank.pod("forever", "n1", None, stays(None));
    tank.pod("t10", "n1", None, stays(Some(10)));
    tank.pod("t0", "n1", None, stays(Some(0)));
    let default = tank.pod("default", "n1", None, Vec::new());
    tank.failures(vec![failure(33, &["n1"], None)], Vec::new());
    let lines = tank.run(Until::Idle);
    check(
        &lines,
        &[
            "33 MachineFailed n1",
            "90 NodeNotReady n1",
            "90 taints n1 [NoSchedule]",
            "90.1 taints n1 [NoSchedule NoExecute]",
            "90.1 TaintManagerEviction: Marking for deletion Pod default/t0",
            "90.1 deleting t0 taint-evicted",
            "100.1 TaintManagerEviction: Marking for deletion Pod default/t10",
            "100.1 deleting t10 taint-evicted",
            "390.1 TaintManagerEviction: Marking for deletion Pod default/default",
            "390.1 deleting default taint-evicted",
        ],
    );
    assert!(tank.cluster().pod(default).is_some_and(|pod| pod.deleting.is_some()), "nobody can stop it");
}

/// `node-silent-and-back`: the taints go, the eviction is called off.
#[test]
fn a_node_that_comes_back_in_time_keeps_its_pods() {
    let mut tank = Tank::new();
    for name in ["n1", "n2", "n3", "n4"] {
        tank.node(name, "a");
    }
    let pod = tank.pod("p", "n2", None, Vec::new());
    tank.failures(vec![failure(23, &["n2"], Some(127))], Vec::new());
    let lines = tank.run(Until::Idle);
    check(
        &lines,
        &[
            "23 MachineFailed n2",
            "80 NodeNotReady n2",
            "80 taints n2 [NoSchedule]",
            "80.1 taints n2 [NoSchedule NoExecute]",
            "150 MachineRepaired n2",
            "150 NodeReady n2",
            "150 taints n2 [NoExecute]",
            "150 taints n2 []",
            "150 TaintManagerEviction: Cancelling deletion of Pod default/p",
        ],
    );
    assert!(tank.cluster().pod(pod).is_some_and(|pod| pod.ready && pod.restarts() == 1));
}

/// Terminating pods go when the machine is back.
#[test]
fn evicted_pods_go_when_the_machine_is_back() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    tank.node("n2", "a");
    tank.pod("p", "n1", None, stays(Some(0)));
    tank.failures(vec![failure(20, &["n1"], Some(1000))], Vec::new());
    let lines = tank.run(Until::Idle);
    assert!(lines.contains(&"70.1 deleting p taint-evicted".to_owned()), "{lines:?}");
    assert!(lines.contains(&"1020 gone p".to_owned()), "{lines:?}");
}

fn taints(lines: &[String]) -> Vec<&str> {
    lines.iter().filter(|line| line.contains("NoExecute")).map(String::as_str).collect()
}

/// `node-zone-rate-limit`: one node of a zone each ten seconds.
#[test]
fn nodes_of_a_zone_are_given_up_one_by_one() {
    let mut tank = Tank::new();
    for number in 1..=9 {
        tank.node(&format!("n{number}"), "a");
    }
    tank.failures(vec![failure(20, &["n2", "n4", "n6"], None)], Vec::new());
    let lines = tank.run_to(300);
    assert_eq!(
        taints(&lines),
        [
            "70.1 taints n2 [NoSchedule NoExecute]",
            "80.1 taints n4 [NoSchedule NoExecute]",
            "90.1 taints n6 [NoSchedule NoExecute]"
        ]
    );
}

/// `node-two-zones-one-dead`: a zone that is lost as a whole goes at the normal rate while another one is heard.
#[test]
fn a_zone_outage() {
    let mut tank = Tank::new();
    for (name, zone) in [("n1", "a"), ("n2", "a"), ("n3", "b"), ("n4", "b")] {
        tank.node(name, zone);
    }
    let outage = ListedFailure { at: SimTime::from_secs(20), nodes: NodeSelection::zone("b"), duration: None };
    tank.failures(vec![outage], Vec::new());
    let lines = tank.run_to(300);
    assert_eq!(taints(&lines), ["70.1 taints n3 [NoSchedule NoExecute]", "80.1 taints n4 [NoSchedule NoExecute]"]);
}

/// `node-partial-disruption-small`: 3 of 5 nodes are more than 55 %, and 5 are few.
#[test]
fn a_partial_disruption_of_a_small_zone_evicts_nobody() {
    let mut tank = Tank::new();
    for number in 1..=5 {
        tank.node(&format!("n{number}"), "a");
    }
    tank.failures(vec![failure(20, &["n1", "n2", "n3"], None)], Vec::new());
    let lines = tank.run_to(400);
    assert_eq!(taints(&lines), Vec::<&str>::new());
    assert_eq!(lines.iter().filter(|line| line.contains("[NoSchedule]")).count(), 3);
}

/// Above 50 nodes a partial disruption slows evictions to one in a hundred seconds.
#[test]
fn a_partial_disruption_of_a_large_zone_is_slow() {
    let mut tank = Tank::new();
    let names: Vec<String> = (0..60).map(|number| format!("n{number:02}")).collect();
    for name in &names {
        tank.node(name, "a");
    }
    let lost: Vec<&str> = names[..40].iter().map(String::as_str).collect();
    tank.failures(vec![failure(20, &lost, None)], Vec::new());
    let lines = tank.run_to(300);
    let times: Vec<&str> = taints(&lines).iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(times, ["70.1", "170.1", "270.1"]);
}

/// `node-zone-full-disruption`: nobody is heard, so nobody is evicted; once one is back the others follow slowly.
#[test]
fn when_all_nodes_are_lost_nobody_is_evicted() {
    let mut tank = Tank::new();
    for name in ["n1", "n2", "n3"] {
        tank.node(name, "a");
    }
    let failures = vec![failure(20, &["n1"], Some(130)), failure(20, &["n2", "n3"], None)];
    tank.failures(failures, Vec::new());
    let lines = tank.run_to(400);
    assert_eq!(taints(&lines), ["160.1 taints n2 [NoSchedule NoExecute]", "170.1 taints n3 [NoSchedule NoExecute]"]);
}

#[test]
fn a_short_failure_is_not_noticed() {
    let mut tank = Tank::new();
    tank.node("n1", "a");
    tank.pod("p", "n1", None, Vec::new());
    tank.failures(vec![failure(20, &["n1"], Some(30))], Vec::new());
    check(&tank.run(Until::Idle), &["20 MachineFailed n1", "50 MachineRepaired n1"]);
}
