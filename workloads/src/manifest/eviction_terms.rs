//! Annotations of the cluster autoscaler and of the descheduler.

use crate::schema::parse_duration;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use towtank_sim::model::pod::{EvictionTerms, SafeToEvict, Terms};

const SCALE_DOWN_DISABLED: &str = "cluster-autoscaler.kubernetes.io/scale-down-disabled";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
const SAFE_VOLUMES: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";
const LIKE_DAEMON: &str = "cluster-autoscaler.kubernetes.io/daemonset-pod";
const EVICT_AS_DAEMON: &str = "cluster-autoscaler.kubernetes.io/enable-ds-eviction";
const SCALE_UP_DELAY: &str = "cluster-autoscaler.kubernetes.io/pod-scale-up-delay";
const EVICT: &str = "descheduler.alpha.kubernetes.io/evict";
const PREFER_NO_EVICTION: &str = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
const MIRROR: &str = "kubernetes.io/config.mirror";
const SOURCE: &str = "kubernetes.io/config.source";

/// Whether a node's annotations keep the autoscaler from removing it.
pub(super) fn scale_down_disabled(annotations: Option<&BTreeMap<String, String>>) -> bool {
    annotations.and_then(|list| list.get(SCALE_DOWN_DISABLED)).is_some_and(|value| value == "true")
}

/// What a pod, or a template, says to those who want to move it. The autoscaler takes no notice of values that it does not know.
pub(super) fn eviction_terms(metadata: &ObjectMeta, spec: &core::PodSpec) -> Terms {
    let value = |key: &str| metadata.annotations.as_ref()?.get(key).map(String::as_str);
    let expendable: Vec<&str> = value(SAFE_VOLUMES).into_iter().flat_map(|names| names.split(',')).collect();
    let mut volumes = spec.volumes.iter().flatten();
    let mut owners = metadata.owner_references.iter().flatten();
    Terms::from(EvictionTerms {
        safe_to_evict: match value(SAFE_TO_EVICT) {
            Some("true") => Some(SafeToEvict::Yes),
            Some("false") => Some(SafeToEvict::No),
            Some("on-completion") => Some(SafeToEvict::OnCompletion),
            _ => None,
        },
        local_storage: volumes.any(|volume| is_local(volume) && !expendable.contains(&volume.name.as_str())),
        any_local_volume: spec.volumes.iter().flatten().any(is_on_node),
        evict: value(EVICT).is_some(),
        prefer_no_eviction: value(PREFER_NO_EVICTION).is_some(),
        mirror: value(MIRROR).is_some(),
        from_file: value(SOURCE).is_some_and(|source| source != "api"),
        like_daemon: value(LIKE_DAEMON) == Some("true"),
        evict_as_daemon: value(EVICT_AS_DAEMON).map(|value| value == "true"),
        scale_up_delay: value(SCALE_UP_DELAY).and_then(|text| parse_duration(text).ok()),
        controller: owners.find(|owner| owner.controller == Some(true)).map(|owner| owner.kind.as_str().into()),
    })
}

/// Whether a volume is a directory on the node's disk.
fn is_local(volume: &core::Volume) -> bool {
    let in_memory = |dir: &core::EmptyDirVolumeSource| dir.medium.as_deref() == Some("Memory");
    is_on_node(volume) && !volume.empty_dir.as_ref().is_some_and(in_memory)
}

/// Whether a volume is a directory of the node, on disk or in memory. One without any source is an `emptyDir`.
fn is_on_node(volume: &core::Volume) -> bool {
    let nothing = core::Volume { name: volume.name.clone(), ..core::Volume::default() };
    volume.host_path.is_some() || volume.empty_dir.is_some() || *volume == nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_annotated_is_read_and_nothing_else_takes_room() {
        let terms = |annotations: &[(&str, &str)]| {
            let annotations = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            let volume = |name: &str| core::Volume { name: name.to_owned(), ..core::Volume::default() };
            let spec = core::PodSpec { volumes: Some(vec![volume("a"), volume("b")]), ..core::PodSpec::default() };
            let metadata = ObjectMeta { annotations: Some(annotations), ..ObjectMeta::default() };
            eviction_terms(&metadata, &spec).get().cloned().unwrap_or_default()
        };
        let plain = EvictionTerms { local_storage: true, any_local_volume: true, ..EvictionTerms::default() };
        assert_eq!(terms(&[("other", "true"), (SAFE_TO_EVICT, "perhaps"), (SAFE_VOLUMES, "a")]), plain);
        let read = terms(&[(SAFE_TO_EVICT, "on-completion"), (SAFE_VOLUMES, "a,b"), (MIRROR, ""), (SOURCE, "api")]);
        assert_eq!((read.safe_to_evict, read.local_storage), (Some(SafeToEvict::OnCompletion), false));
        assert!(read.mirror && !read.from_file && !read.like_daemon && read.evict_as_daemon.is_none());
        assert!(scale_down_disabled(Some(&BTreeMap::from([(SCALE_DOWN_DISABLED.to_owned(), "true".to_owned())]))));
        assert!(!scale_down_disabled(None));
    }
}
