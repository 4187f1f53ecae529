//! From what the metrics ask for to what is set: stabilization windows and rate limits.
//!
//! Source: `pkg/controller/podautoscaler/horizontal.go`.

use super::object::{Behavior, PolicyAmount, ScalingRules, SelectPolicy};
use crate::time::{SimTime, Span};

/// The longest period or window that a behavior may name.
const LONGEST: Span = Span::from_secs(3600);

/// What an autoscaler remembers.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// What the metrics asked for, and when, oldest first.
    pub recommendations: Vec<(SimTime, u32)>,
    /// By how much it grew, and when.
    pub scale_ups: Vec<(SimTime, u32)>,
    /// By how much it shrank, and when.
    pub scale_downs: Vec<(SimTime, u32)>,
}

/// The bounds of an autoscaler.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `spec.minReplicas`.
    pub min: u32,
    /// `spec.maxReplicas`.
    pub max: u32,
    /// The controller's stabilization window for shrinking.
    pub downscale_stabilization: Span,
}

/// What is set in the end, and why it is not what the metrics asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// The number of replicas.
    pub replicas: u32,
    /// Reason of the condition AbleToScale: what the stabilization windows did.
    pub able_to_scale: &'static str,
    /// Reason of the condition ScalingLimited: which limit was met.
    pub scaling_limited: &'static str,
}

/// Limits what the metrics ask for, with `current` replicas now, and remembers it.
pub fn limit(
    history: &mut History,
    behavior: Option<&Behavior>,
    limits: Limits,
    current: u32,
    desired: u32,
    now: SimTime,
) -> Limited {
    let limited = match behavior {
        None => without_behavior(history, limits, current, desired, now),
        Some(behavior) => with_behavior(history, behavior, limits, current, desired, now),
    };
    history.recommendations.push((now, desired));
    let window = behavior.map_or(limits.downscale_stabilization, |_| LONGEST.max(limits.downscale_stabilization));
    history.forget(now, window);
    limited
}

impl History {
    /// Remembers that the number of replicas was changed.
    pub fn record_scale(&mut self, from: u32, to: u32, now: SimTime) {
        if to > from {
            self.scale_ups.push((now, to - from));
        } else if to < from {
            self.scale_downs.push((now, from - to));
        }
    }

    fn forget(&mut self, now: SimTime, window: Span) {
        self.recommendations.retain(|(at, _)| now.since(*at) <= window);
        for events in [&mut self.scale_ups, &mut self.scale_downs] {
            events.retain(|(at, _)| now.since(*at) <= LONGEST);
        }
    }
}

/// Source: `normalizeDesiredReplicas`, `stabilizeRecommendation`, `convertDesiredReplicasWithRules`.
fn without_behavior(history: &History, limits: Limits, current: u32, desired: u32, now: SimTime) -> Limited {
    let window = limits.downscale_stabilization;
    let recent = history.recommendations.iter().filter(|(at, _)| now.since(*at) <= window);
    let stabilized = recent.map(|(_, replicas)| *replicas).fold(desired, u32::max);
    let able_to_scale = if stabilized == desired { "ReadyForNewScale" } else { "ScaleDownStabilized" };
    let scale_up_limit = current.saturating_mul(2).max(4);
    let (most, reason) =
        if limits.max > scale_up_limit { (scale_up_limit, "ScaleUpLimit") } else { (limits.max, "TooManyReplicas") };
    let (replicas, scaling_limited) = if stabilized < limits.min {
        (limits.min, "TooFewReplicas")
    } else if stabilized > most {
        (most, reason)
    } else {
        (stabilized, "DesiredWithinRange")
    };
    Limited { replicas, able_to_scale, scaling_limited }
}

/// Source: `normalizeDesiredReplicasWithBehaviors`, `stabilizeRecommendationWithBehaviors`,
/// `convertDesiredReplicasWithBehaviorRate`.
fn with_behavior(
    history: &History,
    behavior: &Behavior,
    limits: Limits,
    current: u32,
    desired: u32,
    now: SimTime,
) -> Limited {
    let (up, down) = (&behavior.scale_up, &behavior.scale_down);
    let recent = |window: Span| {
        let list = history.recommendations.iter().filter(move |(at, _)| now.since(*at) < window);
        list.map(|(_, replicas)| *replicas)
    };
    let lowest = recent(up.stabilization_window.unwrap_or(Span::ZERO)).fold(desired, u32::min);
    let highest = recent(down.stabilization_window.unwrap_or(limits.downscale_stabilization)).fold(desired, u32::max);
    let stabilized = current.max(lowest).min(highest);
    let able_to_scale = match (stabilized == desired, desired >= current) {
        (true, _) => "ReadyForNewScale",
        (false, true) => "ScaleUpStabilized",
        (false, false) => "ScaleDownStabilized",
    };

    let mut limited = Limited { replicas: stabilized, able_to_scale, scaling_limited: "DesiredWithinRange" };
    if stabilized > current {
        let rate = scale_up_limit(history, up, current, now).max(i64::from(current));
        let (most, reason) =
            if i64::from(limits.max) > rate { (rate as u32, "ScaleUpLimit") } else { (limits.max, "TooManyReplicas") };
        if stabilized > most {
            (limited.replicas, limited.scaling_limited) = (most, reason);
        }
    } else if stabilized < current {
        let rate = scale_down_limit(history, down, current, now).min(i64::from(current));
        let (least, reason) =
            if i64::from(limits.min) < rate { (rate as u32, "ScaleDownLimit") } else { (limits.min, "TooFewReplicas") };
        if stabilized < least {
            (limited.replicas, limited.scaling_limited) = (least, reason);
        }
    }
    limited
}

/// Source: `calculateScaleUpLimitWithScalingRules`.
fn scale_up_limit(history: &History, rules: &ScalingRules, current: u32, now: SimTime) -> i64 {
    let proposals = rules.policies.iter().map(|policy| {
        let start = period_start(history, policy.period, current, now);
        match policy.amount {
            PolicyAmount::Pods(pods) => start + i64::from(pods),
            // Rounded up, or a small percentage of few replicas would never allow any growth.
            PolicyAmount::Percent(percent) => libm::ceil(start as f64 * (1.0 + f64::from(percent) / 100.0)) as i64,
        }
    });
    let limit = match rules.select_policy {
        SelectPolicy::Disabled => None,
        SelectPolicy::Max => proposals.max(),
        SelectPolicy::Min => proposals.min(),
    };
    limit.unwrap_or(i64::from(current))
}

/// Source: `calculateScaleDownLimitWithBehaviors`.
fn scale_down_limit(history: &History, rules: &ScalingRules, current: u32, now: SimTime) -> i64 {
    let proposals = rules.policies.iter().map(|policy| {
        let start = period_start(history, policy.period, current, now);
        match policy.amount {
            PolicyAmount::Pods(pods) => start - i64::from(pods),
            PolicyAmount::Percent(percent) => (start as f64 * (1.0 - f64::from(percent) / 100.0)) as i64,
        }
    });
    // The largest change leaves the fewest replicas.
    let limit = match rules.select_policy {
        SelectPolicy::Disabled => None,
        SelectPolicy::Max => proposals.min(),
        SelectPolicy::Min => proposals.max(),
    };
    limit.unwrap_or(i64::from(current))
}

/// The replicas at the beginning of a policy's period.
fn period_start(history: &History, period: Span, current: u32, now: SimTime) -> i64 {
    let sum = |events: &[(SimTime, u32)]| -> i64 {
        events.iter().filter(|(at, _)| now.since(*at) < period).map(|(_, change)| i64::from(*change)).sum()
    };
    i64::from(current) - sum(&history.scale_ups) + sum(&history.scale_downs)
}
