//! PreEnqueue and QueueSort.

use crate::lab::{Diary, Lab, pod_name};
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::Until;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::scheduler::{AttemptLatency, ClusterEvent, Cycle, Events, Hint, Plugin, Points};
use towtank_sim::time::{SimTime, Span};

/// Holds pods back until a node called "door" exists.
struct Doorkeeper(Diary);

impl Plugin for Doorkeeper {
    fn name(&self) -> &'static str {
        "Doorkeeper"
    }
    fn points(&self) -> Points {
        Points::PRE_ENQUEUE
    }
    fn pre_enqueue(&self, cycle: &Cycle<'_>) -> Result<(), String> {
        self.0.write(&format!("{} PreEnqueue {}", cycle.cluster.now, pod_name(cycle)));
        cycle.cluster.nodes().by_name("door").map(|_| ()).ok_or_else(|| "there is no door".to_owned())
    }
    fn events(&self) -> Events {
        Events::NODE_ADD
    }
    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let ClusterEvent::NodeAdd(node) = event else { panic!("{event:?} was not asked for") };
        if cycle.cluster.node(node).name() == "door" { Hint::Queue } else { Hint::Skip }
    }
}

/// A pod that is held back is not tried, and its plugin is asked again only after an event that its hint found helpful.
#[test]
fn pre_enqueue_holds_a_pod_back_until_a_hint_helps() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 2);
    lab.node(2, "window", 1);
    lab.paper(3, "irrelevant");
    lab.node(4, "door", 1);
    let diary = lab.diary();
    lab.plugin(Doorkeeper(diary));
    assert_eq!(lab.run(), ["1 PreEnqueue a", "4 PreEnqueue a", "4 a -> n1"]);
}

/// Orders pods by the first letter of their names.
struct Alphabet;

impl Plugin for Alphabet {
    fn name(&self) -> &'static str {
        "Alphabet"
    }
    fn points(&self) -> Points {
        Points::QUEUE_SORT
    }
    fn queue_key(&self, pod: &Pod, _class: &PodClass, _cluster: &Cluster) -> i64 {
        i64::from(pod.name.as_bytes()[0])
    }
}

/// Smaller keys first; among equals, who came first.
#[test]
fn queue_sort_orders_what_waits_together() {
    let mut lab = Lab::new();
    lab.node(0, "n", 8);
    for name in ["c", "b-first", "a", "b-second"] {
        lab.pod(1, name, 2);
    }
    lab.plugin(Alphabet);
    assert_eq!(lab.run(), ["1 a -> n", "1 b-first -> n", "1 b-second -> n", "1 c -> n"]);
}

/// As many pods that never fit and come first as asked for, before eight that wait for their turn; the last of those fits. Attempts
/// take a minute.
fn after(hopeless: usize) -> (Vec<String>, SimTime) {
    let mut lab = Lab::new();
    lab.latency = AttemptLatency::Constant(Span::from_secs(60));
    lab.node(0, "n", 1);
    for number in 0..hopeless {
        lab.pod(1, &format!("a{number}"), 2);
    }
    for number in 0..7 {
        lab.pod(1, &format!("b{number}"), 2);
    }
    lab.pod(1, "b-fits", 1);
    lab.plugin(Alphabet);
    let diary = lab.run_until(Until::Idle);
    (diary, lab.simulation.cluster.now)
}

/// Four that are tried again every five minutes leave time for one other: the run waits for all of them, though more attempts are in
/// vain meanwhile than there are pods.
#[test]
fn a_run_waits_for_pods_whose_turn_comes_late() {
    let (diary, _) = after(4);
    assert!(diary.iter().any(|line| line.ends_with(" b-fits -> n")), "{diary:#?}");
}

/// Seven of them leave none: nothing will ever change.
#[test]
fn no_run_waits_for_pods_whose_turn_never_comes() {
    let (diary, end) = after(7);
    assert!(!diary.iter().any(|line| line.contains("b-fits")), "{diary:#?}");
    // A pass over the seven, then three times as many attempts as there are pods.
    assert!(end >= SimTime::from_secs(52 * 60) && end < SimTime::from_secs(60 * 60), "{end}");
}
