//! How many replicas a resource metric asks for.
//!
//! Source: `pkg/controller/podautoscaler/replica_calculator.go` and `metrics/utilization.go`. Ratios are floating point
//! because they are upstream.

use super::object::{MetricResource, MetricTarget};
use crate::time::{SimTime, Span};
use thiserror::Error;

/// What the calculation knows of one pod of the target.
#[derive(Clone, Debug, Default)]
pub struct PodState {
    /// Its deletion was asked for, or it failed: it counts for nothing.
    pub gone: bool,
    /// Its phase is Pending.
    pub pending: bool,
    /// `status.startTime`.
    pub started: Option<SimTime>,
    /// The condition Ready, and since when it has been so.
    pub ready: Option<(bool, SimTime)>,
    /// The request of the resource; `None` when a container has none.
    pub request: Option<i64>,
    /// The usage, if the metrics server knows it.
    pub sample: Option<Sample>,
}

/// The usage of a pod as the metrics server reports it.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The usage, in the unit of the request.
    pub value: i64,
    /// When the window ended in which it was measured.
    pub at: SimTime,
    /// How long the window was.
    pub window: Span,
}

/// The controller's settings that the calculation depends on.
#[derive(Clone, Copy, Debug)]
pub struct Calculation {
    /// The ratio of usage to target may lie so far below 1 without a change.
    pub tolerance_down: f64,
    /// The ratio may lie so far above 1 without a change.
    pub tolerance_up: f64,
    /// `--horizontal-pod-autoscaler-cpu-initialization-period`: how long after its start a pod's CPU counts only if the
    /// pod is ready and was so during the whole window.
    pub cpu_initialization_period: Span,
    /// `--horizontal-pod-autoscaler-initial-readiness-delay`: a pod that became unready within this time after its start
    /// has never been ready.
    pub initial_readiness_delay: Span,
}

/// What a metric says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The number of replicas.
    pub replicas: u32,
    /// The usage in percent of the requests, for a target of that kind.
    pub utilization: Option<i64>,
    /// The mean usage of a pod, in the unit of the request.
    pub average: i64,
}

/// Why a metric says nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MetricError {
    /// The target has no pod.
    #[error("no pods returned by selector while calculating replica count")]
    NoPods,
    /// All pods with metrics are unready or gone.
    #[error("did not receive metrics for targeted pods (pods might be unready)")]
    NoUsableMetrics,
    /// A pod (by its index) has a container without a request, so that there is no utilization.
    #[error("missing request for a container of pod {0}")]
    MissingRequest(usize),
    /// The requests add up to nothing.
    #[error("no metrics returned matched known pods")]
    NoMatch,
}

/// The number of replicas that brings the metric to its target, with `current` replicas now.
///
/// # Errors
/// There is no usable measurement.
pub fn replicas(
    current: u32,
    pods: &[PodState],
    resource: MetricResource,
    target: MetricTarget,
    now: SimTime,
    settings: &Calculation,
) -> Result<Proposal, MetricError> {
    if pods.is_empty() {
        return Err(MetricError::NoPods);
    }
    // The usages that count so far, with the requests of the same pods.
    let mut usages: Vec<Usage> = Vec::with_capacity(pods.len());
    let (mut unready, mut missing) = (Vec::new(), Vec::new());
    for pod in pods {
        let request = pod.request.unwrap_or(0);
        match group(pod, resource, now, settings) {
            Group::Ignored => {}
            Group::Unready => unready.push(request),
            Group::Missing => missing.push(request),
            Group::Ready(value) => usages.push(Usage { value, request }),
        }
    }
    if usages.is_empty() {
        return Err(MetricError::NoUsableMetrics);
    }
    if matches!(target, MetricTarget::Utilization(_))
        && let Some(index) = pods.iter().position(|pod| pod.request.is_none())
    {
        return Err(MetricError::MissingRequest(index));
    }
    let first = measure(&usages, target)?;
    let proposal = |replicas| Proposal { replicas, utilization: first.utilization, average: first.average };

    let grows_with_unready = !unready.is_empty() && first.ratio > 1.0;
    if !grows_with_unready && missing.is_empty() {
        if settings.tolerates(first.ratio) {
            return Ok(proposal(current));
        }
        return Ok(proposal(ceil(first.ratio * usages.len() as f64)));
    }

    // Pods without a measurement damp the change: they are taken to use everything when it would shrink, and nothing
    // when it would grow.
    for request in missing {
        let value = match target {
            MetricTarget::Utilization(percent) if first.ratio < 1.0 => request * i64::from(percent.max(100)) / 100,
            MetricTarget::Utilization(_) if first.ratio > 1.0 => 0,
            MetricTarget::Utilization(_) => continue,
            MetricTarget::AverageValue(value) if first.ratio < 1.0 => value,
            MetricTarget::AverageValue(_) => 0,
        };
        usages.push(Usage { value, request });
    }
    if grows_with_unready {
        usages.extend(unready.into_iter().map(|request| Usage { value: 0, request }));
    }
    let second = measure(&usages, target)?.ratio;
    let turned = (first.ratio < 1.0 && second > 1.0) || (first.ratio > 1.0 && second < 1.0);
    if settings.tolerates(second) || turned {
        return Ok(proposal(current));
    }
    let replicas = ceil(second * usages.len() as f64);
    if (second < 1.0 && replicas > current) || (second > 1.0 && replicas < current) {
        return Ok(proposal(current));
    }
    Ok(proposal(replicas))
}

struct Usage {
    value: i64,
    request: i64,
}

enum Group {
    Ignored,
    Unready,
    Missing,
    Ready(i64),
}

/// Source: `groupPods`.
fn group(pod: &PodState, resource: MetricResource, now: SimTime, settings: &Calculation) -> Group {
    if pod.gone {
        return Group::Ignored;
    }
    if pod.pending {
        return Group::Unready;
    }
    let Some(sample) = pod.sample else { return Group::Missing };
    if resource == MetricResource::Cpu {
        let (Some(started), Some((ready, since))) = (pod.started, pod.ready) else { return Group::Unready };
        let unready = if started + settings.cpu_initialization_period > now {
            !ready || sample.at < since + sample.window
        } else {
            !ready && started + settings.initial_readiness_delay > since
        };
        if unready {
            return Group::Unready;
        }
    }
    Group::Ready(sample.value)
}

struct Measure {
    ratio: f64,
    utilization: Option<i64>,
    average: i64,
}

fn measure(usages: &[Usage], target: MetricTarget) -> Result<Measure, MetricError> {
    let total: i128 = usages.iter().map(|usage| i128::from(usage.value)).sum();
    let average = (total / usages.len() as i128) as i64;
    match target {
        MetricTarget::Utilization(percent) => {
            let requested: i128 = usages.iter().map(|usage| i128::from(usage.request)).sum();
            if requested == 0 {
                return Err(MetricError::NoMatch);
            }
            // The percentage is cut to an integer before anything else is made of it.
            let utilization = (total * 100 / requested) as i64;
            let ratio = utilization as f64 / f64::from(percent);
            Ok(Measure { ratio, utilization: Some(utilization), average })
        }
        MetricTarget::AverageValue(value) => {
            Ok(Measure { ratio: average as f64 / value as f64, utilization: None, average })
        }
    }
}

fn ceil(replicas: f64) -> u32 {
    libm::ceil(replicas) as u32
}

impl Calculation {
    /// Source: `Tolerances.isWithin`.
    fn tolerates(&self, ratio: f64) -> bool {
        (1.0 - self.tolerance_down) <= ratio && ratio <= (1.0 + self.tolerance_up)
    }
}
