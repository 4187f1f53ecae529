//! Reserve and its way back, and Permit.

use crate::filtering::Bully;
use crate::lab::{Diary, Lab, Paper, pod_name};
use towtank_sim::engine::Until;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{AttemptLatency, Cycle, Events, Permit, Plugin, Points, Verdict};
use towtank_sim::source::Work;
use towtank_sim::time::Span;

/// Writes down what it reserves; refuses if it was told to.
struct Reserves {
    name: &'static str,
    verdict: Verdict,
    diary: Diary,
}

impl Plugin for Reserves {
    fn name(&self) -> &'static str {
        self.name
    }
    fn points(&self) -> Points {
        Points::RESERVE
    }
    fn reserve(&self, cycle: &Cycle<'_>, node: &Node) -> Verdict {
        self.diary.write(&format!("{} reserves {} for {}", self.name, node.name(), pod_name(cycle)));
        self.verdict.clone()
    }
    fn unreserve(&self, cycle: &Cycle<'_>, node: &Node) {
        self.diary.write(&format!("{} gives {} of {} back", self.name, node.name(), pod_name(cycle)));
    }
}

fn reserves(lab: &mut Lab, name: &'static str, verdict: Verdict) {
    let diary = lab.diary();
    lab.plugin(Reserves { name, verdict, diary });
}

/// Asks a sheet of paper called "allow" or "reject" whether a pod that waits may go on.
struct Patient {
    wait: Span,
}

impl Plugin for Patient {
    fn name(&self) -> &'static str {
        "Patient"
    }
    fn points(&self) -> Points {
        Points::PERMIT
    }
    fn permit(&self, cycle: &Cycle<'_>, node: &Node) -> Permit {
        if pod_name(cycle) == "a" { self.permit_again(cycle, node) } else { Permit::Allow }
    }
    fn permit_again(&self, cycle: &Cycle<'_>, _node: &Node) -> Permit {
        if Paper::find(cycle.cluster, "reject").is_some() {
            Permit::Reject("no permit".to_owned())
        } else if Paper::find(cycle.cluster, "allow").is_some() {
            Permit::Allow
        } else {
            Permit::Wait(self.wait)
        }
    }
    fn events(&self) -> Events {
        Events::NODE_ADD
    }
}

/// Pod `a` of 3 cores waits for its permit on a node of 4, and so `b` of 2 cores does not fit.
fn waiting(wait: i64) -> Lab {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 3);
    lab.pod(2, "b", 2);
    reserves(&mut lab, "First", Verdict::Fits);
    reserves(&mut lab, "Second", Verdict::Fits);
    lab.plugin(Patient { wait: Span::from_secs(wait) });
    lab
}

const RESERVED: [&str; 3] =
    ["First reserves n1 for a", "Second reserves n1 for a", "2 b: 0/1 nodes are available: 1 Insufficient cpu."];
const GIVEN_BACK: [&str; 2] = ["Second gives n1 of a back", "First gives n1 of a back"];

#[track_caller]
fn check(lines: &[String], then: &[&str]) {
    let expected: Vec<&str> = RESERVED.iter().chain(then).copied().collect();
    assert_eq!(lines.join("\n"), expected.join("\n"));
}

/// As upstream, where plugins that were not asked to reserve are called too.
#[test]
fn a_refused_reservation_is_undone_in_reverse_order() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 2);
    reserves(&mut lab, "First", Verdict::Fits);
    reserves(&mut lab, "Second", Verdict::unschedulable("out of stock"));
    reserves(&mut lab, "Third", Verdict::Fits);
    let expected = [
        "First reserves n1 for a",
        "Second reserves n1 for a",
        "Third gives n1 of a back",
        "Second gives n1 of a back",
        "First gives n1 of a back",
        "1 a: 0/1 nodes are available: 1 out of stock.",
    ];
    assert_eq!(lab.run_to(1), expected);
}

#[test]
fn a_pod_that_waits_holds_its_place_until_it_is_allowed() {
    let mut lab = waiting(60);
    lab.paper(5, "allow");
    check(&lab.run_to(60), &["5 a -> n1"]);
}

#[test]
fn a_pod_that_is_refused_at_once_holds_nothing() {
    let mut lab = waiting(60);
    lab.paper(0, "reject");
    let lines = lab.run_to(60);
    let expected =
        [RESERVED[0], RESERVED[1], GIVEN_BACK[0], GIVEN_BACK[1], "1 a: 0/1 nodes are available: 1 no permit."];
    assert_eq!(lines[..5], expected, "{lines:#?}");
    assert!(lines.contains(&"2 b -> n1".to_owned()), "{lines:#?}");
}

/// What it held is given back, which brings `b` back. Its own end of waiting is no event for `a`.
#[test]
fn a_pod_that_is_rejected_later_gives_its_place_to_others() {
    let mut lab = waiting(60);
    lab.paper(5, "reject");
    let refused = "5 a: 0/1 nodes are available: 1 no permit.";
    let b = ["First reserves n1 for b", "Second reserves n1 for b", "5 b -> n1"];
    let lines = lab.run_to(5);
    check(&lines, &[&GIVEN_BACK[..], &[refused], &b].concat());
}

#[test]
fn a_pod_whose_time_is_over_is_tried_again() {
    let mut lab = waiting(10);
    lab.paper(30, "allow");
    lab.node(30, "n2", 4);
    let over = "11 a: 0/1 nodes are available: 1 rejected due to timeout after waiting 10s at plugin Patient.";
    let b = ["First reserves n1 for b", "Second reserves n1 for b", "11 b -> n1"];
    let again = ["First reserves n2 for a", "Second reserves n2 for a", "30 a -> n2"];
    check(&lab.run_to(60), &[&GIVEN_BACK[..], &[over], &b, &again].concat());
}

#[test]
fn no_plugin_lets_a_pod_wait_for_more_than_a_quarter_of_an_hour() {
    let lines = waiting(3600).run_to(901);
    let over = "901 a: 0/1 nodes are available: 1 rejected due to timeout after waiting 15m0s at plugin Patient.";
    assert!(lines.contains(&over.to_owned()), "{lines:#?}");
}

/// With its pods, or alone as the API does it.
#[test]
fn a_pod_that_waits_loses_its_place_with_its_node() {
    for removal in [Work::RemoveNode("n1".to_owned()), Work::DeleteNode("n1".to_owned())] {
        let mut lab = waiting(60);
        lab.at(5, removal);
        lab.paper(6, "allow");
        lab.node(6, "n2", 8);
        let lines = lab.run_to(60);
        check(&lines[..6], &[&GIVEN_BACK[..], &["5 a: the node is gone"]].concat());
        assert!(lines.iter().any(|line| line.ends_with("a -> n2")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.ends_with("b -> n2")), "{lines:#?}");
    }
}

/// The same while the decision itself is on its way, because attempts take time.
#[test]
fn a_decision_for_a_node_that_leaves_meanwhile_gives_everything_back() {
    for removal in [Work::RemoveNode("n1".to_owned()), Work::DeleteNode("n1".to_owned())] {
        let mut lab = waiting(60);
        lab.latency = AttemptLatency::Constant(Span::from_secs(10));
        lab.at(3, removal);
        // It may take the slot of the one that left.
        lab.node(3, "n2", 8);
        let lines = lab.run_to(11);
        let expected = [RESERVED[0], RESERVED[1], GIVEN_BACK[0], GIVEN_BACK[1], "11 a: the node is gone"];
        assert_eq!(lines[..5], expected, "{lines:#?}");
    }
}

#[test]
fn a_pod_that_is_deleted_while_it_waits_gives_its_place_to_others() {
    let mut lab = waiting(60);
    lab.delete(5, "a");
    let b = ["First reserves n1 for b", "Second reserves n1 for b", "5 b -> n1"];
    check(&lab.run_to(60), &[&["5 a is gone"], &GIVEN_BACK[..], &b].concat());
}

/// Whoever waits can make room without being deleted. The pod that pushed it away is tried at once: nothing else will bring
/// it back.
#[test]
fn a_victim_that_waits_is_given_up_and_not_deleted() {
    let mut lab = waiting(60);
    lab.important_pod(5, "high", 4, 10);
    lab.plugin(Bully);
    let lines = lab.run_until(Until::Time(towtank_sim::time::SimTime::from_secs(8)));
    let (preempts, given_up) = ("5 high preempts on n1".to_owned(), "5 a: preempted".to_owned());
    assert!(lines.contains(&preempts) && lines.contains(&given_up), "{lines:#?}");
    assert!(lines.iter().any(|line| line.ends_with("high -> n1")), "{lines:#?}");
    let cluster = &lab.simulation.cluster;
    assert_eq!(cluster.counters().preempted, 0);
    assert!(cluster.pods().by_name("default", "a").is_some(), "it lives, and waits for another place");
}
