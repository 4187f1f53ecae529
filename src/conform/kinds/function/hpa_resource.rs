//! `hpaResource`: how many replicas a resource metric asks for.

use super::input::{integer, items, pod, time};
use super::{Function, Unusable};
use serde_json::{Value, json};
use towtank_sim::autoscaling::horizontal::{
    Calculation, HorizontalSettings, MetricError, MetricResource, MetricTarget, MissingRequest, PodState, Sample,
    replicas, requested,
};
use towtank_sim::model::Quantity;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::time::{SimTime, Span};

pub(super) const FUNCTION: Function = Function { name: "hpaResource", play };

/// Over how long the metrics server of the recordings measured.
const WINDOW: Span = Span::from_secs(60);

fn play(input: &Value) -> Result<Value, Unusable> {
    let resource = match input["resource"].as_str() {
        Some("cpu") => MetricResource::Cpu,
        Some("memory") => MetricResource::Memory,
        _ => return Err(Unusable::new("resource", "expected `cpu` or `memory`")),
    };
    let target = if input["targetAverageValueMilli"].is_null() {
        let percent = u32::try_from(integer(input, "targetUtilization")?);
        MetricTarget::Utilization(percent.map_err(|_| Unusable::new("targetUtilization", "expected a percentage"))?)
    } else {
        MetricTarget::AverageValue(integer(input, "targetAverageValueMilli")?)
    };
    let tolerance = |field: &str| {
        let given = input[field].as_f64();
        given.ok_or_else(|| Unusable::new(field, "expected a number"))
    };
    let defaults = HorizontalSettings::default();
    let settings = Calculation {
        tolerance_down: tolerance("toleranceDown")?,
        tolerance_up: tolerance("toleranceUp")?,
        cpu_initialization_period: defaults.cpu_initialization_period,
        initial_readiness_delay: defaults.initial_readiness_delay,
    };
    let now = time(&input["now"], "now")?;
    let mut specs = Vec::new();
    let mut states = Vec::new();
    for (i, value) in items(input, "pods").enumerate() {
        let spec = pod(value, &format!("pods[{i}]"))?;
        states.push(state(input, value, &spec, resource, now, &format!("pods[{i}]"))?);
        specs.push((value["metadata"]["name"].as_str().unwrap_or_default(), spec));
    }
    let current = integer(input, "currentReplicas")?;
    let current = u32::try_from(current).map_err(|_| Unusable::new("currentReplicas", "expected a count"))?;
    Ok(match replicas(current, &states, resource, target, now, &settings) {
        Ok(proposal) => json!({
            "replicas": proposal.replicas,
            "utilization": proposal.utilization,
            "averageUsage": proposal.average,
        }),
        Err(MetricError::MissingRequest(index)) => {
            let (name, spec) = &specs[index];
            let of = input["resource"].as_str().unwrap_or_default();
            let text = match requested(spec, resource) {
                Err(MissingRequest::Container(container)) => {
                    format!("missing request for {of} in container {container} of Pod {name}")
                }
                _ => format!("missing pod-level request for {of} in Pod {name}"),
            };
            json!({ "error": text })
        }
        Err(error) => json!({ "error": error.to_string() }),
    })
}

/// What the controller knows of a pod, all amounts in thousandths.
fn state(
    input: &Value,
    manifest: &Value,
    spec: &PodSpec,
    resource: MetricResource,
    now: SimTime,
    field: &str,
) -> Result<PodState, Unusable> {
    let (metadata, status) = (&manifest["metadata"], &manifest["status"]);
    let name = metadata["name"].as_str().unwrap_or_default();
    let started = match &status["startTime"] {
        Value::Null => None,
        text => Some(time(text, &format!("{field}.status.startTime"))?),
    };
    let mut ready = None;
    for (i, condition) in items(status, "conditions").enumerate().filter(|(_, c)| c["type"] == "Ready") {
        let at = format!("{field}.status.conditions[{i}].lastTransitionTime");
        ready = Some((condition["status"] == "True", time(&condition["lastTransitionTime"], &at)?));
    }
    let age = Span::from_secs(input["metricAgeSeconds"][name].as_i64().unwrap_or(0));
    let sample = |value| Sample { value, at: SimTime(now.0 - age.0), window: WINDOW };
    Ok(PodState {
        gone: !metadata["deletionTimestamp"].is_null() || status["phase"] == "Failed",
        pending: status["phase"] == "Pending",
        started,
        ready,
        request: requested(spec, resource).ok().map(Quantity::milli_value),
        sample: input["usage"][name].as_i64().map(sample),
    })
}
