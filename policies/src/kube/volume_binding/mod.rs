//! VolumeBinding: a pod goes where its volumes are or can be made, and has them before it is bound.

mod assumed;
mod binder;

use crate::allocation_score::{broken_line, round_half_up};
use crate::claims;
use crate::config::{ArgsSource, ConfigError, ShapePoint, VolumeBindingArgs};
use crate::factory::Factory;
use assumed::{Assumed, Reservation};
use binder::{PodClaims, PodVolumes, is_reachable};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::cluster::{Action, Cluster};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{PodClass, PodTraits};
use towtank_sim::model::volume::VolumeSource;
use towtank_sim::model::{NodeId, ObjectId, Quantity};
use towtank_sim::scheduler::{
    ClusterEvent, Cycle, Events, FeatureGates, Filter, Hint, Lasting, LastingFilter, LastingScore, Plugin, Points,
    PreBound, PreFilter, PreScore, Score, Verdict,
};
use towtank_sim::storage::{
    ClaimPhase, ClaimRef, CsiDriver, CsiNode, CsiStorageCapacity, PersistentVolume, PersistentVolumeClaim, StorageClass,
};
use towtank_sim::time::Span;

/// The plugin.
///
/// Source: `volumebinding/volume_binding.go`.
#[derive(Debug)]
pub struct VolumeBinding {
    /// How long a pod waits for its volumes (`args.bindTimeoutSeconds`).
    bind_timeout: Span,
    /// How nodes are scored by the share of their storage that is taken then (`args.shape`); `None` with the gate
    /// StorageCapacityScoring off.
    shape: Option<Vec<ShapePoint>>,
    assumed: RefCell<Assumed>,
}

/// The claims of a pod, which look at nodes.
struct Binder<'c>(PodClaims<'c>);

struct Capacities<'c> {
    claims: PodClaims<'c>,
    shape: &'c [ShapePoint],
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args = args.read::<VolumeBindingArgs>()?;
    Ok(Arc::new(move |context| {
        let scores = context.gates.enabled(FeatureGates::STORAGE_CAPACITY_SCORING);
        Box::new(VolumeBinding {
            bind_timeout: args.bind_timeout(),
            shape: scores.then(|| args.shape().to_vec()),
            assumed: RefCell::default(),
        })
    }))
}

impl Plugin for VolumeBinding {
    fn name(&self) -> &'static str {
        "VolumeBinding"
    }

    fn points(&self) -> Points {
        let before = Points::PRE_FILTER.and(Points::FILTER).and(Points::PRE_SCORE).and(Points::SCORE);
        before.and(Points::RESERVE).and(Points::PRE_BIND)
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match has_claims(cycle) {
            Ok(false) => return PreFilter::Skip,
            Ok(true) => {}
            Err(why) => return PreFilter::Reject(Verdict::unresolvable_because(why)),
        }
        let claims = PodClaims::new(cycle, &self.assumed.borrow());
        if claims.has_unbound_immediate {
            return PreFilter::Reject(Verdict::unresolvable("pod has unbound immediate PersistentVolumeClaims"));
        }
        PreFilter::Ask(Box::new(Binder(claims)))
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        let Some(shape) = &self.shape else { return PreScore::Skip };
        if !matches!(has_claims(cycle), Ok(true)) {
            return PreScore::Same(0);
        }
        let claims = PodClaims::new(cycle, &self.assumed.borrow());
        PreScore::Ask(Box::new(Capacities { claims, shape }))
    }

    fn lasting(&self, class: &PodClass, _cluster: &Cluster) -> Lasting {
        let claims = class.spec.volumes.iter().any(|volume| volume.is_ephemeral() || volume.named_claim().is_some());
        let filter = if claims { LastingFilter::InCycle } else { LastingFilter::Skip };
        let score = match (&self.shape, claims) {
            (None, _) => LastingScore::Skip,
            (Some(_), false) => LastingScore::Same(0),
            (Some(_), true) => LastingScore::InCycle,
        };
        Lasting { filter, score, ..Lasting::default() }
    }

    fn reserves_for(&self) -> Option<PodTraits> {
        Some(PodTraits::VOLUME_CLAIMS)
    }

    fn reserve(&self, cycle: &Cycle<'_>, node: &Node) -> Verdict {
        let Some(pod) = cycle.pod.filter(|_| matches!(has_claims(cycle), Ok(true))) else { return Verdict::Fits };
        let mut assumed = self.assumed.borrow_mut();
        let claims = PodClaims::new(cycle, &assumed);
        if claims.are_all_bound() {
            return Verdict::Fits;
        }
        match claims.find(node) {
            Err(verdict) => verdict,
            Ok(volumes) => {
                let reservation = Reservation { volumes, node: node.spec.name.clone(), since: cycle.cluster.now };
                assumed.reserve(pod, reservation, cycle.cluster);
                Verdict::Fits
            }
        }
    }

    fn unreserve(&self, cycle: &Cycle<'_>, _node: &Node) {
        if let Some(pod) = cycle.pod {
            self.assumed.borrow_mut().unreserve(pod);
        }
    }

    /// Binds the volumes that are there from their side, and has the others made. The volume controller does the rest.
    fn pre_bind(&self, cycle: &Cycle<'_>, node: &Node) -> Result<Vec<Action>, String> {
        let assumed = self.assumed.borrow();
        let Some(reservation) = cycle.pod.and_then(|pod| assumed.reservation(pod)) else { return Ok(Vec::new()) };
        let objects = cycle.cluster.objects();
        let mut actions = Vec::new();
        for binding in &reservation.volumes.bindings {
            let claim = objects.get::<PersistentVolumeClaim>(binding.claim);
            let (Some(claim), Some(meta), Some(volume)) =
                (claim, objects.meta(binding.claim), objects.get::<PersistentVolume>(binding.volume))
            else {
                return Err("binding volumes: failed to check binding: object not found".to_owned());
            };
            let claim_ref = Some(ClaimRef::to(meta, claim));
            if volume.claim_ref != claim_ref {
                let bind = |volume: &mut PersistentVolume| volume.claim_ref = claim_ref;
                actions.push(Action::update(binding.volume, bind));
            }
        }
        for provision in &reservation.volumes.provisions {
            let node = node.spec.name.clone();
            let select = |claim: &mut PersistentVolumeClaim| claim.selected_node = Some(node);
            actions.push(Action::update(provision.claim, select));
        }
        Ok(actions)
    }

    fn pre_bound(&self, cycle: &Cycle<'_>, node: &Node) -> PreBound {
        let assumed = self.assumed.borrow();
        let Some(reservation) = cycle.pod.and_then(|pod| assumed.reservation(pod)) else { return PreBound::Ready };
        let deadline = reservation.since + self.bind_timeout;
        match is_bound(cycle, &reservation.volumes, node) {
            Ok(true) => PreBound::Ready,
            Ok(false) if deadline <= cycle.cluster.now => {
                PreBound::Failed("binding volumes: context deadline exceeded".to_owned())
            }
            Ok(false) => match reservation.volumes.first_to_be_made(cycle) {
                Some(claim) => PreBound::WaitFor(claim, deadline),
                None => PreBound::Wait(Some(deadline)),
            },
            Err(why) => PreBound::Failed(format!("binding volumes: {why}")),
        }
    }

    fn events(&self) -> Events {
        let classes = Events::STORAGE_CLASS_ADD.and(Events::STORAGE_CLASS_UPDATE);
        let claims = Events::PVC_ADD.and(Events::PVC_UPDATE);
        let volumes = Events::PV_ADD.and(Events::PV_UPDATE);
        let nodes = Events::NODE_ADD.and(Events::NODE_LABEL).and(Events::CSI_NODE_ADD).and(Events::CSI_NODE_UPDATE);
        let capacity = Events::CSI_STORAGE_CAPACITY_ADD.and(Events::CSI_STORAGE_CAPACITY_UPDATE);
        classes.and(claims).and(volumes).and(nodes).and(capacity).and(Events::CSI_DRIVER_UPDATE)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        let helps = match event {
            ClusterEvent::ObjectAdd(id, PersistentVolumeClaim::KIND)
            | ClusterEvent::ObjectUpdate(id, PersistentVolumeClaim::KIND) => claims::is_claim_of(cycle, id, true),
            ClusterEvent::ObjectUpdate(id, StorageClass::KIND) => claims::change::<StorageClass>(cycle, id)
                .is_none_or(|(old, new)| old.allowed_topologies != new.allowed_topologies),
            ClusterEvent::ObjectUpdate(id, CsiNode::KIND) => claims::change::<CsiNode>(cycle, id)
                .is_none_or(|(old, new)| old.migrated_plugins != new.migrated_plugins),
            ClusterEvent::ObjectUpdate(id, CsiStorageCapacity::KIND) => claims::change::<CsiStorageCapacity>(cycle, id)
                .is_none_or(|(old, new)| {
                    new.volume_limit().map(Quantity::value) > old.volume_limit().map(Quantity::value)
                }),
            ClusterEvent::ObjectUpdate(id, CsiDriver::KIND) => claims::change::<CsiDriver>(cycle, id)
                .is_none_or(|(old, new)| old.storage_capacity && !new.storage_capacity && names_driver(cycle, id)),
            _ => true,
        };
        if helps { Hint::Queue } else { Hint::Skip }
    }
}

impl Filter for Binder<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        self.0.find(node).err().unwrap_or(Verdict::Fits)
    }
}

impl Score for Capacities<'_> {
    /// The mean over the storage classes of the score for the share of the storage that is taken then. Where volumes are
    /// there to be bound, theirs; else that of the pools in which volumes would be made.
    ///
    /// Source: `volumebinding/scorer.go`.
    fn score(&self, node: &Node) -> i64 {
        let Ok(volumes) = self.claims.find(node) else { return 0 };
        let classes = classes(&volumes);
        if classes.is_empty() {
            return 0;
        }
        let score = |(requested, capacity): &(i64, i64)| match *capacity {
            0 => broken_line(self.shape, 100),
            _ if requested > capacity => broken_line(self.shape, 100),
            _ => broken_line(self.shape, requested.saturating_mul(100) / capacity),
        };
        round_half_up(classes.values().map(score).sum(), classes.len() as i64)
    }
}

/// The bytes that are asked for and those that are there, by storage class.
fn classes(volumes: &PodVolumes) -> BTreeMap<&str, (i64, i64)> {
    let mut classes: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for binding in &volumes.bindings {
        let (requested, capacity) = classes.entry(&binding.class).or_default();
        *requested += binding.requested;
        *capacity += binding.capacity;
    }
    if volumes.bindings.is_empty() {
        for provision in &volumes.provisions {
            let Some(free) = provision.capacity else { continue };
            let (requested, capacity) = classes.entry(&provision.class).or_default();
            *requested += provision.requested;
            // All of them come from one pool.
            *capacity = free;
        }
    }
    classes
}

/// Whether the pod uses claims.
///
/// # Errors
/// One of them cannot be used.
fn has_claims(cycle: &Cycle<'_>) -> Result<bool, String> {
    let mut has_claims = false;
    for volume in &cycle.class.spec.volumes {
        let Some(name) = claims::claim_name(cycle, volume) else { continue };
        has_claims = true;
        let (_, claim) = claims::claim(cycle.cluster, &cycle.class.spec.namespace, &name).map_err(|why| {
            // This is normal directly after the creation of a pod.
            let waits =
                format!("waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\"");
            if volume.is_ephemeral() { waits } else { why }
        })?;
        if claim.phase == ClaimPhase::Lost {
            let volume = claim.spec.volume_name.as_deref().unwrap_or_default();
            return Err(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\""
            ));
        }
        if claim.deleting {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        if volume.is_ephemeral() {
            claims::check_owner(cycle, &name, claim)?;
        }
    }
    Ok(has_claims)
}

/// Whether the volume controller has done what PreBind asked for.
///
/// # Errors
/// It will not: what was asked for has been undone.
///
/// Source: `volumebinding/binder.go`, `checkBindings`.
fn is_bound(cycle: &Cycle<'_>, volumes: &PodVolumes, node: &Node) -> Result<bool, String> {
    let objects = cycle.cluster.objects();
    let csi_node = CsiNode::of(node.name(), cycle.cluster);
    let check = |name: &str, volume: &PersistentVolume| match is_reachable(volume, &node.spec.labels, csi_node) {
        Ok(true) => Ok(()),
        Ok(false) => {
            let node = node.name();
            Err(format!("pv \"{name}\" node affinity doesn't match node \"{node}\": no matching NodeSelectorTerms"))
        }
        Err(why) => Err(why),
    };
    for binding in &volumes.bindings {
        let volume = objects.meta(binding.volume).zip(objects.get::<PersistentVolume>(binding.volume));
        let (meta, volume) = volume.ok_or("failed to check binding: persistentvolume not found")?;
        let claim = objects.get::<PersistentVolumeClaim>(binding.claim);
        let claim = claim.ok_or("failed to check binding: persistentvolumeclaim not found")?;
        check(&meta.name, volume)?;
        if volume.claim_ref.as_ref().is_none_or(|to| to.uid.is_none()) {
            return Err(format!("ClaimRef got reset for pv \"{}\"", meta.name));
        }
        if !claim.is_fully_bound() {
            return Ok(false);
        }
    }
    for provision in &volumes.provisions {
        let claim = objects.meta(provision.claim).zip(objects.get::<PersistentVolumeClaim>(provision.claim));
        let (meta, claim) = claim.ok_or("failed to check provisioning pvc: persistentvolumeclaim not found")?;
        if claim.selected_node.as_deref() != Some(node.name()) {
            return Err(format!("provisioning failed for PVC \"{}\"", meta.name));
        }
        if let Some(name) = &claim.spec.volume_name {
            let Ok((_, volume)) = claims::volume(cycle.cluster, name) else { return Ok(false) };
            check(name, volume)?;
        }
        if !claim.is_fully_bound() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the pod has a volume of this CSI driver without a claim.
fn names_driver(cycle: &Cycle<'_>, id: ObjectId) -> bool {
    let Some(meta) = cycle.cluster.objects().meta(id) else { return false };
    cycle.class.spec.volumes.iter().any(|volume| match &volume.source {
        VolumeSource::Csi { driver } => **driver == *meta.name,
        _ => false,
    })
}
