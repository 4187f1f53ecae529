//! Random nodes and pods, with everything that the default plugins look at.

use super::configuration::profile_name;
use crate::tests::neighbours::Draw;
use towtank_sim::model::Quantity;
use towtank_sim::model::affinity::{NodeAffinity, NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::gpu::GpuRequest;
use towtank_sim::model::labels::{LabelSelector, Labels, Operator, Requirement};
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeImage, NodeSpec, ZONE_LABEL};
use towtank_sim::model::pod::{Container, HostPort, PodSpec, PreemptionPolicy};
use towtank_sim::model::pod_affinity::{PodAffinity, PodAffinityTerm, WeightedPodAffinityTerm};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Effect, Taint, Toleration, TolerationOperator};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::volume::{InTreeVolume, Volume, VolumeSource};
use towtank_sim::time::Span;

const CARD: &str = "example.com/card";
const IMAGES: [&str; 3] = ["app:1", "app:2", "base:latest"];
const MIB: i64 = 1 << 20;

/// Something that a pod asks for.
type Wish = fn(&mut Draw, &mut PodSpec);

/// What a node would be, whatever its name.
pub(in crate::tests) fn node(draw: &mut Draw) -> NodeSpec {
    let mut node = NodeSpec { allocatable: allocatable(draw).into(), ..NodeSpec::default() };
    for change in [relabel, retaint, reimage] {
        change(draw, &mut node);
    }
    node.devices = draw.of(&[0, 1, 4, 4]);
    if draw.one_in(6) {
        node.declared_features.push("SomeFeature".to_owned());
    }
    node
}

/// The specification under this name.
pub(in crate::tests) fn named(mut node: NodeSpec, name: &str) -> NodeSpec {
    node.name = name.into();
    if let Some(label) = node.labels.get_mut(HOSTNAME_LABEL) {
        name.clone_into(label);
    }
    node
}

/// Something of a node changes.
pub(super) fn change_node(draw: &mut Draw, node: &mut NodeSpec) {
    match draw.below(8) {
        0 | 1 => relabel(draw, node),
        2 | 3 => retaint(draw, node),
        4 => node.unschedulable = !node.unschedulable,
        5 => node.allocatable = allocatable(draw).into(),
        6 => reimage(draw, node),
        // A write that changes nothing.
        _ => {}
    }
    let name = node.name.clone();
    if let Some(label) = node.labels.get_mut(HOSTNAME_LABEL) {
        (*name).clone_into(label);
    }
}

fn allocatable(draw: &mut Draw) -> ResourceList {
    let mut list = ResourceList::new();
    let cores = draw.of(&[2, 4, 8, 16]);
    list.insert("cpu", Quantity::from_units(cores));
    list.insert("memory", Quantity::from_units(cores * draw.of(&[512, 1024, 1024]) * MIB));
    list.insert("pods", Quantity::from_units(draw.of(&[4, 8, 110, 110])));
    if draw.one_in(3) {
        list.insert(CARD, Quantity::from_units(2));
    }
    if draw.one_in(3) {
        list.insert("ephemeral-storage", Quantity::from_units(4096 * MIB));
    }
    list
}

fn relabel(draw: &mut Draw, node: &mut NodeSpec) {
    let mut labels = labels(&[
        ("disk", draw.of(&["ssd", "hdd"])),
        ("generation", draw.of(&["1", "2", "3"])),
        ("gpu-model", draw.of(&["T4", "G2", "A10"])),
    ]);
    if !draw.one_in(6) {
        let zone = draw.of(&["a", "a", "b", "c", ""]);
        labels.insert("zone", zone.into());
        labels.insert(ZONE_LABEL, zone.into());
    }
    if !draw.one_in(8) {
        labels.insert(HOSTNAME_LABEL, String::new());
    }
    node.labels = labels;
}

fn retaint(draw: &mut Draw, node: &mut NodeSpec) {
    let soft = Effect::PreferNoSchedule;
    let effects = [soft, soft, soft, Effect::NoSchedule, Effect::NoExecute];
    let count = draw.of(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
    let taint = |draw: &mut Draw| Taint {
        key: draw.of(&["t", "u"]).into(),
        value: draw.of(&["", "1"]).into(),
        effect: draw.of(&effects),
    };
    node.taints = (0..count).map(|_| taint(draw)).collect();
}

fn reimage(draw: &mut Draw, node: &mut NodeSpec) {
    let image = |(index, name): (usize, &&str)| NodeImage {
        names: vec![(*name).to_owned()],
        size: (300 * index as i64 + 100) * MIB,
    };
    node.images = IMAGES.iter().enumerate().filter(|_| draw.one_in(3)).map(image).collect();
}

/// A pod's specification, for one of so many profiles.
pub(in crate::tests) fn pod(draw: &mut Draw, profiles: usize) -> PodSpec {
    let mut spec = match draw.below(8) {
        0..=3 => plain(draw),
        4 => PodSpec { topology_spread: over_zones_and_hosts(draw), ..plain(draw) },
        5 => PodSpec { pod_anti_affinity: away_from_its_own(draw), ..plain(draw) },
        _ => draw.pod(),
    };
    spec.scheduler_name = profile_name(draw.below(profiles)).into();
    let wishes: [(usize, Wish); 6] =
        [(3, of_priority), (4, of_taints), (6, of_nodes), (10, of_devices), (12, of_ports), (20, of_volumes)];
    for (rarity, wish) in wishes {
        if draw.one_in(rarity) {
            wish(draw, &mut spec);
        }
    }
    spec
}

/// The same pod with another label.
pub(super) fn relabelled(draw: &mut Draw, mut spec: PodSpec) -> PodSpec {
    match draw.below(3) {
        0 => spec.labels.remove("tier").map_or((), drop),
        1 => drop(spec.labels.insert("tier", draw.of(&["1", "2"]).into())),
        _ => drop(spec.labels.insert("app", draw.of(&["a", "b"]).into())),
    }
    spec
}

/// A selector of pods by their labels.
pub(super) fn selector(draw: &mut Draw) -> LabelSelector {
    let by = |key, value| LabelSelector { match_labels: labels(&[(key, value)]), ..LabelSelector::default() };
    draw.of(&[by("app", "a"), by("app", "b"), by("tier", "1")])
}

fn plain(draw: &mut Draw) -> PodSpec {
    let mut requests = ResourceList::new();
    if !draw.one_in(8) {
        requests.insert("cpu", Quantity::from_milli(draw.of(&[0, 100, 250, 500, 1000, 3000])));
    }
    if !draw.one_in(4) {
        requests.insert("memory", Quantity::from_units(draw.of(&[0, 64, 256, 700]) * MIB));
    }
    let mut spec = PodSpec::with_requests(requests);
    spec.namespace = draw.of(&["x", "x", "y"]).into();
    spec.labels = labels(&[("app", draw.of(&["a", "b"]))]);
    spec.containers[0].image = draw.of(&["", "", "app:1", "app:2", "base"]).into();
    spec
}

fn over_zones_and_hosts(draw: &mut Draw) -> Vec<TopologySpreadConstraint> {
    let action = draw.of(&[WhenUnsatisfiable::DoNotSchedule, WhenUnsatisfiable::ScheduleAnyway]);
    let over = |key: &str| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: key.into(),
        when_unsatisfiable: action,
        selector: Some(LabelSelector { match_labels: labels(&[("app", "a")]), ..LabelSelector::default() }),
        min_domains: None,
        node_affinity_policy: NodeInclusionPolicy::Honor,
        node_taints_policy: NodeInclusionPolicy::Ignore,
    };
    vec![over("zone"), over(HOSTNAME_LABEL)]
}

fn away_from_its_own(draw: &mut Draw) -> PodAffinity {
    let term = PodAffinityTerm {
        selector: Some(selector(draw)),
        namespaces: Vec::new(),
        namespace_selector: None,
        topology_key: draw.of(&["zone", HOSTNAME_LABEL, HOSTNAME_LABEL]).into(),
    };
    match draw.below(2) {
        0 => PodAffinity { required: vec![term], preferred: Vec::new() },
        _ => PodAffinity { required: Vec::new(), preferred: vec![WeightedPodAffinityTerm { weight: 7, term }] },
    }
}

fn of_nodes(draw: &mut Draw, spec: &mut PodSpec) {
    let terms = [
        term("disk", Operator::In, &["ssd"]),
        term("generation", Operator::Gt, &["1"]),
        term("generation", Operator::Lt, &["3"]),
        term("zone", Operator::NotIn, &["a"]),
        term("zone", Operator::Exists, &[]),
        NodeSelectorTerm { fields: vec![named_node(draw)], ..NodeSelectorTerm::default() },
        NodeSelectorTerm::default(),
    ];
    let preferred = |draw: &mut Draw| PreferredNode { weight: 1 + draw.below(100) as i32, term: draw.of(&terms) };
    match draw.below(4) {
        0 => drop(spec.node_selector.insert("disk", draw.of(&["ssd", "hdd"]).into())),
        1 => {
            let terms = (0..=draw.below(2)).map(|_| draw.of(&terms)).collect();
            spec.node_affinity.required = Some(NodeSelector { terms });
        }
        _ => {
            let preferred = (0..=draw.below(3)).map(|_| preferred(draw)).collect();
            spec.node_affinity = NodeAffinity { preferred, ..NodeAffinity::default() };
        }
    }
}

fn named_node(draw: &mut Draw) -> Requirement {
    let values = vec![format!("n{}", draw.below(10))];
    Requirement { key: "metadata.name".into(), operator: Operator::In, values }
}

fn of_taints(draw: &mut Draw, spec: &mut PodSpec) {
    spec.tolerations.push(Toleration {
        key: draw.of(&["t", "u", ""]).into(),
        operator: TolerationOperator::Exists,
        value: String::new(),
        effect: draw.of(&[None, Some(Effect::NoSchedule), Some(Effect::PreferNoSchedule)]),
        seconds: draw.of(&[None, Some(Span::from_secs(5))]),
    });
}

fn of_devices(draw: &mut Draw, spec: &mut PodSpec) {
    if draw.one_in(2) {
        spec.gpu = Some(GpuRequest { count: 1 + draw.below(2) as u8, milli: draw.of(&[250, 500, 1000]) });
    } else {
        let name = draw.of(&[CARD, CARD, "ephemeral-storage", "example.com/nowhere"]);
        let amount = if name == CARD { 1 } else { 1024 * MIB };
        let requests = [(name.to_owned(), Quantity::from_units(amount))].into();
        spec.containers.push(Container { requests, ..Container::default() });
    }
}

fn of_ports(draw: &mut Draw, spec: &mut PodSpec) {
    let port = HostPort {
        ip: draw.of(&["0.0.0.0", "127.0.0.1", "10.0.0.1"]).into(),
        protocol: draw.of(&["TCP", "UDP"]).into(),
        port: draw.of(&[80, 81]),
    };
    spec.containers.push(Container { host_ports: vec![port], ..Container::default() });
}

fn of_priority(draw: &mut Draw, spec: &mut PodSpec) {
    spec.priority = Some(draw.of(&[-5, 1, 10, 100]));
    spec.preemption_policy = draw.of(&[None, None, Some(PreemptionPolicy::Never)]);
}

fn of_volumes(draw: &mut Draw, spec: &mut PodSpec) {
    let volume = InTreeVolume::GcePersistentDisk(draw.of(&["disk-1", "disk-2"]).into());
    let source = VolumeSource::InTree { volume, read_only: draw.one_in(2) };
    spec.volumes.push(Volume { name: "data".into(), source });
}

fn term(key: &str, operator: Operator, values: &[&str]) -> NodeSelectorTerm {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    NodeSelectorTerm { expressions: vec![Requirement { key: key.into(), operator, values }], fields: Vec::new() }
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
