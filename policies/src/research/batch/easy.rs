//! EASY backfilling: a reservation for the first job of the queue, and nothing that delays it.

use super::fifo::start_in_order;
use towtank_sim::batch::{Backfilling, Counting, Pass, Release, Space};
use towtank_sim::time::SimTime;

/// EASY. Jobs start in order as long as they fit. For the first one that does not, the *shadow time* is the earliest moment at which
/// enough is free, by the expected ends of the jobs that run; what it will take then, the lowest-numbered of what is free by then, is
/// reserved. A job behind it starts now if it fits and either ends, as expected, no later than the shadow time, or takes nothing that is
/// reserved:
///
/// `now + estimate <= shadow` on what is free now, or else on what is free now and at the shadow time beside the reservation.
///
/// Source: Lifka, "The ANL/IBM SP Scheduling System", JSSPP 1995. With reservations of certain machines it is the scheduler of Dutot et
/// al., "Batsim: a Realistic Language-Independent Resources and Jobs Management Systems Simulator", JSSPP 2016; with
/// [`Counting::Capacity`] it is the algorithm of Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, figure 3, in which a job that ends later
/// may take as many processors as the head leaves over at the shadow time ("extra nodes"). That algorithm collects the processors of one
/// job after another until there are enough; those of other jobs that are expected to end at the very same time are not counted.
#[derive(Clone, Copy, Debug)]
pub struct Easy;

impl Backfilling for Easy {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        let started = start_in_order(pass);
        let queue = pass.queue();
        let Some(head) = queue.get(started) else { return };
        let (shadow, mut spare) = shadow(pass, |space| space.fits(head));
        if let Some(reserved) = spare.place(head) {
            spare.take(&reserved);
        }
        for job in &queue[started + 1..] {
            if job.end(pass.now()) <= shadow {
                if let Some(places) = pass.free().place(job) {
                    pass.start(job, places);
                }
            } else if let Some(places) = Space::place_in(&[pass.free(), &spare], job)
                && let Some(taken) = pass.start(job, places)
            {
                spare.take(&taken);
            }
        }
    }
}

/// The first moment at which what is free then is enough, and what that is. If that is never known to come, the last moment of all,
/// with everything that will be free by then: nothing delays what does not come.
fn shadow(pass: &Pass<'_>, is_enough: impl Fn(&Space) -> bool) -> (SimTime, Space) {
    let mut space = pass.free().clone();
    let counted_together = |a: &Release, b: &Release| pass.counting() == Counting::Machines && a.at == b.at;
    for together in pass.releases().chunk_by(counted_together) {
        for release in together {
            space.give(&release.placement);
        }
        if is_enough(&space) {
            return (together[0].at, space);
        }
    }
    (SimTime::MAX, space)
}
