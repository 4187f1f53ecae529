//! Several runs side by side, number by number.

use crate::data::{LatencySummary, Summary};
use crate::units;

/// A table with one column per run and one row per number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What tells the runs apart, such as their policies.
    pub labels: Vec<String>,
    /// Rows in groups.
    pub groups: Vec<ComparisonGroup>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComparisonGroup {
    /// Their heading.
    pub title: String,
    /// What is compared, and its value in each run.
    pub rows: Vec<(String, Vec<String>)>,
}

/// A count of a run, and what it is called.
type Count = (&'static str, fn(&Summary) -> u64);
/// A waiting time of a run, and what it is called.
type Wait = (&'static str, fn(&Summary) -> &LatencySummary);
/// A number of a waiting time, and what it is called.
type Part = (&'static str, fn(&LatencySummary) -> Option<f64>);

impl Comparison {
    /// Compares runs, each given by a label and its numbers. A row is there if it says something of any of them.
    pub fn new(runs: &[(&str, &Summary)]) -> Self {
        let labels = runs.iter().map(|(label, _)| (*label).to_owned()).collect();
        let summaries: Vec<&Summary> = runs.iter().map(|(_, summary)| *summary).collect();
        let groups = [pods(&summaries), nodes(&summaries), allocated(&summaries), latency(&summaries)];
        let groups = groups.into_iter().filter(|group| !group.rows.is_empty()).collect();
        Self { labels, groups }
    }
}

fn pods(runs: &[&Summary]) -> ComparisonGroup {
    let counts: [Count; 8] = [
        ("submitted", |run| run.pods.submitted),
        ("rejected", |run| run.pods.rejected),
        ("bound", |run| run.pods.bound),
        ("succeeded", |run| run.pods.succeeded),
        ("failed", |run| run.pods.failed),
        ("pending at the end", |run| run.pods.pending),
        ("evicted", |run| run.pods.evicted),
        ("preempted", |run| run.pods.preempted),
    ];
    group("Pods", runs, &counts)
}

fn nodes(runs: &[&Summary]) -> ComparisonGroup {
    let counts: [Count; 3] = [
        ("at the start", |run| run.nodes.initial),
        ("at most", |run| run.nodes.peak),
        ("at the end", |run| run.nodes.r#final),
    ];
    group("Nodes", runs, &counts)
}

fn group(title: &str, runs: &[&Summary], counts: &[Count]) -> ComparisonGroup {
    let telling = counts.iter().filter(|(_, count)| runs.iter().any(|run| count(run) > 0));
    let row = |&(name, count): &Count| (name.to_owned(), runs.iter().map(|run| units::count(count(run))).collect());
    ComparisonGroup { title: title.to_owned(), rows: telling.map(row).collect() }
}

fn allocated(runs: &[&Summary]) -> ComparisonGroup {
    let mut names: Vec<&str> = runs.iter().flat_map(|run| run.utilization.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut rows = Vec::new();
    for name in names {
        let each = |pick: fn(&crate::data::ResourceUtilization) -> f64| {
            let value = |run: &&Summary| run.utilization.get(name).map_or_else(dash, |used| units::percent(pick(used)));
            runs.iter().map(value).collect::<Vec<_>>()
        };
        rows.push((format!("{name}, mean"), each(|used| used.mean_allocated)));
        rows.push((format!("{name}, peak"), each(|used| used.peak_allocated)));
    }
    ComparisonGroup { title: "Allocated".to_owned(), rows }
}

fn latency(runs: &[&Summary]) -> ComparisonGroup {
    let kinds: [Wait; 2] = [("scheduling", |run| &run.latency.scheduling), ("startup", |run| &run.latency.startup)];
    let parts: [Part; 4] =
        [("p50", |kind| kind.p50), ("p90", |kind| kind.p90), ("p99", |kind| kind.p99), ("max", |kind| kind.max)];
    let mut rows = Vec::new();
    for (kind, summary) in kinds {
        for (part, value) in parts {
            if runs.iter().any(|run| value(summary(run)).is_some()) {
                let values = runs.iter().map(|run| units::optional_duration(value(summary(run)))).collect();
                rows.push((format!("{kind}, {part}"), values));
            }
        }
    }
    ComparisonGroup { title: "Latency".to_owned(), rows }
}

fn dash() -> String {
    units::optional_duration(None)
}
