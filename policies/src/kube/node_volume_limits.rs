//! NodeVolumeLimits: a node takes no more volumes of a CSI driver than its CSINode says.

use crate::claims;
use crate::lasting::filters;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::cluster::{Cluster, ObjectMeta};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::model::volume::{Volume, VolumeSource};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Events, FeatureGates, Filter, Hint, Lasting, LastingFilter, Plugin, Points, PreFilter, Reason,
    Verdict,
};
use towtank_sim::storage::{
    CsiDriver, CsiMigration, CsiNode, CsiVolume, PersistentVolumeClaim, PersistentVolumeSource, VolumeAttachment,
};

/// The plugin.
///
/// Source: `nodevolumelimits/csi.go`.
#[derive(Clone, Copy, Debug)]
pub struct NodeVolumeLimits {
    /// The gate VolumeLimitScaling: nodes without a driver that wants it so take no pods with its volumes.
    volume_limit_scaling: bool,
}

struct Limits<'c> {
    plugin: &'c NodeVolumeLimits,
    cycle: Cycle<'c>,
    /// The attachments by node.
    attachments: BTreeMap<&'c str, Vec<&'c VolumeAttachment>>,
}

/// Volumes, each once.
type Volumes<'c> = BTreeSet<CsiVolume<'c>>;

impl NodeVolumeLimits {
    /// The plugin under these gates.
    pub const fn new(gates: FeatureGates) -> Self {
        Self { volume_limit_scaling: gates.enabled(FeatureGates::VOLUME_LIMIT_SCALING) }
    }
}

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &'static str {
        "NodeVolumeLimits"
    }

    fn points(&self) -> Points {
        Points::PRE_FILTER.and(Points::FILTER)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        if !cycle.class.spec.volumes.iter().any(may_count) {
            return PreFilter::Skip;
        }
        let mut attachments: BTreeMap<&str, Vec<&VolumeAttachment>> = BTreeMap::new();
        for (_, attachment) in cycle.cluster.objects().of_kind::<VolumeAttachment>(VolumeAttachment::KIND) {
            attachments.entry(&attachment.node_name).or_default().push(attachment);
        }
        PreFilter::Ask(Box::new(Limits { plugin: self, cycle: *cycle, attachments }))
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let asks = class.spec.volumes.iter().any(may_count);
        let filter = if asks { LastingFilter::InCycle } else { LastingFilter::Skip };
        filters(filter)
    }

    fn events(&self) -> Events {
        let nodes = Events::CSI_NODE_ADD.and(Events::CSI_NODE_UPDATE);
        nodes.and(Events::ASSIGNED_POD_DELETE).and(Events::PVC_ADD).and(Events::VOLUME_ATTACHMENT_DELETE)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let helps = match event {
            ClusterEvent::AssignedPodDelete { class, .. } => {
                cycle.cluster.classes.get(class).spec.volumes.iter().any(may_count)
            }
            ClusterEvent::ObjectAdd(id, PersistentVolumeClaim::KIND) => claims::is_claim_of(cycle, id, true),
            ClusterEvent::ObjectUpdate(id, CsiNode::KIND) => {
                claims::change::<CsiNode>(cycle, id).is_none_or(|(old, new)| some_limit_grew(old, new))
            }
            ClusterEvent::ObjectDelete(id, VolumeAttachment::KIND) => {
                let gone = cycle.cluster.objects().get::<VolumeAttachment>(id);
                gone.is_none_or(|gone| cycle.class.spec.volumes.iter().any(|volume| is_freed_by(volume, gone)))
            }
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Limits<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        let cluster = self.cycle.cluster;
        let csi_node = CsiNode::of(node.name(), cluster);
        let mut new = match self.volumes_of_new_pod(csi_node) {
            Ok(volumes) if volumes.is_empty() => return Verdict::Fits,
            Ok(volumes) => volumes,
            Err(verdict) => return verdict,
        };
        if let Some(missing) = self.missing_driver(&new, csi_node) {
            return missing;
        }
        let limits = csi_node.into_iter().flat_map(|csi_node| &csi_node.drivers);
        let limits: BTreeMap<&str, i64> =
            limits.filter_map(|driver| Some((&*driver.name, i64::from(driver.allocatable?)))).collect();
        if limits.is_empty() {
            return Verdict::Fits;
        }
        let mut attached = match self.volumes_of_pods(node, csi_node) {
            Ok(volumes) => volumes,
            Err(why) => return Verdict::Error(why.into()),
        };
        new.retain(|volume| !attached.contains(volume));
        attached.extend(self.volumes_of_attachments(node));
        let count = |volumes: &Volumes<'_>, driver: &str| volumes.iter().filter(|v| v.driver == driver).count() as i64;
        let drivers: BTreeSet<&str> = new.iter().map(|volume| &*volume.driver).collect();
        let exceeds = |driver: &&str| {
            limits.get(driver).is_some_and(|limit| count(&attached, driver) + count(&new, driver) > *limit)
        };
        if drivers.iter().any(exceeds) {
            return Verdict::unschedulable("node(s) exceed max volume count");
        }
        Verdict::Fits
    }
}

impl<'c> Limits<'c> {
    /// The volumes that the pod would bring.
    fn volumes_of_new_pod(&self, csi_node: Option<&CsiNode>) -> Result<Volumes<'c>, Verdict> {
        let cycle = &self.cycle;
        let namespace = &cycle.class.spec.namespace;
        let mut volumes = Volumes::new();
        for volume in &cycle.class.spec.volumes {
            if let VolumeSource::InTree { .. } = volume.source {
                volumes.extend(inline(volume, csi_node).map_err(|why| Verdict::Error(why.into()))?);
            }
            let Some(name) = claims::claim_name(cycle, volume) else { continue };
            let (meta, claim) = claims::claim(cycle.cluster, namespace, &name)
                .map_err(|why| Verdict::unresolvable_because(format!("looking up PVC {namespace}/{name}: {why}")))?;
            if volume.is_ephemeral() {
                claims::check_owner(cycle, &name, claim).map_err(|why| Verdict::Error(why.into()))?;
            }
            volumes.extend(volume_of_claim(meta, claim, csi_node, cycle.cluster));
        }
        Ok(volumes)
    }

    /// The volumes of the pods on the node. A claim that is not there counts for nothing.
    fn volumes_of_pods(&self, node: &Node, csi_node: Option<&CsiNode>) -> Result<Volumes<'c>, String> {
        let cluster = self.cycle.cluster;
        let mut volumes = Volumes::new();
        for pod in node.pods.iter().filter_map(|id| cluster.pod(*id)) {
            let spec: &PodSpec = &cluster.class_of(pod).spec;
            for volume in &spec.volumes {
                volumes.extend(inline(volume, csi_node)?);
                let Some(name) = volume.claim_name(&pod.name) else { continue };
                let Ok((meta, claim)) = claims::claim(cluster, &spec.namespace, &name) else { continue };
                volumes.extend(volume_of_claim(meta, claim, csi_node, cluster));
            }
        }
        Ok(volumes)
    }

    /// The volumes that are attached to the node, whoever uses them.
    fn volumes_of_attachments(&self, node: &Node) -> impl Iterator<Item = CsiVolume<'c>> {
        let attachments = self.attachments.get(node.name()).into_iter().flatten();
        attachments.filter_map(|attachment| {
            let (_, volume) = claims::volume(self.cycle.cluster, attachment.volume_name.as_deref()?).ok()?;
            let PersistentVolumeSource::Csi { handle, .. } = &volume.source else { return None };
            Some(CsiVolume { driver: Cow::from(&*attachment.attacher), handle: Cow::from(&**handle) })
        })
    }

    /// A driver that the pod needs, and that is not on the node and does not want pods there then.
    fn missing_driver(&self, new: &Volumes<'_>, csi_node: Option<&CsiNode>) -> Option<Verdict> {
        if !self.plugin.volume_limit_scaling {
            return None;
        }
        let is_missing = |driver: &str| {
            CsiDriver::by_name(driver, self.cycle.cluster).is_some_and(|d| d.prevent_pod_scheduling_if_missing)
                && csi_node.is_none_or(|csi_node| csi_node.driver(driver).is_none())
        };
        let driver = &new.iter().find(|volume| is_missing(&volume.driver))?.driver;
        let text = format!("{driver} CSI driver is not installed on the node");
        Some(Verdict::Unschedulable([Reason::Composed(text.into())].into_iter().collect()))
    }
}

/// Whether a pod's volume may be one of a CSI driver's.
fn may_count(volume: &Volume) -> bool {
    matches!(
        volume.source,
        VolumeSource::PersistentVolumeClaim { .. } | VolumeSource::Ephemeral(_) | VolumeSource::InTree { .. }
    )
}

/// The CSI volume that a disk which the pod names itself is on this node.
fn inline<'v>(volume: &'v Volume, csi_node: Option<&CsiNode>) -> Result<Option<CsiVolume<'v>>, String> {
    let VolumeSource::InTree { volume: disk, .. } = &volume.source else { return Ok(None) };
    if csi_node.is_none() || !disk.migration().is_on {
        return Ok(None);
    }
    let why = |error| format!("converting volume({}) from inline to csi: {error}", volume.name);
    disk.inline_csi().map(Some).map_err(why)
}

/// The CSI volume behind a claim, if it is one. One that is still to be made counts as the claim's own.
fn volume_of_claim<'c>(
    meta: &ObjectMeta,
    claim: &'c PersistentVolumeClaim,
    csi_node: Option<&CsiNode>,
    cluster: &'c Cluster,
) -> Option<CsiVolume<'c>> {
    let bound = claim.spec.volume_name.as_deref().and_then(|name| claims::volume(cluster, name).ok());
    let Some((_, volume)) = bound else { return volume_to_come(meta, claim, csi_node, cluster) };
    match &volume.source {
        PersistentVolumeSource::Csi { driver, handle } if driver.is_empty() || handle.is_empty() => None,
        PersistentVolumeSource::Csi { driver, handle } => {
            Some(CsiVolume { driver: Cow::from(&**driver), handle: Cow::from(&**handle) })
        }
        PersistentVolumeSource::InTree(disk) if csi_node.is_some() && disk.migration().is_on => {
            disk.persistent_csi(&volume.labels).ok().filter(|volume| !volume.handle.is_empty())
        }
        _ => None,
    }
}

/// The volume that will be made for a claim.
fn volume_to_come<'c>(
    meta: &ObjectMeta,
    claim: &PersistentVolumeClaim,
    csi_node: Option<&CsiNode>,
    cluster: &'c Cluster,
) -> Option<CsiVolume<'c>> {
    let provisioner = &*claims::class(cluster, claim.spec.class()).ok()?.provisioner;
    let driver = match CsiMigration::of_plugin(provisioner) {
        None => provisioner,
        Some(migration) => csi_node.filter(|_| migration.is_on).map(|_| migration.driver)?,
    };
    // No driver has a handle with a space in it.
    let handle = format!("claim {}/{}", meta.namespace, meta.name);
    (!driver.is_empty()).then_some(CsiVolume { driver: Cow::from(driver), handle: Cow::from(handle) })
}

/// Whether a driver has a higher limit than before. One without a limit counts as 0, before and after.
fn some_limit_grew(old: &CsiNode, new: &CsiNode) -> bool {
    let limit = |csi_node: &CsiNode, driver: &str| csi_node.driver(driver).and_then(|d| d.allocatable).unwrap_or(0);
    new.drivers.iter().any(|driver| limit(new, &driver.name) > limit(old, &driver.name))
}

/// Whether the detached volume may have stood in the way of a pod's volume.
fn is_freed_by(volume: &Volume, gone: &VolumeAttachment) -> bool {
    match &volume.source {
        VolumeSource::PersistentVolumeClaim { .. } => true,
        VolumeSource::InTree { volume, .. } => {
            volume.inline_csi().map_or(true, |volume| volume.driver == *gone.attacher)
        }
        _ => false,
    }
}
