//! The observer that checks the invariants while a run goes on.

use super::{HISTORIES, History, STATES, Witness};
use crate::cluster::Cluster;
use crate::observe::{Note, Observer};
use crate::time::SimTime;
use thiserror::Error;

/// An invariant did not hold: an error of the simulator's own.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("at {at} s, note {note}, the invariant {invariant} does not hold: {message}")]
pub struct Violation {
    /// The name of the invariant.
    pub invariant: &'static str,
    /// When.
    pub at: SimTime,
    /// After how many notes.
    pub note: u64,
    /// What does not hold.
    pub message: String,
}

/// Checks every invariant and keeps the first violation. After that it looks no further.
///
/// What looks at the whole cluster costs time in proportion to its pods and nodes, so it is checked only every so many
/// notes. It must watch from the start of the run.
pub struct Audit {
    every: u64,
    notes: u64,
    left_out: Vec<&'static str>,
    witnesses: Vec<(&'static str, Box<dyn Witness>)>,
    violation: Option<Violation>,
}

impl Audit {
    /// Looks at the whole cluster every `notes` notes, at least 1.
    pub fn every(notes: u64) -> Self {
        let witnesses = HISTORIES.iter().map(|History { name, witness }| (*name, witness())).collect();
        Self { every: notes.max(1), notes: 0, left_out: Vec::new(), witnesses, violation: None }
    }

    /// Leaves out the invariant of this name: `used_within_allocatable` does not hold under a profile that does not filter
    /// by requests.
    #[must_use]
    pub fn without(mut self, invariant: &'static str) -> Self {
        self.left_out.push(invariant);
        self.witnesses.retain(|(name, _)| *name != invariant);
        self
    }

    /// Checks everything once more, at the end of the run.
    ///
    /// # Errors
    /// The first violation of the run.
    pub fn finish(mut self, cluster: &Cluster) -> Result<(), Violation> {
        self.look(cluster);
        self.violation.map_or(Ok(()), Err)
    }

    /// The first violation so far.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    fn look(&mut self, cluster: &Cluster) {
        for state in STATES.iter().filter(|state| !self.left_out.contains(&state.name)) {
            if let Err(message) = (state.check)(cluster) {
                return self.violated(state.name, message, cluster);
            }
        }
        if cluster.is_at_rest() {
            let failed = self.witnesses.iter().find_map(|(name, w)| Some((*name, w.at_rest(cluster).err()?)));
            if let Some((name, message)) = failed {
                self.violated(name, message, cluster);
            }
        }
    }

    fn violated(&mut self, invariant: &'static str, message: String, cluster: &Cluster) {
        let (at, note) = (cluster.now, self.notes);
        self.violation.get_or_insert(Violation { invariant, at, note, message });
    }
}

impl Observer for Audit {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if self.violation.is_some() {
            return;
        }
        self.notes += 1;
        let mut failed = None;
        for (name, witness) in &mut self.witnesses {
            if let Err(message) = witness.note(note, cluster) {
                failed.get_or_insert((*name, message));
            }
        }
        if let Some((name, message)) = failed {
            self.violated(name, message, cluster);
        } else if self.notes.is_multiple_of(self.every) {
            self.look(cluster);
        }
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Audit").field("notes", &self.notes).field("violation", &self.violation).finish_non_exhaustive()
    }
}
