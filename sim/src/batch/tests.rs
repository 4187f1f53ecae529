//! What jobs are, which of them can start, and where their pods go.

use super::{Backfilling, BatchPolicy, BatchScheduler, Counting, Job, JobOrder, Pass};
use crate::cluster::{Change, Cluster};
use crate::engine::{Simulation, Until};
use crate::gang::{PodGroup, PodGroupController};
use crate::model::node::NodeSpec;
use crate::model::pod::{NewPod, PodSpec, Run};
use crate::model::resources::ResourceList;
use crate::node::kubelet::{Kubelet, KubeletSettings};
use crate::observe::{Note, Observer};
use crate::scheduler::Profile;
use crate::source::{Gang, Listed, Submission, Work};
use crate::time::{SimTime, Span};

/// First come, first served.
#[derive(Debug)]
struct InOrder;

impl JobOrder for InOrder {
    fn key(&self, _job: &Job) -> i64 {
        0
    }
}

impl Backfilling for InOrder {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        for job in pass.queue() {
            let places = pass.free().place(job);
            if places.and_then(|places| pass.start(job, places)).is_none() {
                return;
            }
        }
    }
}

#[test]
fn pods_of_a_job_fill_the_first_machines() {
    let mut lab = Lab::new(&["4", "2", "4"]);
    lab.gang(0, "a", 7, "1", 10);
    assert_eq!(lab.run(), ["0 a-0 n0", "0 a-1 n0", "0 a-2 n0", "0 a-3 n0", "0 a-4 n1", "0 a-5 n1", "0 a-6 n2"]);
}

#[test]
fn a_job_waits_for_room_for_all_of_its_pods() {
    let mut lab = Lab::new(&["2", "2"]);
    lab.gang(0, "a", 3, "1", 10);
    lab.gang(1, "b", 2, "1", 10);
    assert_eq!(lab.run(), ["0 a-0 n0", "0 a-1 n0", "0 a-2 n1", "10 b-0 n0", "10 b-1 n0"]);
}

#[test]
fn room_in_pieces_is_no_room() {
    for counting in [Counting::Machines, Counting::Capacity] {
        let mut lab = Lab::new(&["3", "3"]);
        lab.counting = counting;
        lab.gang(0, "a", 2, "2", 10);
        lab.gang(1, "b", 1, "2", 10);
        assert_eq!(lab.run(), ["0 a-0 n0", "0 a-1 n1", "10 b n0"], "{counting:?}");
    }
}

#[test]
fn a_job_that_is_larger_than_the_cluster_is_set_aside_until_the_cluster_is_larger() {
    let mut lab = Lab::new(&["1"]);
    lab.gang(0, "a", 3, "1", 10);
    lab.gang(1, "b", 1, "1", 10);
    lab.submit(5, node("late", "2"));
    assert_eq!(
        lab.run(),
        [
            "0 a-0: the job is larger than the cluster: its 3 pod(s) start together, and 1 machine(s) have room for 1 of them when \
             nothing else runs",
            "1 b n0",
            "11 a-0 n0",
            "11 a-1 late",
            "11 a-2 late",
        ]
    );
}

#[test]
fn a_group_is_complete_when_enough_of_its_pods_are_there() {
    let mut lab = Lab::new(&["4"]);
    let group = PodGroup::new(2, None);
    let pod = |lab: &mut Lab, name: &str| {
        let spec = PodSpec { scheduling_group: Some("g".into()), ..PodSpec::with_requests(requests("1")) };
        let class = lab.simulation.cluster.intern(spec);
        Work::Pod(NewPod { run: Run::Succeeds(Span::from_secs(10)), ..NewPod::new(name, class) })
    };
    // The first pods come before their group.
    for (at, name) in [(0, "a"), (0, "b"), (5, "c")] {
        let work = pod(&mut lab, name);
        lab.submit(at, work);
    }
    lab.submit(3, Work::Object { namespace: "default".into(), name: "g".into(), body: Box::new(group) });
    // The last one finds its group running.
    assert_eq!(lab.run(), ["3 a n0", "3 b n0", "5 c n0"]);
}

#[test]
fn a_job_that_loses_a_pod_while_it_waits_is_incomplete() {
    let mut lab = Lab::new(&["2"]);
    lab.gang(0, "a", 2, "1", 10);
    lab.gang(1, "b", 2, "1", 10);
    lab.gang(2, "c", 1, "1", 10);
    let (namespace, name) = ("default".to_owned(), "b-0".to_owned());
    lab.submit(3, Work::DeletePod { namespace, name, grace: None });
    assert_eq!(lab.run(), ["0 a-0 n0", "0 a-1 n0", "10 c n0"]);
}

#[test]
fn what_cannot_be_planned_is_said() {
    let mut lab = Lab::new(&["2"]);
    let port = crate::model::pod::HostPort { ip: "0.0.0.0".into(), protocol: "TCP".into(), port: 80 };
    let mut spec = PodSpec::with_requests(requests("1"));
    spec.containers[0].host_ports.push(port);
    let class = lab.simulation.cluster.intern(spec);
    lab.submit(0, Work::Pod(NewPod::new("a", class)));
    assert_eq!(lab.run(), ["0 a: batch scheduling does not plan for host ports"]);
}

/// A cluster with a batch scheduler, and what is submitted to it.
struct Lab {
    simulation: Simulation,
    submissions: Vec<Submission>,
    counting: Counting,
}

impl Lab {
    /// With machines `n0`, `n1`, ... of so much CPU.
    fn new(machines: &[&str]) -> Self {
        let mut lab = Self { simulation: Simulation::new(0), submissions: Vec::new(), counting: Counting::Machines };
        for (number, cpu) in machines.iter().enumerate() {
            lab.submit(0, node(&format!("n{number}"), cpu));
        }
        lab
    }

    fn submit(&mut self, at: i64, work: Work) {
        self.submissions.push(Submission { at: SimTime::from_secs(at), work });
    }

    fn gang(&mut self, at: i64, name: &str, pods: u32, cpu: &str, run: i64) {
        let class = self.simulation.cluster.intern(PodSpec::with_requests(requests(cpu)));
        let pod = NewPod { run: Run::Succeeds(Span::from_secs(run)), ..NewPod::new("", class) };
        let (namespace, name) = ("default".into(), name.into());
        self.submit(at, Work::Gang(Box::new(Gang { namespace, name, pods, min_count: pods, estimate: None, pod })));
    }

    /// Who started where and when, and who cannot start at all.
    fn run(mut self) -> Vec<String> {
        let profile = Profile { name: "default-scheduler".into(), ..Profile::default() };
        let policy = BatchPolicy { order: Box::new(InOrder), backfilling: Box::new(InOrder), counting: self.counting };
        self.simulation.add_controller(Box::new(BatchScheduler::new(profile, policy)));
        self.simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
        self.simulation.add_controller(Box::<PodGroupController>::default());
        self.simulation.add_source(Box::new(Listed::new("test", self.submissions)));
        let mut diary = Diary::default();
        self.simulation.run(Until::Idle, &mut [&mut diary]).expect("nothing can fail");
        diary.0
    }
}

#[derive(Default)]
struct Diary(Vec<String>);

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let at = cluster.now.0 / 1_000_000_000;
        match note {
            Note::Change(Change::PodBound(pod, node)) => {
                let pod = cluster.pod(*pod).expect("it was bound");
                self.0.push(format!("{at} {} {}", pod.name, cluster.node(*node).name()));
            }
            Note::FailedScheduling { pod, error, .. } => {
                let (pod, message) = (cluster.pod(*pod).expect("it waits"), error.message(&cluster.resources));
                let first = !pod.name.contains('-') || pod.name.ends_with("-0");
                if first && !message.starts_with("waits") {
                    self.0.push(format!("{at} {}: {message}", pod.name));
                }
            }
            _ => {}
        }
    }
}

fn requests(cpu: &str) -> ResourceList {
    [("cpu".to_owned(), cpu.parse().expect("a quantity"))].into()
}

fn node(name: &str, cpu: &str) -> Work {
    let mut allocatable = requests(cpu);
    allocatable.insert("pods", "100".parse().expect("a quantity"));
    Work::Node(Box::new(NodeSpec { name: name.into(), allocatable: allocatable.into(), ..NodeSpec::default() }))
}
