//! The object `HorizontalPodAutoscaler` (autoscaling/v2).

use super::load::LoadCurve;
use crate::cluster::{Fingerprint, Object};
use crate::time::{SimTime, Span};

/// The target of an autoscaler that names no metric: 80 % of the requested CPU.
///
/// Source: `pkg/apis/autoscaling/v2/defaults.go`.
pub const DEFAULT_TARGET_UTILIZATION: u32 = 80;

/// Keeps the number of replicas of its target such that metrics come close to their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct HorizontalPodAutoscaler {
    /// `spec.scaleTargetRef`: an object of the same namespace that has a scale subresource.
    pub target: ScaleTarget,
    /// `spec.minReplicas`, at least 1.
    pub min_replicas: u32,
    /// `spec.maxReplicas`, at least `min_replicas`.
    pub max_replicas: u32,
    /// `spec.metrics`; the largest proposal of them wins.
    pub metrics: Vec<ResourceMetric>,
    /// `spec.behavior`; `None` for the built-in limits.
    pub behavior: Option<Behavior>,
    /// The CPU load on all pods of the target together. Without one, a pod uses the fraction of its request that
    /// [`crate::model::pod::Usage`] says.
    pub load: Option<LoadCurve>,
}

/// What is scaled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScaleTarget {
    /// The kind, such as `Deployment`.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// A metric of type `Resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceMetric {
    /// What is measured.
    pub resource: MetricResource,
    /// What it should be.
    pub target: MetricTarget,
}

/// A resource that the metrics server measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricResource {
    /// CPU, in milli.
    Cpu,
    /// Memory, in bytes.
    Memory,
}

/// What a metric should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricTarget {
    /// The sum of usage in percent of the sum of requests, above 0.
    Utilization(u32),
    /// The mean usage of a pod, in the resource's unit (milli-CPU, bytes), above 0.
    AverageValue(i64),
}

/// `spec.behavior`. What a manifest leaves out has the value of [`Behavior::default`].
#[derive(Clone, Debug, PartialEq)]
pub struct Behavior {
    /// How it may grow.
    pub scale_up: ScalingRules,
    /// How it may shrink.
    pub scale_down: ScalingRules,
}

/// How fast the number of replicas may change in one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalingRules {
    /// `stabilizationWindowSeconds`, 0 to 3600 s: the most careful recommendation of this time counts. `None`, for scaling
    /// down only, is the controller's own window.
    pub stabilization_window: Option<Span>,
    /// Which policy decides when there are several.
    pub select_policy: SelectPolicy,
    /// The limits, at least one.
    pub policies: Vec<ScalingPolicy>,
    /// `tolerance`: the change of the ratio that is ignored in this direction; `None` is the controller's own tolerance.
    pub tolerance: Option<f64>,
}

/// One limit: so much in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalingPolicy {
    /// How much.
    pub amount: PolicyAmount,
    /// In how long, 1 to 1800 s.
    pub period: Span,
}

/// The amount of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyAmount {
    /// A number of pods, above 0.
    Pods(u32),
    /// A percentage of the replicas at the period's beginning, above 0.
    Percent(u32),
}

/// Which of several policies decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    #[default]
    Max,
    /// The one that allows the smallest change.
    Min,
    /// No change in this direction.
    Disabled,
}

impl HorizontalPodAutoscaler {
    /// The kind in manifests.
    pub const KIND: &'static str = "HorizontalPodAutoscaler";

    /// An autoscaler of a target with upstream's defaults: at least one replica, [`DEFAULT_TARGET_UTILIZATION`] of the
    /// requested CPU.
    pub fn new(target: ScaleTarget, max_replicas: u32) -> Self {
        let metric = ResourceMetric {
            resource: MetricResource::Cpu,
            target: MetricTarget::Utilization(DEFAULT_TARGET_UTILIZATION),
        };
        Self { target, min_replicas: 1, max_replicas, metrics: vec![metric], behavior: None, load: None }
    }
}

impl Default for Behavior {
    fn default() -> Self {
        Self { scale_up: ScalingRules::scale_up(), scale_down: ScalingRules::scale_down() }
    }
}

impl ScalingRules {
    /// Upstream's defaults for growing: no stabilization, 4 pods or 100 % per 15 s, whichever is more.
    ///
    /// Source: `pkg/apis/autoscaling/v2/defaults.go`.
    pub fn scale_up() -> Self {
        let period = Span::from_secs(15);
        Self {
            stabilization_window: Some(Span::ZERO),
            select_policy: SelectPolicy::Max,
            policies: vec![
                ScalingPolicy { amount: PolicyAmount::Pods(4), period },
                ScalingPolicy { amount: PolicyAmount::Percent(100), period },
            ],
            tolerance: None,
        }
    }

    /// Upstream's defaults for shrinking: the controller's stabilization window, 100 % per 15 s.
    pub fn scale_down() -> Self {
        Self {
            stabilization_window: None,
            select_policy: SelectPolicy::Max,
            policies: vec![ScalingPolicy { amount: PolicyAmount::Percent(100), period: Span::from_secs(15) }],
            tolerance: None,
        }
    }
}

impl Object for HorizontalPodAutoscaler {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        into.fold_name(&self.target.kind);
        into.fold_name(&self.target.name);
        into.fold(SimTime::ZERO, 64, &[u64::from(self.min_replicas), u64::from(self.max_replicas)]);
    }
}
