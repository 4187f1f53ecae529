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

/// Whether the claim has waited for its conditions for longer than this.
pub(super) fn is_timed_out(claim: &ResourceClaim, timeout: Span, now: SimTime) -> bool {
    let Some(allocation) = &claim.status.allocation else { return false };
    let waits = allocation.devices.iter().any(|device| !device.binding_conditions.is_empty());
    waits && allocation.timestamp.is_some_and(|since| since.0.saturating_add(timeout.0) < now.0)
}

/// Whether a device of the claim has conditions.
pub(super) fn has_some(claim: &ResourceClaim) -> bool {
    let devices = claim.status.allocation.iter().flat_map(|allocation| &allocation.devices);
    { devices }.any(|device| !device.binding_conditions.is_empty())
}

fn holds(status: &AllocatedDeviceStatus, condition: &str) -> bool {
    status.conditions.get(condition) == Some(&ConditionStatus::True)
}
