//! NodeAffinity: node selectors, required and preferred node affinity, and affinity that the profile adds for every pod.

use crate::config::{ArgsSource, ConfigError, NodeAffinityArgs};
use crate::factory::Factory;
use std::collections::BTreeSet;
use std::sync::Arc;
use towtank_sim::model::NodeId;
use towtank_sim::model::affinity::{NodeAffinity as Affinity, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::labels::Operator;
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Dependence, Events, Filter, Hint, Plugin, Points, PreFilter, PreScore, Score, Verdict,
    default_normalize,
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
    plugin: &'c NodeAffinity,
    pod: &'c PodSpec,
}

struct Preferred<'c> {
    added: &'c [PreferredNode],
    pod: &'c [PreferredNode],
}

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
        let pod = &cycle.class.spec;
        if pod.node_affinity.required.is_none() && self.added.required.is_none() && pod.node_selector.is_empty() {
            return PreFilter::Skip;
        }
        let filter = Box::new(Required { plugin: self, pod });
        let terms = pod.node_affinity.required.as_ref().map_or(&[][..], |selector| &selector.terms);
        match named_nodes(terms) {
            None => PreFilter::Ask(filter),
            Some(names) if names.is_empty() => PreFilter::Reject(Verdict::unresolvable("pod affinity terms conflict")),
            Some(names) => PreFilter::AskOnly(names.into_iter().map(Arc::from).collect(), filter),
        }
    }

    fn filter_depends_on(&self) -> Dependence {
        Dependence::Node
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let (added, pod) = (&self.added.preferred, &cycle.class.spec.node_affinity.preferred);
        if added.is_empty() && pod.is_empty() {
            return PreScore::Skip;
        }
        PreScore::Ask(Box::new(Preferred { added, pod }))
    }

    fn score_depends_on(&self) -> Dependence {
        Dependence::Node
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
        self.added.required.as_ref().is_none_or(|selector| selector.matches(&node.name, &node.labels))
    }
}

impl Filter for Required<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        if !self.plugin.admits(&node.spec) {
            return Verdict::unresolvable("node(s) didn't match scheduler-enforced node affinity");
        }
        if !matches(self.pod, &node.spec) {
            return Verdict::unresolvable("node(s) didn't match Pod's node affinity/selector");
        }
        Verdict::Fits
    }
}

impl Score for Preferred<'_> {
    /// The summed weights of the preferences that the node matches.
    fn score(&self, node: &Node) -> i64 {
        let matching = |p: &&PreferredNode| p.weight != 0 && p.term.matches(node.name(), &node.spec.labels);
        self.added.iter().chain(self.pod).filter(matching).map(|p| i64::from(p.weight)).sum()
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
    pod.node_selector.iter().all(|(key, value)| node.labels.get(key) == Some(value))
        && pod.node_affinity.required.as_ref().is_none_or(|selector| selector.matches(&node.name, &node.labels))
}

/// The only nodes that the terms leave, if every term names some by `metadata.name In`.
fn named_nodes(terms: &[NodeSelectorTerm]) -> Option<BTreeSet<&str>> {
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
