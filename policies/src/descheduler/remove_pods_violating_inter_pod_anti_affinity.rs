//! RemovePodsViolatingInterPodAntiAffinity: evicts pods that are in one topology domain with pods that their own required anti-affinity
//! is about.
//!
//! Source: `pkg/framework/plugins/removepodsviolatinginterpodantiaffinity/pod_antiaffinity.go`, `pkg/utils/predicates.go`.

use super::Arguments;
use super::go_sort;
use super::order::goes_first;
use super::selection::{Namespaces, Selector};
use crate::config::Invalid;
use serde::Deserialize;
use std::collections::BTreeMap;
use towtank_sim::descheduler::{Cycle, PodView, Refused, Strategy, fit};

/// RemovePodsViolatingInterPodAntiAffinity with its arguments.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RemovePodsViolatingInterPodAntiAffinity {
    namespaces: Namespaces,
    label_selector: Option<Selector>,
}

impl Strategy for RemovePodsViolatingInterPodAntiAffinity {
    fn name(&self) -> &'static str {
        "RemovePodsViolatingInterPodAntiAffinity"
    }

    fn run(&self, cycle: &mut Cycle<'_, '_>) {
        let mut by_node: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &node in cycle.nodes() {
            let pods = cycle.pods_on(node, false).into_iter().filter(|pod| self.selects(cycle.pod(*pod)));
            by_node.insert(node, pods.collect());
        }
        // Those that are evicted trouble nobody any more.
        let mut left: Vec<usize> = by_node.values().flatten().copied().collect();
        for node in cycle.nodes().to_vec() {
            let mut pods = by_node.remove(&node).unwrap_or_default();
            go_sort::sort(&mut pods, |a, b| goes_first(cycle.pod(a), cycle.pod(b)));
            for pod in pods {
                if !violates(pod, &left, cycle) || !cycle.may_consider(pod) || !cycle.may_go(pod) {
                    continue;
                }
                match cycle.evict(pod) {
                    Ok(()) => left.retain(|other| *other != pod),
                    Err(Refused::Other) => {}
                    Err(Refused::NodeLimit) => break,
                    Err(Refused::TotalLimit) => return,
                }
            }
        }
    }
}

impl RemovePodsViolatingInterPodAntiAffinity {
    fn selects(&self, pod: &PodView<'_>) -> bool {
        self.namespaces.has(pod.namespace()) && self.label_selector.as_ref().is_none_or(|s| s.selects(pod))
    }
}

fn violates(pod: usize, others: &[usize], cycle: &Cycle<'_, '_>) -> bool {
    let pod = cycle.pod(pod);
    let mut terms = pod.class.spec.pod_anti_affinity.required.iter();
    terms.any(|term| {
        others.iter().map(|other| cycle.pod(*other)).any(|other| {
            other.name != pod.name
                && fit::term_is_about(pod, term, other)
                && are_in_one_domain(pod.node, other.node, &term.topology_key, cycle)
        })
    })
}

fn are_in_one_domain(a: usize, b: usize, key: &str, cycle: &Cycle<'_, '_>) -> bool {
    let domain = |node: usize| cycle.node(node).spec.labels.get(key);
    a == b || domain(a).is_some() && domain(a) == domain(b)
}

impl Arguments for RemovePodsViolatingInterPodAntiAffinity {
    fn validate(&self) -> Result<(), Invalid> {
        self.namespaces.validate()
    }
}
