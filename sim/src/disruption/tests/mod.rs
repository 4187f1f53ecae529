//! Whole disruptions, as the observers see them.

mod budgets;
mod drain;
mod failure;
mod lifecycle;

use super::{Drain, Drains, ListedFailure, MachineFailures, RandomFailures, TaintEviction};
use crate::admission;
use crate::cluster::{Change, Cluster, Fingerprint, Object};
use crate::engine::{Simulation, Until};
use crate::model::node::{NodeSpec, ZONE_LABEL};
use crate::model::pod::{NewPod, PodSpec};
use crate::model::taint::Toleration;
use crate::model::{ObjectId, PodId};
use crate::node::kubelet::{Kubelet, KubeletSettings};
use crate::node::lifecycle::NodeLifecycle;
use crate::observe::{Note, Observer, Regarding};
use crate::time::SimTime;

/// A small cluster without a scheduler: its pods name their nodes.
struct Tank(Simulation);

impl Tank {
    fn new() -> Self {
        let mut simulation = Simulation::new(42);
        simulation.cluster.admission = admission::kubernetes();
        simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
        simulation.add_controller(Box::new(NodeLifecycle::default()));
        simulation.add_controller(Box::new(TaintEviction::new()));
        Self(simulation)
    }

    fn cluster(&mut self) -> &mut Cluster {
        &mut self.0.cluster
    }

    fn node(&mut self, name: &str, zone: &str) {
        let mut spec = NodeSpec { name: name.into(), ..NodeSpec::default() };
        spec.labels.insert(ZONE_LABEL, zone.into());
        self.cluster().add_node(spec).unwrap();
    }

    fn pod(&mut self, name: &str, node: &str, owner: Option<ObjectId>, tolerations: Vec<Toleration>) -> PodId {
        let spec = PodSpec {
            node_name: Some(node.into()),
            labels: [("app".to_owned(), "x".to_owned())].into(),
            tolerations,
            ..PodSpec::default()
        };
        let class = self.cluster().intern(spec);
        let pod = NewPod { owner, ..NewPod::new(name, class) };
        self.cluster().create_pod(pod).unwrap()
    }

    fn object(&mut self, name: &str, owner: Option<ObjectId>, body: Box<dyn Object>) -> ObjectId {
        self.cluster().create_object("default", name, owner, body).unwrap()
    }

    fn failures(&mut self, listed: Vec<ListedFailure>, random: Vec<RandomFailures>) {
        self.0.add_controller(Box::new(MachineFailures::new(listed, random)));
    }

    fn drains(&mut self, drains: Vec<Drain>) {
        self.0.add_controller(Box::new(Drains::new(drains)));
    }

    /// Runs, and tells what happened: `TIME WHAT`, one line each.
    fn run(&mut self, until: Until) -> Vec<String> {
        let mut log = Log::default();
        self.0.run(until, &mut [&mut log]).unwrap();
        log.lines
    }

    fn run_to(&mut self, end: i64) -> Vec<String> {
        self.run(Until::Time(SimTime::from_secs(end)))
    }
}

/// Something with a scale.
#[derive(Debug)]
struct Scaled(&'static str, Option<u32>);

impl Object for Scaled {
    fn kind(&self) -> &'static str {
        self.0
    }
    fn replicas(&self) -> Option<u32> {
        self.1
    }
    fn fold(&self, _into: &mut Fingerprint) {}
}

/// Writes down events, taints and the ends of pods.
#[derive(Default)]
struct Log {
    lines: Vec<String>,
}

impl Observer for Log {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let pod = |id: PodId| cluster.pod(id).map_or("?", |pod| &*pod.name);
        let line = match note {
            Note::Event { reason, regarding, message, .. } => match regarding {
                Regarding::Named(..) => format!("{reason}: {message}"),
                Regarding::Pod(_) => return self.pod_event(reason, message, cluster),
                Regarding::Node(id) => format!("{reason} {}", cluster.node(*id).name()),
                Regarding::Object(_) => (*reason).to_owned(),
            },
            Note::Change(Change::NodeChanged(id, what)) if what.contains(crate::cluster::NodeChange::TAINTS) => {
                let node = cluster.node(*id);
                let taints: Vec<&str> = node.spec.taints.iter().map(|taint| taint.effect.as_str()).collect();
                format!("taints {} [{}]", node.name(), taints.join(" "))
            }
            Note::Change(Change::PodDeleting(id, cause)) => format!("deleting {} {}", pod(*id), cause.as_str()),
            Note::Change(Change::PodRemoved(id)) => format!("gone {}", pod(*id)),
            Note::Change(Change::NodeRemoved(id)) => format!("gone {}", cluster.node(*id).name()),
            _ => return,
        };
        self.lines.push(format!("{} {line}", cluster.now));
    }
}

impl Log {
    fn pod_event(&mut self, reason: &str, message: &str, cluster: &Cluster) {
        self.lines.push(format!("{} {reason}: {message}", cluster.now));
    }
}

#[track_caller]
fn check(lines: &[String], expected: &[&str]) {
    assert_eq!(lines.join("\n"), expected.join("\n"));
}
