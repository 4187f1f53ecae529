//! Whole output directories.

use std::fs;
use std::path::Path;

use towtank_reports::draw::Medium;
use towtank_reports::output::OutputDir;
use towtank_reports::report::{write_comparison, write_run};

use crate::demo;

/// Every file below a folder, sorted, with forward slashes.
fn files(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_run_fills_its_directory() {
    let root = tempfile::tempdir().unwrap();
    let dir = OutputDir::create(&root.path().join("out")).unwrap();
    write_run(&dir, &demo::run("default", 1, 600, 60, 3), Medium::SCREEN).unwrap();
    let out = dir.commit().unwrap();
    insta::assert_snapshot!(files(&out).join("\n"), @"
    plots/capacity.csv
    plots/capacity.png
    plots/capacity.svg
    plots/gantt.csv
    plots/gantt.png
    plots/gantt.svg
    plots/placement.csv
    plots/placement.png
    plots/placement.svg
    plots/pods-and-nodes.csv
    plots/pods-and-nodes.png
    plots/pods-and-nodes.svg
    plots/pods-by-state.csv
    plots/pods-by-state.png
    plots/pods-by-state.svg
    plots/scheduling-latency.csv
    plots/scheduling-latency.png
    plots/scheduling-latency.svg
    plots/startup-latency.csv
    plots/startup-latency.png
    plots/startup-latency.svg
    plots/utilization.csv
    plots/utilization.png
    plots/utilization.svg
    report.html
    summary.json
    timeseries.csv
    ");
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["pods"]["bound"], 19_790);
}

#[test]
fn a_comparison_holds_each_run_and_replaces_the_last_one() {
    let root = tempfile::tempdir().unwrap();
    let runs = [demo::run("a b", 1, 600, 60, 3), demo::run("a/b", 2, 600, 60, 3)];
    for _ in 0..2 {
        let dir = OutputDir::create(&root.path().join("out")).unwrap();
        write_comparison(&dir, &runs, &[], Medium::SCREEN).unwrap();
        dir.commit().unwrap();
    }
    let out = root.path().join("out");
    let found = files(&out);
    for file in ["report.html", "summary.json", "runs/a-b/report.html", "runs/a-b-2/plots/placement.png"] {
        assert!(found.iter().any(|known| known == file), "{file} of {found:?}");
    }
    let summary: serde_json::Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["runs"][1]["label"], "a/b");
}
