//! Growing: which groups, by how many nodes.
//!
//! Source: `cluster-autoscaler/core/scaleup/orchestrator/orchestrator.go`.

use super::estimate::{Packable, estimate};
use super::expander::Expansion;
use super::findings::{Hopeless, Increase, ScaleUp, ScaleUpOption, ScaleUpResult};
use super::group::Group;
use super::pending::{PodGroup, are_all_new, equivalence_groups};
use super::settings::ClusterAutoscalerSettings;
use super::similar::{are_similar, balance};
use super::snapshot::{Circular, Filters, Snapshot};
use super::totals::Left;
use crate::model::node::{Node, ZONE_LABEL};
use crate::model::resources::ResourceId;
use crate::model::{ClassId, PodId};
use crate::random::{Rng, index};
use crate::scheduler::FilterChain;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Why a group is left alone after a failure.
const BACKS_OFF: &str = "in backoff after failed scale-up";
/// Why a group cannot grow at all.
const IS_FULL: &str = "max node group size reached";
/// Why a group that grows to its full size cannot.
const TOO_LARGE: &str = "atomic scale-up exceeds cluster node count limit";

/// What growth is planned from.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a, 'c> {
    pub(super) groups: &'a [Group],
    pub(super) filters: Filters<'c>,
    pub(super) settings: &'a ClusterAutoscalerSettings,
    pub(super) snapshot: &'a Snapshot<'c>,
}

/// What to do for the pods that fit nowhere, and whether one of them would be helped by a group that is left alone after a failure.
pub(super) fn look(
    pods: Vec<PodId>,
    situation: Situation<'_, '_>,
    lot: Option<&mut Rng>,
    search: &mut Circular,
) -> (ScaleUp, bool) {
    let Situation { filters: Filters { cluster, .. }, settings, .. } = situation;
    let most = settings.max_nodes_total;
    let ended = if pods.is_empty() {
        Some(ScaleUpResult::NotNeeded)
    } else if most > 0 && cluster.totals().ready_nodes >= u64::from(most) {
        Some(ScaleUpResult::LimitedByMaxNodesTotal)
    } else {
        are_all_new(&pods, cluster, settings).then_some(ScaleUpResult::InCooldown)
    };
    if let Some(result) = ended {
        let limited = result == ScaleUpResult::LimitedByMaxNodesTotal;
        let hopeless = pods.iter().filter(|_| limited).map(|pod| Hopeless { pod: *pod, rejected: Vec::new() });
        return (ScaleUp { result, hopeless: hopeless.collect(), pods, ..ScaleUp::default() }, false);
    }
    let (found, awaits_backoff) = plan(&equivalence_groups(&pods, cluster), situation, lot, search);
    (ScaleUp { pods, ..found }, awaits_backoff)
}

/// Plans growth for the groups of pending pods.
fn plan(
    pods: &[PodGroup],
    situation: Situation<'_, '_>,
    lot: Option<&mut Rng>,
    search: &mut Circular,
) -> (ScaleUp, bool) {
    let Situation { groups, filters, settings, snapshot } = situation;
    let cluster = filters.cluster;
    let nodes = snapshot.places.iter().map(|place| &*place.node);
    let left = Left::until_most(&settings.totals, nodes, cluster);
    let mut found = ScaleUp::default();
    let mut fit = Fit::new(pods, filters);
    let mut open = Vec::new();
    let mut awaits_backoff = false;
    for (index, group) in groups.iter().enumerate() {
        if let Some(reason) = skipped(group, situation, &left) {
            if reason == BACKS_OFF && group.backoff.failures < MAX_FAILURES {
                awaits_backoff |= pods.iter().enumerate().any(|(i, _)| fit.check(i, group, situation).is_none());
            }
            found.skipped.push((group.spec.name.clone(), reason));
        } else {
            open.push(index);
        }
    }
    // Which pods fit on a new node of each group, and why the others do not.
    let mut fitting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut rejected: Vec<Vec<(usize, Vec<String>)>> = vec![Vec::new(); pods.len()];
    for &group in &open {
        let here = fitting.entry(group).or_default();
        for (i, rejected) in rejected.iter_mut().enumerate() {
            match fit.check(i, &groups[group], situation) {
                None => here.push(i),
                Some(reasons) => rejected.push((group, reasons)),
            }
        }
    }
    let is_helped = |i: usize| fitting.values().any(|here| here.contains(&i));
    for (i, rejected) in rejected.into_iter().enumerate().filter(|(i, _)| !is_helped(*i)) {
        let name = |(group, reasons): (usize, Vec<String>)| (groups[group].spec.name.clone(), reasons);
        let rejected: Vec<_> = rejected.into_iter().map(name).collect();
        found.hopeless.extend(pods[i].pods.iter().map(|pod| Hopeless { pod: *pod, rejected: rejected.clone() }));
    }

    let mut options: Vec<(usize, Vec<usize>, Expansion)> = Vec::new();
    for &index in &open {
        let (group, here) = (&groups[index], &fitting[&index]);
        if here.is_empty() {
            continue;
        }
        let similar = similar(index, &fitting, situation);
        let packable = here.iter().filter_map(|&i| fit.packable(i, group)).collect();
        let limit = limit(group, similar.iter().map(|other| &groups[*other]), situation);
        let estimate = estimate(&group.template, packable, limit, (snapshot, filters), search);
        let mut nodes = estimate.packing.len() as u32;
        if nodes == 0 || estimate.pods.is_empty() {
            continue;
        }
        if group.spec.zero_or_max {
            nodes = group.spec.max;
        }
        options.push((index, similar.clone(), expansion(group, nodes, &estimate.pods, filters)));
        found.options.push(ScaleUpOption {
            group: group.spec.name.clone(),
            nodes,
            pods: estimate.pods,
            similar: similar.iter().map(|other| groups[*other].spec.name.clone()).collect(),
            packing: estimate.packing,
        });
    }
    found.result = ScaleUpResult::NoOptionsAvailable;
    found.best = best(&options, settings, cluster.nodes().len());
    let best = match found.best.len() {
        0 => return (found, awaits_backoff),
        1 => found.best[0],
        n => found.best[lot.map_or(0, |lot| index(lot, n))],
    };
    let (chosen, similar, expansion) = &options[best];
    found.triggered.clone_from(&found.options[best].pods);
    let helped_by_chosen = &fitting[chosen];
    let waits = (0..pods.len()).filter(|i| is_helped(*i) && !helped_by_chosen.contains(i));
    found.await_evaluation = waits.flat_map(|i| pods[i].pods.iter().copied()).collect();
    match share((*chosen, similar), expansion.nodes, situation, left) {
        Some(increases) => (found.increases, found.result) = (increases, ScaleUpResult::Successful),
        None => found.result = ScaleUpResult::Error,
    }
    (found, awaits_backoff)
}

/// Why a group is not evaluated.
fn skipped(group: &Group, situation: Situation<'_, '_>, left: &Left) -> Option<String> {
    let Situation { filters, settings, snapshot, .. } = situation;
    if group.backoff.is_on(filters.cluster.now) {
        return Some(BACKS_OFF.to_owned());
    }
    if group.target() >= group.spec.max {
        return Some(IS_FULL.to_owned());
    }
    let mut count = 1;
    if group.spec.zero_or_max {
        count = group.spec.max - group.target();
        let most = settings.max_nodes_total as usize;
        if most > 0 && snapshot.places.len() + count as usize > most {
            return Some(TOO_LARGE.to_owned());
        }
    }
    left.exceeded(group, count, filters.cluster)
}

/// The groups that could grow with this one: alike, and able to help all pods that this one helps.
fn similar(index: usize, fitting: &BTreeMap<usize, Vec<usize>>, situation: Situation<'_, '_>) -> Vec<usize> {
    let Situation { groups, filters, settings, .. } = situation;
    if !settings.balance_similar_node_groups || groups[index].spec.zero_or_max {
        return Vec::new();
    }
    let helps_all = |here: &[usize]| fitting[&index].iter().all(|pods| here.contains(pods));
    let others = fitting.iter().filter(|(other, here)| **other != index && helps_all(here));
    others
        .map(|(other, _)| *other)
        .filter(|other| are_similar(&groups[index], &groups[*other], filters.cluster))
        .collect()
}

/// How many new nodes are tried out at most.
fn limit<'g>(group: &'g Group, similar: impl Iterator<Item = &'g Group>, situation: Situation<'_, '_>) -> usize {
    let Situation { settings, snapshot, .. } = situation;
    let room =
        std::iter::once(group).chain(similar).map(|group| group.spec.max.saturating_sub(group.target()) as usize);
    let total = match settings.max_nodes_total {
        0 => usize::MAX,
        most => (most as usize).saturating_sub(snapshot.places.len()),
    };
    let at_once = match settings.max_nodes_per_scaleup {
        0 => usize::MAX,
        most => most as usize,
    };
    room.sum::<usize>().min(at_once).min(total)
}

fn expansion(group: &Group, nodes: u32, pods: &[PodId], filters: Filters<'_>) -> Expansion {
    let cluster = filters.cluster;
    let request = |id: &PodId, resource| cluster.pod(*id).map_or(0, |pod| cluster.class_of(pod).requests.get(resource));
    let requested = |resource| pods.iter().map(|id| request(id, resource)).sum::<i64>();
    Expansion {
        group: group.spec.name.clone(),
        nodes,
        pods: pods.len(),
        requested: (requested(ResourceId::CPU), requested(ResourceId::MEMORY)),
        capacity: (group.capacity.get(ResourceId::CPU), group.capacity.get(ResourceId::MEMORY)),
        gpu: group.has_gpu(cluster),
        price: group.spec.price,
    }
}

/// Shares the new nodes among the chosen group and those that are like it, within all limits. `None` if no node is left.
fn share(
    (chosen, similar): (usize, &[usize]),
    nodes: u32,
    situation: Situation<'_, '_>,
    mut left: Left,
) -> Option<Vec<Increase>> {
    let Situation { groups, filters, settings, snapshot } = situation;
    let cluster = filters.cluster;
    let mut nodes = nodes;
    if settings.max_nodes_total > 0 {
        let room = (settings.max_nodes_total as usize).saturating_sub(snapshot.places.len());
        nodes = nodes.min(u32::try_from(room).unwrap_or(u32::MAX));
        if nodes == 0 {
            return None;
        }
    }
    nodes = left.check(&groups[chosen].template, nodes, cluster).0;
    let others = similar.iter().map(|other| &groups[*other]).filter(|other| left.exceeded(other, 1, cluster).is_none());
    let together: Vec<&Group> = std::iter::once(&groups[chosen]).chain(others).collect();
    let mut increases = balance(&together, nodes);
    for increase in &mut increases {
        let Some(group) = together.iter().find(|group| group.spec.name == increase.group) else { continue };
        let (allowed, _) = left.check(&group.template, increase.to - increase.from, cluster);
        increase.to = increase.from + allowed;
        left.take(&group.template, allowed, cluster);
    }
    increases.retain(|increase| increase.to != increase.from);
    Some(increases)
}

/// After so many failures in a row a group's backoff is no longer waited for: it will not recover.
const MAX_FAILURES: u32 = 16;

fn best(options: &[(usize, Vec<usize>, Expansion)], settings: &ClusterAutoscalerSettings, size: usize) -> Vec<usize> {
    let expansions: Vec<Expansion> = options.iter().map(|(_, _, expansion)| expansion.clone()).collect();
    let mut left: Vec<usize> = (0..expansions.len()).collect();
    for expander in &settings.expanders {
        if left.len() > 1 {
            left = expander.keep(&expansions, &left, size);
        }
    }
    left
}

/// Whether pods fit on new nodes.
struct Fit<'a, 'c> {
    pods: &'a [PodGroup],
    filters: Filters<'c>,
    chains: BTreeMap<ClassId, Result<FilterChain<'c>, String>>,
    /// What was said of a class and a template, by the template's name.
    said: BTreeMap<(ClassId, Arc<str>), Option<Vec<String>>>,
}

impl<'a, 'c> Fit<'a, 'c> {
    fn new(pods: &'a [PodGroup], filters: Filters<'c>) -> Self {
        let mut chains = BTreeMap::new();
        for group in pods {
            chains.entry(group.class).or_insert_with(|| filters.of(group.class, group.pods.first().copied()));
        }
        Self { pods, filters, chains, said: BTreeMap::new() }
    }

    /// Why the first pod of a group does not fit on a new node.
    fn check(&mut self, index: usize, group: &Group, situation: Situation<'_, 'c>) -> Option<Vec<String>> {
        let template = &group.template;
        let class = self.pods[index].class;
        let key = (class, template.spec.name.clone());
        if let Some(said) = self.said.get(&key) {
            return said.clone();
        }
        let verdict = match &self.chains[&class] {
            Err(reason) => Some(vec![reason.clone()]),
            Ok(chain) if self.heeds(chain, class, group) => self.check_beside(index, template, situation),
            Ok(chain) => self.filters.reasons(chain, template),
        };
        self.said.insert(key, verdict.clone());
        verdict
    }

    /// The same with the new node in the cluster.
    fn check_beside(&self, index: usize, template: &Node, situation: Situation<'_, 'c>) -> Option<Vec<String>> {
        let group = &self.pods[index];
        let mut chain = match self.filters.of(group.class, group.pods.first().copied()) {
            Err(reason) => return Some(vec![reason]),
            Ok(chain) => chain,
        };
        let mut supposed = situation.snapshot.supposed(self.filters.cluster);
        supposed.nodes.push((template, Some(Arc::clone(&template.spec))));
        chain.suppose(&supposed);
        self.filters.reasons(&chain, template)
    }

    /// Whether filters are to look at nodes that are only supposed. A group with several zones puts its nodes into them in turn, so that it can
    /// always keep up with pods that are spread over zones; its template is in one zone, where they would soon be too many.
    fn heeds(&self, chain: &FilterChain<'c>, class: ClassId, group: &Group) -> bool {
        let spread = &self.filters.class(class).spec.topology_spread;
        let over_zones = || spread.iter().any(|constraint| &*constraint.topology_key == ZONE_LABEL);
        chain.heeds_suppositions() && (group.spec.zones.len() < 2 || !over_zones())
    }

    fn packable(&self, index: usize, of: &Group) -> Option<Packable<'_, 'c>> {
        let group = &self.pods[index];
        let chain = self.chains[&group.class].as_ref().ok()?;
        let heeds = self.heeds(chain, group.class, of);
        Some(Packable { group, class: self.filters.class(group.class), chain, heeds })
    }
}
