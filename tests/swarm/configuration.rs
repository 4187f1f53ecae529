//! Random configurations of kube-scheduler.

use super::dice::Dice;
use std::fmt::Write as _;

/// Plugins without which no pod goes where it would be sent away from.
const OPTIONAL: [&str; 7] = [
    "ImageLocality",
    "NodeResourcesBalancedAllocation",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeAffinity",
    "DefaultPreemption",
    "VolumeZone",
];

/// The name of the second profile, where there is one.
pub(super) const SECOND: &str = "second";

/// A configuration, with two profiles if asked for.
pub(super) fn configuration(dice: &mut Dice, two: bool) -> String {
    let mut text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n".to_owned();
    if dice.percent(50) {
        let percentage = dice.from(0, 100);
        let _ = writeln!(text, "percentageOfNodesToScore: {percentage}");
    }
    if dice.percent(30) {
        let initial = dice.from(1, 20);
        let _ =
            write!(text, "podInitialBackoffSeconds: {initial}\npodMaxBackoffSeconds: {}\n", initial + dice.from(0, 60));
    }
    text.push_str("profiles:\n");
    for name in ["default-scheduler", SECOND].iter().take(if two { 2 } else { 1 }) {
        let _ = writeln!(text, "  - schedulerName: {name}");
        plugins(dice, &mut text);
        arguments(dice, &mut text);
    }
    text
}

fn plugins(dice: &mut Dice, text: &mut String) {
    let disabled: Vec<_> =
        OPTIONAL.iter().filter(|_| dice.percent(15)).map(|name| format!("{{ name: {name} }}")).collect();
    let scorers = ["NodeResourcesFit", "TaintToleration", "PodTopologySpread", "InterPodAffinity", "ImageLocality"];
    let weighed: Vec<_> = scorers
        .iter()
        .filter(|name| !disabled.iter().any(|gone| gone.contains(*name)) && dice.percent(25))
        .copied()
        .collect();
    let off = weighed.iter().map(|name| format!("{{ name: {name} }}")).collect::<Vec<_>>().join(", ");
    let on = weighed.iter().map(|name| format!("{{ name: {name}, weight: {} }}", dice.from(1, 9)));
    let on = on.collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        text,
        "    plugins:\n      multiPoint: {{ disabled: [{}] }}\n      score: {{ disabled: [{off}], enabled: [{on}] }}",
        disabled.join(", ")
    );
}

fn arguments(dice: &mut Dice, text: &mut String) {
    text.push_str("    pluginConfig:\n");
    let strategy = dice.one(&["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"]);
    let shape = if strategy == "RequestedToCapacityRatio" {
        let (low, high) = (dice.from(0, 10), dice.from(0, 10));
        format!(
            ", requestedToCapacityRatio: {{ shape: [{{ utilization: 0, score: {low} }}, {{ utilization: 100, score: {high} }}] }}"
        )
    } else {
        String::new()
    };
    let (cpu, memory) = (dice.from(1, 5), dice.from(1, 5));
    let _ = writeln!(
        text,
        "      - {{ name: NodeResourcesFit, args: {{ scoringStrategy: {{ type: {strategy}, resources: [{{ name: cpu, weight: {cpu} }}, \
         {{ name: memory, weight: {memory} }}]{shape} }} }} }}"
    );
    let weight = dice.from(0, 100);
    let _ = writeln!(text, "      - {{ name: InterPodAffinity, args: {{ hardPodAffinityWeight: {weight} }} }}");
    if dice.percent(30) {
        let _ = writeln!(
            text,
            "      - {{ name: PodTopologySpread, args: {{ defaultingType: List, defaultConstraints: [{{ maxSkew: {}, topologyKey: \
             topology.kubernetes.io/zone, whenUnsatisfiable: ScheduleAnyway }}] }} }}",
            dice.from(1, 4)
        );
    }
}
