//! The HorizontalPodAutoscaler: its object, the load that it reacts to, and its controller.

mod load;
mod object;

pub use load::{LoadCurve, LoadError, LoadPoint};
pub use object::{
    Behavior, DEFAULT_TARGET_UTILIZATION, HorizontalPodAutoscaler, MetricResource, MetricTarget, PolicyAmount,
    ResourceMetric, ScaleTarget, ScalingPolicy, ScalingRules, SelectPolicy,
};
