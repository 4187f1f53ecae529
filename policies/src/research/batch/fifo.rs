//! FIFO: first come, first served.

use towtank_sim::batch::{Backfilling, Job, JobOrder, Pass};

/// The order of arrival: by the time at which enough of a job's pods were there, then by the creation of its first pod.
#[derive(Clone, Copy, Debug)]
pub struct Arrival;

/// No backfilling: jobs start in the order of the queue, and the first one that does not fit holds back all behind it.
///
/// Source: the FCFS to which Feitelson and Weil compare backfilling, "Utilization and Predictability in Scheduling the IBM SP2 with
/// Backfilling", IPPS 1998, section 1.
#[derive(Clone, Copy, Debug)]
pub struct InOrder;

impl JobOrder for Arrival {
    fn key(&self, _job: &Job) -> i64 {
        0
    }
}

impl Backfilling for InOrder {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        start_in_order(pass);
    }
}

/// Starts jobs from the head of the queue as long as they fit, and says how many.
pub(super) fn start_in_order(pass: &mut Pass<'_>) -> usize {
    let queue = pass.queue();
    for (number, job) in queue.iter().enumerate() {
        let places = pass.free().place(job);
        if places.and_then(|places| pass.start(job, places)).is_none() {
            return number;
        }
    }
    queue.len()
}
