//! What a device has of something that can be counted, and in which portions it is given out.

use crate::model::Quantity;

/// A capacity of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceCapacity {
    /// How much there is.
    pub value: Quantity,
    /// In which portions claims can have it, where several may have the device.
    pub request_policy: Option<RequestPolicy>,
}

/// Which portions of a capacity may be consumed. At most one of `values` and `range` is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestPolicy {
    /// What a request that names no amount consumes.
    pub default: Option<Quantity>,
    /// The portions that exist, from small to large; empty for any.
    pub values: Vec<Quantity>,
    /// The range that portions are in.
    pub range: Option<CapacityRange>,
}

/// A range of portions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CapacityRange {
    /// The smallest portion.
    pub min: Quantity,
    /// The largest portion.
    pub max: Option<Quantity>,
    /// Portions differ from the smallest by a multiple of this.
    pub step: Option<Quantity>,
}
