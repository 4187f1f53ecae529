//! What the descheduler sees of a cluster.

use crate::admission::PriorityClass;
use crate::cluster::Cluster;
use crate::disruption::PodDisruptionBudget;
use crate::model::PodId;
use crate::model::labels::{LabelSelector, Labels};
use crate::model::node::NodeSpec;
use crate::model::pod::{EvictionTerms, PodClass, PodPhase};
use crate::model::resources::{ResourceId, ResourceTable, Resources};
use crate::storage::PersistentVolumeClaim;
use crate::time::SimTime;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Namespace and name.
type NamespacedName<'c> = (Cow<'c, str>, Cow<'c, str>);

/// A cluster at one moment.
#[derive(Debug)]
pub struct View<'c> {
    /// The moment.
    pub now: SimTime,
    /// The nodes, by name.
    pub nodes: Vec<NodeView<'c>>,
    /// The pods that have a node, by node, namespace and name.
    pub pods: Vec<PodView<'c>>,
    /// The columns of the resources.
    pub resources: &'c ResourceTable,
    /// The labels of the namespaces that are there.
    pub namespaces: BTreeMap<Cow<'c, str>, Cow<'c, Labels>>,
    /// The storage class of each claim, by namespace and name; `None` for a claim without one.
    pub claims: BTreeMap<NamespacedName<'c>, Option<Arc<str>>>,
    /// Namespace and selector of every PodDisruptionBudget that selects anything.
    pub budgets: Vec<(Cow<'c, str>, &'c LabelSelector)>,
    /// The values of the PriorityClasses.
    pub priorities: BTreeMap<Cow<'c, str>, i32>,
    /// Whether the cycle sees its own evictions: pods that it evicts are gone at once. Upstream sees them as soon as its cache hears
    /// of them.
    pub live: bool,
}

/// A node.
#[derive(Debug)]
pub struct NodeView<'c> {
    /// The specification.
    pub spec: &'c NodeSpec,
    /// Whether it is ready.
    pub ready: bool,
    /// `allocatable` as a vector.
    pub allocatable: &'c Resources,
    /// The places of its pods, ended ones too, by namespace and name.
    pub pods: Vec<usize>,
}

/// A pod on a node.
#[derive(Debug)]
pub struct PodView<'c> {
    /// Its id; `None` for a pod that is in no cluster.
    pub id: Option<PodId>,
    /// The name.
    pub name: Cow<'c, str>,
    /// The place of its node.
    pub node: usize,
    /// What it is.
    pub class: &'c PodClass,
    /// Where it is in its life.
    pub phase: PodPhase,
    /// When it was created.
    pub created: SimTime,
    /// `status.startTime`.
    pub started: Option<SimTime>,
    /// Whether its deletion has been asked for.
    pub terminating: bool,
    /// What owns it.
    pub owners: Vec<Owner<'c>>,
    /// Its conditions.
    pub conditions: Vec<Condition>,
    /// Why its containers wait or have ended, and `status.reason`.
    pub states: Vec<Cow<'c, str>>,
    /// The same of its init containers.
    pub init_states: Vec<Cow<'c, str>>,
    /// With which codes its containers have ended.
    pub exit_codes: Vec<i32>,
    /// How often its containers were started again.
    pub restarts: u32,
    /// Whether the cycle has evicted it and sees that.
    pub(super) gone: bool,
}

/// An owner of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner<'c> {
    /// The kind.
    pub kind: Cow<'c, str>,
    /// The name.
    pub name: Cow<'c, str>,
    /// What tells it from others.
    pub uid: Cow<'c, str>,
}

/// A condition of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The type.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    pub reason: String,
    /// Since when.
    pub since: Option<SimTime>,
}

impl<'c> PodView<'c> {
    /// A pod of which nothing special is known.
    pub fn new(id: Option<PodId>, name: impl Into<Cow<'c, str>>, class: &'c PodClass, node: usize) -> Self {
        Self {
            id,
            name: name.into(),
            node,
            class,
            phase: PodPhase::Running,
            created: SimTime::ZERO,
            started: None,
            terminating: false,
            owners: Vec::new(),
            conditions: Vec::new(),
            states: Vec::new(),
            init_states: Vec::new(),
            exit_codes: Vec::new(),
            restarts: 0,
            gone: false,
        }
    }

    /// The namespace.
    pub fn namespace(&self) -> &'c str {
        &self.class.spec.namespace
    }

    /// What its annotations and volumes say, if they say anything.
    pub fn terms(&self) -> Option<&'c EvictionTerms> {
        self.class.spec.eviction_terms.get()
    }

    /// Whether it asks to stay where it is.
    pub fn prefers_no_eviction(&self) -> bool {
        self.terms().is_some_and(|terms| terms.prefer_no_eviction)
    }

    /// Whether it has ended.
    pub const fn is_finished(&self) -> bool {
        matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }
}

impl<'c> View<'c> {
    /// The cluster as it is.
    pub fn of(cluster: &'c Cluster) -> Self {
        let mut view = Self::without_pods(cluster);
        let mut names: FxHashMap<_, usize> = FxHashMap::default();
        names.extend(view.nodes.iter().enumerate().map(|(place, node)| (&*node.spec.name, place)));
        let pods = cluster.pods().iter().filter_map(|(id, pod)| {
            let node = *names.get(cluster.nodes().find(pod.node?)?.name())?;
            let mut view = PodView::new(Some(id), pod.name.to_string(), cluster.class_of(pod), node);
            view.phase = pod.phase;
            view.created = pod.created;
            view.started = pod.started.get();
            view.terminating = pod.deleting.is_some();
            view.restarts = pod.restarts();
            let owner = pod.owner.and_then(|owner| cluster.objects().meta(owner));
            view.owners.extend(owner.map(|meta| Owner {
                kind: meta.kind.into(),
                name: (&*meta.name).into(),
                uid: format!("{}/{}/{}", meta.kind, meta.namespace, meta.name).into(),
            }));
            view.conditions.push(Condition {
                kind: "PodScheduled".to_owned(),
                status: "True".to_owned(),
                reason: String::new(),
                since: pod.bound.get(),
            });
            Some(view)
        });
        view.pods = pods.collect();
        view.list_pods(cluster);
        view
    }

    /// The cluster as it is, without its pods.
    pub fn without_pods(cluster: &'c Cluster) -> Self {
        let nodes = cluster.nodes().iter().map(|node| NodeView {
            spec: &node.spec,
            ready: node.ready,
            allocatable: &node.allocatable,
            pods: Vec::new(),
        });
        let mut nodes: Vec<NodeView<'c>> = nodes.collect();
        nodes.sort_by(|a, b| a.spec.name.cmp(&b.spec.name));
        let objects = cluster.objects();
        let claims = objects.of_kind::<PersistentVolumeClaim>(PersistentVolumeClaim::KIND).map(|(meta, claim)| {
            let class = claim.spec.storage_class.clone().filter(|class| !class.is_empty());
            ((Cow::from(&*meta.namespace), Cow::from(&*meta.name)), class)
        });
        let budgets = objects.of_kind::<PodDisruptionBudget>(PodDisruptionBudget::KIND);
        let budgets = budgets.filter_map(|(meta, budget)| Some(((&*meta.namespace).into(), budget.selector.as_ref()?)));
        let priorities = objects.of_kind::<PriorityClass>(PriorityClass::KIND);
        Self {
            now: cluster.now,
            nodes,
            pods: Vec::new(),
            resources: &cluster.resources,
            namespaces: BTreeMap::new(),
            claims: claims.collect(),
            budgets: budgets.collect(),
            priorities: priorities.map(|(meta, class)| ((&*meta.name).into(), class.value)).collect(),
            live: true,
        }
    }

    /// Puts the pods in order, tells each node which are its own, and looks their namespaces up. To be called when the pods have changed.
    pub fn list_pods(&mut self, cluster: &'c Cluster) {
        self.pods.sort_by(|a, b| (a.node, a.namespace(), &a.name).cmp(&(b.node, b.namespace(), &b.name)));
        self.nodes.iter_mut().for_each(|node| node.pods.clear());
        for (place, pod) in self.pods.iter().enumerate() {
            self.nodes[pod.node].pods.push(place);
            let namespace = pod.namespace();
            if !self.namespaces.contains_key(namespace) {
                self.namespaces.insert(namespace.into(), cluster.namespace_labels(namespace));
            }
        }
    }

    /// What a pod requests of a resource; 1 of `pods`.
    pub fn requested(&self, pod: &PodView<'_>, resource: Option<ResourceId>) -> i64 {
        resource.map_or(0, |id| pod.class.requests.get(id))
    }

    /// The pods of a node that have not ended and are there as far as the cycle sees.
    pub fn pods_on(&self, node: usize) -> impl Iterator<Item = &PodView<'c>> {
        self.nodes[node].pods.iter().map(|pod| &self.pods[*pod]).filter(|pod| !pod.gone && !pod.is_finished())
    }

    /// How many pods that are there have this owner.
    pub fn replicas(&self, owner: &Owner<'_>) -> usize {
        self.pods.iter().filter(|pod| !pod.gone && pod.owners.iter().any(|other| other.uid == owner.uid)).count()
    }
}
