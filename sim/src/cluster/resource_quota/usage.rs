//! What a pod counts for in quotas.
//!
//! Source: `pkg/quota/v1/evaluator/core/pods.go`.

use crate::model::Quantity;
use crate::model::pod::PodClass;
use crate::model::resources::ResourceList;

/// The name that counts the objects, in whatever state.
pub(super) const OBJECT_COUNT: &str = "count/pods";

/// The names that plain CPU, memory and storage have in quotas.
const COMPUTE: [&str; 9] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

impl PodClass {
    /// What one pod of this class counts for, by the names of quotas (`PodUsageFunc`).
    pub fn quota_usage(&self) -> &ResourceList {
        self.quota_usage.get_or_init(|| {
            let mut usage = compute_usage(&self.spec.held_requests(), &self.spec.held_limits());
            for name in ["pods", OBJECT_COUNT] {
                usage.insert(name.to_owned(), Quantity::from_units(1));
            }
            usage
        })
    }
}

/// Requests and limits by the names of quotas (`podComputeUsageHelper`).
pub(super) fn compute_usage(requests: &ResourceList, limits: &ResourceList) -> ResourceList {
    let mut usage = ResourceList::new();
    for (name, quantity) in requests {
        let plain = matches!(name.as_str(), "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
        if plain {
            usage.insert(name.clone(), *quantity);
        }
        if plain || is_extended(name) {
            usage.insert(format!("requests.{name}"), *quantity);
        }
    }
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(quantity) = limits.get(name) {
            usage.insert(format!("limits.{name}"), *quantity);
        }
    }
    usage
}

/// Whether a quota of this name is about pods (`MatchingResources`).
pub(super) fn is_of_pods(name: &str) -> bool {
    matches!(name, "pods" | OBJECT_COUNT)
        || COMPUTE.contains(&name)
        || ["hugepages-", "requests.hugepages-"].iter().any(|prefix| name.starts_with(prefix))
        || name.strip_prefix("requests.").is_some_and(is_extended)
}

/// Whether a resource is an extended one: of a domain that is not Kubernetes' own.
fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}
