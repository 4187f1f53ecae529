//! Random configurations: profiles with other plugins, weights, arguments and percentages.

use crate::config::ParsedConfig;
use crate::tests::neighbours::Draw;
use std::fmt::Write as _;

/// Plugins that score in the default profile.
const SCORERS: [&str; 7] = [
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeResourcesBalancedAllocation",
    "ImageLocality",
];

/// Plugins that filter in the default profile.
const FILTERS: [&str; 8] = [
    "NodeUnschedulable",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
    "NodeResourcesFit",
    "NodeGpuShare",
    "PodTopologySpread",
    "InterPodAffinity",
];

const RESEARCH: [&str; 11] = [
    "Random",
    "BestFit",
    "WorstFit",
    "FirstFit",
    "RoundRobin",
    "AnyNode",
    "DotProd",
    "FGD",
    "GpuBestFit",
    "GpuClustering",
    "GpuPacking",
];

const STRATEGIES: [&str; 6] = [
    "{ type: LeastAllocated }",
    "{ type: MostAllocated, resources: [{ name: cpu, weight: 3 }, { name: memory, weight: 1 }] }",
    "{ type: LeastAllocated, resources: [{ name: example.com/card, weight: 5 }, { name: cpu, weight: 1 }] }",
    "{ type: MostAllocated, resources: [{ name: cpu, weight: 1 }] }",
    "{ type: RequestedToCapacityRatio, resources: [{ name: cpu, weight: 1 }, { name: memory, weight: 2 }], \
     requestedToCapacityRatio: { shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }] } }",
    "{ type: RequestedToCapacityRatio, resources: [{ name: memory, weight: 1 }], requestedToCapacityRatio: \
     { shape: [{ utilization: 10, score: 8 }, { utilization: 40, score: 2 }, { utilization: 90, score: 9 }] } }",
];

/// The name of a profile.
pub(super) fn profile_name(number: usize) -> String {
    format!("scheduler-{number}")
}

/// A configuration with `profiles` profiles.
pub(super) fn draw(draw: &mut Draw, profiles: usize) -> ParsedConfig {
    let mut text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n".to_owned();
    if draw.one_in(2) {
        let _ = writeln!(text, "percentageOfNodesToScore: {}", percentage(draw));
    }
    text.push_str("profiles:\n");
    for number in 0..profiles {
        profile(draw, number, &mut text);
    }
    ParsedConfig::read(&text, "drawn").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn percentage(draw: &mut Draw) -> usize {
    match draw.below(4) {
        0 => 0,
        1 => 100,
        2 => 1 + draw.below(40),
        _ => 1 + draw.below(100),
    }
}

fn profile(draw: &mut Draw, number: usize, text: &mut String) {
    let _ = writeln!(text, "- schedulerName: {}", profile_name(number));
    if draw.one_in(2) {
        let _ = writeln!(text, "  percentageOfNodesToScore: {}", percentage(draw));
    }
    let mut score = Change::default();
    let mut filter = Change::default();
    let mut everywhere = Change::default();
    match draw.below(6) {
        // The default profile.
        0 | 1 => {}
        2 => {
            for name in SCORERS {
                match draw.below(5) {
                    0 => score.without(name),
                    1 => score.weigh(name, 1 + draw.below(100)),
                    _ => {}
                }
            }
        }
        3 => {
            for name in FILTERS {
                match draw.below(6) {
                    0 => filter.without(name),
                    // In front of the others.
                    1 => filter.with(name),
                    _ => {}
                }
            }
        }
        // One scorer of our own beside some of the others, or alone.
        4 => {
            let name = draw.of(&RESEARCH);
            if ["RoundRobin", "FGD"].contains(&name) {
                everywhere.with(name);
            }
            if draw.one_in(2) {
                score.without("*");
            }
            score.weigh(name, 1 + draw.below(3));
        }
        _ => {
            score.without("*");
            if !draw.one_in(6) {
                score.weigh(draw.of(&SCORERS), 1);
            }
        }
    }
    text.push_str("  plugins:\n");
    for (point, change) in [("multiPoint", everywhere), ("filter", filter), ("score", score)] {
        let (enabled, disabled) = (change.enabled.join(", "), change.disabled.join(", "));
        let _ = writeln!(text, "    {point}: {{ enabled: [{enabled}], disabled: [{disabled}] }}");
    }
    arguments(draw, text);
}

fn arguments(draw: &mut Draw, text: &mut String) {
    let mut given = String::new();
    if draw.one_in(2) {
        let ignored = if draw.one_in(4) { ", ignoredResources: [example.com/card]" } else { "" };
        let strategy = draw.of(&STRATEGIES);
        let _ = writeln!(given, "  - name: NodeResourcesFit\n    args: {{ scoringStrategy: {strategy}{ignored} }}");
    }
    if draw.one_in(3) {
        let choice = draw.of(&["BestFit", "FirstFit", "WorstFit", "Random"]);
        let _ = writeln!(given, "  - name: NodeGpuShare\n    args: {{ deviceChoice: {choice} }}");
    }
    if draw.one_in(4) {
        let resources = draw
            .of(&["{ name: cpu, weight: 1 }", "{ name: memory, weight: 1 }, { name: example.com/card, weight: 1 }"]);
        let _ = writeln!(given, "  - name: NodeResourcesBalancedAllocation\n    args: {{ resources: [{resources}] }}");
    }
    if draw.one_in(3) {
        let (weight, ignore) = (draw.below(101), draw.one_in(2));
        let _ = writeln!(
            given,
            "  - name: InterPodAffinity\n    args: {{ hardPodAffinityWeight: {weight}, \
             ignorePreferredTermsOfExistingPods: {ignore} }}"
        );
    }
    if draw.one_in(3) {
        let key = draw.of(&["zone", "kubernetes.io/hostname", "disk"]);
        let action = draw.of(&["DoNotSchedule", "ScheduleAnyway"]);
        let skew = 1 + draw.below(3);
        let _ = writeln!(
            given,
            "  - name: PodTopologySpread\n    args: {{ defaultingType: List, defaultConstraints: [{{ maxSkew: {skew}, \
             topologyKey: {key}, whenUnsatisfiable: {action} }}] }}"
        );
    }
    if draw.one_in(20) {
        let _ = writeln!(
            given,
            "  - name: NodeAffinity\n    args: {{ addedAffinity: {{ requiredDuringSchedulingIgnoredDuringExecution: \
             {{ nodeSelectorTerms: [{{ matchExpressions: [{{ key: disk, operator: In, values: [ssd] }}] }}] }} }} }}"
        );
    }
    if !given.is_empty() {
        let _ = write!(text, "  pluginConfig:\n{given}");
    }
}

/// What is said of one extension point, in YAML.
#[derive(Default)]
struct Change {
    enabled: Vec<String>,
    disabled: Vec<String>,
}

impl Change {
    fn without(&mut self, name: &str) {
        self.disabled.push(format!("{{ name: '{name}' }}"));
    }

    fn with(&mut self, name: &str) {
        self.enabled.push(format!("{{ name: {name} }}"));
    }

    fn weigh(&mut self, name: &str, weight: usize) {
        self.enabled.push(format!("{{ name: {name}, weight: {weight} }}"));
    }
}
