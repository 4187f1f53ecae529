//! Whole runs: a scenario from its first event to its last, everything in it that reacts, nobody watching.

#[path = "common/mod.rs"]
mod common;

use common::{CONFIGURATION, Kind, NODES, criterion, generator, nodes};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::fs;
use std::path::Path;
use towtank::scenario::{Overrides, Scenario, SchedulerChoice};
use towtank::sim::scheduler::Evaluation;

/// Pods for each node.
const PODS: usize = 2;

/// Pods that fill a node for those for which they have to make room.
const FULL: usize = 8;

fn scenario(kind: Kind, count: usize, folder: &Path) -> Scenario {
    let part = |name, shapes, pods: usize, more: &str| {
        let text = format!("{}count: {}\n{more}", generator(name, shapes), pods * count);
        let indented = text.lines().map(|line| ["        ", line, "\n"].concat()).collect::<String>();
        format!("    - generate:\n{indented}")
    };
    let workload = match kind {
        Kind::Preemption => {
            let from = format!("from: {}\n", count * FULL / 1000 + 10);
            part("before", kind.shapes_before(), FULL, "") + &part("pods", kind.shapes(), PODS, &from)
        }
        _ => part("pods", kind.shapes(), PODS, "duration: 10s\n"),
    };
    let text = format!(
        "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: run }}\nspec:\n  until: 1h\n  cluster:\n    \
         - generate: {}\n  workload:\n{workload}  scheduler: {{ config: config.yaml }}\n",
        nodes(count)
    );
    fs::write(folder.join("config.yaml"), CONFIGURATION).expect("written");
    fs::write(folder.join("scenario.yaml"), text).expect("written");
    Scenario::read(&folder.join("scenario.yaml"), &Overrides::default()).expect("a scenario")
}

fn runs(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = c.benchmark_group("runs");
    group.sample_size(10);
    for kind in Kind::ALL {
        for count in NODES {
            let scenario = scenario(kind, count, folder.path());
            let scheduler = SchedulerChoice::of(&scenario).expect("a configuration");
            let prepare = || scenario.prepare(&scheduler, Evaluation::Indexed).expect("it can be run");
            group.throughput(Throughput::Elements((PODS * count) as u64));
            group.bench_function(BenchmarkId::new(kind.name(), count), |b| {
                b.iter_batched(
                    prepare,
                    |mut prepared| {
                        prepared.simulation.run(scenario.until, &mut []).expect("it ends");
                        prepared
                    },
                    BatchSize::PerIteration,
                );
            });
        }
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = runs }
criterion_main!(benches);
