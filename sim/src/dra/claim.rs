//! ResourceClaim: what devices a pod asks for, and which it has got; and the template that claims are made from.

use super::{AllocatedDeviceStatus, AllocationResult, ConsumerReference, DeviceToleration};
use crate::cluster::{Fingerprint, Object};
use crate::model::Quantity;
use crate::time::SimTime;
use std::collections::BTreeMap;

/// A ResourceClaim object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceClaim {
    /// What it asks for. Never changes.
    pub spec: ClaimSpec,
    /// What it has got.
    pub status: ClaimStatus,
    /// The pod that it was made for: its controller.
    pub made_for: Option<ConsumerReference>,
    /// Whether the scheduler made it for the extended resources of a pod.
    pub for_extended_resources: bool,
    /// Whether its deletion was asked for.
    pub deleting: bool,
}

/// What a claim asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimSpec {
    /// The requests, all of which must be satisfied, in the order in which devices are looked for.
    pub requests: Vec<DeviceRequest>,
    /// What the devices must have in common, or must not.
    pub constraints: Vec<DeviceConstraint>,
}

/// What a claim has got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimStatus {
    /// Its devices, once it is allocated.
    pub allocation: Option<AllocationResult>,
    /// Who may use it.
    pub reserved_for: Vec<ConsumerReference>,
    /// What drivers say about its devices.
    pub devices: Vec<AllocatedDeviceStatus>,
}

/// A request for devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// The name, unique in the claim.
    pub name: String,
    /// What is asked for.
    pub form: RequestForm,
}

/// How a request says what it wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestForm {
    /// Exactly this.
    Exactly(RequestedDevices),
    /// The first of these that can be had.
    FirstAvailable(Vec<DeviceSubRequest>),
}

/// One of several ways to satisfy a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSubRequest {
    /// The name, unique in the request.
    pub name: String,
    /// What is asked for.
    pub devices: RequestedDevices,
}

/// Devices that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedDevices {
    /// The DeviceClass that the devices must belong to.
    pub class: String,
    /// CEL expressions, all of which must hold for each device.
    pub selectors: Vec<String>,
    /// How many devices.
    pub mode: AllocationMode,
    /// Whether devices are wanted for administration, regardless of who has them.
    pub admin_access: bool,
    /// The taints that are tolerated.
    pub tolerations: Vec<DeviceToleration>,
    /// How much of each device's capacity is needed.
    pub capacity: BTreeMap<String, Quantity>,
}

/// How many devices are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocationMode {
    /// This many, at least 1.
    ExactCount(i64),
    /// All that match, at least 1.
    All,
}

/// A condition on the devices of several requests together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceConstraint {
    /// The requests that it is about, as `REQUEST` or `REQUEST/ALTERNATIVE`; empty for all of the claim.
    pub requests: Vec<String>,
    /// The attribute that it compares, with its domain.
    pub attribute: String,
    /// How.
    pub kind: ConstraintKind,
}

/// How a constraint compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// All devices have the same value (`matchAttribute`).
    Match,
    /// No two devices have the same value (`distinctAttribute`).
    Distinct,
}

/// A ResourceClaimTemplate object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceClaimTemplate {
    /// What its claims ask for.
    pub spec: ClaimSpec,
}

impl Default for AllocationMode {
    /// One device.
    fn default() -> Self {
        Self::ExactCount(1)
    }
}

impl ResourceClaim {
    /// The kind in manifests.
    pub const KIND: &'static str = "ResourceClaim";

    /// Whether the pod of this name and uid may use it.
    pub fn is_reserved_for(&self, name: &str, uid: u64) -> bool {
        self.status.reserved_for.iter().any(|reference| reference.is_pod(name, uid))
    }

    /// Whether it was made for the pod of this name and uid.
    pub fn is_made_for(&self, name: &str, uid: u64) -> bool {
        self.made_for.as_ref().is_some_and(|pod| pod.is_pod(name, uid))
    }

    /// Takes its devices away.
    pub fn deallocate(&mut self) {
        self.status = ClaimStatus::default();
    }
}

impl ResourceClaimTemplate {
    /// The kind in manifests.
    pub const KIND: &'static str = "ResourceClaimTemplate";
}

impl Object for ResourceClaim {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        fold_spec(&self.spec, into);
        let devices = self.status.allocation.iter().flat_map(|allocation| &allocation.devices);
        for device in devices {
            for name in [&device.request, &device.id.driver, &device.id.pool, &device.id.device] {
                into.fold_name(name);
            }
        }
        for reference in &self.status.reserved_for {
            into.fold_name(&reference.name);
        }
        let words = [u64::from(self.status.allocation.is_some()), self.status.reserved_for.len() as u64];
        into.fold(SimTime::ZERO, 0, &words);
    }
}

impl Object for ResourceClaimTemplate {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        fold_spec(&self.spec, into);
    }
}

fn fold_spec(spec: &ClaimSpec, into: &mut Fingerprint) {
    for request in &spec.requests {
        into.fold_name(&request.name);
    }
    into.fold(SimTime::ZERO, 0, &[spec.requests.len() as u64, spec.constraints.len() as u64]);
}
