//! What a run leaves: everything that was promised, consistent in itself, and nothing else.

use crate::support::{Folder, repository, root, towtank};
use serde_json::Value;
use std::collections::BTreeMap;

/// A table, by column.
type Table = Vec<BTreeMap<String, String>>;

fn table(folder: &Folder, name: &str) -> Table {
    let text = folder.read(name);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn run(scenario: &str, args: &[&str]) -> Folder {
    let folder = Folder::new();
    let out = folder.path().join("out");
    let all = [&["run", scenario, "--out", out.to_str().expect("UTF-8")], args].concat();
    towtank(root(), &all).expect(0);
    folder
}

fn summary(folder: &Folder) -> Value {
    serde_json::from_str(&folder.read("out/summary.json")).expect("JSON")
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

#[test]
fn everything_is_there_and_nothing_else() {
    let folder = run("tests/scenarios/autoscaling.yaml", &[]);
    let names = folder.listing();
    let mut expected = vec!["out".to_owned(), "out/plots".to_owned()];
    for file in [
        "summary.json",
        "pods.csv",
        "nodes.csv",
        "zones.csv",
        "namespaces.csv",
        "timeseries.csv",
        "events.jsonl",
        "metrics.prom",
        "replay.json",
        "report.html",
    ] {
        expected.push(format!("out/{file}"));
    }
    let plots = [
        "utilization",
        "pods-and-nodes",
        "pods-by-state",
        "scheduling-latency",
        "startup-latency",
        "placement",
        "capacity",
    ];
    for plot in plots {
        expected.extend(["svg", "png", "csv"].map(|kind| format!("out/plots/{plot}.{kind}")));
    }
    expected.sort();
    assert_eq!(names, expected);

    let folder = run("tests/scenarios/csv.yaml", &["--set", "observe={figures: false, tables: false, events: false}"]);
    let few = ["out", "out/metrics.prom", "out/replay.json", "out/summary.json", "out/timeseries.csv"];
    assert_eq!(folder.listing(), few);
}

#[test]
fn the_summary_has_every_promised_field() {
    let folder = run("tests/scenarios/disruptions.yaml", &[]);
    let summary = summary(&folder);
    for path in [
        "/scenario",
        "/fingerprint",
        "/seed",
        "/simulated_seconds",
        "/events",
        "/decisions",
        "/pods/submitted",
        "/pods/rejected",
        "/pods/bound",
        "/pods/succeeded",
        "/pods/failed",
        "/pods/pending",
        "/pods/evicted",
        "/pods/preempted",
        "/nodes/initial",
        "/nodes/peak",
        "/nodes/final",
        "/utilization/cpu/mean_allocated",
        "/utilization/cpu/peak_allocated",
        "/utilization/memory/mean_allocated",
        "/latency/scheduling/p50",
        "/latency/scheduling/p90",
        "/latency/scheduling/p99",
        "/latency/scheduling/max",
        "/latency/startup/p50",
        "/latency/startup/p90",
        "/latency/startup/p99",
        "/latency/startup/max",
        "/wall_seconds",
        "/decisions_per_second",
        "/peak_rss_bytes",
    ] {
        let value = summary.pointer(path).unwrap_or_else(|| panic!("no {path}"));
        let text = ["/scenario", "/fingerprint"].contains(&path);
        assert!(if text { value.is_string() } else { value.is_number() }, "{path} is {value}");
    }
    assert_eq!(summary["fingerprint"].as_str().map(str::len), Some(32));
}

#[test]
fn phases_are_measured_when_asked_for() {
    let args = ["run", "tests/scenarios/csv.yaml", "--out", "-", "--format", "json"];
    let plain: Value = serde_json::from_str(&towtank(root(), &args).expect(0).stdout).expect("JSON");
    assert_eq!(plain.get("phases"), None);

    let args = [&args[..], &["--profile-phases"]].concat();
    let measured: Value = serde_json::from_str(&towtank(root(), &args).expect(0).stdout).expect("JSON");
    assert_eq!(measured["fingerprint"], plain["fingerprint"]);
    let phases = measured["phases"].as_object().expect("phases by name");
    // What surely happens in this run.
    for name in ["inputs", "sources", "queue", "filter", "bind", "controllers", "observers"] {
        assert!(phases.contains_key(name), "{name} is not among {:?}", phases.keys());
    }
    let sum = |field: &str| phases.values().map(|phase| phase[field].as_f64().expect("a number")).sum::<f64>();
    assert!((sum("share") - 1.0).abs() < 1e-4, "the shares add up to {}", sum("share"));
    assert!(sum("seconds") <= measured["wall_seconds"].as_f64().expect("a number") + 1e-4);
}

/// Nearest-rank, as the summary has it.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.max(1) - 1]
}

#[test]
fn the_tables_recompute_the_summary() {
    for name in ["autoscaling", "csv", "policy", "quota"] {
        let folder = run(&format!("tests/scenarios/{name}.yaml"), &["--set", "observe.figures=false"]);
        let summary = summary(&folder);
        let count = |path: &str| summary.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path}"));
        let pods = table(&folder, "out/pods.csv");
        let outcome = |what: &str| pods.iter().filter(|pod| pod["outcome"] == what).count() as f64;
        assert_eq!(pods.len() as f64, count("/pods/submitted"), "{name}");
        assert_eq!(outcome("rejected"), count("/pods/rejected"), "{name}");
        assert_eq!(outcome("succeeded"), count("/pods/succeeded"), "{name}");
        assert_eq!(outcome("failed"), count("/pods/failed"), "{name}");
        assert_eq!(outcome("pending"), count("/pods/pending"), "{name}");
        let bound: Vec<_> = pods.iter().filter(|pod| !pod["bound_s"].is_empty()).collect();
        assert_eq!(bound.len() as f64, count("/pods/bound"), "{name}");

        for (what, to) in [("scheduling", "bound_s"), ("startup", "started_s")] {
            let mut waits: Vec<f64> = pods
                .iter()
                .filter(|pod| !pod[to].is_empty())
                .map(|pod| number(&pod[to]) - number(&pod["created_s"]))
                .collect();
            waits.sort_by(f64::total_cmp);
            assert_eq!(waits.len() as f64, count(&format!("/latency/{what}/count")), "{name}, {what}");
            for (field, percent) in [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("max", 100.0)] {
                let (here, there) = (percentile(&waits, percent), count(&format!("/latency/{what}/{field}")));
                // The table has microseconds; the summary is exact, or within its histogram's precision.
                assert!((here - there).abs() <= 2e-6 + there * 1e-3, "{name}, {what} {field}: {here} and {there}");
            }
        }

        let nodes = table(&folder, "out/nodes.csv");
        let at_the_end = nodes.iter().filter(|node| node["removed_s"].is_empty()).count() as f64;
        assert_eq!(at_the_end, count("/nodes/final"), "{name}");
        let bound_on_nodes: f64 = nodes.iter().map(|node| number(&node["bound_pods"])).sum();
        assert_eq!(bound_on_nodes, count("/pods/bound"), "{name}");

        let series = table(&folder, "out/timeseries.csv");
        let last = series.last().expect("a sample");
        // The table has microseconds.
        assert!((number(&last["time_s"]) - count("/simulated_seconds")).abs() < 1e-6, "{name}");
        assert_eq!(number(&last["nodes"]), count("/nodes/final"), "{name}");
        assert_eq!(number(&last["pods_pending"]), count("/pods/pending"), "{name}");
        for (column, field) in [("submitted", "submitted"), ("bound", "bound"), ("rejected", "rejected")] {
            assert_eq!(number(&last[&format!("{column}_total")]), count(&format!("/pods/{field}")), "{name}");
        }
        let peak = series.iter().map(|row| number(&row["nodes"])).fold(0.0, f64::max);
        assert!(peak <= count("/nodes/peak"), "{name}");
        for row in &series {
            for resource in ["cpu", "memory", "pods"] {
                let [used, capacity] =
                    ["allocated", "capacity"].map(|what| number(&row[&format!("{resource}_{what}")]));
                assert!(used <= capacity, "{name}: {resource} at {} s", row["time_s"]);
            }
        }
    }
}

#[test]
fn pages_need_nothing_else_and_figures_are_well_formed() {
    let folder = run("tests/scenarios/autoscaling.yaml", &[]);
    let page = folder.read("out/report.html");
    for attribute in ["src=\"http", "href=\"http", "url(http", "@import", "<script src", "<link"] {
        assert!(!page.contains(attribute), "report.html has {attribute}");
    }
    assert!(page.trim_start().to_lowercase().starts_with("<!doctype html"));
    for name in folder.listing() {
        if name.ends_with(".svg") {
            well_formed(&name, &folder.read(&name));
        } else if name.ends_with(".png") {
            let bytes = std::fs::read(folder.path().join(&name)).expect("a file");
            assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 2000, "{name}");
        }
    }
}

/// Every element is closed by its own name, and attributes are quoted.
fn well_formed(name: &str, svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let end = rest[start..].find('>').unwrap_or_else(|| panic!("{name}: a tag without end")) + start;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        let word = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap_or_default();
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{name}");
        } else if !tag.starts_with(['?', '!']) && !tag.ends_with('/') {
            open.push(word);
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{name}: {tag}");
    }
    assert_eq!(open, Vec::<&str>::new(), "{name}");
    assert!(svg.contains("<svg"), "{name}");
}

#[test]
fn a_second_run_replaces_the_first() {
    let folder = Folder::new();
    let scenario = repository("tests/scenarios/csv.yaml");
    let args = ["run", scenario.to_str().expect("UTF-8")];
    folder.run(&args).expect(0);
    let first = folder.listing();
    assert!(first.contains(&"out/csv/report.html".to_owned()));
    let again = [&args[..], &["--seed", "9", "--set", "observe.figures=false"]].concat();
    let said = folder.run(&again).expect(0);
    assert_eq!(said.stderr, "written to out/csv; see out/csv/summary.json\n");
    let left: Vec<_> = first.iter().filter(|n| !n.contains("plots") && !n.contains("report")).cloned().collect();
    assert_eq!(folder.listing(), left, "nothing of the first run remains");
    let summary: Value = serde_json::from_str(&folder.read("out/csv/summary.json")).expect("JSON");
    assert_eq!(summary["seed"], 9);
}

#[test]
fn a_failed_run_leaves_an_earlier_one_alone() {
    let folder = Folder::new();
    let scenario = repository("tests/scenarios/csv.yaml");
    let scenario = scenario.to_str().expect("UTF-8");
    folder.run(&["run", scenario]).expect(0);
    let (listing, summary) = (folder.listing(), folder.read("out/csv/summary.json"));
    folder.run(&["run", scenario, "--set", "cluster[0].trace.nodes=missing.csv"]).expect(2);
    assert_eq!((folder.listing(), folder.read("out/csv/summary.json")), (listing, summary));
}

#[test]
fn no_output_at_all() {
    let folder = Folder::new();
    let scenario = repository("tests/scenarios/csv.yaml");
    let said = folder.run(&["run", scenario.to_str().expect("UTF-8"), "--out", "-"]).expect(0);
    assert_eq!(folder.listing(), Vec::<String>::new());
    assert_eq!(said.stderr, "");
    assert!(!said.stdout.contains('\u{1b}'), "no colour in a pipe");
}

#[test]
fn repairs_of_traces_are_told_and_strict_runs_leave_nothing() {
    let folder = Folder::new();
    folder.write("nodes.csv", "name,cpu_milli,memory_bytes,pods\nn,4000,100000000,110\n");
    let header = "name,arrival_s,duration_s,cpu_milli,memory_bytes,user\n";
    folder.write("a.csv", format!("{header}a,0,5,100,1000,ann\nb,1,-5,100,1000,ann\nc,2,-7,1,1,bob\nd,2,5,0,0,ann\n"));
    folder.write("b.csv", format!("{header}a,3,5,100,1000,ann\ne,4,5,1,1,bob\n"));
    folder.write(
        "scenario.yaml",
        "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: { name: dirty }\nspec:\n  cluster:\n    - trace: { format: \
         csv, nodes: nodes.csv }\n  workload:\n    - trace: { format: csv, pods: [a.csv, b.csv], options: { users: [ann] } }\n",
    );
    let said = folder.run(&["run", "scenario.yaml", "--out", "out"]).expect(0);
    let summary = summary(&folder);
    let repairs = summary["trace"]["repairs"].as_array().expect("a list");
    let found: Vec<_> = repairs.iter().map(|one| (one["rule"].as_str(), one["count"].as_u64())).collect();
    let expected = [("negative-duration", 2), ("duplicate-name", 1), ("zero-request", 1)];
    assert_eq!(found, expected.map(|(rule, count)| (Some(rule), Some(count))));
    let first = repairs[0]["first"].as_str().expect("a text");
    assert!(first.starts_with("a.csv: line 3, column `duration_s`: `-5` is negative"), "{first}");
    assert!(said.stdout.contains("Repaired     2 × negative-duration, first a.csv: line 3"), "{}", said.stdout);
    assert_eq!(summary["pods"]["succeeded"], 3);

    let failed = folder.run(&["run", "scenario.yaml", "--out", "strict", "--strict"]).expect(2);
    assert!(failed.stderr.contains(first), "{}", failed.stderr);
    assert!(!folder.path().join("strict").exists());
}

#[test]
fn fragmentation_is_measured_where_it_is_asked_for() {
    let folder = run("tests/scenarios/gpu.yaml", &["--set", "observe={fragmentation: true, events: false}"]);
    let summary = summary(&folder);
    let gpus =
        |field: &str| summary.pointer(&format!("/gpu_fragmentation/{field}")).and_then(Value::as_f64).expect(field);
    assert!(gpus("gpus") > 16.0 && gpus("fragmented") <= gpus("idle") && gpus("idle") <= gpus("gpus"), "{summary}");
    let causes = summary["gpu_fragmentation"]["by_cause"].as_object().expect("causes");
    let all: f64 = causes.values().filter_map(Value::as_f64).sum();
    assert!((all - gpus("idle")).abs() < 1e-3, "what is idle is fragmented or could be used: {causes:?}");
    let rows = table(&folder, "out/timeseries.csv");
    assert!(rows.iter().all(|row| number(&row["gpu_fragmented_milli"]) <= number(&row["gpu_idle_milli"])));
    assert!(folder.path().join("out/plots/fragmentation.svg").is_file());
    let curves = table(&folder, "out/curves.csv");
    for name in ["gpu_allocated", "gpu_fragmented", "gpu_fragmentation_ratio"] {
        let values: Vec<f64> =
            curves.iter().filter(|row| row["curve"] == name).map(|row| number(&row["value"])).collect();
        assert!(values.len() > 100 && values.iter().all(|value| (0.0..=100.0).contains(value)), "{name}: {values:?}");
    }
}

#[test]
fn attempts_are_a_row_each() {
    let folder = run("tests/scenarios/policy.yaml", &["--set", "observe={figures: false, attempts: true}"]);
    let (summary, rows) = (summary(&folder), table(&folder, "out/attempts.csv"));
    assert_eq!(Some(rows.len() as u64), summary["decisions"].as_u64());
    let scheduled = rows.iter().filter(|row| row["result"] == "scheduled");
    assert_eq!(Some(scheduled.count() as u64), summary["pods"]["bound"].as_u64());
    assert!(rows.iter().any(|row| row["result"] == "unschedulable" && row["plugins"].contains("NodeResourcesFit")));
    let mut attempts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut last = 0.0;
    for row in &rows {
        let count = attempts.entry((&row["namespace"], &row["name"])).or_default();
        *count += 1;
        assert_eq!(row["attempt"], count.to_string(), "{row:?}");
        assert_eq!(row["node"].is_empty(), row["result"] != "scheduled", "{row:?}");
        assert!(number(&row["feasible"]) <= number(&row["nodes"]), "{row:?}");
        assert!(number(&row["time_s"]) >= last, "{row:?}");
        last = number(&row["time_s"]);
    }
    for pod in table(&folder, "out/pods.csv") {
        let count = attempts.get(&(pod["namespace"].as_str(), pod["name"].as_str())).copied().unwrap_or_default();
        assert_eq!(pod["attempts"], count.to_string(), "{pod:?}");
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn parquet_is_refused_where_it_is_not_built() {
    let args = ["validate", "tests/scenarios/csv.yaml"];
    towtank(root(), &args).expect(0);
    let args = ["run", "tests/scenarios/csv.yaml", "--out", "-", "--set", "observe.parquet=true"];
    let refused = towtank(root(), &args).expect(2);
    assert!(
        refused.stderr.contains("spec.observe.parquet: this program was built without Parquet"),
        "{}",
        refused.stderr
    );
}

#[cfg(feature = "parquet")]
#[test]
fn tables_are_written_as_parquet_too() {
    let observe = "observe={figures: false, attempts: true, parquet: true}";
    let folder = run("tests/scenarios/csv.yaml", &["--set", observe]);
    for name in ["timeseries", "pods", "nodes", "attempts"] {
        let bytes = std::fs::read(folder.path().join(format!("out/{name}.parquet"))).expect(name);
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"), "{name}");
        assert!(folder.path().join(format!("out/{name}.csv")).is_file(), "{name}");
    }
    // An output with them is an earlier output like any other.
    let out = folder.path().join("out");
    towtank(root(), &["run", "tests/scenarios/csv.yaml", "--out", out.to_str().expect("UTF-8")]).expect(0);
    assert!(!out.join("pods.parquet").exists());
}
