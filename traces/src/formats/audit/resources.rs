//! The resources of the API whose changes matter to a simulation.

/// A resource, as requests name it.
#[derive(Debug)]
pub(super) struct Resource {
    /// Its API group; empty for the core group.
    group: &'static str,
    /// Its name in requests.
    name: &'static str,
    /// The version in which its objects are read.
    pub(super) api_version: &'static str,
    /// The kind of its objects.
    pub(super) kind: &'static str,
    /// What the changes mean that components of the control plane make.
    pub(super) control_plane: ControlPlane,
    /// Whether it is so much of a workload that an object which the log does not have is worth counting.
    pub(super) is_workload: bool,
}

/// What becomes of the changes of an object that a component of the control plane makes. What it creates and deletes is always
/// played: whoever plays it knows whether the component is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ControlPlane {
    /// They are played.
    Played,
    /// They follow from what is simulated, and are passed over: bindings, finalizers, conditions.
    PassedOver,
}

use ControlPlane::{PassedOver, Played};

const fn of(group: &'static str, name: &'static str, api_version: &'static str, kind: &'static str) -> Resource {
    Resource { group, name, api_version, kind, control_plane: PassedOver, is_workload: false }
}

const fn workload(group: &'static str, name: &'static str, api_version: &'static str, kind: &'static str) -> Resource {
    Resource { group, name, api_version, kind, control_plane: Played, is_workload: true }
}

const RESOURCES: &[Resource] = &[
    Resource { control_plane: PassedOver, ..workload("", "pods", "v1", "Pod") },
    workload("", "nodes", "v1", "Node"),
    workload("", "replicationcontrollers", "v1", "ReplicationController"),
    workload("apps", "deployments", "apps/v1", "Deployment"),
    workload("apps", "replicasets", "apps/v1", "ReplicaSet"),
    workload("apps", "statefulsets", "apps/v1", "StatefulSet"),
    workload("apps", "daemonsets", "apps/v1", "DaemonSet"),
    workload("batch", "jobs", "batch/v1", "Job"),
    workload("batch", "cronjobs", "batch/v1", "CronJob"),
    of("", "namespaces", "v1", "Namespace"),
    of("", "services", "v1", "Service"),
    of("", "resourcequotas", "v1", "ResourceQuota"),
    of("", "persistentvolumes", "v1", "PersistentVolume"),
    of("", "persistentvolumeclaims", "v1", "PersistentVolumeClaim"),
    of("autoscaling", "horizontalpodautoscalers", "autoscaling/v2", "HorizontalPodAutoscaler"),
    of("policy", "poddisruptionbudgets", "policy/v1", "PodDisruptionBudget"),
    of("scheduling.k8s.io", "priorityclasses", "scheduling.k8s.io/v1", "PriorityClass"),
    of("storage.k8s.io", "storageclasses", "storage.k8s.io/v1", "StorageClass"),
    of("storage.k8s.io", "csidrivers", "storage.k8s.io/v1", "CSIDriver"),
    of("storage.k8s.io", "csinodes", "storage.k8s.io/v1", "CSINode"),
    of("resource.k8s.io", "deviceclasses", "resource.k8s.io/v1", "DeviceClass"),
    of("resource.k8s.io", "resourceslices", "resource.k8s.io/v1", "ResourceSlice"),
    of("resource.k8s.io", "resourceclaims", "resource.k8s.io/v1", "ResourceClaim"),
    of("resource.k8s.io", "resourceclaimtemplates", "resource.k8s.io/v1", "ResourceClaimTemplate"),
];

/// The resource, if its changes matter.
pub(super) fn find(group: &str, name: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.group == group && resource.name == name)
}

/// Whether a service account of the namespace `kube-system` is that of a controller of kube-controller-manager.
///
/// Source: `pkg/controller`, names of controllers; `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/controller_policy.go`.
pub(super) fn is_controller(account: &str) -> bool {
    const OTHERS: [&str; 5] = [
        "generic-garbage-collector",
        "horizontal-pod-autoscaler",
        "persistent-volume-binder",
        "pod-garbage-collector",
        "root-ca-cert-publisher",
    ];
    account.ends_with("-controller") || OTHERS.contains(&account)
}
