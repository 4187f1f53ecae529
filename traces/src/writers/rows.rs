//! Records as rows of the generic tables, from which CSV and Parquet are made.

use super::WriteError;
use super::losses::{Losses, beyond_requests};
use super::survey::{Optional, Survey};
use crate::record::{Event, Record, Submitted};
use crate::shapes::{NameId, ShapeId};
use crate::stream::Stream;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use towtank_sim::model::Name;
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec, ZONE_LABEL};
use towtank_sim::model::pod::{PodSpec, Run, Usage};
use towtank_sim::time::Span;

/// What stands in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Whole,
    /// A number with decimals.
    Decimal,
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Blank,
    Text(Name),
    Whole(i64),
    /// Nanoseconds, to be written as seconds, rounded to a microsecond.
    Seconds(i64),
    /// Ten-thousandths.
    Share(u16),
    Flag(bool),
}

impl Cell {
    /// As text.
    #[cfg(feature = "parquet")]
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// As text, behind another one.
    pub(super) fn write(&self, out: &mut String) {
        let done = match self {
            Self::Blank => Ok(()),
            Self::Text(text) => out.write_str(text),
            Self::Whole(number) => write!(out, "{number}"),
            Self::Seconds(nanos) => write!(out, "{}", Span(nanos.saturating_add(500) / 1000 * 1000)),
            Self::Share(share) => {
                let text = format!("{}.{:04}", share / 10_000, share % 10_000);
                out.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
            Self::Flag(flag) => write!(out, "{flag}"),
        };
        debug_assert!(done.is_ok(), "a string takes any text");
    }
}

impl Optional {
    /// The column's name, and what stands in it.
    fn named(self) -> (&'static str, Kind) {
        match self {
            Self::Namespace => ("namespace", Kind::Text),
            Self::Priority => ("priority", Kind::Whole),
            Self::Owner => ("owner", Kind::Text),
            Self::User => ("user", Kind::Text),
            Self::Queue => ("queue", Kind::Text),
            Self::Count => ("count", Kind::Whole),
            Self::Gang => ("gang", Kind::Text),
            Self::Outcome => ("outcome", Kind::Text),
            Self::Estimate => ("estimate_s", Kind::Decimal),
            Self::Wait => ("waited_s", Kind::Decimal),
            Self::CpuUsage => ("cpu_usage_fraction", Kind::Decimal),
            Self::MemoryUsage => ("memory_usage_fraction", Kind::Decimal),
        }
    }
}

/// The columns of a trace's pods.
pub(super) struct PodRows {
    pub(super) columns: Vec<(String, Kind)>,
    has: BTreeSet<Optional>,
    resources: Vec<String>,
    labels: Vec<String>,
    selectors: Vec<String>,
    killed: BTreeMap<(String, String), VecDeque<i64>>,
    /// By the shape's number.
    shapes: Vec<ShapeCells>,
}

impl PodRows {
    /// # Errors
    /// The trace tells Kubernetes objects.
    pub(super) fn new(survey: &Survey) -> Result<Self, WriteError> {
        if survey.objects > 0 {
            let why = "a trace of Kubernetes objects has no rows of pods, because controllers make most of them: convert it to \
                       manifests, or run it and take pods.csv of the run";
            return Err(WriteError::NotSaid(why.to_owned()));
        }
        let mut columns = vec![
            ("name".to_owned(), Kind::Text),
            ("arrival_s".to_owned(), Kind::Decimal),
            ("duration_s".to_owned(), Kind::Decimal),
            ("cpu_milli".to_owned(), Kind::Whole),
            ("memory_bytes".to_owned(), Kind::Whole),
        ];
        columns.extend(survey.has.iter().map(|column| {
            let (name, kind) = column.named();
            (name.to_owned(), kind)
        }));
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>();
        let (resources, labels, selectors) = (list(&survey.resources), list(&survey.labels), list(&survey.selectors));
        columns.extend(resources.iter().map(|name| (format!("resource:{name}"), Kind::Whole)));
        columns.extend(labels.iter().map(|key| (format!("label:{key}"), Kind::Text)));
        columns.extend(selectors.iter().map(|key| (format!("selector:{key}"), Kind::Text)));
        let (has, killed) = (survey.has.clone(), survey.killed.clone());
        Ok(Self { columns, has, resources, labels, selectors, killed, shapes: Vec::new() })
    }

    /// Makes the row of a record, if it is one of a pod or job; whether it is.
    pub(super) fn row(
        &mut self,
        record: &Record,
        stream: &mut Stream,
        losses: &mut Losses,
        cells: &mut Vec<Cell>,
    ) -> bool {
        let Event::Submitted(job) = &record.event else { return false };
        let place = job.shape.0 as usize;
        while self.shapes.len() <= place {
            let shape = stream.shape(ShapeId(self.shapes.len() as u32));
            let cells = self.cells(&shape.spec);
            self.shapes.push(cells);
        }
        let shape = &self.shapes[place];
        losses.all(&shape.losses);
        let run = run_of(&mut self.killed, record.at, &shape.namespace, job);
        cells.clear();
        cells.push(Cell::Text(job.name.clone()));
        cells.push(Cell::Seconds(record.at));
        cells.push(match run {
            Run::Forever => Cell::Blank,
            Run::Succeeds(span) | Run::Fails(span) => Cell::Seconds(span.0),
        });
        cells.extend([Cell::Whole(shape.cpu), Cell::Whole(shape.memory)]);
        let name = |id: Option<NameId>| id.map_or(Cell::Blank, |id| Cell::Text((&**stream.text(id)).into()));
        let seconds = |span: Option<Span>| span.map_or(Cell::Blank, |span| Cell::Seconds(span.0));
        let share = |share: u16, all: u16| if share == all { Cell::Blank } else { Cell::Share(share) };
        let all = Usage::default();
        cells.extend(self.has.iter().map(|column| match column {
            Optional::Namespace => Cell::Text(shape.namespace.clone()),
            Optional::Priority => shape.priority.map_or(Cell::Blank, |priority| Cell::Whole(priority.into())),
            Optional::Owner => job.group.as_ref().map_or(Cell::Blank, |group| Cell::Text(group.clone())),
            Optional::User => name(job.user),
            Optional::Queue => name(job.queue),
            Optional::Count => Cell::Whole(job.pods.into()),
            Optional::Gang => Cell::Flag(job.gang),
            Optional::Outcome => match run {
                Run::Forever => Cell::Blank,
                Run::Succeeds(_) => Cell::Text("succeeded".into()),
                Run::Fails(_) => Cell::Text("failed".into()),
            },
            Optional::Estimate => seconds(job.estimate),
            Optional::Wait => seconds(job.waited),
            Optional::CpuUsage => share(job.usage.cpu, all.cpu),
            Optional::MemoryUsage => share(job.usage.memory, all.memory),
        }));
        cells.extend_from_slice(&shape.named);
        true
    }

    /// What all rows of a shape have in common.
    fn cells(&self, spec: &PodSpec) -> ShapeCells {
        let requests = spec.held_requests();
        let amount = |name: &str| requests.get(name).map_or(0, |quantity| quantity.value());
        let text = |text: Option<&String>| text.map_or(Cell::Blank, |text| Cell::Text(text.as_str().into()));
        let mut named: Vec<Cell> = Vec::new();
        named.extend(self.resources.iter().map(|name| match amount(name) {
            0 => Cell::Blank,
            count => Cell::Whole(count),
        }));
        named.extend(self.labels.iter().map(|key| text(spec.labels.get(key))));
        named.extend(self.selectors.iter().map(|key| text(spec.node_selector.get(key))));
        ShapeCells {
            cpu: requests.get("cpu").map_or(0, |quantity| quantity.milli_value()),
            memory: amount("memory"),
            namespace: (&*spec.namespace).into(),
            priority: spec.priority,
            named,
            losses: beyond_requests(spec),
        }
    }
}

/// What all rows of a shape have in common.
struct ShapeCells {
    cpu: i64,
    memory: i64,
    namespace: Name,
    priority: Option<i32>,
    /// The columns with names of the trace's choice.
    named: Vec<Cell>,
    /// What cannot be said of each of its pods.
    losses: Vec<&'static str>,
}

/// How a job runs: as it says, or until it is killed. What is killed is known from the first reading, in order of time.
pub(super) fn run_of(
    killed: &mut BTreeMap<(String, String), VecDeque<i64>>,
    at: i64,
    namespace: &str,
    job: &Submitted,
) -> Run {
    if killed.is_empty() || job.run != Run::Forever {
        return job.run;
    }
    let Some(times) = killed.get_mut(&(namespace.to_owned(), job.name.to_string())) else { return job.run };
    while times.front().is_some_and(|time| *time < at) {
        times.pop_front();
    }
    times.pop_front().map_or(job.run, |time| Run::Fails(Span(time - at)))
}

/// The nodes of a trace as rows, each with its time in the cluster.
pub(super) fn node_rows(records: &[Record], losses: &mut Losses) -> (Vec<(String, Kind)>, Vec<Vec<Cell>>) {
    let mut lives: Vec<(&NodeSpec, i64, Option<i64>)> = Vec::new();
    let mut there: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for record in records {
        match &record.event {
            Event::NodeAdded(spec) => {
                there.insert(Arc::clone(&spec.name), lives.len());
                lives.push((spec, record.at, None));
            }
            Event::NodeChanged(spec) => {
                losses.count("changes of nodes, written as a node that goes and another that comes");
                if let Some(life) = there.insert(Arc::clone(&spec.name), lives.len()) {
                    lives[life].2 = Some(record.at);
                }
                lives.push((spec, record.at, None));
            }
            Event::NodeRemoved(name) => {
                if let Some(life) = there.remove(name) {
                    lives[life].2 = Some(record.at);
                }
            }
            _ => {}
        }
    }
    // A node that changes at the instant at which it comes was never there as it was.
    lives.retain(|(_, added, removed)| *removed != Some(*added));
    let mut resources = BTreeSet::new();
    let mut labels = BTreeSet::new();
    let mut taints = BTreeSet::new();
    let (mut comes, mut goes, mut zone) = (false, false, false);
    for (spec, added, removed) in &lives {
        comes |= *added != 0;
        goes |= removed.is_some();
        zone |= spec.labels.contains_key(ZONE_LABEL);
        resources.extend(spec.allocatable.keys().filter(|name| !["cpu", "memory", "pods"].contains(&name.as_str())));
        labels.extend(spec.labels.keys().filter(|key| *key != HOSTNAME_LABEL && *key != ZONE_LABEL));
        taints.extend(spec.taints.iter().map(|taint| &taint.key));
    }
    let mut columns = ["cpu_milli", "memory_bytes", "pods"].map(|name| (name.to_owned(), Kind::Whole)).to_vec();
    columns.insert(0, ("name".to_owned(), Kind::Text));
    let optional = [(comes, "added_s", Kind::Decimal), (goes, "removed_s", Kind::Decimal), (zone, "zone", Kind::Text)];
    columns.extend(optional.into_iter().filter(|(has, ..)| *has).map(|(_, name, kind)| (name.to_owned(), kind)));
    columns.extend(resources.iter().map(|name| (format!("resource:{name}"), Kind::Whole)));
    columns.extend(labels.iter().map(|key| (format!("label:{key}"), Kind::Text)));
    columns.extend(taints.iter().map(|key| (format!("taint:{key}"), Kind::Text)));
    let rows = lives.iter().map(|(spec, added, removed)| {
        let amount = |name: &str| spec.allocatable.get(name).map_or(0, |quantity| quantity.value());
        let text = |text: Option<&String>| text.map_or(Cell::Blank, |text| Cell::Text(text.as_str().into()));
        if spec.devices > 0 {
            losses.count("nodes with GPUs that can be shared, which are left out of them");
        }
        let mut cells = vec![
            Cell::Text((&*spec.name).into()),
            Cell::Whole(spec.allocatable.get("cpu").map_or(0, |quantity| quantity.milli_value())),
            Cell::Whole(amount("memory")),
            Cell::Whole(amount("pods")),
        ];
        let optional = [
            (comes, Cell::Seconds(*added)),
            (goes, removed.map_or(Cell::Blank, Cell::Seconds)),
            (zone, text(spec.labels.get(ZONE_LABEL))),
        ];
        cells.extend(optional.into_iter().filter(|(has, _)| *has).map(|(_, cell)| cell));
        cells.extend(resources.iter().map(|name| match amount(name) {
            0 => Cell::Blank,
            count => Cell::Whole(count),
        }));
        cells.extend(labels.iter().map(|key| text(spec.labels.get(key))));
        cells.extend(taints.iter().map(|key| {
            let mut of_key = spec.taints.iter().filter(|taint| taint.key == **key);
            let cell = of_key.next().map(|taint| Cell::Text(format!("{}:{:?}", taint.value, taint.effect).into()));
            for _ in of_key {
                losses.count("second taints of one key on a node, which are left out");
            }
            cell.unwrap_or(Cell::Blank)
        }));
        cells
    });
    let rows = rows.collect();
    (columns, rows)
}
