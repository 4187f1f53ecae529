//! The HorizontalPodAutoscaler: its object, the load that it reacts to, and its controller.

mod behavior;
mod controller;
mod load;
mod members;
mod object;
mod replicas;
mod requests;
#[cfg(test)]
mod tests;

pub use behavior::{History, Limited, Limits, limit};
pub use controller::{HorizontalController, HorizontalSettings};
pub use load::{LoadCurve, LoadError, LoadPoint};
pub use object::{
    Behavior, DEFAULT_TARGET_UTILIZATION, HorizontalPodAutoscaler, MetricResource, MetricTarget, PolicyAmount,
    ResourceMetric, ScaleTarget, ScalingPolicy, ScalingRules, SelectPolicy,
};
pub use replicas::{Calculation, MetricError, PodState, Proposal, Sample, replicas};
pub use requests::{MissingRequest, requested};
