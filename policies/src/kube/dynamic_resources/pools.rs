//! The pools of devices that one node can use.
//!
//! Source: `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/pools_incubating.go`.

use super::features::Features;
use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::dra::{CounterSet, Device, ResourceSlice};
use towtank_sim::model::node::NodeSpec;

/// A slice with its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice<'c> {
    pub(super) name: &'c str,
    pub(super) spec: &'c ResourceSlice,
}

/// A pool as one node sees it.
#[derive(Clone, Debug)]
pub(super) struct Pool<'c> {
    pub(super) driver: &'c str,
    pub(super) name: &'c str,
    pub(super) state: PoolState,
    /// The slices with devices for the node, by name.
    pub(super) here: Vec<Slice<'c>>,
    /// The other slices, whose devices may use up counters too.
    pub(super) elsewhere: Vec<Slice<'c>>,
    pub(super) counter_sets: BTreeMap<&'c str, &'c CounterSet>,
}

/// Whether a pool can be allocated from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolState {
    /// It can.
    Usable,
    /// Slices are missing: its driver is publishing them.
    Incomplete,
    /// It contradicts itself.
    Invalid,
}

/// The pools for a node, in the order in which devices are looked for: by driver and name, those with devices that have
/// binding conditions last. `candidates` are the slices that may be for the node, `all` are all.
pub(super) fn gather<'c>(
    node: &NodeSpec,
    candidates: impl Iterator<Item = Slice<'c>>,
    all: &[Slice<'c>],
    features: Features,
) -> Vec<Pool<'c>> {
    let mut found: BTreeMap<(&str, &str), Vec<Slice<'c>>> = BTreeMap::new();
    for slice in candidates.filter(|slice| is_relevant(slice.spec, node, features)) {
        let slices = found.entry((&slice.spec.driver, &slice.spec.pool.name)).or_default();
        let newest = slices.first().map_or(i64::MIN, |first| first.spec.pool.generation);
        if slice.spec.pool.generation > newest {
            slices.clear();
        }
        if slice.spec.pool.generation >= newest {
            slices.push(slice);
        }
    }
    let pools = found.into_iter().filter_map(|((driver, name), slices)| pool(driver, name, slices, all, features));
    let (last, mut pools): (Vec<_>, Vec<_>) = pools.partition(Pool::has_binding_conditions);
    pools.extend(last);
    pools
}

fn is_relevant(slice: &ResourceSlice, node: &NodeSpec, features: Features) -> bool {
    if !features.partitionable_devices && (slice.nodes.is_none() || !slice.shared_counters.is_empty()) {
        return false;
    }
    // Counters are needed wherever devices that use them are.
    !slice.shared_counters.is_empty()
        || match &slice.nodes {
            Some(scope) => scope.matches(&node.name, &node.labels),
            None => slice.devices.iter().any(|device| is_for_node(device, node)),
        }
}

/// Whether a device that says for itself where it can be used can be used on the node.
pub(super) fn is_for_node(device: &Device, node: &NodeSpec) -> bool {
    device.nodes.as_ref().is_some_and(|scope| scope.matches(&node.name, &node.labels))
}

/// The pool of some slices of one generation; `None` where a newer generation exists, in slices for other nodes.
fn pool<'c>(
    driver: &'c str,
    name: &'c str,
    mut slices: Vec<Slice<'c>>,
    all: &[Slice<'c>],
    features: Features,
) -> Option<Pool<'c>> {
    let empty =
        |state| Pool { driver, name, state, here: Vec::new(), elsewhere: Vec::new(), counter_sets: BTreeMap::new() };
    let pool = &slices.first()?.spec.pool;
    let is_complete = |count: usize| i64::try_from(count) == Ok(pool.slice_count);
    let mut elsewhere = Vec::new();
    if !is_complete(slices.len()) {
        let of_pool = || all.iter().filter(|s| s.spec.driver == driver && s.spec.pool.name == name);
        if of_pool().any(|slice| slice.spec.pool.generation > pool.generation) {
            return None;
        }
        let current = || of_pool().filter(|slice| slice.spec.pool.generation == pool.generation).copied();
        if !is_complete(current().count()) {
            return Some(empty(PoolState::Incomplete));
        }
        elsewhere = current().filter(|slice| slices.iter().all(|known| known.name != slice.name)).collect();
    }
    slices.sort_by_key(|slice| slice.name);
    if !features.partitionable_devices {
        let state = if has_unique_names(&slices) { PoolState::Usable } else { PoolState::Invalid };
        return Some(Pool { here: slices, ..empty(state) });
    }
    let (counters, here): (Vec<_>, Vec<_>) = slices.iter().partition(|s| !s.spec.shared_counters.is_empty());
    let mut counter_sets = BTreeMap::new();
    let mut valid = has_unique_names(&here);
    for set in counters.iter().flat_map(|slice| &slice.spec.shared_counters) {
        valid &= counter_sets.insert(set.name.as_str(), set).is_none();
    }
    valid &= slices.iter().chain(&elsewhere).all(|slice| consumes_what_exists(slice.spec, &counter_sets));
    if !valid {
        return Some(empty(PoolState::Invalid));
    }
    Some(Pool { here, elsewhere, counter_sets, ..empty(PoolState::Usable) })
}

fn has_unique_names(slices: &[Slice<'_>]) -> bool {
    let mut names = BTreeSet::new();
    slices.iter().flat_map(|slice| &slice.spec.devices).all(|device| names.insert(device.name.as_str()))
}

fn consumes_what_exists(slice: &ResourceSlice, sets: &BTreeMap<&str, &CounterSet>) -> bool {
    slice.devices.iter().flat_map(|device| &device.consumes_counters).all(|consumption| {
        let set = sets.get(consumption.counter_set.as_str());
        set.is_some_and(|set| consumption.counters.keys().all(|name| set.counters.contains_key(name)))
    })
}

impl Pool<'_> {
    fn has_binding_conditions(&self) -> bool {
        self.here.iter().flat_map(|slice| &slice.spec.devices).any(|device| !device.binding_conditions.is_empty())
    }
}
