//! On which nodes an allocated claim can be used.
//!
//! Source: `createNodeSelector` in
//! `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go`.

use std::collections::BTreeSet;
use towtank_sim::dra::NodeScope;
use towtank_sim::model::affinity::{NodeSelector, NodeSelectorTerm};
use towtank_sim::model::labels::{Operator, Requirement};

/// The node selector for devices of these scopes, each with whether it binds the claim to its node. `None` where the claim
/// can be used everywhere.
pub(super) fn node_selector<'s>(
    scopes: impl IntoIterator<Item = (Option<&'s NodeScope>, bool)>,
    node: &str,
) -> Option<NodeSelector> {
    let mut term = NodeSelectorTerm::default();
    for (scope, binds_to_node) in scopes {
        if binds_to_node || matches!(scope, Some(NodeScope::Node(_))) {
            let name = "metadata.name".to_owned();
            let only = Requirement { key: name, operator: Operator::In, values: vec![node.to_owned()] };
            return Some(NodeSelector { terms: vec![NodeSelectorTerm { fields: vec![only], ..Default::default() }] });
        }
        if let Some(NodeScope::Selector(selector)) = scope {
            for from in &selector.terms {
                add_new(&from.fields, &mut term.fields);
                add_new(&from.expressions, &mut term.expressions);
            }
        }
    }
    (term != NodeSelectorTerm::default()).then(|| NodeSelector { terms: vec![term] })
}

fn add_new(from: &[Requirement], to: &mut Vec<Requirement>) {
    let values = |requirement: &Requirement| requirement.values.iter().cloned().collect::<BTreeSet<String>>();
    for requirement in from {
        let same = |other: &Requirement| {
            other.key == requirement.key
                && other.operator == requirement.operator
                && values(other) == values(requirement)
        };
        if !to.iter().any(same) {
            to.push(requirement.clone());
        }
    }
}
