//! Recorded decisions about pods with claims, from the manifests to verdicts and scores.
//!
//! The recordings are not part of this repository; without them the test says so and passes.

use serde_yaml::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use towtank::policies::cel::Selector;
use towtank::policies::{BuildContext, ParsedConfig, build};
use towtank::sim::cluster::Cluster;
use towtank::sim::model::pod::{NewPod, Run};
use towtank::sim::model::{NodeId, PodId};
use towtank::sim::random::Streams;
use towtank::sim::scheduler::{Cycle, FeatureGates, PreScore, Profile};
use towtank::workloads::manifest::{self, Item};

#[test]
fn decisions_about_pods_with_claims_are_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance/decisions/hand");
    let Ok(entries) = fs::read_dir(folder) else {
        eprintln!("no recorded decisions on this machine: nothing checked");
        return;
    };
    let paths = entries.map(|entry| entry.expect("the folder is readable").path());
    let paths = paths.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().contains("Dynamic")));
    let mut checked = 0;
    for path in paths {
        let text = fs::read_to_string(&path).expect("a recorded decision");
        check(&path.file_stem().expect("a file").to_string_lossy(), &serde_yaml::from_str(&text).expect("YAML"));
        checked += 1;
    }
    assert!(checked >= 9, "{checked} decisions");
}

fn check(name: &str, case: &Value) {
    let (cluster, pod) = world(case);
    let context = BuildContext { streams: Streams::new(1), gates: FeatureGates::default() };
    let profile = build(&ParsedConfig::default(), &context).profiles.remove(0);
    let cycle = Cycle::new(&cluster, cluster.pod(pod).expect("created").class, Some(pod));
    let expect = &case["expect"];
    let held = profile.pre_enqueue.iter().find_map(|index| profile.plugins[*index].pre_enqueue(&cycle).err());
    assert_eq!(held.as_deref(), expect["gated"]["reasons"][0].as_str(), "{name}");
    if held.is_some() {
        return;
    }
    let found = profile.pre_filter(&cycle);
    let refused = found.rejection.map(|rejection| rejection.verdict.message(&cluster.resources));
    assert_eq!(refused.as_deref(), expect["prefilter"]["reasons"][0].as_str(), "{name}");
    if refused.is_some() {
        return;
    }
    let mut feasible: Vec<NodeId> = Vec::new();
    for node in cluster.nodes().iter() {
        let recorded = &expect["infeasible"][node.name()];
        match found.chain.check(node) {
            None => feasible.push(node.id),
            Some((plugin, verdict)) => {
                let here = (profile.plugins[plugin].name(), verdict.code());
                let there = (recorded["plugin"].as_str().unwrap_or(""), recorded["code"].as_str().unwrap_or(""));
                assert_eq!(here, there, "{name}: {}", node.name());
                let texts = verdict.message(&cluster.resources);
                assert_eq!(texts, recorded["reasons"][0].as_str().unwrap_or(""), "{name}: {}", node.name());
            }
        }
    }
    let scores = scores(&profile, &cycle, &feasible);
    for (i, id) in feasible.iter().enumerate() {
        let node = cluster.node(*id).name();
        assert_eq!(Some(scores[i]), expect["feasible"][node]["scores"]["DynamicResources"].as_i64(), "{name}: {node}");
    }
}

/// The scores of DynamicResources.
fn scores(profile: &Profile, cycle: &Cycle<'_>, feasible: &[NodeId]) -> Vec<i64> {
    let plugin = profile.plugins.iter().find(|plugin| plugin.name() == "DynamicResources").expect("by default");
    match plugin.pre_score(cycle, feasible) {
        PreScore::Skip => panic!("it always has a say"),
        PreScore::Same(score) => vec![score; feasible.len()],
        PreScore::Ask(scorer) => {
            let mut scores: Vec<i64> = feasible.iter().map(|id| scorer.score(cycle.cluster.node(*id))).collect();
            scorer.normalize(&mut scores);
            scores
        }
    }
}

/// The cluster of a case, and the pod.
fn world(case: &Value) -> (Cluster, PodId) {
    let mut text = String::new();
    for object in case["objects"].as_sequence().into_iter().flatten().chain([&case["pod"]]) {
        let _ = write!(text, "---\n{}", serde_yaml::to_string(object).expect("it was read"));
    }
    let manifests = manifest::parse("case.yaml", text).unwrap_or_else(|error| panic!("{error}"));
    manifests.check_expressions(|text| Selector::compile(text).map(drop)).unwrap_or_else(|error| panic!("{error}"));
    let mut cluster = Cluster::default();
    let mut last = None;
    for planned in manifests.submissions {
        match planned.item {
            Item::Node(node) => drop(cluster.add_node(*node).expect("a new name")),
            Item::Object { namespace, name, body } => {
                cluster.create_object(&namespace, &name, None, body).expect("a new name");
            }
            Item::Pod(pod) => {
                let class = cluster.intern((*pod.template.spec).clone());
                let status = pod.status.map(Box::new);
                let new = NewPod { run: Run::Forever, status, ..NewPod::new(pod.name, class) };
                last = Some(cluster.create_pod(new).expect("admitted"));
            }
        }
    }
    (cluster, last.expect("a case has a pod"))
}
