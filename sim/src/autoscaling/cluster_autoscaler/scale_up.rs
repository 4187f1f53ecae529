//! Growing: which group, by how many nodes.
//!
//! Source: `cluster-autoscaler/core/scaleup/orchestrator/orchestrator.go`.

use super::estimate::{Packable, estimate};
use super::expander::Expansion;
use super::group::Group;
use super::pending::PodGroup;
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::Filters;
use crate::model::resources::ResourceId;
use crate::model::{ClassId, PodId};
use crate::random::{Rng, index};
use std::collections::BTreeMap;

/// What to do for the pending pods.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// The group, by index, and by how many nodes it grows.
    pub(super) increase: Option<(usize, u32)>,
    /// The pods that this helps.
    pub(super) triggered: Vec<PodId>,
    /// The pods that no group helps, with the reasons.
    pub(super) hopeless: Vec<(PodId, String)>,
    /// Whether a pod would be helped by a group that is left alone after a failure.
    pub(super) awaits_backoff: bool,
}

/// Plans growth for the groups of pending pods. `nodes` is the number of nodes in the cluster, those under way included.
pub(super) fn plan(
    pods: &[PodGroup],
    groups: &[Group],
    filters: Filters<'_>,
    settings: &ClusterAutoscalerSettings,
    nodes: usize,
    lot: &mut Rng,
) -> Plan {
    let cluster = filters.cluster;
    let mut chains = BTreeMap::new();
    for group in pods {
        chains.entry(group.class).or_insert_with(|| filters.of(group.class, group.pods.first().copied()));
    }
    let total_left = match settings.max_nodes_total {
        0 => usize::MAX,
        limit => (limit as usize).saturating_sub(nodes),
    };
    let mut plan = Plan::default();
    // Why each class fits on no template, by group; groups that are not asked at all say so once.
    let mut rejected: BTreeMap<ClassId, Vec<String>> = BTreeMap::new();
    let mut helped = vec![false; pods.len()];
    let mut options: Vec<(usize, Vec<PodId>, Expansion)> = Vec::new();
    for (group_index, group) in groups.iter().enumerate() {
        let mut fitting = Vec::new();
        let mut verdicts: BTreeMap<ClassId, Option<String>> = BTreeMap::new();
        for (i, pod_group) in pods.iter().enumerate() {
            let verdict = verdicts.entry(pod_group.class).or_insert_with(|| match &chains[&pod_group.class] {
                Err(reason) => Some(reason.clone()),
                Ok(chain) => chain.check(&group.template).map(|(_, verdict)| {
                    let texts = verdict.reasons().iter().map(|reason| reason.text(&cluster.resources).to_string());
                    texts.collect::<Vec<_>>().join(", ")
                }),
            });
            if let (None, Ok(chain)) = (verdict, &chains[&pod_group.class]) {
                fitting.push((i, Packable { group: pod_group, class: filters.class(pod_group.class), chain }));
            }
        }
        let skipped = if group.backoff.is_on(cluster.now) {
            plan.awaits_backoff |= !fitting.is_empty() && group.backoff.failures < MAX_FAILURES;
            Some("in backoff after failed scale-up")
        } else if group.target() >= group.spec.max {
            Some("max node group size reached")
        } else if total_left == 0 {
            Some("max total nodes in cluster reached")
        } else {
            None
        };
        for (class, verdict) in verdicts {
            let reason = skipped.map(str::to_owned).or(verdict);
            rejected.entry(class).or_default().extend(reason);
        }
        if skipped.is_some() {
            continue;
        }
        for (i, _) in &fitting {
            helped[*i] = true;
        }
        let limit = (group.spec.max - group.target()).min(settings.max_nodes_per_scaleup) as usize;
        let packable = fitting.into_iter().map(|(_, packable)| packable).collect();
        let estimate = estimate(&group.template, packable, limit.min(total_left));
        if estimate.packing.is_empty() {
            continue;
        }
        let request =
            |id: &PodId, resource| cluster.pod(*id).map_or(0, |pod| cluster.class_of(pod).requests.get(resource));
        let requested = |resource| estimate.pods.iter().map(|id| request(id, resource)).sum::<i64>();
        let expansion = Expansion {
            group: group.spec.name.clone(),
            nodes: estimate.packing.len() as u32,
            pods: estimate.pods.len(),
            requested: (requested(ResourceId::CPU), requested(ResourceId::MEMORY)),
            capacity: (group.capacity.get(ResourceId::CPU), group.capacity.get(ResourceId::MEMORY)),
            gpu: group.has_gpu(cluster),
            price: group.spec.price,
        };
        options.push((group_index, estimate.pods, expansion));
    }

    for (pod_group, _) in pods.iter().zip(&helped).filter(|(_, helped)| !**helped) {
        let message = count(rejected.get(&pod_group.class).map_or(&[], Vec::as_slice));
        plan.hopeless.extend(pod_group.pods.iter().map(|id| (*id, message.clone())));
    }
    if let Some(best) = choose(&options, settings, cluster.nodes().len(), lot) {
        let (group, pods, expansion) = options.swap_remove(best);
        plan.increase = Some((group, expansion.nodes));
        plan.triggered = pods;
    }
    plan
}

/// After so many failures in a row a group's backoff is no longer waited for: it will not recover.
const MAX_FAILURES: u32 = 16;

fn choose(
    options: &[(usize, Vec<PodId>, Expansion)],
    settings: &ClusterAutoscalerSettings,
    cluster_size: usize,
    lot: &mut Rng,
) -> Option<usize> {
    let expansions: Vec<Expansion> = options.iter().map(|(_, _, expansion)| expansion.clone()).collect();
    let mut left: Vec<usize> = (0..expansions.len()).collect();
    for expander in &settings.expanders {
        if left.len() > 1 {
            left = expander.keep(&expansions, &left, cluster_size);
        }
    }
    match left.len() {
        0 | 1 => left.first().copied(),
        n => Some(left[index(lot, n)]),
    }
}

/// `2 Insufficient cpu, 1 max node group size reached`.
///
/// Source: `processors/status/eventing_scale_up_processor.go`, `ReasonsMessage`.
fn count(reasons: &[String]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_default() += 1;
    }
    counts.iter().map(|(reason, n)| format!("{n} {reason}")).collect::<Vec<_>>().join(", ")
}
