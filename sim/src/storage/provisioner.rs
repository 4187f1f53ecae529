//! Provisioning: the volume that a CSI driver makes for a claim.
//!
//! Simplified: a driver makes every volume that the pools which it tells of (CSIStorageCapacity) have room for, and one that
//! tells of none makes any. Without a selected node the topologies take turns.
//!
//! Source: `kubernetes-csi/external-provisioner`, `pkg/controller/{controller,topology}.go`.

use super::{
    ClaimRef, CsiDriver, CsiMigration, CsiNode, CsiStorageCapacity, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeSource, StorageClass, VolumePhase,
};
use crate::cluster::{Cluster, ObjectMeta};
use crate::model::affinity::{NodeSelector, NodeSelectorTerm};
use crate::model::labels::{Labels, Operator, Requirement};
use crate::model::node::ZONE_LABEL;
use crate::model::{ObjectId, Quantity};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A volume that was made.
pub(super) struct Made {
    pub(super) name: Arc<str>,
    pub(super) volume: PersistentVolume,
    /// The pool that it comes from, and how much of it.
    pub(super) taken_from: Option<(ObjectId, Quantity)>,
}

/// Labels with their values: from where a volume can be reached.
type Topology = Vec<(String, String)>;

/// Makes the volume for a claim; `None` where the driver has no room for it, or its node is gone.
pub(super) fn provision(meta: &ObjectMeta, claim: &PersistentVolumeClaim, cluster: &Cluster) -> Option<Made> {
    let class = StorageClass::by_name(claim.spec.class(), cluster)?;
    let migration = CsiMigration::of_plugin(&class.provisioner);
    let driver: Arc<str> = migration.map_or_else(|| class.provisioner.clone(), |migration| migration.driver.into());
    let zonal = migration.is_some_and(CsiMigration::is_zonal);
    let selected = match &claim.selected_node {
        None => None,
        Some(name) => Some(cluster.node(cluster.nodes().by_name(name)?)),
    };
    let (labels, node_affinity) = match selected {
        Some(node) => {
            let topology = topology_of(node.name(), &node.spec.labels, &driver, class, zonal, cluster);
            (node.spec.labels.clone(), selector(topology))
        }
        None => anywhere(meta, &driver, class, zonal, cluster),
    };
    let bytes = claim.spec.requested();
    let pool = if CsiDriver::by_name(&driver, cluster).is_some_and(|driver| driver.storage_capacity) {
        Some(pool(&labels, claim.spec.class(), bytes, selected.is_none(), cluster)?)
    } else {
        None
    };
    let name: Arc<str> = format!("pvc-{}", claim.uid(meta)).into();
    let volume = PersistentVolume {
        labels: Labels::new(),
        capacity: bytes,
        access_modes: claim.spec.access_modes.clone(),
        storage_class: claim.spec.class().into(),
        volume_mode: claim.spec.volume_mode,
        attributes_class: claim.spec.attributes_class.clone(),
        source: PersistentVolumeSource::Csi { driver, handle: name.clone() },
        claim_ref: Some(ClaimRef::to(meta, claim)),
        node_affinity,
        reclaim_policy: class.reclaim_policy,
        phase: VolumePhase::Pending,
        deleting: false,
    };
    Some(Made { name, volume, taken_from: pool.map(|pool| (pool, bytes)) })
}

/// The pool that a volume was made in: one of its class that the nodes which reach the volume can reach.
pub(super) fn pool_of(volume: &PersistentVolume, cluster: &Cluster) -> Option<ObjectId> {
    let PersistentVolumeSource::Csi { driver, .. } = &volume.source else { return None };
    CsiDriver::by_name(driver, cluster).filter(|driver| driver.storage_capacity)?;
    let node = cluster.nodes().iter().find(|node| volume.is_reachable_from(&node.spec.labels))?;
    pool(&node.spec.labels, &volume.storage_class, Quantity::default(), false, cluster)
}

impl CsiStorageCapacity {
    /// A volume of this size was made.
    pub(super) fn take(&mut self, bytes: Quantity) {
        self.capacity = self.capacity.map(|capacity| capacity.minus(bytes));
    }

    /// A volume of this size was deleted.
    pub(super) fn give_back(&mut self, bytes: Quantity) {
        self.capacity = self.capacity.map(|capacity| capacity.plus(bytes));
    }
}

fn pool(labels: &Labels, class: &str, bytes: Quantity, any_place: bool, cluster: &Cluster) -> Option<ObjectId> {
    let mut pools = cluster.objects().of_kind::<CsiStorageCapacity>(CsiStorageCapacity::KIND);
    let suffices = |pool: &CsiStorageCapacity| {
        let reached = any_place && pool.node_topology.is_some();
        let fits = pool.volume_limit().is_some_and(|limit| limit.value() >= bytes.value());
        pool.suffices(class, bytes.value(), labels) || (reached && fits && *pool.storage_class == *class)
    };
    pools.find(|(_, pool)| suffices(pool)).map(|(meta, _)| meta.id)
}

/// From where a volume can be reached that is made for a node: by the labels that the driver goes by there. Where the node
/// has no CSINode, by those that the class names, or by the zone for disks that belong to one.
fn topology_of(
    node: &str,
    labels: &Labels,
    driver: &str,
    class: &StorageClass,
    zonal: bool,
    cluster: &Cluster,
) -> Topology {
    let of_driver = CsiNode::of(node, cluster).and_then(|csi_node| csi_node.driver(driver)).map(|d| &d.topology_keys);
    let keys: Vec<&str> = match of_driver.filter(|keys| !keys.is_empty()) {
        Some(keys) => keys.iter().map(String::as_str).collect(),
        None => match class.allowed_topologies.iter().find(|term| term.matches(labels)) {
            Some(term) => term.expressions.iter().map(|(key, _)| key.as_str()).collect(),
            None if zonal => vec![ZONE_LABEL],
            None => Vec::new(),
        },
    };
    keys.into_iter().filter_map(|key| Some((key.to_owned(), labels.get(key)?.clone()))).collect()
}

/// The labels of a place for a volume that no node has been chosen for, and from where it can be reached.
fn anywhere(
    meta: &ObjectMeta,
    driver: &str,
    class: &StorageClass,
    zonal: bool,
    cluster: &Cluster,
) -> (Labels, Option<NodeSelector>) {
    let allowed = cluster.nodes().iter().filter(|node| class.allows(&node.spec.labels));
    let topologies: BTreeSet<Topology> = allowed
        .map(|node| topology_of(node.name(), &node.spec.labels, driver, class, zonal, cluster))
        .filter(|topology| !topology.is_empty())
        .collect();
    if topologies.is_empty() {
        let terms = class.allowed_topologies.iter();
        let terms: Vec<_> =
            terms.map(|term| NodeSelectorTerm { expressions: term.requirements(), fields: Vec::new() }).collect();
        return (Labels::new(), (!terms.is_empty()).then_some(NodeSelector { terms }));
    }
    let turn = (meta.uid % topologies.len() as u64) as usize;
    let topology = topologies.into_iter().nth(turn).unwrap_or_default();
    (topology.iter().cloned().collect(), selector(topology))
}

fn selector(topology: Topology) -> Option<NodeSelector> {
    let requirement = |(key, value)| Requirement { key, operator: Operator::In, values: vec![value] };
    let expressions: Vec<Requirement> = topology.into_iter().map(requirement).collect();
    let term = NodeSelectorTerm { expressions, fields: Vec::new() };
    (!term.expressions.is_empty()).then(|| NodeSelector { terms: vec![term] })
}
