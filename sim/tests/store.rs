//! The store under random histories: whatever is asked of it in whatever order, every invariant holds after each step.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use std::sync::{Arc, Mutex};
use towtank_sim::admission;
use towtank_sim::agenda::{Rank, Timer};
use towtank_sim::cluster::{Cause, Cluster, Fingerprint, Interest, Object};
use towtank_sim::cluster::{QuotaScope, ResourceQuota, ScopeRequirement};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::engine::{Outcome, Simulation, Until};
use towtank_sim::invariants::{self, Audit};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{Container, HostPort, NewPod, PodPhase, PodSpec, Run, Usage};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Effect, Taint};
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::time::{SimTime, Span};

/// One thing asked of the store. Names and subjects are picked from small sets, so that they meet.
#[derive(Clone, Debug)]
enum Step {
    Create {
        name: u8,
        shape: Shape,
        on: Option<u8>,
    },
    Bind(Index, Index),
    Unschedulable(Index),
    Start(Index),
    Unready(Index),
    Interrupt(Index),
    Finish(Index, bool),
    Delete(Index, Cause),
    Remove(Index),
    StopCharging(Index),
    AddNode(u8, u8),
    Resize(Index, u8),
    Taint(Index),
    Cordon(Index, bool),
    Ready(Index, bool),
    Machine(Index, bool),
    RemoveNode(Index),
    Quota {
        name: u8,
        pods: u8,
        cpu: u8,
        terminating: bool,
    },
    Limit(Index, u8),
    Scaled(u8),
    Scale(Index, u8),
    RemoveObject(Index),
    /// Time passes and everyone hears of everything.
    Tick,
}

#[derive(Clone, Copy, Debug)]
struct Shape {
    namespace: bool,
    cpu: u8,
    memory: Option<u8>,
    port: bool,
    gpu: Option<(u8, u16)>,
    deadline: bool,
}

/// Something with a scale subresource.
#[derive(Debug)]
struct Scaled(u32);

impl Object for Scaled {
    fn kind(&self) -> &'static str {
        "Scaled"
    }
    fn replicas(&self) -> Option<u32> {
        Some(self.0)
    }
    fn set_replicas(&mut self, replicas: u32) {
        self.0 = replicas;
    }
    fn fold(&self, into: &mut Fingerprint) {
        into.fold(SimTime::ZERO, 0, &[u64::from(self.0)]);
    }
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    let cause = prop_oneof![
        Just(Cause::Deleted),
        Just(Cause::Preempted),
        Just(Cause::Evicted),
        Just(Cause::TaintEvicted),
        Just(Cause::NodeLost)
    ];
    let gpu = proptest::option::of((1..4_u8, 1..=1000_u16));
    let shape = (any::<bool>(), 0..40_u8, proptest::option::of(0..9_u8), any::<bool>(), gpu, any::<bool>()).prop_map(
        |(namespace, cpu, memory, port, gpu, deadline)| Shape { namespace, cpu, memory, port, gpu, deadline },
    );
    prop_oneof![
        9 => (0..20_u8, shape, proptest::option::weighted(0.1, 0..5_u8))
            .prop_map(|(name, shape, on)| Step::Create { name, shape, on }),
        6 => (index(), index()).prop_map(|(pod, node)| Step::Bind(pod, node)),
        1 => index().prop_map(Step::Unschedulable),
        4 => index().prop_map(Step::Start),
        1 => index().prop_map(Step::Unready),
        2 => index().prop_map(Step::Interrupt),
        2 => (index(), any::<bool>()).prop_map(|(pod, well)| Step::Finish(pod, well)),
        3 => (index(), cause).prop_map(|(pod, cause)| Step::Delete(pod, cause)),
        2 => index().prop_map(Step::Remove),
        2 => index().prop_map(Step::StopCharging),
        2 => (0..5_u8, 0..4_u8).prop_map(|(name, devices)| Step::AddNode(name, devices)),
        1 => (index(), 0..9_u8).prop_map(|(node, cpu)| Step::Resize(node, cpu)),
        1 => index().prop_map(Step::Taint),
        1 => (index(), any::<bool>()).prop_map(|(node, to)| Step::Cordon(node, to)),
        1 => (index(), any::<bool>()).prop_map(|(node, to)| Step::Ready(node, to)),
        1 => (index(), any::<bool>()).prop_map(|(node, to)| Step::Machine(node, to)),
        1 => index().prop_map(Step::RemoveNode),
        1 => (0..3_u8, 0..9_u8, 0..99_u8, any::<bool>())
            .prop_map(|(name, pods, cpu, terminating)| Step::Quota { name, pods, cpu, terminating }),
        1 => (index(), 0..9_u8).prop_map(|(quota, pods)| Step::Limit(quota, pods)),
        1 => (0..3_u8).prop_map(Step::Scaled),
        1 => (index(), 0..9_u8).prop_map(|(object, to)| Step::Scale(object, to)),
        1 => index().prop_map(Step::RemoveObject),
        6 => Just(Step::Tick),
    ]
}

/// A controller that does one step after another, and remembers every id it has ever seen: also those that are gone.
#[derive(Debug, Default)]
struct Clumsy {
    steps: std::vec::IntoIter<Step>,
    pods: Vec<PodId>,
    objects: Vec<ObjectId>,
    wrong: Arc<Mutex<Option<String>>>,
}

impl Controller for Clumsy {
    fn name(&self) -> &'static str {
        "clumsy"
    }
    fn interest(&self) -> Interest {
        Interest::NONE
    }
    fn start(&mut self, cx: &mut Context<'_>) {
        cx.remind(SimTime::ZERO, Rank::Control, Timer::of_kind(0));
    }
    /// Does the steps up to the next tick in one instant, before anyone hears of them.
    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        while let Some(step) = self.steps.next() {
            if matches!(step, Step::Tick) {
                let at = cx.now() + Span::from_secs(7);
                return cx.remind(at, Rank::Control, timer);
            }
            let text = format!("{step:?}");
            self.act(&step, cx.cluster);
            if let Err((name, why)) = invariants::check(cx.cluster) {
                self.wrong.lock().unwrap().get_or_insert(format!("after {text}: {name}: {why}"));
            }
        }
    }
}

impl Clumsy {
    fn act(&mut self, step: &Step, cluster: &mut Cluster) {
        // Ids of pods and objects stay with their holder when what they name has gone; nodes are looked up.
        let pods = self.pods.clone();
        let pod = |index: Index| (!pods.is_empty()).then(|| pods[index.index(pods.len())]);
        let nodes: Vec<NodeId> = cluster.nodes().iter().map(|node| node.id).collect();
        let node = |index: Index| (!nodes.is_empty()).then(|| nodes[index.index(nodes.len())]);
        let objects = self.objects.clone();
        let object = |index: Index| (!objects.is_empty()).then(|| objects[index.index(objects.len())]);
        match step.clone() {
            Step::Create { name, shape, on } => {
                let class = cluster.intern(spec(shape, on));
                let name = format!("p{name}").into();
                let new = NewPod {
                    name,
                    class: class.into(),
                    owner: None,
                    run: Run::Forever,
                    usage: Usage { cpu: 777, memory: 20_000 },
                    status: None,
                };
                self.pods.extend(cluster.create_pod(new));
            }
            Step::Bind(p, n) => {
                // Whoever binds must know that the pod waits; the scheduler asks the same.
                let waits = |id: &PodId| cluster.pods().unbound().any(|unbound| unbound == *id);
                if let (Some(id), Some(node)) = (pod(p).filter(waits), node(n)) {
                    cluster.bind(id, node);
                }
            }
            Step::Unschedulable(p) => _ = pod(p).map(|id| cluster.mark_unschedulable(id, &Arc::default())),
            Step::Start(p) => {
                let bound = |id: &PodId| cluster.pod(*id).is_some_and(|p| p.node.is_some());
                _ = pod(p).filter(bound).map(|id| cluster.start(id));
            }
            Step::Unready(p) => _ = pod(p).map(|id| cluster.set_ready(id, false)),
            Step::Interrupt(p) => _ = pod(p).map(|id| cluster.interrupt(id)),
            Step::Finish(p, well) => {
                let phase = if well { PodPhase::Succeeded } else { PodPhase::Failed };
                _ = pod(p).map(|id| cluster.finish(id, phase));
            }
            Step::Delete(p, cause) => _ = pod(p).map(|id| cluster.delete_pod(id, cause)),
            Step::Remove(p) => _ = pod(p).map(|id| cluster.remove_pod(id)),
            Step::StopCharging(p) => {
                let deleting = |id: &PodId| cluster.pod(*id).is_some_and(|p| p.deleting.is_some());
                _ = pod(p).filter(deleting).map(|id| cluster.stop_charging(id));
            }
            Step::AddNode(name, devices) => {
                let allocatable = list(&[("cpu", "4".into()), ("example.com/x", "2".into())]);
                let spec = NodeSpec {
                    name: node_name(name).into(),
                    allocatable: allocatable.into(),
                    devices,
                    ..NodeSpec::default()
                };
                let _ = cluster.add_node(spec);
            }
            Step::Resize(n, cpu) => {
                _ = node(n)
                    .map(|id| cluster.update_node(id, |s| s.allocatable = list(&[("cpu", cpu.to_string())]).into()));
            }
            Step::Taint(n) => {
                let taint = Taint { key: "k".into(), value: String::new(), effect: Effect::NoExecute };
                _ = node(n).map(|id| cluster.update_node(id, |s| s.taints.push(taint)));
            }
            Step::Cordon(n, to) => _ = node(n).map(|id| cluster.update_node(id, |s| s.unschedulable = to)),
            Step::Ready(n, to) => _ = node(n).map(|id| cluster.set_node_ready(id, to)),
            Step::Machine(n, to) => _ = node(n).map(|id| cluster.set_machine_up(id, to)),
            Step::RemoveNode(n) => _ = node(n).map(|id| cluster.remove_node(id)),
            Step::Quota { name, pods, cpu, terminating } => {
                let hard =
                    list(&[("pods", pods.to_string()), ("count/pods", "9".into()), ("cpu", format!("{cpu}00m"))]);
                let scopes =
                    if terminating { vec![ScopeRequirement::exists(QuotaScope::Terminating)] } else { Vec::new() };
                let body = Box::new(ResourceQuota::new(hard, scopes));
                self.objects.extend(cluster.create_object("default", &format!("q{name}"), None, body));
            }
            Step::Limit(o, pods) => {
                let limit = |quota: &mut ResourceQuota| quota.hard = list(&[("pods", pods.to_string())]);
                _ = object(o).map(|id| cluster.update_object(id, limit));
            }
            Step::Scaled(name) => {
                self.objects.extend(cluster.create_object("default", &format!("s{name}"), None, Box::new(Scaled(1))));
            }
            Step::Scale(o, to) => _ = object(o).map(|id| cluster.scale(id, u32::from(to))),
            Step::RemoveObject(o) => _ = object(o).map(|id| cluster.remove_object(id)),
            Step::Tick => {}
        }
    }
}

fn node_name(name: u8) -> String {
    format!("n{name}")
}

fn list(amounts: &[(&str, String)]) -> ResourceList {
    amounts.iter().map(|(name, text)| ((*name).to_owned(), text.parse().expect("a quantity"))).collect()
}

fn spec(shape: Shape, on: Option<u8>) -> PodSpec {
    let mut requests = list(&[("cpu", format!("{}00m", shape.cpu))]);
    if let Some(memory) = shape.memory {
        requests.extend(list(&[("memory", format!("{memory}Gi")), ("example.com/x", "1".into())]));
    }
    let port = HostPort { ip: "0.0.0.0".into(), protocol: "TCP".into(), port: 80 };
    let host_ports = if shape.port { vec![port] } else { Vec::new() };
    PodSpec {
        namespace: if shape.namespace { "default" } else { "other" }.into(),
        containers: vec![Container { name: "main".into(), requests, host_ports, ..Container::default() }],
        gpu: shape.gpu.map(|(count, milli)| GpuRequest { count, milli }),
        node_name: on.map(|name| node_name(name).into()),
        active_deadline: shape.deadline.then_some(Span::from_secs(9)),
        ..PodSpec::default()
    }
}

fn play(steps: Vec<Step>, audited: bool) -> Result<Outcome, String> {
    let mut simulation = Simulation::new(1);
    simulation.cluster.admission = admission::kubernetes();
    let wrong = Arc::new(Mutex::new(None));
    let clumsy = Clumsy { steps: steps.into_iter(), wrong: wrong.clone(), ..Clumsy::default() };
    simulation.add_controller(Box::new(clumsy));
    let mut audit = Audit::every(1);
    let outcome =
        if audited { simulation.run(Until::Idle, &mut [&mut audit]) } else { simulation.run(Until::Idle, &mut []) };
    if let Some(wrong) = wrong.lock().unwrap().take() {
        return Err(wrong);
    }
    if audited {
        audit.finish(&simulation.cluster).map_err(|violation| violation.to_string())?;
    }
    outcome.map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))), ..ProptestConfig::default() })]

    #[test]
    fn every_invariant_holds_after_every_step(steps in prop::collection::vec(step(), 0..150)) {
        let outcome = play(steps.clone(), true);
        prop_assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
        prop_assert_eq!(outcome, play(steps, false), "an observer changed the run");
    }
}

/// `TOWTANK_STORE_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("TOWTANK_STORE_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(256)
}
