//! Whole runs: arrivals, ends and retries, and where each pod ran from when to when.

use super::{CaseResult, Kind, Options, Recording};
use crate::conform::script::{self, Script, seconds};
use crate::conform::table::{self, Row};
use crate::diagnostic::Diagnostic;
use rustc_hash::FxHashMap;
use towtank_sim::cluster::{Cause, Change, Cluster};
use towtank_sim::model::PodId;
use towtank_sim::observe::{Note, Observer};

pub(super) const KIND: Kind =
    Kind { name: "dynamic", recognised: |recording| recording.is_folder() && recording.has(&["script"]), run };

fn run(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let script: Script = recording.yaml()?;
    if !options.wants(&script.name, &script.covers) {
        return Ok(Vec::new());
    }
    let expected = table::expected(recording)?;
    let name = script.name.clone();
    let mut lives = Lives::default();
    script::play(recording, script, &mut [&mut lives])?;
    let mut mismatches = Vec::new();
    for (index, row) in lives.rows.iter().enumerate() {
        table::compare(&expected, index, row, &mut mismatches);
    }
    table::compare_length(&expected, lives.rows.len(), &mut mismatches);
    Ok(vec![CaseResult::new(name, table::first(mismatches))])
}

/// The life of every pod, in the order of creation.
#[derive(Default)]
struct Lives {
    rows: Vec<Row>,
    row_of: FxHashMap<PodId, usize>,
}

impl Lives {
    fn set(&mut self, pod: PodId, column: &str, value: String) {
        if let Some(index) = self.row_of.get(&pod) {
            self.rows[*index].insert(column.to_owned(), value);
        }
    }
}

impl Observer for Lives {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if let Note::SchedulingAttempt { pod, .. } = note {
            self.set(*pod, "attempts", cluster.pods().attempts(*pod).to_string());
        }
        let Note::Change(change) = note else { return };
        let now = seconds(cluster.now).to_string();
        match *change {
            Change::PodCreated(id) => {
                let Some(pod) = cluster.pod(id) else { return };
                let mut row: Row = ["bound", "node", "attempts", "ended", "how"]
                    .map(|column| (column.to_owned(), String::new()))
                    .into();
                row.insert("pod".to_owned(), pod.name.to_string());
                row.insert("created".to_owned(), now);
                row.insert("attempts".to_owned(), cluster.pods().attempts(id).to_string());
                self.row_of.insert(id, self.rows.len());
                self.rows.push(row);
            }
            Change::PodBound(id, node) => {
                self.set(id, "bound", now);
                self.set(id, "node", cluster.node(node).name().to_owned());
            }
            Change::PodFinished(id) => {
                self.set(id, "ended", now);
                self.set(id, "how", "finished".to_owned());
            }
            Change::PodDeleting(id, Cause::Preempted) => self.set(id, "how", "preempted".to_owned()),
            Change::PodRemoved(id) => self.set(id, "ended", now),
            _ => {}
        }
    }
}
