//! An event as Kubernetes writes it: an object of kind `Event` in the group's first version, with the fields of the newer API as well.
//!
//! Source: `staging/src/k8s.io/api/core/v1/types.go`, `Event`; names and counts as `staging/src/k8s.io/client-go/tools/record/event.go`
//! makes them.

use serde::Serialize;

/// One line of `events.jsonl`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventObject<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) metadata: Metadata<'a>,
    pub(super) involved_object: Reference<'a>,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) source: Source<'a>,
    /// When it happened first and last, in whole seconds.
    pub(super) first_timestamp: &'a str,
    pub(super) last_timestamp: &'a str,
    pub(super) count: u32,
    pub(super) r#type: &'a str,
    /// When it happened first, with microseconds.
    pub(super) event_time: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) series: Option<Series<'a>>,
    pub(super) action: &'a str,
    pub(super) reporting_component: &'a str,
    pub(super) reporting_instance: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Metadata<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) uid: &'a str,
    pub(super) creation_timestamp: &'a str,
}

/// What an event is about.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference<'a> {
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) namespace: &'a str,
    /// Empty for what the API server does not hold.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) uid: &'a str,
}

/// Who says it.
#[derive(Serialize)]
pub(super) struct Source<'a> {
    pub(super) component: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) host: &'a str,
}

/// That it happened more than once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Series<'a> {
    pub(super) count: u32,
    pub(super) last_observed_time: &'a str,
}

/// What a uid of the simulator counts.
#[derive(Clone, Copy)]
pub(super) enum Counted {
    /// Pods, nodes and objects, together.
    Object,
    /// Events.
    Event,
}

/// A uid as a UUID of version 8, which leaves its content to whoever makes it (RFC 9562, section 5.8): the number is in its last digits.
pub(super) fn uuid(counted: Counted, number: u64) -> String {
    let variant = match counted {
        Counted::Object => 0x8000,
        Counted::Event => 0x9000,
    };
    format!("00000000-0000-8000-{variant:04x}-{number:012x}")
}

/// The version in which the API server serves a kind. Kinds of our own are in our group.
pub(super) fn api_version(kind: &str) -> &'static str {
    match kind {
        "Pod"
        | "Node"
        | "ConfigMap"
        | "Namespace"
        | "Service"
        | "ReplicationController"
        | "ResourceQuota"
        | "PersistentVolume"
        | "PersistentVolumeClaim" => "v1",
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" => "apps/v1",
        "Job" | "CronJob" => "batch/v1",
        "HorizontalPodAutoscaler" => "autoscaling/v2",
        "PodDisruptionBudget" => "policy/v1",
        "PriorityClass" => "scheduling.k8s.io/v1",
        "StorageClass" | "CSINode" | "CSIDriver" | "CSIStorageCapacity" | "VolumeAttachment" => "storage.k8s.io/v1",
        "DeviceClass" | "ResourceSlice" | "ResourceClaim" | "ResourceClaimTemplate" => "resource.k8s.io/v1",
        "PodGroup" => "scheduling.x-k8s.io/v1alpha1",
        _ => "towtank.dev/v1alpha1",
    }
}
