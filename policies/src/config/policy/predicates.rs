//! Predicates, and the plugins that filter in their place.

use super::NodeLabels;
use super::plugins::Plugins;
use super::schema::Predicate;
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use crate::suggest::did_you_mean;
use std::collections::BTreeSet;

/// The predicates in the order in which they run, with their plugins. NodeGpuShare is an addition, as in the default profile.
/// The limits of single kinds of cloud disks are all NodeVolumeLimits by now.
const PREDICATES: &[(&str, &[&str])] = &[
    ("CheckNodeUnschedulable", &["NodeUnschedulable"]),
    ("GeneralPredicates", &["NodeResourcesFit", "NodeGpuShare", "NodeName", "NodePorts", "NodeAffinity"]),
    ("HostName", &["NodeName"]),
    ("PodFitsHostPorts", &["NodePorts"]),
    ("MatchNodeSelector", &["NodeAffinity"]),
    ("PodFitsResources", &["NodeResourcesFit", "NodeGpuShare"]),
    ("NoDiskConflict", &["VolumeRestrictions"]),
    ("PodToleratesNodeTaints", &["TaintToleration"]),
    (LABELS, &["NodeLabel"]),
    (SERVICES, &[]),
    ("MaxEBSVolumeCount", &["NodeVolumeLimits"]),
    ("MaxGCEPDVolumeCount", &["NodeVolumeLimits"]),
    ("MaxCSIVolumeCountPred", &["NodeVolumeLimits"]),
    ("MaxAzureDiskVolumeCount", &["NodeVolumeLimits"]),
    ("MaxCinderVolumeCount", &["NodeVolumeLimits"]),
    ("CheckVolumeBinding", &["VolumeBinding"]),
    ("NoVolumeZoneConflict", &["VolumeZone"]),
    ("EvenPodsSpread", &["PodTopologySpread"]),
    ("MatchInterPodAffinity", &["InterPodAffinity"]),
];

const LABELS: &str = "CheckNodeLabelPresence";
const SERVICES: &str = "CheckServiceAffinity";

/// Predicates that hold whatever a policy says.
const MANDATORY: &[&str] = &["PodToleratesNodeTaints", "CheckNodeUnschedulable"];

/// The predicates of a policy that has no list.
const DEFAULT: &[&str] = &[
    "NoVolumeZoneConflict",
    "MaxEBSVolumeCount",
    "MaxGCEPDVolumeCount",
    "MaxAzureDiskVolumeCount",
    "MaxCSIVolumeCountPred",
    "MatchInterPodAffinity",
    "NoDiskConflict",
    "GeneralPredicates",
    "PodToleratesNodeTaints",
    "CheckVolumeBinding",
    "CheckNodeUnschedulable",
    "EvenPodsSpread",
];

/// The names of the predicates that a policy asks for.
pub(super) fn keys(
    predicates: Option<&[Predicate]>,
    labels: &mut NodeLabels,
    warnings: &mut Vec<String>,
) -> Result<BTreeSet<&'static str>, Invalid> {
    let Some(predicates) = predicates else { return Ok(DEFAULT.iter().copied().collect()) };
    let mut keys = BTreeSet::new();
    for (index, predicate) in predicates.iter().enumerate() {
        let path = [Step::Key("predicates"), Step::Index(index)];
        keys.insert(key(predicate, labels, warnings).map_err(|invalid| invalid.below(&path))?);
    }
    Ok(keys)
}

/// Adds the plugins of these predicates, and of those that are mandatory, in the predicates' order.
pub(super) fn add(keys: &BTreeSet<&'static str>, plugins: &mut Plugins) {
    let asked = |name: &str| keys.contains(name) || MANDATORY.contains(&name);
    for plugin in PREDICATES.iter().filter(|(name, _)| asked(name)).flat_map(|(_, plugins)| *plugins) {
        plugins.filter(plugin);
    }
}

fn key(predicate: &Predicate, labels: &mut NodeLabels, warnings: &mut Vec<String>) -> Result<&'static str, Invalid> {
    let name = if predicate.name == "PodFitsPorts" { "PodFitsHostPorts" } else { predicate.name.as_str() };
    let argument = predicate.argument.as_ref();
    let count =
        argument.map_or(1, |a| usize::from(a.service_affinity.is_some()) + usize::from(a.labels_presence.is_some()));
    if count != 1 {
        let message = format!("exactly 1 predicate argument is required, numArgs: {count}, predicate {name}");
        return Err(Invalid { path: vec![Step::Key("argument")], message });
    }
    if let Some((known, _)) = PREDICATES.iter().find(|(known, _)| *known == name) {
        if argument.is_some() {
            warnings.push(format!("predicate {known} has a meaning of its own: its argument has no effect"));
        } else if *known == SERVICES {
            warnings.push(format!("predicate {known} without labels has no effect"));
        }
        return Ok(known);
    }
    let Some(argument) = argument else {
        let hint = did_you_mean(name, PREDICATES.iter().map(|(known, _)| *known));
        let message = format!("predicate type not found for {name:?}{hint}");
        return Err(Invalid { path: vec![Step::Key("name")], message });
    };
    let Some(presence) = &argument.labels_presence else {
        let detail = "not supported: it goes by Services, which a simulation does not have";
        return Err(Invalid::forbidden([Step::Key("argument"), Step::Key("serviceAffinity")], detail));
    };
    let list = if presence.presence { &mut labels.present } else { &mut labels.absent };
    list.extend(presence.labels.iter().cloned());
    Ok(LABELS)
}
