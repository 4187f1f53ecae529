//! PreEnqueue and QueueSort.

use crate::lab::{Diary, Lab, pod_name};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::scheduler::{ClusterEvent, Cycle, Events, Hint, Plugin, Points};

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
