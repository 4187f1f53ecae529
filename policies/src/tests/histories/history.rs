//! One random history: a cluster to which things happen, and pods that are decided on meanwhile.

use super::configuration;
use super::contenders::{Contenders, Decided};
use super::drawn::{self, labels};
use crate::tests::neighbours::Draw;
use std::ops::Range;
use towtank_sim::cluster::{Cause, Cluster, Fingerprint, Namespace, Object};
use towtank_sim::model::labels::{LabelSelector, Labels};
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::{NewPod, PodPhase, PodSpec};
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::scheduler::{Nomination, Remedy, TieBreak};
use towtank_sim::time::SimTime;

/// How large a history is.
#[derive(Clone, Debug)]
pub(super) struct Size {
    /// Nodes at the beginning.
    pub(super) nodes: Range<usize>,
    /// How many pods are decided on.
    pub(super) decisions: usize,
}

/// What goes on.
struct History {
    cluster: Cluster,
    contenders: Contenders,
    draw: Draw,
    profiles: usize,
    /// What nodes are made after: few, so that many are alike.
    templates: Vec<NodeSpec>,
    /// What pods are made of: few, so that classes come again, some of them after they have been forgotten.
    specs: Vec<PodSpec>,
    /// Services and owners of pods.
    groups: Vec<ObjectId>,
    /// Pods without a node.
    waiting: Vec<PodId>,
    /// Pods whose binding waits.
    held: Vec<PodId>,
    /// Numbers given to nodes and pods.
    names: usize,
}

/// Pods that belong together, as a Service or the owner of pods says it.
#[derive(Debug)]
struct Group {
    kind: &'static str,
    selector: LabelSelector,
}

impl Object for Group {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.selector)
    }

    fn fold(&self, _into: &mut Fingerprint) {}
}

/// Plays the history with this seed.
///
/// # Panics
/// If a decision depends on how it is made.
pub(super) fn play(seed: u64, size: &Size) {
    let mut draw = Draw::new(seed);
    let profiles = draw.of(&[1, 1, 2, 3]);
    let config = configuration::draw(&mut draw, profiles);
    let tie_break = draw.of(&[TieBreak::Random, TieBreak::First, TieBreak::FirstVisited, TieBreak::Heap]);
    let contenders = Contenders::new(&config, tie_break, seed);
    let mut history = History {
        cluster: Cluster::default(),
        contenders,
        profiles,
        templates: (0..draw.of(&[1, 1, 2, 4, 16])).map(|_| drawn::node(&mut draw)).collect(),
        specs: Vec::new(),
        groups: Vec::new(),
        waiting: Vec::new(),
        held: Vec::new(),
        names: 0,
        draw,
    };
    history.begin(size);
    // In some histories little happens beside the decisions, so that much of what is kept stays good.
    let calm = history.draw.of(&[1, 2, 8, 32]);
    for _ in 0..size.decisions {
        for _ in 0..history.draw.below(4) {
            if history.draw.one_in(calm) {
                history.something_happens();
            }
        }
        history.decide();
    }
}

impl History {
    /// Nodes, some of them with pods.
    fn begin(&mut self, size: &Size) {
        for namespace in ["x", "y"] {
            let body = Namespace::new(namespace, self.team());
            self.cluster.create_object("", namespace, None, Box::new(body)).expect("a new name");
        }
        for _ in 0..self.draw.below(3) {
            self.add_group();
        }
        for _ in 0..=self.draw.below(6) {
            self.add_class();
        }
        for _ in 0..size.nodes.start + self.draw.below(size.nodes.len()) {
            self.add_node();
        }
        // Without nodes there is nothing to decide; with many, some are to be full from the beginning.
        let most = self.draw.of(&[0, 1, 4, 12]) * self.cluster.nodes().len();
        for _ in 0..self.draw.below(most + 1) {
            self.bind_from_outside();
        }
    }

    fn decide(&mut self) {
        let again = !self.waiting.is_empty() && self.draw.one_in(5);
        let pod = if again {
            let index = self.draw.below(self.waiting.len());
            self.waiting.swap_remove(index)
        } else {
            if self.draw.one_in(10) {
                self.add_class();
            }
            self.new_pod()
        };
        self.contenders.settle(&mut self.cluster);
        if self.draw.one_in(12) {
            self.cluster.forget_classes();
        }
        if self.cluster.pod(pod).is_none_or(|pod| pod.placed_on().is_some()) {
            return;
        }
        self.cluster.count_attempt(pod);
        match self.contenders.decide(&self.cluster, pod) {
            Decided::Node(node, devices) if self.draw.one_in(12) => {
                self.cluster.assume_on_devices(pod, node, devices);
                self.held.push(pod);
            }
            Decided::Node(node, devices) => self.cluster.bind_to_devices(pod, node, devices),
            Decided::Nothing(remedy) => {
                self.help(pod, &remedy);
                if self.draw.one_in(3) {
                    self.cluster.delete_pod(pod, Cause::Deleted);
                } else {
                    self.waiting.push(pod);
                }
            }
        }
    }

    /// Does what PostFilter wants.
    fn help(&mut self, pod: PodId, remedy: &Remedy) {
        for victim in &remedy.victims {
            self.cluster.delete_pod(*victim, Cause::Preempted);
            if self.draw.one_in(2) {
                self.cluster.remove_pod(*victim);
            }
        }
        match remedy.nomination {
            Nomination::Keep => {}
            Nomination::Clear => self.cluster.nominate(pod, None),
            Nomination::Set(node) => {
                let name = self.cluster.node(node).spec.name.clone();
                self.cluster.nominate(pod, Some(name));
            }
        }
    }

    fn something_happens(&mut self) {
        match self.draw.below(32) {
            0..=7 => self.end_of_a_pod(),
            8..=10 => self.change_a_node(),
            11 => self.add_node(),
            12 => self.remove_a_node(),
            13 => self.replace_a_node(),
            14 => self.change_readiness(),
            15..=16 => self.bind_from_outside(),
            17..=18 => self.relabel_a_pod(),
            19 => self.nominate_a_pod(),
            20..=21 => self.go_on_with_a_binding(),
            22 => self.change_a_group(),
            23 => self.add_group(),
            24 => self.change_a_namespace(),
            25 => self.add_class(),
            // Whoever wants to be told is told between two changes, and not only before a decision.
            26..=29 => self.contenders.settle(&mut self.cluster),
            _ => self.cluster.now = SimTime(self.cluster.now.0 + 1_000_000_000),
        }
    }

    // ---- nodes -----------------------------------------------------------------------------------------------------

    fn any_node(&mut self) -> Option<NodeId> {
        let count = self.cluster.nodes().len();
        let index = if count == 0 { return None } else { self.draw.below(count) };
        self.cluster.nodes().iter_by_name().nth(index).map(|node| node.id)
    }

    fn add_node(&mut self) {
        let template = self.draw.of(&self.templates);
        self.names += 1;
        // Some names come again.
        let number = if self.draw.one_in(4) { self.draw.below(self.names) } else { self.names - 1 };
        let spec = drawn::named(template, &format!("n{number}"));
        // The name may be in use.
        let _ = self.cluster.add_node(spec);
    }

    fn change_a_node(&mut self) {
        let Some(node) = self.any_node() else { return };
        let draw = &mut self.draw;
        self.cluster.update_node(node, |spec| drawn::change_node(draw, spec));
    }

    fn remove_a_node(&mut self) {
        let Some(node) = self.any_node() else { return };
        if self.draw.one_in(3) {
            self.cluster.remove_node_alone(node);
        } else {
            self.cluster.remove_node(node);
        }
    }

    /// Another node takes over the name, and perhaps the slot.
    fn replace_a_node(&mut self) {
        let Some(node) = self.any_node() else { return };
        let name = self.cluster.node(node).spec.name.clone();
        self.cluster.remove_node(node);
        if self.draw.one_in(2) {
            self.contenders.settle(&mut self.cluster);
        }
        let spec = drawn::named(self.draw.of(&self.templates), &name);
        self.cluster.add_node(spec).expect("the name is free");
    }

    fn change_readiness(&mut self) {
        let Some(node) = self.any_node() else { return };
        let ready = self.draw.one_in(2);
        self.cluster.set_node_ready(node, ready);
    }

    // ---- pods ------------------------------------------------------------------------------------------------------

    fn add_class(&mut self) {
        self.specs.push(drawn::pod(&mut self.draw, self.profiles));
    }

    fn new_pod(&mut self) -> PodId {
        self.names += 1;
        let number = self.draw.below(self.specs.len());
        let class = self.cluster.intern_for_now(self.specs[number].clone());
        let mut pod = NewPod::new(format!("p{}", self.names), class);
        // An owner is in its pods' namespace.
        let namespace = &self.cluster.classes.get(class).spec.namespace;
        let objects = self.cluster.objects();
        let here = |id: &ObjectId| objects.meta(*id).is_some_and(|meta| meta.namespace == *namespace);
        let owners: Vec<ObjectId> = self.groups.iter().copied().filter(here).collect();
        if self.draw.one_in(3) && !owners.is_empty() {
            pod.owner = Some(self.draw.of(&owners));
        }
        self.cluster.create_pod(pod).expect("no quota")
    }

    /// A pod with a node, or one that has only been promised one.
    fn any_placed_pod(&mut self) -> Option<PodId> {
        let placed: Vec<PodId> =
            self.cluster.pods().iter().filter(|(_, pod)| pod.placed_on().is_some()).map(|(id, _)| id).collect();
        if placed.is_empty() { None } else { Some(self.draw.of(&placed)) }
    }

    fn end_of_a_pod(&mut self) {
        let Some(pod) = self.any_placed_pod() else { return };
        if self.cluster.pod(pod).is_some_and(|pod| pod.node.is_none()) {
            return;
        }
        match self.draw.below(4) {
            0 => self.cluster.delete_pod(pod, Cause::Deleted),
            1 => self.cluster.remove_pod(pod),
            _ => self.cluster.finish(pod, PodPhase::Succeeded),
        }
    }

    /// Another scheduler binds a pod, whatever the node says.
    fn bind_from_outside(&mut self) {
        let Some(node) = self.any_node() else { return };
        let pod = self.new_pod();
        self.cluster.bind(pod, node);
    }

    fn relabel_a_pod(&mut self) {
        let Some(pod) = self.any_placed_pod() else { return };
        let spec = self.cluster.class_of(self.cluster.pod(pod).expect("it is placed")).spec.clone();
        let class = self.cluster.intern_for_now(drawn::relabelled(&mut self.draw, spec));
        self.cluster.update_pod(pod, class);
    }

    /// Somebody else writes a nomination, or takes it back.
    fn nominate_a_pod(&mut self) {
        let Some(node) = self.any_node() else { return };
        if self.waiting.is_empty() {
            return;
        }
        let pod = self.draw.of(&self.waiting);
        let name = self.cluster.node(node).spec.name.clone();
        let name = self.draw.of(&[Some(name), Some("n-nowhere".into()), None]);
        self.cluster.nominate(pod, name);
    }

    fn go_on_with_a_binding(&mut self) {
        let Some(pod) = self.held.pop() else { return };
        // It may have had to make room, or have lost its node.
        let lives = self.cluster.pod(pod).filter(|pod| pod.deleting.is_none());
        let Some(node) = lives.and_then(towtank_sim::model::pod::Pod::assumed) else { return };
        if self.draw.one_in(2) {
            self.cluster.bind(pod, node);
        } else {
            self.cluster.forget(pod);
            self.waiting.push(pod);
        }
    }

    // ---- objects ---------------------------------------------------------------------------------------------------

    fn team(&mut self) -> Labels {
        self.draw.of(&[Labels::new(), labels(&[("team", "red")]), labels(&[("team", "blue")])])
    }

    fn add_group(&mut self) {
        self.names += 1;
        let kind = self.draw.of(&["Service", "Service", "ReplicaSet", "StatefulSet", "ReplicationController"]);
        let body = Group { kind, selector: drawn::selector(&mut self.draw) };
        let namespace = self.draw.of(&["x", "y"]);
        let name = format!("g{}", self.names);
        let id = self.cluster.create_object(namespace, &name, None, Box::new(body)).expect("a new name");
        self.groups.push(id);
    }

    fn change_a_group(&mut self) {
        if self.groups.is_empty() {
            return;
        }
        let index = self.draw.below(self.groups.len());
        let id = self.groups[index];
        if self.draw.one_in(3) {
            self.cluster.remove_object(id);
            self.groups.swap_remove(index);
        } else {
            let kind = self.cluster.objects().meta(id).expect("it is there").kind;
            let body = Group { kind, selector: drawn::selector(&mut self.draw) };
            self.cluster.replace_object(id, Box::new(body));
        }
    }

    fn change_a_namespace(&mut self) {
        let name = self.draw.of(&["x", "y"]);
        let id = self.cluster.objects().by_name(Namespace::KIND, "", name).expect("it is there");
        let body = Namespace::new(name, self.team());
        self.cluster.replace_object(id, Box::new(body));
    }
}
