//! PreBind, Bind and PostBind.

use crate::lab::{Diary, Lab, Paper, pod_name};
use std::cell::Cell;
use towtank_sim::cluster::Action;
use towtank_sim::engine::Until;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{AttemptLatency, Bind, Cycle, Plugin, Points, PreBound};
use towtank_sim::source::Work;
use towtank_sim::time::{SimTime, Span};

/// Asks for a signature before the pod is bound, and waits for it.
struct Notary;

impl Plugin for Notary {
    fn name(&self) -> &'static str {
        "Notary"
    }
    fn points(&self) -> Points {
        Points::PRE_BIND
    }
    fn pre_bind(&self, cycle: &Cycle<'_>, _node: &Node) -> Result<Vec<Action>, String> {
        let paper = Paper::find(cycle.cluster, &pod_name(cycle)).ok_or("there is nothing to sign")?;
        Ok(vec![Action::update(paper, |paper: &mut Paper| paper.asked = true)])
    }
    fn pre_bound(&self, cycle: &Cycle<'_>, _node: &Node) -> PreBound {
        let paper =
            Paper::find(cycle.cluster, &pod_name(cycle)).and_then(|id| cycle.cluster.objects().get::<Paper>(id));
        match paper {
            None => PreBound::Failed("the paper is lost".to_owned()),
            Some(paper) => {
                assert!(paper.asked || paper.signed, "the store was changed before anybody waits for it");
                if paper.signed { PreBound::Ready } else { PreBound::Wait(None) }
            }
        }
    }
}

fn sign(lab: &mut Lab, seconds: i64, name: &str) {
    let body = Box::new(Paper { asked: true, signed: true });
    lab.at(seconds, Work::UpdateObject { namespace: String::new(), name: name.to_owned(), body });
}

#[test]
fn pre_bind_changes_the_store_and_the_binding_waits_until_that_came_true() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.paper(0, "a");
    lab.pod(1, "a", 3);
    lab.pod(2, "b", 2);
    sign(&mut lab, 5, "a");
    lab.plugin(Notary);
    assert_eq!(lab.run_to(60), ["2 b: 0/1 nodes are available: 1 Insufficient cpu.", "5 a -> n1"]);
}

/// No plugin is to blame, so only time brings it back.
#[test]
fn a_pod_whose_pre_bind_fails_backs_off_and_is_tried_again() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 3);
    lab.paper(2, "a");
    sign(&mut lab, 2, "a");
    lab.plugin(Notary);
    assert_eq!(lab.run_to(60), ["1 a: there is nothing to sign", "3 a -> n1"]);
}

#[test]
fn what_pre_bind_waits_for_may_fail_later() {
    let mut lab = Lab::new();
    lab.node(0, "n1", 4);
    lab.paper(0, "a");
    lab.pod(1, "a", 3);
    lab.pod(2, "b", 2);
    lab.at(5, Work::DeleteObject { kind: "Paper".to_owned(), namespace: String::new(), name: "a".to_owned() });
    lab.plugin(Notary);
    let lines = lab.run_to(5);
    let expected = ["2 b: 0/1 nodes are available: 1 Insufficient cpu.", "5 a: the paper is lost"];
    assert_eq!(lines[..2], expected);
    assert_eq!(lines[2..], ["5 b: there is nothing to sign"], "its place is free for b at once");
}

/// Waits for a signature and for nothing else, until half a minute has passed.
struct Registrar;

const CLOSES: SimTime = SimTime::from_secs(30);

impl Plugin for Registrar {
    fn name(&self) -> &'static str {
        "Registrar"
    }
    fn points(&self) -> Points {
        Points::PRE_BIND
    }
    fn pre_bound(&self, cycle: &Cycle<'_>, _node: &Node) -> PreBound {
        let Some(id) = Paper::find(cycle.cluster, &pod_name(cycle)) else {
            return PreBound::Failed("the paper is lost".to_owned());
        };
        match cycle.cluster.objects().get::<Paper>(id) {
            Some(paper) if paper.signed => PreBound::Ready,
            _ if cycle.cluster.now >= CLOSES => PreBound::Failed("the office has closed".to_owned()),
            _ => PreBound::WaitFor(id, CLOSES),
        }
    }
}

/// Pods `a`, `b` and `c` hold a third of a node each from their first second on, and wait.
fn at_the_office(prepare: impl FnOnce(&mut Lab)) -> Vec<String> {
    let mut lab = Lab::new();
    lab.node(0, "n1", 3);
    for (second, name) in [(1, "a"), (2, "b"), (3, "c")] {
        lab.paper(0, name);
        lab.pod(second, name, 1);
    }
    prepare(&mut lab);
    lab.plugin(Registrar);
    lab.run_to(30)
}

#[test]
fn a_binding_that_waits_for_an_object_is_asked_when_that_changes_or_is_gone() {
    let lines = at_the_office(|lab| {
        sign(lab, 5, "b");
        lab.at(7, Work::DeleteObject { kind: "Paper".to_owned(), namespace: String::new(), name: "c".to_owned() });
        sign(lab, 9, "a");
    });
    assert_eq!(lines[..3], ["5 b -> n1", "7 c: the paper is lost", "9 a -> n1"]);
}

#[test]
fn a_binding_that_waits_for_an_object_is_asked_when_its_time_has_come() {
    let lines = at_the_office(|lab| sign(lab, 5, "b"));
    assert_eq!(lines[..3], ["5 b -> n1", "30 a: the office has closed", "30 c: the office has closed"]);
}

/// Binds as it is told: once for each answer.
struct Binder {
    name: &'static str,
    answers: Vec<Bind>,
    asked: Cell<usize>,
    diary: Diary,
}

impl Plugin for Binder {
    fn name(&self) -> &'static str {
        self.name
    }
    fn points(&self) -> Points {
        Points::BIND.and(Points::POST_BIND)
    }
    fn bind(&self, cycle: &Cycle<'_>, node: &Node) -> Bind {
        self.diary.write(&format!("{} is to bind {} to {}", self.name, pod_name(cycle), node.name()));
        let answer = self.answers[self.asked.get().min(self.answers.len() - 1)].clone();
        self.asked.set(self.asked.get() + 1);
        answer
    }
    fn post_bind(&self, cycle: &Cycle<'_>, node: &Node) {
        self.diary.write(&format!("{} hears that {} is on {}", self.name, pod_name(cycle), node.name()));
    }
}

fn binders(list: &[(&'static str, &[Bind])], end: i64) -> Vec<String> {
    let mut lab = Lab::new();
    lab.without_binder();
    lab.node(0, "n1", 4);
    lab.pod(1, "a", 3);
    // Each is put before the last one.
    let order: Vec<_> = list.iter().skip(list.len() - 1).chain(&list[..list.len() - 1]).collect();
    for (name, answers) in order {
        let (diary, answers) = (lab.diary(), answers.to_vec());
        lab.plugin(Binder { name, answers, asked: Cell::new(0), diary });
    }
    lab.run_to(end)
}

#[test]
fn the_first_plugin_that_does_not_skip_binds_and_all_hear_of_it() {
    let list: [(&'static str, &[Bind]); 3] = [("One", &[Bind::Skip]), ("Two", &[Bind::Bind]), ("Three", &[Bind::Bind])];
    let lines = binders(&list, 1);
    let expected = ["One is to bind a to n1", "Two is to bind a to n1"];
    assert_eq!(lines[..2], expected);
    let mut heard = lines[2..5].to_vec();
    heard.sort();
    assert_eq!(heard, ["One hears that a is on n1", "Three hears that a is on n1", "Two hears that a is on n1"]);
    assert_eq!(lines[5..], ["1 a -> n1"]);
}

#[test]
fn a_failed_binding_is_tried_again_after_a_backoff() {
    let lines = binders(&[("One", &[Bind::Fail("the server is busy".to_owned()), Bind::Bind])], 60);
    let asked = "One is to bind a to n1";
    assert_eq!(lines, [asked, "1 a: the server is busy", asked, "One hears that a is on n1", "3 a -> n1"]);
}

#[test]
fn a_pod_that_nobody_binds_is_not_bound() {
    let lines = binders(&[("One", &[Bind::Skip])], 1);
    assert_eq!(lines, ["One is to bind a to n1", "1 a: no bind plugin bound the pod"]);
}

/// Binds every pod, and says so or has to be asked.
struct Sure {
    says_so: bool,
    /// Whether decisions take no time.
    at_once: bool,
    diary: Diary,
}

impl Plugin for Sure {
    fn name(&self) -> &'static str {
        "Sure"
    }
    fn points(&self) -> Points {
        Points::BIND.and(Points::POST_BIND)
    }
    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        assert!(!(self.says_so && self.at_once), "it need not be asked");
        Bind::Bind
    }
    fn always_binds(&self) -> bool {
        self.says_so
    }
    fn post_bind(&self, cycle: &Cycle<'_>, node: &Node) {
        self.diary.write(&format!("{} is on {} with {} pods", pod_name(cycle), node.name(), node.pods.len()));
    }
}

/// Where no plugin has anything to do, the binding takes a short way.
#[test]
fn a_binding_on_the_short_way_is_as_any_other() {
    let run = |says_so: bool, latency: Span| {
        let mut lab = Lab::new();
        lab.without_binder();
        let diary = lab.diary();
        lab.plugin(Sure { says_so, at_once: latency == Span::ZERO, diary });
        (lab.tells_decisions, lab.latency) = (true, AttemptLatency::Constant(latency));
        lab.node(0, "n1", 4);
        for (seconds, name) in [(1, "a"), (1, "b"), (2, "c"), (2, "d"), (3, "e"), (3, "f")] {
            lab.pod(seconds, name, 2);
        }
        lab.delete(4, "a");
        lab.node(5, "n2", 3);
        lab.delete(6, "c");
        lab.delete(6, "f");
        let lines = lab.run_until(Until::Time(SimTime::from_secs(400)));
        (lines, lab.simulation.cluster.fingerprint(), *lab.simulation.cluster.counters())
    };
    for latency in [Span::ZERO, Span::from_secs(1)] {
        let (short, asked) = (run(true, latency), run(false, latency));
        assert_eq!(short, asked);
        assert!(short.0.iter().filter(|line| line.contains(" is on ")).count() > 3, "{:?}", short.0);
    }
}
