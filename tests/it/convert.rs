//! `towtank convert`: traces out, whole or not at all.

use crate::support::{Folder, repository, root, towtank};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs;
use std::io::Read as _;

const PODS: &str = "\
name,arrival_s,duration_s,cpu_milli,memory_bytes
a,0,10,1000,1073741824
b,5.5,20,2000,0
";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("pods.csv", PODS);
    folder
}

#[test]
fn the_ending_says_what_is_written() {
    let folder = folder();
    for output in ["out.csv", "out.csv.gz"] {
        folder.run(&["convert", "pods.csv", "-o", output]).expect(0);
    }
    assert_eq!(folder.read("out.csv"), PODS);
    let mut text = String::new();
    GzDecoder::new(fs::File::open(folder.path().join("out.csv.gz")).unwrap()).read_to_string(&mut text).unwrap();
    assert_eq!(text, PODS);
    let printed = folder.run(&["convert", "pods.csv", "--to", "csv"]).expect(0);
    assert_eq!((printed.stdout.as_str(), printed.stderr.as_str()), (PODS, ""));
    // And back, through a log.
    folder.run(&["convert", "pods.csv", "-o", "log.swf"]).expect(0);
    let back = folder.run(&["convert", "log.swf", "--to", "csv", "--options", "{ processorsPerPod: 2 }"]).expect(0);
    assert!(back.stdout.contains("\n2,5.5,20,2000,0"), "{}", back.stdout);
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let folder = folder();
    folder.write("out.csv", "what was there before");
    folder.write("bad.csv", format!("{PODS}c,6,never,1,1\n"));
    let failed = folder.run(&["convert", "bad.csv", "-o", "out.csv"]).expect(2);
    assert!(
        failed.stderr.contains("bad.csv: line 4, column `duration_s`: `never` is not a number")
            && failed.stderr.contains("(read as format `csv`)"),
        "{}",
        failed.stderr
    );
    assert_eq!(folder.read("out.csv"), "what was there before");
    assert_eq!(folder.listing(), ["bad.csv", "out.csv", "pods.csv"]);
    folder.run(&["convert", "pods.csv", "-o", "nowhere/out.csv"]).expect(3);
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = folder();
    folder.write("what.txt", "nothing in particular\n");
    for (args, code, said) in [
        (&["convert", "pods.csv"][..], 2, "its ending says no target"),
        (&["convert", "pods.csv", "--to", "cvs"], 2, "did you mean `csv`?"),
        (&["convert", "what.txt", "--to", "csv"], 2, "no format looks like this"),
        (&["convert", "pods.csv", "--from", "swf", "--to", "csv"], 2, "line 1: found 1 fields, expected 18 for a job"),
        (&["convert", "pods.csv", "--part", "nodes", "--to", "csv"], 2, "this header is that of a file of pods"),
        (&["convert", "pods.csv", "--to", "csv", "--options", "{ form: 1d }"], 2, "--options: "),
        (&["convert", "absent.csv", "--to", "csv"], 2, "absent.csv: cannot be opened"),
    ] {
        let failed = folder.run(args).expect(code);
        assert!(failed.stderr.contains(said), "{args:?}: {}", failed.stderr);
    }
}

#[test]
fn a_run_becomes_a_timeline() {
    let folder = Folder::new();
    let out = folder.path().join("out");
    let path = out.to_str().expect("UTF-8");
    towtank(root(), &["run", "tests/scenarios/csv.yaml", "--out", path]).expect(0);
    let timeline = folder.run(&["convert", "out", "--to", "chrome"]).expect(0).stdout;
    let timeline: Value = serde_json::from_str(&timeline).expect("JSON");
    let events = timeline["traceEvents"].as_array().expect("events");
    let of_phase = |phase: &str| events.iter().filter(|event| event["ph"] == phase).count();
    let pods = csv::Reader::from_path(out.join("pods.csv")).expect("a table").into_records().count();
    assert!(of_phase("M") > 1 && of_phase("X") >= pods, "{pods} pods");
    folder.run(&["convert", "out", "--to", "csv"]).expect(2);
}

#[test]
fn recorded_pods_are_rows_whoever_made_them() {
    let folder = Folder::new();
    let snapshot = "\
apiVersion: v1
kind: List
items:
- { apiVersion: apps/v1, kind: ReplicaSet, metadata: { name: web } }
- { apiVersion: v1, kind: Node, metadata: { name: n }, status: { allocatable: { cpu: '2', memory: 4Gi, pods: '110' } } }
- apiVersion: v1
  kind: Pod
  metadata: { name: web-a, ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true }] }
  spec: { nodeName: n, containers: [{ name: c, resources: { requests: { cpu: 500m } } }] }
";
    folder.write("snapshot.yaml", snapshot);
    let pods = folder.run(&["convert", "snapshot.yaml", "--to", "csv"]).expect(0);
    assert_eq!(pods.stdout, "name,arrival_s,duration_s,cpu_milli,memory_bytes\nweb-a,0,,500,0\n");
    assert!(pods.stderr.contains("1 times an object of the kind ReplicaSet left out"), "{}", pods.stderr);
    let nodes = folder.run(&["convert", "snapshot.yaml", "--part", "nodes", "--to", "csv"]).expect(0);
    assert_eq!(nodes.stdout, "name,cpu_milli,memory_bytes,pods\nn,2000,4294967296,110\n");
    // Inspecting reads the same rows.
    let inspected = folder.run(&["inspect", "snapshot.yaml", "--format", "json"]).expect(0);
    assert!(inspected.stderr.contains("of the kind ReplicaSet left out"), "{}", inspected.stderr);
    let manifests = folder.run(&["convert", "snapshot.yaml", "--to", "manifests"]).expect(0);
    assert!(manifests.stdout.contains("kind: ReplicaSet") && !manifests.stdout.contains("kind: Node"));
}

/// The scenarios that are shipped with the formats run as their pages say.
#[test]
fn examples_of_formats_run() {
    for (data, scenario, pods) in [
        ("../shared/traces/swf", "examples/swf/nasa.yaml", 5_000),
        ("../shared/traces/simkube", "examples/simkube/social-network.yaml", 54),
    ] {
        if !repository(data).exists() {
            eprintln!("skipped: no {data}");
            continue;
        }
        let finished = towtank(root(), &["run", scenario, "--out", "-", "--format", "json"]).expect(0);
        let summary: Value = serde_json::from_str(&finished.stdout).expect("JSON");
        assert!(summary["pods"]["submitted"].as_u64().is_some_and(|count| count >= pods), "{summary}");
        assert_eq!(summary["pods"]["pending"], 0, "{scenario}");
    }
}
