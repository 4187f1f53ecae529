//! What the tests of this folder share: the least scheduler, an owner of pods, and a diary.

use crate::agenda::{Rank, Timer};
use crate::cluster::{Change, Cluster, Fingerprint, Interest, Object};
use crate::controller::{Context, Controller};
use crate::engine::Simulation;
use crate::model::node::{Node, NodeSpec};
use crate::model::pod::{NewPod, PodSpec, Run, Usage};
use crate::model::resources::{ResourceId, ResourceList};
use crate::model::{ObjectId, PodId};
use crate::node::kubelet::{Kubelet, KubeletSettings};
use crate::observe::{Note, Observer, Regarding};
use crate::scheduler::{Bind, Cycle, Filter, Plugin, Points, PreFilter, Profile, Reason, Scheduler, Verdict};
use crate::scheduler::{SchedulerSettings, TieBreak};
use crate::time::SimTime;

/// CPU, memory and schedulability; binds.
struct Fit;

struct FitFor<'c>(&'c crate::model::resources::Resources);

impl Plugin for Fit {
    fn name(&self) -> &'static str {
        "Fit"
    }
    fn points(&self) -> Points {
        Points::FILTER.and(Points::BIND)
    }
    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        Bind::Bind
    }
    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Ask(Box::new(FitFor(&cycle.class.requests)))
    }
}

impl Filter for FitFor<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if node.spec.unschedulable {
            return Verdict::unresolvable("node(s) were unschedulable");
        }
        let lacks = |id: &ResourceId| node.requested.get(*id) + self.0.get(*id) > node.allocatable.get(*id);
        match [ResourceId::CPU, ResourceId::MEMORY].into_iter().find(lacks) {
            None => Verdict::Fits,
            Some(id) => Verdict::Unschedulable([Reason::Insufficient(id)].into_iter().collect()),
        }
    }
}

pub(super) fn profile() -> Profile {
    let plugins: Vec<Box<dyn Plugin>> = vec![Box::new(Fit)];
    Profile { name: "default-scheduler".into(), plugins, filter: vec![0], bind: vec![0], ..Profile::default() }
}

/// A simulation with a scheduler, kubelets and the owner of [`Replicas`].
pub(super) fn simulation() -> Simulation {
    let mut simulation = Simulation::new(42);
    let settings = SchedulerSettings { tie_break: TieBreak::First, ..SchedulerSettings::default() };
    simulation.add_controller(Box::new(Scheduler::new(vec![profile()], settings)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    simulation.add_controller(Box::new(Owner));
    simulation
}

pub(super) fn requests(cpu: &str, memory: &str) -> ResourceList {
    let list = [("cpu", cpu), ("memory", memory)];
    list.iter().map(|(name, text)| ((*name).to_owned(), text.parse().expect("a quantity"))).collect()
}

pub(super) fn spec(cpu: &str, memory: &str) -> PodSpec {
    PodSpec::with_requests(requests(cpu, memory))
}

pub(super) fn node(name: &str, cpu: &str, memory: &str) -> NodeSpec {
    NodeSpec { name: name.into(), allocatable: requests(cpu, memory).into(), ..NodeSpec::default() }
}

pub(super) fn bare_pod(cluster: &mut Cluster, name: &str, cpu: &str, memory: &str, run: Run) -> PodId {
    let class = cluster.intern(spec(cpu, memory));
    let new =
        NewPod { name: name.into(), class: class.into(), owner: None, run, usage: Usage::default(), status: None };
    cluster.create_pod(new).expect("admitted")
}

/// A ReplicaSet at its simplest.
#[derive(Debug)]
pub(super) struct Replicas {
    pub(super) wanted: u32,
    pub(super) spec: PodSpec,
    pub(super) made: u32,
}

impl Object for Replicas {
    fn kind(&self) -> &'static str {
        "ReplicaSet"
    }
    fn replicas(&self) -> Option<u32> {
        Some(self.wanted)
    }
    fn set_replicas(&mut self, replicas: u32) {
        self.wanted = replicas;
    }
    fn fold(&self, _into: &mut Fingerprint) {}
}

pub(super) fn replicas(cluster: &mut Cluster, name: &str, replicas: u32, cpu: &str, memory: &str) -> ObjectId {
    let body = Replicas { wanted: replicas, spec: spec(cpu, memory), made: 0 };
    cluster.create_object("default", name, None, Box::new(body)).expect("a new name")
}

/// Keeps as many pods as its objects say; the youngest go first.
struct Owner;

impl Owner {
    fn sync(id: ObjectId, cx: &mut Context<'_>) {
        let Some(object) = cx.cluster.objects().get::<Replicas>(id) else { return };
        let (wanted, mut made, spec) = (object.wanted as usize, object.made, object.spec.clone());
        let name = cx.cluster.objects().meta(id).expect("it exists").name.clone();
        let mine = cx.cluster.pods().iter().filter(|(_, pod)| pod.owner == Some(id) && pod.is_active());
        let mut pods: Vec<(u64, PodId)> = mine.map(|(id, pod)| (pod.uid, id)).collect();
        pods.sort_unstable();
        for (_, pod) in pods.drain(wanted.min(pods.len())..) {
            cx.cluster.delete_pod(pod, crate::cluster::Cause::Deleted);
        }
        let class = cx.cluster.intern(spec);
        for _ in pods.len()..wanted {
            made += 1;
            let name = format!("{name}-{made}").into();
            let new = NewPod {
                name,
                class: class.into(),
                owner: Some(id),
                run: Run::Forever,
                usage: Usage::default(),
                status: None,
            };
            cx.cluster.create_pod(new).expect("admitted");
        }
        if cx.cluster.objects().get::<Replicas>(id).is_some_and(|object| object.made != made) {
            cx.cluster.update_object(id, |object: &mut Replicas| object.made = made);
        }
    }
}

impl Controller for Owner {
    fn name(&self) -> &'static str {
        "owner"
    }
    fn interest(&self) -> Interest {
        Interest::OBJECTS.and(Interest::POD_DELETING)
    }
    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::ObjectCreated(id) | Change::ObjectChanged(id) => Self::sync(id, cx),
            Change::PodDeleting(id, _) => {
                if let Some(owner) = cx.cluster.pod(id).and_then(|pod| pod.owner) {
                    Self::sync(owner, cx);
                }
            }
            _ => {}
        }
    }
}

/// Changes the cluster at given times.
pub(super) struct Script {
    steps: Vec<(SimTime, Step)>,
}

type Step = Box<dyn Fn(&mut Cluster)>;

impl Script {
    pub(super) fn new(steps: Vec<(i64, Step)>) -> Self {
        Self { steps: steps.into_iter().map(|(at, step)| (SimTime::from_secs(at), step)).collect() }
    }
}

impl Controller for Script {
    fn name(&self) -> &'static str {
        "script"
    }
    fn interest(&self) -> Interest {
        Interest::NONE
    }
    fn start(&mut self, cx: &mut Context<'_>) {
        for (i, (at, _)) in self.steps.iter().enumerate() {
            cx.remind(*at, Rank::Arrival, Timer::of_kind(i as u16));
        }
    }
    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        self.steps[timer.kind as usize].1(cx.cluster);
    }
}

/// Events, nodes that come and go, and bindings, as `seconds what`.
#[derive(Default)]
pub(super) struct Diary(pub(super) Vec<String>);

impl Diary {
    /// The lines that contain a text.
    pub(super) fn about(&self, text: &str) -> Vec<&str> {
        self.0.iter().map(String::as_str).filter(|line| line.contains(text)).collect()
    }
}

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let line = match note {
            Note::Event { reason, message, regarding, .. } => {
                let about = match regarding {
                    Regarding::Pod(id) => cluster.pod(*id).map_or("", |pod| &pod.name),
                    Regarding::Node(id) => cluster.node(*id).name(),
                    Regarding::Object(_) => "object",
                    Regarding::Named(_, name) => name,
                };
                format!("{reason} {about}: {message}")
            }
            Note::Change(Change::NodeAdded(id)) => format!("+{}", cluster.node(*id).name()),
            Note::Change(Change::NodeRemoved(id)) => format!("-{}", cluster.node(*id).name()),
            Note::Change(Change::PodBound(id, node)) => {
                format!("{} -> {}", cluster.pod(*id).expect("bound").name, cluster.node(*node).name())
            }
            _ => return,
        };
        self.0.push(format!("{} {line}", cluster.now));
    }
}
