//! `attempts.csv`: a row for each scheduling attempt.

use super::background::Ending;
use super::queue_metrics::pool_name;
use super::written::{BackgroundTable, TableFiles};
use crate::output::{OutputDir, OutputError};
use crate::tables::AttemptRow;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::phases::Phase;

/// Writes `attempts.csv`. It asks for each attempt by itself, those that repeat a failure too.
pub struct AttemptTable {
    table: BackgroundTable,
    /// For whom room was found, told before the attempt's end: the pod, the node, and how many have to go.
    preempting: Option<(PodId, NodeId, u32)>,
    plugins: String,
}

impl AttemptTable {
    /// A table in `out`, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// A file cannot be created.
    pub fn create(out: &OutputDir, parquet: bool) -> Result<Self, OutputError> {
        let table = BackgroundTable::new(TableFiles::new(out, "attempts", parquet)?.begin::<AttemptRow<'_>>()?)?;
        Ok(Self { table, preempting: None, plugins: String::new() })
    }

    /// All attempts have been made.
    pub(super) fn end(self) -> Ending<Result<(), OutputError>> {
        self.table.end()
    }

    fn write(&mut self, id: PodId, row: &AttemptRow<'_>, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let spec = &cluster.class_of(pod).spec;
        self.table.write(&AttemptRow {
            time_ns: cluster.now.0,
            namespace: &spec.namespace,
            name: &pod.name,
            attempt: cluster.pods().attempts(id),
            profile: if row.profile.is_empty() { &spec.scheduler_name } else { row.profile },
            ..*row
        });
    }
}

impl Observer for AttemptTable {
    fn interest(&self) -> NoteKinds {
        NoteKinds::SCHEDULED.and(NoteKinds::FAILED).and(NoteKinds::PREEMPTING)
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Scheduled { pod, node, examined, feasible, best, ties, took, .. } => {
                let row = AttemptRow {
                    result: "scheduled",
                    node: cluster.node(*node).name(),
                    nodes: *examined,
                    feasible: *feasible,
                    best_score: *best,
                    ties: *ties,
                    took_ns: took.0,
                    ..AttemptRow::default()
                };
                self.write(*pod, &row, cluster);
            }
            Note::Preempting { pod, node, victims } => {
                self.preempting = Some((*pod, *node, u32::try_from(victims.len()).unwrap_or(u32::MAX)));
            }
            Note::FailedScheduling { pod, error, took, queue, profile } => {
                let mut plugins = std::mem::take(&mut self.plugins);
                plugins.clear();
                for name in profile.names(error.plugins) {
                    plugins.push_str(if plugins.is_empty() { "" } else { ";" });
                    plugins.push_str(name);
                }
                let room = self.preempting.take().filter(|(of, ..)| of == pod);
                let row = AttemptRow {
                    profile: &profile.name,
                    result: error.kind.result(),
                    nodes: error.nodes,
                    took_ns: took.0,
                    queue: queue.map_or("", pool_name),
                    plugins: &plugins,
                    nominated_node: room.map_or("", |(_, node, _)| cluster.node(node).name()),
                    victims: room.map_or(0, |(.., victims)| victims),
                    ..AttemptRow::default()
                };
                self.write(*pod, &row, cluster);
                self.plugins = plugins;
            }
            _ => {}
        }
    }
}
