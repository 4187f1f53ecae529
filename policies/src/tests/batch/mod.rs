//! Batch policies on random workloads: against plain twins, and for what they promise.

mod plain;

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use crate::research::batch::conservative::Conservative;
use crate::research::batch::{BatchParts, Order, Rule, by_name, fifo};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use towtank_sim::batch::{Backfilling, BatchPolicy, BatchScheduler, Counting, JobId, Pass};
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::gang::PodGroupController;
use towtank_sim::model::PodId;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodSpec, Run};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::source::{Gang, Listed, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// A job; times in nanoseconds.
#[derive(Clone, Debug)]
struct Job {
    submit: i64,
    machines: u32,
    run: i64,
    estimate: Option<i64>,
}

/// By the number of a job: when it started, and on which machines.
type Starts = BTreeMap<usize, (i64, Vec<u32>)>;

const MACHINES: u32 = 8;

/// Short times, so that many things happen at once; and jobs that are larger than the cluster, or take no time.
fn jobs(estimates: impl Strategy<Value = Estimate> + Clone) -> impl Strategy<Value = Vec<Job>> {
    let job = (0..40_i64, 1..=MACHINES + 1, 0..12_i64, estimates);
    let job =
        job.prop_map(|(submit, machines, run, estimate)| Job { submit, machines, run, estimate: estimate.of(run) });
    proptest::collection::vec(job, 1..30).prop_map(|mut jobs| {
        jobs.sort_by_key(|job| job.submit);
        jobs
    })
}

#[derive(Clone, Copy, Debug)]
enum Estimate {
    Missing,
    Exact,
    TooLong(i64),
    TooShort(i64),
}

impl Estimate {
    fn of(self, run: i64) -> Option<i64> {
        match self {
            Self::Missing => None,
            Self::Exact => Some(run),
            Self::TooLong(by) => Some(run + by),
            Self::TooShort(by) => Some((run - by).max(0)),
        }
    }
}

fn kept() -> impl Strategy<Value = Estimate> + Clone {
    prop_oneof![Just(Estimate::Missing), Just(Estimate::Exact), (1..10_i64).prop_map(Estimate::TooLong)]
}

fn any() -> impl Strategy<Value = Estimate> + Clone {
    prop_oneof![kept(), (1..10_i64).prop_map(Estimate::TooShort)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_policy_does_what_its_plain_twin_does(jobs in jobs(any())) {
        for (name, rule) in [
            ("fifo", plain::Rule::InOrder),
            ("sjf", plain::Rule::ShortestFirst),
            ("gang", plain::Rule::AllOrNothing),
            ("easy", plain::Rule::EasyOnMachines),
            ("easy-textbook", plain::Rule::EasyCounting),
            ("conservative", plain::Rule::Conservative),
        ] {
            let got = play(&jobs, by_name(name).expect("a policy").parts.build());
            let expected = plain::play(&jobs, MACHINES, rule);
            prop_assert_eq!(got, expected, "{}", name);
        }
    }

    #[test]
    fn fifo_starts_in_order(jobs in jobs(any())) {
        let starts = play(&jobs, by_name("fifo").expect("a policy").parts.build());
        let starts: Vec<i64> = starts.values().map(|(start, _)| *start).collect();
        prop_assert!(starts.is_sorted(), "{:?}", starts);
    }

    #[test]
    fn no_head_starts_later_than_its_shadow_time(jobs in jobs(kept())) {
        for counting in [Counting::Machines, Counting::Capacity] {
            let promises = Promises::default();
            let parts = BatchParts { order: Order::Arrival, backfilling: Rule::Easy, counting };
            let BatchPolicy { order, backfilling, counting } = parts.build();
            let backfilling = Box::new(Heads { policy: backfilling, promises: promises.clone() });
            let starts = play(&jobs, BatchPolicy { order, backfilling, counting });
            promises.check(&starts)?;
        }
    }

    #[test]
    fn no_job_starts_later_than_its_first_reservation(jobs in jobs(kept())) {
        for counting in [Counting::Machines, Counting::Capacity] {
            let promises = Promises::default();
            let backfilling = Box::new(Reservations { policy: Conservative::default(), promises: promises.clone() });
            let starts = play(&jobs, BatchPolicy { order: Box::new(fifo::Arrival), backfilling, counting });
            promises.check(&starts)?;
        }
    }
}

/// A pass at 32 wants to look again at 36, and the one at 35 does not any more, because a job is overdue then.
#[test]
fn a_later_look_is_forgotten_with_the_next_one() {
    let job = |(submit, machines, run, estimate)| Job { submit, machines, run, estimate };
    let jobs = [
        (0, 1, 0, None),
        (0, 1, 0, None),
        (0, 1, 0, None),
        (16, 1, 5, None),
        (17, 2, 7, Some(5)),
        (17, 7, 8, Some(12)),
        (21, 2, 7, None),
        (23, 4, 6, Some(4)),
        (27, 5, 1, Some(2)),
        (27, 2, 3, None),
        (30, 3, 0, Some(0)),
    ]
    .map(job);
    let got = play(&jobs, by_name("conservative").expect("a policy").parts.build());
    assert_eq!(got, plain::play(&jobs, MACHINES, plain::Rule::Conservative));
}

/// What jobs were promised first: the latest start.
#[derive(Clone, Debug, Default)]
struct Promises(Rc<RefCell<BTreeMap<JobId, SimTime>>>);

impl Promises {
    fn add(&self, job: JobId, latest: SimTime) {
        self.0.borrow_mut().entry(job).or_insert(latest);
    }

    fn check(&self, starts: &Starts) -> Result<(), TestCaseError> {
        for (job, latest) in &*self.0.borrow() {
            let start = starts[&(job.0 as usize)].0;
            prop_assert!(start <= latest.0, "job {} was to start at {} and did at {start}", job.0, latest.0);
        }
        Ok(())
    }
}

/// EASY, and the shadow time of each head when it became one.
#[derive(Debug)]
struct Heads {
    policy: Box<dyn Backfilling>,
    promises: Promises,
}

impl Backfilling for Heads {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        self.policy.decide(pass);
        let started = pass.started();
        let queue = pass.queue();
        let Some(head) = queue.into_iter().find(|job| !started.contains(&job.id)) else { return };
        // Beside all that runs now, those that were started before it among them.
        let mut space = pass.free().clone();
        for release in pass.releases() {
            space.give(&release.placement);
            if space.fits(head) {
                self.promises.add(head.id, release.at);
                return;
            }
        }
    }
}

/// Conservative backfilling, and the first reservation of each job.
#[derive(Debug)]
struct Reservations {
    policy: Conservative,
    promises: Promises,
}

impl Backfilling for Reservations {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        self.policy.decide(pass);
        for job in pass.queue() {
            if let Some(start) = self.policy.reservation(job.id) {
                self.promises.add(job.id, start);
            }
        }
    }
}

/// Plays jobs on machines of one processor.
fn play(jobs: &[Job], policy: BatchPolicy) -> Starts {
    let mut simulation = Simulation::new(0);
    let context = BuildContext::new(Streams::new(0), FeatureGates::default());
    let config = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
    let config = ParsedConfig::read(config, "test").expect("a configuration");
    let mut profiles = crate::build(&config, &context).profiles;
    simulation.add_controller(Box::new(BatchScheduler::new(profiles.remove(0), policy)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    simulation.add_controller(Box::<PodGroupController>::default());
    let node = |number: u32| {
        let allocatable = requests(&[("cpu", "1"), ("pods", "10")]);
        let spec = NodeSpec { name: number.to_string().into(), allocatable: allocatable.into(), ..NodeSpec::default() };
        Submission { at: SimTime::ZERO, work: Work::Node(Box::new(spec)) }
    };
    simulation.add_source(Box::new(Listed::new("nodes", (0..MACHINES).map(node).collect())));
    let class = simulation.cluster.intern(PodSpec::with_requests(requests(&[("cpu", "1")])));
    let gang = |(number, job): (usize, &Job)| {
        let gang = Gang {
            namespace: "default".into(),
            name: number.to_string().into(),
            pods: job.machines,
            min_count: job.machines,
            estimate: job.estimate.map(Span),
            pod: NewPod { run: Run::Succeeds(Span(job.run)), ..NewPod::new("", class) },
        };
        Submission { at: SimTime(job.submit), work: Work::Gang(Box::new(gang)) }
    };
    simulation.add_source(Box::new(Listed::new("jobs", jobs.iter().enumerate().map(gang).collect())));
    let mut diary = Diary::default();
    simulation.run(Until::Idle, &mut [&mut diary]).expect("nothing can fail");
    diary.starts
}

fn requests(list: &[(&str, &str)]) -> ResourceList {
    list.iter().map(|(name, text)| ((*name).to_owned(), text.parse().expect("a quantity"))).collect()
}

/// When and where jobs start; and no machine is used twice, and all pods of a job start at once.
#[derive(Debug, Default)]
struct Diary {
    starts: Starts,
    used: BTreeMap<u32, PodId>,
}

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(Change::PodBound(id, node)) => {
                let pod = cluster.pod(*id).expect("it was bound");
                let job = cluster.objects().meta(pod.owner.expect("a group")).expect("it lives").name.parse();
                let machine = cluster.node(*node).name().parse().expect("a number");
                assert_eq!(self.used.insert(machine, *id), None, "machine {machine} is used twice");
                let (start, machines) = self.starts.entry(job.expect("a number")).or_default();
                assert!(machines.is_empty() || *start == cluster.now.0, "a job starts at once");
                *start = cluster.now.0;
                machines.push(machine);
                machines.sort_unstable();
            }
            Note::Change(Change::PodFinished(id)) => self.used.retain(|_, user| user != id),
            _ => {}
        }
    }
}
