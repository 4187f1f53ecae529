//! Priorities, and the plugins that score in their place.

use super::NodeLabels;
use super::plugins::{Plugins, quote};
use super::schema::{Priority, Ratio};
use crate::config::args::validate_shape;
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use crate::suggest::did_you_mean;
use std::collections::BTreeMap;

/// The priorities with their plugins; `None` where there is no such plugin any more, and all nodes score alike.
const PRIORITIES: &[(&str, Option<&str>)] = &[
    ("BalancedResourceAllocation", Some("NodeResourcesBalancedAllocation")),
    (EVEN_SPREAD, Some("PodTopologySpread")),
    ("ImageLocalityPriority", Some("ImageLocality")),
    (POD_AFFINITY, Some("InterPodAffinity")),
    ("LeastRequestedPriority", Some("NodeResourcesLeastAllocated")),
    ("MostRequestedPriority", Some("NodeResourcesMostAllocated")),
    ("NodeAffinityPriority", Some("NodeAffinity")),
    (LABEL, Some("NodeLabel")),
    (AVOID_PODS, None),
    (RATIO, Some("RequestedToCapacityRatio")),
    (SELECTOR_SPREAD, Some("PodTopologySpread")),
    ("TaintTolerationPriority", Some("TaintToleration")),
];

const EVEN_SPREAD: &str = "EvenPodsSpreadPriority";
const SELECTOR_SPREAD: &str = "SelectorSpreadPriority";
const POD_AFFINITY: &str = "InterPodAffinityPriority";
const AVOID_PODS: &str = "NodePreferAvoidPodsPriority";
const LABEL: &str = "NodeLabel";
const RATIO: &str = "RequestedToCapacityRatio";
const EQUAL: &str = "EqualPriority";
const SERVICE_SPREADING: &str = "ServiceSpreadingPriority";

/// The priorities of a policy that has no list, with their weights.
const DEFAULT: &[(&str, i64)] = &[
    (SELECTOR_SPREAD, 1),
    (POD_AFFINITY, 1),
    ("LeastRequestedPriority", 1),
    ("BalancedResourceAllocation", 1),
    (AVOID_PODS, 10_000),
    ("NodeAffinityPriority", 1),
    ("TaintTolerationPriority", 1),
    ("ImageLocalityPriority", 1),
    (EVEN_SPREAD, 2),
];

/// The priorities that a policy asks for.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    weights: BTreeMap<&'static str, i64>,
    ratio: Option<Ratio>,
}

/// What `ValidatePolicy` refuses first.
pub(super) fn validate(priorities: &[Priority]) -> Result<(), Invalid> {
    let mut custom: BTreeMap<&str, &Priority> = BTreeMap::new();
    for (index, priority) in priorities.iter().enumerate() {
        let at = |key: &'static str, message: String| {
            Err(Invalid { path: vec![Step::Key("priorities"), Step::Index(index), Step::Key(key)], message })
        };
        let name = &priority.name;
        if priority.weight <= 0 || priority.weight > i64::from(i32::MAX) {
            let message = format!("priority {name} should have a positive weight applied to it or it has overflown");
            return at("weight", message);
        }
        let Some(argument) = &priority.argument else { continue };
        let kind = match (&argument.label_preference, &argument.service_anti_affinity) {
            (Some(_), _) => "LabelPreference",
            (None, Some(_)) => "ServiceAntiAffinity",
            (None, None) if argument.requested_to_capacity_ratio_arguments.is_some() => RATIO,
            (None, None) => return at("argument", format!("no priority arguments set for priority {name}")),
        };
        match custom.insert(kind, priority) {
            Some(before) if kind == RATIO => {
                let before = &before.name;
                return at("name", format!("priority {name:?} redeclares custom priority {kind:?}, from: {before:?}"));
            }
            Some(before) if before.weight != priority.weight => {
                return at(
                    "weight",
                    format!("{kind}  priority {name:?} has a different weight with {:?}", before.name),
                );
            }
            _ => {}
        }
    }
    Ok(())
}

/// The priorities that a policy asks for.
pub(super) fn choose(
    priorities: Option<&[Priority]>,
    labels: &mut NodeLabels,
    warnings: &mut Vec<String>,
) -> Result<Chosen, Invalid> {
    let Some(priorities) = priorities else {
        return Ok(Chosen { weights: DEFAULT.iter().copied().collect(), ratio: None });
    };
    let mut chosen = Chosen::default();
    for (index, priority) in priorities.iter().enumerate().filter(|(_, priority)| priority.name != EQUAL) {
        let path = [Step::Key("priorities"), Step::Index(index)];
        let key = key(priority, &mut chosen, labels, warnings).map_err(|invalid| invalid.below(&path))?;
        chosen.weights.insert(key, priority.weight);
    }
    Ok(chosen)
}

fn key(
    priority: &Priority,
    chosen: &mut Chosen,
    labels: &mut NodeLabels,
    warnings: &mut Vec<String>,
) -> Result<&'static str, Invalid> {
    let name = if priority.name == SERVICE_SPREADING { SELECTOR_SPREAD } else { priority.name.as_str() };
    let argument = priority.argument.as_ref();
    let count = argument.map_or(1, |a| {
        usize::from(a.service_anti_affinity.is_some())
            + usize::from(a.label_preference.is_some())
            + usize::from(a.requested_to_capacity_ratio_arguments.is_some())
    });
    if count != 1 {
        let message = format!("exactly 1 priority argument is required, numArgs: {count}, priority {name}");
        return Err(Invalid { path: vec![Step::Key("argument")], message });
    }
    // NodeLabel and RequestedToCapacityRatio are nothing without arguments, which a priority of their own names never gets.
    let predefined = PRIORITIES.iter().find(|(known, _)| *known == name && !matches!(*known, LABEL | RATIO));
    if let Some((known, _)) = predefined {
        if *known == AVOID_PODS {
            warnings.push(format!("priority {known} goes by an annotation that is not read: all nodes score alike"));
        }
        if argument.is_some() {
            warnings.push(format!("priority {known} has a meaning of its own: its argument has no effect"));
        }
        return Ok(known);
    }
    let Some(argument) = argument else {
        let known = PRIORITIES.iter().map(|(known, _)| *known).chain([EQUAL, SERVICE_SPREADING]);
        let message = format!("priority type not found for {name:?}{}", did_you_mean(name, known));
        return Err(Invalid { path: vec![Step::Key("name")], message });
    };
    if let Some(preference) = &argument.label_preference {
        let list = if preference.presence { &mut labels.present_preference } else { &mut labels.absent_preference };
        list.push(preference.label.clone());
        return Ok(LABEL);
    }
    let Some(ratio) = &argument.requested_to_capacity_ratio_arguments else {
        let detail = "not supported: it goes by Services, which a simulation does not have";
        return Err(Invalid::forbidden([Step::Key("argument"), Step::Key("serviceAntiAffinity")], detail));
    };
    let path = [Step::Key("argument"), Step::Key("requestedToCapacityRatioArguments")];
    ratio.validate().map_err(|invalid| invalid.below(&path))?;
    chosen.ratio = Some(ratio.clone());
    Ok(RATIO)
}

/// Adds the plugins of these priorities, in the order of the priorities' names.
pub(super) fn add(chosen: &Chosen, labels: &NodeLabels, hard_pod_affinity: i32, plugins: &mut Plugins) {
    for (key, weight) in &chosen.weights {
        let plugin = PRIORITIES.iter().find(|(known, _)| known == key).and_then(|(_, plugin)| *plugin);
        let Some(plugin) = plugin else { continue };
        // Every preferred label counts with the whole weight.
        plugins.score(plugin, if *key == LABEL { weight * labels.preferences() } else { *weight });
        match *key {
            EVEN_SPREAD => plugins.configure(plugin, "{ defaultingType: List }".to_owned()),
            SELECTOR_SPREAD => plugins.configure(plugin, "{ defaultingType: System }".to_owned()),
            POD_AFFINITY if hard_pod_affinity != 0 => {
                plugins.configure(plugin, format!("{{ hardPodAffinityWeight: {hard_pod_affinity} }}"));
            }
            RATIO => {
                if let Some(ratio) = &chosen.ratio {
                    plugins.configure(plugin, ratio.args());
                }
            }
            _ => {}
        }
    }
}

impl Ratio {
    fn validate(&self) -> Result<(), Invalid> {
        validate_shape(&self.shape, &[Step::Key("shape")])?;
        for (index, resource) in self.resources.iter().enumerate() {
            if !(1..=100).contains(&resource.weight()) {
                let path = [Step::Key("resources"), Step::Index(index), Step::Key("weight")];
                let detail = format!("resource weight of {} not in valid range [1, 100]", resource.name);
                return Err(Invalid::value(path, &resource.weight(), &detail));
            }
        }
        Ok(())
    }

    fn args(&self) -> String {
        let point = |p: &crate::config::ShapePoint| format!("{{ utilization: {}, score: {} }}", p.utilization, p.score);
        let shape: Vec<String> = self.shape.iter().map(point).collect();
        let resource =
            |r: &crate::config::WeightedResource| format!("{{ name: {}, weight: {} }}", quote(&r.name), r.weight());
        let resources: Vec<String> = self.resources.iter().map(resource).collect();
        format!("{{ shape: [{}], resources: [{}] }}", shape.join(", "), resources.join(", "))
    }
}
