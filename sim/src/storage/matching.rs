//! Which volume a claim gets: the one that is kept for it, or else the smallest that fits.

use super::persistent_volume::{PersistentVolume, VolumePhase};
use super::persistent_volume_claim::PersistentVolumeClaim;
use crate::cluster::ObjectMeta;
use crate::model::labels::Labels;

/// A claim that looks for a volume.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest<'a> {
    /// Its metadata.
    pub meta: &'a ObjectMeta,
    /// The claim.
    pub claim: &'a PersistentVolumeClaim,
}

/// A volume that may be taken.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its metadata.
    pub meta: &'a ObjectMeta,
    /// The volume.
    pub volume: &'a PersistentVolume,
}

/// The volume for a claim, out of `volumes`: one that is bound to it or kept for it, else the smallest that fits, the
/// first of equals. Upstream goes through its index in no fixed order; here the caller's order decides.
///
/// The scheduler gives the labels of the `node` from which the volume must be reachable. The volume controller gives none,
/// and `delay_binding` when the scheduler shall choose among the volumes that are kept for nobody.
///
/// Source: `component-helpers/storage/volume/pv_helpers.go`, `FindMatchingVolume`.
pub fn find_matching_volume<'a>(
    request: ClaimRequest<'_>,
    volumes: impl IntoIterator<Item = Candidate<'a>>,
    node: Option<&Labels>,
    delay_binding: bool,
) -> Option<Candidate<'a>> {
    let ClaimRequest { meta, claim } = request;
    let mut smallest: Option<Candidate<'a>> = None;
    for candidate in volumes {
        let volume = candidate.volume;
        let is_kept = volume.is_bound_to(meta, claim);
        if (volume.claim_ref.is_some() && !is_kept) || !suits(volume, claim) {
            continue;
        }
        let is_reachable = || node.is_none_or(|labels| volume.is_reachable_from(labels));
        if is_kept {
            return is_reachable().then_some(candidate);
        }
        let available = volume.phase == VolumePhase::Available
            && claim.spec.selector.as_ref().is_none_or(|selector| selector.matches(&volume.labels))
            && &*volume.storage_class == claim.spec.class();
        if !available || (node.is_none() && delay_binding) {
            continue;
        }
        // The volume controller has sorted out the access modes before.
        let has_modes = || claim.spec.access_modes.iter().all(|mode| volume.access_modes.contains(mode));
        let is_smaller = smallest.is_none_or(|best| best.volume.capacity > volume.capacity);
        if is_smaller && (node.is_none() || has_modes()) && is_reachable() {
            smallest = Some(candidate);
        }
    }
    smallest
}

/// Whether the volume is what the claim wants, wherever it is and whoever has it.
fn suits(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.capacity >= claim.spec.requested()
        && volume.volume_mode == claim.spec.volume_mode
        && volume.attributes_class == claim.spec.attributes_class
        && !volume.deleting
}
