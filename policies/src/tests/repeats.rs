//! Attempts that repeat a failure (`sim/src/scheduler/repeats.rs`) against the evaluation that knows of none.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::{Outcome, Simulation, Until};
use towtank_sim::model::Quantity;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodSpec, Run};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::random::{Streams, index};
use towtank_sim::scheduler::{Evaluation, FeatureGates, Scheduler, SchedulerSettings};
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// Everything that observers are told of pods, one by one.
#[derive(Default)]
struct Diary(Vec<String>);

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let at = cluster.now;
        let attempts = |id| cluster.pods().attempts(id);
        self.0.push(match note {
            Note::SchedulingAttempt { pod, early, blamed, .. } => {
                format!("{at} {pod} tried {early} {blamed} {}", attempts(*pod))
            }
            Note::FailedScheduling { pod, error, queue, .. } => {
                format!("{at} {pod} failed {queue:?} {}", error.message(&cluster.resources))
            }
            Note::Scheduled { pod, node, .. } => format!("{at} {pod} {node:?} {}", attempts(*pod)),
            Note::QueueMoves { moves, .. } => {
                let mut moves: Vec<String> = moves
                    .each()
                    .map(|(pod, one)| format!("{at} {pod} {:?} {:?} {}", one.from, one.to, one.cause))
                    .collect();
                moves.sort();
                moves.join("\n")
            }
            Note::Change(change) => format!("{at} {change:?}"),
            Note::Preempting { pod, victims, .. } => format!("{at} {pod} preempts {victims:?}"),
            _ => return,
        });
    }
}

/// How many attempts failed, of those that are told together.
#[derive(Default)]
struct Counter {
    alone: u64,
    together: u64,
}

impl Observer for Counter {
    fn interest(&self) -> NoteKinds {
        NoteKinds::FAILED.and(NoteKinds::FAILED_AGAIN)
    }

    fn note(&mut self, note: &Note<'_>, _cluster: &Cluster) {
        match note {
            Note::FailedAgain(again) => self.together += again.tallies().map(|(tally, ..)| tally.count).sum::<u64>(),
            _ => self.alone += 1,
        }
    }
}

fn list(cpu: usize) -> ResourceList {
    [("cpu".to_owned(), Quantity::from_units(cpu as i64))].into()
}

/// A cluster that is much too small for its pods.
fn play(seed: u64, pods: usize, priorities: usize, evaluation: Evaluation) -> (Outcome, Vec<String>, Counter) {
    let mut simulation = Simulation::new(seed);
    let context = BuildContext::new(Streams::new(seed), FeatureGates::default());
    let profiles = crate::build(&ParsedConfig::default(), &context).profiles;
    let settings = SchedulerSettings { evaluation, ..SchedulerSettings::default() };
    simulation.add_controller(Box::new(Scheduler::new(profiles, settings)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    let mut rng = Streams::new(seed).stream("test");
    let mut draw = |below: usize| index(&mut rng, below);
    let mut work: Vec<(i64, Work)> = (0..4)
        .map(|number| {
            let mut allocatable = list(4 + draw(5));
            allocatable.insert("pods".to_owned(), Quantity::from_units(6));
            let spec =
                NodeSpec { name: format!("n{number}").into(), allocatable: allocatable.into(), ..NodeSpec::default() };
            (0, Work::Node(Box::new(spec)))
        })
        .collect();
    for number in 0..pods {
        let priority = (priorities > 1).then(|| draw(priorities) as i32 * 10);
        let spec = PodSpec { priority, ..PodSpec::with_requests(list(1 + draw(5))) };
        let run = Run::Succeeds(Span::from_secs(3 + draw(40) as i64));
        let pod = NewPod { run, ..NewPod::new(format!("p{number}"), simulation.cluster.intern(spec)) };
        work.push((draw(30) as i64, Work::Pod(pod)));
    }
    work.sort_by_key(|(at, _)| *at);
    let submissions = work.into_iter().map(|(at, work)| Submission { at: SimTime::from_secs(at), work }).collect();
    simulation.add_source(Box::new(Listed::new("test", submissions)));
    let (mut diary, mut counter) = (Diary::default(), Counter::default());
    let outcome = simulation.run(Until::Idle, &mut [&mut diary, &mut counter]).expect("the run ends");
    (outcome, diary.0, counter)
}

/// Observers see the same attempts in the same order, the changes between them included.
#[test]
fn repeated_failures_are_failures_like_others() {
    let together: u64 = (0..12).flat_map(|seed| [1, 3].map(|priorities| compare(seed, 120, priorities))).sum();
    assert!(together > 10_000, "most attempts are repeats: {together}");
}

/// With so many pods there are cohorts that fail as a whole.
#[test]
fn failures_of_many_at_once_are_failures_of_each() {
    let together: u64 = [1, 3].map(|priorities| compare(7, 350, priorities)).iter().sum();
    assert!(together > 20_000, "most attempts are repeats: {together}");
}

/// Plays the same work under both evaluations; how many attempts were told of together.
fn compare(seed: u64, pods: usize, priorities: usize) -> u64 {
    let (plain, attempts, all) = play(seed, pods, priorities, Evaluation::Plain);
    let (indexed, others, counted) = play(seed, pods, priorities, Evaluation::Indexed);
    let difference = attempts.iter().zip(&others).find(|(a, b)| a != b);
    assert_eq!(difference, None, "seed {seed}, {pods} pods, {priorities} priorities");
    assert_eq!((plain, attempts.len()), (indexed, others.len()), "seed {seed}, {pods} pods, {priorities} priorities");
    assert_eq!((all.alone, 0), (counted.alone + counted.together, all.together));
    counted.together
}
