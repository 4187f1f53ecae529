//! What a reader looks for first in the numbers of a run: a few lines and two tables, which the terminal and the page both show.

use crate::data::{LatencySummary, SchedulingParts, Summary};
use crate::units::{count, duration, optional_duration, percent, short};

/// A line about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is about, in a word or two.
    pub word: &'static str,
    /// What there is to say.
    pub text: String,
}

/// A small table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its heading.
    pub title: &'static str,
    /// The headings of the columns behind the first one.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A row of a small table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// Whether that is a part of what the row above is about that is none.
    pub is_part: bool,
    /// A cell for each column.
    pub cells: Vec<String>,
}

impl Row {
    /// A row that is no part of another one.
    pub fn new(name: impl Into<String>, cells: Vec<String>) -> Self {
        Self { name: name.into(), is_part: false, cells }
    }
}

impl Table {
    /// The same without columns in which no row has anything.
    fn without_empty_columns(mut self) -> Self {
        for column in (0..self.columns.len()).rev() {
            if self.rows.iter().all(|row| row.cells[column] == NOTHING) {
                self.columns.remove(column);
                self.rows.iter_mut().for_each(|row| drop(row.cells.remove(column)));
            }
        }
        self
    }
}

/// In place of a value that there is none of.
const NOTHING: &str = "–";

/// What is to be said of a run beside how many pods and nodes it had. What it has nothing of is passed over.
pub fn lines(run: &Summary) -> Vec<Line> {
    let all =
        [packing, gpus, slowdown, throughput, fairness, budgets, availability, provisioning, energy, steady_state];
    all.into_iter().filter_map(|line| line(run)).collect()
}

/// Percentiles of how long pods waited, and for what.
pub fn latency(run: &Summary) -> Table {
    let cells = |of: &LatencySummary| {
        let mut cells = [of.p50, of.p90, of.p99, of.max, of.mean].map(optional_duration).to_vec();
        cells.push(count(of.count));
        cells
    };
    let part = |(name, of): (&str, &LatencySummary)| Row { is_part: true, ..Row::new(name, cells(of)) };
    let lasted = |of: &LatencySummary| of.max.is_some_and(|max| max > 0.0);
    let mut rows = vec![Row::new("scheduling", cells(&run.latency.scheduling))];
    let parts = run.latency.parts.iter().flat_map(SchedulingParts::by_name);
    rows.extend(parts.filter(|(_, of)| lasted(of)).map(part));
    rows.push(Row::new("startup", cells(&run.latency.startup)));
    match &run.latency.start_parts {
        Some(parts) => rows.extend(parts.by_name().into_iter().filter(|(_, of)| lasted(of)).map(part)),
        None if lasted(&run.latency.start) => rows.push(part(("after binding", &run.latency.start))),
        None => {}
    }
    if let Some(completion) = &run.completion {
        rows.push(Row::new("turnaround", cells(&completion.turnaround)));
    }
    Table { title: "Latency", columns: vec!["p50", "p90", "p99", "max", "mean", "pods"], rows }
}

/// How full the cluster was, by resource.
pub fn utilization(run: &Summary) -> Table {
    let shares = |of: Option<f64>| of.map_or_else(|| NOTHING.to_owned(), percent);
    let row = |(name, of): (&String, &crate::data::ResourceUtilization)| {
        let stranded = run.stranded.get(name).copied();
        let shown = [Some(of.mean_allocated), Some(of.peak_allocated), of.mean_requested, of.mean_used, stranded];
        Row::new(name, shown.map(shares).to_vec())
    };
    let columns = vec!["allocated", "peak", "requested", "used", "stranded"];
    Table { title: "Utilization", columns, rows: run.utilization.iter().map(row).collect() }.without_empty_columns()
}

fn line(word: &'static str, text: String) -> Line {
    Line { word, text }
}

fn packing(run: &Summary) -> Option<Line> {
    let packing = run.packing.filter(|packing| packing.peak_nodes_in_use > 0)?;
    let (mean, most) = (short(packing.mean_nodes_in_use), count(packing.peak_nodes_in_use));
    let cores = |milli: f64| short(milli / 1000.0);
    let (room, least) = (cores(packing.largest_pod.mean_cpu), packing.largest_pod.smallest_cpu);
    let least = if least > 0 { format!("of {} always", cores(least as f64)) } else { "at times none".to_owned() };
    let text =
        format!("{mean} nodes in use on average, {most} at most; a pod of {room} cores fits on average, {least}");
    Some(line("Packing", text))
}

fn gpus(run: &Summary) -> Option<Line> {
    let gpus = run.gpu_fragmentation.as_ref()?;
    let [all, idle, fragmented] = [gpus.gpus, gpus.idle, gpus.fragmented].map(short);
    Some(line("GPUs", format!("{idle} of {all} idle at the end, {fragmented} of them fragmented")))
}

fn slowdown(run: &Summary) -> Option<Line> {
    let of = run.completion.as_ref()?;
    let [mean, max] = [of.mean_slowdown, of.max_slowdown].map(short);
    let [bounded, most] = [of.mean_bounded_slowdown, of.max_bounded_slowdown].map(short);
    Some(line("Slowdown", format!("{mean} on average, {max} at most; bounded {bounded} and {most}")))
}

fn throughput(run: &Summary) -> Option<Line> {
    let of = run.completion.as_ref()?;
    let makespan = duration(of.makespan_seconds);
    Some(line("Throughput", format!("{} pods/h; makespan {makespan}", short(of.pods_per_hour))))
}

fn fairness(run: &Summary) -> Option<Line> {
    let of = run.fairness.as_ref()?;
    let [shares, granted] = [of.jain_dominant_share, of.jain_granted].map(short);
    Some(line("Fairness", format!("Jain's index {shares} of dominant shares, {granted} of what was granted")))
}

fn budgets(run: &Summary) -> Option<Line> {
    let of = run.budgets.as_ref()?;
    let times = if of.breaches == 1 { "once".to_owned() } else { format!("{} times", count(of.breaches)) };
    let below = duration(of.below_minimum_seconds);
    Some(line("Budgets", format!("{}, below their minimum {times}, for {below} in all", count(of.count))))
}

fn availability(run: &Summary) -> Option<Line> {
    let of = run.availability.as_ref()?;
    let [ready, full] = [of.ready, of.full].map(percent);
    let services = count(of.services);
    Some(line(
        "Services",
        format!("{services}, with {ready} of their replicas ready, and all of them {full} of the time"),
    ))
}

fn provisioning(run: &Summary) -> Option<Line> {
    let of = run.provisioning.as_ref().filter(|of| of.node_hours > 0.0)?;
    let share = |seconds: f64| percent(if run.simulated_seconds > 0.0 { seconds / run.simulated_seconds } else { 0.0 });
    let cost = of.cost.map(|cost| format!(", cost {}", short(cost))).unwrap_or_default();
    let (hours, empty) = (short(of.node_hours), short(of.empty_node_hours));
    let (over, under) = (share(of.over_seconds), share(of.under_seconds));
    Some(line(
        "Node-hours",
        format!("{hours}, {empty} without pods{cost}; over-provisioned {over} of the time, under {under}"),
    ))
}

fn energy(run: &Summary) -> Option<Line> {
    let of = run.energy.as_ref()?;
    let [all, idle] = [of.kilowatt_hours, of.idle_kilowatt_hours].map(short);
    Some(line("Energy", format!("{all} kWh, {idle} of them for idling; {} W on average", short(of.mean_watts))))
}

fn steady_state(run: &Summary) -> Option<Line> {
    let of = run.steady_state.as_ref()?;
    if !of.settled && of.from_seconds == 0.0 {
        return Some(line("Steady state", "not reached".to_owned()));
    }
    let cpu = of.utilization.get("cpu").map(|cpu| format!("{} of CPU allocated, ", percent(*cpu))).unwrap_or_default();
    let unsettled = if of.settled { "" } else { " (unsettled)" };
    let (from, pending) = (duration(of.from_seconds), short(of.mean_pending));
    Some(line("Steady state", format!("after {from}{unsettled}: {cpu}{pending} pods pending on average")))
}
