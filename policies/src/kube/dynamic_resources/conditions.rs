//! Conditions that a driver sets on devices before a pod may be bound.
//!
//! Source: `isClaimReadyForBinding` and `isClaimTimeout` in
//! `pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go`.

use towtank_sim::dra::{AllocatedDeviceStatus, ConditionStatus, ResourceClaim};
use towtank_sim::time::{SimTime, Span};

/// Whether all conditions of the devices of an allocated claim hold.
///
/// # Errors
/// A condition that says that a device failed.
pub(super) fn is_ready(name: &str, claim: &ResourceClaim) -> Result<bool, String> {
    let Some(allocation) = &claim.status.allocation else { return Ok(false) };
    for device in allocation.devices.iter().filter(|device| !device.binding_conditions.is_empty()) {
        let Some(status) = claim.status.devices.iter().find(|status| status.id == device.id) else { return Ok(false) };
        if device.binding_failure_conditions.iter().any(|condition| holds(status, condition)) {
            return Err(format!("device binding failed: claim={name}"));
        }
        if !device.binding_conditions.iter().all(|condition| holds(status, condition)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// When the claim will have waited for its conditions for this long, if it has any.
pub(super) fn deadline(claim: &ResourceClaim, timeout: Span) -> Option<SimTime> {
    let allocation = claim.status.allocation.as_ref()?;
    let waits = allocation.devices.iter().any(|device| !device.binding_conditions.is_empty());
    allocation.timestamp.filter(|_| waits).map(|since| since + timeout)
}

/// Whether a device of the claim has conditions.
pub(super) fn has_some(claim: &ResourceClaim) -> bool {
    let devices = claim.status.allocation.iter().flat_map(|allocation| &allocation.devices);
    { devices }.any(|device| !device.binding_conditions.is_empty())
}

fn holds(status: &AllocatedDeviceStatus, condition: &str) -> bool {
    status.conditions.get(condition) == Some(&ConditionStatus::True)
}
