//! Constraints on the devices of several requests: the same value of an attribute, or different ones.
//!
//! Source: `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/{allocator_incubating,constraint}.go`.

use std::collections::BTreeMap;
use towtank_sim::dra::{AttributeValue, ConstraintKind, Device, DeviceConstraint};

/// A constraint, with what it knows of the devices that are being allocated.
#[derive(Clone, Debug)]
pub(super) struct Constraint<'c> {
    spec: &'c DeviceConstraint,
    /// How many devices it has accepted.
    devices: usize,
    /// The value that all have, where they must have the same.
    value: Option<&'c AttributeValue>,
    /// The values by request, where they must differ. Upstream keeps one value per request: of several devices of one
    /// request the last counts.
    values: BTreeMap<&'c str, &'c AttributeValue>,
}

/// For what a device is being allocated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purpose<'c> {
    /// The request of the claim.
    pub(super) request: &'c str,
    /// Its alternative, if it has some.
    pub(super) alternative: Option<&'c str>,
    /// The driver of the device.
    pub(super) driver: &'c str,
}

impl<'c> Constraint<'c> {
    pub(super) fn new(spec: &'c DeviceConstraint) -> Self {
        Self { spec, devices: 0, value: None, values: BTreeMap::new() }
    }

    /// Accepts a device, or not.
    pub(super) fn add(&mut self, purpose: Purpose<'c>, device: &'c Device) -> bool {
        if !self.concerns(purpose) {
            return true;
        }
        let Some(value) = attribute(device, purpose.driver, &self.spec.attribute) else { return false };
        let fits = self.devices == 0
            || match self.spec.kind {
                ConstraintKind::Match => self.value == Some(value),
                ConstraintKind::Distinct => self.values.values().all(|other| *other != value),
            };
        if !fits {
            return false;
        }
        match self.spec.kind {
            ConstraintKind::Match if self.devices == 0 => self.value = Some(value),
            ConstraintKind::Match => {}
            ConstraintKind::Distinct => {
                self.values.insert(purpose.request, value);
            }
        }
        self.devices += 1;
        true
    }

    /// Takes a device out that it has accepted.
    pub(super) fn remove(&mut self, purpose: Purpose<'c>) {
        if self.concerns(purpose) {
            self.values.remove(purpose.request);
            self.devices -= 1;
        }
    }

    fn concerns(&self, purpose: Purpose<'c>) -> bool {
        let named = |name: &String| match purpose.alternative {
            _ if name == purpose.request => true,
            None => false,
            Some(alternative) => name.split_once('/') == Some((purpose.request, alternative)),
        };
        self.spec.requests.is_empty() || self.spec.requests.iter().any(named)
    }
}

/// The attribute of this name with its domain. In its driver's domain a device's attribute may go without it.
fn attribute<'d>(device: &'d Device, driver: &str, name: &str) -> Option<&'d AttributeValue> {
    device.attributes.get(name).or_else(|| {
        let (domain, id) = name.split_once('/')?;
        if domain == driver { device.attributes.get(id) } else { None }
    })
}
