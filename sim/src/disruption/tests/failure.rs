//! Failures of machines.

use super::{Tank, check};
use crate::disruption::{ListedFailure, NodeSelection, RandomFailures};
use crate::engine::Until;
use crate::random::Distribution;
use crate::time::{SimTime, Span};

fn random(name: &str) -> RandomFailures {
    RandomFailures {
        name: name.into(),
        nodes: NodeSelection::default(),
        time_to_failure: Distribution::Exponential { mean: 5000.0 },
        time_to_repair: Distribution::Exponential { mean: 500.0 },
    }
}

fn failures_of(lines: &[String], node: &str) -> Vec<String> {
    let failed = format!("MachineFailed {node}");
    lines.iter().filter(|line| line.ends_with(&failed)).cloned().collect()
}

#[test]
fn another_node_does_not_shift_the_failures_of_the_first() {
    let run = |names: &[&str], pods: usize| {
        let mut tank = Tank::new();
        for (number, name) in names.iter().enumerate() {
            tank.node(name, &number.to_string());
        }
        for number in 0..pods {
            tank.pod(&number.to_string(), names[0], None, Vec::new());
        }
        tank.failures(Vec::new(), vec![random("wear")]);
        tank.run_to(50_000)
    };
    let alone = failures_of(&run(&["a"], 0), "a");
    assert!(alone.len() > 3, "{alone:?}");
    assert_eq!(alone, failures_of(&run(&["b", "a", "c"], 5), "a"));
}

#[test]
fn the_same_seed_fails_the_same_way() {
    let run = || {
        let mut tank = Tank::new();
        for number in 0..20 {
            tank.node(&format!("n{number}"), if number % 2 == 0 { "a" } else { "b" });
            tank.pod(&number.to_string(), &format!("n{number}"), None, Vec::new());
        }
        tank.failures(Vec::new(), vec![random("wear"), random("tear")]);
        (tank.run_to(50_000), tank.cluster().fingerprint())
    };
    let (lines, fingerprint) = run();
    assert!(lines.iter().any(|line| line.ends_with("taint-evicted")), "{lines:?}");
    assert_eq!((lines, fingerprint), run());
}

#[test]
fn random_failures_alone_keep_no_run_going() {
    let mut tank = Tank::new();
    tank.node("a", "a");
    tank.failures(Vec::new(), vec![random("wear")]);
    check(&tank.run(Until::Idle), &[]);
}

#[test]
fn overlapping_failures_end_with_the_last() {
    let mut tank = Tank::new();
    tank.node("a", "a");
    let failure = |at, seconds| ListedFailure {
        at: SimTime::from_secs(at),
        nodes: NodeSelection::names(["a"]),
        duration: Some(Span::from_secs(seconds)),
    };
    tank.failures(vec![failure(1, 20), failure(2, 30), failure(3, 5)], Vec::new());
    check(&tank.run(Until::Idle), &["1 MachineFailed a", "32 MachineRepaired a"]);
}

#[test]
fn a_selection_of_nothing_is_told() {
    let mut tank = Tank::new();
    tank.node("a", "a");
    let nodes = NodeSelection::zone("nowhere");
    tank.failures(vec![ListedFailure { at: SimTime::from_secs(1), nodes, duration: None }], Vec::new());
    check(&tank.run(Until::Idle), &["1 NoNodeSelected: No node was disrupted: none is selected by zone nowhere"]);
}

#[test]
fn a_share_is_the_same_nodes_whatever_else_there_is() {
    let chosen = |pods: usize| {
        let mut tank = Tank::new();
        for number in 0..10 {
            tank.node(&format!("n{number}"), "a");
            for pod in 0..pods {
                tank.pod(&format!("p{number}-{pod}"), &format!("n{number}"), None, Vec::new());
            }
        }
        let nodes = NodeSelection { fraction: Some(0.3), ..NodeSelection::default() };
        tank.failures(vec![ListedFailure { at: SimTime::from_secs(1), nodes, duration: None }], Vec::new());
        tank.run_to(2)
    };
    assert_eq!(chosen(0).len(), 3);
    assert_eq!(chosen(0), chosen(4));
}
