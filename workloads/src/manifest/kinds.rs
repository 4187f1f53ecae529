//! The kinds that are read, in the order in which objects of one instant are submitted, and the kinds that are not.

use super::kind::Kind;

/// Adding a kind is one file and one line here.
pub(super) const KINDS: &[Kind] = &[
    super::namespace::KIND,
    super::priority_class::KIND,
    super::resource_quota::KIND,
    super::pod_disruption_budget::KIND,
    super::storage_class::KIND,
    super::csi_driver::KIND,
    super::node::KIND,
    super::device_class::KIND,
    super::resource_slice::KIND,
    super::resource_claim_template::KIND,
    super::resource_claim::KIND,
    super::csi_node::KIND,
    super::csi_storage_capacity::KIND,
    super::persistent_volume::KIND,
    super::persistent_volume_claim::KIND,
    super::volume_attachment::KIND,
    super::service::KIND,
    super::deployment::KIND,
    super::replica_set::KIND,
    super::replication_controller::KIND,
    super::stateful_set::KIND,
    super::daemon_set::KIND,
    super::pod_group::KIND,
    super::pod_group::OF_PLUGINS,
    super::job::KIND,
    super::cron_job::KIND,
    super::pod::KIND,
    super::horizontal_pod_autoscaler::KIND,
];

/// Kinds that would change a simulation's results, but are not modelled.
const NOT_MODELLED: &[&str] = &["LimitRange", "RuntimeClass", "Workload"];

/// Kinds that cannot influence the model.
const WITHOUT_INFLUENCE: &[&str] = &[
    "APIService",
    "Binding",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "ConfigMap",
    "ControllerRevision",
    "CustomResourceDefinition",
    "Endpoints",
    "EndpointSlice",
    "Event",
    "FlowSchema",
    "IPAddress",
    "Ingress",
    "IngressClass",
    "Lease",
    "LeaseCandidate",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "NodeMetrics",
    "PodMetrics",
    "PodTemplate",
    "PriorityLevelConfiguration",
    "Role",
    "RoleBinding",
    "Secret",
    "ServiceAccount",
    "ServiceCIDR",
    "StorageVersionMigration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttributesClass",
];

/// What is to be done with an object.
pub(super) enum Treatment {
    /// Read it as the kind with this index.
    Read(usize),
    /// It would matter.
    NotModelled,
    /// It does not matter.
    Skip,
    /// Its apiVersion is not one of this kind's.
    WrongVersion(&'static Kind),
    /// There is no such kind.
    Unknown,
}

/// What is to be done with objects of this kind.
pub(super) fn treatment(api_version: &str, kind: &str) -> Treatment {
    // The group of a custom resource is a domain, and not one of Kubernetes' own.
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    if group.contains('.') && !group.ends_with(".k8s.io") {
        return Treatment::Skip;
    }
    if let Some(index) = KINDS.iter().position(|known| (known.name, known.api_version) == (kind, api_version)) {
        return Treatment::Read(index);
    }
    match KINDS.iter().position(|known| known.name == kind) {
        Some(index) => Treatment::WrongVersion(&KINDS[index]),
        None if NOT_MODELLED.contains(&kind) => Treatment::NotModelled,
        None if WITHOUT_INFLUENCE.contains(&kind) => Treatment::Skip,
        // A custom resource of an add-on under `k8s.io`, such as metrics.k8s.io or snapshot.storage.k8s.io.
        None if group.ends_with(".k8s.io") => Treatment::Skip,
        None => Treatment::Unknown,
    }
}

/// All kinds that have a name here.
pub(super) fn known() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name).chain(NOT_MODELLED.iter().copied()).chain(WITHOUT_INFLUENCE.iter().copied())
}
