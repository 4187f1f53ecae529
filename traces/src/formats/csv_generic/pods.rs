//! Pods of the generic CSV, streamed: memory follows the number of shapes, not of rows.

use super::{Amounts, NODES, Named, PODS, labels};
use crate::classes::Classes;
use crate::clock::{Clock, Placed};
use crate::error::TraceError;
use crate::input::Input;
use crate::options::ReplayOptions;
use crate::shapes::{Shape, Shapes};
use crate::table::{Column, Row, Table};
use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::Labels;
use towtank_sim::model::pod::{Container, NewPod, PodSpec, RestartPolicy, Run, Usage};
use towtank_sim::source::{Source, SourceError, Submission, Work};

/// Where the columns are.
struct Columns {
    name: Column,
    arrival: Column,
    duration: Column,
    cpu_usage: Option<Column>,
    memory_usage: Option<Column>,
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
    clock: Clock,
    shapes: Shapes,
    classes: Classes,
    last_arrival: i64,
    ended: bool,
}

/// Opens the stream; rows are read as they are asked for.
pub(super) fn open(input: Input, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    let clock = Clock::new(options)?;
    let table = Table::open(input, &PODS, &NODES)?;
    let columns = Columns::of(&table, options)?;
    Ok(Box::new(Pods {
        table,
        columns,
        clock,
        shapes: Shapes::default(),
        classes: Classes::default(),
        last_arrival: 0,
        ended: false,
    }))
}

impl Source for Pods {
    fn name(&self) -> &str {
        self.table.file()
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        Ok(self.next_pod(cluster)?)
    }
}

impl Pods {
    fn next_pod(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, TraceError> {
        let columns = &self.columns;
        while !self.ended {
            let Some(row) = self.table.next_row()? else { break };
            let arrival = row.seconds(columns.arrival, "an arrival time")?;
            if arrival < self.last_arrival {
                return Err(row.out_of_order(columns.arrival, self.last_arrival));
            }
            self.last_arrival = arrival;
            let too_late = || row.bad(columns.arrival, "is too large once it is scaled", "a time within 292 years");
            let at = match self.clock.place(arrival).ok_or_else(too_late)? {
                Placed::Before => continue,
                Placed::After => break,
                Placed::At(at) => at,
            };
            let run = columns.run(row, self.clock)?;
            let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
            let fields = columns.shape.iter().map(|column| row.bytes(*column)).chain([ends]);
            let shape = self.shapes.of(fields, || Ok(Shape { spec: columns.spec(row, run)?, ..Shape::default() }))?;
            let (name, usage) = (row.name(columns.name)?.into(), columns.usage(row)?);
            let class = self.classes.of(shape, &self.shapes, cluster);
            return Ok(Some(Submission {
                at,
                work: Work::Pod(NewPod { name, class, owner: None, run, usage, status: None }),
            }));
        }
        self.ended = true;
        Ok(None)
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
            namespace,
            priority,
            amounts,
            labels,
            selectors,
            shape,
        })
    }

    fn run(&self, row: Row<'_>, clock: Clock) -> Result<Run, TraceError> {
        if row.bytes(self.duration).is_empty() {
            return Ok(Run::Forever);
        }
        let nanos = row.seconds(self.duration, "a run time")?;
        let too_long = || row.bad(self.duration, "is too large once it is scaled", "a run time within 292 years");
        clock.duration(nanos).map(Run::Succeeds).ok_or_else(too_long)
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
