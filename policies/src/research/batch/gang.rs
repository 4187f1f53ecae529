//! Gang admission: all or nothing, and no reservations.

use towtank_sim::batch::{Backfilling, Pass};

/// Every job that fits as a whole starts, in the order of the queue; one that does not holds back nobody. So large jobs may wait for as
/// long as small ones keep coming.
///
/// Source: gang scheduling as of Ousterhout, "Scheduling Techniques for Concurrent Systems", ICDCS 1982, and Feitelson and Rudolph,
/// "Gang Scheduling Performance Benefits for Fine-Grain Synchronization", JPDC 16(4), 1992, without time slices. It is what the
/// gang plugin of Volcano (`pkg/scheduler/plugins/gang`, action allocate) admits: a job is committed when `minAvailable` of its tasks have
/// places, and discarded as a whole otherwise.
#[derive(Clone, Copy, Debug)]
pub struct AllOrNothing;

impl Backfilling for AllOrNothing {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        for job in pass.queue() {
            if let Some(places) = pass.free().place(job) {
                pass.start(job, places);
            }
        }
    }
}
