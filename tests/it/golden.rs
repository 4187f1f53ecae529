//! Fingerprints of named scenarios. They change only with a change that is meant to change results.

use crate::support::{Folder, listing, repository, root, towtank};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;

/// What is pinned: the scenario and further arguments.
const RUNS: &[(&str, &[&str])] = &[
    ("examples/quickstart/scenario.yaml", &[]),
    ("tests/scenarios/autoscaling.yaml", &[]),
    ("tests/scenarios/csv.yaml", &[]),
    ("tests/scenarios/csv.yaml", &["--seed", "4"]),
    ("tests/scenarios/csv.yaml", &["--policy", "first-fit"]),
    ("tests/scenarios/csv.yaml", &["--policy", "most-allocated"]),
    ("tests/scenarios/csv.yaml", &["--policy", "random"]),
    ("tests/scenarios/csv.yaml", &["--policy", "round-robin"]),
    ("tests/scenarios/csv.yaml", &["--policy", "worst-fit"]),
    ("tests/scenarios/disruptions.yaml", &[]),
    ("tests/scenarios/gpu.yaml", &[]),
    ("tests/scenarios/gpu.yaml", &["--policy", "fgd"]),
    ("tests/scenarios/gpu.yaml", &["--policy", "gpu-random"]),
    ("tests/scenarios/policy.yaml", &[]),
    ("tests/scenarios/quota.yaml", &[]),
    ("tests/scenarios/tie-first.yaml", &[]),
];

/// The small scenarios, for what is done to all of them.
const SMALL: &[&str] = &["autoscaling", "csv", "disruptions", "gpu", "policy", "quota", "tie-first"];

/// The fields of a summary that tell of the machine and not of the run.
const OF_THE_MACHINE: [&str; 3] = ["wall_seconds", "decisions_per_second", "peak_rss_bytes"];

fn summary(scenario: &str, args: &[&str]) -> Value {
    let all = [&["run", scenario, "--out", "-", "--format", "json"], args].concat();
    serde_json::from_str(&towtank(root(), &all).expect(0).stdout).expect("JSON")
}

fn fingerprint(scenario: &str, args: &[&str]) -> String {
    summary(scenario, args)["fingerprint"].as_str().expect("a text").to_owned()
}

/// Compares the fingerprints of runs with those of a file, or writes them there.
fn compare(file: &str, runs: &[(&str, &[&str])]) {
    let mut found = "scenario,arguments,fingerprint\n".to_owned();
    for (scenario, args) in runs {
        let _ = writeln!(found, "{scenario},{},{}", args.join(" "), fingerprint(scenario, args));
    }
    let path = repository("tests/it/golden").join(file);
    if std::env::var_os("TOWTANK_UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).expect("the golden file is written");
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, golden, "results changed: if that is meant, say so in CHANGELOG.md and renew {}", path.display());
}

#[test]
fn fingerprints() {
    compare("fingerprints.csv", RUNS);
}

/// The real trace, where it is at hand.
#[test]
fn fingerprints_of_openb() {
    if repository("../shared/traces/alibaba-gpu-v2023").exists() {
        compare("openb.csv", &[("examples/openb/fill.yaml", &[]), ("examples/openb/replay.yaml", &[])]);
    }
}

#[test]
fn a_run_repeats() {
    for name in SMALL {
        let scenario = format!("tests/scenarios/{name}.yaml");
        let mut twice = [summary(&scenario, &[]), summary(&scenario, &[])];
        for one in &mut twice {
            for field in OF_THE_MACHINE {
                one.as_object_mut().expect("fields").remove(field).expect("the field is there");
            }
        }
        assert_eq!(twice[0], twice[1], "{name}");
    }
}

#[test]
fn nobody_watching_changes_nothing() {
    for name in SMALL {
        let scenario = format!("tests/scenarios/{name}.yaml");
        let unobserved = ["--set", "observe={figures: false, tables: false, events: false, interval: 1h}"];
        let folder = Folder::new();
        let out = folder.path().join("out");
        let watched = ["run", &scenario, "--format", "json", "--out", out.to_str().expect("UTF-8")];
        let watched: Value = serde_json::from_str(&towtank(root(), &watched).expect(0).stdout).expect("JSON");
        assert_eq!(watched["fingerprint"].as_str(), Some(&*fingerprint(&scenario, &unobserved)), "{name}");
    }
}

#[test]
fn every_evaluation_decides_alike() {
    for name in SMALL {
        let scenario = format!("tests/scenarios/{name}.yaml");
        let default = fingerprint(&scenario, &[]);
        for evaluation in ["plain", "indexed", "checked"] {
            assert_eq!(fingerprint(&scenario, &["--evaluation", evaluation]), default, "{name}, {evaluation}");
        }
    }
    // A day in which everything happens.
    let quickstart = "examples/quickstart/scenario.yaml";
    assert_eq!(fingerprint(quickstart, &["--evaluation", "plain"]), fingerprint(quickstart, &[]));
}

#[test]
fn another_seed_is_another_run() {
    for name in SMALL {
        let scenario = format!("tests/scenarios/{name}.yaml");
        // Without ties to break and times to draw, the seed has nothing to say.
        if *name != "tie-first" {
            assert_ne!(fingerprint(&scenario, &["--seed", "1"]), fingerprint(&scenario, &["--seed", "2"]), "{name}");
        }
    }
}

#[test]
fn the_number_of_jobs_changes_no_byte() {
    let folders = [Folder::new(), Folder::new()];
    for (folder, jobs) in folders.iter().zip(["1", "2"]) {
        let out = folder.path().join("out");
        let out = out.to_str().expect("UTF-8");
        let policies = ["--policy", "default", "--policy", "best-fit", "--policy", "random"];
        let args = ["compare", "tests/scenarios/gpu.yaml", "--seeds", "1..2", "--jobs", jobs, "--out", out];
        towtank(root(), &[&args[..], &policies].concat()).expect(0);
    }
    let names = listing(folders[0].path());
    assert_eq!(names, listing(folders[1].path()));
    assert!(names.iter().any(|name| name.ends_with("report.html")));
    for name in names {
        let [one, two] = [0, 1].map(|i| content(&folders[i].path().join(&name)));
        assert!(one == two, "{name} differs");
    }
}

/// A file without the lines that tell of the machine.
fn content(path: &Path) -> Vec<u8> {
    if path.is_dir() {
        return Vec::new();
    }
    let bytes = std::fs::read(path).expect("a file");
    let Ok(text) = String::from_utf8(bytes.clone()) else { return bytes };
    let ours = |line: &&str| !OF_THE_MACHINE.iter().any(|field| line.contains(field));
    text.lines().filter(ours).collect::<Vec<_>>().join("\n").into_bytes()
}
