//! Volumes of pods.
//!
//! Source: `pkg/apis/core/validation/validation.go`, `ValidateVolumes`, and `pkg/apis/core/v1/defaults.go`.

use super::claim_spec::claim_spec;
use super::field::{At, FieldError};
use super::words::require;
use k8s_openapi::api::core::v1 as core;
use std::collections::BTreeSet;
use std::sync::Arc;
use towtank_sim::model::volume::{InTreeVolume, Volume, VolumeSource};

/// The longest name of a CSI driver.
const MAX_DRIVER_NAME: usize = 63;

/// The volumes of a pod, or of a template, which has no name.
pub(super) fn volumes(from: &[core::Volume], pod: Option<&str>, at: &At<'_>) -> Result<Vec<Volume>, FieldError> {
    let mut names = BTreeSet::new();
    let mut volumes = Vec::new();
    for (i, volume) in from.iter().enumerate() {
        let at = at.index(i);
        let source = source(volume, pod.is_some(), &at)?;
        let name_at = at.key("name");
        require(&volume.name, &name_at)?;
        if !is_dns_label(&volume.name) {
            return Err(name_at.invalid(&volume.name, DNS_LABEL));
        }
        if !names.insert(&volume.name) {
            return Err(name_at.duplicate(&volume.name));
        }
        volumes.push(Volume { name: volume.name.clone(), source });
    }
    let made: BTreeSet<Arc<str>> =
        volumes.iter().filter(|v| v.is_ephemeral()).filter_map(|v| v.claim_name(pod?)).collect();
    for (i, volume) in volumes.iter().enumerate() {
        if let Some(claim) = volume.named_claim().filter(|claim| made.contains(*claim)) {
            let (at, why) = (at.index(i), "must not reference a PVC that gets created for an ephemeral volume");
            return Err(at.key("persistentVolumeClaim").key("claimName").invalid(claim, why));
        }
    }
    Ok(volumes)
}

const DNS_LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                         start and end with an alphanumeric character";

fn is_dns_label(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    text.len() <= 63 && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// A volume without any source is an `emptyDir`.
fn source(from: &core::Volume, of_pod: bool, at: &At<'_>) -> Result<VolumeSource, FieldError> {
    let given = given(from);
    let Some(key) = given.first() else { return Ok(VolumeSource::Other) };
    if let Some(second) = given.get(1) {
        return Err(at.key(second).forbidden("may not specify more than 1 volume type"));
    }
    let at = at.key(key);
    if let Some(claim) = &from.persistent_volume_claim {
        require(&claim.claim_name, &at.key("claimName"))?;
        let claim_name = claim.claim_name.as_str().into();
        return Ok(VolumeSource::PersistentVolumeClaim { claim_name, read_only: claim.read_only.unwrap_or(false) });
    }
    if let Some(ephemeral) = &from.ephemeral {
        let at = at.key("volumeClaimTemplate");
        let template = ephemeral.volume_claim_template.as_ref().ok_or_else(|| at.required(""))?;
        let metadata = template.metadata.clone().unwrap_or_default();
        return Ok(VolumeSource::Ephemeral(Arc::new(claim_spec(&metadata, &template.spec, &at.key("spec"))?)));
    }
    if let Some(csi) = &from.csi {
        check_driver(&csi.driver, &at.key("driver"))?;
        return Ok(VolumeSource::Csi { driver: csi.driver.clone() });
    }
    if let Some(iscsi) = &from.iscsi {
        require(&iscsi.target_portal, &at.key("targetPortal"))?;
        require(&iscsi.iqn, &at.key("iqn"))?;
        if !["iqn", "eui", "naa"].iter().any(|prefix| iscsi.iqn.starts_with(prefix)) {
            let why = "must be valid format starting with iqn, eui, or naa";
            return Err(at.key("iqn").invalid(&iscsi.iqn, why));
        }
        return Ok(VolumeSource::Iscsi { iqn: iscsi.iqn.clone(), read_only: iscsi.read_only.unwrap_or(false) });
    }
    if let Some(rbd) = &from.rbd {
        if rbd.monitors.is_empty() {
            return Err(at.key("monitors").required(""));
        }
        require(&rbd.image, &at.key("image"))?;
        return Ok(VolumeSource::Rbd {
            monitors: rbd.monitors.clone(),
            pool: rbd.pool.clone().filter(|pool| !pool.is_empty()).unwrap_or_else(|| "rbd".to_owned()),
            image: rbd.image.clone(),
            read_only: rbd.read_only.unwrap_or(false),
        });
    }
    if let Some(image) = &from.image {
        let reference = image.reference.clone().unwrap_or_default();
        if of_pod {
            require(&reference, &at.key("reference"))?;
        }
        return Ok(VolumeSource::Image { reference });
    }
    in_tree(from, &at)
}

fn in_tree(from: &core::Volume, at: &At<'_>) -> Result<VolumeSource, FieldError> {
    let (volume, read_only) = if let Some(disk) = &from.gce_persistent_disk {
        require(&disk.pd_name, &at.key("pdName"))?;
        (InTreeVolume::GcePersistentDisk(disk.pd_name.clone()), disk.read_only)
    } else if let Some(disk) = &from.aws_elastic_block_store {
        require(&disk.volume_id, &at.key("volumeID"))?;
        (InTreeVolume::AwsElasticBlockStore(disk.volume_id.clone()), disk.read_only)
    } else if let Some(disk) = &from.azure_disk {
        (azure_disk(disk, at)?, disk.read_only)
    } else if let Some(disk) = &from.cinder {
        require(&disk.volume_id, &at.key("volumeID"))?;
        (InTreeVolume::Cinder(disk.volume_id.clone()), disk.read_only)
    } else if let Some(disk) = &from.portworx_volume {
        require(&disk.volume_id, &at.key("volumeID"))?;
        (InTreeVolume::Portworx(disk.volume_id.clone()), disk.read_only)
    } else if let Some(share) = &from.azure_file {
        (InTreeVolume::AzureFile, share.read_only)
    } else if from.vsphere_volume.is_some() {
        (InTreeVolume::Vsphere, None)
    } else {
        return Ok(VolumeSource::Other);
    };
    Ok(VolumeSource::InTree { volume, read_only: read_only.unwrap_or(false) })
}

/// An Azure disk. One whose kind is not given is a shared blob, which no CSI driver knows.
pub(super) fn azure_disk(from: &core::AzureDiskVolumeSource, at: &At<'_>) -> Result<InTreeVolume, FieldError> {
    require(&from.disk_name, &at.key("diskName"))?;
    require(&from.disk_uri, &at.key("diskURI"))?;
    let kind = from.kind.as_deref().unwrap_or("Shared");
    let kinds = ["Dedicated", "Managed", "Shared"];
    if !kinds.contains(&kind) {
        return Err(at.key("kind").not_supported(kind, &kinds));
    }
    Ok(InTreeVolume::AzureDisk { uri: from.disk_uri.clone(), kind: kind.to_owned() })
}

/// Checks the name of a CSI driver.
pub(super) fn check_driver(name: &str, at: &At<'_>) -> Result<(), FieldError> {
    require(name, at)?;
    if name.len() > MAX_DRIVER_NAME {
        return Err(at.error(format_args!("Too long: may not be more than {MAX_DRIVER_NAME} bytes")));
    }
    super::names::check_name(&name.to_lowercase(), at)
}

/// Checks a path on a node.
pub(super) fn check_path(path: &str, at: &At<'_>) -> Result<(), FieldError> {
    require(path, at)?;
    if path.split('/').any(|part| part == "..") {
        return Err(at.invalid(path, "must not contain '..'"));
    }
    Ok(())
}

/// The sources that are given.
fn given(from: &core::Volume) -> Vec<&'static str> {
    let sources = [
        ("emptyDir", from.empty_dir.is_some()),
        ("hostPath", from.host_path.is_some()),
        ("gitRepo", from.git_repo.is_some()),
        ("gcePersistentDisk", from.gce_persistent_disk.is_some()),
        ("awsElasticBlockStore", from.aws_elastic_block_store.is_some()),
        ("secret", from.secret.is_some()),
        ("nfs", from.nfs.is_some()),
        ("iscsi", from.iscsi.is_some()),
        ("glusterfs", from.glusterfs.is_some()),
        ("persistentVolumeClaim", from.persistent_volume_claim.is_some()),
        ("rbd", from.rbd.is_some()),
        ("cinder", from.cinder.is_some()),
        ("cephfs", from.cephfs.is_some()),
        ("quobyte", from.quobyte.is_some()),
        ("downwardAPI", from.downward_api.is_some()),
        ("fc", from.fc.is_some()),
        ("flexVolume", from.flex_volume.is_some()),
        ("configMap", from.config_map.is_some()),
        ("azureFile", from.azure_file.is_some()),
        ("flocker", from.flocker.is_some()),
        ("vsphereVolume", from.vsphere_volume.is_some()),
        ("photonPersistentDisk", from.photon_persistent_disk.is_some()),
        ("portworxVolume", from.portworx_volume.is_some()),
        ("azureDisk", from.azure_disk.is_some()),
        ("storageos", from.storageos.is_some()),
        ("projected", from.projected.is_some()),
        ("scaleIO", from.scale_io.is_some()),
        ("csi", from.csi.is_some()),
        ("ephemeral", from.ephemeral.is_some()),
        ("image", from.image.is_some()),
    ];
    sources.iter().filter(|(_, given)| *given).map(|(key, _)| *key).collect()
}
