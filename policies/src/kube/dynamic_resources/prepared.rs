//! What is known of a pod's claims in one scheduling cycle, and what it means for a node.

use super::allocated::{AllocatedState, DeviceKey};
use super::allocator::{AllocationError, Allocator, ClaimToAllocate};
use super::conditions;
use super::extended::{self, Extended};
use super::pod_claims::{PodClaim, pod_claims};
use super::{DynamicResources, Reservation};
use towtank_sim::dra::{
    AllocationResult, ClaimSpec, DeviceClass, FIRST_AVAILABLE_MAX_SIZE, RequestForm, ResourceClaim, ResourceSlice,
};
use towtank_sim::model::node::Node;
use towtank_sim::scheduler::{Cycle, Filter, Score, Verdict, default_normalize};

/// Said of a node on which a claim cannot be used that has devices elsewhere.
pub(super) const NOT_AVAILABLE: &str = "resourceclaim not available on the node";

/// The claims of a pod.
pub(super) struct Prepared<'c> {
    plugin: &'c DynamicResources,
    cycle: Cycle<'c>,
    pub(super) claims: Vec<PodClaim<'c>>,
    pub(super) extended: Option<Extended<'c>>,
    /// What finds devices, if a claim needs some.
    allocator: Option<Allocator<'c>>,
}

impl<'c> Prepared<'c> {
    /// The claims of the pod; `None` where it has none.
    ///
    /// # Errors
    /// Why the pod can go nowhere for now.
    pub(super) fn new(plugin: &'c DynamicResources, cycle: &Cycle<'c>) -> Result<Option<Self>, Verdict> {
        let no = |why: String| Verdict::unresolvable_because(why);
        let claims = pod_claims(cycle).map_err(no)?;
        let extended = if plugin.features.extended_resource { extended::extended(cycle) } else { None };
        if claims.is_empty() && extended.is_none() {
            return Ok(None);
        }
        let mut needs_devices = matches!(extended, Some(Extended::New(_)));
        for PodClaim { meta, claim } in &claims {
            if claim.status.allocation.is_some() {
                continue;
            }
            needs_devices = true;
            if plugin.pending.borrow().values().any(|reservation| reservation.has(meta.id)) {
                return Err(no(format!(
                    "resource claim {}/{} is in the process of being allocated",
                    meta.namespace, meta.name
                )));
            }
            plugin.check_requests(cycle, meta, claim)?;
        }
        let allocator = needs_devices.then(|| allocator(plugin, cycle));
        Ok(Some(Self { plugin, cycle: *cycle, claims, extended, allocator }))
    }

    /// What the claims get on the node: nothing where there is nothing to get.
    ///
    /// # Errors
    /// Why the pod cannot go there, together with the claims that have devices elsewhere.
    pub(super) fn on(&self, node: &Node) -> Result<Reservation, (Verdict, Vec<usize>)> {
        let no = |why: &'static str| (Verdict::unresolvable(why), Vec::new());
        let mut own_claim = None;
        match &self.extended {
            None => {}
            Some(Extended::Existing(_)) => return Err(no("cannot schedule extended resource claim")),
            Some(Extended::New(resources)) => {
                let wanted = extended::through_devices(resources, node).map_err(no)?;
                if wanted.is_empty() && self.claims.is_empty() {
                    return Ok(Reservation::default());
                }
                own_claim = Some(extended::claim_for(&self.cycle.class.spec, &wanted));
            }
        }
        let elsewhere = |(_, PodClaim { claim, .. }): &(usize, &PodClaim<'_>)| !self.is_available(claim, node);
        let elsewhere: Vec<usize> = self.claims.iter().enumerate().filter(elsewhere).map(|(index, _)| index).collect();
        let reservation = self.allocate(node, own_claim)?;
        if elsewhere.is_empty() { Ok(reservation) } else { Err((Verdict::unresolvable(NOT_AVAILABLE), elsewhere)) }
    }

    /// Whether a claim, if it is allocated, can be used on the node and is not given up.
    fn is_available(&self, claim: &ResourceClaim, node: &Node) -> bool {
        let Some(allocation) = &claim.status.allocation else { return true };
        let there = allocation.node_selector.as_ref().is_none_or(|s| s.matches(node.name(), &node.spec.labels));
        there
            && (!self.plugin.features.binding_conditions
                || match conditions::is_ready("", claim) {
                    Err(_) => false,
                    Ok(true) => true,
                    Ok(false) => conditions::deadline(claim, self.plugin.binding_timeout)
                        .is_none_or(|deadline| deadline > self.cycle.cluster.now),
                })
    }

    fn allocate(&self, node: &Node, own_claim: Option<ClaimSpec>) -> Result<Reservation, (Verdict, Vec<usize>)> {
        let Some(allocator) = &self.allocator else { return Ok(Reservation::default()) };
        let without = self.claims.iter().filter(|c| c.claim.status.allocation.is_none());
        let mut ids: Vec<_> = without.clone().map(|c| Some(c.meta.id)).collect();
        let mut claims: Vec<ClaimToAllocate<'_>> = without
            .map(|c| ClaimToAllocate { namespace: &c.meta.namespace, name: &c.meta.name, spec: &c.claim.spec })
            .collect();
        let own_claim = own_claim.filter(|spec| !spec.requests.is_empty());
        if let Some(spec) = &own_claim {
            let namespace = &*self.cycle.class.spec.namespace;
            claims.push(ClaimToAllocate { namespace, name: extended::IN_MEMORY, spec });
            ids.push(None);
        }
        match allocator.allocate(&node.spec, &claims) {
            Ok(Some(results)) => Ok(Reservation { allocations: ids.into_iter().zip(results).collect(), own_claim }),
            Ok(None) => Err((Verdict::unresolvable("cannot allocate all claims"), Vec::new())),
            Err(AllocationError::Node(why)) => Err((Verdict::unresolvable_because(why), Vec::new())),
            Err(AllocationError::Fatal(why)) => Err((Verdict::Error(why.into()), Vec::new())),
        }
    }
}

/// Whether nodes may differ in which alternatives they have.
pub(super) fn lists_alternatives(claims: &[PodClaim<'_>]) -> bool {
    let mut requests = claims.iter().flat_map(|claim| &claim.claim.spec.requests);
    requests.any(|request| matches!(request.form, RequestForm::FirstAvailable(_)))
}

/// The allocator for the cluster as it is, with what pods hold that are being bound.
fn allocator<'c>(plugin: &'c DynamicResources, cycle: &Cycle<'c>) -> Allocator<'c> {
    let objects = cycle.cluster.objects();
    let claims = objects.of_kind::<ResourceClaim>(ResourceClaim::KIND).map(|(_, claim)| claim);
    let shares = plugin.features.consumable_capacity;
    let mut allocated = AllocatedState::of(claims, shares);
    let slices: Vec<(&str, &ResourceSlice)> =
        objects.of_kind::<ResourceSlice>(ResourceSlice::KIND).map(|(meta, slice)| (&*meta.name, slice)).collect();
    for (_, result) in plugin.pending.borrow().values().flat_map(|reservation| &reservation.allocations) {
        for device in &result.devices {
            if let Some(key) = find(device.id.driver.as_str(), &device.id.pool, &device.id.device, &slices) {
                allocated.add(key, device, shares);
            }
        }
    }
    let classes = objects.of_kind::<DeviceClass>(DeviceClass::KIND).map(|(meta, class)| (&*meta.name, class));
    Allocator::new(plugin.features, allocated, classes, slices, &plugin.selectors)
}

/// The device of these names among the slices.
fn find<'c>(driver: &str, pool: &str, device: &str, slices: &[(&str, &'c ResourceSlice)]) -> Option<DeviceKey<'c>> {
    let mut of_pool = slices.iter().filter(|(_, slice)| slice.driver == driver && slice.pool.name == pool);
    of_pool.find_map(|(_, slice)| {
        let found = slice.devices.iter().find(|known| known.name == device)?;
        Some(DeviceKey { device: &found.name, pool: &slice.pool.name, driver: &slice.driver })
    })
}

impl Filter for Prepared<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        self.on(node).map_or_else(|(verdict, _)| verdict, |_| Verdict::Fits)
    }
}

impl Score for Prepared<'_> {
    /// The earlier the alternatives of a request that are had, the better.
    ///
    /// Source: `computeScore` in `pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go`.
    fn score(&self, node: &Node) -> i64 {
        let Ok(reservation) = self.on(node) else { return 0 };
        let mut new = reservation.allocations.iter().map(|(_, result)| result);
        let mut score = 0;
        for PodClaim { claim, .. } in &self.claims {
            let Some(result) = claim.status.allocation.as_ref().or_else(|| new.next()) else { continue };
            score += score_of(&claim.spec, result);
        }
        score
    }

    fn normalizes(&self) -> bool {
        true
    }

    fn normalize(&self, scores: &mut [i64]) {
        default_normalize(scores, false);
    }
}

fn score_of(spec: &ClaimSpec, result: &AllocationResult) -> i64 {
    let mut score = 0;
    for request in &spec.requests {
        let RequestForm::FirstAvailable(alternatives) = &request.form else { continue };
        for (i, alternative) in alternatives.iter().enumerate() {
            let chosen = (request.name.as_str(), alternative.name.as_str());
            if result.devices.iter().any(|device| device.request.split_once('/') == Some(chosen)) {
                score += FIRST_AVAILABLE_MAX_SIZE as i64 - i as i64;
            }
        }
    }
    score
}
