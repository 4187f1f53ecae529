//! Filters that are told how a cluster would be, against filters that look at the cluster that is so.

use super::neighbours::Neighbours;
use crate::kube::inter_pod_affinity::InterPodAffinity;
use crate::kube::pod_topology_spread::PodTopologySpread;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::{LabelSelector, Labels};
use towtank_sim::model::node::{HOSTNAME_LABEL, Node, NodeSpec};
use towtank_sim::model::pod::{NewPod, PodSpec};
use towtank_sim::model::pod_affinity::{PodAffinity, PodAffinityTerm};
use towtank_sim::model::taint::{Effect, Taint};
use towtank_sim::model::topology_spread::{NodeInclusionPolicy, TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::scheduler::{Cycle, Filter, Plugin, PodOnNode, PreFilter, Step, Supposed};

fn cycle(cluster: &Cluster, pod: PodId) -> Cycle<'_> {
    Cycle::new(cluster, cluster.pod(pod).expect("the pod lives").class, Some(pod))
}

fn taint(spec: &mut NodeSpec) {
    spec.taints.push(Taint { key: "leaving".into(), value: String::new(), effect: Effect::NoSchedule });
}

/// What becomes of a cluster: two nodes lose all their pods, one of them is tainted and the other one gone.
struct Change {
    tainted: NodeId,
    gone: NodeId,
    /// Some of the pods, with the nodes that they go to.
    moves: Vec<(PodId, NodeId)>,
}

impl Change {
    fn draw(all: &mut Neighbours) -> Self {
        let mut nodes = all.nodes.clone();
        let tainted = nodes.swap_remove(all.draw.below(nodes.len()));
        let gone = nodes.swap_remove(all.draw.below(nodes.len()));
        let mut change = Self { tainted, gone, moves: Vec::new() };
        for id in change.pods(&all.cluster) {
            let stays = all.cluster.pod(id).expect("it is on a node").deleting.is_some();
            if !stays && !nodes.is_empty() && all.draw.one_in(2) {
                change.moves.push((id, nodes[all.draw.below(nodes.len())]));
            }
        }
        change
    }

    /// The pods that leave.
    fn pods(&self, cluster: &Cluster) -> Vec<PodId> {
        [self.tainted, self.gone].iter().flat_map(|node| cluster.node(*node).pods.to_vec()).collect()
    }

    fn supposed<'a>(&self, cluster: &'a Cluster) -> Supposed<'a> {
        let pod = |id: PodId| PodOnNode::find(id, cluster).expect("the pod lives");
        let leaves = |node: NodeId| {
            let node: &'a Node = cluster.node(node);
            node.pods.iter().map(move |id| (pod(*id), node, Step::Leaves))
        };
        let come = self.moves.iter().map(|(id, to)| (pod(*id), cluster.node(*to), Step::Comes));
        let pods = leaves(self.tainted).chain(leaves(self.gone)).chain(come).collect();
        let mut spec = NodeSpec::clone(&cluster.node(self.tainted).spec);
        taint(&mut spec);
        let spec = Arc::new(spec);
        let gone = cluster.node(self.gone);
        // What is said last of a node holds.
        let nodes = vec![(gone, Some(Arc::clone(&spec))), (cluster.node(self.tainted), Some(spec)), (gone, None)];
        Supposed { pods, nodes }
    }

    fn happen(&self, cluster: &mut Cluster) {
        let classes: Vec<_> = self.moves.iter().map(|(id, _)| cluster.pod(*id).expect("the pod lives").class).collect();
        self.pods(cluster).into_iter().for_each(|id| cluster.remove_pod(id));
        for (i, ((_, to), class)) in self.moves.iter().zip(classes).enumerate() {
            let pod = cluster.create_pod(NewPod::new(format!("moved-{i}"), class)).expect("no quota");
            cluster.bind(pod, *to);
        }
        cluster.update_node(self.tainted, taint);
        cluster.remove_node(self.gone);
    }
}

/// Compares a plugin on random clusters; how many verdicts there were, and how many of them are others than before the change.
fn compare(plugin: impl Fn() -> Box<dyn Plugin>) -> (usize, usize) {
    let (mut asked, mut others) = (0, 0);
    for seed in 0..600 {
        let mut before = Neighbours::new(seed);
        let change = Change::draw(&mut before);
        let mut after = Neighbours::new(seed);
        change.happen(&mut after.cluster);
        let (told, looks) = (plugin(), plugin());
        for &pod in &before.waiting {
            let PreFilter::Ask(mut filter) = told.pre_filter(&cycle(&before.cluster, pod)) else { continue };
            let codes = |filter: &dyn Filter| {
                let nodes = after.cluster.nodes().iter().filter(|node| node.id != change.tainted);
                nodes.map(|node| filter.filter(before.cluster.node(node.id)).code()).collect::<Vec<_>>()
            };
            let as_is = codes(&*filter);
            filter.suppose(&change.supposed(&before.cluster));
            let supposed = codes(&*filter);
            let expected = match looks.pre_filter(&cycle(&after.cluster, pod)) {
                PreFilter::Ask(filter) => {
                    let nodes = after.cluster.nodes().iter().filter(|node| node.id != change.tainted);
                    nodes.map(|node| filter.filter(node).code()).collect()
                }
                _ => vec!["Success"; supposed.len()],
            };
            assert_eq!(supposed, expected, "{seed}, {}", before.cluster.pod(pod).expect("it lives").name);
            asked += supposed.len();
            others += supposed.iter().zip(as_is).filter(|(now, before)| *now != before).count();
        }
    }
    (asked, others)
}

#[test]
fn topology_spread_is_told_as_if_it_looked() {
    let (asked, others) = compare(|| Box::new(PodTopologySpread::default()));
    assert!(asked > 3000 && others > 200, "{asked} verdicts, {others} of them others than before");
}

#[test]
fn pod_affinity_is_told_as_if_it_looked() {
    let (asked, others) = compare(|| Box::new(InterPodAffinity::default()));
    assert!(asked > 3000 && others > 200, "{asked} verdicts, {others} of them others than before");
}

/// Nodes that are not in the store are hosts of their own: empty ones to topology spread, and free of the pods on the others.
#[test]
fn new_nodes_are_told_apart() {
    let labels = |key: &str, value: &str| -> Labels { [(key.to_owned(), value.to_owned())].into_iter().collect() };
    let named =
        |host: &str| NodeSpec { name: host.into(), labels: labels(HOSTNAME_LABEL, host), ..NodeSpec::default() };
    let selector = Some(LabelSelector { match_labels: labels("app", "w"), ..LabelSelector::default() });
    let spread = TopologySpreadConstraint {
        max_skew: 1,
        topology_key: HOSTNAME_LABEL.into(),
        when_unsatisfiable: WhenUnsatisfiable::DoNotSchedule,
        selector: selector.clone(),
        min_domains: None,
        node_affinity_policy: NodeInclusionPolicy::Honor,
        node_taints_policy: NodeInclusionPolicy::Ignore,
    };
    let apart = PodAffinityTerm {
        selector,
        namespaces: vec!["default".into()],
        namespace_selector: None,
        topology_key: HOSTNAME_LABEL.into(),
    };
    let apart = PodAffinity { required: vec![apart], ..PodAffinity::default() };
    let fits = |plugin: &dyn Plugin, spec: PodSpec, placed: Option<usize>| {
        let mut cluster = Cluster::default();
        let old = cluster.add_node(named("old")).expect("a new name");
        let class = cluster.intern(PodSpec { labels: labels("app", "w"), namespace: "default".into(), ..spec });
        let there = cluster.create_pod(NewPod::new("there", class)).expect("no quota");
        cluster.bind(there, old);
        let pod = cluster.create_pod(NewPod::new("waits", class)).expect("no quota");
        let new = ["new-0", "new-1"].map(|host| Node::hypothetical(named(host), &mut cluster.resources));
        let PreFilter::Ask(mut filter) = plugin.pre_filter(&cycle(&cluster, pod)) else { panic!("it is asked") };
        let come = placed.map(|i| (PodOnNode::find(pod, &cluster).expect("it lives"), &new[i], Step::Comes));
        let nodes = new.iter().map(|node| (node, Some(Arc::clone(&node.spec)))).collect();
        filter.suppose(&Supposed { pods: come.into_iter().collect(), nodes });
        [cluster.node(old), &new[0], &new[1]].map(|node| filter.filter(node).code() == "Success")
    };
    let spread = || PodSpec { topology_spread: vec![spread.clone()], ..PodSpec::default() };
    let apart = || PodSpec { pod_anti_affinity: apart.clone(), ..PodSpec::default() };
    for placed in [None, Some(0), Some(1)] {
        let free = [false, placed != Some(0), placed != Some(1)];
        assert_eq!(fits(&PodTopologySpread::default(), spread(), placed), free, "{placed:?}");
        assert_eq!(fits(&InterPodAffinity::default(), apart(), placed), free, "{placed:?}");
    }
}
