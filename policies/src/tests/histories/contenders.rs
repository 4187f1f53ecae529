//! Two schedulers that decide on the same pods in different ways, each with plugins of its own.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use crate::tests::expected_pods::expected_pods;
use towtank_sim::cluster::{Change, Cluster};
use towtank_sim::model::gpu::DeviceSet;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{
    Cycle, Evaluation, FailureKind, FeatureGates, FitError, Profile, Remedy, Selection, TieBreak, Verdict,
};

/// The contenders.
pub(super) struct Contenders([Contender; 2]);

/// What was decided on a pod.
#[derive(Debug)]
pub(super) enum Decided {
    /// This node, and these of its devices.
    Node(NodeId, Option<DeviceSet>),
    /// None, and this may help.
    Nothing(Remedy),
}

struct Contender {
    selection: Selection,
    profiles: Vec<Profile>,
}

/// What has to be the same.
#[derive(Debug, PartialEq)]
struct Outcome {
    node: Option<NodeId>,
    feasible: u32,
    examined: u32,
    next_start: usize,
    error: Option<FitError>,
    reserved: Option<Verdict>,
    devices: Option<DeviceSet>,
    /// The nomination, the victims and the changes that PostFilter wants.
    remedy: Option<String>,
}

impl Contenders {
    /// One that does everything twice and compares, and one that only keeps what lasts: it has neither the first one's plugins,
    /// which were asked plainly, nor its random numbers.
    pub(super) fn new(config: &ParsedConfig, tie_break: TieBreak, seed: u64) -> Self {
        Self([Evaluation::Checked, Evaluation::Indexed].map(|evaluation| {
            let streams = Streams::new(seed);
            let mut context = BuildContext::new(streams, FeatureGates::default());
            context.target_workload = Some(expected_pods());
            let ties = (tie_break == TieBreak::Random).then(|| streams.stream("scheduler/tie-break"));
            let selection = Selection::new(evaluation, tie_break, ties);
            Contender { selection, profiles: crate::build(config, &context).profiles }
        }))
    }

    /// Lets them hear of what has changed.
    pub(super) fn settle(&mut self, cluster: &mut Cluster) {
        cluster.deliver(|change, cluster| {
            for Contender { selection, .. } in &mut self.0 {
                selection.changed(change, cluster);
                match change {
                    Change::PodCreated(id) | Change::PodNominated { pod: id, .. } => {
                        if let Some(pod) = cluster.pod(id).filter(|pod| pod.node.is_none()) {
                            selection.nominator.nominate(id, pod.nominated_node().cloned());
                        }
                    }
                    Change::PodBound(id, _) | Change::PodRemoved(id) | Change::PodFinished(id) => {
                        selection.nominator.remove(id);
                    }
                    _ => {}
                }
            }
        });
    }

    /// Decides on a pod that waits.
    ///
    /// # Panics
    /// If they do not decide alike.
    pub(super) fn decide(&mut self, cluster: &Cluster, pod: PodId) -> Decided {
        let [(one, decided), (other, _)] = self.0.each_mut().map(|contender| contender.decide(cluster, pod));
        let spec: &PodSpec = &cluster.class_of(cluster.pod(pod).expect("the pod waits")).spec;
        assert_eq!(one, other, "with another one's plugins, it decides otherwise (right) on {spec:#?}");
        decided
    }
}

impl Contender {
    fn decide(&mut self, cluster: &Cluster, pod: PodId) -> (Outcome, Decided) {
        let class = cluster.pod(pod).expect("the pod waits").class;
        let cycle = Cycle::new(cluster, class, Some(pod));
        let number = self.profiles.iter().position(|profile| profile.name == cycle.class.spec.scheduler_name);
        let number = number.expect("every pod has a profile");
        let profile = &self.profiles[number];
        let selected = self.selection.select((number as u8, profile), &cycle);
        let mut outcome = Outcome {
            node: selected.node,
            feasible: selected.feasible,
            examined: selected.examined,
            next_start: self.selection.start(),
            error: selected.error.as_deref().cloned(),
            reserved: None,
            devices: None,
            remedy: None,
        };
        if let Some(node) = selected.node {
            let verdict = reserve(profile, &cycle, node);
            let agreed = verdict == Verdict::Fits;
            outcome.reserved = Some(verdict);
            if !agreed {
                return (outcome, Decided::Nothing(Remedy::default()));
            }
            outcome.devices = profile.devices(&cycle, cluster.node(node)).expect("devices that have room");
            let decided = Decided::Node(node, outcome.devices);
            return (outcome, decided);
        }
        let error = selected.error.filter(|error| error.kind == FailureKind::Unfit);
        let remedy = error.map(|error| self.selection.post_filter(profile, &cycle, error).1).unwrap_or_default();
        outcome.remedy = Some(format!("{remedy:?}"));
        (outcome, Decided::Nothing(remedy))
    }
}

fn reserve(profile: &Profile, cycle: &Cycle<'_>, id: NodeId) -> Verdict {
    let node = cycle.cluster.node(id);
    for &index in &profile.reserve {
        let verdict = profile.plugins[index].reserve(cycle, node);
        if verdict != Verdict::Fits {
            profile.reserve.iter().rev().for_each(|&index| profile.plugins[index].unreserve(cycle, node));
            return verdict;
        }
    }
    Verdict::Fits
}
