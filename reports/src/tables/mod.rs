//! Tables: `timeseries`, `curves`, `pods`, `jobs`, `nodes` and `attempts`, as CSV and as Parquet; and `summary.json`.
//!
//! In CSV, times are seconds with six decimals, fractions have six decimals, and what is not known or never happened is an empty field.
//! In Parquet, times and fractions are doubles, and the empty field is a null. Equal data gives equal bytes.

mod cell;
mod csv_writer;
#[cfg(feature = "parquet")]
mod parquet_writer;
mod rows;
mod series;

pub use cell::{Cell, Column, Kind};
pub(crate) use cell::{write_digits, write_whole};
pub use csv_writer::TableWriter;
#[cfg(feature = "parquet")]
pub use parquet_writer::ParquetWriter;
pub use rows::{AttemptRow, JobRow, NodeRow, PodRow, Row};
pub use series::{series_cells, series_columns, write_curves, write_series};

use crate::data::Summary;

/// The text of `summary.json`: indented, its fields in a fixed order, with a newline at its end.
pub fn summary_json(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary has only string keys and finite numbers");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ResourceUtilization, Sample, Series};

    #[test]
    fn pods_and_nodes() {
        let mut pods = TableWriter::of::<PodRow<'_>>(Vec::new());
        let created = PodRow { namespace: "default", name: "web-0", outcome: "pending", ..PodRow::default() };
        pods.row(&created).unwrap();
        pods.row(&PodRow {
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

        let mut nodes = TableWriter::of::<NodeRow<'_>>(Vec::new());
        let node =
            NodeRow { name: "n", mean_cpu_allocated: Some(2.0 / 3.0), removed_ns: Some(7), ..NodeRow::default() };
        nodes.row(&node).unwrap();
        assert!(nodes.row(&created).is_err(), "a pod is no row of this table");
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
