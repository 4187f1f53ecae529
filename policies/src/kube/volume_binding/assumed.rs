//! What the scheduler has decided about volumes and claims and the store does not say yet.

use super::binder::PodVolumes;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, ObjectMeta};
use towtank_sim::model::{ObjectId, PodId};
use towtank_sim::storage::{ClaimRef, PersistentVolume, PersistentVolumeClaim};
use towtank_sim::time::SimTime;

/// Objects as they will be. An assumption holds until the object changes in the store, whoever changes it.
///
/// Source: `volumebinding/passive_assume_cache.go`.
#[derive(Debug, Default)]
pub(super) struct Assumed {
    volumes: BTreeMap<ObjectId, Assumption<PersistentVolume>>,
    claims: BTreeMap<ObjectId, Assumption<PersistentVolumeClaim>>,
    reservations: BTreeMap<PodId, Reservation>,
}

/// What is held for a pod that is to be bound.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    /// Its volumes.
    pub(super) volumes: PodVolumes,
    /// The node.
    pub(super) node: Arc<str>,
    /// Since when.
    pub(super) since: SimTime,
}

#[derive(Debug)]
struct Assumption<T> {
    /// The object's version that it replaces.
    version: u64,
    body: T,
}

impl Assumed {
    /// The volume as it will be.
    pub(super) fn volume<'c>(&self, meta: &ObjectMeta, volume: &'c PersistentVolume) -> Cow<'c, PersistentVolume> {
        latest(&self.volumes, meta, volume)
    }

    /// The claim as it will be.
    pub(super) fn claim<'c>(
        &self,
        meta: &ObjectMeta,
        claim: &'c PersistentVolumeClaim,
    ) -> Cow<'c, PersistentVolumeClaim> {
        latest(&self.claims, meta, claim)
    }

    /// What is held for a pod.
    pub(super) fn reservation(&self, pod: PodId) -> Option<&Reservation> {
        self.reservations.get(&pod)
    }

    /// Takes a pod's volumes for granted: the volumes are kept for their claims, and the claims to be provisioned have
    /// their node.
    pub(super) fn reserve(&mut self, pod: PodId, reservation: Reservation, cluster: &Cluster) {
        self.forget_the_past(cluster);
        let objects = cluster.objects();
        for binding in &reservation.volumes.bindings {
            let (Some((_, volume)), Some((claim_meta, claim))) =
                (with_meta::<PersistentVolume>(binding.volume, cluster), with_meta(binding.claim, cluster))
            else {
                continue;
            };
            let claim_ref = Some(ClaimRef::to(claim_meta, claim));
            let volume_meta = objects.meta(binding.volume).expect("looked up above");
            let volume = self.volume(volume_meta, volume);
            if volume.claim_ref != claim_ref {
                let body = PersistentVolume { claim_ref, ..volume.into_owned() };
                self.volumes.insert(binding.volume, Assumption { version: volume_meta.version, body });
            }
        }
        for provision in &reservation.volumes.provisions {
            let Some((meta, claim)) = with_meta::<PersistentVolumeClaim>(provision.claim, cluster) else { continue };
            let body = PersistentVolumeClaim { selected_node: Some(reservation.node.clone()), ..claim.clone() };
            self.claims.insert(provision.claim, Assumption { version: meta.version, body });
        }
        self.reservations.insert(pod, reservation);
    }

    /// Takes nothing for granted any more that was held for the pod.
    pub(super) fn unreserve(&mut self, pod: PodId) {
        let Some(reservation) = self.reservations.remove(&pod) else { return };
        for binding in &reservation.volumes.bindings {
            self.volumes.remove(&binding.volume);
        }
        for provision in &reservation.volumes.provisions {
            self.claims.remove(&provision.claim);
        }
    }

    /// Drops what the store has overtaken. What a bound pod has left assumed stays until then.
    fn forget_the_past(&mut self, cluster: &Cluster) {
        let version = |id: &ObjectId| cluster.objects().meta(*id).map(|meta| meta.version);
        self.volumes.retain(|id, assumption| version(id) == Some(assumption.version));
        self.claims.retain(|id, assumption| version(id) == Some(assumption.version));
        self.reservations.retain(|pod, _| cluster.pod(*pod).is_some_and(|pod| pod.node.is_none()));
    }
}

fn latest<'c, T: Clone>(assumed: &BTreeMap<ObjectId, Assumption<T>>, meta: &ObjectMeta, stored: &'c T) -> Cow<'c, T> {
    match assumed.get(&meta.id).filter(|assumption| assumption.version == meta.version) {
        Some(assumption) => Cow::Owned(assumption.body.clone()),
        None => Cow::Borrowed(stored),
    }
}

fn with_meta<T: towtank_sim::cluster::Object>(id: ObjectId, cluster: &Cluster) -> Option<(&ObjectMeta, &T)> {
    Some((cluster.objects().meta(id)?, cluster.objects().get(id)?))
}
