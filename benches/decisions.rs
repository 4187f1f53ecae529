//! Whole decisions: a pod arrives, is decided on and bound, and an older one ends. The clusters stay as full as they are.

#[path = "common/mod.rs"]
mod common;

use common::{Kind, NODES, World, criterion};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("decisions");
    for kind in Kind::ALL {
        for nodes in NODES {
            let mut world = World::new(kind, nodes);
            group.bench_function(BenchmarkId::new(kind.name(), nodes), |b| {
                b.iter(|| {
                    let pod = world.arrive();
                    world.decide(pod);
                    if kind == Kind::Preemption {
                        // Its node is filled again with pods that can be made to go.
                        let node = world.end_the_last();
                        let filler = world.fill();
                        world.bind(filler, node);
                    } else {
                        world.end_the_oldest();
                    }
                });
            });
        }
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = decisions }
criterion_main!(benches);
