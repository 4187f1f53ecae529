//! Finds devices for claims on a node: the first solution of an exhaustive search.
//!
//! Source: `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go`, which is
//! the variant that Kubernetes 1.36 uses with its default feature gates.

use super::allocated::AllocatedState;
use super::constraint::Constraint;
use super::features::Features;
use super::pools::{self, Pool, PoolState, Slice};
use super::result::node_selector;
use super::search::{Candidate, RequestData, Search, Stop};
use super::selection::SelectorCache;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use towtank_sim::dra::{
    ALLOCATION_RESULTS_MAX_SIZE, AllocationMode, AllocationResult, ClaimSpec, DeviceClass, DeviceRequest, DeviceResult,
    NodeScope, RequestForm, RequestedDevices, ResourceSlice,
};
use towtank_sim::model::node::NodeSpec;

/// Allocates devices on nodes, in a cluster that stays as it is.
#[derive(Debug)]
pub struct Allocator<'c> {
    pub(super) features: Features,
    pub(super) allocated: AllocatedState<'c>,
    pub(super) selectors: &'c SelectorCache,
    classes: BTreeMap<&'c str, &'c DeviceClass>,
    /// All slices, by name.
    all: Vec<Slice<'c>>,
    on_node: FxHashMap<&'c str, Vec<Slice<'c>>>,
    shared: Vec<Slice<'c>>,
}

/// A claim that needs devices.
#[derive(Clone, Copy, Debug)]
pub struct ClaimToAllocate<'c> {
    /// Its namespace.
    pub namespace: &'c str,
    /// Its name.
    pub name: &'c str,
    /// What it asks for.
    pub spec: &'c ClaimSpec,
}

/// Why an allocation failed, other than that there are not enough devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllocationError {
    /// Nothing can be allocated on this node.
    Node(String),
    /// A claim or a class is wrong: no node can help.
    Fatal(String),
}

impl<'c> Allocator<'c> {
    /// An allocator for these classes and slices, by name.
    pub fn new(
        features: Features,
        allocated: AllocatedState<'c>,
        classes: impl IntoIterator<Item = (&'c str, &'c DeviceClass)>,
        slices: impl IntoIterator<Item = (&'c str, &'c ResourceSlice)>,
        selectors: &'c SelectorCache,
    ) -> Self {
        let all: Vec<Slice<'c>> = slices.into_iter().map(|(name, spec)| Slice { name, spec }).collect();
        let mut on_node: FxHashMap<&str, Vec<Slice<'c>>> = FxHashMap::default();
        let mut shared = Vec::new();
        for slice in &all {
            match &slice.spec.nodes {
                Some(NodeScope::Node(node)) if slice.spec.shared_counters.is_empty() => {
                    on_node.entry(node).or_default().push(*slice);
                }
                _ => shared.push(*slice),
            }
        }
        Self { features, allocated, selectors, classes: classes.into_iter().collect(), all, on_node, shared }
    }

    /// The devices of each claim on the node; `None` where the claims cannot be satisfied there.
    ///
    /// # Errors
    /// Something is wrong with the node's pools, a claim or a class.
    pub fn allocate(
        &self,
        node: &NodeSpec,
        claims: &[ClaimToAllocate<'_>],
    ) -> Result<Option<Vec<AllocationResult>>, AllocationError> {
        let local = self.on_node.get(&*node.name).map(Vec::as_slice).unwrap_or_default();
        let candidates = local.iter().chain(&self.shared).copied();
        let pools = pools::gather(node, candidates, &self.all, self.features);
        let mut search = Search::new(self, node, &pools, claims);
        for claim in claims {
            let data = self.claim_data(claim, node, &pools).map_err(AllocationError::Fatal)?;
            let constraints = claim.spec.constraints.iter().map(Constraint::new).collect();
            search.add_claim(data, constraints);
        }
        match search.run() {
            Ok(true) => {}
            Ok(false) if pools.iter().any(|pool| pool.state == PoolState::Invalid) => {
                return Err(AllocationError::Node("invalid resource pools were encountered".to_owned()));
            }
            Ok(false) => return Ok(None),
            Err(Stop::TooMany) => return Err(AllocationError::Fatal("allocation max size exceeded".to_owned())),
            Err(Stop::Fatal(error)) => return Err(AllocationError::Fatal(error)),
        }
        let results = search.into_results();
        Ok(Some(results.into_iter().map(|chosen| self.result(chosen, node)).collect()))
    }

    fn result(&self, chosen: Vec<(Candidate<'_>, DeviceResult)>, node: &NodeSpec) -> AllocationResult {
        let scopes = chosen.iter().map(|(candidate, _)| (candidate.scope(), candidate.device().binds_to_node));
        let node_selector = node_selector(scopes, &node.name);
        let mut devices: Vec<DeviceResult> = chosen.into_iter().map(|(_, result)| result).collect();
        if !self.features.binding_conditions {
            for device in &mut devices {
                device.binding_conditions.clear();
                device.binding_failure_conditions.clear();
            }
        }
        AllocationResult { devices, node_selector, timestamp: None }
    }

    /// What is known of each request's alternatives before the search.
    fn claim_data<'s>(
        &'s self,
        claim: &ClaimToAllocate<'s>,
        node: &NodeSpec,
        pools: &[Pool<'s>],
    ) -> Result<Vec<Vec<RequestData<'s>>>, String> {
        let mut least_devices = 0;
        let mut data = Vec::new();
        for request in &claim.spec.requests {
            let alternatives = self.request_data(claim, request, node, pools)?;
            least_devices += alternatives.iter().map(|data| data.count).min().unwrap_or(0);
            data.push(alternatives);
        }
        if least_devices > ALLOCATION_RESULTS_MAX_SIZE {
            return Err(format!(
                "claim {}: number of requested devices {least_devices} exceeds the claim limit of \
                 {ALLOCATION_RESULTS_MAX_SIZE}",
                claim.key()
            ));
        }
        Ok(data)
    }

    fn request_data<'s>(
        &'s self,
        claim: &ClaimToAllocate<'s>,
        request: &'s DeviceRequest,
        node: &NodeSpec,
        pools: &[Pool<'s>],
    ) -> Result<Vec<RequestData<'s>>, String> {
        match &request.form {
            RequestForm::Exactly(devices) => {
                let capacity_off = !self.features.consumable_capacity && !devices.capacity.is_empty();
                if capacity_off {
                    return Err(format!(
                        "claim {}, request {}: has capacity requests, but the DRAConsumableCapacity feature is disabled",
                        claim.key(),
                        request.name
                    ));
                }
                Ok(vec![self.data(claim, &request.name, None, devices, node, pools)?])
            }
            RequestForm::FirstAvailable(_) if !self.features.prioritized_list => Err(format!(
                "claim {}, request {}: has subrequests, but the DRAPrioritizedList feature is disabled",
                claim.key(),
                request.name
            )),
            RequestForm::FirstAvailable(alternatives) => {
                let with_capacity = alternatives.iter().find(|a| !a.devices.capacity.is_empty());
                if let Some(alternative) = with_capacity.filter(|_| !self.features.consumable_capacity) {
                    return Err(format!(
                        "claim {}, subrequest {}: has capacity requests, but the DRAConsumableCapacity feature is disabled",
                        claim.key(),
                        alternative.name
                    ));
                }
                let data = alternatives.iter().map(|alternative| {
                    let parent = Some(request.name.as_str());
                    self.data(claim, &alternative.name, parent, &alternative.devices, node, pools)
                });
                data.collect()
            }
        }
    }

    fn data<'s>(
        &'s self,
        claim: &ClaimToAllocate<'s>,
        name: &'s str,
        parent: Option<&'s str>,
        devices: &'s RequestedDevices,
        node: &NodeSpec,
        pools: &[Pool<'s>],
    ) -> Result<RequestData<'s>, String> {
        let fail = |why: String| format!("claim {}, request {name}: {why}", claim.key());
        let class = self.classes.get(devices.class.as_str()).ok_or_else(|| {
            let class = &devices.class;
            fail(format!("could not retrieve device class {class}: deviceclass.resource.k8s.io \"{class}\" not found"))
        })?;
        let mut data = RequestData { name, parent, devices, class, count: 0, all: Vec::new() };
        match devices.mode {
            AllocationMode::ExactCount(count) => data.count = usize::try_from(count).unwrap_or(usize::MAX),
            AllocationMode::All => {
                for (pool_index, pool) in pools.iter().enumerate() {
                    let state = match pool.state {
                        PoolState::Usable => None,
                        PoolState::Incomplete => Some("being updated"),
                        PoolState::Invalid => Some("invalid"),
                    };
                    if let Some(state) = state {
                        return Err(fail(format!(
                            "asks for all devices, but resource pool {}/{} is currently {state}",
                            pool.driver, pool.name
                        )));
                    }
                    for slice in &pool.here {
                        for device in 0..slice.spec.devices.len() {
                            let candidate = Candidate { pool: pool_index, slice: *slice, device };
                            if self.is_selectable(claim, &data, candidate, node)?
                                && self.has_capacity(&data, candidate, None)
                            {
                                data.all.push(candidate);
                            }
                        }
                    }
                }
                data.count = data.all.len();
            }
        }
        Ok(data)
    }

    /// Whether the device satisfies the selectors of class and request, and can be used on the node.
    pub(super) fn is_selectable(
        &self,
        claim: &ClaimToAllocate<'_>,
        data: &RequestData<'_>,
        candidate: Candidate<'_>,
        node: &NodeSpec,
    ) -> Result<bool, String> {
        let device = candidate.device();
        if !self.features.binding_conditions && !device.binding_conditions.is_empty() {
            return Ok(false);
        }
        for (i, expression) in data.class.selectors.iter().enumerate() {
            let matches = self.selectors.matches(expression, candidate.slice, candidate.device);
            if !matches.map_err(|error| format!("class {}: selector #{i}: {error}", data.devices.class))? {
                return Ok(false);
            }
        }
        for (i, expression) in data.devices.selectors.iter().enumerate() {
            let matches = self.selectors.matches(expression, candidate.slice, candidate.device);
            if !matches.map_err(|error| format!("claim {}: selector #{i}: {error}", claim.key()))? {
                return Ok(false);
            }
        }
        Ok(candidate.slice.spec.nodes.is_some() || pools::is_for_node(device, node))
    }

    /// Whether the device has the capacity that is requested, beside what is being allocated.
    pub(super) fn has_capacity(
        &self,
        data: &RequestData<'_>,
        candidate: Candidate<'_>,
        allocating: Option<&super::allocated::Consumed>,
    ) -> bool {
        let in_use = self.allocated.capacity(candidate.key());
        let requested = &data.devices.capacity;
        !self.features.consumable_capacity
            || super::capacity::is_sufficient(&candidate.device().capacity, requested, in_use, allocating)
    }
}

impl ClaimToAllocate<'_> {
    /// Namespace and name.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}
