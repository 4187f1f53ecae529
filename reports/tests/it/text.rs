//! Summaries as text.

use towtank_reports::comparison::Comparison;
use towtank_reports::data::{LatencySummary, SchedulingParts, Summary};
use towtank_reports::metrics::completion::CompletionSummary;
use towtank_reports::metrics::energy::Energy;
use towtank_reports::terminal;

use crate::demo;

fn fixed() -> Summary {
    let mut summary = demo::run("default", 42, 600, 60, 3).summary;
    summary.latency.scheduling = LatencySummary {
        count: 19_790,
        p50: Some(0.0),
        p90: Some(0.012),
        p99: Some(2.5),
        max: Some(5000.0),
        ..LatencySummary::default()
    };
    summary.latency.startup = LatencySummary::default();
    for (index, used) in summary.utilization.values_mut().enumerate() {
        used.mean_allocated = 0.1 * index as f64;
        used.peak_allocated = 0.25 * index as f64;
    }
    summary
}

#[test]
fn one_run() {
    insta::assert_snapshot!(terminal::summary(&fixed()), @"
    Scenario     quickstart (policy default, seed 42)
    Fingerprint  9f86d081884c7d659a2feaa0c55ad015
    Simulated    00:10:00, 182,340 events, 20,311 decisions
    Pods         20,114 submitted, 312 rejected, 19,790 bound
                 18,001 succeeded, 12 failed, 12 pending
                 204 evicted, 0 preempted
    Nodes        180 at the start, 212 at most, 190 at the end
    Autoscaler   14 scale-ups (+32 nodes), 9 scale-downs (-22 nodes)
    Rejected     exceeded quota 312
    Over quota   batch 22, research 290
    Disruptions  zone outage 1

    Latency                   p50      p90    p99       max  mean    pods
      scheduling              0 s    12 ms  2.5 s  83.3 min     –  19,790
      startup                   –        –      –         –     –       0

    Utilization         allocated     peak
      cpu                   0.0 %    0.0 %
      example.com/none     10.0 %   25.0 %
      memory               20.0 %   50.0 %
      nvidia.com/gpu       30.0 %   75.0 %
      pods                 40.0 %  100.0 %

    Took 1.25 s: 16,249 decisions per second, 48 MiB of memory.
    ");
}

#[test]
fn nothing() {
    insta::assert_snapshot!(terminal::summary(&Summary::default()), @"
    Scenario     – (policy –, seed 0)
    Fingerprint  –
    Simulated    00:00:00, 0 events, 0 decisions
    Pods         0 submitted, 0 rejected, 0 bound
                 0 succeeded, 0 failed, 0 pending
                 0 evicted, 0 preempted
    Nodes        0 at the start, 0 at most, 0 at the end

    Latency       p50  p90  p99  max  mean  pods
      scheduling    –    –    –    –     –     0
      startup       –    –    –    –     –     0
    ");
}

#[test]
fn several_runs() {
    let (one, mut two) = (fixed(), fixed());
    two.pods.pending = 1_234;
    two.utilization.remove("cpu");
    let table = Comparison::new(&[("kube-default", &one), ("best-fit", &two)]);
    insta::assert_snapshot!(terminal::comparison(&table), @"
    Pods                      kube-default  best-fit
      submitted                     20,114    20,114
      rejected                         312       312
      bound                         19,790    19,790
      succeeded                     18,001    18,001
      failed                            12        12
      pending at the end                12     1,234
      evicted                          204       204

    Nodes                     kube-default  best-fit
      at the start                     180       180
      at most                          212       212
      at the end                       190       190

    Allocated                 kube-default  best-fit
      cpu, mean                      0.0 %         –
      cpu, peak                      0.0 %         –
      example.com/none, mean        10.0 %    10.0 %
      example.com/none, peak        25.0 %    25.0 %
      memory, mean                  20.0 %    20.0 %
      memory, peak                  50.0 %    50.0 %
      nvidia.com/gpu, mean          30.0 %    30.0 %
      nvidia.com/gpu, peak          75.0 %    75.0 %
      pods, mean                    40.0 %    40.0 %
      pods, peak                   100.0 %   100.0 %

    Latency                   kube-default  best-fit
      scheduling, p50                  0 s       0 s
      scheduling, p90                12 ms     12 ms
      scheduling, p99                2.5 s     2.5 s
      scheduling, max             83.3 min  83.3 min
    ");
}

#[test]
fn what_a_run_has_is_told_and_nothing_else() {
    let mut summary = fixed();
    let of = |p50, max| LatencySummary { count: 19_790, p50: Some(p50), max: Some(max), ..LatencySummary::default() };
    summary.latency.parts = Some(SchedulingParts {
        queue: of(0.0, 0.25),
        unschedulable: of(0.0, 4999.0),
        decision: of(0.001, 0.004),
        ..SchedulingParts::default()
    });
    summary.completion = Some(CompletionSummary {
        turnaround: of(60.0, 7200.0),
        mean_slowdown: 1.25,
        max_slowdown: 80.0,
        mean_bounded_slowdown: 1.01,
        max_bounded_slowdown: 3.0,
        makespan_seconds: 599.0,
        pods_per_hour: 118_740.0,
    });
    let cpu = summary.utilization.get_mut("cpu").unwrap();
    (cpu.mean_requested, cpu.mean_used) = (Some(1.25), Some(0.5));
    summary.stranded.insert("memory".to_owned(), 0.125);
    summary.energy = Some(Energy { kilowatt_hours: 12.5, idle_kilowatt_hours: 5.0, mean_watts: 75_000.0 });
    let text = terminal::summary(&summary);
    let told = text.split_once("Disruptions").unwrap().1;
    insta::assert_snapshot!(told, @"
      zone outage 1
    Slowdown     1.25 on average, 80 at most; bounded 1.01 and 3
    Throughput   118,740 pods/h; makespan 9.98 min
    Energy       12.5 kWh, 5 of them for idling; 75,000 W on average

    Latency                   p50      p90        p99       max      mean    pods
      scheduling              0 s    12 ms      2.5 s  83.3 min         –  19,790
        queue                 0 s        –          –    250 ms         –  19,790
        unschedulable         0 s        –          –  83.3 min         –  19,790
        decision             1 ms        –          –      4 ms         –  19,790
      startup                   –        –          –         –         –       0
      turnaround             60 s        –          –       2 h         –  19,790

    Utilization         allocated     peak  requested      used  stranded
      cpu                   0.0 %    0.0 %    125.0 %    50.0 %         –
      example.com/none     10.0 %   25.0 %          –         –         –
      memory               20.0 %   50.0 %          –         –    12.5 %
      nvidia.com/gpu       30.0 %   75.0 %          –         –         –
      pods                 40.0 %  100.0 %          –         –         –

    Took 1.25 s: 16,249 decisions per second, 48 MiB of memory.
    ");
}
