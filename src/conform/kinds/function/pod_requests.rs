//! `podRequests`: what a pod asks for in all, and its quality of service.

use super::input::{pod, written};
use super::{Function, Unusable};
use serde_json::{Value, json};
use towtank_sim::model::pod::QosClass;

pub(super) const FUNCTION: Function = Function { name: "podRequests", play };

fn play(input: &Value) -> Result<Value, Unusable> {
    let spec = pod(input, "")?;
    let qos = match spec.qos() {
        QosClass::Guaranteed => "Guaranteed",
        QosClass::Burstable => "Burstable",
        QosClass::BestEffort => "BestEffort",
    };
    Ok(json!({
        "requests": written(&spec.effective(|container| container.requests.clone())),
        "limits": written(&spec.effective_limits()),
        "qosClass": qos,
    }))
}
