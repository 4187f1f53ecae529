//! Classes that come, are forgotten with their last pod, and come again: nobody may notice.

use super::histories::drawn;
use super::neighbours::Draw;
use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use proptest::{prop_assert, prop_assert_eq, proptest};
use std::ops::Range;
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::{Outcome, Simulation, Until};
use towtank_sim::model::pod::{NewPod, PodSpec, Run};
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{Evaluation, FeatureGates, Scheduler, SchedulerSettings};
use towtank_sim::source::{Listed, Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// Pods of a few shapes, and some that are of none.
struct Pods {
    shapes: Vec<PodSpec>,
    draw: Draw,
    made: Range<usize>,
}

impl Source for Pods {
    fn name(&self) -> &'static str {
        "pods"
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let Some(number) = self.made.next() else { return Ok(None) };
        let place = self.draw.below(self.shapes.len());
        let mut spec = self.shapes[place].clone();
        // Far apart in time some shapes are not seen for long.
        spec.labels.insert("phase".to_owned(), (number / 40 % 3).to_string());
        if self.draw.one_in(3) {
            spec.labels.insert("number".to_owned(), number.to_string());
        }
        let class = cluster.intern_for_now(spec);
        let run = Run::Succeeds(Span::from_secs(1 + self.draw.below(60) as i64));
        let work = Work::Pod(NewPod { run, ..NewPod::new(format!("p{number}"), class) });
        Ok(Some(Submission { at: SimTime::from_secs(number as i64 / 3), work }))
    }
}

/// The largest numbers of classes and of pods.
#[derive(Default)]
struct Most {
    classes: usize,
    pods: usize,
    forgotten: usize,
}

impl Observer for Most {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        self.classes = self.classes.max(cluster.classes.len());
        self.pods = self.pods.max(cluster.pods().len());
        if let Note::ClassesForgotten(classes) = note {
            self.forgotten += classes.len();
        }
    }
}

/// Plays the work of a seed; up to so many classes none is forgotten.
fn play(seed: u64, evaluation: Evaluation, few: usize) -> (Outcome, Most) {
    let mut draw = Draw::new(seed);
    let mut simulation = Simulation::new(seed);
    simulation.cluster.classes.keep_at_least(few);
    let context = BuildContext::new(Streams::new(seed), FeatureGates::default());
    let profiles = crate::build(&ParsedConfig::default(), &context).profiles;
    let settings = SchedulerSettings { evaluation, ..SchedulerSettings::default() };
    simulation.add_controller(Box::new(Scheduler::new(profiles, settings)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    let nodes = (0..6).map(|number| {
        let spec = drawn::named(drawn::node(&mut draw), &format!("n{number}"));
        Submission { at: SimTime::ZERO, work: Work::Node(Box::new(spec)) }
    });
    simulation.add_source(Box::new(Listed::new("nodes", nodes.collect())));
    // What asks for volumes or claims would wait for ever: nobody makes any.
    let shapes = std::iter::repeat_with(|| drawn::pod(&mut draw, 1));
    let shapes = shapes.filter(|spec| spec.volumes.is_empty() && spec.resource_claims.is_empty());
    let shapes = shapes.map(|spec| PodSpec { scheduler_name: PodSpec::default().scheduler_name, ..spec });
    let shapes = shapes.take(12).collect();
    simulation.add_source(Box::new(Pods { shapes, draw, made: 0..300 }));
    let mut most = Most::default();
    let outcome = simulation.run(Until::Time(SimTime::from_secs(400)), &mut [&mut most]).expect("the run ends");
    (outcome, most)
}

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn runs_are_the_same_whether_classes_are_forgotten_or_not(seed: u64) {
        let (kept, all) = play(seed, Evaluation::Plain, usize::MAX);
        let (forgetful, most) = play(seed, Evaluation::Checked, 4);
        let (indexed, _) = play(seed, Evaluation::Indexed, 1);
        prop_assert_eq!(kept, forgetful);
        prop_assert_eq!(kept, indexed);
        prop_assert_eq!(all.forgotten, 0);
        prop_assert!(most.forgotten > 0);
        // Half of them are of pods, at most two of each; one more is needed to find out that there are too many.
        prop_assert!(most.classes <= 2 * (2 * most.pods + 4) + 2, "{} classes, {} pods", most.classes, most.pods);
    }
}
