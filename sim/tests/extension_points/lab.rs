//! A small cluster with the least scheduler that can work, to which a test adds its plugins.

use std::cell::RefCell;
use std::rc::Rc;
use towtank_sim::cluster::{Change, Cluster, Fingerprint, Object};
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::invariants::Audit;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::{NewPod, PodSpec};
use towtank_sim::model::resources::{ResourceId, ResourceList};
use towtank_sim::model::{NodeId, ObjectId};
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::scheduler::{
    AttemptLatency, Bind, Cycle, Dependence, Events, Filter, Plugin, Points, PreFilter, Profile, Reason, Scheduler,
    SchedulerSettings, TieBreak, Verdict,
};
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// What plugins and the observer write down, in one order.
#[derive(Clone, Default)]
pub(crate) struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    pub(crate) fn write(&self, line: &str) {
        self.0.borrow_mut().push(line.to_owned());
    }
}

/// The experiment.
pub(crate) struct Lab {
    pub(crate) simulation: Simulation,
    pub(crate) latency: AttemptLatency,
    pub(crate) tells_decisions: bool,
    profile: Profile,
    work: Vec<Submission>,
    diary: Diary,
}

impl Lab {
    /// An empty cluster. CPU must suffice; pods are bound; the first of several best nodes is taken.
    pub(crate) fn new() -> Self {
        let mut lab = Self {
            simulation: Simulation::new(42),
            latency: AttemptLatency::default(),
            tells_decisions: false,
            profile: Profile { name: "default-scheduler".into(), ..Profile::default() },
            work: Vec::new(),
            diary: Diary::default(),
        };
        lab.plugin(Room);
        lab
    }

    pub(crate) fn diary(&self) -> Diary {
        self.diary.clone()
    }

    /// Adds a plugin at each extension point that it has, at Bind before the others.
    pub(crate) fn plugin(&mut self, plugin: impl Plugin + 'static) {
        let profile = &mut self.profile;
        let index = profile.plugins.len();
        let points = plugin.points();
        let lists = [
            (Points::PRE_ENQUEUE, &mut profile.pre_enqueue),
            (Points::PRE_FILTER, &mut profile.pre_filter),
            (Points::FILTER, &mut profile.filter),
            (Points::POST_FILTER, &mut profile.post_filter),
            (Points::RESERVE, &mut profile.reserve),
            (Points::PERMIT, &mut profile.permit),
            (Points::PRE_BIND, &mut profile.pre_bind),
            (Points::POST_BIND, &mut profile.post_bind),
        ];
        for (_, list) in lists.into_iter().filter(|(point, _)| points.contains(*point)) {
            list.push(index);
        }
        if points.contains(Points::BIND) {
            let last = profile.bind.len().saturating_sub(1);
            profile.bind.insert(last, index);
        }
        if points.contains(Points::SCORE) {
            profile.score.push((index, 1));
        }
        if points.contains(Points::QUEUE_SORT) {
            profile.queue_sort = Some(index);
        }
        profile.plugins.push(Box::new(plugin));
    }

    /// Nothing binds any more but what the test adds.
    pub(crate) fn without_binder(&mut self) {
        self.profile.bind.clear();
    }

    pub(crate) fn at(&mut self, seconds: i64, work: Work) {
        self.work.push(Submission { at: SimTime::from_secs(seconds), work });
    }

    pub(crate) fn node(&mut self, seconds: i64, name: &str, cpu: i64) {
        let allocatable = resources(&[("cpu", cpu), ("pods", 110)]);
        self.at(
            seconds,
            Work::Node(Box::new(NodeSpec {
                name: name.into(),
                allocatable: allocatable.into(),
                ..NodeSpec::default()
            })),
        );
    }

    /// A pod of priority 0.
    pub(crate) fn pod(&mut self, seconds: i64, name: &str, cpu: i64) {
        self.important_pod(seconds, name, cpu, 0);
    }

    pub(crate) fn important_pod(&mut self, seconds: i64, name: &str, cpu: i64, priority: i32) {
        let spec = PodSpec { priority: Some(priority), ..PodSpec::with_requests(resources(&[("cpu", cpu)])) };
        let class = self.simulation.cluster.intern(spec);
        self.at(seconds, Work::Pod(NewPod::new(name, class)));
    }

    pub(crate) fn delete(&mut self, seconds: i64, name: &str) {
        let (namespace, name) = ("default".to_owned(), name.to_owned());
        self.at(seconds, Work::DeletePod { namespace, name, grace: Some(Span::ZERO) });
    }

    /// A slip of paper comes.
    pub(crate) fn paper(&mut self, seconds: i64, name: &str) {
        self.at(
            seconds,
            Work::Object { namespace: String::new(), name: name.to_owned(), body: Box::new(Paper::default()) },
        );
    }

    /// Runs until nothing is left to be done, under every invariant.
    pub(crate) fn run(mut self) -> Vec<String> {
        self.run_until(Until::Idle)
    }

    /// As [`Lab::run`], to an end.
    pub(crate) fn run_to(mut self, seconds: i64) -> Vec<String> {
        self.run_until(Until::Time(SimTime::from_secs(seconds)))
    }

    /// As [`Lab::run`], for those who look at the cluster afterwards.
    pub(crate) fn run_until(&mut self, until: Until) -> Vec<String> {
        let settings =
            SchedulerSettings { latency: self.latency, tie_break: TieBreak::First, ..SchedulerSettings::default() };
        let profile = std::mem::take(&mut self.profile);
        self.simulation.add_controller(Box::new(Scheduler::new(vec![profile], settings)));
        self.simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
        self.simulation.add_source(Box::new(Listed::new("test", std::mem::take(&mut self.work))));
        let mut audit = Audit::every(1);
        let mut witness = Witness(self.diary.clone(), self.tells_decisions);
        self.simulation.run(until, &mut [&mut witness, &mut audit]).expect("the run ends");
        audit.finish(&self.simulation.cluster).unwrap_or_else(|violation| panic!("{violation:?}"));
        self.diary.0.take()
    }
}

fn resources(list: &[(&str, i64)]) -> ResourceList {
    list.iter().map(|(name, units)| ((*name).to_owned(), towtank_sim::model::Quantity::from_units(*units))).collect()
}

/// The name of the pod that is scheduled.
pub(crate) fn pod_name(cycle: &Cycle<'_>) -> String {
    cycle.live_pod().map_or_else(String::new, |pod| pod.name.to_string())
}

/// An object that plugins and tests write to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paper {
    pub(crate) asked: bool,
    pub(crate) signed: bool,
}

impl Paper {
    const KIND: &'static str = "Paper";

    pub(crate) fn find(cluster: &Cluster, name: &str) -> Option<ObjectId> {
        cluster.objects().by_name(Self::KIND, "", name)
    }
}

impl Object for Paper {
    fn kind(&self) -> &'static str {
        Self::KIND
    }
    fn fold(&self, _into: &mut Fingerprint) {}
}

/// CPU must suffice; binds.
struct Room;
struct RoomFor(i64);

impl Plugin for Room {
    fn name(&self) -> &'static str {
        "Room"
    }
    fn points(&self) -> Points {
        Points::FILTER.and(Points::BIND)
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(RoomFor(cycle.class.requests.get(ResourceId::CPU))))
    }
    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }
    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        Bind::Bind
    }
    fn events(&self) -> Events {
        Events::ASSIGNED_POD_DELETE.and(Events::NODE_ADD)
    }
}

impl Filter for RoomFor {
    fn filter(&self, node: &Node) -> Verdict {
        if node.requested.get(ResourceId::CPU) + self.0 <= node.allocatable.get(ResourceId::CPU) {
            Verdict::Fits
        } else {
            Verdict::Unschedulable([Reason::Insufficient(ResourceId::CPU)].into_iter().collect())
        }
    }
}

/// Writes down where pods go, and why they do not; and what is told of decisions, if that is asked for.
struct Witness(Diary, bool);

impl Observer for Witness {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let at = cluster.now;
        let pod = |id| cluster.pod(id).map_or("?", |pod| &*pod.name);
        let node = |id: NodeId| cluster.node(id).name();
        match note {
            Note::Change(Change::PodBound(id, on)) => self.0.write(&format!("{at} {} -> {}", pod(*id), node(*on))),
            Note::Change(Change::PodRemoved(id)) => self.0.write(&format!("{at} {} is gone", pod(*id))),
            Note::FailedScheduling { pod: id, error, .. } => {
                self.0.write(&format!("{at} {}: {}", pod(*id), error.message(&cluster.resources)));
            }
            Note::Scheduled { pod: id, examined, feasible, best, ties, took, waits, .. } if self.1 => {
                let found = (examined, feasible, best, ties);
                self.0.write(&format!("{at} {}: {found:?} {took:?} {waits:?}", pod(*id)));
            }
            Note::Preempting { pod: id, node: on, .. } => {
                self.0.write(&format!("{at} {} preempts on {}", pod(*id), node(*on)));
            }
            _ => {}
        }
    }
}
