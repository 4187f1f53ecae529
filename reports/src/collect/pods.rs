//! `pods.csv`: a row per pod, written when the pod ends, and at the end of the run for those that still exist.

use super::written::{BackgroundTable, TableFiles};
use crate::output::{OutputDir, OutputError};
use crate::tables::PodRow;
use rustc_hash::FxHashMap;
use std::fmt::Write as _;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::{Pod, PodClass, PodPhase};
use towtank_sim::model::resources::{ResourceId, Resources};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::phases::Phase;

/// Writes `pods.csv`.
pub struct PodTable {
    table: BackgroundTable,
    /// Why pods that are on their way out were asked to go.
    causes: FxHashMap<PodId, Cause>,
}

impl PodTable {
    /// A table in `out`, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// A file cannot be created.
    pub fn create(out: &OutputDir, parquet: bool) -> Result<Self, OutputError> {
        let table = BackgroundTable::new(TableFiles::new(out, "pods", parquet)?.begin::<PodRow<'_>>()?)?;
        Ok(Self { table, causes: FxHashMap::default() })
    }

    /// Writes the pods that still exist, in order of creation, and ends the table.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub fn finish(mut self, cluster: &Cluster) -> Result<(), OutputError> {
        let mut rest: Vec<(PodId, &Pod)> = cluster.pods().iter().collect();
        rest.sort_by_key(|(_, pod)| pod.uid);
        for (id, pod) in rest {
            self.row((id, pod), outcome_so_far(pod), cluster, false);
        }
        self.table.finish()
    }

    fn row(&mut self, (id, pod): (PodId, &Pod), outcome: &str, cluster: &Cluster, ended: bool) {
        let class = cluster.class_of(pod);
        let other_resources = others(&class.requests, cluster);
        let row = PodRow {
            namespace: &class.spec.namespace,
            name: &pod.name,
            outcome,
            reason: "",
            node: pod.node.map_or("", |node| cluster.node(node).name()),
            priority: i64::from(class.priority()),
            attempts: cluster.pods().attempts(id),
            created_ns: pod.created.0,
            bound_ns: pod.bound.get().map(|at| at.0),
            started_ns: pod.started.get().map(|at| at.0),
            ended_ns: ended.then_some(cluster.now.0),
            ..requests(class, &other_resources)
        };
        self.table.write(&row);
    }

    fn refused(&mut self, namespace: &str, name: &str, message: &str, cluster: &Cluster) {
        let now = cluster.now.0;
        let row = PodRow {
            namespace,
            name,
            outcome: "rejected",
            reason: message,
            created_ns: now,
            ended_ns: Some(now),
            ..PodRow::default()
        };
        self.table.write(&row);
    }
}

impl Observer for PodTable {
    fn interest(&self) -> NoteKinds {
        let changes = Interest::POD_DELETING.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        NoteKinds::changes(changes).and(NoteKinds::REFUSED)
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(Change::PodDeleting(id, cause)) => {
                self.causes.insert(*id, *cause);
            }
            Note::Change(Change::PodFinished(id)) => {
                self.causes.remove(id);
                if let Some(pod) = cluster.pod(*id) {
                    let outcome = if pod.phase == PodPhase::Succeeded { "succeeded" } else { "failed" };
                    self.row((*id, pod), outcome, cluster, true);
                }
            }
            Note::Change(Change::PodRemoved(id)) => {
                let cause = self.causes.remove(id).unwrap_or(Cause::Deleted);
                if let Some(pod) = cluster.pod(*id) {
                    self.row((*id, pod), cause.as_str(), cluster, true);
                }
            }
            Note::Refused { namespace, name, refusal, .. } => self.refused(namespace, name, &refusal.message, cluster),
            _ => {}
        }
    }
}

fn requests<'a>(class: &PodClass, other_resources: &'a str) -> PodRow<'a> {
    PodRow {
        cpu_milli: class.requests.get(ResourceId::CPU),
        memory_bytes: class.requests.get(ResourceId::MEMORY),
        other_resources,
        ..PodRow::default()
    }
}

/// What has become of a pod that still exists.
pub(super) fn outcome_so_far(pod: &Pod) -> &'static str {
    match (pod.deleting.get(), pod.node, pod.phase) {
        (Some(_), ..) => "terminating",
        (None, None, _) => "pending",
        (None, Some(_), PodPhase::Pending) => "starting",
        (None, Some(_), _) => "running",
    }
}

/// Resources beyond CPU, memory and the count of pods, as `NAME=AMOUNT;…`.
pub(super) fn others(resources: &Resources, cluster: &Cluster) -> String {
    let mut text = String::new();
    for (id, amount) in resources.iter() {
        if ![ResourceId::CPU, ResourceId::MEMORY, ResourceId::PODS].contains(&id) {
            let separator = if text.is_empty() { "" } else { ";" };
            let _ = write!(text, "{separator}{}={amount}", cluster.resources.name(id));
        }
    }
    text
}
