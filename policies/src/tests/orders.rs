//! Orders of the queue, and the power of k choices, in small clusters.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use crate::named::profile_by_name;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::gang::PodGroupController;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodSpec, Run};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{AttemptLatency, Evaluation, FeatureGates, Scheduler, SchedulerSettings, TieBreak};
use towtank_sim::source::{Gang, Listed, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// A profile with this order of the queue.
fn sorted_by(plugin: &str, args: &str) -> String {
    format!(
        "\n    plugins: {{ queueSort: {{ disabled: [{{ name: '*' }}], enabled: [{{ name: {plugin} }}] }} }}\n    \
         pluginConfig: [{{ name: {plugin}, args: {{ {args} }} }}]"
    )
}

#[test]
fn fifo_knows_no_priorities_and_the_shortest_job_is_first() {
    let world = |profile: &str| {
        let mut world = World::new(profile);
        world.node("n", "100", "100");
        world.pod(1, "long", "1", "1", 50, |_| {});
        world.pod(1, "urgent", "1", "1", 70, |spec| spec.priority = Some(9));
        world.gang(1, "announced", 1, "1", 90, Some(10));
        world.run()
    };
    assert_eq!(world(""), ["1 urgent n", "1 long n", "1 announced n"]);
    assert_eq!(world(&sorted_by("Fifo", "")), ["1 long n", "1 urgent n", "1 announced n"]);
    assert_eq!(world(&sorted_by("ShortestJobFirst", "")), ["1 announced n", "1 long n", "1 urgent n"]);
}

#[test]
fn the_largest_is_the_one_with_the_largest_share() {
    let world = |profile: &str| {
        let mut world = World::new(profile);
        world.node("n", "100", "1000");
        world.pod(1, "cpu-30", "30", "10", 50, |_| {});
        world.pod(1, "memory-40", "1", "400", 50, |_| {});
        world.pod(1, "both-25", "25", "250", 50, |_| {});
        world.run()
    };
    assert_eq!(world(&sorted_by("LargestFirst", "")), ["1 memory-40 n", "1 cpu-30 n", "1 both-25 n"]);
    let sum = sorted_by("LargestFirst", "measure: Sum");
    assert_eq!(world(&sum), ["1 both-25 n", "1 memory-40 n", "1 cpu-30 n"]);
}

/// Figure 3 of the paper: with 9 CPUs and 18 GB, tasks of <1 CPU, 4 GB> and <3 CPU, 1 GB>: user A gets three tasks and user B two.
#[test]
fn dominant_resource_fairness_allocates_as_in_the_paper() {
    let mut world = World::new(&sorted_by("DominantResourceFairness", ""));
    world.node("n", "9", "18");
    for i in 0..6 {
        world.pod(1, &format!("a{i}"), "1", "4", 1000, |spec| spec.namespace = "a".into());
    }
    for i in 0..6 {
        world.pod(1, &format!("b{i}"), "3", "1", 1000, |spec| spec.namespace = "b".into());
    }
    // Shares: A 4/18, B 3/9, A 8/18, B 6/9, A 12/18: then neither has room for another task.
    assert_eq!(world.run(), ["1 a0 n", "1 b0 n", "1 a1 n", "1 b1 n", "1 a2 n"]);
}

#[test]
fn tenants_may_be_labels_and_have_weights() {
    let mut world = World::new(&sorted_by("DominantResourceFairness", "tenantLabel: user, weights: { b: 3 }"));
    world.node("n", "8", "100");
    for (user, name) in [("a", "a"), ("b", "b")] {
        for i in 0..8 {
            let user = user.to_owned();
            world.pod(1, &format!("{name}{i}"), "1", "1", 1000, move |spec| {
                spec.labels.insert("user".to_owned(), user);
            });
        }
    }
    let got = world.run();
    let of = |user: &str| got.iter().filter(|line| line.starts_with(&format!("1 {user}"))).count();
    assert_eq!((of("a"), of("b")), (2, 6));
}

#[test]
fn what_a_tenant_gives_back_counts_for_it() {
    let mut world = World::new(&sorted_by("DominantResourceFairness", ""));
    world.node("n", "2", "100");
    for (at, name, run) in [(1, "a0", 10), (2, "b0", 100), (3, "b1", 100), (4, "a1", 100)] {
        let namespace = name[..1].to_owned();
        world.pod(at, name, "1", "1", run, move |spec| spec.namespace = namespace.as_str().into());
    }
    // At 11 a0 is gone: b has a half of the cluster, a nothing, though b1 waits for longer.
    assert_eq!(world.run()[..3], ["1 a0 n", "2 b0 n", "11 a1 n"]);
}

#[test]
fn every_way_of_evaluation_draws_the_same_choices() {
    let run = |evaluation| {
        let mut world = World::with(&profile_by_name("power-of-two-choices").expect("a policy").yaml());
        world.evaluation = evaluation;
        for i in 0..40 {
            world.node(&format!("n{i}"), "8", "64");
        }
        for i in 0..200 {
            world.pod(i / 20, &format!("p{i}"), "1", "1", 1000, |_| {});
        }
        world.run()
    };
    let plain = run(Evaluation::Plain);
    assert_eq!(plain, run(Evaluation::default()));
    assert_eq!(plain.len(), 200);
    // Two choices balance far better than one: with 200 balls in 40 bins one choice leaves some bin with ten or more.
    let mut loads: BTreeMap<&str, u32> = BTreeMap::new();
    for line in &plain {
        *loads.entry(line.rsplit(' ').next().expect("a node")).or_default() += 1;
    }
    assert!(loads.values().max().is_some_and(|most| *most <= 8), "{loads:?}");
}

/// A cluster under kube-scheduler with a configuration, and what is submitted to it.
struct World {
    simulation: Simulation,
    config: ParsedConfig,
    evaluation: Evaluation,
    work: Vec<Submission>,
}

impl World {
    /// With what stands for the default profile.
    fn new(profile: &str) -> Self {
        Self::with(&format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n  - schedulerName: \
             default-scheduler{profile}\n"
        ))
    }

    fn with(config: &str) -> Self {
        let config = ParsedConfig::read(config, "test").unwrap_or_else(|error| panic!("{error}\n{config}"));
        Self { simulation: Simulation::new(3), config, evaluation: Evaluation::default(), work: Vec::new() }
    }

    fn at(&mut self, at: i64, work: Work) {
        self.work.push(Submission { at: SimTime::from_secs(at), work });
    }

    fn node(&mut self, name: &str, cpu: &str, memory: &str) {
        let allocatable = requests(&[("cpu", cpu), ("memory", memory), ("pods", "1000")]);
        let labels = [("kubernetes.io/hostname".to_owned(), name.to_owned())].into();
        let spec = NodeSpec { name: name.into(), allocatable: allocatable.into(), labels, ..NodeSpec::default() };
        self.at(0, Work::Node(Box::new(spec)));
    }

    fn pod(&mut self, at: i64, name: &str, cpu: &str, memory: &str, run: i64, change: impl FnOnce(&mut PodSpec)) {
        let mut spec = PodSpec::with_requests(requests(&[("cpu", cpu), ("memory", memory)]));
        change(&mut spec);
        let class = self.simulation.cluster.intern(spec);
        self.at(at, Work::Pod(NewPod { run: Run::Succeeds(Span::from_secs(run)), ..NewPod::new(name, class) }));
    }

    fn gang(&mut self, at: i64, name: &str, pods: u32, cpu: &str, run: i64, estimate: Option<i64>) {
        let class = self.simulation.cluster.intern(PodSpec::with_requests(requests(&[("cpu", cpu)])));
        let pod = NewPod { run: Run::Succeeds(Span::from_secs(run)), ..NewPod::new("", class) };
        let (namespace, name, estimate) = ("default".into(), name.into(), estimate.map(Span::from_secs));
        self.at(at, Work::Gang(Box::new(Gang { namespace, name, pods, min_count: pods, estimate, pod })));
    }

    /// Who was bound where and when.
    fn run(mut self) -> Vec<String> {
        let context = BuildContext::new(Streams::new(3), FeatureGates::default());
        let config = crate::build(&self.config, &context);
        let settings = SchedulerSettings {
            latency: AttemptLatency::None,
            tie_break: TieBreak::First,
            evaluation: self.evaluation,
            ..SchedulerSettings::default()
        };
        self.simulation.add_controller(Box::new(Scheduler::new(config.profiles, settings)));
        self.simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
        self.simulation.add_controller(Box::<PodGroupController>::default());
        self.simulation.add_source(Box::new(Listed::new("test", self.work)));
        let mut diary = Diary::default();
        let until = Until::Time(SimTime::from_secs(900));
        self.simulation.run(until, &mut [&mut diary]).expect("nothing can fail");
        diary.0
    }
}

#[derive(Default)]
struct Diary(Vec<String>);

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::Change(Change::PodBound(pod, node)) = note {
            let pod = cluster.pod(*pod).expect("it was bound");
            self.0.push(format!("{} {} {}", cluster.now.0 / 1_000_000_000, pod.name, cluster.node(*node).name()));
        }
    }
}

fn requests(list: &[(&str, &str)]) -> ResourceList {
    list.iter().map(|(name, text)| ((*name).to_owned(), text.parse().expect("a quantity"))).collect()
}
