//! `towtank conform`: what it finds, what it prints, how it ends, and the recorded tables themselves.

use crate::support::{Folder, repository};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write as _;

/// A table of `podRequests` with one case, that `cpu` is what a pod asks for which asks for one CPU.
fn table(cpu: &str) -> String {
    format!(
        r#"{{
  "kubernetes": "v1.36.2",
  "function": "podRequests",
  "cases": [
    {{
      "name": "one",
      "covers": ["requests"],
      "input": {{
        "apiVersion": "v1", "kind": "Pod", "metadata": {{ "name": "p" }},
        "spec": {{ "containers": [{{ "name": "c", "resources": {{ "requests": {{ "cpu": "1" }} }} }}] }}
      }},
      "output": {{ "requests": {{ "cpu": "{cpu}" }}, "limits": null, "qosClass": "Burstable" }}
    }}
  ]
}}
"#
    )
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(text.as_bytes()).expect("packed");
    packer.finish().expect("packed")
}

#[test]
fn a_difference_is_readable() {
    let folder = Folder::new();
    folder.write("right.json", table("1"));
    folder.run(&["conform", "right.json"]).expect(0);
    folder.write("wrong.json", table("2"));
    let said = folder.run(&["conform", "right.json", "wrong.json"]).expect(1);
    let expected = "wrong.json: cases[0] one\n  requests.cpu: expected \"2\", got \"1\"\n1 passed, 1 failed\n";
    assert_eq!(said.stdout, expected);
    assert_eq!(said.stderr, "error: 1 of 2 recorded cases differ\n");
}

#[test]
fn json_says_the_same() {
    let folder = Folder::new();
    folder.write("wrong.json", table("2"));
    let said = folder.run(&["conform", "--json", "wrong.json"]).expect(1);
    let results: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let expected = serde_json::json!({
        "cases": [{
            "recording": "wrong.json",
            "name": "cases[0] one",
            "passed": false,
            "mismatches": [{ "what": "requests.cpu", "expected": "\"2\"", "got": "\"1\"" }],
        }],
        "passed": 0,
        "failed": 1,
    });
    assert_eq!(results, expected);
}

#[test]
fn covers_selects() {
    let folder = Folder::new();
    folder.write("wrong.json", table("2"));
    for name in ["one", "requests", "podRequests"] {
        folder.run(&["conform", "--covers", name, "wrong.json"]).expect(1);
    }
    let said = folder.run(&["conform", "--covers", "NodePorts", "wrong.json"]).expect(0);
    assert_eq!(said.stdout, "0 passed, 0 failed\n");
    assert_eq!(said.stderr, "warning: no case was selected\n");
}

/// In the order of names, at every depth, packed or not, and nothing else than what may be a recording.
#[test]
fn folders_are_visited() {
    let folder = Folder::new();
    folder.write("all/b.json", table("2"));
    folder.write("all/a/z.json.gz", packed(&table("3")));
    folder.write("all/c.json", packed(&table("4")));
    folder.write("all/README.md", "# No recording");
    let said = folder.run(&["conform", "all"]).expect(1);
    let recordings: Vec<&str> = said.stdout.lines().filter_map(|line| line.strip_suffix(": cases[0] one")).collect();
    assert_eq!(recordings, ["all/a/z.json.gz", "all/b.json", "all/c.json"]);
    assert!(said.stdout.ends_with("\n0 passed, 3 failed\n"), "{}", said.stdout);
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_played() {
    let folder = Folder::new();
    let check = |name: &str, text: &str, message: &str| {
        folder.write(name, text);
        folder.write("right.json", table("1"));
        let said = folder.run(&["conform", name, "right.json"]).expect(2);
        assert_eq!(said.stdout, "1 passed, 0 failed\n", "{name}");
        assert!(said.stderr.contains(message), "{name}: {}", said.stderr);
    };
    check("broken.json", "{\n  \"function\": \"quota\",\n", "broken.json");
    check("half.json", "{\"function\": \"quota\",\n\"cases\": 3}", "half.json:2:10: invalid type: integer `3`");
    check("what.json", &table("1").replace("podRequests", "podRequest"), "what.json:3:15: function: `podRequest`");
    check("what.json", &table("1").replace("podRequests", "podRequest"), "help: did you mean `podRequests`?");
    let negative = table("1").replace("\"cpu\": \"1\" } } }", "\"cpu\": \"-1\" } } }");
    let message =
        "bad.json:10:85: cases[0].input.spec.containers[0].resources.requests.cpu: Invalid value: \"-1\": must be";
    check("bad.json", &negative, message);
    check("other.yaml", "name: x\nsteps: []\n", "other.yaml: is no recording that can be played: expected one of");
    check("text.yaml", "words\n", "text.yaml: has no fields");

    let said = folder.run(&["conform", "nowhere"]).expect(2);
    assert!(said.stderr.starts_with("error: nowhere: cannot be read: "), "{}", said.stderr);
    folder.write("empty/README.md", "");
    let said = folder.run(&["conform", "empty"]).expect(2);
    assert!(said.stderr.starts_with("error: empty: no recording is in this folder"), "{}", said.stderr);
    assert!(folder.run(&["conform"]).expect(2).stderr.contains("required arguments"));
}

/// Other components' recordings are passed over in the corpus, and refused where they are asked for.
#[test]
fn recordings_that_nothing_plays_yet_are_named() {
    let folder = Folder::new();
    folder.write("conformance/kueue/a.yaml", "kueue: v0.19.2\n");
    folder.write("conformance/functions/a.json", table("1"));
    let said = folder.run(&["conform", "conformance"]).expect(0);
    assert_eq!(said.stdout, "1 passed, 0 failed\n");
    let expected = "warning: conformance/kueue: passed over: recordings of Kueue cannot be played yet\n";
    assert_eq!(said.stderr, expected);
    let said = folder.run(&["conform", "conformance/kueue/a.yaml"]).expect(2);
    assert!(said.stderr.contains("a.yaml: recordings of Kueue cannot be played yet"), "{}", said.stderr);
}

/// What is not modelled is told apart from what differs, and fails nothing.
#[test]
fn what_is_not_modelled_is_counted_by_itself() {
    let folder = Folder::new();
    let case = "name: one\noptions: {some-flag: 1}\nnodeGroups: []\nobjects: []\nexpect: {result: ScaleUpNotNeeded}\n";
    folder.write("one.yaml", case);
    let said = folder.run(&["conform", "one.yaml"]).expect(0);
    assert_eq!(said.stdout, "one.yaml: one\n  not modelled: some-flag\n0 passed, 0 failed, 1 not modelled\n");
    folder.write("one.yaml", case.replace("{some-flag: 1}", "{max-nodes-total: 3}"));
    assert_eq!(folder.run(&["conform", "one.yaml"]).expect(0).stdout, "1 passed, 0 failed\n");
}

/// What the real scheduler did: every recording of a folder, of which there are at least so many.
fn as_recorded(folder: &str, at_least: usize) {
    let folder = repository("../shared/conformance").join(folder);
    if !folder.exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let said = crate::support::towtank(&folder, &["conform", "."]);
    let closing = said.stdout.lines().last().unwrap_or_default();
    let passed: usize = closing.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    assert!(passed >= at_least && closing.contains(" passed, 0 failed"), "{}{}", said.stdout, said.stderr);
}

#[test]
fn functions_are_as_recorded() {
    as_recorded("functions", 500);
}

#[test]
fn decisions_are_as_recorded() {
    as_recorded("decisions", 440);
}

#[test]
fn sequences_are_as_recorded() {
    as_recorded("sequences", 6);
}

#[test]
fn sampling_is_as_recorded() {
    as_recorded("sampling", 20);
}

#[test]
fn timelines_are_as_recorded() {
    as_recorded("timelines", 86);
}

#[test]
fn whole_runs_are_as_recorded() {
    as_recorded("dynamic", 5);
}

#[test]
fn the_descheduler_evicts_as_recorded() {
    as_recorded("descheduler", 66);
}

/// At most two of them ask for something that is not modelled.
#[test]
fn the_autoscaler_grows_groups_as_recorded() {
    as_recorded("autoscaler/scaleup", 127);
}

#[test]
fn the_autoscaler_removes_nodes_as_recorded() {
    as_recorded("autoscaler/scaledown", 88);
}

/// Deployments and ReplicaSets are as recorded but for a few scripts in which requests overlap within milliseconds; of the others, those
/// are not modelled that need more.
#[test]
fn controllers_are_as_recorded() {
    let folder = repository("../shared/conformance/controllers");
    if !folder.exists() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let said = crate::support::towtank(&folder, &["conform", "."]);
    let closing = said.stdout.lines().last().unwrap_or_default();
    let passed: usize = closing.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
    assert!(passed >= 25, "{closing}");
}
