//! The plugin at its extension points.

use super::conditions;
use super::device_resources::{self, DeviceResources};
use super::extended::Extended;
use super::features::Features;
use super::pod_claims::{PodClaim, identity, pod_claims};
use super::prepared::{NOT_AVAILABLE, Prepared, lists_alternatives};
use super::selection::SelectorCache;
use crate::config::{ArgsSource, ConfigError, DynamicResourcesArgs};
use crate::factory::Factory;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use towtank_sim::cluster::{Action, Cluster, ObjectMeta};
use towtank_sim::dra::{
    AllocationResult, ClaimSpec, ClaimStatus, ConsumerReference, DeviceClass, RESERVED_FOR_MAX_SIZE, RequestForm,
    ResourceClaim, generated_name,
};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{PodClass, PodTraits};
use towtank_sim::model::{NodeId, ObjectId, PodId};
use towtank_sim::scheduler::{
    Basis, ClusterEvent, Cycle, Events, Failure, Hint, Lasting, LastingFilter, LastingScore, Plugin, Points,
    PostFilter, PreBound, PreFilter, PreScore, Reason, Verdict,
};
use towtank_sim::time::{SimTime, Span};

/// The plugin.
///
/// Source: `pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go`.
#[derive(Debug)]
pub struct DynamicResources {
    pub(super) features: Features,
    /// How long drivers may take to prepare devices.
    pub(super) binding_timeout: Span,
    pub(super) selectors: SelectorCache,
    /// What pods have reserved that are about to be bound.
    pub(super) pending: RefCell<BTreeMap<PodId, Reservation>>,
}

/// What a pod gets on a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reservation {
    /// The devices of each claim that had none; `None` is the claim for extended resources.
    pub(super) allocations: Vec<(Option<ObjectId>, AllocationResult)>,
    /// The claim for extended resources.
    pub(super) own_claim: Option<ClaimSpec>,
}

impl Reservation {
    /// Whether devices of this claim are in it.
    pub(super) fn has(&self, claim: ObjectId) -> bool {
        self.allocations.iter().any(|(id, _)| *id == Some(claim))
    }
}

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args: DynamicResourcesArgs = args.read()?;
    Ok(Arc::new(move |context| {
        Box::new(DynamicResources {
            features: Features::of(context.gates),
            binding_timeout: args.binding_timeout(),
            selectors: SelectorCache::default(),
            pending: RefCell::default(),
        })
    }))
}

impl DynamicResources {
    /// Checks that the classes of a claim that needs devices exist.
    pub(super) fn check_requests(
        &self,
        cycle: &Cycle<'_>,
        meta: &ObjectMeta,
        claim: &ResourceClaim,
    ) -> Result<(), Verdict> {
        let exists = |class: &str| cycle.cluster.objects().by_name(DeviceClass::KIND, "", class).is_some();
        let missing = |request: &str, class: &str| {
            Verdict::unresolvable_because(format!("request {request}: device class {class} does not exist"))
        };
        for request in &claim.spec.requests {
            match &request.form {
                RequestForm::Exactly(devices) if !exists(&devices.class) => {
                    return Err(missing(&request.name, &devices.class));
                }
                RequestForm::Exactly(_) => {}
                RequestForm::FirstAvailable(_) if !self.features.prioritized_list => {
                    return Err(Verdict::unresolvable_because(format!(
                        "resource claim {}/{}, request {}: has subrequests, but the DRAPrioritizedList feature is disabled",
                        meta.namespace, meta.name, request.name
                    )));
                }
                RequestForm::FirstAvailable(alternatives) => {
                    if let Some(alternative) = alternatives.iter().find(|a| !exists(&a.devices.class)) {
                        let name = format!("{}/{}", request.name, alternative.name);
                        return Err(missing(&name, &alternative.devices.class));
                    }
                }
            }
        }
        Ok(())
    }

    /// The claims that keep the pod away from nodes because they have devices elsewhere.
    fn elsewhere(prepared: &Prepared<'_>, cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> BTreeSet<usize> {
        if prepared.claims.iter().all(|claim| claim.claim.status.allocation.is_none()) {
            return BTreeSet::new();
        }
        let mut found = BTreeSet::new();
        for node in cycle.cluster.nodes().iter() {
            // Only where no other plugin has refused the node before.
            let refused = failure.dry_run(node.id).check();
            let by_this = |verdict: &Verdict| verdict.reasons() == [Reason::Text(NOT_AVAILABLE)];
            if let Err((_, claims)) = prepared.on(node)
                && refused.as_ref().is_some_and(by_this)
            {
                found.extend(claims);
            }
        }
        found
    }

    fn hint_of_claim(cycle: &Cycle<'_>, id: ObjectId, is_new: bool) -> Hint {
        let objects = cycle.cluster.objects();
        let (Ok(own), Some(now)) = (pod_claims(cycle), objects.get::<ResourceClaim>(id)) else { return Hint::Skip };
        let before = if is_new { None } else { objects.previous::<ResourceClaim>(id) };
        if before.is_some_and(|before| before.status.allocation.is_some()) && now.status.allocation.is_none() {
            // Its devices may do for others.
            return Hint::Queue;
        }
        let uses = own.iter().any(|claim| claim.meta.id == id);
        let same = before.is_some_and(|before| before.status == now.status);
        if uses && !same { Hint::Queue } else { Hint::Skip }
    }
}

impl Plugin for DynamicResources {
    fn name(&self) -> &'static str {
        "DynamicResources"
    }

    fn points(&self) -> Points {
        let filtering = Points::PRE_ENQUEUE.and(Points::PRE_FILTER).and(Points::FILTER).and(Points::POST_FILTER);
        filtering.and(Points::SCORE).and(Points::RESERVE).and(Points::PRE_BIND)
    }

    fn pre_enqueue(&self, cycle: &Cycle<'_>) -> Result<(), String> {
        pod_claims(cycle).map(drop)
    }

    fn holds_back(&self) -> Option<PodTraits> {
        Some(PodTraits::RESOURCE_CLAIMS)
    }

    fn reserves_for(&self) -> Option<PodTraits> {
        Some(PodTraits::RESOURCE_CLAIMS.and(PodTraits::OTHER_RESOURCES))
    }

    fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFilter<'c> {
        match Prepared::new(self, cycle) {
            Ok(None) => PreFilter::Skip,
            Ok(Some(prepared)) => PreFilter::Ask(Box::new(prepared)),
            Err(verdict) => PreFilter::Reject(verdict),
        }
    }

    /// Takes the devices of a claim away that keeps the pod from every node, if nobody else uses it.
    fn post_filter(&self, cycle: &Cycle<'_>, failure: &Failure<'_, '_>) -> PostFilter {
        if !failure.pre_filter_ran(self.name()) {
            return PostFilter::Error("not found".to_owned());
        }
        let Ok(Some(prepared)) = Prepared::new(self, cycle) else {
            return PostFilter::Message("no new claims to deallocate".to_owned());
        };
        let (pod, uid) = identity(cycle);
        for index in Self::elsewhere(&prepared, cycle, failure) {
            let PodClaim { meta, claim } = &prepared.claims[index];
            if claim.status.reserved_for.iter().all(|reference| reference.is_pod(pod, uid)) {
                let action = Action::update(meta.id, ResourceClaim::deallocate);
                return PostFilter::Change("deallocation of ResourceClaim completed".to_owned(), vec![action]);
            }
        }
        if let Some(Extended::Existing(meta)) = prepared.extended {
            let action = Action::Remove(meta.id);
            return PostFilter::Change("deletion of ResourceClaim completed".to_owned(), vec![action]);
        }
        PostFilter::Message("still not schedulable".to_owned())
    }

    fn post_filter_lasts(&self, class: &PodClass, cluster: &Cluster) -> bool {
        class.spec.resource_claims.is_empty() && DeviceResources::of(class, cluster).is_empty()
    }

    fn post_filter_follows(&self, class: &PodClass, cluster: &Cluster) -> bool {
        self.post_filter_lasts(class, cluster)
    }

    fn pre_score<'c>(&'c self, cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        // Most claims leave no choice, which is known without what finds devices.
        if !pod_claims(cycle).is_ok_and(|claims| lists_alternatives(&claims)) {
            return PreScore::Same(0);
        }
        match Prepared::new(self, cycle) {
            Ok(Some(prepared)) => PreScore::Ask(Box::new(prepared)),
            _ => PreScore::Same(0),
        }
    }

    fn lasting(&self, class: &PodClass, cluster: &Cluster) -> Lasting {
        if !class.spec.resource_claims.is_empty() {
            return Lasting::default();
        }
        let extended = self.features.extended_resource;
        let basis = if extended { device_resources::basis(class, cluster) } else { Basis::default() };
        if extended && !DeviceResources::of(class, cluster).is_empty() {
            return Lasting { basis, ..Lasting::default() };
        }
        Lasting { filter: LastingFilter::Skip, score: LastingScore::Same(0), basis, ..Lasting::default() }
    }

    fn reserve(&self, cycle: &Cycle<'_>, node: &Node) -> Verdict {
        let Ok(Some(prepared)) = Prepared::new(self, cycle) else { return Verdict::Fits };
        match (prepared.on(node), cycle.pod) {
            (Ok(reservation), Some(pod)) => {
                if reservation != Reservation::default() {
                    self.pending.borrow_mut().insert(pod, reservation);
                }
                Verdict::Fits
            }
            (Ok(_), None) => Verdict::Fits,
            (Err(_), _) => Verdict::Error("claim allocation not found for node".into()),
        }
    }

    fn unreserve(&self, cycle: &Cycle<'_>, _node: &Node) {
        if let Some(pod) = cycle.pod {
            self.pending.borrow_mut().remove(&pod);
        }
    }

    /// Writes down what was reserved: who has which devices, and who uses them.
    fn pre_bind(&self, cycle: &Cycle<'_>, _node: &Node) -> Result<Vec<Action>, String> {
        let Some(id) = cycle.pod else { return Ok(Vec::new()) };
        let mut reservation = self.pending.borrow_mut().remove(&id).unwrap_or_default();
        let (pod, uid) = identity(cycle);
        let now = cycle.cluster.now;
        let mut actions = Vec::new();
        for PodClaim { meta, claim } in pod_claims(cycle)? {
            if claim.is_reserved_for(pod, uid) {
                continue;
            }
            let found = reservation.allocations.iter().position(|(id, _)| *id == Some(meta.id));
            let allocation = found.map(|index| reservation.allocations.swap_remove(index).1);
            let name = format!("{}/{}", meta.namespace, meta.name);
            match (&allocation, &claim.status.allocation) {
                (Some(_), Some(_)) => return Err(format!("claim {name} got allocated elsewhere in the meantime")),
                (None, None) => return Err(format!("claim {name} got deallocated elsewhere in the meantime")),
                _ => {}
            }
            if claim.status.reserved_for.len() >= RESERVED_FOR_MAX_SIZE {
                return Err(format!("add reservation to claim {name}: status.reservedFor: Too many"));
            }
            let reference = ConsumerReference::pod(pod, uid);
            actions.push(Action::update(meta.id, move |claim: &mut ResourceClaim| {
                reserve(&mut claim.status, allocation, reference, now);
            }));
        }
        if let (Some(spec), Some((None, allocation))) = (reservation.own_claim, reservation.allocations.pop()) {
            let mut claim = ResourceClaim {
                spec,
                made_for: Some(ConsumerReference::pod(pod, uid)),
                for_extended_resources: true,
                ..ResourceClaim::default()
            };
            reserve(&mut claim.status, Some(allocation), ConsumerReference::pod(pod, uid), now);
            actions.push(Action::Create {
                namespace: cycle.class.spec.namespace.to_string(),
                name: generated_name(&format!("{pod}-extended-resources-"), uid),
                owner: None,
                body: Box::new(claim),
            });
        }
        Ok(actions)
    }

    fn pre_bound(&self, cycle: &Cycle<'_>, _node: &Node) -> PreBound {
        if !self.features.binding_conditions {
            return PreBound::Ready;
        }
        let claims = match pod_claims(cycle) {
            Ok(claims) => claims,
            Err(why) => return PreBound::Failed(why),
        };
        for PodClaim { meta, claim } in claims.iter().filter(|c| conditions::has_some(c.claim)) {
            match conditions::is_ready(&meta.name, claim) {
                Ok(true) => {}
                Ok(false) => {
                    let deadline = conditions::deadline(claim, self.binding_timeout);
                    if deadline.is_some_and(|deadline| deadline <= cycle.cluster.now) {
                        return PreBound::Failed(format!("device binding timeout: claim={}", meta.name));
                    }
                    return PreBound::Wait(deadline);
                }
                Err(why) => return PreBound::Failed(why),
            }
        }
        PreBound::Ready
    }

    fn events(&self) -> Events {
        let nodes = Events::NODE_ADD.and(Events::NODE_LABEL).and(Events::NODE_ALLOCATABLE);
        let claims = Events::RESOURCE_CLAIM_ADD.and(Events::RESOURCE_CLAIM_UPDATE).and(Events::POD_GENERATED_CLAIM);
        let classes = Events::DEVICE_CLASS_ADD.and(Events::DEVICE_CLASS_UPDATE);
        nodes.and(claims).and(classes).and(Events::RESOURCE_SLICE_ADD).and(Events::RESOURCE_SLICE_UPDATE)
    }

    fn hint(&self, cycle: &Cycle<'_>, event: ClusterEvent) -> Hint {
        match event {
            ClusterEvent::ObjectAdd(id, ResourceClaim::KIND) => Self::hint_of_claim(cycle, id, true),
            ClusterEvent::ObjectUpdate(id, ResourceClaim::KIND) => Self::hint_of_claim(cycle, id, false),
            ClusterEvent::OwnUpdate { .. } if pod_claims(cycle).is_err() => Hint::Skip,
            // Of another pod.
            ClusterEvent::AssignedPodUpdate { .. } => Hint::Skip,
            _ => Hint::Queue,
        }
    }
}

fn reserve(status: &mut ClaimStatus, new: Option<AllocationResult>, pod: ConsumerReference, now: SimTime) {
    if new.is_some() {
        status.allocation = new;
    }
    if let Some(allocation) = &mut status.allocation {
        allocation.timestamp.get_or_insert(now);
    }
    status.reserved_for.push(pod);
}
