//! Made-up runs of known shape, for tests and for looking at the figures.

use std::collections::BTreeMap;

use towtank_reports::data::{
    AutoscalerCounts, ClusterHistory, Condition, Decision, Heatmap, KeptFor, LatencyPair, NANOS_PER_SECOND, NodeCounts,
    NodeHistory, NodeState, Notable, NotableKind, PodCounts, PodLife, PodLives, RESOURCES, Run, Sample, Series,
    Summary, TraceSummary,
};
use towtank_reports::stats;

/// A small, fixed pseudo-random sequence: figures need texture, not quality.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Uniform in 0..1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A day on about 200 nodes with an autoscaled group and an outage; `seed` and `label` vary it.
pub(crate) fn day(label: &str, seed: u64) -> Run {
    run(label, seed, 86_400, 60, 200)
}

/// A run of the given length and sampling interval (seconds) and number of nodes.
pub(crate) fn run(label: &str, seed: u64, seconds: i64, interval: i64, nodes: usize) -> Run {
    let mut noise = Noise::new(seed);
    let mut series = Series::default();
    let mut heatmap = Heatmap::new("cpu", Heatmap::DEFAULT_COLUMNS);
    for node in 0..nodes {
        heatmap.add_node(&format!("zone-{}-pool-{:04}", ["a", "b", "c"][node * 3 / nodes.max(1)], node));
    }
    let (mut pending, mut load) = (0.0f64, 0.4f64);
    let taste = 0.8 + 0.1 * (seed % 7) as f64;
    for time in (0..=seconds).step_by(interval as usize) {
        let share = time as f64 / seconds.max(1) as f64;
        let wave = 0.55 * taste - 0.3 * (share * std::f64::consts::TAU).cos();
        load = (load * 0.9 + wave * 0.1 + (noise.next() - 0.5) * 0.03).clamp(0.0, 0.97);
        let outage = (0.55..0.62).contains(&share);
        let total = nodes as i64 - nodes as i64 / 8 + (nodes as f64 / 8.0 * (wave * 1.3).min(1.0)) as i64;
        let ready = if outage { total * 2 / 3 } else { total };
        pending =
            (pending * 0.85 + (load - 0.7).max(0.0) * 90.0 * noise.next() + f64::from(outage) * 40.0 * noise.next())
                .max(0.0);
        series.push(Sample {
            time_ns: time * NANOS_PER_SECOND,
            pods_pending: pending as i64,
            pods_running: (load * nodes as f64 * 11.0) as i64,
            nodes_total: total,
            nodes_ready: ready,
        });
        let used = |per_node: f64, factor: f64| (per_node * total as f64 * (load * factor).min(1.0)) as i64;
        series.set_resource("cpu", ready * 32_000, used(32_000.0, 1.0).min(ready * 32_000));
        series.set_resource("memory", ready * (128 << 30), used((128i64 << 30) as f64, 0.7).min(ready * (128 << 30)));
        series.set_resource("nvidia.com/gpu", 64, (64.0 * (load * 1.25).min(1.0)) as i64);
        series.set_resource("example.com/none", 0, 0);
        series.set_resource("pods", ready * 110, used(110.0, 0.12));
        series.set_counter("evictions", i64::from(outage) * 3);
        heatmap.begin_sample(time * NANOS_PER_SECOND);
        for node in 0..nodes {
            let gone = node as i64 >= total || (outage && node < nodes / 3);
            if !gone {
                let tilt = 1.25 - 0.6 * node as f64 / nodes as f64;
                let full = (load * tilt + (noise.next() - 0.5) * 0.1).clamp(0.0, 1.0);
                heatmap.set(node, (full * 32_000.0) as i64, 32_000);
            }
        }
    }
    heatmap.finish(seconds * NANOS_PER_SECOND);
    let skew = |noise: &mut Noise, scale: f64| (scale * (-noise.next().max(1e-12).ln()).powi(4) * 1e9) as i64;
    let scheduling = (0..20_000).map(|i| if i % 9 == 0 { 0 } else { skew(&mut noise, 0.02 * taste.powi(6)) }).collect();
    let startup = (0..19_000).map(|_| 2 * NANOS_PER_SECOND + skew(&mut noise, 0.2)).collect();
    let mut run = Run { label: label.to_owned(), series, heatmap, scheduling, startup, ..Run::default() };
    run.summary = summary(&run, seed, seconds);
    run.notable = notable(seconds);
    run.history = history(nodes, seconds);
    run.lives = lives(nodes, seconds, nodes * 5);
    run
}

/// Nodes of three zones, one of which is not ready for a while, and a last node that comes late.
pub(crate) fn history(nodes: usize, seconds: i64) -> ClusterHistory {
    let mut history = ClusterHistory::default();
    history.resources = vec!["cpu".to_owned(), "memory".to_owned()];
    let end = seconds * NANOS_PER_SECOND;
    history.nodes = (0..nodes)
        .map(|node| NodeHistory {
            uid: node as u64,
            name: format!("node-{node}").into(),
            zone: ["a", "b", "c"][node * 3 / nodes.max(1)].to_owned(),
            cpu_milli: 32_000,
            memory_bytes: 128 << 30,
            added_ns: if node + 1 == nodes { end / 2 } else { 0 },
            ..NodeHistory::default()
        })
        .collect();
    for place in 0..=48 {
        let state = |node: usize| {
            let mut shares = [NodeState::NONE; RESOURCES];
            shares[0] = ((node * 37 + place * 4) % 201) as u8;
            shares[1] = shares[0] / 2;
            let condition = match node {
                _ if node + 1 == nodes && place < 24 => return NodeState::ABSENT,
                _ if node < nodes / 3 && (26..30).contains(&place) => Condition::NotReady,
                1 => Condition::Cordoned,
                _ => Condition::Ready,
            };
            NodeState { shares, pods: (node % 7) as u16, condition }
        };
        history.push(end * place as i64 / 48, &(0..nodes).map(state).collect::<Vec<_>>());
    }
    history
}

/// So many pods of every fate, on these nodes.
pub(crate) fn lives(nodes: usize, seconds: i64, pods: usize) -> PodLives {
    let end = seconds * NANOS_PER_SECOND;
    let life = |pod: usize| {
        let created_ns = end / pods.max(1) as i64 * pod as i64;
        let outcome = match pod % 50 {
            7 => "pending",
            8 => "rejected",
            9 => "preempted",
            10 => "failed",
            _ => "succeeded",
        };
        let bound_ns = (pod % 50 != 7 && pod % 50 != 8).then_some(created_ns + (pod as i64 % 90) * 1_700_000);
        PodLife {
            namespace: ["analytics", "shop"][pod % 2].into(),
            name: format!("batch-{pod}"),
            outcome,
            node: bound_ns.map(|_| (pod % nodes.max(1)) as u64),
            cpu_milli: 500 * (1 + pod as i64 % 8),
            memory_bytes: 1 << 30,
            attempts: if outcome == "rejected" { 0 } else { 1 + pod as u32 % 3 },
            created_ns,
            bound_ns,
            started_ns: bound_ns.map(|at| at + 2 * NANOS_PER_SECOND),
            ended_ns: match outcome {
                "pending" => None,
                "rejected" => Some(created_ns),
                _ => bound_ns.map(|at| at + end / 4),
            },
            decision: bound_ns.map(|_| Decision { examined: 150, feasible: 100, best: Some(440), ties: 11 }),
            reason: match outcome {
                "pending" => Some("0/200 nodes are available: 200 Insufficient cpu.".into()),
                "rejected" => Some("exceeded quota: compute, requested: cpu=4, used: 30, limited: 32".into()),
                _ => None,
            },
            preempted_by: (outcome == "preempted").then(|| "shop/urgent-1".into()),
            ..PodLife::default()
        }
    };
    let total = pods as u64;
    PodLives {
        lives: (0..pods).map(life).collect(),
        total,
        kept: vec![KeptFor { what: "drawn from all", kept: total, of: total }],
    }
}

fn summary(run: &Run, seed: u64, seconds: i64) -> Summary {
    let end = seconds * NANOS_PER_SECOND;
    let used = |series: &Series| {
        let each = series.resources.iter();
        each.map(|resource| (resource.name.clone(), stats::utilization(series, resource, end))).collect()
    };
    Summary {
        scenario: "quickstart".to_owned(),
        policy: run.label.clone(),
        seed,
        fingerprint: "9f86d081884c7d659a2feaa0c55ad015".to_owned(),
        simulated_seconds: seconds as f64,
        events: 182_340,
        decisions: 20_311,
        pods: PodCounts {
            submitted: 20_114,
            rejected: 312,
            bound: 19_790,
            succeeded: 18_001,
            failed: 12,
            pending: 12,
            evicted: 204,
            preempted: 0,
        },
        nodes: NodeCounts { initial: 180, peak: 212, r#final: 190 },
        utilization: used(&run.series),
        latency: LatencyPair { scheduling: run.scheduling.summary(), startup: run.startup.summary() },
        jobs: None,
        gpu_fragmentation: None,
        rejections: BTreeMap::from([("exceeded quota".to_owned(), 312)]),
        quota_refusals: BTreeMap::from([("research".to_owned(), 290), ("batch".to_owned(), 22)]),
        autoscaler: Some(AutoscalerCounts { scale_ups: 14, nodes_added: 32, scale_downs: 9, nodes_removed: 22 }),
        disruptions: BTreeMap::from([("zone outage".to_owned(), 1)]),
        wall_seconds: 1.25,
        decisions_per_second: 16_248.8,
        peak_rss_bytes: Some(48 << 20),
        phases: BTreeMap::new(),
        trace: TraceSummary::default(),
    }
}

fn notable(seconds: i64) -> Vec<Notable> {
    let at = |share: f64| (seconds as f64 * share) as i64 * NANOS_PER_SECOND;
    let mut outage = Notable::at(at(0.55), NotableKind::Outage, "zone-a lost 67 nodes; 204 pods were evicted");
    outage.until_ns = at(0.62);
    vec![
        Notable::at(at(0.31), NotableKind::ScaleUp, "group burst grew from 0 to 12 nodes for 140 pending pods"),
        Notable::at(
            at(0.36),
            NotableKind::QuotaRefusal,
            "namespace research: 290 pods refused, \"exceeded quota: gpu, requested: nvidia.com/gpu=4, used: 30 of 32\"",
        ),
        outage,
        Notable::at(at(0.62), NotableKind::Repair, "zone-a came back with 67 nodes"),
        Notable::at(at(0.8), NotableKind::ScaleDown, "group burst shrank from 32 to 10 nodes"),
    ]
}
