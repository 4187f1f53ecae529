//! Pods of the generic CSV, streamed: memory follows the number of shapes, not of rows.

use super::{Amounts, NODES, Named, PODS, labels};
use crate::error::TraceError;
use crate::format::Context;
use crate::input::Inputs;
use crate::options::ReplayOptions;
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Record, Submitted};
use crate::shapes::{Shape, Shapes};
use crate::table::{Column, Row, Table};
use std::sync::Arc;
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
    user: Option<Column>,
    queue: Option<Column>,
    namespace: Option<Column>,
    priority: Option<Column>,
    amounts: Amounts,
    labels: Named,
    selectors: Named,
    /// All columns that make a pod's class, in an order that does not depend on the file's.
    shape: Vec<Column>,
}

struct Pods {
    table: Table,
    columns: Columns,
    shapes: Shapes,
}

/// Opens the stream; rows are read as they are asked for.
pub(super) fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(inputs.files(), &PODS, &[&NODES])?;
    let columns = Columns::of(&table, &context.options)?;
    Ok(Box::new(Pods { table, columns, shapes: Shapes::default() }))
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
        let Some(row) = self.table.next_row()? else { return Ok(None) };
        let at = row.seconds(columns.arrival, "an arrival time")?;
        let run = columns.run(row)?;
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let fields = columns.shape.iter().map(|column| row.bytes(*column)).chain([ends]);
        let shape = self.shapes.of(fields, || Ok(Shape { spec: columns.spec(row, run)? }))?;
        let user = columns.user.map(|column| row.text(column)).transpose()?.and_then(|name| self.shapes.name(name));
        let queue = columns.queue.map(|column| row.text(column)).transpose()?.and_then(|name| self.shapes.name(name));
        let usage = columns.usage(row)?;
        let pod = Submitted { user, queue, usage, ..Submitted::pod(row.name(columns.name)?, shape, run) };
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
            user: table.find("user"),
            queue: table.find("queue"),
            namespace,
            priority,
            amounts,
            labels,
            selectors,
            shape,
        })
    }

    fn run(&self, row: Row<'_>) -> Result<Run, TraceError> {
        if row.bytes(self.duration).is_empty() {
            return Ok(Run::Forever);
        }
        row.seconds(self.duration, "a run time").map(|nanos| Run::Succeeds(Span(nanos)))
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
        requests.append(&mut limits.clone());
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
