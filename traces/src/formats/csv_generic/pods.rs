//! Pods of the generic CSV, streamed: memory follows the number of shapes, not of rows.

use super::{Amounts, NODES, Named, PODS, labels};
use crate::error::TraceError;
use crate::format::{Context, only};
use crate::input::Inputs;
use crate::options::ReplayOptions;
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Record, Submitted};
use crate::repairs::Repairs;
use crate::shapes::{Shape, Shapes};
use crate::table::{Column, Row, Table};
use std::sync::Arc;
use towtank_sim::model::Name;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::pod::{Container, PodSpec, RestartPolicy, Run, Usage};
use towtank_sim::time::Span;

/// Where the columns are.
struct Columns {
    name: Column,
    arrival: Column,
    duration: Column,
    cpu_usage: Option<Column>,
    memory_usage: Option<Column>,
    owner: Option<Column>,
    user: Option<Column>,
    queue: Option<Column>,
    count: Option<Column>,
    gang: Option<Column>,
    outcome: Option<Column>,
    estimate: Option<Column>,
    waited: Option<Column>,
    namespace: Option<Column>,
    priority: Option<Column>,
    amounts: Amounts,
    labels: Named,
    selectors: Named,
    /// All columns that make a pod's class, in an order that does not depend on the file's.
    shape: Vec<Column>,
}

/// More equal pods than any cluster holds: a mistake in the row.
const MAX_PODS: i64 = 1_000_000;

struct Pods {
    table: Table,
    columns: Columns,
    repairs: Repairs,
    shapes: Shapes,
}

/// Opens the stream; rows are read as they are asked for.
pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(&only(inputs, &PODS, &[&NODES])?, &PODS, &[&NODES])?;
    let columns = Columns::of(&table, &context.options)?;
    Ok(Box::new(Pods { table, columns, repairs: context.repairs.clone(), shapes: Shapes::default() }))
}

impl Reader for Pods {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.table.file_name(file)
    }

    fn timeline(&self) -> Timeline {
        Timeline::SORTED
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        let columns = &self.columns;
        let (row, run) = loop {
            // Asked for again below: a row cannot be kept over the end of a loop that asks for the next one.
            if self.table.next_row()?.is_none() {
                return Ok(None);
            }
            let row = self.table.row();
            if let Some(run) = columns.run(row, &self.repairs)? {
                break (row, run);
            }
        };
        let at = row.seconds(columns.arrival, "an arrival time")?;
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let fields = columns.shape.iter().map(|column| row.bytes(*column)).chain([ends]);
        let shape = self.shapes.of(fields, || Ok(Shape { spec: columns.spec(row, run)? }))?;
        let mut named = |column: Option<Column>| match column {
            Some(column) => Ok(self.shapes.name(row.text(column)?)),
            None => Ok(None),
        };
        let pod = Submitted {
            user: named(columns.user)?,
            queue: named(columns.queue)?,
            group: columns
                .owner
                .map(|column| row.text(column))
                .transpose()?
                .filter(|job| !job.is_empty())
                .map(Name::from),
            usage: columns.usage(row)?,
            ..Submitted::pod(row.name(columns.name)?, shape, run)
        };
        let pod = columns.job(row, pod)?;
        Ok(Some(Record { at, place: row.place(), event: Event::Submitted(pod) }))
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
}

impl Columns {
    fn of(table: &Table, options: &ReplayOptions) -> Result<Self, TraceError> {
        let amounts = Amounts::of(table)?;
        let mut labels = table.prefixed("label:");
        if options.identity_labels {
            let identity = [("towtank.dev/owner", "owner"), ("towtank.dev/user", "user")];
            labels.extend(identity.iter().filter_map(|(key, name)| Some(((*key).to_owned(), table.find(name)?))));
        }
        let selectors = table.prefixed("selector:");
        let (namespace, priority) = (table.find("namespace"), table.find("priority"));
        let named = labels.iter().chain(&selectors).map(|(_, column)| *column);
        let shape = amounts.columns().chain(namespace).chain(priority).chain(named).collect();
        Ok(Self {
            name: table.require("name")?,
            arrival: table.require("arrival_s")?,
            duration: table.require("duration_s")?,
            cpu_usage: table.find("cpu_usage_fraction"),
            memory_usage: table.find("memory_usage_fraction"),
            owner: table.find("owner"),
            user: table.find("user"),
            count: table.find("count"),
            gang: table.find("gang"),
            outcome: table.find("outcome"),
            estimate: table.find("estimate_s"),
            waited: table.find("waited_s"),
            queue: table.find("queue"),
            namespace,
            priority,
            amounts,
            labels,
            selectors,
            shape,
        })
    }

    /// How the pod runs; `None` if the row is left out.
    fn run(&self, row: Row<'_>, repairs: &Repairs) -> Result<Option<Run>, TraceError> {
        if row.bytes(self.duration).is_empty() {
            return Ok(Some(Run::Forever));
        }
        let span = row.span(self.duration, "a run time", repairs)?;
        let fails = match row.maybe(self.outcome) {
            b"" | b"succeeded" => false,
            b"failed" => true,
            _ => {
                let column = self.outcome.expect("it is not blank");
                return Err(row.bad(column, "is no outcome", "succeeded or failed"));
            }
        };
        Ok(span.map(|span| if fails { Run::Fails(span) } else { Run::Succeeds(span) }))
    }

    /// What the columns of jobs say.
    fn job(&self, row: Row<'_>, mut job: Submitted) -> Result<Submitted, TraceError> {
        let given = |column: Option<Column>| column.filter(|column| !row.bytes(*column).is_empty());
        if let Some(column) = given(self.count) {
            let expected = "a whole number of pods from 1 to 1000000";
            job.pods = row.whole_to(column, MAX_PODS, expected)? as u32;
            if job.pods == 0 {
                return Err(row.bad(column, "is no pod at all", expected));
            }
        }
        if let Some(column) = given(self.gang) {
            job.gang = match row.bytes(column) {
                b"true" => true,
                b"false" => false,
                _ => return Err(row.bad(column, "is neither", "true or false")),
            };
        }
        if let Some(column) = given(self.estimate) {
            job.estimate = Some(Span(row.seconds(column, "an announced run time")?));
        }
        if let Some(column) = given(self.waited) {
            job.waited = Some(Span(row.seconds(column, "a waiting time")?));
        }
        Ok(job)
    }

    fn usage(&self, row: Row<'_>) -> Result<Usage, TraceError> {
        let of = |column: Option<Column>, default| match column.filter(|column| !row.bytes(*column).is_empty()) {
            Some(column) => row.ten_thousandths(column),
            None => Ok(default),
        };
        let all = Usage::default();
        Ok(Usage { cpu: of(self.cpu_usage, all.cpu)?, memory: of(self.memory_usage, all.memory)? })
    }

    fn spec(&self, row: Row<'_>, run: Run) -> Result<PodSpec, TraceError> {
        let mut requests = self.amounts.base(row)?;
        // Kubernetes wants an extended resource's limit to equal its request.
        let limits = self.amounts.extended(row)?;
        requests.extend(limits.clone());
        let container = Container { name: "main".into(), requests, limits, ..Container::default() };
        let labels: Labels = labels(row, &self.labels)?;
        let mut spec = PodSpec {
            containers: vec![container],
            labels,
            node_selector: super::labels(row, &self.selectors)?,
            priority: self.priority(row)?,
            restart_policy: if run == Run::Forever { RestartPolicy::Always } else { RestartPolicy::Never },
            ..PodSpec::default()
        };
        if let Some(namespace) = self.namespace.map(|c| row.text(c)).transpose()?.filter(|text| !text.is_empty()) {
            spec.namespace = namespace.into();
        }
        Ok(spec)
    }

    fn priority(&self, row: Row<'_>) -> Result<Option<i32>, TraceError> {
        let Some(column) = self.priority.filter(|column| !row.bytes(*column).is_empty()) else { return Ok(None) };
        match row.text(column)?.parse() {
            Ok(priority) => Ok(Some(priority)),
            Err(_) => Err(row.bad(column, "is not a priority", "a whole number from -2147483648 to 2147483647")),
        }
    }
}
