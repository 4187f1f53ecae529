//! Rows of the tables that are written while a run goes on.

use super::cell::{Cell, Kind};

/// A row that knows its table's columns.
pub trait Row {
    /// The columns, in order.
    const COLUMNS: &'static [(&'static str, Kind)];

    /// The fields, one per column.
    fn cells(&self) -> impl AsRef<[Cell<'_>]>;
}

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

/// One line of `attempts.csv`: what came of an attempt to schedule a pod. Times are nanoseconds since the scenario's start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttemptRow<'a> {
    /// When it ended.
    pub time_ns: i64,
    /// The namespace of the pod.
    pub namespace: &'a str,
    /// The name of the pod.
    pub name: &'a str,
    /// Which attempt for this pod it is, from 1.
    pub attempt: u32,
    /// The profile that made it.
    pub profile: &'a str,
    /// `scheduled`, `unschedulable` or `error`.
    pub result: &'a str,
    /// The node that was found; empty without one.
    pub node: &'a str,
    /// How many nodes were filtered, of a pod that found one; how many there were, of one that found none.
    pub nodes: u32,
    /// How many of them were feasible.
    pub feasible: u32,
    /// The highest total of scores; `None` where nothing was scored.
    pub best_score: Option<i64>,
    /// How many nodes had it.
    pub ties: u32,
    /// How long it took, in simulated time.
    pub took_ns: i64,
    /// Where in the queue the pod waits after it: `active`, `backoff`, `unschedulable`, `gated`; empty where it is not there.
    pub queue: &'a str,
    /// The plugins that rejected it, joined by `;`.
    pub plugins: &'a str,
    /// The node on which others have to go for it; empty without one.
    pub nominated_node: &'a str,
    /// How many have to go.
    pub victims: u32,
}

impl Row for PodRow<'_> {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("namespace", Kind::Text),
        ("name", Kind::Text),
        ("outcome", Kind::Text),
        ("reason", Kind::Text),
        ("node", Kind::Text),
        ("priority", Kind::Whole),
        ("cpu_milli", Kind::Whole),
        ("memory_bytes", Kind::Whole),
        ("other_resources", Kind::Text),
        ("attempts", Kind::Whole),
        ("created_s", Kind::Seconds),
        ("bound_s", Kind::Seconds),
        ("started_s", Kind::Seconds),
        ("ended_s", Kind::Seconds),
    ];

    fn cells(&self) -> impl AsRef<[Cell<'_>]> {
        [
            Cell::Text(self.namespace),
            Cell::Text(self.name),
            Cell::Text(self.outcome),
            Cell::Text(self.reason),
            Cell::Text(self.node),
            Cell::Whole(self.priority),
            Cell::Whole(self.cpu_milli),
            Cell::Whole(self.memory_bytes),
            Cell::Text(self.other_resources),
            Cell::Whole(i64::from(self.attempts)),
            Cell::Seconds(self.created_ns),
            Cell::seconds(self.bound_ns),
            Cell::seconds(self.started_ns),
            Cell::seconds(self.ended_ns),
        ]
    }
}

impl Row for JobRow<'_> {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("namespace", Kind::Text),
        ("name", Kind::Text),
        ("outcome", Kind::Text),
        ("pods", Kind::Whole),
        ("estimate_s", Kind::Seconds),
        ("submitted_s", Kind::Seconds),
        ("started_s", Kind::Seconds),
        ("ended_s", Kind::Seconds),
        ("wait_s", Kind::Seconds),
        ("run_s", Kind::Seconds),
        ("turnaround_s", Kind::Seconds),
        ("nodes", Kind::Text),
    ];

    fn cells(&self) -> impl AsRef<[Cell<'_>]> {
        let between = |from: Option<i64>, to: Option<i64>| Cell::seconds(from.zip(to).map(|(from, to)| to - from));
        [
            Cell::Text(self.namespace),
            Cell::Text(self.name),
            Cell::Text(self.outcome),
            Cell::Whole(i64::from(self.pods)),
            Cell::seconds(self.estimate_ns),
            Cell::Seconds(self.submitted_ns),
            Cell::seconds(self.started_ns),
            Cell::seconds(self.ended_ns),
            between(Some(self.submitted_ns), self.started_ns),
            between(self.started_ns, self.ended_ns),
            between(Some(self.submitted_ns), self.ended_ns),
            Cell::Text(self.nodes),
        ]
    }
}

impl Row for NodeRow<'_> {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("name", Kind::Text),
        ("zone", Kind::Text),
        ("group", Kind::Text),
        ("cpu_milli", Kind::Whole),
        ("memory_bytes", Kind::Whole),
        ("pods", Kind::Whole),
        ("other_resources", Kind::Text),
        ("added_s", Kind::Seconds),
        ("removed_s", Kind::Seconds),
        ("not_ready_s", Kind::Seconds),
        ("bound_pods", Kind::Whole),
        ("mean_cpu_allocated", Kind::Fraction),
        ("mean_memory_allocated", Kind::Fraction),
        ("mean_cpu_used", Kind::Fraction),
        ("mean_memory_used", Kind::Fraction),
    ];

    fn cells(&self) -> impl AsRef<[Cell<'_>]> {
        [
            Cell::Text(self.name),
            Cell::Text(self.zone),
            Cell::Text(self.group),
            Cell::Whole(self.cpu_milli),
            Cell::Whole(self.memory_bytes),
            Cell::Whole(self.pods),
            Cell::Text(self.other_resources),
            Cell::Seconds(self.added_ns),
            Cell::seconds(self.removed_ns),
            Cell::Seconds(self.not_ready_ns),
            Cell::Whole(self.bound_pods as i64),
            Cell::fraction(self.mean_cpu_allocated),
            Cell::fraction(self.mean_memory_allocated),
            Cell::fraction(self.mean_cpu_used),
            Cell::fraction(self.mean_memory_used),
        ]
    }
}

impl Row for AttemptRow<'_> {
    const COLUMNS: &'static [(&'static str, Kind)] = &[
        ("time_s", Kind::Seconds),
        ("namespace", Kind::Text),
        ("name", Kind::Text),
        ("attempt", Kind::Whole),
        ("profile", Kind::Text),
        ("result", Kind::Text),
        ("node", Kind::Text),
        ("nodes", Kind::Whole),
        ("feasible", Kind::Whole),
        ("best_score", Kind::Whole),
        ("ties", Kind::Whole),
        ("took_s", Kind::Seconds),
        ("queue", Kind::Text),
        ("plugins", Kind::Text),
        ("nominated_node", Kind::Text),
        ("victims", Kind::Whole),
    ];

    fn cells(&self) -> impl AsRef<[Cell<'_>]> {
        [
            Cell::Seconds(self.time_ns),
            Cell::Text(self.namespace),
            Cell::Text(self.name),
            Cell::Whole(i64::from(self.attempt)),
            Cell::Text(self.profile),
            Cell::Text(self.result),
            Cell::Text(self.node),
            Cell::Whole(i64::from(self.nodes)),
            Cell::Whole(i64::from(self.feasible)),
            self.best_score.map_or(Cell::Blank, Cell::Whole),
            Cell::Whole(i64::from(self.ties)),
            Cell::Seconds(self.took_ns),
            Cell::Text(self.queue),
            Cell::Text(self.plugins),
            Cell::Text(self.nominated_node),
            Cell::Whole(i64::from(self.victims)),
        ]
    }
}
