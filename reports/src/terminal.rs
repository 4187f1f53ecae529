//! Summaries as text for a terminal: aligned, readable without colour, one screen.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::comparison::Comparison;
use crate::data::{NANOS_PER_SECOND, PublishedCounts, Summary};
use crate::digest;
use crate::units::{bytes, count, duration, moment, percent};

/// Width of the words at the start of a line.
const WORD: usize = 13;

/// One run's numbers, as text with a newline at its end.
pub fn summary(run: &Summary) -> String {
    let mut text = String::new();
    let mut line = |word: &str, rest: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", format!("{word:<WORD$}{rest}").trim_end());
    };
    line("Scenario", &format!("{} (policy {}, seed {})", or_dash(&run.scenario), or_dash(&run.policy), run.seed));
    line("Fingerprint", or_dash(&run.fingerprint));
    let simulated = moment((run.simulated_seconds * NANOS_PER_SECOND as f64) as i64);
    line("Simulated", &format!("{simulated}, {} events, {} decisions", count(run.events), count(run.decisions)));
    let pods = &run.pods;
    line(
        "Pods",
        &format!("{} submitted, {} rejected, {} bound", count(pods.submitted), count(pods.rejected), count(pods.bound)),
    );
    line(
        "",
        &format!("{} succeeded, {} failed, {} pending", count(pods.succeeded), count(pods.failed), count(pods.pending)),
    );
    line("", &format!("{} evicted, {} preempted", count(pods.evicted), count(pods.preempted)));
    if let Some(jobs) = &run.jobs {
        let wait = (duration(jobs.mean_wait_seconds), duration(jobs.max_wait_seconds));
        line("Jobs", &format!("{} finished, waits {} in the mean, {} at most", count(jobs.finished), wait.0, wait.1));
        if let Some(published) = jobs.published {
            let PublishedCounts { jobs, same_start, same_start_and_machines } = published;
            let (all, starts, machines) = (count(jobs), count(same_start), count(same_start_and_machines));
            line("", &format!("{starts} of {all} start as published, {machines} on the published machines"));
        }
    }
    let nodes = &run.nodes;
    line(
        "Nodes",
        &format!(
            "{} at the start, {} at most, {} at the end",
            count(nodes.initial),
            count(nodes.peak),
            count(nodes.r#final)
        ),
    );
    if let Some(scaled) = &run.autoscaler {
        line(
            "Autoscaler",
            &format!(
                "{} scale-ups (+{} nodes), {} scale-downs (-{} nodes)",
                count(scaled.scale_ups),
                count(scaled.nodes_added),
                count(scaled.scale_downs),
                count(scaled.nodes_removed)
            ),
        );
    }
    for (word, counts) in
        [("Rejected", &run.rejections), ("Over quota", &run.quota_refusals), ("Disruptions", &run.disruptions)]
    {
        if !counts.is_empty() {
            line(word, &counted(counts));
        }
    }
    for digest::Line { word, text } in digest::lines(run) {
        line(word, &text);
    }
    for (i, repair) in run.trace.repairs.iter().enumerate() {
        let times = count(repair.count);
        line(if i == 0 { "Repaired" } else { "" }, &format!("{times} × {}, first {}", repair.rule, repair.first));
    }
    text.push('\n');
    text.push_str(&tables(run));
    if run.wall_seconds > 0.0 {
        let memory = run.peak_rss_bytes.map(|peak| format!(", {} of memory", bytes(peak))).unwrap_or_default();
        let speed = count(run.decisions_per_second.round() as u64);
        let _ = writeln!(text, "\nTook {}: {speed} decisions per second{memory}.", duration(run.wall_seconds));
    }
    text.push_str(&phases(run));
    text
}

/// Where the real time went, the largest part first; empty where it was not measured.
fn phases(run: &Summary) -> String {
    if run.phases.is_empty() {
        return String::new();
    }
    let mut parts: Vec<_> = run.phases.iter().collect();
    parts.sort_by(|(_, a), (_, b)| b.seconds.total_cmp(&a.seconds));
    let mut rows = vec![["Phase", "seconds", "share"].map(str::to_owned).to_vec()];
    for (name, part) in parts {
        rows.push(vec![format!("  {name}"), format!("{:.3}", part.seconds), percent(part.share)]);
    }
    format!("\n{}", align(&rows))
}

/// Several runs side by side, as text with a newline at its end.
pub fn comparison(table: &Comparison) -> String {
    let mut rows = Vec::new();
    for group in &table.groups {
        if !rows.is_empty() {
            rows.push(Vec::new());
        }
        let mut header = vec![group.title.clone()];
        header.extend(table.labels.iter().cloned());
        rows.push(header);
        for (name, values) in &group.rows {
            let mut row = vec![format!("  {name}")];
            row.extend(values.iter().cloned());
            rows.push(row);
        }
    }
    align(&rows)
}

fn tables(run: &Summary) -> String {
    let mut rows = Vec::new();
    for table in [digest::latency(run), digest::utilization(run)].into_iter().filter(|table| !table.rows.is_empty()) {
        if !rows.is_empty() {
            rows.push(Vec::new());
        }
        let mut header = vec![table.title.to_owned()];
        header.extend(table.columns.iter().map(|column| (*column).to_owned()));
        rows.push(header);
        for row in table.rows {
            let mut cells = vec![format!("{}{}", if row.is_part { "    " } else { "  " }, row.name)];
            cells.extend(row.cells);
            rows.push(cells);
        }
    }
    align(&rows)
}

/// Rows of cells as text: the first column to the left, the others to the right.
fn align(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let length = |cell: &String| cell.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let _ = if column == 0 { write!(line, "{cell:<width$}") } else { write!(line, "  {cell:>width$}") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    let each: Vec<String> = counts.iter().map(|(name, number)| format!("{name} {}", count(*number))).collect();
    each.join(", ")
}

fn or_dash(word: &str) -> &str {
    if word.is_empty() { "–" } else { word }
}
