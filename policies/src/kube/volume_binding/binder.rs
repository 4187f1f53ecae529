//! Which volumes a pod would have on a node.
//!
//! Source: `volumebinding/binder.go`.

use super::assumed::Assumed;
use crate::claims;
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, ObjectMeta};
use towtank_sim::model::ObjectId;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Cycle, Reason, Verdict};
use towtank_sim::storage::{
    Candidate, ClaimRequest, CsiDriver, CsiNode, CsiStorageCapacity, PersistentVolume, PersistentVolumeClaim,
    PersistentVolumeSource, StorageClass, VolumeBindingMode, find_matching_volume,
};

const BIND_CONFLICT: &str = "node(s) didn't find available persistent volumes to bind";
const NODE_CONFLICT: &str = "node(s) didn't match PersistentVolume's node affinity";
const NOT_ENOUGH_SPACE: &str = "node(s) did not have enough free storage";
const VOLUME_MISSING: &str = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)";

/// The claims of a pod, by what has to be done about them.
pub(super) struct PodClaims<'c> {
    cluster: &'c Cluster,
    bound: Vec<Claim<'c>>,
    /// Those that wait for the pod's node.
    delayed: Vec<Claim<'c>>,
    /// Whether one should have been bound before, and is not.
    pub(super) has_unbound_immediate: bool,
    /// The volumes of the classes of `delayed` that are not another claim's, by name.
    volumes: Vec<(&'c ObjectMeta, Cow<'c, PersistentVolume>)>,
}

#[derive(Clone)]
struct Claim<'c> {
    meta: &'c ObjectMeta,
    body: Cow<'c, PersistentVolumeClaim>,
}

/// The volumes that a pod would have on one node, beyond those that it has anywhere.
#[derive(Clone, Debug, Default)]
pub(super) struct PodVolumes {
    /// Volumes that are there and would be bound.
    pub(super) bindings: Vec<Binding>,
    /// Volumes that would be made.
    pub(super) provisions: Vec<Provision>,
}

impl PodVolumes {
    /// The claim that has to get a volume before anything else counts; `None` where it counts too what becomes of volumes that are there.
    pub(super) fn first_to_be_made(&self, cycle: &Cycle<'_>) -> Option<ObjectId> {
        let first = self.provisions.first().filter(|_| self.bindings.is_empty())?;
        let claim = cycle.cluster.objects().get::<PersistentVolumeClaim>(first.claim)?;
        claim.spec.volume_name.is_none().then_some(first.claim)
    }
}

/// A volume that is there, for a claim.
#[derive(Clone, Debug)]
pub(super) struct Binding {
    pub(super) volume: ObjectId,
    pub(super) claim: ObjectId,
    pub(super) class: Arc<str>,
    /// Bytes that the claim asks for.
    pub(super) requested: i64,
    /// Bytes that the volume has.
    pub(super) capacity: i64,
}

/// A volume to be made for a claim.
#[derive(Clone, Debug)]
pub(super) struct Provision {
    pub(super) claim: ObjectId,
    pub(super) class: Arc<str>,
    /// Bytes that the claim asks for.
    pub(super) requested: i64,
    /// Bytes that are free where it would be made, if the driver says so.
    pub(super) capacity: Option<i64>,
}

/// How dynamic provisioning stands on a node.
enum Provisioning {
    Possible(Vec<Provision>),
    Impossible,
    NotEnoughSpace,
}

impl<'c> PodClaims<'c> {
    /// The claims of the cycle's pod, all of which exist.
    pub(super) fn new(cycle: &Cycle<'c>, assumed: &Assumed) -> Self {
        let cluster = cycle.cluster;
        let mut claims =
            Self { cluster, bound: Vec::new(), delayed: Vec::new(), has_unbound_immediate: false, volumes: Vec::new() };
        for volume in &cycle.class.spec.volumes {
            let Some(name) = claims::claim_name(cycle, volume) else { continue };
            let Ok((meta, body)) = claims::claim(cluster, &cycle.class.spec.namespace, &name) else { continue };
            let claim = Claim { meta, body: assumed.claim(meta, body) };
            if claim.body.is_fully_bound() {
                claims.bound.push(claim);
            } else if claim.body.spec.volume_name.is_none() && waits_for_consumer(claim.class(), cluster) {
                claims.delayed.push(claim);
            } else {
                claims.has_unbound_immediate = true;
            }
        }
        let classes: BTreeSet<&str> = claims.delayed.iter().map(Claim::class).collect();
        if !classes.is_empty() {
            let volumes = cluster.objects().of_kind::<PersistentVolume>(PersistentVolume::KIND);
            let volumes = volumes.filter(|(_, volume)| classes.contains(&*volume.storage_class));
            let volumes = volumes.map(|(meta, volume)| (meta, assumed.volume(meta, volume)));
            // Those of other claims are most of them, and on no node any of these gets one.
            let delayed = &claims.delayed;
            let may_be_taken = |volume: &PersistentVolume| {
                volume.claim_ref.is_none() || delayed.iter().any(|claim| volume.is_bound_to(claim.meta, &claim.body))
            };
            claims.volumes = volumes.filter(|(_, volume)| may_be_taken(volume)).collect();
        }
        claims
    }

    /// Whether there is nothing left to bind.
    pub(super) fn are_all_bound(&self) -> bool {
        self.delayed.is_empty() && !self.has_unbound_immediate
    }

    /// The volumes that the pod would have on the node.
    ///
    /// # Errors
    /// Everything that keeps it from there, or why the question has no answer.
    pub(super) fn find(&self, node: &Node) -> Result<PodVolumes, Verdict> {
        let mut reasons: SmallVec<[Reason; 1]> = SmallVec::new();
        let mut volume_missing = false;
        match self.check_bound(node) {
            Ok(None) => {}
            Ok(Some(VOLUME_MISSING)) => volume_missing = true,
            Ok(Some(reason)) => reasons.push(Reason::Text(reason)),
            Err(why) => return Err(Verdict::Error(why.into())),
        }
        let mut found = PodVolumes::default();
        match self.find_unbound(node, &mut found.bindings) {
            Provisioning::Possible(provisions) => found.provisions = provisions,
            Provisioning::Impossible => reasons.push(Reason::Text(BIND_CONFLICT)),
            Provisioning::NotEnoughSpace => reasons.push(Reason::Text(NOT_ENOUGH_SPACE)),
        }
        if volume_missing {
            reasons.push(Reason::Text(VOLUME_MISSING));
        }
        if reasons.is_empty() { Ok(found) } else { Err(Verdict::Unresolvable(reasons)) }
    }

    /// Whether the volumes of bound claims can be reached from the node; why not, for the first that cannot.
    fn check_bound(&self, node: &Node) -> Result<Option<&'static str>, String> {
        let csi_node = CsiNode::of(node.name(), self.cluster);
        for claim in &self.bound {
            let name = claim.body.spec.volume_name.as_deref().unwrap_or_default();
            let Ok((_, volume)) = claims::volume(self.cluster, name) else { return Ok(Some(VOLUME_MISSING)) };
            if !is_reachable(volume, &node.spec.labels, csi_node)? {
                return Ok(Some(NODE_CONFLICT));
            }
        }
        Ok(None)
    }

    /// Volumes for the claims that wait for the node, or what to make for them.
    fn find_unbound(&self, node: &Node, bindings: &mut Vec<Binding>) -> Provisioning {
        let selected = |claim: &&Claim<'_>| claim.body.selected_node.is_some();
        let (mut to_provision, mut to_match): (Vec<&Claim<'_>>, Vec<&Claim<'_>>) =
            self.delayed.iter().partition(selected);
        if to_provision.iter().any(|claim| claim.body.selected_node.as_deref() != Some(node.name())) {
            return Provisioning::Impossible;
        }
        // The smallest first, so that each gets the smallest volume that fits.
        to_match.sort_by_key(|claim| claim.body.spec.requested());
        let mut taken = BTreeSet::new();
        for claim in to_match {
            let of_class = self
                .volumes
                .iter()
                .filter(|(meta, volume)| *volume.storage_class == *claim.class() && !taken.contains(&meta.id));
            let candidates = of_class.map(|(meta, volume)| Candidate { meta, volume: volume.as_ref() });
            let request = ClaimRequest { meta: claim.meta, claim: claim.body.as_ref() };
            match find_matching_volume(request, candidates, Some(&node.spec.labels), true) {
                None => to_provision.push(claim),
                Some(Candidate { meta, volume }) => {
                    taken.insert(meta.id);
                    bindings.push(Binding {
                        volume: meta.id,
                        claim: claim.meta.id,
                        class: volume.storage_class.clone(),
                        requested: claim.bytes(),
                        capacity: volume.capacity.value(),
                    });
                }
            }
        }
        self.provision(&to_provision, node)
    }

    /// Whether the volumes for these claims can be made for the node.
    fn provision(&self, to_provision: &[&Claim<'_>], node: &Node) -> Provisioning {
        let mut provisions = Vec::new();
        for claim in to_provision {
            let class = StorageClass::by_name(claim.class(), self.cluster);
            let Some(class) = class.filter(|class| class.provisions() && class.allows(&node.spec.labels)) else {
                return Provisioning::Impossible;
            };
            let Ok(capacity) = self.capacity(claim, class, &node.spec.labels) else {
                return Provisioning::NotEnoughSpace;
            };
            let (class, requested) = (claim.class().into(), claim.bytes());
            provisions.push(Provision { claim: claim.meta.id, class, requested, capacity });
        }
        Provisioning::Possible(provisions)
    }

    /// The bytes that are free for the claim, if its driver says so; an error if they do not suffice. Of several pools the
    /// first by name counts.
    fn capacity(&self, claim: &Claim<'_>, class: &StorageClass, labels: &Labels) -> Result<Option<i64>, ()> {
        let asks = CsiDriver::by_name(&class.provisioner, self.cluster).is_some_and(|driver| driver.storage_capacity);
        if !asks || claim.body.spec.request.is_none() {
            return Ok(None);
        }
        let pools = self.cluster.objects().of_kind::<CsiStorageCapacity>(CsiStorageCapacity::KIND);
        let mut pools = pools.filter(|(_, pool)| pool.suffices(claim.class(), claim.bytes(), labels));
        let (_, pool) = pools.next().ok_or(())?;
        Ok(Some(pool.capacity.unwrap_or_default().value()))
    }
}

impl Claim<'_> {
    fn class(&self) -> &str {
        self.body.spec.class()
    }

    fn bytes(&self) -> i64 {
        self.body.spec.requested().value()
    }
}

/// Whether the volume can be reached from a node with these labels. A volume of an in-tree type is looked at as its CSI
/// driver's, if the node leaves it to that one.
///
/// # Errors
/// The volume has no equivalent.
pub(super) fn is_reachable(
    volume: &PersistentVolume,
    labels: &Labels,
    csi_node: Option<&CsiNode>,
) -> Result<bool, String> {
    if let PersistentVolumeSource::InTree(disk) = &volume.source
        && disk.migration().is_on
        && csi_node.is_some_and(|csi_node| csi_node.has_migrated(disk.migration().plugin))
    {
        let affinity = volume.csi_node_affinity().map_err(|why| format!("could not translate pv: {why}"))?;
        return Ok(affinity.is_none_or(|affinity| affinity.matches("", labels)));
    }
    Ok(volume.is_reachable_from(labels))
}

/// Whether claims of a class wait until a pod that uses them is placed. Those of a class that is not there do not.
fn waits_for_consumer(class: &str, cluster: &Cluster) -> bool {
    StorageClass::by_name(class, cluster)
        .is_some_and(|class| class.binding_mode == VolumeBindingMode::WaitForFirstConsumer)
}
