//! Which extended resources of a pod have a device class behind them, so that a node which does not have the resource itself
//! may give it through devices: there NodeResourcesFit leaves them to DynamicResources.
//!
//! Source: `shouldDelegateResourceToDRA` and `isSchedulableAfterDeviceClassEvent` in `noderesources/fit.go`.

use super::extended::is_extended;
use towtank_sim::cluster::Cluster;
use towtank_sim::dra::{DEVICE_CLASS_RESOURCE_PREFIX, DeviceClass};
use towtank_sim::model::ObjectId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodClass;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::scheduler::Basis;

/// Resources with a class behind them; nearly always none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeviceResources(Vec<ResourceId>);

impl DeviceResources {
    /// Those that a pod of the class asks for.
    pub(crate) fn of(class: &PodClass, cluster: &Cluster) -> Self {
        let behind = |id: &ResourceId| DeviceClass::behind(cluster.resources.name(*id), cluster).is_some();
        Self(extended(class, cluster).filter(behind).collect())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the node leaves the resource to devices.
    pub(crate) fn leaves(&self, id: ResourceId, node: &Node) -> bool {
        !self.0.is_empty() && self.0.contains(&id) && node.allocatable.get(id) <= 0
    }
}

/// How long it holds which resources of a pod of the class have device classes behind them.
pub(crate) fn basis(class: &PodClass, cluster: &Cluster) -> Basis {
    let can_have = extended(class, cluster).next().is_some();
    Basis { kinds: if can_have { &[DeviceClass::KIND] } else { &[] }, ..Basis::default() }
}

/// The resources of a pod of the class that can have a device class behind them.
fn extended(class: &PodClass, cluster: &Cluster) -> impl Iterator<Item = ResourceId> {
    let ids = class.requests.iter().map(|(id, _)| id).filter(|id| id.index() > ResourceId::PODS.index());
    ids.filter(|id| is_extended(cluster.resources.name(*id)))
}

/// Whether a class that came or changed may help a pod that lacks a resource.
pub(crate) fn helps(class: &PodClass, cluster: &Cluster, id: ObjectId, is_new: bool) -> bool {
    let objects = cluster.objects();
    let (Some(now), Some(meta)) = (objects.get::<DeviceClass>(id), objects.meta(id)) else { return false };
    let wants = |name: &str| {
        let wanted = cluster.resources.get(name);
        wanted.is_some_and(|id| class.requests.get(id) > 0)
    };
    if is_new {
        if wants(&format!("{DEVICE_CLASS_RESOURCE_PREFIX}{}", meta.name)) {
            return true;
        }
    } else if objects
        .previous::<DeviceClass>(id)
        .is_some_and(|p| p.extended_resource_name == now.extended_resource_name)
    {
        return false;
    }
    now.extended_resource_name.as_deref().is_some_and(wants)
}
