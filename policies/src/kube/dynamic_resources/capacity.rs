//! What a request consumes of the capacity of a device, and whether it is there.
//!
//! Source: `staging/src/k8s.io/dynamic-resource-allocation/structured/internal/incubating/consumable_capacity.go`.

use super::allocated::Consumed;
use std::collections::BTreeMap;
use towtank_sim::dra::{CapacityRange, DeviceCapacity, RequestPolicy};
use towtank_sim::model::Quantity;

/// Whether the device has what is requested, beside what is in use and what is being allocated. A request of a capacity that
/// the device does not have is not satisfied.
pub(super) fn is_sufficient(
    capacity: &BTreeMap<String, DeviceCapacity>,
    requested: &BTreeMap<String, Quantity>,
    in_use: Option<&Consumed>,
    allocating: Option<&Consumed>,
) -> bool {
    requested.keys().all(|name| capacity.contains_key(name))
        && capacity.iter().all(|(name, capacity)| {
            let amount = portion(requested.get(name).copied(), capacity);
            let taken = |by: Option<&Consumed>| by.and_then(|by| by.get(name)).copied().unwrap_or_default();
            !violates(amount, capacity.request_policy.as_ref())
                && amount.plus(taken(in_use)).plus(taken(allocating)) <= capacity.value
        })
}

/// What a request consumes of each capacity.
pub(super) fn consumed(
    capacity: &BTreeMap<String, DeviceCapacity>,
    requested: &BTreeMap<String, Quantity>,
) -> Consumed {
    capacity.iter().map(|(name, c)| (name.clone(), portion(requested.get(name).copied(), c))).collect()
}

/// The portion that satisfies a request; without one, the default, or everything.
fn portion(requested: Option<Quantity>, capacity: &DeviceCapacity) -> Quantity {
    let policy = capacity.request_policy.as_ref();
    let Some(requested) = requested else {
        return policy.and_then(|policy| policy.default).unwrap_or(capacity.value);
    };
    match policy {
        Some(RequestPolicy { range: Some(range), .. }) => round_up(requested, range),
        Some(RequestPolicy { values, .. }) => values.iter().copied().find(|v| *v >= requested).unwrap_or(requested),
        None => requested,
    }
}

fn round_up(requested: Quantity, range: &CapacityRange) -> Quantity {
    if requested < range.min {
        return range.min;
    }
    let Some(step) = range.step.map(Quantity::value).filter(|step| *step > 0) else { return requested };
    let above = requested.value().saturating_sub(range.min.value());
    let steps = above / step + i64::from(above % step != 0);
    Quantity::from_units(range.min.value().saturating_add(step.saturating_mul(steps)))
}

fn violates(amount: Quantity, policy: Option<&RequestPolicy>) -> bool {
    let Some(policy) = policy else { return false };
    if policy.default == Some(amount) {
        return false;
    }
    match &policy.range {
        Some(range) => {
            let step = range.step.map(Quantity::value).filter(|step| *step > 0);
            range.max.is_some_and(|max| amount > max)
                || step.is_some_and(|step| amount.value().saturating_sub(range.min.value()) % step != 0)
        }
        None => !policy.values.is_empty() && !policy.values.contains(&amount),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn q(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    fn capacity(policy: Option<RequestPolicy>) -> DeviceCapacity {
        DeviceCapacity { value: q("40Gi"), request_policy: policy }
    }

    #[test]
    fn portions_are_rounded_up_to_what_the_policy_allows() {
        let range = CapacityRange { min: q("2Gi"), max: Some(q("16Gi")), step: Some(q("4Gi")) };
        let range = capacity(Some(RequestPolicy { default: Some(q("2Gi")), range: Some(range), ..Default::default() }));
        let values = vec![q("5Gi"), q("10Gi"), q("20Gi")];
        let values = capacity(Some(RequestPolicy { default: Some(q("10Gi")), values, ..Default::default() }));
        for (capacity, requested, expected) in [
            (&range, None, Some("2Gi")),
            (&range, Some("1Gi"), Some("2Gi")),
            (&range, Some("3Gi"), Some("6Gi")),
            (&range, Some("14Gi"), Some("14Gi")),
            (&range, Some("15Gi"), None),
            (&values, None, Some("10Gi")),
            (&values, Some("6Gi"), Some("10Gi")),
            (&values, Some("20Gi"), Some("20Gi")),
            (&values, Some("21Gi"), None),
            (&capacity(None), None, Some("40Gi")),
            (&capacity(None), Some("1Gi"), Some("1Gi")),
            (&capacity(None), Some("41Gi"), None),
        ] {
            let device = BTreeMap::from([("memory".to_owned(), capacity.clone())]);
            let request: BTreeMap<_, _> = requested.map(|text| ("memory".to_owned(), q(text))).into_iter().collect();
            let found = is_sufficient(&device, &request, None, None).then(|| consumed(&device, &request)["memory"]);
            assert_eq!(found, expected.map(q), "{requested:?} of {capacity:?}");
        }
    }

    #[test]
    fn what_is_taken_is_no_longer_there() {
        let device = BTreeMap::from([("memory".to_owned(), capacity(None))]);
        let amount = |text: &str| BTreeMap::from([("memory".to_owned(), q(text))]);
        assert!(is_sufficient(&device, &amount("10Gi"), Some(&amount("20Gi")), Some(&amount("10Gi"))));
        assert!(!is_sufficient(&device, &amount("11Gi"), Some(&amount("20Gi")), Some(&amount("10Gi"))));
        let unknown = BTreeMap::from([("bandwidth".to_owned(), q("1"))]);
        assert!(!is_sufficient(&device, &unknown, None, None));
    }
}
