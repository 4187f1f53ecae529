//! VolumeZone: pods go only to the zone and region with which their volumes are labelled.

use crate::claims;
use crate::lasting::filters;
use std::collections::BTreeSet;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::node::{Node, REGION_LABEL, ZONE_LABEL};
use towtank_sim::model::pod::PodClass;
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Events, Filter, Hint, Lasting, LastingFilter, Plugin, Points, PreFilter, Verdict,
};
use towtank_sim::storage::{PersistentVolume, StorageClass, VolumeBindingMode};

/// The labels that say where a volume is, each with the present name of its kind: those before Kubernetes 1.17 count too.
const TOPOLOGY_LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", ZONE_LABEL),
    ("failure-domain.beta.kubernetes.io/region", REGION_LABEL),
    (ZONE_LABEL, ZONE_LABEL),
    (REGION_LABEL, REGION_LABEL),
];

/// The plugin.
///
/// Source: `volumezone/volume_zone.go`.
#[derive(Clone, Copy, Debug)]
pub struct VolumeZone;

/// What one label of one volume asks of a node.
#[derive(Debug, PartialEq, Eq)]
struct Topology<'c> {
    key: &'static str,
    /// The key's present name.
    present: &'static str,
    values: BTreeSet<&'c str>,
}

struct Topologies<'c>(Vec<Topology<'c>>);

impl Plugin for VolumeZone {
    fn name(&self) -> &'static str {
        "VolumeZone"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match topologies_of_pod(cycle) {
            Err(why) => PreFilter::Reject(Verdict::unresolvable_because(why)),
            Ok(topologies) if topologies.is_empty() => PreFilter::Skip,
            Ok(topologies) => PreFilter::Ask(Box::new(Topologies(topologies))),
        }
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let asks = claims::named_claims(&class.spec).next().is_some();
        let filter = if asks { LastingFilter::InCycle } else { LastingFilter::Skip };
        filters(filter)
    }

    fn events(&self) -> Events {
        let nodes = Events::NODE_ADD.and(Events::NODE_LABEL);
        let claims = Events::PVC_ADD.and(Events::PVC_UPDATE);
        let volumes = Events::PV_ADD.and(Events::PV_UPDATE);
        nodes.and(claims).and(volumes).and(Events::STORAGE_CLASS_ADD)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let helps = match event {
            ClusterEvent::ObjectAdd(id, StorageClass::KIND) => {
                let class = cycle.cluster.objects().get::<StorageClass>(id);
                class.is_some_and(|class| class.binding_mode == VolumeBindingMode::WaitForFirstConsumer)
            }
            ClusterEvent::ObjectUpdate(id, PersistentVolume::KIND) => claims::change::<PersistentVolume>(cycle, id)
                .is_none_or(|(old, new)| !topologies(&old.labels).eq(topologies(&new.labels))),
            ClusterEvent::ObjectAdd(_, PersistentVolume::KIND) => true,
            ClusterEvent::ObjectAdd(id, _) | ClusterEvent::ObjectUpdate(id, _) => claims::is_claim_of(cycle, id, false),
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Topologies<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        let labels = &node.spec.labels;
        // In a cluster of one zone nodes may have no such label.
        if !TOPOLOGY_LABELS.iter().any(|(key, _)| labels.contains_key(key)) {
            return Verdict::Fits;
        }
        let admits = |topology: &Topology<'_>| {
            let value = labels.get(topology.key).or_else(|| labels.get(topology.present));
            value.is_some_and(|value| topology.values.contains(value.as_str()))
        };
        if self.0.iter().all(admits) {
            Verdict::Fits
        } else {
            Verdict::unresolvable("node(s) had no available volume zone")
        }
    }
}

/// What the volumes that are bound to the pod's claims ask of a node.
fn topologies_of_pod<'c>(cycle: &Cycle<'c>) -> Result<Vec<Topology<'c>>, String> {
    let spec = &cycle.class.spec;
    let mut all = Vec::new();
    for name in claims::named_claims(spec) {
        let (_, claim) = claims::claim(cycle.cluster, &spec.namespace, name)?;
        let Some(volume) = claim.spec.volume_name.as_deref() else {
            let class = claim.spec.class();
            if class.is_empty() {
                return Err("PersistentVolumeClaim had no pv name and storageClass name".to_owned());
            }
            match claims::class(cycle.cluster, class)?.binding_mode {
                VolumeBindingMode::WaitForFirstConsumer => continue,
                VolumeBindingMode::Immediate => return Err("PersistentVolume had no name".to_owned()),
            }
        };
        let (_, volume) = claims::volume(cycle.cluster, volume)?;
        all.extend(topologies(&volume.labels));
    }
    Ok(all)
}

/// What a volume's labels ask of a node: any of the values that stand in them, separated by `__`. A label with an empty
/// value among them does not count.
///
/// Source: `cloud-provider/volume/helpers/zones.go`, `LabelZonesToSet`.
fn topologies(labels: &Labels) -> impl Iterator<Item = Topology<'_>> {
    TOPOLOGY_LABELS.iter().filter_map(|(key, present)| {
        let values: BTreeSet<&str> = labels.get(key)?.split("__").map(str::trim).collect();
        (!values.contains("")).then_some(Topology { key, present, values })
    })
}
