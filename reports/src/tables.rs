//! Tables: `timeseries.csv`, `curves.csv`, `pods.csv`, `nodes.csv` and `summary.json`.
//!
//! Times are seconds with six decimals, fractions have six decimals, and what is not known or never happened is an empty
//! field. Equal data gives equal bytes.

use std::io::Write;

use crate::data::{Curve, Series, Summary};
use crate::units::csv_seconds;

/// One line of `pods.csv`: a pod's life. Times are nanoseconds since the scenario's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PodRow<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// How it ended, as one stable word: `succeeded`, `failed`, `rejected`, `pending`, `running`, `evicted`, …
    pub outcome: &'a str,
    /// Why, as a stable word or the server's sentence; empty where there is nothing to say.
    pub reason: &'a str,
    /// The node it was bound to last; empty if never.
    pub node: &'a str,
    /// Its priority.
    pub priority: i64,
    /// CPU request in milli-CPU.
    pub cpu_milli: i64,
    /// Memory request in bytes.
    pub memory_bytes: i64,
    /// Further requests, such as `nvidia.com/gpu=2;example.com/x=1`; empty without any.
    pub other_resources: &'a str,
    /// Scheduling attempts that it took.
    pub attempts: u32,
    /// When it was created.
    pub created_ns: i64,
    /// When it was bound.
    pub bound_ns: Option<i64>,
    /// When its first container ran.
    pub started_ns: Option<i64>,
    /// When it ended.
    pub ended_ns: Option<i64>,
}

/// One line of `jobs.csv`: a job's life. Times are nanoseconds since the scenario's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobRow<'a> {
    /// The namespace of its group.
    pub namespace: &'a str,
    /// The name of its group.
    pub name: &'a str,
    /// `succeeded`, `failed` (a pod failed or was taken away), `running`, `pending`.
    pub outcome: &'a str,
    /// Pods that were bound; of one that is pending, those that it needs.
    pub pods: u32,
    /// The run time that its user announced.
    pub estimate_ns: Option<i64>,
    /// When its group was created.
    pub submitted_ns: i64,
    /// When its first pod was bound.
    pub started_ns: Option<i64>,
    /// When its last pod ended.
    pub ended_ns: Option<i64>,
    /// The names of its nodes, oldest first, joined by blanks.
    pub nodes: &'a str,
}

/// One line of `nodes.csv`: a node's life. Times are nanoseconds since the scenario's start.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NodeRow<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its zone; empty without one.
    pub zone: &'a str,
    /// The autoscaled group it belongs to; empty without one.
    pub group: &'a str,
    /// Allocatable CPU in milli-CPU.
    pub cpu_milli: i64,
    /// Allocatable memory in bytes.
    pub memory_bytes: i64,
    /// Largest number of pods.
    pub pods: i64,
    /// Further allocatable resources, such as `nvidia.com/gpu=8`; empty without any.
    pub other_resources: &'a str,
    /// When it joined.
    pub added_ns: i64,
    /// When it left; `None` if it stayed.
    pub removed_ns: Option<i64>,
    /// For how long it was not ready, in nanoseconds.
    pub not_ready_ns: i64,
    /// Pods that were bound to it.
    pub bound_pods: u64,
    /// Time-weighted mean of its allocated CPU, as a fraction of its allocatable CPU; `None` without any.
    pub mean_cpu_allocated: Option<f64>,
    /// The same for memory.
    pub mean_memory_allocated: Option<f64>,
    /// Share of CPU time that pods used; none for a node without CPU.
    pub mean_cpu_used: Option<f64>,
    /// Share of memory time that pods used.
    pub mean_memory_used: Option<f64>,
}

/// A row that knows its table's columns.
pub trait Row {
    /// The columns, in order.
    const COLUMNS: &'static [&'static str];

    /// The fields, one per column.
    fn fields(&self) -> Vec<String>;
}

/// Writes a table row by row, so that a table may be larger than memory.
#[derive(Debug)]
pub struct TableWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> TableWriter<W> {
    /// Starts a table of rows of type `R` with its header.
    ///
    /// # Errors
    /// Where the writer below cannot be written to.
    pub fn new<R: Row>(writer: W) -> csv::Result<Self> {
        let mut writer = csv::Writer::from_writer(writer);
        writer.write_record(R::COLUMNS)?;
        Ok(Self { writer })
    }

    /// Appends one row, of the type that the table was started with; another number of columns is an error.
    pub fn write<R: Row>(&mut self, row: &R) -> csv::Result<()> {
        self.writer.write_record(row.fields())
    }

    /// Writes what is still buffered and gives the writer back.
    pub fn finish(mut self) -> csv::Result<W> {
        self.writer.flush()?;
        self.writer.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))
    }
}

impl Row for PodRow<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "namespace",
        "name",
        "outcome",
        "reason",
        "node",
        "priority",
        "cpu_milli",
        "memory_bytes",
        "other_resources",
        "attempts",
        "created_s",
        "bound_s",
        "started_s",
        "ended_s",
    ];

    fn fields(&self) -> Vec<String> {
        vec![
            self.namespace.to_owned(),
            self.name.to_owned(),
            self.outcome.to_owned(),
            self.reason.to_owned(),
            self.node.to_owned(),
            self.priority.to_string(),
            self.cpu_milli.to_string(),
            self.memory_bytes.to_string(),
            self.other_resources.to_owned(),
            self.attempts.to_string(),
            csv_seconds(self.created_ns),
            optional_seconds(self.bound_ns),
            optional_seconds(self.started_ns),
            optional_seconds(self.ended_ns),
        ]
    }
}

impl Row for JobRow<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "namespace",
        "name",
        "outcome",
        "pods",
        "estimate_s",
        "submitted_s",
        "started_s",
        "ended_s",
        "wait_s",
        "run_s",
        "turnaround_s",
        "nodes",
    ];

    fn fields(&self) -> Vec<String> {
        let between = |from: Option<i64>, to: Option<i64>| optional_seconds(from.zip(to).map(|(from, to)| to - from));
        vec![
            self.namespace.to_owned(),
            self.name.to_owned(),
            self.outcome.to_owned(),
            self.pods.to_string(),
            optional_seconds(self.estimate_ns),
            csv_seconds(self.submitted_ns),
            optional_seconds(self.started_ns),
            optional_seconds(self.ended_ns),
            between(Some(self.submitted_ns), self.started_ns),
            between(self.started_ns, self.ended_ns),
            between(Some(self.submitted_ns), self.ended_ns),
            self.nodes.to_owned(),
        ]
    }
}

impl Row for NodeRow<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "name",
        "zone",
        "group",
        "cpu_milli",
        "memory_bytes",
        "pods",
        "other_resources",
        "added_s",
        "removed_s",
        "not_ready_s",
        "bound_pods",
        "mean_cpu_allocated",
        "mean_memory_allocated",
        "mean_cpu_used",
        "mean_memory_used",
    ];

    fn fields(&self) -> Vec<String> {
        vec![
            self.name.to_owned(),
            self.zone.to_owned(),
            self.group.to_owned(),
            self.cpu_milli.to_string(),
            self.memory_bytes.to_string(),
            self.pods.to_string(),
            self.other_resources.to_owned(),
            csv_seconds(self.added_ns),
            optional_seconds(self.removed_ns),
            csv_seconds(self.not_ready_ns),
            self.bound_pods.to_string(),
            optional_fraction(self.mean_cpu_allocated),
            optional_fraction(self.mean_memory_allocated),
            optional_fraction(self.mean_cpu_used),
            optional_fraction(self.mean_memory_used),
        ]
    }
}

/// Writes `curves.csv`: one line per point of each curve.
///
/// # Errors
/// Where the writer cannot be written to.
pub fn write_curves<W: Write>(curves: &[Curve], writer: W) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(writer);
    writer.write_record(["curve", "at", "value"])?;
    for curve in curves {
        for (at, value) in &curve.points {
            writer.write_record([&curve.name, &at.to_string(), &value.to_string()])?;
        }
    }
    writer.flush()?;
    Ok(())
}

/// Writes `timeseries.csv`: one line per sample; for each resource its capacity and allocation in base units, then the
/// named counters.
///
/// # Errors
/// Where the writer cannot be written to.
pub fn write_series<W: Write>(series: &Series, writer: W) -> csv::Result<()> {
    let mut writer = csv::Writer::from_writer(writer);
    let mut header: Vec<String> =
        ["time_s", "pods_pending", "pods_running", "nodes", "nodes_ready"].map(str::to_owned).to_vec();
    for resource in &series.resources {
        header.push(format!("{}_capacity", resource.name));
        header.push(format!("{}_allocated", resource.name));
    }
    header.extend(series.counters.iter().map(|(name, _)| name.clone()));
    writer.write_record(&header)?;
    for (row, &time) in series.times_ns.iter().enumerate() {
        writer.write_field(csv_seconds(time))?;
        for column in [&series.pods_pending, &series.pods_running, &series.nodes_total, &series.nodes_ready] {
            writer.write_field(column[row].to_string())?;
        }
        for resource in &series.resources {
            writer.write_field(resource.capacity[row].to_string())?;
            writer.write_field(resource.allocated[row].to_string())?;
        }
        for (_, column) in &series.counters {
            writer.write_field(column[row].to_string())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()?;
    Ok(())
}

/// The text of `summary.json`: indented, its fields in a fixed order, with a newline at its end.
pub fn summary_json(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary has only string keys and finite numbers");
    text.push('\n');
    text
}

fn optional_seconds(nanoseconds: Option<i64>) -> String {
    nanoseconds.map(csv_seconds).unwrap_or_default()
}

fn optional_fraction(fraction: Option<f64>) -> String {
    fraction.map(|fraction| format!("{fraction:.6}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ResourceUtilization, Sample};

    #[test]
    fn pods_and_nodes() {
        let mut pods = TableWriter::new::<PodRow<'_>>(Vec::new()).unwrap();
        let created = PodRow { namespace: "default", name: "web-0", outcome: "pending", ..PodRow::default() };
        pods.write(&created).unwrap();
        pods.write(&PodRow {
            outcome: "rejected",
            reason: "exceeded quota: q, requested: cpu=2",
            created_ns: 1_500_000_000,
            bound_ns: Some(2_000_000_001),
            ..created
        })
        .unwrap();
        insta::assert_snapshot!(String::from_utf8(pods.finish().unwrap()).unwrap(), @r#"
        namespace,name,outcome,reason,node,priority,cpu_milli,memory_bytes,other_resources,attempts,created_s,bound_s,started_s,ended_s
        default,web-0,pending,,,0,0,0,,0,0.000000,,,
        default,web-0,rejected,"exceeded quota: q, requested: cpu=2",,0,0,0,,0,1.500000,2.000000,,
        "#);

        let mut nodes = TableWriter::new::<NodeRow<'_>>(Vec::new()).unwrap();
        let node =
            NodeRow { name: "n", mean_cpu_allocated: Some(2.0 / 3.0), removed_ns: Some(7), ..NodeRow::default() };
        nodes.write(&node).unwrap();
        assert!(nodes.write(&created).is_err(), "a pod is no row of this table");
        insta::assert_snapshot!(String::from_utf8(nodes.finish().unwrap()).unwrap().lines().nth(1).unwrap(), @"n,,,0,0,0,,0.000000,0.000000,0.000000,0,0.666667,,,");
    }

    #[test]
    fn time_series() {
        let mut series = Series::default();
        series.push(Sample { time_ns: 0, nodes_total: 2, nodes_ready: 1, ..Sample::default() });
        series.set_resource("cpu", 4000, 250);
        series.set_counter("evictions", 1);
        let mut text = Vec::new();
        write_series(&series, &mut text).unwrap();
        insta::assert_snapshot!(String::from_utf8(text).unwrap(), @"
        time_s,pods_pending,pods_running,nodes,nodes_ready,cpu_capacity,cpu_allocated,evictions
        0.000000,0,0,2,1,4000,250,1
        ");
    }

    #[test]
    fn summary() {
        let mut summary = Summary { scenario: "quickstart".to_owned(), seed: 42, ..Summary::default() };
        let cpu =
            ResourceUtilization { mean_allocated: 2.0 / 3.0, peak_allocated: 1.0, ..ResourceUtilization::default() };
        summary.utilization.insert("cpu".to_owned(), cpu);
        summary.latency.scheduling.p50 = Some(0.1 + 0.2);
        insta::assert_snapshot!(summary_json(&summary), @r#"
        {
          "scenario": "quickstart",
          "policy": "",
          "seed": 42,
          "fingerprint": "",
          "simulated_seconds": 0.0,
          "events": 0,
          "decisions": 0,
          "pods": {
            "submitted": 0,
            "rejected": 0,
            "bound": 0,
            "succeeded": 0,
            "failed": 0,
            "pending": 0,
            "evicted": 0,
            "preempted": 0
          },
          "nodes": {
            "initial": 0,
            "peak": 0,
            "final": 0
          },
          "utilization": {
            "cpu": {
              "mean_allocated": 0.666667,
              "peak_allocated": 1.0
            }
          },
          "latency": {
            "scheduling": {
              "count": 0,
              "p50": 0.3,
              "p90": null,
              "p99": null,
              "max": null,
              "mean": null
            },
            "startup": {
              "count": 0,
              "p50": null,
              "p90": null,
              "p99": null,
              "max": null,
              "mean": null
            },
            "start": {
              "count": 0,
              "p50": null,
              "p90": null,
              "p99": null,
              "max": null,
              "mean": null
            }
          },
          "rejections": {},
          "quota_refusals": {},
          "disruptions": {},
          "wall_seconds": 0.0,
          "decisions_per_second": 0.0,
          "peak_rss_bytes": null
        }
        "#);
    }
}
