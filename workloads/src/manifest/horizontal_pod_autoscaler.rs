//! HorizontalPodAutoscalers, version `autoscaling/v2`.
//!
//! Defaults: `pkg/apis/autoscaling/v2/defaults.go`.

use super::convert::{Reading, count};
use super::field::{At, FieldError};
use super::kinds::Kind;
use super::objects::Item;
use k8s_openapi::api::autoscaling::v2 as autoscaling;

pub(super) const KIND: Kind =
    Kind { name: "HorizontalPodAutoscaler", api_version: "autoscaling/v2", namespaced: true, read };

/// The CPU utilization, in percent of the request, that an autoscaler without metrics aims at.
const DEFAULT_CPU_UTILIZATION: u32 = 80;

/// A HorizontalPodAutoscaler of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HorizontalPodAutoscalerManifest {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// Kind of what it scales: `Deployment` or `ReplicaSet`.
    pub target_kind: String,
    /// Name of what it scales.
    pub target_name: String,
    /// The fewest replicas.
    pub min_replicas: u32,
    /// The most replicas.
    pub max_replicas: u32,
    /// The resource utilizations it aims at: the resource's name, and percent of the request.
    pub utilization: Vec<(String, u32)>,
}

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let autoscaler: autoscaling::HorizontalPodAutoscaler = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = autoscaler.spec;
    let target = &spec.scale_target_ref;
    let target_at = at.key("scaleTargetRef");
    if !["Deployment", "ReplicaSet"].contains(&target.kind.as_str()) {
        return Err(target_at
            .key("kind")
            .error(format_args!("`{}` cannot be scaled here: expected Deployment or ReplicaSet", target.kind)));
    }
    let (least, most) = (at.key("minReplicas"), at.key("maxReplicas"));
    let min_replicas = count(spec.min_replicas, 1, &least)?;
    let max_replicas = count(Some(spec.max_replicas), 1, &most)?;
    if max_replicas < min_replicas.max(1) {
        return Err(
            most.error(format_args!("`{max_replicas}` is too small: expected at least {}", min_replicas.max(1)))
        );
    }
    if spec.behavior.is_some() {
        reading.warn(&at.key("behavior"), "has no effect: not modelled yet");
    }
    let metrics_at = at.key("metrics");
    let mut utilization = Vec::new();
    for (i, metric) in spec.metrics.iter().flatten().enumerate() {
        let at = metrics_at.index(i);
        let source = metric.resource.as_ref().filter(|_| metric.type_ == "Resource");
        let Some((source, percent)) = source.and_then(|s| Some((s, s.target.average_utilization?))) else {
            reading.warn(&at, "has no effect: only resource utilization is modelled yet");
            continue;
        };
        let resource_at = at.key("resource");
        let target_at = resource_at.key("target");
        utilization.push((source.name.clone(), count(Some(percent), 0, &target_at.key("averageUtilization"))?));
    }
    if spec.metrics.as_ref().is_none_or(Vec::is_empty) {
        utilization.push(("cpu".to_owned(), DEFAULT_CPU_UTILIZATION));
    }
    Ok(Some(Item::HorizontalPodAutoscaler(HorizontalPodAutoscalerManifest {
        namespace: reading.namespace.clone(),
        name: reading.name.clone(),
        target_kind: target.kind.clone(),
        target_name: target.name.clone(),
        min_replicas,
        max_replicas,
        utilization,
    })))
}
