//! Whole lives of pods in small clusters, with the least scheduler that can work.

use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::engine::{Outcome, Simulation, Until};
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::{NewPod, PodSpec, Run, Usage};
use towtank_sim::model::resources::{ResourceId, ResourceList};
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::scheduler::{
    AttemptInspection, AttemptLatency, Bind, Cycle, Dependence, Evaluation, Filter, Inspected, Plugin, Points,
    PreFilter, PreScore, Profile, Reason, Scheduler, SchedulerSettings, Score, Verdict,
};
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// CPU must suffice, and fuller nodes are better.
struct Cpu;
struct CpuOf(i64);

impl Plugin for Cpu {
    fn name(&self) -> &'static str {
        "Cpu"
    }
    fn points(&self) -> Points {
        Points::FILTER.and(Points::SCORE).and(Points::BIND)
    }
    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        Bind::Bind
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(CpuOf(cycle.class.requests.get(ResourceId::CPU))))
    }
    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }
    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[towtank_sim::model::NodeId]) -> PreScore<'c> {
        PreScore::Ask(Box::new(CpuOf(cycle.class.requests.get(ResourceId::CPU))))
    }
    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }
}

impl Filter for CpuOf {
    fn filter(&self, node: &Node) -> Verdict {
        if node.requested.get(ResourceId::CPU) + self.0 <= node.allocatable.get(ResourceId::CPU) {
            Verdict::Fits
        } else {
            Verdict::Unschedulable([Reason::Insufficient(ResourceId::CPU)].into_iter().collect())
        }
    }
}

impl Score for CpuOf {
    fn score(&self, node: &Node) -> i64 {
        100 * node.requested.get(ResourceId::CPU) / node.allocatable.get(ResourceId::CPU).max(1)
    }
}

fn profile() -> Profile {
    Profile {
        name: "default-scheduler".into(),
        plugins: vec![Box::new(Cpu)],
        filter: vec![0],
        score: vec![(0, 1)],
        bind: vec![0],
        ..Profile::default()
    }
}

fn requests(list: &[(&str, &str)]) -> ResourceList {
    list.iter().map(|(name, text)| ((*name).to_owned(), text.parse().expect("a quantity"))).collect()
}

fn node(name: &str, cpu: &str) -> Work {
    Work::Node(Box::new(NodeSpec {
        name: name.into(),
        allocatable: requests(&[("cpu", cpu)]).into(),
        ..NodeSpec::default()
    }))
}

fn pod(cluster: &mut Cluster, name: &str, cpu: &str, run: Run) -> Work {
    let class = cluster.intern(PodSpec::with_requests(requests(&[("cpu", cpu)])));
    Work::Pod(NewPod {
        name: name.into(),
        class: class.into(),
        owner: None,
        run,
        usage: Usage::default(),
        status: None,
    })
}

/// What happened to each pod, in seconds.
#[derive(Default)]
struct Diary(Vec<String>);

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let at = cluster.now;
        match note {
            Note::Change(Change::PodBound(id, node)) => {
                let name = &cluster.pod(*id).expect("bound").name;
                self.0.push(format!("{at} {name} -> {}", cluster.node(*node).name()));
            }
            Note::Change(Change::PodFinished(id)) => {
                let pod = cluster.pod(*id).expect("finished");
                self.0.push(format!("{at} {} {}", pod.name, pod.phase.as_str()));
            }
            Note::FailedScheduling { pod, error, .. } => {
                let name = &cluster.pod(*pod).expect("tried").name;
                self.0.push(format!("{at} {name}: {}", error.message(&cluster.resources)));
            }
            _ => {}
        }
    }
}

fn run(settings: SchedulerSettings, work: impl FnOnce(&mut Cluster) -> Vec<(i64, Work)>) -> (Vec<String>, Outcome) {
    let mut simulation = Simulation::new(42);
    simulation.add_controller(Box::new(Scheduler::new(vec![profile()], settings)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    let submissions = work(&mut simulation.cluster)
        .into_iter()
        .map(|(at, work)| Submission { at: SimTime::from_secs(at), work })
        .collect();
    simulation.add_source(Box::new(Listed::new("test", submissions)));
    let mut diary = Diary::default();
    let outcome = simulation.run(Until::Idle, &mut [&mut diary]).expect("the run ends");
    let totals = simulation.cluster.totals();
    assert_eq!(totals.allocated.get(ResourceId::CPU), totals.running as i64 * 2000, "what runs is what is allocated");
    (diary.0, outcome)
}

fn seconds(n: i64) -> Run {
    Run::Succeeds(Span::from_secs(n))
}

fn crowded(cluster: &mut Cluster) -> Vec<(i64, Work)> {
    vec![
        (0, node("n1", "4")),
        (0, node("n2", "2")),
        (1, pod(cluster, "a", "2", seconds(10))),
        (2, pod(cluster, "b", "4", seconds(10))),
        (3, pod(cluster, "c", "2", seconds(10))),
    ]
}

#[test]
fn a_pod_that_fits_nowhere_waits_for_room() {
    let (diary, outcome) = run(SchedulerSettings::default(), crowded);
    let again = run(SchedulerSettings::default(), crowded);
    assert_eq!((&diary, outcome), (&again.0, again.1), "run twice, the same");
    assert_eq!(outcome.end, SimTime::from_secs(23), "{diary:#?}");
    assert!(diary.contains(&"2 b: 0/2 nodes are available: 2 Insufficient cpu.".to_owned()), "{diary:#?}");
    assert_eq!(diary.last().map(String::as_str), Some("23 b Succeeded"));
}

#[test]
fn every_evaluation_decides_alike() {
    let with = |evaluation| run(SchedulerSettings { evaluation, ..SchedulerSettings::default() }, crowded);
    assert_eq!(with(Evaluation::Plain), with(Evaluation::Indexed));
    assert_eq!(with(Evaluation::Plain), with(Evaluation::Checked));
}

#[test]
fn attempts_take_the_time_that_the_model_says() {
    let latency = AttemptLatency::PerNode { base: Span::from_millis(500), per_node: Span::from_millis(250) };
    let (diary, _) = run(SchedulerSettings { latency, ..SchedulerSettings::default() }, crowded);
    assert!(diary[0].starts_with("2 a -> "), "two nodes take one second: {diary:#?}");
}

#[test]
fn without_nodes_pods_wait_and_the_run_ends() {
    let (diary, outcome) = run(SchedulerSettings::default(), |cluster| vec![(5, pod(cluster, "a", "1", seconds(1)))]);
    assert_eq!(diary, ["5 a: no nodes available to schedule pods"]);
    assert_eq!(outcome.end, SimTime::from_secs(5));
}

/// Its backoff is planned while there is no node, and so keeps no run going; the node makes it worth waiting for.
#[test]
fn a_node_that_comes_during_a_backoff_is_used() {
    let mut simulation = Simulation::new(42);
    simulation.add_controller(Box::new(Scheduler::new(vec![profile()], SchedulerSettings::default())));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    let work = [(100, pod(&mut simulation.cluster, "a", "2", seconds(1))), (500, node("n1", "4"))];
    let submission = |(millis, work)| Submission { at: SimTime::ZERO + Span::from_millis(millis), work };
    simulation.add_source(Box::new(Listed::new("test", work.map(submission).into())));
    simulation.run(Until::Idle, &mut []).expect("the run ends");
    assert_eq!(simulation.cluster.counters().succeeded, 1);
}

/// A pass over all pods takes longer than the five minutes after which they are tried again.
#[test]
fn a_run_does_not_wait_for_what_was_tried_in_vain() {
    let latency = AttemptLatency::Constant(Span::from_secs(60));
    let hopeless = |cluster: &mut Cluster| {
        let mut work = vec![(0, node("n1", "1"))];
        work.extend((0..10).map(|i| (1, pod(cluster, &format!("p{i}"), "2", seconds(1)))));
        work.push((3601, pod(cluster, "late", "2", seconds(1))));
        work
    };
    let (diary, outcome) = run(SchedulerSettings { latency, ..SchedulerSettings::default() }, hopeless);
    assert!(outcome.end >= SimTime::from_secs(3661) && outcome.end < SimTime::from_secs(7200), "{}", outcome.end);
    assert!(diary.iter().any(|line| line.contains("late: 0/1 nodes")), "{diary:#?}");
}

/// What was seen of one pod's attempts from inside, and what they came to.
#[derive(Default)]
struct Witness {
    inspections: Vec<AttemptInspection>,
    scheduled: Option<(u32, u32, Option<i64>)>,
}

impl Observer for Witness {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Inspected { inspection, .. } => self.inspections.push((*inspection).clone()),
            Note::Scheduled { pod, examined, feasible, best, .. }
                if cluster.pod(*pod).is_some_and(|pod| &*pod.name == "p7") =>
            {
                self.scheduled = Some((*examined, *feasible, *best));
            }
            _ => {}
        }
    }
}

/// Thirty pods on 250 nodes, of which each attempt looks for 120 that are feasible.
fn sampled(inspected: Option<Inspected>) -> (Witness, Outcome) {
    let mut simulation = Simulation::new(42);
    let mut scheduler = Scheduler::new(vec![profile()], SchedulerSettings::default());
    if let Some(inspected) = inspected {
        scheduler = scheduler.inspecting(inspected);
    }
    simulation.add_controller(Box::new(scheduler));
    let mut work: Vec<Work> = (0..250).map(|i| node(&format!("n{i}"), if i % 3 == 0 { "1" } else { "4" })).collect();
    work.extend((0..30).map(|i| pod(&mut simulation.cluster, &format!("p{i}"), "2", Run::Forever)));
    let submissions = work.into_iter().map(|work| Submission { at: SimTime::from_secs(1), work }).collect();
    simulation.add_source(Box::new(Listed::new("test", submissions)));
    let mut witness = Witness::default();
    let outcome = simulation.run(Until::Idle, &mut [&mut witness]).expect("the run ends");
    (witness, outcome)
}

/// An inspection looks at the nodes that the attempt looks at, scores them alike, and changes nothing.
#[test]
fn an_inspection_sees_what_the_attempt_sees() {
    let inspected = Inspected { namespace: Some("default".into()), name: "p7".into(), attempts: vec![1..=1] };
    let (witness, outcome) = sampled(Some(inspected.clone()));
    let [seen] = &witness.inspections[..] else { panic!("{} inspections", witness.inspections.len()) };
    let best = (0..seen.found.len()).map(|index| seen.total(index)).max();
    let what = (seen.visited.len() as u32, seen.found.len() as u32, best);
    assert_eq!(Some(what), witness.scheduled);
    assert_eq!(seen.found.len(), 120, "sampling ends the scan");
    assert_eq!(seen.verdicts.feasible.len() + seen.verdicts.refused.len(), 250, "the verdicts are on every node");
    let (without, same) = sampled(None);
    assert_eq!((without.inspections.len(), same), (0, outcome));
    let later = sampled(Some(Inspected { attempts: vec![2..=9], ..inspected })).0;
    assert_eq!(later.inspections.len(), 0, "there is one attempt only");
}

#[test]
fn a_run_can_be_left_early() {
    let mut simulation = Simulation::new(42);
    let work = (0..5).map(|i| Submission { at: SimTime::from_secs(i), work: node(&format!("n{i}"), "1") }).collect();
    simulation.add_source(Box::new(Listed::new("test", work)));
    let left = std::cell::Cell::new(3);
    let goes_on = || left.replace(left.get() - 1) > 0;
    let until = Until::Time(SimTime::from_secs(60));
    let outcome = simulation.run_while(until, &mut [], &goes_on).expect("the run ends");
    assert_eq!((outcome.events, outcome.end), (3, SimTime::from_secs(2)), "three events, and no time after them");
}

/// Whoever is asked before each event whether the run goes on sees the events one by one. Otherwise what follows at the same instant
/// happens without a look at anything else.
#[test]
fn what_follows_at_once_is_what_follows() {
    let run = |asked: bool| {
        let mut simulation = Simulation::new(42);
        simulation.add_controller(Box::new(Scheduler::new(vec![profile()], SchedulerSettings::default())));
        simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
        let mut work: Vec<(i64, Work)> = (0..20).map(|i| (0, node(&format!("n{i}"), "4"))).collect();
        for i in 0..200_i64 {
            let span = Run::Succeeds(Span::from_secs(i % 7 * 3));
            let name = format!("p{i}");
            work.push((i / 3, pod(&mut simulation.cluster, &name, ["1", "2", "5"][usize::from(i % 50 == 0)], span)));
        }
        let submission = |(second, work)| Submission { at: SimTime::from_secs(second), work };
        simulation.add_source(Box::new(Listed::new("test", work.into_iter().map(submission).collect())));
        let until = Until::Time(SimTime::from_secs(3600));
        let asks = std::cell::Cell::new(0_u64);
        let goes_on = || asks.replace(asks.get() + 1) < u64::MAX;
        let outcome =
            if asked { simulation.run_while(until, &mut [], &goes_on) } else { simulation.run(until, &mut []) };
        (outcome.expect("the run ends"), simulation.cluster.counters().bound, asks.get())
    };
    let ((straight, bound, _), (asked, same, asks)) = (run(false), run(true));
    assert_eq!((straight, bound), (asked, same));
    assert!(asks >= asked.events / 2 && bound > 150, "{asks} questions, {bound} pods");
}
