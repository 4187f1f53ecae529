//! The FGD paper's tables: our runs against what its authors published, column for column.
//!
//! Source: `../shared/traces/PUBLISHED.md`, section 1.

use crate::support::repository;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use towtank::experiment::Experiment;
use towtank::reports::data::{Curve, Run};
use towtank::reports::published::{Deviation, PublishedTable};
use towtank::scenario::{Overrides, Scenario, SchedulerChoice};
use towtank::simulate::{RunOptions, simulate};

/// The policies, as we and as the tables name them.
const POLICIES: [(&str, &str); 6] = [
    ("gpu-random", "01-Random"),
    ("dot-prod", "02-DotProd"),
    ("gpu-clustering", "03-GpuClustering"),
    ("gpu-packing", "04-GpuPacking"),
    ("gpu-best-fit", "05-BestFit"),
    ("fgd", "06-FGD"),
];

/// The metrics: our curve, the table, and how far apart they may be.
const METRICS: [(&str, &str, f64); 3] = [
    ("gpu_allocated", "allo", 0.01),
    ("gpu_fragmented", "frag", 0.01),
    // Published to two decimals.
    ("gpu_fragmentation_ratio", "frag_ratio", 0.006),
];

const LISTS: [&str; 9] =
    ["default", "cpu050", "cpu200", "gpushare40", "gpushare100", "gpuspec10", "gpuspec33", "multigpu20", "multigpu50"];

/// The authors' trace and tables, if they are here.
fn shared() -> Option<PathBuf> {
    let folder = repository("../shared/traces/alibaba-gpu-v2023");
    if !folder.exists() {
        println!("skipped: {} is missing", folder.display());
        return None;
    }
    Some(folder)
}

fn published(folder: &Path, metric: &str) -> PublishedTable {
    let path = folder.join(format!("expected/analysis_{metric}_discrete.csv.gz"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    PublishedTable::parse(&path.display().to_string(), &text).unwrap()
}

/// Our run.
fn run(list: &str, seed: u64, policy: &str) -> Run {
    let pods = format!("openb_pod_list_{list}.csv.gz");
    let pods = format!("spec.workload[0].trace.pods=../../../shared/traces/alibaba-gpu-v2023/{pods}");
    let overrides = Overrides { set: vec![pods], seed: Some(seed), ..Overrides::default() };
    let file = repository("experiments/fgd-atc23/scenario.yaml");
    let scenario = Scenario::read(&file, &overrides).unwrap_or_else(|error| panic!("{error:?}"));
    let scheduler = SchedulerChoice::parse(policy, &scenario).unwrap_or_else(|error| panic!("{error:?}"));
    simulate(&scenario, &scheduler, RunOptions::default(), None).unwrap_or_else(|error| panic!("{error:?}")).run
}

fn curve<'r>(run: &'r Run, name: &str) -> &'r Curve {
    run.curves.iter().find(|curve| curve.name == name).expect("fragmentation is measured")
}

/// Compares one run of a policy without chance with its row of each table.
fn check(tables: &[PublishedTable], list: &str, seed: u64, (policy, theirs): (&str, &str)) {
    let run = run(list, seed, policy);
    for (table, (name, _, most)) in tables.iter().zip(METRICS) {
        let (workload, seed) = (format!("openb_pod_list_{list}"), seed.to_string());
        let wanted = [("workload", workload.as_str()), ("sc_policy", theirs), ("seed", &seed)];
        let rows: Vec<_> = table.curves(&wanted).collect();
        assert_eq!(rows.len(), 1, "one row for {wanted:?}");
        let deviation = Deviation::between(curve(&run, name), &rows[0]);
        assert_eq!((deviation.places, deviation.missing), (131, 0), "{list} {seed} {policy} {name}");
        assert!(deviation.largest <= most, "{list} {seed} {policy} {name}: {deviation:?}");
    }
}

fn tables(folder: &Path) -> Vec<PublishedTable> {
    METRICS.iter().map(|(_, table, _)| published(folder, table)).collect()
}

#[test]
fn runs_of_each_policy_and_of_each_kind_of_list_are_the_published_ones() {
    let Some(folder) = shared() else { return };
    let tables = tables(&folder);
    for (list, seed, policy) in [
        ("default", 42, 5),
        ("gpuspec33", 43, 5),
        ("multigpu50", 44, 1),
        ("cpu200", 45, 2),
        ("gpushare100", 46, 3),
        ("multigpu20", 42, 4),
    ] {
        check(&tables, list, seed, POLICIES[policy]);
    }
}

#[test]
fn the_experiment_is_all_published_runs() {
    if shared().is_none() {
        return;
    }
    let file = repository("experiments/fgd-atc23/experiment.yaml");
    let experiment = Experiment::read(&file).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(experiment.runs.len(), LISTS.len() * POLICIES.len() * 5);
    assert!(!experiment.published.is_empty(), "compared with the tables");
}

#[test]
#[ignore = "takes a minute: every published run of the policies without chance"]
fn every_run_is_the_published_one() {
    let Some(folder) = shared() else { return };
    let tables = tables(&folder);
    for list in LISTS {
        for policy in &POLICIES[1..] {
            (42..=46).for_each(|seed| check(&tables, list, seed, *policy));
        }
    }
}

#[test]
fn the_run_whose_log_is_published_ends_as_it_says() {
    if shared().is_none() {
        return;
    }
    let run = run("default", 42, "fgd");
    let allocated = |resource: &str| run.summary.utilization[resource].peak_allocated;
    assert_eq!(format!("{:.4}", allocated("cpu")), format!("{:.4}", 89_928_302.0 / 107_018_000.0));
    assert_eq!(format!("{:.3}", allocated("memory")), "0.623");
    let gpus = run.summary.gpu_fragmentation.as_ref().expect("fragmentation is measured");
    let thousands = |gpus: f64| format!("{gpus:.2}");
    assert_eq!((thousands(gpus.idle), thousands(gpus.fragmented)), ("292.59".to_owned(), "291.36".to_owned()));
    for (cause, amount) in [
        ("lacks_both", "138.43"),
        ("lacks_gpu", "85.86"),
        ("satisfied", "1.23"),
        ("lacks_cpu", "27.28"),
        ("no_gpu_fits", "6.06"),
        ("no_gpu_lacks_cpu", "33.73"),
        ("model_excluded", "0.00"),
    ] {
        assert_eq!(thousands(gpus.by_cause[cause]), amount, "{cause}");
    }
}
