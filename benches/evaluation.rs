//! Filter and Score of one class, after one node has changed: what a decision costs before anything is done about it.

#[path = "common/mod.rs"]
mod common;

use common::{Kind, NODES, World, criterion};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn evaluation(c: &mut Criterion) {
    let mut group = c.benchmark_group("evaluation");
    for kind in Kind::ALL {
        for nodes in NODES {
            let mut world = World::new(kind, nodes);
            let pod = world.arrive();
            group.bench_function(BenchmarkId::new(kind.name(), nodes), |b| {
                b.iter(|| {
                    let node = world.end_the_oldest();
                    let other = world.fill();
                    world.bind(other, node);
                    world.settle();
                    // Where others have to make room, there is none.
                    black_box(world.choose(pod).ok())
                });
            });
        }
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = evaluation }
criterion_main!(benches);
