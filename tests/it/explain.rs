//! `towtank explain`: what it tells is what the run did, and a run that cannot be played again is refused.

use crate::support::{Folder, repository, root, towtank};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// The output of a busy cluster, in a folder.
fn busy(set: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    let out = folder.path().join("out").to_str().expect("UTF-8").to_owned();
    let args = ["run", "tests/scenarios/policy.yaml", "--set", "observe.figures=false", "--out", &out];
    towtank(root(), &[&args[..], set].concat()).expect(0);
    (folder, out)
}

fn explained(out: &str, args: &[&str]) -> Value {
    let said = towtank(root(), &[&["explain", out][..], args, &["--json"]].concat()).expect(0);
    serde_json::from_str(&said.stdout).expect("JSON")
}

/// The pod that was tried most often, by the table.
fn most_tried(folder: &Folder) -> BTreeMap<String, String> {
    let text = folder.read("out/pods.csv");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|row| row.expect("a row")).collect();
    let attempts = |row: &BTreeMap<String, String>| row["attempts"].parse::<u32>().expect("a number");
    rows.into_iter().max_by_key(attempts).expect("a pod")
}

fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    value.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[test]
fn it_tells_what_the_run_did() {
    let (folder, out) = busy(&[]);
    let pod = most_tried(&folder);
    let told = explained(&out, &[&pod["name"]]);
    assert_eq!(told["pod"], format!("{}/{}", pod["namespace"], pod["name"]));
    let attempts = list(&told, "/lives/0/attempts");
    assert_eq!(attempts.len().to_string(), pod["attempts"]);
    let (first, last) = (&attempts[0], attempts.last().expect("an attempt"));
    assert_eq!(first["woken_by"][0]["event"], "UnscheduledPodAdd");
    assert_eq!((&first["result"]["kind"], &last["result"]["kind"]), (&"failed".into(), &"bound".into()));
    assert_eq!(last["result"]["node"], pod["node"]);
    assert_eq!(
        (&told["lives"][0]["end"]["outcome"], &told["lives"][0]["end"]["node"]),
        (&pod["outcome"].as_str().into(), &pod["node"].as_str().into())
    );

    // Of the first, every node is refused, and the reasons are those of the message.
    let details = &first["details"];
    assert_eq!((&details["feasible"], &details["choice"]), (&0.into(), &Value::Null));
    let groups = list(details, "/refused");
    let refused: u64 = groups.iter().filter_map(|group| group["nodes"].as_u64()).sum();
    assert_eq!(Some(refused), details["nodes"].as_u64());
    let message = first["result"]["message"].as_str().expect("a message");
    for group in groups {
        let reason = group["reason"].as_str().expect("a reason");
        assert!(reason.split(", ").all(|reason| message.contains(reason)), "{reason} in {message}");
    }
    for between in &attempts[1..attempts.len() - 1] {
        assert_eq!(between["details"], Value::Null, "only the first and the last are told");
    }
}

#[test]
fn scores_add_up_and_the_best_is_chosen() {
    let (_folder, out) = busy(&[]);
    let told = explained(&out, &["p1", "--top", "99", "--all-nodes"]);
    let details = &told["lives"][0]["attempts"][0]["details"];
    let (plugins, nodes) = (list(details, "/scores/plugins"), list(details, "/scores/nodes"));
    assert_eq!(nodes.len() as u64, details["found"].as_u64().expect("a number"));
    for node in nodes {
        let weighted = list(node, "/scores").iter().zip(plugins);
        let total: i64 = weighted
            .map(|(score, plugin)| score.as_i64().expect("a score") * plugin["weight"].as_i64().expect("a weight"))
            .sum();
        assert_eq!(node["total"], total);
        assert!(node["total"].as_i64() <= nodes[0]["total"].as_i64(), "the chosen one stands first");
    }
    assert_eq!(details["choice"]["node"], nodes[0]["node"]);
    assert_eq!(list(details, "/every_node").len() as u64, details["nodes"].as_u64().expect("a number"));
}

/// The table only says earlier when to stop.
#[test]
fn without_tables_it_tells_the_same() {
    let (folder, out) = busy(&[]);
    let (_other, without) = busy(&["--set", "observe.tables=false"]);
    let pod = most_tried(&folder);
    for name in [pod["name"].clone(), format!("{}/{}", pod["namespace"], pod["name"])] {
        let (mut a, mut b) = (explained(&out, &[&name]), explained(&without, &[&name]));
        for told in [&mut a, &mut b] {
            // The table has microseconds.
            told["lives"][0]["end"] = told["lives"][0]["end"]["outcome"].take();
        }
        assert_eq!(a, b, "{name}");
    }
}

#[test]
fn attempts_are_selected() {
    let (folder, out) = busy(&[]);
    let pod = most_tried(&folder);
    let told = explained(&out, &[&pod["name"], "--attempt", "2"]);
    let attempts = list(&told, "/lives/0/attempts");
    let detailed: Vec<bool> = attempts.iter().map(|attempt| !attempt["details"].is_null()).collect();
    assert_eq!(detailed, [false, true], "the run is left after the second");
    let text = towtank(root(), &["explain", &out, &pod["name"], "--attempt", "2"]).expect(0).stdout;
    assert!(text.contains("\nAttempt 2 at ") && !text.contains("\nAttempt 1 at "), "{text}");
    let refused = towtank(root(), &["explain", &out, &pod["name"], "--attempt", "999"]).expect(2).stderr;
    assert!(refused.contains(&format!("was tried {} times: expected --attempt from 1", pod["attempts"])), "{refused}");
}

#[test]
fn a_pod_that_is_not_there() {
    for set in [&[][..], &["--set", "observe.tables=false"]] {
        let (_folder, out) = busy(set);
        let said = towtank(root(), &["explain", &out, "p-17"]).expect(2).stderr;
        assert!(said.starts_with("error: the run has no pod `p-17`\n  help: did you mean `p"), "{said}");
    }
}

/// A scenario of its own, with a file beside it.
fn own() -> Folder {
    let folder = Folder::new();
    for name in ["nodes.csv", "pods.csv"] {
        folder
            .write(&format!("work/data/{name}"), fs::read(repository(&format!("tests/data/{name}"))).expect("a file"));
    }
    let scenario = fs::read_to_string(repository("tests/scenarios/policy.yaml")).expect("a scenario");
    folder.write("work/scenario.yaml", scenario.replace("../data/", "data/"));
    folder.run(&["run", "work/scenario.yaml", "--set", "observe.figures=false", "--seed", "5"]).expect(0);
    folder
}

#[test]
fn folders_may_move_together_but_inputs_must_not_change() {
    let folder = own();
    let before = folder.run(&["explain", "out/policy", "p3"]).expect(0).stdout;
    assert!(before.contains("seed 5"), "{before}");
    let moved = Folder::new();
    for part in ["work", "out"] {
        fs::rename(folder.path().join(part), moved.path().join(part)).expect("moved");
    }
    assert_eq!(moved.run(&["explain", "out/policy", "p3"]).expect(0).stdout, before);

    let pods = moved.read("work/data/pods.csv");
    moved.write("work/data/pods.csv", format!("{pods}\n"));
    let said = moved.run(&["explain", "out/policy", "p3"]).expect(2).stderr;
    assert!(said.contains("work/data/pods.csv: has changed since the run"), "{said}");
    moved.write("work/data/pods.csv", pods);
    moved.write("work/scenario.yaml", "not a scenario");
    let said = moved.run(&["explain", "out/policy", "p3"]).expect(2).stderr;
    assert!(said.contains("work/scenario.yaml: has changed since the run"), "{said}");
    fs::remove_file(moved.path().join("work/scenario.yaml")).expect("removed");
    let said = moved.run(&["explain", "out/policy", "p3"]).expect(2).stderr;
    assert!(said.contains("the scenario of this run is no longer there"), "{said}");
}

#[test]
fn another_version_is_refused() {
    let folder = own();
    let replay = folder.read("out/policy/replay.json");
    folder.write("out/policy/replay.json", replay.replacen(env!("CARGO_PKG_VERSION"), "0.0.1", 1));
    let said = folder.run(&["explain", "out/policy", "p3"]).expect(2).stderr;
    assert!(said.contains("replay.json: was written by towtank 0.0.1, and this is "), "{said}");
}
