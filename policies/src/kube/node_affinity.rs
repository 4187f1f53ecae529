//! NodeAffinity: node selectors, required and preferred node affinity, and affinity that the profile adds for every pod.

use crate::config::{ArgsSource, ConfigError, NodeAffinityArgs};
use crate::factory::Factory;
use crate::lasting::{filter_by_node, score_by_node};
use std::borrow::{Borrow, Cow};
use std::collections::BTreeSet;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::NodeId;
use towtank_sim::model::affinity::{NodeAffinity as Affinity, NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::labels::{Labels, Operator};
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Lasting, LastingFilter, LastingScore, NodePart, Plugin,
    Points, PreFilter, PreScore, Score, Verdict, default_normalize,
};

/// The plugin.
///
/// Source: `nodeaffinity/node_affinity.go`.
#[derive(Clone, Debug, Default)]
pub struct NodeAffinity {
    /// What the profile asks for in addition to each pod's own wishes (`args.addedAffinity`).
    pub added: Affinity,
}

struct Required<'c> {
    added: Option<Cow<'c, NodeSelector>>,
    selector: Cow<'c, Labels>,
    affinity: Option<Cow<'c, NodeSelector>>,
}

/// The preferences of the profile and of the pod.
struct Preferred<P>(Vec<P>);

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let added: Affinity = args.read::<NodeAffinityArgs>()?.into();
    Ok(Arc::new(move |_| Box::new(NodeAffinity { added: added.clone() })))
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER).and(Points::PRE_SCORE).and(Points::SCORE)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        let Some(filter) = self.required(&cycle.class.spec) else { return PreFilter::Skip };
        let filter = Box::new(filter);
        match named_nodes(&cycle.class.spec) {
            None => PreFilter::Ask(filter),
            Some(names) if names.is_empty() => PreFilter::Reject(Verdict::unresolvable("pod affinity terms conflict")),
            Some(names) => PreFilter::AskOnly(names.into_iter().map(Arc::from).collect(), filter),
        }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let preferred: Vec<&PreferredNode> = self.preferred(&cycle.class.spec).collect();
        if preferred.is_empty() { PreScore::Skip } else { PreScore::Ask(Box::new(Preferred(preferred))) }
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    /// A pod that names its nodes is tried on them alone, which only PreFilter can say.
    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let filter = match named_nodes(&class.spec) {
            Some(_) => LastingFilter::InCycle,
            None => filter_by_node(NodePart::Spec, self.required(&class.spec).map(Required::into_owned)),
        };
        let preferred: Vec<PreferredNode> = self.preferred(&class.spec).cloned().collect();
        let score =
            if preferred.is_empty() { LastingScore::Skip } else { score_by_node(NodePart::Spec, Preferred(preferred)) };
        Lasting { filter, score, ..Lasting::default() }
    }

    fn events(&self) -> Events {
        Events::NODE_ADD.and(Events::NODE_LABEL)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let (ClusterEvent::NodeAdd(id) | ClusterEvent::NodeUpdate(id, _)) = event else { return Hint::Queue };
        let node = cycle.cluster.node(id);
        let pod = &cycle.class.spec;
        if !self.admits(&node.spec) || !matches(pod, &node.spec) {
            return Hint::Skip;
        }
        // Whether the profile's own affinity admitted it before is not asked upstream either.
        let before = match event {
            ClusterEvent::NodeUpdate(..) => node.previous.as_deref().is_some_and(|spec| matches(pod, spec)),
            _ => false,
        };
        if before { Hint::Skip } else { Hint::Queue }
    }
}

impl NodeAffinity {
    fn admits(&self, node: &NodeSpec) -> bool {
        admits(self.added.required.as_ref(), node)
    }

    /// What the profile and the pod ask of nodes, if they ask for anything.
    fn required<'c>(&'c self, pod: &'c PodSpec) -> Option<Required<'c>> {
        let required = Required {
            added: self.added.required.as_ref().map(Cow::Borrowed),
            selector: Cow::Borrowed(&pod.node_selector),
            affinity: pod.node_affinity.required.as_ref().map(Cow::Borrowed),
        };
        let asks = required.added.is_some() || required.affinity.is_some() || !required.selector.is_empty();
        asks.then_some(required)
    }

    fn preferred<'c>(&'c self, pod: &'c PodSpec) -> impl Iterator<Item = &'c PreferredNode> {
        self.added.preferred.iter().chain(&pod.node_affinity.preferred)
    }
}

impl Required<'_> {
    fn into_owned(self) -> Required<'static> {
        let owned = |selector: Cow<'_, NodeSelector>| Cow::Owned(selector.into_owned());
        Required {
            added: self.added.map(owned),
            selector: Cow::Owned(self.selector.into_owned()),
            affinity: self.affinity.map(owned),
        }
    }
}

impl Filter for Required<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if !admits(self.added.as_deref(), &node.spec) {
            return Verdict::unresolvable("node(s) didn't match scheduler-enforced node affinity");
        }
        if !has(&self.selector, &node.spec) || !admits(self.affinity.as_deref(), &node.spec) {
            return Verdict::unresolvable("node(s) didn't match Pod's node affinity/selector");
        }
        Verdict::Fits
    }
}

impl<P: Borrow<PreferredNode>> Score for Preferred<P> {
    /// The summed weights of the preferences that the node matches.
    fn score(&self, node: &Node) -> i64 {
        let matching = |p: &&PreferredNode| p.weight != 0 && p.term.matches(node.name(), &node.spec.labels);
        self.0.iter().map(P::borrow).filter(matching).map(|p| i64::from(p.weight)).sum()
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        default_normalize(scores, false);
    }
}

/// Whether the node has the pod's node selector and required affinity.
pub(super) fn matches(pod: &PodSpec, node: &NodeSpec) -> bool {
    has(&pod.node_selector, node) && admits(pod.node_affinity.required.as_ref(), node)
}

/// Whether the node has these labels.
fn has(labels: &Labels, node: &NodeSpec) -> bool {
    labels.iter().all(|(key, value)| node.labels.get(key) == Some(value))
}

/// Whether the node matches the selector, if there is one.
fn admits(selector: Option<&NodeSelector>, node: &NodeSpec) -> bool {
    selector.is_none_or(|selector| selector.matches(&node.name, &node.labels))
}

/// The only nodes that the pod's terms leave, if every term names some by `metadata.name In`.
fn named_nodes(pod: &PodSpec) -> Option<BTreeSet<&str>> {
    let terms: &[NodeSelectorTerm] = &pod.node_affinity.required.as_ref()?.terms;
    if terms.is_empty() {
        return None;
    }
    let mut nodes = BTreeSet::new();
    for term in terms {
        let mut named: Option<BTreeSet<&str>> = None;
        for field in term.fields.iter().filter(|f| f.key == "metadata.name" && f.operator == Operator::In) {
            let values: BTreeSet<&str> = field.values.iter().map(String::as_str).collect();
            named = Some(match named {
                Some(named) => &named & &values,
                None => values,
            });
        }
        nodes.extend(named?);
    }
    Some(nodes)
}
