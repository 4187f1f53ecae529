//! Alibaba's GPU-disaggregated inference of 2025: instances of recommendation models, split into a CPU side and a GPU side.
//!
//! Source: <https://github.com/alibaba/clusterdata>, folder `cluster-trace-gpu-v2025`; Yang et al., "GPU-Disaggregated Serving for Deep
//! Learning Recommendation Models at Scale", NSDI 2025. One table with a header, ordered by application and not by time; times are
//! seconds from the trace's start. No list of nodes is published.
//!
//! A row is a pod of its application, which is its user and its label `app`; `role` is a label, too. CPU is in cores, memory and disk
//! in GiB; the disk request becomes `ephemeral-storage`, the percentage of an RDMA card the extended resource
//! `towtank.dev/rdma-percent`. An instance without a creation time was there before the window and arrives at 0; one without a deletion
//! time outlives it and runs for ever. The run time counts from scheduling, or from creation where that is blank. The limit of
//! instances per node is the label `max-instance-per-node`; where it is 1 it is an anti-affinity between instances of the application,
//! other limits nothing enforces, because Kubernetes has no such constraint.

use crate::error::TraceError;
use crate::format::{Context, Format, Gives, TableInfo, TestedOn, only};
use crate::input::Inputs;
use crate::options::GpuMode;
use crate::parts::{Out, Parts, Rows};
use crate::reader::{Reader, Timeline};
use crate::record::{Event, Record, Submitted};
use crate::repairs::{Repairs, Rule};
use crate::schema::Schema;
use crate::shapes::Shape;
use crate::spec::{Asks, DISK, GIBIBYTE, SECOND};
use crate::table::{Column, Row, Table};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::node::HOSTNAME_LABEL;
use towtank_sim::model::pod::{PodSpec, Run};
use towtank_sim::model::pod_affinity::PodAffinityTerm;
use towtank_sim::time::Span;

/// The registry's line.
pub(crate) const FORMAT: Format = Format {
    name: "alibaba-dlrm-v2025",
    module: "alibaba_dlrm_v2025",
    about: "Alibaba 2025: 23,871 instances of recommendation models in 31 days, CPU and GPU sides apart",
    tables: &[TableInfo {
        name: "disaggregated_DLRM_trace.csv",
        gives: Gives::Pods,
        columns: "instance_sn, role, app_name, cpu_request, gpu_request, rdma_request, memory_request, disk_request, \
                  max_instance_per_node, creation_time, scheduled_time, deletion_time",
        sorted: false,
    }],
    tested_on: TestedOn::Data,
    detect: |head| head.is_table(&PODS),
    nodes: None,
    pods: Some(open),
};

static PODS: Schema = Schema {
    what: "a table of DLRM instances",
    files: &["dlrm"],
    required: &[
        "instance_sn",
        "role",
        "app_name",
        "cpu_request",
        "gpu_request",
        "rdma_request",
        "memory_request",
        "disk_request",
        "max_instance_per_node",
        "creation_time",
        "scheduled_time",
        "deletion_time",
    ],
    ..Schema::CSV
};

/// Percent of an RDMA card.
const RDMA: &str = "towtank.dev/rdma-percent";

fn open(inputs: &Inputs, context: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(&only(inputs, &PODS, &[])?, &PODS, &[])?;
    let columns = PODS.required.iter().map(|name| table.require(name)).collect::<Result<Vec<_>, _>>()?;
    let columns = columns.try_into().expect("as many as there are names");
    let rows = Instances { columns, gpu: context.options.gpu, repairs: context.repairs.clone() };
    Ok(Parts::one(Timeline::UNSORTED, table, rows))
}

struct Instances {
    /// In the order of the schema.
    columns: [Column; 12],
    gpu: GpuMode,
    repairs: Repairs,
}

impl Rows for Instances {
    fn row(&mut self, row: Row<'_>, out: &mut Out<'_>) -> Result<(), TraceError> {
        let [name, role, app, cpu, gpu, rdma, memory, disk, limit, created, scheduled, deleted] = self.columns;
        let creation = row.time(created, SECOND, "a creation time in seconds, or nothing")?;
        let start = row.time(scheduled, SECOND, "a scheduling time in seconds, or nothing")?;
        let deletion = row.time(deleted, SECOND, "a deletion time in seconds, or nothing")?;
        let arrival = creation.or(start).unwrap_or(0);
        let began = start.unwrap_or(arrival);
        let run = match deletion {
            None => Run::Forever,
            Some(end) if end >= began && began >= arrival => Run::Succeeds(Span(end.saturating_sub(began))),
            Some(_) => {
                let error =
                    || row.bad(deleted, "is before the instance began", "creation, scheduling and deletion in order");
                return self.repairs.repair(Rule::NegativeDuration, error);
            }
        };
        let ends: &[u8] = if run == Run::Forever { b"" } else { b"ends" };
        let fields = [role, app, cpu, gpu, rdma, memory, disk, limit].map(|column| row.bytes(column));
        let shape = out.shapes.of(fields.into_iter().chain([ends]), || {
            let devices = row.amount(gpu, 1000, "a number of GPUs, 0 or more")?;
            let asks = Asks {
                cpu_milli: row.amount(cpu, 1000, "a number of cores, 0 or more")?,
                memory_bytes: row.amount(memory, GIBIBYTE, "an amount of memory in GiB, 0 or more")?,
                gpu_milli: devices.unwrap_or(0),
                others: vec![
                    (DISK, row.amount(disk, GIBIBYTE, "an amount of disk in GiB, 0 or more")?.unwrap_or(0)),
                    (RDMA, row.amount(rdma, 1, "percent of an RDMA card, 0 or more")?.unwrap_or(0)),
                ],
                labels: vec![("app", row.text(app)?), ("role", row.text(role)?)],
                ..Asks::default()
            };
            let mut spec = asks.spec(run, self.gpu);
            let most = row.times(limit, 1, "the largest number of instances on a node, or -1")?;
            if most > 0 {
                spec.labels.insert("max-instance-per-node", most.to_string());
            }
            if most == 1 {
                alone(&mut spec, row.text(app)?);
            }
            Ok(Shape { spec })
        })?;
        let waited = creation
            .zip(start)
            .map(|(creation, start)| Span(start.saturating_sub(creation)))
            .filter(|span| *span >= Span::ZERO);
        let user = out.shapes.name(row.text(app)?);
        let pod = Submitted { user, waited, ..Submitted::pod(row.name(name)?, shape, run) };
        out.push(Record { at: arrival, place: row.place(), event: Event::Submitted(pod) });
        Ok(())
    }
}

/// Keeps other instances of the application off the node.
fn alone(spec: &mut PodSpec, app: &str) {
    let selector =
        LabelSelector { match_labels: [("app".to_owned(), app.to_owned())].into(), ..LabelSelector::default() };
    let term = PodAffinityTerm {
        selector: Some(selector),
        namespaces: Vec::new(),
        namespace_selector: None,
        topology_key: HOSTNAME_LABEL.into(),
    };
    spec.pod_anti_affinity.required.push(term);
}
