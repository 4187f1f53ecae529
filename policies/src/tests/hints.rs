//! Queueing hints: which events wake a pod that a plugin has rejected (`reference/scheduling-queue.md`, section 5).

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use towtank_sim::cluster::{Cluster, NodeChange};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{HostPort, NewPod, PodSpec};
use towtank_sim::model::pod_affinity::{PodAffinity, PodAffinityTerm};
use towtank_sim::model::resources::ResourceList;
use towtank_sim::model::taint::{Effect, Taint, Toleration};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::{NodeId, Quantity};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::scheduler::{ClusterEvent, Cycle, Events, Hint, Plugin};

fn plugin(name: &str) -> Box<dyn Plugin> {
    let config = ParsedConfig::default();
    let mut profile =
        crate::build(&config, &BuildContext::new(Streams::new(1), FeatureGates::default())).profiles.remove(0);
    let index = profile.plugins.iter().position(|p| p.name() == name).expect("a default plugin");
    profile.plugins.swap_remove(index)
}

fn cpu(units: i64) -> ResourceList {
    [("cpu".to_owned(), Quantity::from_units(units)), ("pods".to_owned(), Quantity::from_units(10))].into()
}

fn node(cluster: &mut Cluster) -> NodeId {
    let count = cluster.nodes().len();
    let spec = NodeSpec { name: format!("n{count}").into(), allocatable: cpu(4).into(), ..NodeSpec::default() };
    cluster.add_node(spec).expect("a new name")
}

/// Whether the plugin wakes a pod of this specification at the event that `change` of a node amounts to.
fn wakes(name: &str, pod: &PodSpec, what: NodeChange, change: impl Fn(&mut NodeSpec)) -> bool {
    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    cluster.update_node(id, change);
    asks(name, pod.clone(), &mut cluster, ClusterEvent::NodeUpdate(id, what))
}

fn asks(name: &str, pod: PodSpec, cluster: &mut Cluster, event: ClusterEvent) -> bool {
    let class_id = cluster.intern(pod);
    let cycle = Cycle::new(cluster, class_id, None);
    let plugin = plugin(name);
    assert!(plugin.events().meets(Events::of(event)), "{name} listens");
    plugin.hint(&cycle, event) == Hint::Queue
}

/// A pod of this specification leaves the node.
fn gone(cluster: &mut Cluster, node: NodeId, spec: PodSpec) -> ClusterEvent {
    let class = cluster.intern(spec);
    let name = format!("p{}", cluster.counters().submitted);
    let pod = cluster.create_pod(NewPod::new(name, class)).expect("no quota");
    ClusterEvent::AssignedPodDelete { pod, class, node: Some(node) }
}

fn requests(units: i64) -> PodSpec {
    let mut list = cpu(units);
    list.remove("pods");
    PodSpec::with_requests(list)
}

#[test]
fn fit_wants_a_node_that_holds_the_pod_and_has_grown() {
    let grow = |name: &str, pod: i64, to: i64| {
        wakes(name, &requests(pod), NodeChange::ALLOCATABLE, move |spec| spec.allocatable = cpu(to).into())
    };
    assert!(grow("NodeResourcesFit", 6, 8));
    assert!(!grow("NodeResourcesFit", 6, 5), "still too small");
    assert!(!grow("NodeResourcesFit", 2, 3), "it shrank");
    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    assert!(asks("NodeResourcesFit", requests(4), &mut cluster, ClusterEvent::NodeAdd(id)));
    assert!(!asks("NodeResourcesFit", requests(5), &mut cluster, ClusterEvent::NodeAdd(id)));
    let gone = gone(&mut cluster, id, PodSpec::default());
    assert!(asks("NodeResourcesFit", requests(5), &mut cluster, gone), "any deleted pod wakes");
}

#[test]
fn affinity_wants_a_node_that_matches_and_did_not() {
    let pod = PodSpec { node_selector: [("disk".to_owned(), "ssd".to_owned())].into(), ..PodSpec::default() };
    let label = |key: &'static str| {
        wakes("NodeAffinity", &pod, NodeChange::LABELS, move |spec| {
            spec.labels.insert(key.to_owned(), "ssd".to_owned());
        })
    };
    assert!(label("disk"));
    assert!(!label("other"));
}

#[test]
fn taints_and_cordons_wake_when_they_go() {
    let pod = PodSpec::default();
    let taint = Taint { key: "k".to_owned(), value: String::new(), effect: Effect::NoSchedule };
    assert!(!wakes("TaintToleration", &pod, NodeChange::TAINTS, |spec| spec.taints.push(taint.clone())));
    assert!(!wakes("NodeUnschedulable", &pod, NodeChange::TAINTS, |spec| spec.unschedulable = true));
    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    cluster.update_node(id, |spec| {
        spec.unschedulable = true;
        spec.taints.push(taint.clone());
    });
    cluster.update_node(id, |spec| {
        spec.unschedulable = false;
        spec.taints.clear();
    });
    let event = ClusterEvent::NodeUpdate(id, NodeChange::TAINTS);
    assert!(asks("TaintToleration", pod.clone(), &mut cluster, event));
    assert!(asks("NodeUnschedulable", pod, &mut cluster, event));
}

#[test]
fn ports_want_the_pod_that_had_them() {
    let with_port = |port: u16| {
        let mut pod = requests(1);
        pod.containers[0].host_ports = vec![HostPort { ip: "0.0.0.0".into(), protocol: "TCP".into(), port }];
        pod
    };
    let mut cluster = Cluster::default();
    let node = node(&mut cluster);
    for (port, helps) in [(80, true), (81, false)] {
        let gone = gone(&mut cluster, node, with_port(port));
        assert_eq!(asks("NodePorts", with_port(80), &mut cluster, gone), helps, "{port}");
    }
}

#[test]
fn declared_features_want_a_node_that_declares_others() {
    let mut pod = requests(1);
    pod.containers[0].restarts_all = true;
    let declare = |spec: &mut NodeSpec| spec.declared_features.push("RestartAllContainersOnContainerExits".to_owned());
    assert!(wakes("NodeDeclaredFeatures", &pod, NodeChange::FEATURES, declare));
    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    assert!(asks("NodeDeclaredFeatures", pod.clone(), &mut cluster, ClusterEvent::NodeAdd(id)), "whatever it declares");
    let (old, new) = (cluster.intern(pod.clone()), cluster.intern(requests(1)));
    let own = |old, new| ClusterEvent::OwnUpdate { old, new, what: Events::POD_OTHER };
    assert!(asks("NodeDeclaredFeatures", pod.clone(), &mut cluster, own(old, new)), "it needs less");
    assert!(!asks("NodeDeclaredFeatures", pod, &mut cluster, own(old, old)));
}

#[test]
fn fit_wants_the_pod_that_shrank_to_have_had_what_is_wanted() {
    let mut cluster = Cluster::default();
    let (two, one) = (cluster.intern(requests(2)), cluster.intern(requests(1)));
    let pod = cluster.create_pod(NewPod::new("p", two)).expect("no quota");
    let shrank = |old, new| ClusterEvent::AssignedPodUpdate { pod, old, new, what: Events::POD_SCALE_DOWN };
    assert!(asks("NodeResourcesFit", requests(4), &mut cluster, shrank(two, one)));
    assert!(!asks("NodeResourcesFit", requests(4), &mut cluster, shrank(one, two)), "it grew");
    assert!(!asks("NodeResourcesFit", PodSpec::default(), &mut cluster, shrank(two, one)), "no CPU is wanted");
    let own = ClusterEvent::OwnUpdate { old: two, new: one, what: Events::POD_SCALE_DOWN };
    assert!(asks("NodeResourcesFit", requests(1), &mut cluster, own));
}

fn labelled(app: &str) -> PodSpec {
    PodSpec { labels: [("app".to_owned(), app.to_owned())].into(), ..PodSpec::default() }
}

fn web() -> LabelSelector {
    LabelSelector { match_labels: labelled("web").labels, ..LabelSelector::default() }
}

fn zone(node: &mut NodeSpec, zone: &str) {
    node.labels.insert("zone".to_owned(), zone.to_owned());
}

/// A pod that is to be spread over zones.
fn spread() -> PodSpec {
    let constraint = TopologySpreadConstraint {
        max_skew: 1,
        topology_key: "zone".into(),
        when_unsatisfiable: WhenUnsatisfiable::DoNotSchedule,
        selector: Some(web()),
        min_domains: None,
        node_affinity_policy: NodeInclusionPolicy::Honor,
        node_taints_policy: NodeInclusionPolicy::Honor,
    };
    PodSpec { topology_spread: vec![constraint], ..labelled("web") }
}

#[test]
fn spreading_wants_nodes_in_domains() {
    let pod = spread();
    let name = "PodTopologySpread";
    let wakes = |what, change: &dyn Fn(&mut NodeSpec)| wakes(name, &pod, what, change);
    assert!(wakes(NodeChange::LABELS, &|node| zone(node, "a")), "the node came into a domain");
    assert!(!wakes(NodeChange::LABELS, &|node| drop(node.labels.insert("disk", "ssd".into()))));
    let taint = || Taint { key: "t".into(), value: String::new(), effect: Effect::NoSchedule };
    assert!(!wakes(NodeChange::TAINTS, &|node| node.taints.push(taint())), "the node is in no domain");

    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    assert!(!asks(name, pod.clone(), &mut cluster, ClusterEvent::NodeDelete(id)));
    cluster.update_node(id, |node| zone(node, "a"));
    assert!(asks(name, pod.clone(), &mut cluster, ClusterEvent::NodeDelete(id)), "its domain may be gone");
    cluster.update_node(id, |node| node.taints.push(taint()));
    assert!(asks(name, pod.clone(), &mut cluster, ClusterEvent::NodeUpdate(id, NodeChange::TAINTS)));
}

#[test]
fn spreading_wants_pods_that_are_counted() {
    let name = "PodTopologySpread";
    let pod = spread();
    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    for (spec, wakes) in [
        (labelled("web"), true),
        (labelled("db"), false),
        (PodSpec { namespace: "other".into(), ..labelled("web") }, false),
    ] {
        let event = gone(&mut cluster, id, spec);
        assert_eq!(asks(name, pod.clone(), &mut cluster, event), wakes);
    }
    let (web, db) = (cluster.intern(labelled("web")), cluster.intern(labelled("db")));
    let one = cluster.create_pod(NewPod::new("one", web)).expect("no quota");
    let relabelled = |new| ClusterEvent::AssignedPodUpdate { pod: one, old: web, new, what: Events::POD_LABEL };
    assert!(asks(name, pod.clone(), &mut cluster, relabelled(db)));
    assert!(!asks(name, pod.clone(), &mut cluster, relabelled(web)));
    let mut tolerant = pod.clone();
    tolerant.tolerations.push(Toleration { key: "t".into(), ..Toleration::default() });
    let new = cluster.intern(tolerant.clone());
    let old = cluster.intern(pod);
    let own = ClusterEvent::OwnUpdate { old, new, what: Events::POD_TOLERATION };
    assert!(asks(name, tolerant, &mut cluster, own), "taints decide which nodes count");
}

#[test]
fn pod_affinity_wants_pods_it_means_and_nodes_in_other_domains() {
    let term = || PodAffinityTerm {
        selector: Some(web()),
        namespaces: Vec::new(),
        namespace_selector: None,
        topology_key: "zone".into(),
    };
    let requires = || PodAffinity { required: vec![term()], preferred: Vec::new() };
    let near = PodSpec { pod_affinity: requires(), ..labelled("db") };
    let apart = PodSpec { pod_anti_affinity: requires(), ..labelled("db") };
    let name = "InterPodAffinity";
    assert!(wakes(name, &near, NodeChange::LABELS, |node| zone(node, "a")));
    assert!(!wakes(name, &apart, NodeChange::LABELS, |node| zone(node, "a")), "a node in no domain was no obstacle");

    let mut cluster = Cluster::default();
    let id = node(&mut cluster);
    assert!(!asks(name, near.clone(), &mut cluster, ClusterEvent::NodeAdd(id)));
    assert!(asks(name, apart.clone(), &mut cluster, ClusterEvent::NodeAdd(id)));
    let (web, db) = (cluster.intern(labelled("web")), cluster.intern(labelled("db")));
    let pod = cluster.create_pod(NewPod::new("one", web)).expect("no quota");
    let came = |class| ClusterEvent::AssignedPodAdd { pod, class, node: id };
    assert!(asks(name, near.clone(), &mut cluster, came(web)));
    assert!(!asks(name, near.clone(), &mut cluster, came(db)));
    assert!(!asks(name, apart.clone(), &mut cluster, came(web)), "one more to keep away from");
    let left = |class| ClusterEvent::AssignedPodDelete { pod, class, node: Some(id) };
    assert!(asks(name, apart.clone(), &mut cluster, left(web)));
    assert!(!asks(name, apart.clone(), &mut cluster, left(db)));
    let shy = cluster.intern(apart.clone());
    assert!(asks(name, labelled("web"), &mut cluster, left(shy)), "the one that left kept it away");
    let update = |old, new| ClusterEvent::AssignedPodUpdate { pod, old, new, what: Events::POD_LABEL };
    assert!(asks(name, near, &mut cluster, update(db, web)));
    assert!(asks(name, apart.clone(), &mut cluster, update(web, db)));
    assert!(!asks(name, apart, &mut cluster, update(db, web)));
}
