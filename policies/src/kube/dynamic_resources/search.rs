//! The search for devices: request by request, device by device, with backtracking.
//!
//! Source: `allocateOne` and `allocateDevice` in
//! `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go`. What that code
//! forgets to take back when it gives up a device (counters after a taint, constraints after a lack of capacity) is not
//! taken back here either.

use super::allocated::{CapacityInUse, Consumed, DeviceKey};
use super::allocator::{Allocator, ClaimToAllocate};
use super::capacity;
use super::constraint::{Constraint, Purpose};
use super::counters::Counters;
use super::pools::{Pool, PoolState, Slice};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use towtank_sim::dra::{
    ALLOCATION_RESULTS_MAX_SIZE, AllocationMode, Device, DeviceClass, DeviceId, DeviceResult, DeviceTaintEffect,
    NodeScope, RequestedDevices,
};
use towtank_sim::model::node::NodeSpec;

/// How many steps stand for the time that upstream allows for one node (`filterTimeout`, 10 seconds).
const MOST_STEPS: u64 = 1_000_000;

/// A device that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate<'c> {
    /// The index of its pool.
    pub(super) pool: usize,
    pub(super) slice: Slice<'c>,
    /// Its index in the slice.
    pub(super) device: usize,
}

/// A request without alternatives, or one of the alternatives.
#[derive(Clone, Debug)]
pub(super) struct RequestData<'c> {
    /// Its name, or that of the alternative.
    pub(super) name: &'c str,
    /// The request that it is an alternative of.
    pub(super) parent: Option<&'c str>,
    pub(super) devices: &'c RequestedDevices,
    pub(super) class: &'c DeviceClass,
    /// How many devices it needs.
    pub(super) count: usize,
    /// The devices that it needs, where it wants all.
    pub(super) all: Vec<Candidate<'c>>,
}

/// Why a search ended before it was through.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// The claim would have more devices than it can: other alternatives may need fewer.
    TooMany,
    /// Something is wrong.
    Fatal(String),
}

/// Which device is looked for.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    claim: usize,
    request: usize,
    /// The alternative, once one is being tried.
    alternative: Option<usize>,
    /// How many devices of the request have been found.
    device: usize,
}

/// Where to look on: pool, slice, device.
type Location = (usize, usize, usize);

/// One search.
#[derive(Debug)]
pub(super) struct Search<'s> {
    allocator: &'s Allocator<'s>,
    node: &'s NodeSpec,
    pools: &'s [Pool<'s>],
    claims: &'s [ClaimToAllocate<'s>],
    /// By claim, request and alternative.
    requests: Vec<Vec<Vec<RequestData<'s>>>>,
    constraints: Vec<Vec<Constraint<'s>>>,
    /// For which claims devices have been chosen.
    allocating: FxHashMap<DeviceKey<'s>, BTreeSet<usize>>,
    capacity: CapacityInUse<'s>,
    counters: Counters<'s>,
    results: Vec<Vec<(Candidate<'s>, DeviceResult)>>,
    steps: u64,
}

impl<'c> Candidate<'c> {
    pub(super) fn device(&self) -> &'c Device {
        &self.slice.spec.devices[self.device]
    }

    pub(super) fn key(&self) -> DeviceKey<'c> {
        DeviceKey { device: &self.device().name, pool: &self.slice.spec.pool.name, driver: &self.slice.spec.driver }
    }

    /// Where it can be used.
    pub(super) fn scope(&self) -> Option<&'c NodeScope> {
        self.slice.spec.nodes.as_ref().or(self.device().nodes.as_ref())
    }
}

impl<'c> RequestData<'c> {
    fn full_name(&self) -> String {
        self.parent.map_or_else(|| self.name.to_owned(), |parent| format!("{parent}/{}", self.name))
    }

    fn purpose(&self, driver: &'c str) -> Purpose<'c> {
        Purpose { request: self.parent.unwrap_or(self.name), alternative: self.parent.map(|_| self.name), driver }
    }
}

impl<'s> Search<'s> {
    pub(super) fn new(
        allocator: &'s Allocator<'s>,
        node: &'s NodeSpec,
        pools: &'s [Pool<'s>],
        claims: &'s [ClaimToAllocate<'s>],
    ) -> Self {
        Self {
            allocator,
            node,
            pools,
            claims,
            requests: Vec::new(),
            constraints: Vec::new(),
            allocating: FxHashMap::default(),
            capacity: CapacityInUse::default(),
            counters: Counters::default(),
            results: Vec::new(),
            steps: 0,
        }
    }

    pub(super) fn add_claim(&mut self, requests: Vec<Vec<RequestData<'s>>>, constraints: Vec<Constraint<'s>>) {
        self.requests.push(requests);
        self.constraints.push(constraints);
        self.results.push(Vec::new());
    }

    /// Looks for all devices; whether they were found.
    pub(super) fn run(&mut self) -> Result<bool, Stop> {
        self.step(Position::default(), (0, 0, 0))
    }

    /// What was found, by claim.
    pub(super) fn into_results(self) -> Vec<Vec<(Candidate<'s>, DeviceResult)>> {
        self.results
    }

    /// Finds a device and everything that comes after it. Devices of one request are tried in one order only, from `start`
    /// on, as their order does not matter.
    fn step(&mut self, at: Position, start: Location) -> Result<bool, Stop> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            let node = &self.node.name;
            return Err(Stop::Fatal(format!("node {node}: timed out trying to allocate devices")));
        }
        let Some(claim) = self.requests.get(at.claim) else { return Ok(true) };
        let Some(alternatives) = claim.get(at.request) else {
            let next = Position { claim: at.claim + 1, ..Position::default() };
            // With other devices for the claims before, an alternative that needs fewer may do.
            return match self.step(next, (0, 0, 0)) {
                Err(Stop::TooMany) => Ok(false),
                other => other,
            };
        };
        let count = alternatives.len();
        let data = &alternatives[at.alternative.unwrap_or(0)];
        if data.parent.is_some() && at.alternative.is_none() {
            return self.first_available(at, count);
        }
        let wants_all = data.devices.mode == AllocationMode::All;
        if wants_all && data.all.is_empty() {
            return Ok(false);
        }
        if at.device >= data.count {
            return self.step(Position { request: at.request + 1, alternative: None, device: 0, ..at }, (0, 0, 0));
        }
        if self.results[at.claim].len().saturating_add(data.count - at.device) > ALLOCATION_RESULTS_MAX_SIZE {
            return Err(Stop::TooMany);
        }
        if wants_all { self.next_of_all(at) } else { self.next_of_some(at, start) }
    }

    fn first_available(&mut self, at: Position, count: usize) -> Result<bool, Stop> {
        let mut all_too_many = true;
        for alternative in 0..count {
            match self.step(Position { alternative: Some(alternative), ..at }, (0, 0, 0)) {
                Err(Stop::TooMany) => {}
                Ok(false) => all_too_many = false,
                other => return other,
            }
        }
        if all_too_many { Err(Stop::TooMany) } else { Ok(false) }
    }

    /// The next of devices all of which are needed.
    fn next_of_all(&mut self, at: Position) -> Result<bool, Stop> {
        let candidate = self.data(at).all[at.device];
        if !self.take(at, candidate, true)? {
            return Ok(false);
        }
        let outcome = self.step(Position { device: at.device + 1, ..at }, (0, 0, 0));
        if !matches!(outcome, Ok(true)) {
            self.give_back(at, candidate);
        }
        outcome
    }

    /// The next of a number of devices, whichever they are.
    fn next_of_some(&mut self, at: Position, start: Location) -> Result<bool, Stop> {
        let pools = self.pools;
        for (p, pool) in pools.iter().enumerate().skip(start.0) {
            if pool.state != PoolState::Usable {
                continue;
            }
            let first_slice = if p == start.0 { start.1 } else { 0 };
            for (s, slice) in pool.here.iter().enumerate().skip(first_slice) {
                let first_device = if (p, s) == (start.0, start.1) { start.2 } else { 0 };
                for device in first_device..slice.spec.devices.len() {
                    let candidate = Candidate { pool: p, slice: *slice, device };
                    if !self.is_possible(at, candidate)? || !self.take(at, candidate, false)? {
                        continue;
                    }
                    let next = Position { device: at.device + 1, ..at };
                    let outcome = self.step(next, (p, s, device + 1));
                    if matches!(outcome, Ok(true)) {
                        return outcome;
                    }
                    self.give_back(at, candidate);
                    outcome?;
                }
            }
        }
        Ok(false)
    }

    fn data(&self, at: Position) -> &RequestData<'s> {
        &self.requests[at.claim][at.request][at.alternative.unwrap_or(0)]
    }

    /// Whether the device is free and satisfies the request for itself.
    fn is_possible(&self, at: Position, candidate: Candidate<'s>) -> Result<bool, Stop> {
        let key = candidate.key();
        let data = self.data(at);
        let taken = if data.devices.admin_access { self.is_in_claim(key, at.claim) } else { self.is_taken(key) };
        if taken {
            return Ok(false);
        }
        let claim = &self.claims[at.claim];
        let selectable = self.allocator.is_selectable(claim, data, candidate, self.node).map_err(Stop::Fatal)?;
        Ok(selectable && self.allocator.has_capacity(data, candidate, self.capacity.of(key)))
    }

    /// Chooses a device, if it can be had. A device that must be had and violates a constraint makes the claim wrong.
    fn take(&mut self, at: Position, candidate: Candidate<'s>, must: bool) -> Result<bool, Stop> {
        let features = self.allocator.features;
        let data = &self.requests[at.claim][at.request][at.alternative.unwrap_or(0)];
        let device = candidate.device();
        let key = candidate.key();
        let shareable = features.consumable_capacity && device.allow_multiple_allocations;
        if !shareable && data.devices.admin_access && self.is_in_claim(key, at.claim)
            || !data.devices.admin_access && self.is_taken(key)
        {
            return Ok(false);
        }
        if !device.consumes_counters.is_empty() {
            if !features.partitionable_devices {
                return Ok(false);
            }
            // Of a device that is shared, the first share has taken the counters.
            let has_share = self.allocator.allocated.capacity(key).is_some() || self.capacity.of(key).is_some();
            let pool = &self.pools[candidate.pool];
            let counts = !shareable || !has_share;
            if counts && !self.counters.take(pool, device, &self.allocator.allocated) {
                return Ok(false);
            }
        }
        if features.device_taints && is_kept_away(device, data.devices) {
            return Ok(false);
        }
        let purpose = data.purpose(&candidate.slice.spec.driver);
        let constraints = &mut self.constraints[at.claim];
        for i in 0..constraints.len() {
            if constraints[i].add(purpose, device) {
                continue;
            }
            if must {
                return Err(Stop::Fatal(format!(
                    "claim {}, request {}: cannot add device {} because a claim constraint would not be satisfied",
                    self.claims[at.claim].key(),
                    data.name,
                    DeviceId::from(key)
                )));
            }
            for constraint in &mut constraints[..i] {
                constraint.remove(purpose);
            }
            return Ok(false);
        }
        if !shareable {
            self.allocating.entry(key).or_default().insert(at.claim);
        }
        if !self.allocator.has_capacity(data, candidate, self.capacity.of(key)) {
            return Ok(false);
        }
        let mut consumed = Consumed::new();
        if shareable {
            consumed = capacity::consumed(&device.capacity, &data.devices.capacity);
            self.capacity.add(key, &consumed);
        }
        let result = DeviceResult {
            request: data.full_name(),
            id: key.into(),
            admin_access: data.devices.admin_access,
            tolerations: data.devices.tolerations.clone(),
            binding_conditions: device.binding_conditions.clone(),
            binding_failure_conditions: device.binding_failure_conditions.clone(),
            shared: shareable,
            consumed_capacity: consumed,
        };
        self.results[at.claim].push((candidate, result));
        Ok(true)
    }

    /// Takes back the choice of the device that was chosen last for the claim.
    fn give_back(&mut self, at: Position, candidate: Candidate<'s>) {
        let device = candidate.device();
        let purpose = self.data(at).purpose(&candidate.slice.spec.driver);
        for constraint in &mut self.constraints[at.claim] {
            constraint.remove(purpose);
        }
        let Some((_, result)) = self.results[at.claim].pop() else { return };
        if result.shared {
            if !result.consumed_capacity.is_empty() {
                self.capacity.remove(candidate.key(), &result.consumed_capacity);
            }
        } else if !device.consumes_counters.is_empty() {
            self.counters.give_back(&self.pools[candidate.pool], device);
        }
        if let Some(claims) = self.allocating.get_mut(&candidate.key()) {
            claims.remove(&at.claim);
        }
    }

    fn is_taken(&self, key: DeviceKey<'_>) -> bool {
        self.allocator.allocated.has(key) || self.allocating.get(&key).is_some_and(|claims| !claims.is_empty())
    }

    fn is_in_claim(&self, key: DeviceKey<'_>, claim: usize) -> bool {
        self.allocating.get(&key).is_some_and(|claims| claims.contains(&claim))
    }
}

/// Whether a taint of the device keeps the request away.
fn is_kept_away(device: &Device, request: &RequestedDevices) -> bool {
    device.taints.iter().any(|taint| {
        taint.effect != DeviceTaintEffect::None
            && !request.tolerations.iter().any(|toleration| toleration.tolerates(taint))
    })
}
