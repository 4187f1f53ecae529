//! What the README promises.

use crate::support::{Folder, repository, root, towtank};
use serde_json::Value;

#[test]
fn both_commands_stand_there() {
    let Ok(readme) = std::fs::read_to_string(repository("README.md")) else { return };
    for command in ["cargo run --release -- run examples/quickstart/scenario.yaml", "cargo test --workspace"] {
        assert!(
            readme.lines().any(|line| line.trim_start_matches("$ ").trim() == command),
            "README.md has no line `{command}`"
        );
    }
}

#[test]
fn the_quickstart_tells_its_story() {
    let folder = Folder::new();
    let out = folder.path().join("out");
    let args = ["run", "examples/quickstart/scenario.yaml", "--format", "json", "--out", out.to_str().expect("UTF-8")];
    let finished = towtank(root(), &args).expect(0);
    let summary: Value = serde_json::from_str(&finished.stdout).expect("JSON");
    let count = |path: &str| summary.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path}"));

    assert_eq!(count("/simulated_seconds"), 86_400.0);
    assert!((15_000.0..20_000.0).contains(&count("/pods/submitted")), "about 17,000 pods");
    assert!((150.0..250.0).contains(&count("/nodes/peak")), "about 200 nodes");
    assert!(count("/quota_refusals/analytics") > 0.0, "the quota bites");
    assert!(count("/autoscaler/scale_ups") > 0.0 && count("/autoscaler/nodes_added") > 0.0, "the group grows");
    assert!(count("/autoscaler/scale_downs") > 0.0 && count("/autoscaler/nodes_removed") > 0.0, "and shrinks");
    assert!(count("/disruptions/machine-failures") > 30.0, "a zone goes");
    assert!(count("/pods/evicted") > 0.0, "and its pods with it");
    assert!(count("/utilization/towtank.dev~1gpu-milli/peak_allocated") > 0.5, "GPUs are shared");

    let page = folder.read("out/report.html");
    for words in ["refused by quota compute of namespace analytics", "zone b: ", "machines down", "node group burst: "]
    {
        assert!(page.contains(words), "the page does not speak of {words:?}");
    }
}

/// The scenarios that are shipped can be used, those included whose data is not.
#[test]
fn examples_are_valid() {
    let mut files = vec!["examples/quickstart/scenario.yaml"];
    if repository("../shared/traces/alibaba-gpu-v2023").exists() {
        files.extend(["examples/openb/fill.yaml", "examples/openb/replay.yaml"]);
    }
    if repository("../shared/traces/swf").exists() {
        files.push("examples/swf/nasa.yaml");
    }
    if repository("../shared/traces/simkube").exists() {
        files.push("examples/simkube/social-network.yaml");
    }
    let finished = towtank(root(), &[&["validate"], &files[..]].concat()).expect(0);
    assert_eq!(finished.stderr, "", "no warnings");
    let expected: Vec<String> = files.iter().map(|file| format!("{file}: ok")).collect();
    assert_eq!(finished.stdout.lines().collect::<Vec<_>>(), expected);
}
