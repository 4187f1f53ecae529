//! Every pod that was asked for was rejected, is there, has ended or has gone.

use super::{Witness, live, same};
use crate::cluster::{Change, Cluster};
use crate::observe::Note;

/// What the feed has told.
#[derive(Default)]
pub(super) struct Counts {
    created: u64,
    bound: u64,
    finished: u64,
    removed: u64,
}

impl Witness for Counts {
    fn note(&mut self, note: &Note<'_>, _cluster: &Cluster) -> Result<(), String> {
        let Note::Change(change) = note else { return Ok(()) };
        match change {
            Change::PodCreated(_) => self.created += 1,
            Change::PodBound(..) => self.bound += 1,
            Change::PodFinished(_) => self.finished += 1,
            Change::PodRemoved(_) => self.removed += 1,
            _ => {}
        }
        Ok(())
    }

    fn at_rest(&self, cluster: &Cluster) -> Result<(), String> {
        let counters = cluster.counters();
        let there = live(cluster).count() as u64;
        let what = |text: &'static str| move || text.to_owned();
        same(what("submitted - rejected"), &(counters.submitted - counters.rejected), &self.created)?;
        same(what("the count of bindings"), &counters.bound, &self.bound)?;
        same(what("succeeded + failed"), &(counters.succeeded + counters.failed), &self.finished)?;
        same(what("live + ended + removed"), &(there + self.finished + self.removed), &self.created)
    }
}
