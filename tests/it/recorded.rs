//! Whole runs against recordings of the real kube-scheduler v1.36.2: every pod on the same node, bound at the same
//! millisecond, after the same number of attempts.
//!
//! The recordings are not part of this repository; without them the tests say so and pass.

use crate::support::shared;
use flate2::read::MultiGzDecoder;
use serde_yaml::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

type Row = BTreeMap<String, String>;

#[test]
fn openb_is_placed_as_recorded() {
    check_sequence("openb-default", "");
    let most_allocated = "
profiles:
  - pluginConfig:
      - name: NodeResourcesFit
        args:
          scoringStrategy:
            type: MostAllocated
            resources: [{ name: cpu, weight: 1 }, { name: memory, weight: 1 }, { name: nvidia.com/gpu, weight: 5 }]
";
    check_sequence("openb-default-mostallocated", most_allocated);
}

#[test]
fn whole_runs_of_plain_pods_are_as_recorded() {
    for name in ["openb-20nodes", "plain-200x5000"] {
        check_dynamic(name);
    }
}

/// One pod after another on the whole openb cluster, whole GPUs, the first of the best nodes.
fn check_sequence(name: &str, profiles: &str) {
    let Some(recorded) = shared(&format!("conformance/sequences/{name}")) else { return };
    let traces = shared("traces/alibaba-gpu-v2023").expect("the trace lies beside the recordings");
    let nodes = traces.join("openb_node_list_all_node.csv");
    let pods = traces.join("openb_pod_list_default.csv.gz");
    let scenario = format!(
        "cluster: [{{ trace: {{ format: openb, nodes: {}, options: {{ gpu: whole }} }} }}]
workload: [{{ trace: {{ format: openb, pods: {}, options: {{ gpu: whole, times: arrivals-only }} }} }}]",
        nodes.display(),
        pods.display()
    );
    let got = run(&scenario, &[("kube-scheduler.yaml", &configuration(profiles))]);
    for expected in table(&unzip(&recorded.join("expected.csv.gz"))) {
        let pod = &expected["pod"];
        assert_eq!(got[pod]["node"], expected["node"], "{name}: {pod}");
    }
}

/// Arrivals, ends and retries against a clock.
fn check_dynamic(name: &str) {
    let Some(recorded) = shared(&format!("conformance/dynamic/{name}")) else { return };
    let input: Value = serde_yaml::from_str(&unzip(&recorded.join("input.yaml.gz"))).expect("the recording is YAML");
    let nodes: String = list(&input, "objects").iter().map(document).collect();
    let pods: String = list(&input, "script").iter().map(submitted).collect();
    let scenario = format!(
        "until: {}s
cluster: [{{ manifests: [nodes.yaml] }}]
workload: [{{ manifests: [pods.yaml] }}]",
        number(&input["until"])
    );
    let files = [("kube-scheduler.yaml", configuration("")), ("nodes.yaml", nodes), ("pods.yaml", pods)];
    let got = run(&scenario, &files.each_ref().map(|(name, text)| (*name, text.as_str())));
    for expected in table(&unzip(&recorded.join("expected.csv.gz"))) {
        let pod = &expected["pod"];
        let got = &got[pod];
        let what = |row: &Row, bound: &str, ended: &str| {
            (row["node"].clone(), millis(&row[bound]), row["attempts"].clone(), millis(&row[ended]))
        };
        assert_eq!(what(got, "bound_s", "ended_s"), what(&expected, "bound", "ended"), "{name}: {pod}");
    }
}

/// Runs a scenario in a folder of its own; the rows of `pods.csv` by the pods' names.
fn run(spec: &str, files: &[(&str, &str)]) -> BTreeMap<String, Row> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    let head = "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: { name: recorded }\nspec:\n";
    let tail =
        "scheduler: { config: kube-scheduler.yaml, tieBreak: first }\nobserve: { figures: false, events: false }";
    let mut scenario = head.to_owned();
    for line in spec.lines().chain(tail.lines()) {
        let _ = writeln!(scenario, "  {line}");
    }
    fs::write(folder.path().join("scenario.yaml"), scenario).expect("written");
    let out = folder.path().join("out");
    let status = Command::new(env!("CARGO_BIN_EXE_towtank"))
        .args(["run", "--out"])
        .args([&out, &folder.path().join("scenario.yaml")])
        .output()
        .expect("the program runs");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let rows = table(&fs::read_to_string(out.join("pods.csv")).expect("the table is there"));
    rows.into_iter().map(|row| (row["name"].clone(), row)).collect()
}

fn configuration(profiles: &str) -> String {
    format!(
        "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\npercentageOfNodesToScore: \
         100{profiles}\n"
    )
}

/// A step of a script as a manifest with our annotations.
fn submitted(step: &Value) -> String {
    let mut object = step["create"].clone();
    let metadata = object["metadata"].as_mapping_mut().expect("an object has metadata");
    let mut annotations = serde_yaml::Mapping::new();
    annotations.insert("towtank.dev/arrival".into(), format!("{}s", number(&step["at"])).into());
    if let Some(run) = step.get("run") {
        annotations.insert("towtank.dev/run-time".into(), format!("{}s", number(run)).into());
    }
    metadata.insert("annotations".into(), annotations.into());
    document(&object)
}

fn document(object: &Value) -> String {
    format!("---\n{}", serde_yaml::to_string(object).expect("YAML can be written again"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_sequence().map_or(&[], Vec::as_slice)
}

fn number(value: &Value) -> String {
    value.as_f64().expect("a number").to_string()
}

/// Seconds as whole milliseconds; `None` for an empty field.
fn millis(text: &str) -> Option<i64> {
    if text.is_empty() { None } else { Some((text.parse::<f64>().expect("seconds") * 1000.0).round() as i64) }
}

fn table(text: &str) -> Vec<Row> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().collect::<Result<_, _>>().expect("a table")
}

fn unzip(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).expect("the recording is there");
    MultiGzDecoder::new(file).read_to_string(&mut text).expect("a whole file");
    text
}
