//! `metrics.prom` is OpenMetrics text: by the rules that its specification gives, and to the parser of Prometheus' own Python client.

use crate::support::{Folder, root, towtank};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const SCENARIOS: [&str; 5] = ["autoscaling", "disruptions", "quota", "policy", "gpu"];

fn metrics(scenario: &str) -> (Folder, String) {
    let folder = Folder::new();
    let out = folder.path().join("out");
    let scenario = format!("tests/scenarios/{scenario}.yaml");
    let observe = "observe={figures: false, tables: false, events: false}";
    towtank(root(), &["run", &scenario, "--out", out.to_str().expect("UTF-8"), "--set", observe]).expect(0);
    let text = folder.read("out/metrics.prom");
    (folder, text)
}

/// Suffixes of the samples of each type.
fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "histogram" => &["_bucket", "_sum", "_count"],
        "summary" => &["", "_count"],
        other => panic!("no type that is written: {other}"),
    }
}

#[test]
fn the_text_keeps_the_rules_of_openmetrics() {
    let mut names = BTreeSet::new();
    for scenario in SCENARIOS {
        let (_folder, text) = metrics(scenario);
        assert!(text.ends_with("\n# EOF\n") && !text.contains("\n\n"), "{scenario}");
        let (mut family, mut kind) = (String::new(), String::new());
        let mut seen = BTreeSet::new();
        let mut samples = BTreeSet::new();
        // Of each histogram the last bucket, by its labels without the bound.
        let mut buckets: BTreeMap<String, u64> = BTreeMap::new();
        for line in text.lines().filter(|line| *line != "# EOF") {
            if let Some(rest) = line.strip_prefix("# ") {
                let words: Vec<&str> = rest.splitn(3, ' ').collect();
                match words[0] {
                    "TYPE" => {
                        assert!(seen.insert(words[1].to_owned()), "{scenario}: {} comes twice", words[1]);
                        (family, kind) = (words[1].to_owned(), words[2].to_owned());
                        assert!(!family.ends_with("_total"), "{scenario}: {family}");
                    }
                    "UNIT" => assert!(words[1] == family && family.ends_with(&format!("_{}", words[2])), "{line}"),
                    "HELP" => assert_eq!(words[1], family, "{line}"),
                    other => panic!("{scenario}: {other}"),
                }
                continue;
            }
            let (series, value) = line.rsplit_once(' ').expect("a value");
            assert!(samples.insert(series.to_owned()), "{scenario}: {series} comes twice");
            let name = series.split('{').next().expect("a name");
            let suffix = name.strip_prefix(&family).unwrap_or_else(|| panic!("{scenario}: {name} within {family}"));
            assert!(suffixes(&kind).contains(&suffix), "{scenario}: {name} is a {kind}");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            names.insert(family.clone());
            if suffix == "_bucket" {
                let (labels, bound) = series.rsplit_once("le=\"").expect("a bound");
                let bound = bound.trim_end_matches("\"}");
                assert!(bound == "+Inf" || bound.contains(['.', 'e']), "{line}");
                let count = value.parse().expect("a number");
                let before = buckets.insert(labels.trim_end_matches([',', '{']).replace("_bucket", ""), count);
                assert!(before.is_none_or(|before| before <= count), "{scenario}: {line}");
            } else if suffix == "_count" && kind == "histogram" {
                let of = series.replace("_count", "").trim_end_matches('}').to_owned();
                assert_eq!(buckets.get(&of).map(ToString::to_string).as_deref(), Some(value), "{scenario}: {line}");
            }
        }
    }
    for name in [
        "scheduler_schedule_attempts",
        "scheduler_pod_scheduling_sli_duration_seconds",
        "kubelet_pod_start_total_duration_seconds",
        "cluster_autoscaler_scaled_up_nodes",
        "node_collector_zone_size",
        "kube_resourcequota",
        "towtank_pod_startup_latency_seconds",
    ] {
        assert!(names.contains(name), "{name} is nowhere in {names:?}");
    }
}

/// Reads a file strictly, and prints how many families it has.
const PARSER: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(len(list(text_string_to_metric_families(open(sys.argv[1]).read()))))
";

#[test]
fn the_python_client_reads_the_text() {
    let has = |python: &&str| {
        let import = ["-c", "import prometheus_client.openmetrics.parser"];
        Command::new(python).args(import).output().is_ok_and(|done| done.status.success())
    };
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(has) else {
        return eprintln!("skipped: no Python has prometheus_client (Debian: python3-prometheus-client)");
    };
    for scenario in SCENARIOS {
        let (folder, text) = metrics(scenario);
        let file = folder.path().join("out/metrics.prom");
        let done = Command::new(python).args(["-c", PARSER]).arg(file).output().expect("it starts");
        assert!(done.status.success(), "{scenario}: {}", String::from_utf8_lossy(&done.stderr));
        let families = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
        assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), families.to_string(), "{scenario}");
    }
}
