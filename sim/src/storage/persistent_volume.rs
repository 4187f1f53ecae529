//! PersistentVolume: a piece of storage that a claim can have.

use super::fold;
use super::persistent_volume_claim::PersistentVolumeClaim;
use crate::cluster::{Fingerprint, Object, ObjectMeta};
use crate::model::Quantity;
use crate::model::affinity::NodeSelector;
use crate::model::labels::Labels;
use crate::model::volume::{AccessMode, InTreeVolume, VolumeMode};
use std::sync::Arc;

/// A PersistentVolume object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersistentVolume {
    /// The labels.
    pub labels: Labels,
    /// `spec.capacity.storage`, in bytes.
    pub capacity: Quantity,
    /// In which ways it may be used.
    pub access_modes: Vec<AccessMode>,
    /// The storage class, empty for none. The deprecated annotation counts before the field.
    pub storage_class: Arc<str>,
    /// As what it appears.
    pub volume_mode: VolumeMode,
    /// The VolumeAttributesClass; `None` where it is empty.
    pub attributes_class: Option<Arc<str>>,
    /// What it is.
    pub source: PersistentVolumeSource,
    /// The claim that it is bound to, or kept for.
    pub claim_ref: Option<ClaimRef>,
    /// The nodes that can reach it; `None` for all.
    pub node_affinity: Option<NodeSelector>,
    /// What becomes of it when its claim is gone.
    pub reclaim_policy: ReclaimPolicy,
    /// Where it is in its life.
    pub phase: VolumePhase,
    /// Whether its deletion was asked for (`metadata.deletionTimestamp`).
    pub deleting: bool,
}

/// What a PersistentVolume is, as far as somebody reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersistentVolumeSource {
    /// A CSI driver's volume.
    Csi {
        /// The driver.
        driver: Arc<str>,
        /// How the driver calls the volume.
        handle: Arc<str>,
    },
    /// A volume of a type that a CSI driver has taken over.
    InTree(InTreeVolume),
    /// Anything else: `local`, `hostPath`, `nfs` and the like.
    Other,
}

/// A volume's reference to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRef {
    /// The claim's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its uid; `None` where a user keeps the volume for a claim to come.
    pub uid: Option<Arc<str>>,
}

/// What becomes of a volume when its claim is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReclaimPolicy {
    /// It stays, released, for an administrator.
    #[default]
    Retain,
    /// It is deleted.
    Delete,
    /// It is wiped and available again.
    Recycle,
}

/// Where a PersistentVolume is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VolumePhase {
    /// Not looked at yet.
    #[default]
    Pending,
    /// Free, or kept for a claim to come.
    Available,
    /// Bound to a claim.
    Bound,
    /// Its claim is gone.
    Released,
    /// It could not be reclaimed.
    Failed,
}

impl PersistentVolume {
    /// The kind in manifests.
    pub const KIND: &'static str = "PersistentVolume";

    /// Whether it is bound to this claim or kept for it: the names are equal, and the uids where it has one.
    ///
    /// Source: `component-helpers/storage/volume/pv_helpers.go`, `IsVolumeBoundToClaim`.
    pub fn is_bound_to(&self, meta: &ObjectMeta, claim: &PersistentVolumeClaim) -> bool {
        self.claim_ref.as_ref().is_some_and(|to| {
            to.name == meta.name
                && to.namespace == meta.namespace
                && to.uid.as_ref().is_none_or(|uid| *uid == claim.uid(meta))
        })
    }

    /// Whether a node with these labels can reach it. Node affinity of a volume knows no node by name.
    ///
    /// Source: `component-helpers/storage/volume/helpers.go`, `CheckNodeAffinity`.
    pub fn is_reachable_from(&self, labels: &Labels) -> bool {
        self.node_affinity.as_ref().is_none_or(|selector| selector.matches("", labels))
    }
}

impl ClaimRef {
    /// The reference to a claim.
    pub fn to(meta: &ObjectMeta, claim: &PersistentVolumeClaim) -> Self {
        Self { namespace: meta.namespace.clone(), name: meta.name.clone(), uid: Some(claim.uid(meta)) }
    }
}

impl Object for PersistentVolume {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        let claim = self.claim_ref.iter().flat_map(|to| [&*to.namespace, &*to.name]);
        fold(into, &[self.capacity.value() as u64, self.phase as u64], claim);
    }
}
