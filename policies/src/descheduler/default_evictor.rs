//! DefaultEvictor: which pods may be evicted at all.
//!
//! Source: `pkg/framework/plugins/defaultevictor`.

use super::Arguments;
use super::selection::{Selector, parse_label_selector};
use crate::config::{GoDuration, Invalid, Step};
use serde::Deserialize;
use towtank_sim::descheduler::{Evictor, PodView, View, fit};
use towtank_sim::model::pod::PodPhase;

/// From here on a priority is one of the system's own.
const SYSTEM_CRITICAL: i32 = 2_000_000_000;

/// DefaultEvictor with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "the file has them")]
pub(super) struct DefaultEvictor {
    node_selector: String,
    label_selector: Option<Selector>,
    namespace_label_selector: Option<Selector>,
    priority_threshold: Option<PriorityThreshold>,
    node_fit: bool,
    min_replicas: usize,
    min_pod_age: Option<GoDuration>,
    no_eviction_policy: Option<NoEvictionPolicy>,
    pod_protections: PodProtections,
    evict_local_storage_pods: bool,
    evict_daemon_set_pods: bool,
    evict_system_critical_pods: bool,
    ignore_pvc_pods: bool,
    #[serde(rename = "ignorePodsWithoutPDB")]
    ignore_pods_without_pdb: bool,
    evict_failed_bare_pods: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PriorityThreshold {
    value: Option<i32>,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum NoEvictionPolicy {
    Preferred,
    Mandatory,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PodProtections {
    extra_enabled: Vec<Protection>,
    default_disabled: Vec<Protection>,
    config: Option<ProtectionConfig>,
}

/// Pods that are not evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Protection {
    PodsWithLocalStorage,
    DaemonSetPods,
    SystemCriticalPods,
    /// Pods that nobody owns. Without the protection those of them that have failed may be evicted.
    FailedBarePods,
    #[serde(rename = "PodsWithPVC")]
    PodsWithPvc,
    #[serde(rename = "PodsWithoutPDB")]
    PodsWithoutPdb,
    PodsWithResourceClaims,
}

const DEFAULT_PROTECTIONS: [Protection; 4] = [
    Protection::PodsWithLocalStorage,
    Protection::SystemCriticalPods,
    Protection::FailedBarePods,
    Protection::DaemonSetPods,
];
const EXTRA_PROTECTIONS: [Protection; 3] =
    [Protection::PodsWithPvc, Protection::PodsWithoutPdb, Protection::PodsWithResourceClaims];

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProtectionConfig {
    #[serde(rename = "PodsWithPVC")]
    pods_with_pvc: Option<PodsWithPvc>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PodsWithPvc {
    protected_storage_classes: Vec<ProtectedStorageClass>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProtectedStorageClass {
    name: String,
}

impl Evictor for DefaultEvictor {
    fn filter(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        let terms = pod.terms();
        if terms.is_some_and(|terms| terms.evict) {
            return true;
        }
        let mandatory = self.no_eviction_policy == Some(NoEvictionPolicy::Mandatory);
        let stays = mandatory && pod.prefers_no_eviction();
        let is_static = terms.is_some_and(|terms| terms.mirror || terms.from_file);
        !(stays || is_static || pod.terminating || self.protects(pod, view))
            && self.label_selector.as_ref().is_none_or(|selector| selector.selects(pod))
            && self.has_replicas(pod, view)
            && self.is_old(pod, view)
    }

    fn pre_eviction_filter(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        self.fits_elsewhere(pod, view) && self.namespace_is_selected(pod, view)
    }
}

impl DefaultEvictor {
    fn has(&self, protection: Protection) -> bool {
        let PodProtections { extra_enabled, default_disabled, .. } = &self.pod_protections;
        if !extra_enabled.is_empty() || !default_disabled.is_empty() {
            let default = DEFAULT_PROTECTIONS.contains(&protection) && !default_disabled.contains(&protection);
            return default || extra_enabled.contains(&protection);
        }
        match protection {
            Protection::PodsWithLocalStorage => !self.evict_local_storage_pods,
            Protection::DaemonSetPods => !self.evict_daemon_set_pods,
            Protection::SystemCriticalPods => !self.evict_system_critical_pods,
            Protection::FailedBarePods => !self.evict_failed_bare_pods,
            Protection::PodsWithPvc => self.ignore_pvc_pods,
            Protection::PodsWithoutPdb => self.ignore_pods_without_pdb,
            Protection::PodsWithResourceClaims => false,
        }
    }

    fn protects(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        let (has, spec) = (|protection| self.has(protection), &pod.class.spec);
        let bare = pod.owners.is_empty() && (has(Protection::FailedBarePods) || pod.phase != PodPhase::Failed);
        bare || has(Protection::SystemCriticalPods) && self.is_critical(pod, view)
            || has(Protection::PodsWithLocalStorage) && pod.terms().is_some_and(|terms| terms.any_local_volume)
            || has(Protection::DaemonSetPods) && pod.owners.iter().any(|owner| owner.kind == "DaemonSet")
            || has(Protection::PodsWithPvc) && self.has_protected_claim(pod, view)
            || has(Protection::PodsWithoutPdb) && !has_budget(pod, view)
            || has(Protection::PodsWithResourceClaims) && !spec.resource_claims.is_empty()
    }

    /// Whether the priority is at the threshold or above. A threshold by the name of a class that is not there protects all pods.
    fn is_critical(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        let Some(priority) = pod.class.spec.priority else { return false };
        let threshold = match &self.priority_threshold {
            None => Some(SYSTEM_CRITICAL),
            Some(PriorityThreshold { value: Some(value), .. }) => Some(*value),
            Some(PriorityThreshold { name, .. }) if name.is_empty() => Some(SYSTEM_CRITICAL),
            Some(PriorityThreshold { name, .. }) => view.priorities.get(&**name).copied(),
        };
        priority >= SYSTEM_CRITICAL || threshold.is_none_or(|threshold| priority >= threshold)
    }

    /// Whether the pod has a claim, of one of the storage classes if there is a list of them. A claim that is not there, or has no
    /// class, is like one of the list.
    fn has_protected_claim(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        let config = self.pod_protections.config.as_ref().and_then(|config| config.pods_with_pvc.as_ref());
        let classes = config.map_or(&[][..], |config| &config.protected_storage_classes);
        let mut claims = pod.class.spec.volumes.iter().filter_map(|volume| volume.named_claim());
        claims.any(|claim| {
            let class = view.claims.get(&(pod.namespace().into(), claim.into())).cloned().flatten();
            classes.is_empty() || class.is_none_or(|class| classes.iter().any(|listed| listed.name == *class))
        })
    }

    fn has_replicas(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        match &pod.owners[..] {
            [owner] if self.min_replicas > 1 => view.replicas(owner) >= self.min_replicas,
            _ => true,
        }
    }

    fn is_old(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        self.min_pod_age.is_none_or(|age| pod.started.is_some_and(|started| view.now.since(started) >= age.0))
    }

    fn fits_elsewhere(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        if !self.node_fit {
            return true;
        }
        let selector = parse_label_selector(&self.node_selector).unwrap_or_default();
        let selected = |node: &usize| {
            let node = &view.nodes[*node];
            node.ready && selector.iter().all(|r| r.matches(node.spec.labels.get(&r.key).map(String::as_str)))
        };
        let nodes: Vec<usize> = (0..view.nodes.len()).filter(selected).collect();
        fit::fits_elsewhere(pod, &nodes, view)
    }

    fn namespace_is_selected(&self, pod: &PodView<'_>, view: &View<'_>) -> bool {
        let Some(selector) = self.namespace_label_selector.as_ref().filter(|s| !s.labels().is_empty()) else {
            return true;
        };
        view.namespaces.get(pod.namespace()).is_some_and(|labels| selector.labels().matches(labels))
    }
}

fn has_budget(pod: &PodView<'_>, view: &View<'_>) -> bool {
    let mut budgets = view.budgets.iter().filter(|(namespace, _)| *namespace == pod.namespace());
    budgets.any(|(_, selector)| selector.matches(&pod.class.spec.labels))
}

impl Arguments for DefaultEvictor {
    fn validate(&self) -> Result<(), Invalid> {
        let key = |key| [Step::Key(key)];
        if let Some(PriorityThreshold { value, name }) = &self.priority_threshold {
            if value.is_some() && !name.is_empty() {
                return Err(Invalid::forbidden(key("priorityThreshold"), "only one of value and name can be set"));
            }
            if value.is_some_and(|value| value > SYSTEM_CRITICAL) {
                let detail = format!("can't be greater than {SYSTEM_CRITICAL}");
                return Err(Invalid::value(key("priorityThreshold"), value, &detail));
            }
        }
        parse_label_selector(&self.node_selector)
            .map_err(|detail| Invalid::value(key("nodeSelector"), &self.node_selector, &detail))?;
        let PodProtections { extra_enabled, default_disabled, .. } = &self.pod_protections;
        let old = self.evict_local_storage_pods
            || self.evict_daemon_set_pods
            || self.evict_system_critical_pods
            || self.ignore_pvc_pods
            || self.evict_failed_bare_pods
            || self.ignore_pods_without_pdb;
        let path = |field| [Step::Key("podProtections"), Step::Key(field)];
        let lists = [
            ("extraEnabled", extra_enabled, &EXTRA_PROTECTIONS[..]),
            ("defaultDisabled", default_disabled, &DEFAULT_PROTECTIONS[..]),
        ];
        for (field, given, allowed) in lists {
            if old && !given.is_empty() {
                return Err(Invalid::forbidden(
                    path(field),
                    "cannot be used beside the older flags, such as evictLocalStoragePods",
                ));
            }
            if let Some(wrong) = given.iter().find(|protection| !allowed.contains(protection)) {
                return Err(Invalid::value(path(field), wrong, &format!("expected some of {allowed:?}")));
            }
            if let Some(index) = (1..given.len()).find(|index| given[..*index].contains(&given[*index])) {
                return Err(Invalid::duplicate(path(field), &format!("{:?}", given[index])));
            }
        }
        Ok(())
    }
}
