//! Counters that devices of a pool share.
//!
//! Source: `checkAvailableCounters` in
//! `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/allocator_incubating.go`.

use super::allocated::{AllocatedState, DeviceKey};
use super::pools::Pool;
use std::collections::BTreeMap;
use towtank_sim::dra::Device;
use towtank_sim::model::Quantity;

/// Amounts by counter set and counter.
type Amounts<'c> = BTreeMap<(&'c str, &'c str), Quantity>;

/// What is left of counters while devices are being allocated.
///
/// As upstream, pools go by their names alone: of pools of one name, the one that is asked for first says what there is.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters<'c> {
    available: BTreeMap<&'c str, Amounts<'c>>,
    consumed: BTreeMap<&'c str, Amounts<'c>>,
}

impl<'c> Counters<'c> {
    /// Takes what the device consumes, if it is there.
    pub(super) fn take(&mut self, pool: &Pool<'c>, device: &'c Device, allocated: &AllocatedState<'_>) -> bool {
        let available = self.available.entry(pool.name).or_insert_with(|| available(pool, allocated));
        let consumed = self.consumed.entry(pool.name).or_default();
        for (key, amount) in amounts(device) {
            let sum = consumed.entry(key).or_default();
            *sum = sum.plus(amount);
        }
        let taken = |key| consumed.get(key).copied().unwrap_or_default();
        let enough = available.iter().all(|(key, there)| taken(key) <= *there);
        if !enough {
            self.give_back(pool, device);
        }
        enough
    }

    /// Gives back what the device consumes.
    pub(super) fn give_back(&mut self, pool: &Pool<'c>, device: &'c Device) {
        let consumed = self.consumed.entry(pool.name).or_default();
        for (key, amount) in amounts(device) {
            let sum = consumed.entry(key).or_default();
            *sum = sum.minus(amount);
        }
    }
}

/// What the devices that are allocated leave, which may be less than nothing.
fn available<'c>(pool: &Pool<'c>, allocated: &AllocatedState<'_>) -> Amounts<'c> {
    let mut left = Amounts::new();
    for (set, counters) in &pool.counter_sets {
        left.extend(counters.counters.iter().map(|(name, amount)| ((*set, name.as_str()), *amount)));
    }
    for slice in pool.here.iter().chain(&pool.elsewhere) {
        for device in &slice.spec.devices {
            let key = DeviceKey { driver: &slice.spec.driver, pool: &slice.spec.pool.name, device: &device.name };
            if device.consumes_counters.is_empty() || !allocated.is_in_use(key) {
                continue;
            }
            for (key, amount) in amounts(device) {
                if let Some(left) = left.get_mut(&key) {
                    *left = left.minus(amount);
                }
            }
        }
    }
    left
}

fn amounts(device: &Device) -> impl Iterator<Item = ((&str, &str), Quantity)> {
    device.consumes_counters.iter().flat_map(|consumption| {
        let set = consumption.counter_set.as_str();
        consumption.counters.iter().map(move |(name, amount)| ((set, name.as_str()), *amount))
    })
}
