//! Lists of nodes without usable jobs.

use super::{data, nodes, sum};
use std::collections::BTreeMap;
use towtank_traces::record::{Event, Record};
use towtank_traces::{Context, GpuMode, ReplayOptions, detect};

/// Nodes and GPUs by model.
fn by_model(records: &[Record]) -> BTreeMap<String, (usize, i64)> {
    let mut models: BTreeMap<String, (usize, i64)> = BTreeMap::new();
    for record in records {
        let Event::NodeAdded(spec) = &record.event else { panic!("nodes only come") };
        let entry = models.entry(spec.labels.get("gpu-model").cloned().unwrap_or_default()).or_default();
        entry.0 += 1;
        entry.1 += i64::from(spec.devices);
    }
    models
}

fn check(format: &str, path: &str, models: &[(&str, usize, i64)], cores: i128) {
    let Some(inputs) = data(path) else { return };
    assert_eq!(detect(&inputs).unwrap().name, format);
    let records = nodes(format, &inputs, &Context::default());
    let expected: BTreeMap<_, _> = models.iter().map(|(name, n, gpus)| ((*name).to_owned(), (*n, *gpus))).collect();
    assert_eq!(by_model(&records), expected);
    let lists = || {
        records.iter().filter_map(|record| match &record.event {
            Event::NodeAdded(spec) => Some(&*spec.allocatable),
            _ => None,
        })
    };
    assert_eq!(sum(lists(), "cpu"), cores * 1000);
    let options = ReplayOptions { gpu: GpuMode::Whole, ..ReplayOptions::default() };
    let whole = nodes(format, &inputs, &Context { options, ..Context::default() });
    let lists = whole.iter().filter_map(|record| match &record.event {
        Event::NodeAdded(spec) => Some(&*spec.allocatable),
        _ => None,
    });
    let gpus: i64 = models.iter().map(|(_, _, gpus)| gpus).sum();
    assert_eq!(sum(lists, "nvidia.com/gpu"), i128::from(gpus) * 1000);
}

#[test]
fn pai_2020_is_as_the_readme_says() {
    let models = [
        ("", 83, 0),
        ("MISC", 280, 2240),
        ("P100", 798, 1596),
        ("T4", 497, 994),
        ("V100", 104, 832),
        ("V100M32", 135, 1080),
    ];
    check("alibaba-pai-v2020", "cluster-inventories/pai_machine_spec_2020.csv", &models, 156_576);
}

#[test]
fn spot_2026_is_as_the_readme_says() {
    let models = [
        ("A10", 2494, 2494),
        ("A100-SXM4-80GB", 432, 3456),
        ("A800-SXM4-80GB", 22, 176),
        ("GPU-series-1", 989, 1558),
        ("GPU-series-2", 122, 976),
        ("H800", 219, 1752),
    ];
    check("alibaba-spot-v2026", "cluster-inventories/alibaba_spot_gpu_2026_nodes.csv", &models, 632_636);
}
