//! The recorded cases of upstream's functions.

use super::behavior::{History, Limits, limit};
use super::object::{Behavior, MetricResource, MetricTarget, PolicyAmount, ScalingPolicy, ScalingRules, SelectPolicy};
use super::replicas::{Calculation, MetricError, PodState, Sample, replicas};
use crate::model::Quantity;
use crate::time::{SimTime, Span};
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/../../shared/conformance/functions/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut document: Value = serde_json::from_str(&text).expect("a JSON file");
    let Value::Array(cases) = document["cases"].take() else { panic!("{path}: no cases") };
    assert!(!cases.is_empty());
    cases
}

fn int(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is not an integer"))
}

/// All recorded times are on one day.
fn time(value: &Value) -> SimTime {
    let text = value.as_str().expect("a time").strip_prefix("2025-06-15T").expect("the day").trim_end_matches('Z');
    SimTime::from_secs(text.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().expect("digits")))
}

#[test]
fn resource_metrics_propose_what_upstream_proposes() {
    for (number, case) in cases("hpaResource.json").iter().enumerate() {
        let input = &case["input"];
        let (resource, name) = match input["resource"].as_str() {
            Some("cpu") => (MetricResource::Cpu, "cpu"),
            _ => (MetricResource::Memory, "memory"),
        };
        let now = time(&input["now"]);
        let pods: Vec<PodState> = input["pods"].as_array().expect("pods").iter().map(|p| pod(p, input, name)).collect();
        let target = match &input["targetAverageValueMilli"] {
            Value::Null => MetricTarget::Utilization(int(&input["targetUtilization"]) as u32),
            value => MetricTarget::AverageValue(int(value)),
        };
        let settings = Calculation {
            tolerance_down: input["toleranceDown"].as_f64().expect("a number"),
            tolerance_up: input["toleranceUp"].as_f64().expect("a number"),
            cpu_initialization_period: Span::from_secs(300),
            initial_readiness_delay: Span::from_secs(30),
        };
        let result = replicas(int(&input["currentReplicas"]) as u32, &pods, resource, target, now, &settings);
        let output = &case["output"];
        match (result, output["error"].as_str()) {
            (Ok(proposal), None) => {
                let expected = (int(&output["replicas"]), output["utilization"].as_i64(), int(&output["averageUsage"]));
                let got = (i64::from(proposal.replicas), proposal.utilization, proposal.average);
                assert_eq!(got, expected, "case {number}: {input}");
            }
            (Err(MetricError::MissingRequest(_)), Some(text)) => assert!(text.contains("missing request"), "{text}"),
            (Err(error), Some(text)) => assert_eq!(error.to_string(), text, "case {number}: {input}"),
            (result, _) => panic!("case {number}: {result:?} instead of {output}: {input}"),
        }
    }
}

fn pod(manifest: &Value, input: &Value, resource: &str) -> PodState {
    let (metadata, status) = (&manifest["metadata"], &manifest["status"]);
    let name = metadata["name"].as_str().expect("a name");
    let ready = status["conditions"].as_array().and_then(|list| list.iter().find(|c| c["type"] == "Ready"));
    let requests = manifest["spec"]["containers"].as_array().expect("containers").iter().map(|container| {
        let text = container["resources"]["requests"][resource].as_str()?;
        Some(text.parse::<Quantity>().expect("a quantity").milli_value())
    });
    let age = input["metricAgeSeconds"][name].as_i64().unwrap_or(0);
    let sample = input["usage"][name].as_i64().map(|value| Sample {
        value,
        at: SimTime(time(&input["now"]).0 - Span::from_secs(age).0),
        window: Span::from_secs(60),
    });
    PodState {
        gone: !metadata["deletionTimestamp"].is_null() || status["phase"] == "Failed",
        pending: status["phase"] == "Pending",
        started: status.get("startTime").map(time),
        ready: ready.map(|c| (c["status"] == "True", time(&c["lastTransitionTime"]))),
        request: requests.sum(),
        sample,
    }
}

#[test]
fn behaviors_limit_as_upstream_does() {
    let now = SimTime::from_secs(100_000);
    let list = |value: &Value, field: &str| -> Vec<(SimTime, u32)> {
        let entries = value.as_array().into_iter().flatten();
        let entry = |e: &Value| (SimTime(now.0 - Span::from_secs(int(&e["ageSeconds"])).0), int(&e[field]) as u32);
        entries.map(entry).collect()
    };
    for (number, case) in cases("hpaBehavior.json").iter().enumerate() {
        let (input, output) = (&case["input"], &case["output"]);
        let spec = &input["hpa"]["spec"];
        let mut history = History {
            recommendations: list(&input["recommendations"], "replicas"),
            scale_ups: list(&input["scaleUpEvents"], "change"),
            scale_downs: list(&input["scaleDownEvents"], "change"),
        };
        let behavior = spec.get("behavior").map(|behavior| Behavior {
            scale_up: rules(&behavior["scaleUp"], ScalingRules::scale_up()),
            scale_down: rules(&behavior["scaleDown"], ScalingRules::scale_down()),
        });
        let limits = Limits {
            min: int(&spec["minReplicas"]) as u32,
            max: int(&spec["maxReplicas"]) as u32,
            downscale_stabilization: Span::from_secs(300),
        };
        let (current, desired) = (int(&input["currentReplicas"]) as u32, int(&input["desiredReplicas"]) as u32);
        let limited = limit(&mut history, behavior.as_ref(), limits, current, desired, now);
        assert_eq!(i64::from(limited.replicas), int(&output["replicas"]), "case {number}: {input}");
        let reason = |condition: &str| output["conditions"][condition]["reason"].as_str().expect("a reason");
        assert_eq!(limited.able_to_scale, reason("AbleToScale"), "case {number}: {input}");
        assert_eq!(limited.scaling_limited, reason("ScalingLimited"), "case {number}: {input}");
    }
}

fn rules(value: &Value, mut rules: ScalingRules) -> ScalingRules {
    if let Some(seconds) = value["stabilizationWindowSeconds"].as_i64() {
        rules.stabilization_window = Some(Span::from_secs(seconds));
    }
    match value["selectPolicy"].as_str() {
        Some("Min") => rules.select_policy = SelectPolicy::Min,
        Some("Disabled") => rules.select_policy = SelectPolicy::Disabled,
        _ => {}
    }
    if let Some(policies) = value["policies"].as_array() {
        let policy = |p: &Value| {
            let value = int(&p["value"]) as u32;
            let pods = p["type"] == "Pods";
            let amount = if pods { PolicyAmount::Pods(value) } else { PolicyAmount::Percent(value) };
            ScalingPolicy { amount, period: Span::from_secs(int(&p["periodSeconds"])) }
        };
        rules.policies = policies.iter().map(policy).collect();
    }
    rules
}
