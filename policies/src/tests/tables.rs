//! Whatever a user may name is in a table, and works.

use crate::factory::BuildContext;
use crate::named::{POLICIES, profile_by_name};
use crate::registry::{self, PLUGINS, PluginEntry};
use std::collections::BTreeSet;
use std::path::PathBuf;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::FeatureGates;

/// `NodeResourcesFit` for `node_resources_fit`.
fn camel_case(file: &str) -> String {
    let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
    file.split('_').map(capital).collect()
}

#[test]
fn every_file_of_a_plugin_is_in_the_table() {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeSet::new();
    for folder in ["kube", "legacy", "research"] {
        for entry in std::fs::read_dir(source.join(folder)).expect("the sources are here") {
            let path = entry.expect("readable").path();
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            // What several plugins share is no plugin, nor is what batch schedulers do.
            if !["mod", "claims", "device_resources", "batch"].contains(&stem.as_str()) {
                files.insert(camel_case(&stem));
            }
        }
    }
    // A name that is an acronym.
    let name = |entry: &PluginEntry| if entry.name == "FGD" { "Fgd".to_owned() } else { entry.name.to_owned() };
    let names: BTreeSet<String> = PLUGINS.iter().map(name).collect();
    assert_eq!(files, names);
    assert_eq!(names.len(), PLUGINS.len(), "a name twice");
}

#[test]
fn default_plugins_exist() {
    for (name, _) in registry::DEFAULT_MULTI_POINT {
        assert!(registry::find(name).is_some() != registry::UNMODELLED.contains(name), "{name}");
    }
}

#[test]
fn named_policies_score_with_what_they_say() {
    let scorers: Vec<(&str, String)> = POLICIES
        .iter()
        .map(|policy| {
            let config = crate::build(&policy.config(), &BuildContext::new(Streams::new(1), FeatureGates::default()));
            assert!(config.warnings.is_empty(), "{:?}", config.warnings);
            let profile = &config.profiles[0];
            let scorers: Vec<String> =
                profile.score.iter().map(|(i, weight)| format!("{}*{weight}", profile.plugins[*i].name())).collect();
            assert!(profile.filter.len() >= 7, "{} has the default filters", policy.name);
            (policy.name, format!("{} {}", scorers.join(" "), profile.percentage_of_nodes_to_score))
        })
        .collect();
    let of = |name: &str| scorers.iter().find(|(n, _)| *n == name).map_or("", |(_, text)| text);
    assert_eq!(
        of("default"),
        "TaintToleration*3 NodeAffinity*2 NodeResourcesFit*1 VolumeBinding*1 PodTopologySpread*2 InterPodAffinity*2 \
         DynamicResources*2 NodeResourcesBalancedAllocation*1 ImageLocality*1 0"
    );
    assert_eq!(of("least-allocated"), "NodeResourcesFit*1 0");
    assert_eq!(of("most-allocated"), "NodeResourcesFit*1 0");
    assert_eq!(of("random"), "Random*1 0");
    assert_eq!(of("best-fit"), "BestFit*1 100");
    assert_eq!(of("worst-fit"), "WorstFit*1 100");
    assert_eq!(of("first-fit"), "FirstFit*1 100");
    assert_eq!(of("round-robin"), "RoundRobin*1 100");
}

#[test]
fn unknown_names_meet_the_nearest_one() {
    let message = |name: &str| profile_by_name(name).map(|policy| policy.name).unwrap_err().to_string();
    assert_eq!(message("bestfit"), "unknown policy `bestfit`: did you mean `best-fit`?");
    assert_eq!(message("quantum"), "unknown policy `quantum`");
    let plugin = registry::find_or_suggest("NodeResourceFit").unwrap_err().to_string();
    assert_eq!(plugin, "unknown plugin `NodeResourceFit`: did you mean `NodeResourcesFit`?");
}
