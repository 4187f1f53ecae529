//! The event queue and the loop around it: so many timers under way, each of which sets the next one.

#[path = "common/mod.rs"]
mod common;

use common::{NODES, criterion};
use criterion::{BenchmarkId, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use towtank::sim::agenda::{Rank, Timer};
use towtank::sim::cluster::Interest;
use towtank::sim::controller::{Context, Controller};
use towtank::sim::engine::{Simulation, Until};
use towtank::sim::time::{SimTime, Span};

/// Events of one measured run.
const EVENTS: u64 = 100_000;

/// Keeps timers under way.
struct Ticking {
    timers: usize,
    left: u64,
    /// A linear congruence: spans need to differ, and not to be random.
    state: u64,
}

impl Ticking {
    fn set_one(&mut self, cx: &mut Context<'_>) {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = cx.now() + Span((self.state >> 34) as i64);
        cx.remind(at, Rank::Control, Timer::of_kind(0));
    }
}

impl Controller for Ticking {
    fn name(&self) -> &'static str {
        "ticking"
    }

    fn interest(&self) -> Interest {
        Interest::NONE
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        for _ in 0..self.timers {
            self.set_one(cx);
        }
    }

    fn on_timer(&mut self, _timer: Timer, cx: &mut Context<'_>) {
        if self.left > 0 {
            self.left -= 1;
            self.set_one(cx);
        }
    }
}

fn events(c: &mut criterion::Criterion) {
    let mut group = c.benchmark_group("events");
    group.throughput(Throughput::Elements(EVENTS));
    // A pod's end is an event that waits: ten pods on each node.
    for timers in NODES.map(|nodes| nodes * 10) {
        group.bench_with_input(BenchmarkId::new("waiting", timers), &timers, |b, timers| {
            b.iter(|| {
                let mut simulation = Simulation::new(1);
                simulation.add_controller(Box::new(Ticking { timers: *timers, left: EVENTS, state: 1 }));
                // One more than the timers at the start, so that the last ones need not be waited for.
                black_box(simulation.run(Until::Time(SimTime(i64::MAX)), &mut []).expect("nothing can fail"))
            });
        });
    }
    group.finish();
}

criterion_group! { name = benches; config = criterion(); targets = events }
criterion_main!(benches);
