//! PreFilter with its extensions, Filter, PostFilter.

use crate::lab::{Diary, Lab, Paper, pod_name};
use towtank_sim::cluster::Action;
use towtank_sim::engine::Until;
use towtank_sim::model::PodId;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{
    ClusterEvent, Code, Cycle, Events, Failure, Filter, Hint, Plugin, PodOnNode, Points, PostFilter, PreFilter, Verdict,
};

/// Does with a pod what its name says.
struct Wishes(Diary);

impl Plugin for Wishes {
    fn name(&self) -> &'static str {
        "Wishes"
    }
    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match &*pod_name(cycle) {
            "anywhere" => PreFilter::Skip,
            "only-n2" => PreFilter::AskOnly(["n2".into(), "n9".into()].into(), Box::new(self)),
            "only-n9" => PreFilter::AskOnly(["n9".into()].into(), Box::new(self)),
            "not-now" => PreFilter::Reject(Verdict::unschedulable("not now")),
            "never" => PreFilter::Reject(Verdict::unresolvable("never")),
            "broken" => PreFilter::Reject(Verdict::Error("cannot say".into())),
            _ => PreFilter::Ask(Box::new(self)),
        }
    }
    fn events(&self) -> Events {
        Events::NONE
    }
}

impl Filter for &Wishes {
    fn filter(&self, node: &Node) -> Verdict {
        self.0.write(&format!("Filter {}", node.name()));
        if node.name() == "n3" { Verdict::Fits } else { Verdict::unschedulable("node(s) had the wrong number") }
    }
}

#[track_caller]
fn with_wish(pod: &str, expected: &[&str]) {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.node(0, "n2", 4);
    lab.pod(1, pod, 2);
    let diary = lab.diary();
    lab.plugin(Wishes(diary));
    assert_eq!(lab.run_to(1), expected);
}

#[test]
fn pre_filter_decides_which_nodes_are_asked() {
    with_wish("anywhere", &["1 anywhere -> n1"]);
    let refused = "1 asked: 0/2 nodes are available: 2 node(s) had the wrong number.";
    with_wish("asked", &["Filter n1", "Filter n2", refused]);
    let refused = "1 only-n2: 0/2 nodes are available: 1 node(s) didn't satisfy plugin(s) [Wishes], 1 node(s) had the wrong \
                   number.";
    with_wish("only-n2", &["Filter n2", refused]);
}

#[test]
fn pre_filter_can_reject_a_pod_everywhere() {
    with_wish("not-now", &["1 not-now: 0/2 nodes are available: not now."]);
    with_wish("never", &["1 never: 0/2 nodes are available: never."]);
    with_wish("broken", &["1 broken: running PreFilter plugin \"Wishes\": cannot say"]);
}

/// A pod is not brought back by events that the plugin which rejected it does not listen to.
#[test]
fn what_a_filter_does_not_listen_to_wakes_nobody() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 2);
    lab.node(2, "n3", 4);
    let diary = lab.diary();
    lab.plugin(Wishes(diary));
    let expected = ["Filter n1", "1 a: 0/1 nodes are available: 1 node(s) had the wrong number."];
    assert_eq!(lab.run(), expected);
}

/// No two pods in the whole cluster: counts them once, and is told when pods are added or removed in a trial.
struct Alone(Diary);
struct Others<'a> {
    diary: &'a Diary,
    count: usize,
}

impl Plugin for Alone {
    fn name(&self) -> &'static str {
        "Alone"
    }
    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        let count = cycle.cluster.nodes().iter().map(|node| node.pods.len()).sum();
        PreFilter::Ask(Box::new(Others { diary: &self.0, count }))
    }
}

impl Filter for Others<'_> {
    fn filter(&self, _node: &Node) -> Verdict {
        if self.count == 0 { Verdict::Fits } else { Verdict::unschedulable("node(s) were not alone") }
    }
    fn fork(&self) -> Option<Box<dyn Filter + '_>> {
        Some(Box::new(Others { diary: self.diary, count: self.count }))
    }
    fn add_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        assert!(node.pods.contains(&pod.id), "the node has it already");
        self.diary.write(&format!("AddPod {}", pod.pod.name));
        self.count += 1;
    }
    fn remove_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        assert!(!node.pods.contains(&pod.id), "the node has it no longer");
        self.diary.write(&format!("RemovePod {}", pod.pod.name));
        self.count -= 1;
    }
}

/// Makes room on the first node that may become free, and spares whom it can.
pub(crate) struct Bully;

impl Plugin for Bully {
    fn name(&self) -> &'static str {
        "Bully"
    }
    fn points(&self) -> Points {
        Points::POST_FILTER
    }
    fn post_filter(&self, cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> PostFilter {
        let priority = |id: &PodId| cycle.cluster.pod(*id).map(|pod| cycle.cluster.class_of(pod).priority());
        for (node, _) in failure.codes().iter().filter(|(_, code)| *code == Code::Unschedulable) {
            let mut trial = failure.dry_run(*node);
            let mut victims: Vec<PodId> = trial.node().pods.to_vec();
            victims.retain(|id| priority(id) < Some(cycle.class.priority()));
            for id in &victims {
                trial.remove(*id);
            }
            if victims.is_empty() || trial.check().is_some() {
                continue;
            }
            victims.retain(|id| {
                trial.add(*id);
                let needed = trial.check().is_some();
                if needed {
                    trial.remove(*id);
                }
                needed
            });
            return PostFilter::Preempt { node: *node, victims };
        }
        PostFilter::Message("nobody to push".to_owned())
    }
}

/// The victims are told to the filters of the trial; the pod that they make room for counts as being on its node.
#[test]
fn trials_tell_filters_of_pods_that_come_and_go() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 8);
    lab.pod(1, "low", 2);
    lab.important_pod(5, "high", 2, 10);
    lab.important_pod(5, "late", 2, 5);
    let diary = lab.diary();
    lab.plugin(Alone(diary));
    lab.plugin(Bully);
    let lines = lab.run_to(5);
    let expected = [
        "1 low -> n1",
        "RemovePod low",
        "AddPod low",
        "RemovePod low",
        "5 high preempts on n1",
        "5 high: 0/1 nodes are available: 1 node(s) were not alone.",
    ];
    assert_eq!(lines[..6], expected, "{lines:#?}");
    assert!(lines[6..].contains(&"AddPod high".to_owned()), "high is nominated when late is tried: {lines:#?}");
    assert!(!lines.contains(&"5 late -> n1".to_owned()), "{lines:#?}");
}

/// Asks for a permit when a pod has found no node; its filter wants one.
struct Paperwork;

impl Plugin for Paperwork {
    fn name(&self) -> &'static str {
        "Paperwork"
    }
    fn points(&self) -> Points {
        Points::FILTER.and(Points::POST_FILTER)
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match Paper::find(cycle.cluster, "permit") {
            Some(_) => PreFilter::Skip,
            None => PreFilter::Ask(Box::new(self)),
        }
    }
    fn post_filter(&self, cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> PostFilter {
        let text = format!("asked for a permit for {} on one of {}", pod_name(cycle), failure.nodes());
        let (namespace, name) = (String::new(), "permit".to_owned());
        let body = Box::new(Paper::default());
        PostFilter::Change(text, vec![Action::Create { namespace, name, owner: None, body }])
    }
    fn events(&self) -> Events {
        Events::OTHER_OBJECT
    }
    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        assert!(matches!(event, ClusterEvent::ObjectAdd(..)), "{event:?}");
        assert_eq!(pod_name(cycle), "a");
        Hint::Queue
    }
}

impl Filter for &Paperwork {
    fn filter(&self, _node: &Node) -> Verdict {
        Verdict::unschedulable("node(s) had no permit")
    }
}

/// The plugins are asked in order until one makes room; what they say is added to the message, and what they ask for is
/// done. The pod comes back when it has come true, after its backoff.
#[test]
fn post_filter_can_change_the_cluster_so_that_the_pod_fits_later() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 2);
    lab.plugin(Paperwork);
    lab.plugin(Bully);
    let lines = lab.run_until(Until::Idle);
    let refused =
        "1 a: 0/1 nodes are available: 1 node(s) had no permit. asked for a permit for a on one of 1, nobody to push";
    assert_eq!(lines.first().map(String::as_str), Some(refused), "{lines:#?}");
    assert!(lines[1].ends_with("a -> n1") && lines.len() == 2, "{lines:#?}");
    assert_eq!(lab.simulation.cluster.counters().attempts, 2);
}
