//! Sweeps: what interruptions, shards, threads and mistakes do to their tables.

use crate::support::{Finished, Folder};
use std::fs;

pub(crate) const SCENARIO: &str = "apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: { name: small }
spec:
  until: 1h
  cluster:
    - generate: { nodes: [{ count: 4, namePrefix: node, allocatable: { cpu: \"4\", memory: 16Gi, pods: 110 } }] }
  workload:
    - generate:
        name: job
        arrivals: { poisson: { perHour: 200 } }
        duration: { exponential: { mean: 5m } }
        shapes: [{ requests: { cpu: \"1\", memory: 1Gi } }]
";

pub(crate) const EXPERIMENT: &str = "apiVersion: towtank.dev/v1alpha1
kind: Experiment
metadata: { name: sizes }
spec:
  scenario: scenario.yaml
  axes:
    - name: nodes
      field: cluster[0].generate.nodes[0].count
      values: [2, 4]
    - name: load
      values:
        low: { 'workload[0].generate.arrivals': { poisson: { perHour: 50 } } }
        high: { 'workload[0].generate.arrivals': { poisson: { perHour: 400 } } }
  policies: [default, best-fit]
  seeds: 1..3
  figures:
    - { name: waits, title: Waits, metric: latency.scheduling.p99, across: nodes, only: { load: high } }
";

pub(crate) const TABLES: [&str; 5] = ["runs.csv", "groups.csv", "comparisons.csv", "verdicts.txt", "report.html"];

pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("scenario.yaml", SCENARIO);
    folder.write("experiment.yaml", EXPERIMENT);
    folder
}

fn sweep(folder: &Folder, out: &str, more: &[&str]) -> Finished {
    folder.run(&[&["sweep", "experiment.yaml", "--out", out], more].concat())
}

#[test]
fn every_combination_is_a_row_whatever_the_number_of_threads() {
    let folder = folder();
    let said = sweep(&folder, "one", &["--jobs", "1"]).expect(0);
    assert!(said.stdout.starts_with("24 runs\n\nnodes 2, load low:\n  "), "{}", said.stdout);
    sweep(&folder, "two", &["--jobs", "2"]).expect(0);
    for table in TABLES {
        assert_eq!(folder.read(&format!("one/{table}")), folder.read(&format!("two/{table}")), "{table}");
    }
    let runs = folder.read("one/runs.csv");
    let key = |line: &str| line.splitn(5, ',').take(4).collect::<Vec<_>>().join(",");
    let keys: Vec<String> = runs.lines().map(key).collect();
    assert_eq!(keys[..4], ["nodes,load,policy,seed", "2,low,default,1", "2,low,default,2", "2,low,default,3"]);
    assert_eq!((keys.len(), keys[24].as_str()), (25, "4,high,best-fit,3"));
    assert!(folder.read("one/plots/waits.svg").contains("Waits"));
    assert!(folder.read("one/groups.csv").lines().any(|line| line.starts_with("2,high,default,pods.submitted,3,")));
}

#[test]
fn an_interrupted_sweep_goes_on_where_it_was() {
    let folder = folder();
    sweep(&folder, "whole", &[]).expect(0);
    sweep(&folder, "cut", &["--jobs", "1"]).expect(0);
    // As a sweep leaves it that was killed while it wrote its ninth row.
    let journal = folder.read("cut/runs.jsonl");
    let kept: Vec<&str> = journal.lines().take(9).collect();
    let torn: String = journal.lines().nth(9).unwrap().chars().take(40).collect();
    folder.write("cut/runs.jsonl", format!("{}\n{torn}", kept.join("\n")));
    for file in ["runs.csv", "groups.csv", "timings.csv"] {
        fs::remove_file(folder.path().join("cut").join(file)).unwrap();
    }
    let refused = sweep(&folder, "cut", &[]).expect(2);
    assert_eq!(
        refused.stderr,
        "error: cut: holds a sweep that has not finished\n  help: --resume goes on with it; to start anew, delete it or \
         choose another --out\n"
    );
    let said = sweep(&folder, "cut", &["--resume"]).expect(0);
    assert!(said.stdout.starts_with("24 runs, 8 of them made before\n"), "{}", said.stdout);
    for table in TABLES {
        assert_eq!(folder.read(&format!("whole/{table}")), folder.read(&format!("cut/{table}")), "{table}");
    }
}

#[test]
fn shards_put_together_are_the_whole() {
    let folder = folder();
    sweep(&folder, "whole", &[]).expect(0);
    for (shard, out) in [("0/3", "a"), ("1/3", "b"), ("2/3", "c")] {
        sweep(&folder, out, &["--shard", shard]).expect(0);
    }
    let missing = sweep(&folder, "all", &["--merge", "a", "c"]).expect(2);
    assert!(missing.stderr.contains("is missing: it belongs to shard 1/3"), "{}", missing.stderr);
    let twice = sweep(&folder, "all", &["--merge", "a", "b", "a"]).expect(2);
    assert!(twice.stderr.contains("is in a already"), "{}", twice.stderr);
    sweep(&folder, "all", &["--merge", "c", "a", "b"]).expect(0);
    for table in TABLES {
        assert_eq!(folder.read(&format!("whole/{table}")), folder.read(&format!("all/{table}")), "{table}");
    }
}

#[test]
fn rows_of_other_inputs_are_never_mixed_in() {
    let folder = folder();
    sweep(&folder, "out", &[]).expect(0);
    folder.write("scenario.yaml", SCENARIO.replace("until: 1h", "until: 2h"));
    let refused = sweep(&folder, "out", &["--resume"]).expect(2);
    assert!(refused.stderr.contains("was made of other inputs than those that are there now"), "{}", refused.stderr);
    // A finished one is replaced where that is not asked for.
    sweep(&folder, "out", &[]).expect(0);
    sweep(&folder, "out", &["--resume"]).expect(0);
    let shard = sweep(&folder, "out", &["--resume", "--shard", "0/2"]).expect(2);
    assert!(shard.stderr.contains("holds a sweep of shard 0/1, and this is shard 0/2"), "{}", shard.stderr);
}

#[test]
fn a_damaged_row_is_found() {
    let folder = folder();
    sweep(&folder, "out", &[]).expect(0);
    let journal = folder.read("out/runs.jsonl");
    let mut lines: Vec<&str> = journal.lines().collect();
    lines[3] = "{\"key\":";
    folder.write("out/runs.jsonl", lines.join("\n") + "\n");
    let refused = sweep(&folder, "out", &["--resume"]).expect(2);
    assert!(refused.stderr.starts_with("error: out/runs.jsonl:4:"), "{}", refused.stderr);
}

#[test]
fn what_is_not_a_sweep_is_left_alone() {
    let folder = folder();
    folder.write("mine/thesis.tex", "x");
    let refused = sweep(&folder, "mine", &[]).expect(3);
    assert!(refused.stderr.contains("contains \"thesis.tex\""), "{}", refused.stderr);
    assert_eq!(folder.read("mine/thesis.tex"), "x");
    let refused = sweep(&folder, "-", &[]).expect(2);
    assert!(refused.stderr.contains("--out -: a sweep keeps its rows in a folder"), "{}", refused.stderr);
    assert!(!folder.path().join("-").exists());
}

#[test]
fn a_run_that_cannot_be_made_is_named_before_any_is_made() {
    let folder = folder();
    folder.write("experiment.yaml", EXPERIMENT.replace("high: { 'workload[0]", "high: { 'workload[7]"));
    let refused = sweep(&folder, "out", &[]).expect(2);
    assert!(refused.stderr.contains("the run 2, high, default, seed 1: "), "{}", refused.stderr);
    assert!(refused.stderr.contains("`workload` has 1 items, and no [7]"), "{}", refused.stderr);
}

#[test]
fn mistakes_in_the_file_point_at_their_line() {
    let folder = folder();
    for (from, to, expected) in [
        ("values: [2, 4]", "values: [2, 2]", "experiment.yaml:7:7: spec.axes[0]: the value `2` is there twice"),
        ("name: load", "name: nodes", "experiment.yaml:10:7: spec.axes[1]: the name `nodes` is taken"),
        ("name: load", "name: seed", "experiment.yaml:10:7: spec.axes[1]: the name `seed` is taken by the tables"),
        ("seeds: 1..3", "seeds: 3..1", "experiment.yaml:15:10: spec.seeds: `3..1`: expected a seed, a range"),
        ("[default, best-fit]", "[default, default]", "spec.policies[1]: `default` is there twice"),
        (
            "across: nodes",
            "across: node",
            "experiment.yaml:17:76: spec.figures[0].across: `node` is no axis: expected one of nodes, load",
        ),
        (
            "load: high",
            "load: highest",
            "experiment.yaml:17:97: spec.figures[0].only.load: `highest` is no value of the axis",
        ),
        (
            "metric: latency.scheduling.p99",
            "metric: latency.scheduling.p98",
            "experiment.yaml:17:44: spec.figures[0].metric: `latency.scheduling.p98` is no metric: `towtank metrics` lists them\n  \
             help: did you mean `latency.scheduling.p9",
        ),
        (
            "title: Waits,",
            "title: Waits, kind: pie,",
            "experiment.yaml:17:42: spec.figures[0].kind: `pie`: expected one of ",
        ),
        (
            "title: Waits,",
            "title: Waits, down: load,",
            "experiment.yaml:17:42: spec.figures[0].down: means nothing to bars: expected ",
        ),
        (
            "scenario: scenario.yaml",
            "scenario: other.yaml",
            "experiment.yaml:5:13: spec.scenario: other.yaml is no file",
        ),
        (
            "seeds: 1..3",
            "seeds: 1..3\n  compare: { across: node }",
            "experiment.yaml:16:22: spec.compare.across: `node` is no axis: expected one of policy, nodes, load",
        ),
        (
            "seeds: 1..3",
            "seeds: 1..3\n  compare: { across: nodes, baseline: 3 }",
            "spec.compare.baseline: `3` is not among the runs: expected one of 2, 4",
        ),
        (
            "seeds: 1..3",
            "seeds: 1..3\n  compare: { metrics: [pods.pendin] }",
            "spec.compare.metrics[0]: `pods.pendin` is no metric: `towtank metrics` lists them\n  help: did you mean `pods.pending`?",
        ),
        ("seeds: 1..3", "seeds: 1..3\n  compare: { resolve: 0 % }", "spec.compare.resolve: expected more than 0 %"),
        ("seeds: 1..3", "seeds: 1..3\n  compare: { resolve: a }", "`a`: expected a percentage such as `1 %`"),
        (
            "seeds: 1..3",
            "seeds: 1..3\n  compare: { confidence: 100 % }",
            "expected a percentage from 50 % to below 100 %",
        ),
        (
            "policies: [default, best-fit]",
            "policies: [default]\n  compare: {}",
            "spec.compare: there is nothing to compare",
        ),
        ("policies:", "polices:", "unknown field `polices`"),
        ("kind: Experiment", "kind: Scenario", "experiment.yaml:2:7: kind: `Scenario`: expected `Experiment`"),
    ] {
        let text = EXPERIMENT.replace(from, to);
        assert_ne!(text, EXPERIMENT, "{from}");
        folder.write("experiment.yaml", text);
        let refused = sweep(&folder, "out", &[]).expect(2);
        assert!(refused.stderr.contains(expected), "{from} -> {to}: {}", refused.stderr);
    }
}

#[test]
fn two_sweeps_never_write_into_one_folder() {
    let folder = folder();
    sweep(&folder, "out", &[]).expect(0);
    let journal = fs::File::open(folder.path().join("out/runs.jsonl")).unwrap();
    journal.lock().unwrap();
    let refused = sweep(&folder, "out", &["--resume"]).expect(3);
    assert!(refused.stderr.contains("another sweep is writing here"), "{}", refused.stderr);
}

const SHARED_GPUS: &str = "apiVersion: towtank.dev/v1alpha1
kind: Scenario
metadata: { name: shared-gpus }
spec:
  until: 20s
  cluster:
    - generate: { nodes: [{ count: 2, namePrefix: node, devices: 2, allocatable: { cpu: \"8\", memory: 16Gi } }] }
  workload:
    - generate:
        name: half
        arrivals: { constant: { every: 1s } }
        count: 8
        duration: 1h
        shapes: [{ requests: { cpu: \"1\" }, gpu: { milli: 500 } }]
  targetWorkload: { shapes: [{ weight: 1, cpu: \"1\" }, { weight: 3, cpu: \"1\", gpus: 1 }] }
  scheduler: { policy: fgd }
  observe: { fragmentation: true, figures: false, tables: false, events: false }
";

const PUBLISHED: &str = "apiVersion: towtank.dev/v1alpha1
kind: Experiment
metadata: { name: published }
spec:
  scenario: scenario.yaml
  axes: [{ name: devices, field: 'cluster[0].generate.nodes[0].devices', values: [2, 4] }]
  policies: [fgd, gpu-random]
  seeds: 1..2
  published:
    columns:
      devices: { column: gpus, names: { 2: two, 4: four } }
      policy: { column: scheduler, names: { fgd: FGD, gpu-random: Random } }
      seed: { column: seed }
    byMean: [gpu-random]
    curves: [{ curve: gpu_allocated, table: theirs.csv, tolerance: 0.01 }]
  figures:
    - { name: free, title: Free, curve: gpu_allocated, complementOf: 100, only: { devices: [2] }, publishedEvery: 50 }
";

#[test]
fn runs_are_compared_with_what_is_published_of_them() {
    let folder = Folder::new();
    folder.write("scenario.yaml", SHARED_GPUS);
    folder.write("experiment.yaml", PUBLISHED);
    // Half a device arrives eight times: with four devices an eighth of them each time, with eight a sixteenth.
    let theirs = "gpus,scheduler,seed,100\ntwo,FGD,1,100.0\ntwo,FGD,2,100.005\ntwo,Random,1,90\ntwo,Random,2,110\n";
    folder.write("theirs.csv", theirs);
    let said = sweep(&folder, "far", &[]).expect(1);
    assert!(
        said.stdout.ends_with("0 of 2 curves are the published ones, 1 compared by their means\n"),
        "{}",
        said.stdout
    );
    assert!(
        said.stderr.contains("2 of 2 curves are further from the published ones than they may be"),
        "{}",
        said.stderr
    );
    assert!(
        folder.read("far/published.csv").contains("\n2,fgd,1,gpu_allocated,1,"),
        "places of ours are missing there"
    );

    let places = [12, 25, 38, 50, 62, 75, 88, 100];
    let curves = folder.read("far/curves.csv");
    let ours = |at: i32| {
        let row = curves.lines().find(|line| line.starts_with(&format!("2,fgd,1,gpu_allocated,{at},")));
        row.and_then(|line| line.rsplit(',').next()).map(str::to_owned)
    };
    let points = || (0..=100).filter_map(|at| Some((at.to_string(), ours(at)?)));
    let header: Vec<String> =
        ["gpus,scheduler,seed".to_owned()].into_iter().chain(points().map(|(at, _)| at)).collect();
    let values: Vec<String> = points().map(|(_, value)| value).collect();
    let (header, values) = (header.join(","), values.join(","));
    assert!(places.iter().all(|at| ours(*at).is_some()), "{curves}");
    folder.write("theirs.csv", format!("{header}\ntwo,FGD,1,{values}\ntwo,FGD,2,{values}\n"));
    let said = sweep(&folder, "near", &[]).expect(0);
    assert!(said.stdout.starts_with("8 runs\n\n"), "{}", said.stdout);
    assert!(
        said.stdout.ends_with("\n2 of 2 curves are the published ones, 0 compared by their means\n"),
        "{}",
        said.stdout
    );
    let compared = folder.read("near/published.csv");
    assert!(compared.lines().skip(1).all(|line| line.ends_with(",0,0,0,true")), "{compared}");
    assert!(folder.read("near/plots/free.svg").contains("published"));
}

#[test]
fn verdicts_are_what_the_rows_say() {
    let folder = folder();
    let compare =
        "  compare: { across: nodes, baseline: 4, metrics: [pods.succeeded, utilization.RESOURCE.mean_allocated] }\n";
    folder.write("experiment.yaml", format!("{}{compare}", EXPERIMENT.replace("seeds: 1..3", "seeds: 1..6")));
    let said = sweep(&folder, "out", &[]).expect(0);
    assert!(said.stdout.ends_with(&folder.read("out/verdicts.txt")), "{}", said.stdout);
    assert!(
        folder.read("out/verdicts.txt").contains("load high, default:\n  nodes 2 has "),
        "half the nodes do less of a high load: {}",
        said.stdout
    );

    // Of the rows, by hand.
    let runs = folder.read("out/runs.csv");
    let table = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    };
    let rows = table(&runs);
    let place = |name: &str| rows[0].iter().position(|column| column == name).unwrap();
    let succeeded = |nodes: &str| -> Vec<f64> {
        let ours = |row: &&Vec<String>| row[0] == nodes && row[1] == "high" && row[2] == "best-fit";
        rows.iter().filter(ours).map(|row| row[place("pods.succeeded")].parse().unwrap()).collect()
    };
    let differences: Vec<f64> = succeeded("2").iter().zip(succeeded("4")).map(|(two, four)| two - four).collect();
    let mean = differences.iter().sum::<f64>() / 6.0;
    let deviation = (differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / 5.0).sqrt();
    let half = 2.570_581_8 * deviation / 6_f64.sqrt();

    let compared = table(&folder.read("out/comparisons.csv"));
    let column = |name: &str| compared[0].iter().position(|column| column == name).unwrap();
    let row = compared.iter().find(|row| row[..3] == ["", "high", "best-fit"] && row[5] == "pods.succeeded").unwrap();
    assert_eq!(row[3..5], ["nodes 2", "nodes 4"]);
    for (name, expected) in
        [("difference", mean), ("standard_deviation", deviation), ("low", mean - half), ("high", mean + half)]
    {
        let found: f64 = row[column(name)].parse().unwrap();
        assert!((found - expected).abs() < 1e-4 * expected.abs().max(1.0), "{name}: {found} and not {expected}");
    }
    let resources = compared.iter().filter(|row| row[5].starts_with("utilization.")).count();
    assert_eq!(resources, 3 * 4, "CPU, memory and pods of four groups");
}
