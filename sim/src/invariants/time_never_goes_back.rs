//! Nothing is noted at an earlier time than what was noted before it.

use super::Witness;
use crate::cluster::Cluster;
use crate::observe::Note;
use crate::time::SimTime;

/// The time of the last note.
#[derive(Default)]
pub(super) struct Clock(SimTime);

impl Witness for Clock {
    fn note(&mut self, _note: &Note<'_>, cluster: &Cluster) -> Result<(), String> {
        let before = std::mem::replace(&mut self.0, cluster.now);
        if before <= cluster.now { Ok(()) } else { Err(format!("{} s came after {before} s", cluster.now)) }
    }
}
