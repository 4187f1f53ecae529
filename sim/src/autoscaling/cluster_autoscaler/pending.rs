//! Which pods need more nodes.

use super::drainability::is_of_daemon_set;
use super::hints::Hints;
use super::settings::ClusterAutoscalerSettings;
use super::snapshot::{Circular, Filters, Snapshot};
use crate::cluster::Cluster;
use crate::model::pod::Pod;
use crate::model::{ClassId, ObjectId, PodId};
use crate::scheduler::{FilterChain, PodOnNode};
use crate::time::SimTime;
use std::collections::{BTreeMap, BTreeSet};

/// Pods of one owner that look alike: what holds for one holds for all.
#[derive(Debug)]
pub(super) struct PodGroup {
    pub(super) class: ClassId,
    pub(super) pods: Vec<PodId>,
}

/// The pods that the scheduler called unschedulable and that count, in order of creation. Those that are nominated for a node wait for
/// pods to leave it.
pub(super) fn unschedulable(cluster: &Cluster, settings: &ClusterAutoscalerSettings) -> Vec<PodId> {
    let counts = |id: &PodId| {
        cluster.pod(*id).is_some_and(|pod| {
            cluster.pods().condition(*id).is_some()
                && pod.is_active()
                && pod.assumed().is_none()
                && pod.nominated_node().is_none()
                && cluster.class_of(pod).priority() >= settings.expendable_pods_priority_cutoff
        })
    };
    let mut pods: Vec<PodId> = cluster.pods().unbound().filter(counts).collect();
    if settings.pods_by_name {
        sort_pods(&mut pods, cluster, settings);
    }
    pods
}

/// Takes out the pods of DaemonSets, which no other node helps, and those that are too young to be looked at; whether there are any of the
/// latter.
pub(super) fn take_out_unhelpable(
    pods: &mut Vec<PodId>,
    cluster: &Cluster,
    settings: &ClusterAutoscalerSettings,
) -> bool {
    pods.retain(|id| cluster.pod(*id).is_some_and(|pod| !is_of_daemon_set(pod, cluster)));
    let before = pods.len();
    let delay = settings.new_pod_scale_up_delay;
    pods.retain(|id| {
        cluster.pod(*id).is_some_and(|pod| {
            let own = cluster.class_of(pod).spec.eviction_terms.get().and_then(|terms| terms.scale_up_delay);
            cluster.now.since(pod.created) >= own.unwrap_or(delay).max(delay)
        })
    });
    pods.len() < before
}

/// Brings pods into the order in which they are looked at: by age, or by namespace and name, as recordings have them.
pub(super) fn sort_pods(pods: &mut [PodId], cluster: &Cluster, settings: &ClusterAutoscalerSettings) {
    if settings.pods_by_name {
        pods.sort_by_key(|id| cluster.pod(*id).map(|pod| (&cluster.class_of(pod).spec.namespace, &pod.name)));
    } else {
        pods.sort_by_key(|id| cluster.pod(*id).map(|pod| pod.uid));
    }
}

/// Takes out the pods that fit on nodes that are there or under way, the most important first, and puts them there in the
/// snapshot. `drained` are pods that will have to come back when they are evicted; those that fit nowhere join the others. Whether some
/// of the others fit on nodes that are there.
pub(super) fn take_out_fitting(
    pods: &mut Vec<PodId>,
    drained: &[PodId],
    snapshot: &mut Snapshot<'_>,
    filters: Filters<'_>,
    (hints, search): (&mut Hints, &mut Circular),
) -> bool {
    let cluster = filters.cluster;
    let class_of = |id: PodId| cluster.pod(id).map(|pod| pod.class);
    let priority = |id: &PodId| class_of(*id).map_or(0, |class| filters.class(class).priority());
    let waiting: BTreeSet<PodId> = if drained.is_empty() { BTreeSet::new() } else { pods.iter().copied().collect() };
    let waits = |id: &PodId| waiting.is_empty() || waiting.contains(id);
    pods.extend(drained);
    pods.sort_by_key(|id| std::cmp::Reverse(priority(id)));
    let mut chains: BTreeMap<ClassId, Option<FilterChain<'_>>> = BTreeMap::new();
    // Nodes only fill up here: where one pod of a class found no place, no other one of it will.
    let mut refused = BTreeSet::new();
    let mut fit_now = false;
    // Pods that wait for others to leave a node take their place there.
    for id in cluster.pods().unbound() {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.nominated_node().is_some() && pod.is_active()) else {
            continue;
        };
        if let Some(place) = pod.nominated_node().and_then(|name| snapshot.place(name)) {
            snapshot.expect(id, filters.class(pod.class), place);
        }
    }
    pods.retain(|&id| {
        let Some(class) = class_of(id).filter(|class| !refused.contains(class)) else { return true };
        let chain = chains.entry(class).or_insert_with(|| {
            let mut chain = filters.of(class, Some(id)).ok()?;
            if chain.heeds_suppositions() {
                chain.suppose(&snapshot.supposed(cluster));
            }
            Some(chain)
        });
        let places = &snapshot.places;
        let uid = cluster.pod(id).map_or(0, |pod| pod.uid);
        let hinted = hints.get(uid).and_then(|name| snapshot.place(name));
        let place = chain.as_ref().and_then(|chain| {
            let fits = |i: usize| chain.check(&places[i].node).is_none();
            hinted.filter(|i| fits(*i)).or_else(|| search.find(places.len(), fits))
        });
        let Some(place) = place else {
            refused.insert(class);
            return true;
        };
        hints.set(uid, &places[place].node.spec.name);
        snapshot.expect(id, filters.class(class), place);
        // Affinity counts one pod after another; spreading has to look at all domains.
        let spreads = |class: &ClassId| !filters.class(*class).spec.topology_spread.is_empty();
        chains
            .retain(|class, chain| chain.as_ref().is_none_or(|chain| !(spreads(class) && chain.heeds_suppositions())));
        if let Some(pod) = PodOnNode::find(id, cluster) {
            let heeding = chains.values_mut().flatten().filter(|chain| chain.heeds_suppositions());
            heeding.for_each(|chain| chain.add_pod(pod, &snapshot.places[place].node));
        }
        fit_now |= snapshot.places[place].exists && waits(&id);
        false
    });
    hints.drop_old();
    fit_now
}

/// Whether all the pods are so young that it is worth waiting for more of them.
///
/// Source: `core/static_autoscaler.go`, `allPodsAreNew`.
pub(super) fn are_all_new(pods: &[PodId], cluster: &Cluster, settings: &ClusterAutoscalerSettings) -> bool {
    let gpu = |pod: &Pod| {
        let class = cluster.class_of(pod);
        let asks = |name| cluster.resources.get(name).is_some_and(|id| class.requests.get(id) > 0);
        asks(crate::model::gpu::GPU_MILLI) || asks("nvidia.com/gpu")
    };
    let pods = || pods.iter().filter_map(|id| cluster.pod(*id));
    let is_new = |oldest: Option<SimTime>, buffer| oldest.is_some_and(|oldest| oldest + buffer > cluster.now);
    is_new(pods().map(|pod| pod.created).min(), settings.pod_buffer)
        || is_new(pods().filter(|pod| gpu(pod)).map(|pod| pod.created).min(), settings.gpu_pod_buffer)
}

/// How many groups one owner may have; its further pods stand alone.
///
/// Source: `core/scaleup/equivalence/groups.go`.
const MAX_GROUPS_PER_OWNER: usize = 10;

/// The pods by owner and class, in the order of each group's first pod. Pods without an owner stand alone.
pub(super) fn equivalence_groups(pods: &[PodId], cluster: &Cluster) -> Vec<PodGroup> {
    let mut groups: Vec<PodGroup> = Vec::new();
    let mut of_owner: BTreeMap<ObjectId, Vec<(ClassId, usize)>> = BTreeMap::new();
    for &id in pods {
        let Some(pod) = cluster.pod(id) else { continue };
        let alone = PodGroup { class: pod.class, pods: vec![id] };
        let Some(owner) = pod.owner else {
            groups.push(alone);
            continue;
        };
        let known = of_owner.entry(owner).or_default();
        if let Some((_, index)) = known.iter().find(|(class, _)| *class == pod.class) {
            groups[*index].pods.push(id);
            continue;
        }
        if known.len() < MAX_GROUPS_PER_OWNER {
            known.push((pod.class, groups.len()));
        }
        groups.push(alone);
    }
    groups
}
