//! Whole lives of pods with claims: the plugin, the controller of claims, the kubelet and the store together.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Object};
use towtank_sim::dra::{
    ClaimSpec, Device, DeviceClass, DeviceRequest, NodeScope, RequestForm, RequestedDevices, ResourceClaim,
    ResourceClaimController, ResourceClaimTemplate, ResourcePool, ResourceSlice,
};
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::model::Quantity;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodSpec, Run};
use towtank_sim::model::resource_claims::{ClaimSource, PodResourceClaim};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank_sim::observe::{Note, Observer};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{Evaluation, FeatureGates, Scheduler, SchedulerSettings};
use towtank_sim::source::{Listed, Submission, Work};
use towtank_sim::time::{SimTime, Span};

/// What happened to pods and claims, in seconds.
#[derive(Default)]
struct Diary(Vec<String>);

impl Observer for Diary {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let at = cluster.now;
        match note {
            Note::Change(Change::PodBound(id, node)) => {
                let pod = cluster.pod(*id).expect("bound");
                self.0.push(format!("{at} {} -> {}", pod.name, cluster.node(*node).name()));
            }
            Note::FailedScheduling { pod, error, .. } => {
                let name = &cluster.pod(*pod).expect("tried").name;
                self.0.push(format!("{at} {name}: {}", error.message(&cluster.resources)));
            }
            _ => {}
        }
    }
}

fn requests(list: &[(&str, i64)]) -> ResourceList {
    list.iter().map(|(name, units)| ((*name).to_owned(), Quantity::from_units(*units))).collect()
}

fn node(name: &str) -> (i64, Work) {
    let allocatable = requests(&[("cpu", 8), ("pods", 10)]);
    (0, Work::Node(Box::new(NodeSpec { name: name.into(), allocatable: allocatable.into(), ..NodeSpec::default() })))
}

fn object(namespace: &str, name: &str, body: impl Object) -> (i64, Work) {
    (0, Work::Object { namespace: namespace.into(), name: name.into(), body: Box::new(body) })
}

fn class(resource: Option<&str>) -> (i64, Work) {
    let selectors = vec!["device.driver == 'gpu.example.com'".to_owned()];
    object("", "gpu", DeviceClass { selectors, extended_resource_name: resource.map(str::to_owned) })
}

fn slice(node: &str, devices: usize) -> (i64, Work) {
    let device = |i| Device { name: format!("gpu-{i}"), ..Device::default() };
    let slice = ResourceSlice {
        driver: "gpu.example.com".into(),
        pool: ResourcePool { name: node.into(), generation: 1, slice_count: 1 },
        nodes: Some(NodeScope::Node(node.into())),
        devices: (0..devices).map(device).collect(),
        shared_counters: Vec::new(),
    };
    object("", node, slice)
}

fn one_gpu() -> ClaimSpec {
    let devices = RequestedDevices { class: "gpu".into(), ..RequestedDevices::default() };
    ClaimSpec {
        requests: vec![DeviceRequest { name: "r".into(), form: RequestForm::Exactly(devices) }],
        constraints: Vec::new(),
    }
}

fn pod(cluster: &mut Cluster, at: i64, name: &str, source: ClaimSource, run: i64) -> (i64, Work) {
    let claims = vec![PodResourceClaim { name: "gpu".into(), source }];
    let spec = PodSpec { resource_claims: claims, ..PodSpec::with_requests(requests(&[("cpu", 1)])) };
    let run = Run::Succeeds(Span::from_secs(run));
    (at, Work::Pod(NewPod { run, ..NewPod::new(name, cluster.intern(spec)) }))
}

fn template() -> ClaimSource {
    ClaimSource::Template("one".into())
}

/// Plays it, and gives the diary and the claims that are left.
fn play(work: impl FnOnce(&mut Cluster) -> Vec<(i64, Work)>) -> (Vec<String>, BTreeMap<String, ResourceClaim>) {
    let mut simulation = Simulation::new(1);
    let context = BuildContext::new(Streams::new(1), FeatureGates::default());
    let profiles = crate::build(&ParsedConfig::default(), &context).profiles;
    let settings = SchedulerSettings { evaluation: Evaluation::Checked, ..SchedulerSettings::default() };
    simulation.add_controller(Box::new(Scheduler::new(profiles, settings)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    simulation.add_controller(Box::<ResourceClaimController>::default());
    let work = work(&mut simulation.cluster).into_iter();
    let submissions = work.map(|(at, work)| Submission { at: SimTime::from_secs(at), work }).collect();
    simulation.add_source(Box::new(Listed::new("test", submissions)));
    let mut diary = Diary::default();
    simulation.run(Until::Idle, &mut [&mut diary]).expect("the run ends");
    let claims = simulation.cluster.objects().of_kind::<ResourceClaim>(ResourceClaim::KIND);
    (diary.0, claims.map(|(meta, claim)| (meta.name.to_string(), claim.clone())).collect())
}

#[test]
fn claims_made_from_a_template_come_and_go_with_their_pods() {
    let (diary, left) = play(|cluster| {
        vec![
            node("n1"),
            class(None),
            slice("n1", 1),
            object("default", "one", ResourceClaimTemplate { spec: one_gpu() }),
            pod(cluster, 1, "a", template(), 10),
            pod(cluster, 2, "b", template(), 10),
        ]
    });
    let refusal = "0/1 nodes are available: 1 cannot allocate all claims. still not schedulable, preemption: 0/1 nodes \
                   are available: 1 Preemption is not helpful for scheduling.";
    assert_eq!(diary, ["1 a -> n1", &format!("2 b: {refusal}"), "11 b -> n1"]);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_pod_waits_for_its_claim_and_for_its_template() {
    let (diary, _) = play(|cluster| {
        let later = |at, (_, work)| (at, work);
        let own = ClaimSource::Claim("own".into());
        vec![
            node("n1"),
            class(None),
            slice("n1", 2),
            pod(cluster, 1, "a", template(), 10),
            pod(cluster, 1, "b", own, 10),
            later(3, object("default", "one", ResourceClaimTemplate { spec: one_gpu() })),
            later(5, object("default", "own", ResourceClaim { spec: one_gpu(), ..ResourceClaim::default() })),
        ]
    });
    assert_eq!(diary, ["3 a -> n1", "5 b -> n1"]);
}

#[test]
fn a_claim_of_several_pods_keeps_them_together_and_is_given_back_by_the_last() {
    let (diary, left) = play(|cluster| {
        let shared = || ClaimSource::Claim("shared".into());
        vec![
            node("n1"),
            node("n2"),
            class(None),
            slice("n1", 1),
            slice("n2", 1),
            object("default", "shared", ResourceClaim { spec: one_gpu(), ..ResourceClaim::default() }),
            pod(cluster, 1, "a", shared(), 10),
            pod(cluster, 2, "b", shared(), 20),
        ]
    });
    let place = |line: &str| line.rsplit(' ').next().expect("a node").to_owned();
    assert_eq!(place(&diary[0]), place(&diary[1]), "{diary:?}");
    assert_eq!((left["shared"].status.allocation.is_none(), left["shared"].status.reserved_for.len()), (true, 0));
}

#[test]
fn a_claim_with_devices_where_its_pod_cannot_go_is_given_back() {
    let (diary, left) = play(|cluster| {
        let mut claim = ResourceClaim { spec: one_gpu(), ..ResourceClaim::default() };
        claim.status.allocation = Some(allocated_on("gone"));
        vec![
            node("n1"),
            class(None),
            slice("n1", 1),
            object("default", "own", claim),
            pod(cluster, 1, "a", ClaimSource::Claim("own".into()), 10),
        ]
    });
    let refusal = "0/1 nodes are available: 1 resourceclaim not available on the node. deallocation of ResourceClaim \
                   completed, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.";
    assert_eq!(diary, [format!("1 a: {refusal}"), "1 a -> n1".to_owned()]);
    assert!(left["own"].status.allocation.is_none());
}

fn allocated_on(node: &str) -> towtank_sim::dra::AllocationResult {
    use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
    use towtank_sim::model::labels::{Operator, Requirement};
    let only = Requirement { key: "metadata.name".into(), operator: Operator::In, values: vec![node.into()] };
    let term = NodeSelectorTerm { fields: vec![only], ..NodeSelectorTerm::default() };
    let node_selector = Some(NodeSelector { terms: vec![term] });
    towtank_sim::dra::AllocationResult { node_selector, ..Default::default() }
}

#[test]
fn an_extended_resource_is_had_through_devices() {
    let (diary, left) = play(|cluster| {
        let spec = PodSpec::with_requests(requests(&[("cpu", 1), ("example.com/gpu", 2)]));
        let class_id = cluster.intern(spec);
        let pod = |at, name: &str| {
            let run = Run::Succeeds(Span::from_secs(10));
            (at, Work::Pod(NewPod { run, ..NewPod::new(name, class_id) }))
        };
        let pods = [pod(1, "a"), pod(2, "b"), pod(20, "c")];
        [node("n1"), class(Some("example.com/gpu")), slice("n1", 3)].into_iter().chain(pods).collect()
    });
    assert_eq!(diary.len(), 5, "{diary:?}");
    assert_eq!(diary[0], "1 a -> n1");
    assert!(diary[1].starts_with("2 b: 0/1 nodes are available: 1 cannot allocate all claims."), "{}", diary[1]);
    assert_eq!([&diary[2], &diary[4]], ["11 b -> n1", "21 c -> n1"]);
    assert!(left.is_empty(), "{left:?}");
}
