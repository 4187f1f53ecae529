//! The numbers of a run against what its tables say: computed anew, with nothing of what computed them first.

use crate::support::{Folder, repository};
use serde_json::Value;
use std::collections::BTreeMap;
use towtank::reports::metrics;

/// Tables have six decimals of seconds, numbers six decimals.
const CLOSE: f64 = 2e-6;

const SCENARIOS: [&str; 5] = [
    "tests/scenarios/csv.yaml",
    "tests/scenarios/disruptions.yaml",
    "tests/scenarios/autoscaling.yaml",
    "tests/scenarios/quota.yaml",
    "tests/scenarios/gpu.yaml",
];

/// A finished run.
struct Tables {
    folder: Folder,
    summary: Value,
    end: f64,
    pods: Vec<BTreeMap<String, String>>,
    nodes: Vec<BTreeMap<String, String>>,
}

impl Tables {
    fn of(scenario: &str, set: &[&str]) -> Self {
        let folder = Folder::new();
        let path = repository(scenario).display().to_string();
        let mut args = vec!["run", &path, "--out", "out"];
        for set in set {
            args.extend(["--set", set]);
        }
        folder.run(&args).expect(0);
        let summary: Value = serde_json::from_str(&folder.read("out/summary.json")).unwrap();
        let (pods, nodes) = (rows(&folder.read("out/pods.csv")), rows(&folder.read("out/nodes.csv")));
        Self { end: summary["simulated_seconds"].as_f64().unwrap(), summary, pods, nodes, folder }
    }

    /// A number of the summary, by its path.
    fn number(&self, path: &[&str]) -> f64 {
        let found = path.iter().fold(&self.summary, |value, field| &value[field]);
        found.as_f64().unwrap_or_else(|| panic!("{path:?} is {found}"))
    }

    /// From when to when a row was there, by two of its columns.
    fn span(&self, row: &BTreeMap<String, String>, from: &str, to: &str) -> Option<(f64, f64)> {
        let from = row[from].parse().ok()?;
        Some((from, row[to].parse().unwrap_or(self.end)))
    }

    fn capacity(&self, of: impl Fn(&BTreeMap<String, String>) -> bool, resource: &str) -> f64 {
        let nodes = self.nodes.iter().filter(|node| of(node));
        nodes.filter_map(|node| Some(amount(node, resource) * length(self.span(node, "added_s", "removed_s")?))).sum()
    }

    fn taken(&self, of: impl Fn(&BTreeMap<String, String>) -> bool, resource: &str, from: &str) -> f64 {
        let pods = self.pods.iter().filter(|pod| pod["outcome"] != "rejected" && of(pod));
        pods.filter_map(|pod| Some(amount(pod, resource) * length(self.span(pod, from, "ended_s")?))).sum()
    }
}

fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(|row| row.unwrap()).collect()
}

fn length((from, to): (f64, f64)) -> f64 {
    to - from
}

/// What a pod or a node has of a resource.
fn amount(row: &BTreeMap<String, String>, resource: &str) -> f64 {
    match resource {
        "cpu" => row["cpu_milli"].parse().unwrap(),
        "memory" => row["memory_bytes"].parse().unwrap(),
        "pods" => row.get("pods").map_or(1.0, |pods| pods.parse().unwrap()),
        other => {
            let amounts = row["other_resources"].split(';').filter_map(|one| one.split_once('='));
            amounts.filter(|(name, _)| *name == other).map(|(_, amount)| amount.parse::<f64>().unwrap()).sum()
        }
    }
}

#[track_caller]
fn close(what: &str, found: f64, expected: f64) {
    let most = CLOSE * expected.abs().max(1.0);
    assert!((found - expected).abs() <= most, "{what}: {found} in the summary, {expected} from the tables");
}

/// The largest share that lasted for more than an instant.
fn peak(changes: &[(f64, f64, f64)]) -> f64 {
    let mut changes = changes.to_vec();
    changes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut taken, mut has, mut peak) = (0.0, 0.0, 0.0_f64);
    for (i, (at, more_taken, more)) in changes.iter().enumerate() {
        taken += more_taken;
        has += more;
        let lasts = changes.get(i + 1).is_some_and(|(next, ..)| next > at);
        if lasts && has > 0.5 {
            peak = peak.max(taken / has);
        }
    }
    peak
}

/// The smallest value that so many percent of them do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent).div_ceil(100).saturating_sub(1)]
}

#[test]
fn utilization_is_what_the_tables_of_pods_and_nodes_say() {
    for scenario in SCENARIOS {
        let run = Tables::of(scenario, &[]);
        let resources = run.summary["utilization"].as_object().unwrap();
        assert!(resources.contains_key("cpu") && resources.contains_key("memory"), "{scenario}");
        for resource in resources.keys() {
            let capacity = run.capacity(|_| true, resource);
            if capacity == 0.0 {
                continue;
            }
            let number = |name: &str| run.number(&["utilization", resource, name]);
            let allocated = run.taken(|_| true, resource, "bound_s") / capacity;
            let requested = run.taken(|_| true, resource, "created_s") / capacity;
            close(&format!("{scenario}: {resource} allocated"), number("mean_allocated"), allocated);
            close(&format!("{scenario}: {resource} requested"), number("mean_requested"), requested);

            let mut changes = Vec::new();
            for pod in &run.pods {
                if let Some((from, to)) = run.span(pod, "bound_s", "ended_s") {
                    changes.extend([(from, amount(pod, resource), 0.0), (to, -amount(pod, resource), 0.0)]);
                }
            }
            for node in &run.nodes {
                if let Some((from, to)) = run.span(node, "added_s", "removed_s") {
                    changes.extend([(from, 0.0, amount(node, resource)), (to, 0.0, -amount(node, resource))]);
                }
            }
            close(&format!("{scenario}: {resource} at most"), number("peak_allocated"), peak(&changes));
        }
    }
}

#[test]
fn zones_namespaces_and_fairness_are_what_the_tables_say() {
    for scenario in ["tests/scenarios/csv.yaml", "tests/scenarios/quota.yaml"] {
        let run = Tables::of(scenario, &[]);
        let zone_of: BTreeMap<&str, &str> =
            run.nodes.iter().map(|node| (node["name"].as_str(), node["zone"].as_str())).collect();
        let zones = rows(&run.folder.read("out/zones.csv"));
        assert!(zones.len() >= 6, "{scenario}: CPU, memory and pods of two zones");
        for row in &zones {
            let (zone, resource) = (row["zone"].as_str(), row["resource"].as_str());
            let capacity = run.capacity(|node| node["zone"] == zone, resource);
            let allocated = run.taken(|pod| zone_of.get(pod["node"].as_str()) == Some(&zone), resource, "bound_s");
            let expected = if capacity > 0.0 { allocated / capacity } else { 0.0 };
            close(&format!("{scenario}: {resource} of {zone}"), row["mean_allocated"].parse().unwrap(), expected);
        }
        let mut dominant: BTreeMap<String, f64> = BTreeMap::new();
        for row in rows(&run.folder.read("out/namespaces.csv")) {
            let (namespace, resource) = (row["namespace"].as_str(), row["resource"].as_str());
            let capacity = run.capacity(|_| true, resource);
            for (column, from) in [("mean_allocated", "bound_s"), ("mean_requested", "created_s")] {
                let taken = run.taken(|pod| pod["namespace"] == namespace, resource, from);
                let expected = if capacity > 0.0 { taken / capacity } else { 0.0 };
                close(&format!("{scenario}: {resource} of {namespace}"), row[column].parse().unwrap(), expected);
                if column == "mean_allocated" && resource != "pods" {
                    let share = dominant.entry(namespace.to_owned()).or_default();
                    *share = share.max(expected);
                }
            }
        }
        if dominant.len() > 1 {
            let (sum, squares): (f64, f64) =
                dominant.values().fold((0.0, 0.0), |(sum, squares), share| (sum + share, squares + share * share));
            let expected = sum * sum / (dominant.len() as f64 * squares);
            close(scenario, run.number(&["fairness", "jain_dominant_share"]), expected);
        }
    }
}

#[test]
fn latencies_are_what_the_table_of_pods_says() {
    for scenario in SCENARIOS {
        let run = Tables::of(scenario, &[]);
        let parts = [
            (&["latency", "scheduling"][..], "created_s", "bound_s", None),
            (&["latency", "startup"], "created_s", "started_s", None),
            (&["latency", "start"], "bound_s", "started_s", None),
            (&["completion", "turnaround"], "created_s", "ended_s", Some("succeeded")),
        ];
        for (path, from, to, outcome) in parts {
            let pods = run.pods.iter().filter(|pod| outcome.is_none_or(|outcome| pod["outcome"] == outcome));
            let times = pods.filter_map(|pod| Some(pod[to].parse::<f64>().ok()? - pod[from].parse::<f64>().ok()?));
            let mut times: Vec<f64> = times.collect();
            times.sort_by(f64::total_cmp);
            if times.is_empty() {
                assert!(outcome.is_some(), "{scenario}: no pod was bound");
                continue;
            }
            let number = |name: &str| run.number(&[path, &[name][..]].concat());
            let what = |name: &str| format!("{scenario}: {}.{name}", path.join("."));
            assert_eq!(number("count"), times.len() as f64, "{}", what("count"));
            for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
                close(&what(name), number(name), percentile(&times, percent));
            }
            close(&what("mean"), number("mean"), times.iter().sum::<f64>() / times.len() as f64);
        }
        // All that pods waited is what each of them did.
        let until = |pod: &BTreeMap<String, String>| {
            pod["bound_s"].parse().unwrap_or(pod["ended_s"].parse().unwrap_or(run.end))
        };
        let created = run.pods.iter().filter(|pod| pod["outcome"] != "rejected");
        let waited: f64 = created.map(|pod| until(pod) - pod["created_s"].parse::<f64>().unwrap()).sum();
        close(&format!("{scenario}: waiting.all"), run.number(&["waiting", "all"]), waited);
        let parts = ["admission", "queue", "backoff", "unschedulable", "decision", "bind"];
        // Each bound pod's latency is the sum of its parts.
        let part = |part: &str, name: &str| run.number(&["latency", "parts", part, name]);
        let bound = run.number(&["latency", "scheduling", "count"]);
        assert!(parts.iter().all(|of| part(of, "count").to_bits() == bound.to_bits()), "{scenario}");
        let mean: f64 = parts.iter().map(|of| part(of, "mean")).sum();
        close(&format!("{scenario}: parts of the latency"), mean, run.number(&["latency", "scheduling", "mean"]));
        for of in parts {
            let all = run.number(&["waiting", of]) + CLOSE * bound;
            assert!(part(of, "mean") * bound <= all, "{scenario}: bound pods were longer in {of} than all pods");
        }
        let sum: f64 = parts.iter().map(|part| run.number(&["waiting", part])).sum();
        close(&format!("{scenario}: parts of waiting"), sum, waited);
    }
}

#[test]
fn times_in_attempts_are_what_the_table_of_attempts_says() {
    let set = ["observe.attempts=true", "scheduler.latency={ constant: 20ms }"];
    let run = Tables::of("tests/scenarios/autoscaling.yaml", &set);
    let mut took: BTreeMap<(String, String), (f64, bool)> = BTreeMap::new();
    for attempt in rows(&run.folder.read("out/attempts.csv")) {
        let pod = took.entry((attempt["namespace"].clone(), attempt["name"].clone())).or_default();
        pod.0 += attempt["took_s"].parse::<f64>().unwrap();
        pod.1 |= attempt["result"] == "scheduled";
    }
    let mut times: Vec<f64> = took.values().filter(|(_, bound)| *bound).map(|(took, _)| *took).collect();
    times.sort_by(f64::total_cmp);
    for (name, percent) in [("p50", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
        close(name, run.number(&["latency", "parts", "decision", name]), percentile(&times, percent));
    }
    assert!(times.last() > times.first(), "no pod was tried twice");
}

#[test]
fn parts_of_a_start_add_up_and_readiness_comes_after_it() {
    let kubelet = "kubelet={ pullLatency: 3s, initLatency: { uniform: { min: 1s, max: 2s } }, startLatency: 500ms, readyLatency: 4s }";
    let run = Tables::of("tests/scenarios/quota.yaml", &[kubelet]);
    let part = |part: &str, name: &str| run.number(&["latency", "start_parts", part, name]);
    let start = |name: &str| run.number(&["latency", "start", name]);
    for of in ["pull", "init", "containers"] {
        assert_eq!(part(of, "count").to_bits(), start("count").to_bits(), "{of}");
    }
    let mean: f64 = ["pull", "init", "containers"].iter().map(|of| part(of, "mean")).sum();
    close("parts of the start", mean, start("mean"));
    for (of, seconds) in [("pull", 3.0), ("containers", 0.5), ("ready", 4.0)] {
        close(of, part(of, "p50"), seconds);
        close(of, part(of, "max"), seconds);
    }
    assert!((1.0..=2.0).contains(&part("init", "p50")), "{}", part("init", "p50"));
    // Pods that ended before they were ready never were, and those that were not ready yet at the end are not among them.
    let lived = |pod: &&BTreeMap<String, String>| {
        pod["started_s"].parse::<f64>().is_ok_and(|started| pod["ended_s"].parse().unwrap_or(run.end) - started > 4.0)
    };
    let ready = run.pods.iter().filter(lived).count();
    assert!((part("ready", "count") - ready as f64).abs() < 1.5, "{} and {ready}", part("ready", "count"));
    let whole = Tables::of("tests/scenarios/quota.yaml", &[]);
    assert_eq!(whole.summary["latency"].get("start_parts"), None, "one number is not told apart");
}

#[test]
fn nodes_in_use_cost_and_energy_are_what_the_tables_say() {
    let set = ["observe={prices: {small: 0.5, large: 2}, power: {default: {idleWatts: 100, busyWatts: 300}}}"];
    let run = Tables::of("tests/scenarios/autoscaling.yaml", &set);
    let (mut hours, mut in_use, mut cost, mut energy) = (0.0, 0.0, 0.0, 0.0);
    for node in &run.nodes {
        let life = run.span(node, "added_s", "removed_s").unwrap();
        hours += length(life) / 3600.0;
        let price = match node["group"].as_str() {
            "small" => 0.5,
            "large" => 2.0,
            _ => 0.0,
        };
        cost += price * length(life) / 3600.0;
        let used: f64 = node["mean_cpu_used"].parse().unwrap();
        energy += (100.0 + 200.0 * used) * length(life) / 3.6e6;
        let mut pods: Vec<(f64, f64)> = run
            .pods
            .iter()
            .filter(|pod| pod["node"] == node["name"])
            .filter_map(|pod| run.span(pod, "bound_s", "ended_s"))
            .collect();
        pods.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut until = 0.0_f64;
        for (from, to) in pods {
            in_use += (to - until.max(from)).max(0.0);
            until = until.max(to);
        }
    }
    close("node hours", run.number(&["provisioning", "node_hours"]), hours);
    close("empty node hours", run.number(&["provisioning", "empty_node_hours"]), hours - in_use / 3600.0);
    close("nodes in use", run.number(&["packing", "mean_nodes_in_use"]), in_use / run.end);
    close("cost", run.number(&["provisioning", "cost"]), cost);
    // The fractions of nodes.csv have six decimals.
    let found = run.number(&["energy", "kilowatt_hours"]);
    assert!((found - energy).abs() < 1e-4 * energy, "{found} and not {energy}");
    // Pods use what they request here.
    let used = run.number(&["utilization", "cpu", "mean_used"]);
    let expected = run.taken(|_| true, "cpu", "started_s") / run.capacity(|_| true, "cpu");
    close("use of the CPU", used, expected);
}

/// Every number of a summary has its place in the registry, so that pages and verdicts can speak of it.
#[test]
fn every_number_is_a_metric() {
    let set = [
        "observe={warmUp: mser-5, power: {default: {idleWatts: 1, busyWatts: 2}}, prices: {large: 1}, fragmentation: false}",
    ];
    for scenario in SCENARIOS {
        let run = Tables::of(scenario, &set);
        let mut numbers = Vec::new();
        collect(String::new(), &run.summary, &mut numbers);
        for number in numbers {
            let known = metrics::find(&number).is_some();
            let of_the_machine =
                ["wall_seconds", "decisions_per_second", "peak_rss_bytes", "seed"].contains(&number.as_str());
            assert!(known || of_the_machine || number.starts_with("trace."), "{scenario}: {number} is no metric");
        }
    }
}

/// The paths of all numbers.
fn collect(path: String, value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(path, value, into);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(format!("{path}.{i}"), item, into));
        }
        Value::Number(_) => into.push(path),
        _ => {}
    }
}

#[test]
fn services_and_budgets_are_followed_through_outages() {
    let run = Tables::of("tests/scenarios/disruptions.yaml", &[]);
    let ready = run.number(&["availability", "ready"]);
    assert!((0.5..1.0).contains(&ready), "a zone was lost, and some replicas with it: {ready}");
    assert!(run.number(&["availability", "full"]) < ready, "all replicas are there less often than most of them");
    assert!(run.number(&["budgets", "below_minimum_seconds"]) > 0.0, "no budget outlasts the loss of a zone");
    let calm = Tables::of("tests/scenarios/disruptions.yaml", &["disruptions=[]"]);
    assert_eq!(calm.number(&["budgets", "below_minimum_seconds"]), 0.0, "nothing happened");
    assert!(calm.number(&["availability", "ready"]) > ready);
}

#[test]
fn the_beginning_is_left_out_where_that_is_asked_for() {
    // Pods of ten minutes that come evenly: the cluster fills up for ten minutes, and then stays as full.
    let scenario = "apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: { name: filling }
spec:
  until: 3h
  cluster:
    - generate: { nodes: [{ count: 4, allocatable: { cpu: \"16\", memory: 64Gi, pods: 110 } }] }
  workload:
    - generate:
        name: pods
        arrivals: { constant: { every: 30s } }
        duration: 10m
        shapes: [{ requests: { cpu: \"1\", memory: 1Gi } }]
";
    let folder = Folder::new();
    folder.write("scenario.yaml", scenario);
    let run = |warm_up: &str| -> Value {
        let set = format!("observe={{figures: false, tables: false, events: false, interval: 10s{warm_up}}}");
        let said = folder.run(&["run", "scenario.yaml", "--out", "-", "--format", "json", "--set", &set]).expect(0);
        serde_json::from_str(&said.stdout).unwrap()
    };
    let plain = run("");
    assert_eq!(plain["steady_state"], Value::Null);
    let mean = plain["utilization"]["cpu"]["mean_allocated"].as_f64().unwrap();
    for warm_up in [", warmUp: mser-5", ", warmUp: 10m"] {
        let run = run(warm_up);
        assert_eq!(run["fingerprint"], plain["fingerprint"], "watching changes nothing");
        let steady = &run["steady_state"];
        assert_eq!(steady["settled"], true);
        let from = steady["from_seconds"].as_f64().unwrap();
        assert!((500.0..=900.0).contains(&from), "{warm_up}: {from}");
        // Twenty pods of a CPU each on 64.
        let later = steady["utilization"]["cpu"].as_f64().unwrap();
        assert!((later - 20.0 / 64.0).abs() < 0.005 && later > mean, "{warm_up}: {later}, and {mean} of all");
    }
    let refused = folder.run(&["run", "scenario.yaml", "--out", "-", "--set", "observe={warmUp: soon}"]).expect(2);
    assert!(refused.stderr.contains("expected `mser-5`, or a duration such as `2h`"), "{}", refused.stderr);
}
