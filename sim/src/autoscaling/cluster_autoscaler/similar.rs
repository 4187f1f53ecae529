//! Groups that are alike, and how growth is shared among them.
//!
//! Source: `cluster-autoscaler/processors/nodegroupset/{compare_nodegroups,balancing_processor}.go`.

use super::findings::Increase;
use super::group::Group;
use crate::cluster::Cluster;
use crate::model::node::{HOSTNAME_LABEL, Node, REGION_LABEL, ZONE_LABEL};
use crate::model::resources::ResourceId;
use std::collections::BTreeSet;

/// Labels that may differ.
const IGNORED: [&str; 7] = [
    HOSTNAME_LABEL,
    ZONE_LABEL,
    REGION_LABEL,
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "beta.kubernetes.io/fluentd-ds-ready",
    "kops.k8s.io/instancegroup",
];

/// By how much the memory of nodes that are alike may differ: `--memory-difference-ratio`.
const MEMORY_RATIO: f64 = 0.015;
/// What is allocatable: `--max-allocatable-difference-ratio`.
const ALLOCATABLE_RATIO: f64 = 0.05;
/// What is free on a new node: `--max-free-difference-ratio`.
const FREE_RATIO: f64 = 0.05;

/// Whether new nodes of two groups are alike.
pub(super) fn are_similar(a: &Group, b: &Group, cluster: &Cluster) -> bool {
    let ids: Vec<ResourceId> = cluster.resources.ids().collect();
    let near = |of: &dyn Fn(&Group, ResourceId) -> i64, ratio: f64| {
        ids.iter().all(|id| {
            let (a, b) = (of(a, *id) as f64, of(b, *id) as f64);
            (a == 0.0) == (b == 0.0) && a.max(b) - a.min(b) <= a.max(b) * ratio
        })
    };
    let capacity = |group: &Group, id| group.capacity.get(id);
    let same_capacity = ids.iter().all(|id| *id == ResourceId::MEMORY || capacity(a, *id) == capacity(b, *id));
    let memory = |group: &Group, id| if id == ResourceId::MEMORY { capacity(group, id) } else { 0 };
    let free = |group: &Group, id: ResourceId| {
        let compared = [ResourceId::CPU, ResourceId::MEMORY].contains(&id) || group.template.requested.get(id) > 0;
        let left = group.template.allocatable.get(id) - group.template.requested.get(id);
        if compared { left } else { 0 }
    };
    same_capacity
        && near(&memory, MEMORY_RATIO)
        && near(&|group, id| group.template.allocatable.get(id), ALLOCATABLE_RATIO)
        && near(&free, FREE_RATIO)
        && same_labels(&a.template, &b.template)
}

fn same_labels(a: &Node, b: &Node) -> bool {
    let keys: BTreeSet<&String> = a.spec.labels.keys().chain(b.spec.labels.keys()).collect();
    keys.into_iter()
        .filter(|key| !IGNORED.contains(&key.as_str()))
        .all(|key| a.spec.labels.get(key) == b.spec.labels.get(key))
}

/// Shares so many new nodes among groups, always one to the smallest that is not full; those that grow, in the order in which they end.
pub(super) fn balance(groups: &[&Group], mut nodes: u32) -> Vec<Increase> {
    let mut rows: Vec<Increase> = groups
        .iter()
        .filter(|group| group.target() != group.spec.max)
        .map(|group| {
            let (size, max) = (group.target(), group.spec.max);
            Increase { group: group.spec.name.clone(), from: size, to: size, max }
        })
        .collect();
    nodes = nodes.min(rows.iter().map(|row| row.max.saturating_sub(row.from)).sum());
    rows.sort_by_key(|row| row.from);
    // Rows before `start` are full; those from there up to `current` have one node more than those after.
    let (mut start, mut current) = (0, 0);
    while nodes > 0 {
        if rows[current].to < rows[current].max {
            rows[current].to += 1;
            nodes -= 1;
        } else {
            rows.swap(start, current);
            start += 1;
        }
        // As upstream, the row at `current` is looked at, which after a swap is another one.
        let next_is_smaller = rows.get(current + 1).is_some_and(|next| rows[current].to > next.to);
        current = if next_is_smaller { current + 1 } else { start };
    }
    rows.retain(|row| row.to != row.from);
    rows
}
