//! Storage: the objects around persistent volumes, what binds and provisions them, and what in-tree volumes are to CSI
//! drivers.
//!
//! Attaching takes no time and makes no VolumeAttachment; those that are listed count.

mod csi_driver;
mod csi_node;
mod csi_storage_capacity;
mod csi_translation;
mod ephemeral_controller;
mod matching;
mod persistent_volume;
mod persistent_volume_claim;
mod provisioner;
mod storage_class;
mod volume_attachment;
mod volume_controller;

pub use csi_driver::CsiDriver;
pub use csi_node::{CsiNode, CsiNodeDriver};
pub use csi_storage_capacity::CsiStorageCapacity;
pub use csi_translation::{CsiMigration, CsiVolume, TranslationError};
pub use ephemeral_controller::EphemeralVolumeController;
pub use matching::{Candidate, ClaimRequest, find_matching_volume};
pub use persistent_volume::{ClaimRef, PersistentVolume, PersistentVolumeSource, ReclaimPolicy, VolumePhase};
pub use persistent_volume_claim::{ClaimOwner, ClaimPhase, PersistentVolumeClaim};
pub use storage_class::{NO_PROVISIONER, StorageClass, TopologySelectorTerm, VolumeBindingMode};
pub use volume_attachment::VolumeAttachment;
pub use volume_controller::{VolumeController, VolumeSettings};

use crate::cluster::Fingerprint;
use crate::time::SimTime;

/// Folds numbers and names of an object.
fn fold<'a>(into: &mut Fingerprint, words: &[u64], names: impl IntoIterator<Item = &'a str>) {
    into.fold(SimTime::ZERO, 0, words);
    for name in names {
        into.fold_name(name);
    }
}

#[cfg(test)]
mod tests;
