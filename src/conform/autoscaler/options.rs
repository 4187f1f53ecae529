//! Flags of the autoscaler, as settings.

use crate::scenario::yaml;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use towtank_sim::autoscaling::NodeGroup;
use towtank_sim::autoscaling::cluster_autoscaler::{ClusterAutoscalerSettings, Expander, PriorityTier};
use towtank_sim::time::Span;
use towtank_workloads::schema::parse_duration;

/// Reads the flags. What cannot be set here is named in the second part.
///
/// # Errors
/// A flag's value, with what is wrong with it.
pub(super) fn settings(
    options: &Map<String, Value>,
    tiers: &[PriorityTier],
) -> Result<(ClusterAutoscalerSettings, Vec<String>), (String, String)> {
    let mut settings = ClusterAutoscalerSettings { pods_by_name: true, ..ClusterAutoscalerSettings::default() };
    "sim/gpu".clone_into(&mut settings.totals.gpu_label);
    let mut unknown = Vec::new();
    for (name, value) in options {
        let wrong = |message: String| (name.clone(), message);
        let s = &mut settings;
        let known = match name.as_str() {
            "expander" => {
                for name in text(value).split(',') {
                    match expander(name, tiers) {
                        Some(_) => {}
                        None => unknown.push(format!("expander {name}")),
                    }
                }
                s.expanders = text(value).split(',').filter_map(|name| expander(name, tiers)).collect();
                Ok(())
            }
            "balance-similar-node-groups" => flag(value).map(|on| s.balance_similar_node_groups = on),
            "max-nodes-total" => count(value).map(|n| s.max_nodes_total = n),
            "max-nodes-per-scaleup" => count(value).map(|n| s.max_nodes_per_scaleup = n),
            "cores-total" => range(&text(value)).map(|limits| s.totals.cores = limits),
            "memory-total" => range(&text(value)).map(|limits| s.totals.memory_gib = limits),
            "gpu-total" => list(value).iter().try_for_each(|entry| {
                let (kind, limits) =
                    entry.split_once(':').ok_or_else(|| format!("`{entry}`: expected TYPE:MIN:MAX"))?;
                let limits = range(limits)?;
                s.totals.gpus.insert(kind.to_owned(), limits);
                Ok(())
            }),
            "force-ds" => flag(value).map(|on| s.force_daemon_sets = on),
            "startup-taint" => {
                s.startup_taints = list(value);
                Ok(())
            }
            "expendable-pods-priority-cutoff" => text(value)
                .parse()
                .map(|n| s.expendable_pods_priority_cutoff = n)
                .map_err(|_| "expected a number".into()),
            "scale-down-enabled" => flag(value).map(|on| s.scale_down_enabled = on),
            "scale-down-unready-enabled" => flag(value).map(|on| s.scale_down_unready_enabled = on),
            "scale-down-utilization-threshold" => {
                fraction(value).map(|fraction| s.scale_down_utilization_threshold = fraction)
            }
            "scale-down-gpu-utilization-threshold" => {
                fraction(value).map(|fraction| s.scale_down_gpu_utilization_threshold = fraction)
            }
            "scale-down-unneeded-time" => span(value).map(|span| s.scale_down_unneeded_time = span),
            "scale-down-unready-time" => span(value).map(|span| s.scale_down_unready_time = span),
            "scale-down-delay-after-add" => span(value).map(|span| s.scale_down_delay_after_add = span),
            "scale-down-delay-after-delete" => span(value).map(|span| s.scale_down_delay_after_delete = span),
            "scale-down-delay-after-failure" => span(value).map(|span| s.scale_down_delay_after_failure = span),
            "scale-down-delay-type-local" => flag(value).map(|on| s.scale_down_delay_type_local = on),
            "unremovable-node-recheck-timeout" => span(value).map(|span| s.unremovable_node_recheck_timeout = span),
            "max-scale-down-parallelism" => count(value).map(|n| s.max_scale_down_parallelism = n),
            "max-drain-parallelism" => count(value).map(|n| s.max_drain_parallelism = n),
            "node-delete-delay-after-taint" => span(value).map(|span| s.node_delete_delay_after_taint = span),
            "max-graceful-termination-sec" => {
                count(value).map(|n| s.max_graceful_termination = Span::from_secs(i64::from(n)))
            }
            "max-pod-eviction-time" => span(value).map(|span| s.max_pod_eviction_time = span),
            "skip-nodes-with-system-pods" => flag(value).map(|on| s.skip_nodes_with_system_pods = on),
            "skip-nodes-with-local-storage" => flag(value).map(|on| s.skip_nodes_with_local_storage = on),
            "skip-nodes-with-custom-controller-pods" => {
                flag(value).map(|on| s.skip_nodes_with_custom_controller_pods = on)
            }
            "blocking-system-pod-distruption-timeout" => span(value).map(|span| s.system_pod_disruption_timeout = span),
            "min-replica-count" => count(value).map(|n| s.min_replica_count = n),
            "ignore-daemonsets-utilization" => flag(value).map(|on| s.ignore_daemon_sets_utilization = on),
            "ignore-mirror-pods-utilization" => flag(value).map(|on| s.ignore_mirror_pods_utilization = on),
            "daemonset-eviction-for-occupied-nodes" => flag(value).map(|on| s.evict_daemon_sets_from_occupied = on),
            "daemonset-eviction-for-empty-nodes" => flag(value).map(|on| s.evict_daemon_sets_from_empty = on),
            "max-node-provision-time" => span(value).map(|span| s.max_node_provision_time = span),
            "initial-node-group-backoff-duration" => span(value).map(|span| s.initial_backoff = span),
            "max-node-group-backoff-duration" => span(value).map(|span| s.max_backoff = span),
            "node-group-backoff-reset-timeout" => span(value).map(|span| s.backoff_reset = span),
            "ok-total-unready-count" => count(value).map(|n| s.ok_total_unready_count = n),
            "max-total-unready-percentage" => count(value).map(|n| s.max_total_unready_percentage = n),
            // Nothing upstream reads them any more.
            "scale-down-non-empty-candidates-count"
            | "scale-down-candidates-pool-ratio"
            | "scale-down-candidates-pool-min-count" => Ok(()),
            "new-pod-scale-up-delay" => span(value).map(|span| s.new_pod_scale_up_delay = span),
            _ => {
                unknown.push(name.clone());
                Ok(())
            }
        };
        known.map_err(wrong)?;
    }
    Ok((settings, unknown))
}

/// Sets a flag of one group; whether it can be set.
pub(super) fn of_group(group: &mut NodeGroup, name: &str, value: &Value) -> Result<bool, String> {
    let options = &mut group.options;
    match name {
        "zero-or-max-node-scaling" => flag(value).map(|on| group.zero_or_max = on)?,
        "scale-down-utilization-threshold" => options.scale_down_utilization_threshold = Some(fraction(value)?),
        "scale-down-gpu-utilization-threshold" => options.scale_down_gpu_utilization_threshold = Some(fraction(value)?),
        "scale-down-unneeded-time" => options.scale_down_unneeded_time = Some(span(value)?),
        "scale-down-unready-time" => options.scale_down_unready_time = Some(span(value)?),
        "max-node-provision-time" => options.max_node_provision_time = Some(span(value)?),
        "ignore-daemonsets-utilization" => options.ignore_daemon_sets_utilization = Some(flag(value)?),
        _ => return Ok(false),
    }
    Ok(true)
}

fn expander(name: &str, tiers: &[PriorityTier]) -> Option<Expander> {
    Some(match name {
        "random" => Expander::Random,
        "most-pods" => Expander::MostPods,
        "least-nodes" => Expander::LeastNodes,
        "least-waste" => Expander::LeastWaste,
        "price" => Expander::Price,
        "priority" => Expander::Priority(tiers.to_vec()),
        _ => return None,
    })
}

/// The tiers of a priority expander's ConfigMap, for groups of these names. `None` if an expression is not understood.
pub(super) fn tiers(config: &str, groups: &[Arc<str>]) -> Option<Vec<PriorityTier>> {
    let map: BTreeMap<i32, Vec<String>> = yaml::parse(Path::new("priorities"), config).ok()?;
    let mut tiers = Vec::new();
    for (priority, patterns) in map {
        let mut named = Vec::new();
        for group in groups {
            let verdicts: Option<Vec<bool>> =
                patterns.iter().map(|pattern| super::pattern::matches(pattern, group)).collect();
            if verdicts?.contains(&true) {
                named.push(group.clone());
            }
        }
        tiers.push(PriorityTier { priority, groups: named });
    }
    Some(tiers)
}

/// A scalar as flags have it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn flag(value: &Value) -> Result<bool, String> {
    text(value).parse().map_err(|_| format!("{value}: expected true or false"))
}

fn count(value: &Value) -> Result<u32, String> {
    text(value).parse().map_err(|_| format!("{value}: expected a count of at least 0"))
}

fn fraction(value: &Value) -> Result<f64, String> {
    text(value).parse().map_err(|_| format!("{value}: expected a fraction"))
}

fn span(value: &Value) -> Result<Span, String> {
    parse_duration(&text(value)).map_err(|error| error.to_string())
}

/// `MIN:MAX`.
fn range(text: &str) -> Result<(i64, i64), String> {
    let parsed = text.split_once(':').and_then(|(least, most)| Some((least.parse().ok()?, most.parse().ok()?)));
    parsed.ok_or_else(|| format!("`{text}`: expected MIN:MAX"))
}
