//! PersistentVolumes.
//!
//! Source: `pkg/apis/core/validation/validation.go`, `ValidatePersistentVolumeSpec`.

use super::claim_spec::{STORAGE, access_modes, attributes_class, storage_class, volume_mode};
use super::convert::{Reading, quantity};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_labels;
use super::node_affinity::node_selector;
use super::objects::Item;
use super::volumes::{azure_disk, check_driver, check_path};
use super::words::require;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::Quantity;
use towtank_sim::model::affinity::NodeSelector;
use towtank_sim::model::volume::InTreeVolume;
use towtank_sim::storage::{ClaimRef, PersistentVolume, PersistentVolumeSource, ReclaimPolicy, VolumePhase};

pub(super) const KIND: Kind = Kind { name: PersistentVolume::KIND, api_version: "v1", namespaced: false, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let volume: core::PersistentVolume = reading.typed()?;
    let metadata = At::ROOT.key("metadata");
    let labels = volume.metadata.labels.clone().unwrap_or_default();
    check_labels(&labels, &metadata.key("labels"))?;
    let at = &At::ROOT.key("spec");
    let spec = volume.spec.unwrap_or_default();
    let modes_at = at.key("accessModes");
    let modes = spec.access_modes.as_deref().unwrap_or_default();
    if modes.is_empty() {
        return Err(modes_at.required(""));
    }
    let phase = volume.status.and_then(|status| status.phase);
    let body = PersistentVolume {
        labels: labels.into(),
        capacity: capacity(&spec, at)?,
        access_modes: access_modes(modes, &modes_at)?,
        storage_class: storage_class(&volume.metadata, spec.storage_class_name.as_deref(), at)?.unwrap_or_default(),
        volume_mode: volume_mode(spec.volume_mode.as_deref(), &at.key("volumeMode"))?,
        attributes_class: attributes_class(spec.volume_attributes_class_name.as_deref(), at)?,
        node_affinity: node_affinity(&spec, at)?,
        source: source(&spec, at)?,
        claim_ref: spec.claim_ref.as_ref().map(claim_ref),
        reclaim_policy: match spec.persistent_volume_reclaim_policy.as_deref() {
            None | Some("" | "Retain") => ReclaimPolicy::Retain,
            Some("Delete") => ReclaimPolicy::Delete,
            Some("Recycle") => ReclaimPolicy::Recycle,
            Some(other) => {
                let at = at.key("persistentVolumeReclaimPolicy");
                return Err(at.not_supported(other, &["Delete", "Recycle", "Retain"]));
            }
        },
        phase: match phase.as_deref() {
            None | Some("" | "Pending") => VolumePhase::Pending,
            Some("Available") => VolumePhase::Available,
            Some("Bound") => VolumePhase::Bound,
            Some("Released") => VolumePhase::Released,
            Some("Failed") => VolumePhase::Failed,
            Some(other) => {
                let at = At::ROOT.key("status");
                let phases = ["Available", "Bound", "Failed", "Pending", "Released"];
                return Err(at.key("phase").not_supported(other, &phases));
            }
        },
        deleting: volume.metadata.deletion_timestamp.is_some(),
    };
    Ok(Some(Item::object(reading, body)))
}

fn capacity(spec: &core::PersistentVolumeSpec, at: &At<'_>) -> Result<Quantity, FieldError> {
    let at = at.key("capacity");
    let given = spec.capacity.as_ref().filter(|capacity| !capacity.is_empty()).ok_or_else(|| at.required(""))?;
    if let Some(other) = given.keys().find(|name| *name != STORAGE) {
        return Err(at.not_supported(other, &[STORAGE]));
    }
    let text = &given[STORAGE];
    let at = at.key(STORAGE);
    let capacity = quantity(text, &at)?;
    if capacity.is_zero() {
        return Err(at.invalid(&text.0, "must be greater than zero"));
    }
    Ok(capacity)
}

fn node_affinity(spec: &core::PersistentVolumeSpec, at: &At<'_>) -> Result<Option<NodeSelector>, FieldError> {
    let at = at.key("nodeAffinity");
    let Some(affinity) = &spec.node_affinity else {
        return match &spec.local {
            Some(_) => Err(at.required("Local volume requires node affinity")),
            None => Ok(None),
        };
    };
    let at = at.key("required");
    let required = affinity.required.as_ref().ok_or_else(|| at.required("must specify required node constraints"))?;
    node_selector(required, &at).map(Some)
}

/// A reference without a uid keeps the volume for a claim to come.
fn claim_ref(from: &core::ObjectReference) -> ClaimRef {
    ClaimRef {
        namespace: from.namespace.as_deref().unwrap_or_default().into(),
        name: from.name.as_deref().unwrap_or_default().into(),
        uid: from.uid.as_deref().filter(|uid| !uid.is_empty()).map(Into::into),
    }
}

fn source(spec: &core::PersistentVolumeSpec, at: &At<'_>) -> Result<PersistentVolumeSource, FieldError> {
    let sources = [
        ("hostPath", spec.host_path.is_some()),
        ("gcePersistentDisk", spec.gce_persistent_disk.is_some()),
        ("awsElasticBlockStore", spec.aws_elastic_block_store.is_some()),
        ("glusterfs", spec.glusterfs.is_some()),
        ("flocker", spec.flocker.is_some()),
        ("nfs", spec.nfs.is_some()),
        ("rbd", spec.rbd.is_some()),
        ("quobyte", spec.quobyte.is_some()),
        ("cephfs", spec.cephfs.is_some()),
        ("iscsi", spec.iscsi.is_some()),
        ("cinder", spec.cinder.is_some()),
        ("fc", spec.fc.is_some()),
        ("flexVolume", spec.flex_volume.is_some()),
        ("azureFile", spec.azure_file.is_some()),
        ("vsphereVolume", spec.vsphere_volume.is_some()),
        ("photonPersistentDisk", spec.photon_persistent_disk.is_some()),
        ("portworxVolume", spec.portworx_volume.is_some()),
        ("azureDisk", spec.azure_disk.is_some()),
        ("scaleIO", spec.scale_io.is_some()),
        ("local", spec.local.is_some()),
        ("storageos", spec.storageos.is_some()),
        ("csi", spec.csi.is_some()),
    ];
    let mut given = sources.iter().filter(|(_, given)| *given);
    let Some((key, _)) = given.next() else { return Err(at.required("must specify a volume type")) };
    if let Some((second, _)) = given.next() {
        return Err(at.key(second).forbidden("may not specify more than 1 volume type"));
    }
    let at = at.key(key);
    if let Some(csi) = &spec.csi {
        check_driver(&csi.driver, &at.key("driver"))?;
        require(&csi.volume_handle, &at.key("volumeHandle"))?;
        let (driver, handle) = (csi.driver.as_str().into(), csi.volume_handle.as_str().into());
        return Ok(PersistentVolumeSource::Csi { driver, handle });
    }
    let in_tree = if let Some(disk) = &spec.gce_persistent_disk {
        require(&disk.pd_name, &at.key("pdName"))?;
        InTreeVolume::GcePersistentDisk(disk.pd_name.clone())
    } else if let Some(disk) = &spec.aws_elastic_block_store {
        require(&disk.volume_id, &at.key("volumeID"))?;
        InTreeVolume::AwsElasticBlockStore(disk.volume_id.clone())
    } else if let Some(disk) = &spec.azure_disk {
        azure_disk(disk, &at)?
    } else if let Some(disk) = &spec.cinder {
        require(&disk.volume_id, &at.key("volumeID"))?;
        InTreeVolume::Cinder(disk.volume_id.clone())
    } else if let Some(disk) = &spec.portworx_volume {
        require(&disk.volume_id, &at.key("volumeID"))?;
        InTreeVolume::Portworx(disk.volume_id.clone())
    } else if spec.azure_file.is_some() {
        InTreeVolume::AzureFile
    } else if spec.vsphere_volume.is_some() {
        InTreeVolume::Vsphere
    } else {
        match (&spec.local, &spec.host_path) {
            (Some(local), _) => check_path(&local.path, &at.key("path"))?,
            (_, Some(host)) => check_path(&host.path, &at.key("path"))?,
            _ => {}
        }
        return Ok(PersistentVolumeSource::Other);
    };
    Ok(PersistentVolumeSource::InTree(in_tree))
}
