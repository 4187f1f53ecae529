//! The store: a pod's way through it, on clusters of all sizes and with pods of all kinds.

#[path = "common/mod.rs"]
mod common;

use common::{Kind, NODES, World, criterion};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

/// Creates a pod, binds it, ends it, and tells everyone.
fn lives(c: &mut Criterion) {
    let mut group = c.benchmark_group("store/create-bind-finish");
    for kind in Kind::ALL {
        for nodes in NODES {
            let mut world = World::new(kind, nodes);
            group.bench_function(BenchmarkId::new(kind.name(), nodes), |b| {
                b.iter(|| {
                    let node = world.end_the_oldest();
                    let pod = world.fill();
                    world.bind(pod, node);
                    world.cluster.deliver(|_, _| ());
                });
            });
        }
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = lives }
criterion_main!(benches);
