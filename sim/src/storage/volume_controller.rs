//! The volume controller: binds claims and volumes, has volumes made for claims that want one, and reclaims those whose
//! claim is gone.
//!
//! Simplified: it looks at once when something changes, and not every 15 seconds; nothing that it does fails; a volume that
//! is to be deleted or recycled is so at once. A claim leaves the store as soon as somebody removes it, also while pods
//! use it.
//!
//! Source: `pkg/controller/volume/persistentvolume/pv_controller.go`.

use super::provisioner;
use super::{
    Candidate, ClaimPhase, ClaimRef, ClaimRequest, CsiStorageCapacity, PersistentVolume, PersistentVolumeClaim,
    ReclaimPolicy, StorageClass, VolumeBindingMode, VolumePhase, find_matching_volume,
};
use crate::agenda::{Rank, Subject, Timer};
use crate::cluster::{Change, Cluster, Interest, ObjectMeta};
use crate::controller::{Context, Controller};
use crate::model::ObjectId;
use crate::node::kubelet::Latency;
use crate::random::Rng;
use crate::time::Span;
use std::collections::BTreeSet;

/// The volume controller's settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeSettings {
    /// From the wish for a volume to its being there.
    pub provisioning: Latency,
}

/// The volume controller, with the provisioners of all drivers.
#[derive(Debug)]
pub struct VolumeController {
    settings: VolumeSettings,
    rng: Option<Rng>,
    /// What is to be looked at when everybody has acted at this instant.
    volumes: BTreeSet<ObjectId>,
    claims: BTreeSet<ObjectId>,
    planned: bool,
    /// The claims for which a volume is being made.
    provisioning: BTreeSet<ObjectId>,
}

mod timer {
    pub(super) const LOOK: u16 = 0;
    pub(super) const PROVISIONED: u16 = 1;
}

impl VolumeController {
    /// A controller with these settings.
    pub fn new(settings: VolumeSettings) -> Self {
        Self {
            settings,
            rng: None,
            volumes: BTreeSet::new(),
            claims: BTreeSet::new(),
            planned: false,
            provisioning: BTreeSet::new(),
        }
    }

    fn look(&mut self, cx: &mut Context<'_>) {
        for id in std::mem::take(&mut self.volumes) {
            self.sync_volume(id, cx);
        }
        for id in std::mem::take(&mut self.claims) {
            self.sync_claim(id, cx);
        }
    }

    // ---- claims ----------------------------------------------------------------------------------------------------

    fn sync_claim(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some((meta, claim)) = live::<PersistentVolumeClaim>(id, cx.cluster) else { return };
        if claim.bind_completed {
            if let Some(phase) = phase_of_bound(meta, claim, cx.cluster) {
                set_claim_phase(id, phase, cx.cluster);
            }
            return;
        }
        if claim.spec.storage_class.is_none()
            && let Some(class) = StorageClass::default_name(cx.cluster)
        {
            // The API server does so when a claim comes, and this controller when a default class comes later.
            update(id, cx.cluster, |claim: &mut PersistentVolumeClaim| claim.spec.storage_class = Some(class));
            return;
        }
        match &claim.spec.volume_name {
            Some(name) => {
                let volume = cx.cluster.objects().named::<PersistentVolume>(PersistentVolume::KIND, "", name);
                let free = |volume: &PersistentVolume| {
                    volume.claim_ref.is_none() && satisfies(volume, claim) || volume.is_bound_to(meta, claim)
                };
                if let Some((volume_meta, _)) = volume.filter(|(_, volume)| free(volume)) {
                    bind(volume_meta.id, id, cx.cluster);
                }
            }
            None => self.find_volume(id, cx),
        }
    }

    /// Binds a claim to a volume that is there, or has one made.
    fn find_volume(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some((meta, claim)) = live::<PersistentVolumeClaim>(id, cx.cluster) else { return };
        let class = StorageClass::by_name(claim.spec.class(), cx.cluster);
        let delayed = class.is_some_and(|class| class.binding_mode == VolumeBindingMode::WaitForFirstConsumer);
        if let Some(volume) = best_match(ClaimRequest { meta, claim }, delayed, cx.cluster) {
            bind(volume, id, cx.cluster);
            return;
        }
        let wanted = claim.selected_node.is_some() || !delayed;
        if !wanted || !class.is_some_and(StorageClass::provisions) || !self.provisioning.insert(id) {
            return;
        }
        let name = [&*meta.namespace, &*meta.name];
        let latency = self.rng.as_mut().map_or(Span::ZERO, |rng| self.settings.provisioning.sample(rng, || name));
        if latency == Span::ZERO {
            self.provision(id, cx);
        } else {
            let timer = Timer { kind: timer::PROVISIONED, tag: 0, about: Subject::Object(id) };
            cx.remind(cx.now() + latency, Rank::Control, timer);
        }
    }

    /// The volume for a claim is there, or turns out not to be possible: then the scheduler looks for another node.
    fn provision(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        self.provisioning.remove(&id);
        let Some((meta, claim)) = live::<PersistentVolumeClaim>(id, cx.cluster) else { return };
        if claim.spec.volume_name.is_some() {
            return;
        }
        match provisioner::provision(meta, claim, cx.cluster) {
            Some(made) => {
                if let Some((pool, bytes)) = made.taken_from {
                    update(pool, cx.cluster, |pool: &mut CsiStorageCapacity| pool.take(bytes));
                }
                // A volume of this name is this claim's own.
                let _ = cx.cluster.create_object("", &made.name, None, Box::new(made.volume));
            }
            None if claim.selected_node.is_some() => {
                update(id, cx.cluster, |claim: &mut PersistentVolumeClaim| claim.selected_node = None);
            }
            None => {}
        }
    }

    // ---- volumes ---------------------------------------------------------------------------------------------------

    fn sync_volume(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some((meta, volume)) = live::<PersistentVolume>(id, cx.cluster) else { return };
        let Some(to) = &volume.claim_ref else {
            set_volume_phase(id, VolumePhase::Available, cx.cluster);
            self.claims.extend(unbound_claims(cx.cluster));
            return;
        };
        let claim = cx.cluster.objects().named(PersistentVolumeClaim::KIND, &to.namespace, &to.name);
        let claim = claim.filter(|(claim_meta, claim)| volume.is_bound_to(claim_meta, claim));
        match claim {
            Some((_, claim)) if claim.spec.volume_name.as_ref() == Some(&meta.name) && claim.bind_completed => {
                set_volume_phase(id, VolumePhase::Bound, cx.cluster);
            }
            Some((claim_meta, claim)) if claim.spec.volume_name.is_none() || !claim.bind_completed => {
                self.claims.insert(claim_meta.id);
            }
            // The claim has another volume by now.
            Some(_) => free(id, cx.cluster),
            None if to.uid.is_none() => set_volume_phase(id, VolumePhase::Available, cx.cluster),
            None => reclaim(id, cx.cluster),
        }
    }
}

impl Controller for VolumeController {
    fn name(&self) -> &'static str {
        "persistent-volume"
    }

    fn interest(&self) -> Interest {
        Interest::OBJECTS
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        self.rng = Some(cx.streams.stream("storage/provisioning"));
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        let (Change::ObjectCreated(id) | Change::ObjectChanged(id) | Change::ObjectRemoved(id)) = change else {
            return;
        };
        let objects = cx.cluster.objects();
        let Some(meta) = objects.meta(id) else { return };
        match meta.kind {
            PersistentVolume::KIND => {
                self.volumes.insert(id);
                let to = objects.get::<PersistentVolume>(id).and_then(|volume| volume.claim_ref.as_ref());
                let claim = to.and_then(|to| objects.by_name(PersistentVolumeClaim::KIND, &to.namespace, &to.name));
                self.claims.extend(claim);
            }
            PersistentVolumeClaim::KIND if matches!(change, Change::ObjectRemoved(_)) => {
                let volumes = objects.of_kind::<PersistentVolume>(PersistentVolume::KIND);
                let is_its = |to: &ClaimRef| to.name == meta.name && to.namespace == meta.namespace;
                let its = volumes.filter(|(_, volume)| volume.claim_ref.as_ref().is_some_and(is_its));
                self.volumes.extend(its.map(|(meta, _)| meta.id));
            }
            PersistentVolumeClaim::KIND => {
                self.claims.insert(id);
                let claim = objects.get::<PersistentVolumeClaim>(id);
                let volume = claim.and_then(|claim| claim.spec.volume_name.as_deref());
                self.volumes.extend(volume.and_then(|name| objects.by_name(PersistentVolume::KIND, "", name)));
            }
            StorageClass::KIND | CsiStorageCapacity::KIND => self.claims.extend(unbound_claims(cx.cluster)),
            _ => return,
        }
        if !std::mem::replace(&mut self.planned, true) {
            cx.remind(cx.now(), Rank::Control, Timer::of_kind(timer::LOOK));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Subject::Object(claim) = timer.about {
            self.provision(claim, cx);
        } else {
            self.planned = false;
            self.look(cx);
        }
    }
}

/// The object with its metadata, if it has not left.
fn live<T: crate::cluster::Object>(id: ObjectId, cluster: &Cluster) -> Option<(&ObjectMeta, &T)> {
    let objects = cluster.objects();
    let meta = objects.meta(id)?;
    objects.named(meta.kind, &meta.namespace, &meta.name).filter(|(meta, _)| meta.id == id)
}

fn update<T: crate::cluster::Object>(id: ObjectId, cluster: &mut Cluster, change: impl FnOnce(&mut T)) {
    cluster.update_object(id, change);
}

fn unbound_claims(cluster: &Cluster) -> impl Iterator<Item = ObjectId> + '_ {
    let claims = cluster.objects().of_kind::<PersistentVolumeClaim>(PersistentVolumeClaim::KIND);
    claims.filter(|(_, claim)| !claim.bind_completed).map(|(meta, _)| meta.id)
}

/// Whether the volume that a claim asks for by name is what it wants.
///
/// Source: as above, `checkVolumeSatisfyClaim`.
fn satisfies(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    volume.capacity >= claim.spec.requested()
        && &*volume.storage_class == claim.spec.class()
        && volume.volume_mode == claim.spec.volume_mode
        && has_modes(volume, claim)
}

fn has_modes(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    claim.spec.access_modes.iter().all(|mode| volume.access_modes.contains(mode))
}

/// The volume for a claim, among those with the fewest ways of access beyond those wanted.
///
/// Source: `pkg/controller/volume/persistentvolume/index.go`, `findByClaim`.
fn best_match(request: ClaimRequest<'_>, delayed: bool, cluster: &Cluster) -> Option<ObjectId> {
    let volumes = cluster.objects().of_kind::<PersistentVolume>(PersistentVolume::KIND);
    let mut suitable: Vec<Candidate<'_>> = volumes
        .filter(|(_, volume)| has_modes(volume, request.claim))
        .map(|(meta, volume)| Candidate { meta, volume })
        .collect();
    let modes = |candidate: &Candidate<'_>| candidate.volume.access_modes.len();
    suitable.sort_by_key(modes);
    let mut groups = suitable.chunk_by(|a, b| modes(a) == modes(b));
    let found = groups.find_map(|group| find_matching_volume(request, group.iter().copied(), None, delayed));
    found.map(|candidate| candidate.meta.id)
}

/// Binds a volume and a claim to each other.
fn bind(volume: ObjectId, claim: ObjectId, cluster: &mut Cluster) {
    let Some((claim_meta, body)) = live::<PersistentVolumeClaim>(claim, cluster) else { return };
    let claim_ref = ClaimRef::to(claim_meta, body);
    let Some(name) = cluster.objects().meta(volume).map(|meta| meta.name.clone()) else { return };
    update(volume, cluster, |volume: &mut PersistentVolume| {
        volume.claim_ref = Some(claim_ref);
        volume.phase = VolumePhase::Bound;
    });
    update(claim, cluster, |claim: &mut PersistentVolumeClaim| {
        claim.spec.volume_name = Some(name);
        claim.bind_completed = true;
        claim.phase = ClaimPhase::Bound;
    });
}

/// The phase of a claim whose binding was complete.
fn phase_of_bound(meta: &ObjectMeta, claim: &PersistentVolumeClaim, cluster: &Cluster) -> Option<ClaimPhase> {
    let name = claim.spec.volume_name.as_deref().unwrap_or_default();
    let volume = cluster.objects().named::<PersistentVolume>(PersistentVolume::KIND, "", name);
    let has_it = |volume: &PersistentVolume| volume.claim_ref.is_none() || volume.is_bound_to(meta, claim);
    let phase = if volume.is_some_and(|(_, volume)| has_it(volume)) { ClaimPhase::Bound } else { ClaimPhase::Lost };
    (claim.phase != phase).then_some(phase)
}

fn set_claim_phase(id: ObjectId, phase: ClaimPhase, cluster: &mut Cluster) {
    update(id, cluster, |claim: &mut PersistentVolumeClaim| claim.phase = phase);
}

fn set_volume_phase(id: ObjectId, phase: VolumePhase, cluster: &mut Cluster) {
    if cluster.objects().get::<PersistentVolume>(id).is_some_and(|volume| volume.phase != phase) {
        update(id, cluster, |volume: &mut PersistentVolume| volume.phase = phase);
    }
}

/// The volume is kept for nobody any more.
fn free(id: ObjectId, cluster: &mut Cluster) {
    update(id, cluster, |volume: &mut PersistentVolume| {
        volume.claim_ref = None;
        volume.phase = VolumePhase::Available;
    });
}

/// The claim of a volume is gone.
fn reclaim(id: ObjectId, cluster: &mut Cluster) {
    let Some((_, volume)) = live::<PersistentVolume>(id, cluster) else { return };
    match volume.reclaim_policy {
        ReclaimPolicy::Retain => set_volume_phase(id, VolumePhase::Released, cluster),
        ReclaimPolicy::Recycle => free(id, cluster),
        ReclaimPolicy::Delete => {
            let (given_to, bytes) = (provisioner::pool_of(volume, cluster), volume.capacity);
            if let Some(pool) = given_to {
                update(pool, cluster, |pool: &mut CsiStorageCapacity| pool.give_back(bytes));
            }
            cluster.remove_object(id);
        }
    }
}
