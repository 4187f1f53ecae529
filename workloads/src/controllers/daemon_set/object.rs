//! The DaemonSet object.

use crate::template::PodTemplate;
use std::any::Any;
use std::sync::Arc;
use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::disruption::IntOrPercent;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::labels::{LabelSelector, Operator, Requirement};
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::taint::{Effect, Toleration, TolerationOperator};
use towtank_sim::time::{SimTime, Span};

/// A DaemonSet object.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSet {
    /// What it selects; its pods are those it owns.
    pub selector: LabelSelector,
    /// What its pods are made from, with the tolerations that all of them have: see [`with_tolerations`].
    pub template: PodTemplate,
    /// How old pods give way to new ones.
    pub strategy: DaemonSetStrategy,
    /// How long a pod must be ready to count as available.
    pub min_ready: Span,
    /// How many templates are remembered besides the one in force and those that pods are made from.
    pub revision_history_limit: u32,
    /// What it has.
    pub status: DaemonSetStatus,
}

/// How old pods of a DaemonSet give way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaemonSetStrategy {
    /// When somebody deletes them.
    OnDelete,
    /// Node by node. Percentages are of the nodes that should have a pod, and round up.
    RollingUpdate {
        /// On how many nodes a new pod may be beside the old one.
        max_surge: IntOrPercent,
        /// On how many nodes there may be no available pod.
        max_unavailable: IntOrPercent,
    },
}

/// What a DaemonSet has, in nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaemonSetStatus {
    /// Nodes that should have a pod.
    pub desired: u32,
    /// Those of them that have one.
    pub current: u32,
    /// Nodes that have a pod and should not.
    pub misscheduled: u32,
    /// Nodes that should have a pod and have one that is ready.
    pub ready: u32,
    /// Those whose pod has been ready for long enough.
    pub available: u32,
    /// Nodes that should have a pod and have one of the template in force.
    pub updated: u32,
}

impl DaemonSetStatus {
    /// Nodes that should have an available pod and have none.
    pub const fn unavailable(&self) -> u32 {
        self.desired - self.available
    }

    fn words(&self) -> [u32; 6] {
        [self.desired, self.current, self.misscheduled, self.ready, self.available, self.updated]
    }
}

impl DaemonSet {
    /// The kind in manifests.
    pub const KIND: &'static str = "DaemonSet";

    /// Whether everything but the status is the same.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.template == other.template
            && self.strategy == other.strategy
            && self.min_ready == other.min_ready
            && self.revision_history_limit == other.revision_history_limit
            && self.selector == other.selector
    }
}

impl Object for DaemonSet {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn daemon_pod(&self) -> Option<&Arc<PodSpec>> {
        Some(&self.template.spec)
    }

    fn keep_status(&mut self, old: &dyn Object) {
        let old: &dyn Any = old;
        if let Some(old) = old.downcast_ref::<Self>() {
            self.status.clone_from(&old.status);
        }
    }

    fn fold(&self, into: &mut Fingerprint) {
        into.fold(SimTime::ZERO, 0, &self.status.words().map(u64::from));
    }
}

/// Conditions of nodes that pods of DaemonSets tolerate, with the effect of their taints.
const TOLERATED: [(&str, Effect); 6] = [
    ("not-ready", Effect::NoExecute),
    ("unreachable", Effect::NoExecute),
    ("disk-pressure", Effect::NoSchedule),
    ("memory-pressure", Effect::NoSchedule),
    ("pid-pressure", Effect::NoSchedule),
    ("unschedulable", Effect::NoSchedule),
];

/// The specification with the tolerations that all pods of DaemonSets have.
///
/// Source: `pkg/controller/daemon/util/daemonset_util.go`, `AddOrUpdateDaemonPodTolerations`.
#[must_use]
pub fn with_tolerations(mut spec: PodSpec) -> PodSpec {
    let network = spec.host_network.then_some(("network-unavailable", Effect::NoSchedule));
    for (condition, effect) in TOLERATED.into_iter().chain(network) {
        let toleration = Toleration {
            key: format!("node.kubernetes.io/{condition}"),
            operator: TolerationOperator::Exists,
            value: String::new(),
            effect: Some(effect),
            seconds: None,
        };
        // One that says the same but for its seconds is replaced.
        let same = |there: &&mut Toleration| Toleration { seconds: None, ..(*there).clone() } == toleration;
        match spec.tolerations.iter_mut().find(same) {
            Some(there) => *there = toleration,
            None => spec.tolerations.push(toleration),
        }
    }
    spec
}

/// The specification of the pod for one node: the scheduler is left no other choice.
///
/// Source: `pkg/controller/daemon/util/daemonset_util.go`, `ReplaceDaemonSetPodNodeNameNodeAffinity`.
pub(super) fn for_node(template: &PodSpec, node: &str) -> PodSpec {
    let mut spec = template.clone();
    let field = Requirement { key: "metadata.name".to_owned(), operator: Operator::In, values: vec![node.to_owned()] };
    let term = NodeSelectorTerm { expressions: Vec::new(), fields: vec![field] };
    spec.node_affinity.required = Some(NodeSelector { terms: vec![term] });
    spec
}

/// Whether a pod should be started on a node, and whether one that is there may stay.
///
/// Source: `pkg/controller/daemon/daemon_controller.go`, `NodeShouldRunDaemonPod`.
pub(super) fn eligibility(pod: &PodSpec, node: &NodeSpec) -> (bool, bool) {
    let named = pod.node_name.as_ref().is_none_or(|name| *name == node.name);
    let selected = pod.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value));
    let required = pod.node_affinity.required.as_ref();
    if !named || !selected || !required.is_none_or(|terms| terms.matches(&node.name, &node.labels)) {
        return (false, false);
    }
    let tolerated = |effects: &[Effect]| {
        let mut of_effect = node.taints.iter().filter(|taint| effects.contains(&taint.effect));
        of_effect.all(|taint| pod.tolerations.iter().any(|toleration| toleration.tolerates(taint)))
    };
    let stays = tolerated(&[Effect::NoExecute]);
    (stays && tolerated(&[Effect::NoSchedule]), stays)
}
