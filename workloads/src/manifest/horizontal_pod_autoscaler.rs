//! HorizontalPodAutoscalers, version `autoscaling/v2`.
//!
//! Defaults: `pkg/apis/autoscaling/v2/defaults.go`; bounds: `pkg/apis/autoscaling/validation/validation.go`.

use super::annotations;
use super::convert::{Reading, count, quantity, seconds};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::autoscaling::v2 as autoscaling;
use towtank_sim::autoscaling::horizontal::{
    Behavior, HorizontalPodAutoscaler, MetricResource, MetricTarget, PolicyAmount, ResourceMetric, ScaleTarget,
    ScalingPolicy, ScalingRules, SelectPolicy,
};

pub(super) const KIND: Kind =
    Kind { name: HorizontalPodAutoscaler::KIND, api_version: "autoscaling/v2", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let autoscaler: autoscaling::HorizontalPodAutoscaler = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = autoscaler.spec;
    let target = &spec.scale_target_ref;
    let target_at = at.key("scaleTargetRef");
    if !["Deployment", "ReplicaSet", "StatefulSet"].contains(&target.kind.as_str()) {
        let message =
            format!("`{}` cannot be scaled here: expected Deployment, ReplicaSet or StatefulSet", target.kind);
        return Err(target_at.key("kind").error(message));
    }
    let (least, most) = (at.key("minReplicas"), at.key("maxReplicas"));
    let min_replicas = count(spec.min_replicas, 1, &least)?;
    let max_replicas = count(Some(spec.max_replicas), 1, &most)?;
    if min_replicas == 0 {
        return Err(least.error("`0` is too small: expected at least 1"));
    }
    if max_replicas < min_replicas {
        return Err(most.error(format_args!("`{max_replicas}` is too small: expected at least {min_replicas}")));
    }
    let scale_target = ScaleTarget { kind: target.kind.clone(), name: target.name.clone() };
    let mut body = HorizontalPodAutoscaler { min_replicas, ..HorizontalPodAutoscaler::new(scale_target, max_replicas) };
    if let Some(given) = spec.metrics.filter(|metrics| !metrics.is_empty()) {
        let metrics_at = at.key("metrics");
        body.metrics.clear();
        for (i, metric) in given.iter().enumerate() {
            let at = metrics_at.index(i);
            match resource_metric(metric, &at)? {
                Some(metric) => body.metrics.push(metric),
                None => reading.warn(&at, "has no effect: only CPU and memory of type Resource are modelled"),
            }
        }
    }
    body.behavior = spec.behavior.map(|b| behavior(&b, &at.key("behavior"))).transpose()?;
    body.load = annotations::load(reading.metadata.annotations.as_ref(), &At::ROOT.key("metadata"))?;
    Ok(Some(Item::object(reading, body)))
}

/// A metric; `None` for one that is not modelled.
fn resource_metric(from: &autoscaling::MetricSpec, at: &At<'_>) -> Result<Option<ResourceMetric>, FieldError> {
    let Some(source) = from.resource.as_ref().filter(|_| from.type_ == "Resource") else { return Ok(None) };
    let resource = match source.name.as_str() {
        "cpu" => MetricResource::Cpu,
        "memory" => MetricResource::Memory,
        _ => return Ok(None),
    };
    let resource_at = at.key("resource");
    let at = resource_at.key("target");
    let positive = |value: i64, at: &At<'_>| {
        if value > 0 { Ok(value) } else { Err(at.error(format_args!("`{value}` is too small: expected more than 0"))) }
    };
    let target = match (source.target.type_.as_str(), source.target.average_utilization, &source.target.average_value) {
        ("Utilization", Some(percent), None) => {
            MetricTarget::Utilization(positive(percent.into(), &at.key("averageUtilization"))? as u32)
        }
        ("AverageValue", None, Some(value)) => {
            let at = at.key("averageValue");
            let amount = quantity(value, &at)?;
            let amount = if resource == MetricResource::Cpu { amount.milli_value() } else { amount.value() };
            MetricTarget::AverageValue(positive(amount, &at)?)
        }
        _ => {
            return Err(
                at.error("expected type Utilization with averageUtilization, or AverageValue with averageValue")
            );
        }
    };
    Ok(Some(ResourceMetric { resource, target }))
}

fn behavior(from: &autoscaling::HorizontalPodAutoscalerBehavior, at: &At<'_>) -> Result<Behavior, FieldError> {
    Ok(Behavior {
        scale_up: rules(from.scale_up.as_ref(), ScalingRules::scale_up(), &at.key("scaleUp"))?,
        scale_down: rules(from.scale_down.as_ref(), ScalingRules::scale_down(), &at.key("scaleDown"))?,
    })
}

/// What is given, over the defaults.
fn rules(
    from: Option<&autoscaling::HPAScalingRules>,
    mut rules: ScalingRules,
    at: &At<'_>,
) -> Result<ScalingRules, FieldError> {
    let Some(from) = from else { return Ok(rules) };
    if let Some(window) = from.stabilization_window_seconds {
        let at = at.key("stabilizationWindowSeconds");
        if window > 3600 {
            return Err(at.error(format_args!("`{window}` is too large: expected at most 3600 seconds")));
        }
        rules.stabilization_window = Some(seconds(window.into(), 0, &at)?);
    }
    rules.select_policy = match from.select_policy.as_deref() {
        None | Some("Max") => SelectPolicy::Max,
        Some("Min") => SelectPolicy::Min,
        Some("Disabled") => SelectPolicy::Disabled,
        Some(other) => {
            let at = at.key("selectPolicy");
            return Err(at.error(format_args!("`{other}` is not a policy: expected Max, Min or Disabled")));
        }
    };
    let policies_at = at.key("policies");
    if let Some(policies) = from.policies.as_ref().filter(|policies| !policies.is_empty()) {
        let policies = policies.iter().enumerate().map(|(i, p)| policy(p, &policies_at.index(i)));
        rules.policies = policies.collect::<Result<_, _>>()?;
    }
    if let Some(tolerance) = &from.tolerance {
        rules.tolerance = Some(quantity(tolerance, &at.key("tolerance"))?.milli_value() as f64 / 1000.0);
    }
    Ok(rules)
}

fn policy(from: &autoscaling::HPAScalingPolicy, at: &At<'_>) -> Result<ScalingPolicy, FieldError> {
    let value_at = at.key("value");
    let value = u32::try_from(from.value).ok().filter(|value| *value > 0);
    let value =
        value.ok_or_else(|| value_at.error(format_args!("`{}` is too small: expected at least 1", from.value)))?;
    let period_at = at.key("periodSeconds");
    if !(1..=1800).contains(&from.period_seconds) {
        let message = format!("`{}` is out of range: expected 1 to 1800 seconds", from.period_seconds);
        return Err(period_at.error(message));
    }
    let amount = match from.type_.as_str() {
        "Pods" => PolicyAmount::Pods(value),
        "Percent" => PolicyAmount::Percent(value),
        other => {
            let at = at.key("type");
            return Err(at.error(format_args!("`{other}` is not a kind of policy: expected Pods or Percent")));
        }
    };
    Ok(ScalingPolicy { amount, period: seconds(from.period_seconds.into(), 1, &period_at)? })
}
