//! Made-up runs of known shape, for tests and for looking at the figures.

use std::collections::BTreeMap;

use towtank_reports::data::{
    AutoscalerCounts, ClusterHistory, Condition, Decision, Heatmap, JobSpan, KeptFor, Latencies, LatencyPair,
    NANOS_PER_SECOND, NodeCounts, NodeHistory, NodeState, Notable, NotableKind, PodCounts, PodRecord, PodRecords,
    PublishedJob, RESOURCES, Run, Sample, Series, Summary, TraceSummary,
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
        series.set_counter(Series::PODS_STARTING, (load * nodes as f64 * noise.next()) as i64);
        heatmap.clear();
        for node in 0..nodes {
            let gone = node as i64 >= total || (outage && node < nodes / 3);
            if !gone {
                let tilt = 1.25 - 0.6 * node as f64 / nodes as f64;
                let full = (load * tilt + (noise.next() - 0.5) * 0.1).clamp(0.0, 1.0);
                heatmap.set(node, (full * 32_000.0) as i64, 32_000);
            }
        }
        heatmap.sample(time * NANOS_PER_SECOND);
    }
    heatmap.finish(seconds * NANOS_PER_SECOND);
    let skew = |noise: &mut Noise, scale: f64| (scale * (-noise.next().max(1e-12).ln()).powi(4) * 1e9) as i64;
    let scheduling = (0..20_000).map(|i| if i % 9 == 0 { 0 } else { skew(&mut noise, 0.02 * taste.powi(6)) }).collect();
    let startup = (0..19_000).map(|_| 2 * NANOS_PER_SECOND + skew(&mut noise, 0.2)).collect();
    let mut run = Run { label: label.to_owned(), series, heatmap, scheduling, startup, ..Run::default() };
    run.summary = summary(&run, seed, seconds);
    run.notable = notable(seconds);
    run.history = history(nodes, seconds);
    run.records = records(nodes, seconds, nodes * 5);
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
pub(crate) fn records(nodes: usize, seconds: i64, pods: usize) -> PodRecords {
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
        PodRecord {
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
            ..PodRecord::default()
        }
    };
    let total = pods as u64;
    let kept = vec![KeptFor { what: "drawn from all", kept: total, of: total }];
    PodRecords::in_order((0..pods).map(life).collect(), total, kept)
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
        latency: LatencyPair {
            scheduling: run.scheduling.summary(),
            startup: run.startup.summary(),
            ..LatencyPair::default()
        },
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
        ..Summary::default()
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

/// An afternoon of a small cluster: 40 pods on four nodes, in jobs, with GPUs.
pub(crate) fn small(label: &str, seed: u64) -> Run {
    const MINUTE: i64 = 60 * NANOS_PER_SECOND;
    let mut run = run(label, seed, 7200, 60, 4);
    let mut noise = Noise::new(seed + 1);
    let nodes: Vec<String> = (0..4).map(|node| format!("node-{node}")).collect();
    run.jobs.nodes.clone_from(&nodes);
    let mut lives = Vec::new();
    let mut free = [0_i64; 4];
    let (mut scheduling, mut startup) = (Latencies::default(), Latencies::default());
    for pod in 0..40 {
        let created = pod * 2 * MINUTE + (noise.next() * 90.0) as i64 * NANOS_PER_SECOND;
        let node = (0..4).min_by_key(|&node| (free[node], node)).unwrap_or(0);
        let bound = created.max(free[node]);
        let started = bound + (5.0 + noise.next() * 60.0) as i64 * NANOS_PER_SECOND;
        let ended = (started + (2.0 + noise.next() * 14.0) as i64 * MINUTE).min(120 * MINUTE);
        free[node] = bound + (ended - bound) / 2;
        scheduling.push(bound - created);
        startup.push(started - created);
        lives.push(PodRecord {
            name: format!("batch-{pod:02}"),
            outcome: "succeeded",
            node: Some(node as u64),
            created_ns: created,
            bound_ns: Some(bound),
            started_ns: Some(started),
            ended_ns: Some(ended),
            ..PodRecord::default()
        });
        if pod % 3 == 0 {
            let width = 1 + (noise.next() * 2.0) as u32;
            let first = (node as u32).min(4 - width);
            run.jobs.push(JobSpan {
                name: format!("job-{pod}"),
                submitted_ns: created,
                started_ns: bound,
                ended_ns: bound + 5 * MINUTE,
                pods: width,
                nodes: (first..first + width).collect(),
            });
            run.jobs.published.push(PublishedJob {
                name: format!("job-{pod}"),
                submitted_ns: created,
                started_ns: bound + MINUTE / 2,
                machines: vec![first],
            });
        }
    }
    let share = |row: usize| row as f64 / (run.series.len() - 1) as f64;
    let idle = |row: usize| 32_000 - (24_000.0 * (share(row) * std::f64::consts::PI).sin()) as i64;
    let rows = 0..run.series.len();
    let fragmented = rows.clone().map(|row| idle(row) / 4 + (2000.0 * share(row)) as i64).collect();
    let counters = [(Series::GPU_IDLE, rows.map(idle).collect()), (Series::GPU_FRAGMENTED, fragmented)];
    run.series.counters.extend(counters.map(|(name, values)| (name.to_owned(), values)));
    (run.scheduling, run.startup) = (scheduling, startup);
    run.records = PodRecords::in_order(lives, 40, Vec::new());
    run.summary.jobs = run.jobs.summary();
    run
}

/// Runs of every shape that has ever troubled a plot, by name.
pub(crate) fn shapes() -> Vec<(&'static str, Run)> {
    let mut no_latencies = run("default", 3, 3600, 60, 3);
    no_latencies.scheduling = Latencies::default();
    no_latencies.startup = Latencies::default();
    vec![
        ("nothing", Run::default()),
        ("a day", day("default", 7)),
        ("149 days on 5,000 nodes", run("default", 3, 149 * 86_400, 86_400, 5000)),
        ("ten minutes on one node", run("default", 5, 600, 5, 1)),
        ("a small cluster", small("default", 5)),
        ("a dozen named nodes", run("default", 5, 7200, 20, 12)),
        ("an instant", run("default", 5, 0, 5, 2)),
        ("no latencies", no_latencies),
        ("one sample", one_sample()),
        ("constants and zeros", constants()),
        ("very large numbers", large()),
    ]
}

fn one_sample() -> Run {
    let mut run = Run::default();
    run.series.push(Sample { time_ns: 7, pods_pending: 3, pods_running: 4, nodes_total: 1, nodes_ready: 1 });
    run.series.set_resource("cpu", 4000, 1000);
    run.heatmap = Heatmap::new("cpu", 10);
    let node = run.heatmap.add_node("only");
    run.heatmap.set(node, 1, 4);
    run.heatmap.sample(7);
    run.scheduling.push(NANOS_PER_SECOND);
    run.startup.push(0);
    run
}

fn constants() -> Run {
    let mut run = Run::default();
    for time in 0..50 {
        run.series.push(Sample {
            time_ns: time * NANOS_PER_SECOND,
            nodes_total: 2,
            nodes_ready: 2,
            ..Sample::default()
        });
        run.series.set_resource("cpu", 4000, 4000);
        run.series.set_resource("memory", 0, 0);
    }
    // From nothing to months, and most of them nothing.
    run.scheduling = [0; 600].into_iter().chain((0..380).map(|i| 1 << (i % 53))).collect();
    run.startup = [0; 3].into_iter().collect();
    run
}

fn large() -> Run {
    let mut run = Run::default();
    for time in [0, i64::MAX / 2, i64::MAX] {
        run.series.push(Sample { time_ns: time, pods_pending: i64::MAX, ..Sample::default() });
        run.series.set_resource("memory", i64::MAX, i64::MAX);
        run.series.set_resource("example.com/a-resource-with-a-name-of-sixty-three-characters-in-all", 1, i64::MAX);
    }
    run.scheduling = [i64::MAX, 1].into_iter().collect();
    run
}
