//! `hpaBehavior`: what stabilization windows and rate limits make of the replicas that are asked for.

use super::input::{integer, items, object};
use super::{Function, Unusable};
use serde_json::{Value, json};
use towtank_sim::autoscaling::horizontal::{History, HorizontalPodAutoscaler, HorizontalSettings, Limits, limit};
use towtank_sim::time::{SimTime, Span};

pub(super) const FUNCTION: Function = Function { name: "hpaBehavior", play };

/// Histories are told by ages, so any time will do that is later than the longest of them.
const NOW: SimTime = SimTime::from_secs(1_000_000);

fn play(input: &Value) -> Result<Value, Unusable> {
    let kind = HorizontalPodAutoscaler::KIND;
    let (_, hpa): (_, HorizontalPodAutoscaler) = object(&input["hpa"], "autoscaling/v2", kind, "hpa")?;
    let mut history = History {
        recommendations: events(input, "recommendations", "replicas")?,
        scale_ups: events(input, "scaleUpEvents", "change")?,
        scale_downs: events(input, "scaleDownEvents", "change")?,
    };
    let limits = Limits {
        min: hpa.min_replicas,
        max: hpa.max_replicas,
        downscale_stabilization: HorizontalSettings::default().downscale_stabilization,
    };
    let (current, desired) = (count(input, "currentReplicas")?, count(input, "desiredReplicas")?);
    let limited = limit(&mut history, hpa.behavior.as_ref(), limits, current, desired, NOW);
    let is_limited = limited.scaling_limited != "DesiredWithinRange";
    Ok(json!({
        "replicas": limited.replicas,
        "conditions": {
            "AbleToScale": { "status": "True", "reason": limited.able_to_scale },
            "ScalingLimited": {
                "status": if is_limited { "True" } else { "False" },
                "reason": limited.scaling_limited,
            },
        },
    }))
}

/// What happened, and when.
fn events(input: &Value, field: &str, amount: &str) -> Result<Vec<(SimTime, u32)>, Unusable> {
    let event = |(i, value): (usize, &Value)| {
        let within = |error: Unusable| Unusable::new(&format!("{field}[{i}].{}", error.field), error.message);
        let age = integer(value, "ageSeconds").map_err(within)?;
        Ok((SimTime(NOW.0 - Span::from_secs(age).0), count(value, amount).map_err(within)?))
    };
    items(input, field).enumerate().map(event).collect()
}

fn count(value: &Value, field: &str) -> Result<u32, Unusable> {
    let count = u32::try_from(integer(value, field)?);
    count.map_err(|_| Unusable::new(field, "expected a count of at least 0"))
}
