//! The page of one run.

use std::collections::BTreeMap;

use askama::Template;

use super::PageError;
use super::figure::{PageFigure, PageFigures};
use super::live::Lives;
use super::numbers::{self, NumberFamily};
use super::shell::Shell;
use crate::data::{NANOS_PER_SECOND, PodRecords, Run, Summary};
use crate::digest::{self, Line, Row, Table};
use crate::figures::{self, DrawnFigure};
use crate::units::{count, moment, optional_duration, percent};

/// Notable events beyond this many are only counted: a page is to be read.
const MOST_NOTABLE: usize = 200;

/// What a page has beside pictures and packs, in bytes: mostly scripts, and the tables of a run with many numbers.
const REST: usize = 400_000;

/// Makes `report.html` of one run. `explains` says whether `towtank explain` can play the run again from the folder of the page.
///
/// # Errors
/// [`PageError`] where a figure cannot be drawn, which no data should cause.
pub fn run_page(run: &Run, explains: bool) -> Result<String, PageError> {
    run_page_with(run, Lives::of(run), &figures::drawn_of_run(run)?, explains)
}

/// The same, of what has been made ready and drawn.
pub(crate) fn run_page_with(
    run: &Run,
    lives: Lives,
    drawn: &[DrawnFigure<Run>],
    explains: bool,
) -> Result<String, PageError> {
    let summary = &run.summary;
    let has_lives = Lives::are_in(run);
    let Lives { mut pack, more } = lives;
    let figures = PageFigures::of(drawn, &mut pack);
    let page = RunPage {
        shell: Shell::with(pack, more),
        explains,
        has_lives,
        lives_told: lives_told(&run.records),
        kept: kept(&run.records),
        title: if summary.scenario.is_empty() { "Simulation" } else { &summary.scenario },
        description: &run.description,
        summary,
        simulated: simulated(summary),
        key_numbers: key_numbers(summary),
        events: events(run),
        more_events: run.notable.len().saturating_sub(MOST_NOTABLE),
        lines: digest::lines(summary),
        tables: tables(summary),
        numbers: numbers::by_family(summary),
        figures: figures.list,
    };
    // Almost all of it are pictures and packs.
    let pictures: usize = page.figures.iter().map(|figure| figure.svg.1.len()).sum();
    let packs = page.shell.more.iter().map(|(_, pack)| pack.length()).sum::<usize>() + page.shell.data.length();
    let mut html = String::with_capacity(pictures + packs + REST);
    page.render_into(&mut html)?;
    Ok(html)
}

#[derive(Template)]
#[template(path = "report.html")]
struct RunPage<'a> {
    shell: Shell,
    explains: bool,
    /// Whether there is anything to tell of single nodes and pods.
    has_lives: bool,
    /// How many of the pods are in the page.
    lives_told: String,
    /// Which ones, where that is not all of them.
    kept: Vec<String>,
    title: &'a str,
    description: &'a str,
    summary: &'a Summary,
    simulated: String,
    key_numbers: Vec<KeyNumber>,
    events: Vec<Event>,
    more_events: usize,
    lines: Vec<Line>,
    tables: Vec<Table>,
    numbers: Vec<NumberFamily>,
    figures: Vec<PageFigure<'a>>,
}

/// A number at the top of the page.
struct KeyNumber {
    name: &'static str,
    value: String,
    remark: String,
}

/// A line of the list of notable events.
struct Event {
    when: String,
    word: &'static str,
    text: String,
}

fn lives_told(records: &PodRecords) -> String {
    let (told, total) = (records.count() as u64, records.total);
    if told == total {
        return format!("All {} pods are in this page.", count(total));
    }
    format!(
        "{} of {} pods are in this page; pods.csv has all of them. A pod is here for one of these reasons:",
        count(told),
        count(total)
    )
}

fn kept(records: &PodRecords) -> Vec<String> {
    if records.count() as u64 == records.total {
        return Vec::new();
    }
    let sentence = |reason: &crate::data::KeptFor| match (reason.kept, reason.of) {
        (kept, of) if kept == of => format!("all {} {}", count(of), reason.what),
        (kept, of) => format!("{} of {} {}", count(kept), count(of), reason.what),
    };
    records.kept.iter().map(sentence).collect()
}

fn simulated(summary: &Summary) -> String {
    moment((summary.simulated_seconds * NANOS_PER_SECOND as f64).round() as i64)
}

fn key_numbers(summary: &Summary) -> Vec<KeyNumber> {
    let mut numbers = vec![KeyNumber {
        name: "Pods bound",
        value: count(summary.pods.bound),
        remark: format!("of {} submitted", count(summary.pods.submitted)),
    }];
    numbers.push(KeyNumber {
        name: "Still pending",
        value: count(summary.pods.pending),
        remark: format!("{} rejected, {} evicted", count(summary.pods.rejected), count(summary.pods.evicted)),
    });
    let gpu =
        summary.utilization.keys().map(String::as_str).find(|name| name.ends_with("/gpu")).unwrap_or("nvidia.com/gpu");
    for (resource, name) in [("cpu", "CPU allocated"), ("memory", "Memory allocated"), (gpu, "GPUs allocated")] {
        if let Some(used) = summary.utilization.get(resource) {
            numbers.push(KeyNumber {
                name,
                value: percent(used.mean_allocated),
                remark: format!("mean; {} at most", percent(used.peak_allocated)),
            });
        }
    }
    numbers.push(KeyNumber {
        name: "Scheduling latency",
        value: optional_duration(summary.latency.scheduling.p50),
        remark: format!("median; {} for the 99th percentile", optional_duration(summary.latency.scheduling.p99)),
    });
    numbers.push(KeyNumber {
        name: "Nodes",
        value: count(summary.nodes.peak),
        remark: format!("at most; {} first, {} last", count(summary.nodes.initial), count(summary.nodes.r#final)),
    });
    numbers
}

fn events(run: &Run) -> Vec<Event> {
    let event = |event: &crate::data::Notable| Event {
        when: if event.until_ns > event.time_ns {
            format!("{} – {}", moment(event.time_ns), moment(event.until_ns))
        } else {
            moment(event.time_ns)
        },
        word: event.kind.word(),
        text: event.text.clone(),
    };
    run.notable.iter().take(MOST_NOTABLE).map(event).collect()
}

fn tables(summary: &Summary) -> Vec<Table> {
    let pods = &summary.pods;
    let outcomes = [
        ("submitted", pods.submitted),
        ("rejected", pods.rejected),
        ("bound", pods.bound),
        ("succeeded", pods.succeeded),
        ("failed", pods.failed),
        ("pending at the end", pods.pending),
        ("evicted", pods.evicted),
        ("preempted", pods.preempted),
    ];
    let mut tables = vec![
        digest::utilization(summary),
        digest::latency(summary),
        Table {
            title: "Pods",
            columns: vec!["number"],
            rows: outcomes.map(|(name, number)| Row::new(name, vec![count(number)])).to_vec(),
        },
        counted("Rejections by reason", &summary.rejections),
        counted("Quota refusals by namespace", &summary.quota_refusals),
        counted("Disruptions", &summary.disruptions),
    ];
    if let Some(scaled) = &summary.autoscaler {
        let row = |name: &str, times: u64, nodes: u64| Row::new(name, vec![count(times), count(nodes)]);
        tables.push(Table {
            title: "Autoscaler",
            columns: vec!["times", "nodes"],
            rows: vec![
                row("scale up", scaled.scale_ups, scaled.nodes_added),
                row("scale down", scaled.scale_downs, scaled.nodes_removed),
            ],
        });
    }
    tables.retain(|table| !table.rows.is_empty());
    tables
}

fn counted(title: &'static str, counts: &BTreeMap<String, u64>) -> Table {
    let rows = counts.iter().map(|(name, number)| Row::new(name, vec![count(*number)])).collect();
    Table { title, columns: vec!["number"], rows }
}
