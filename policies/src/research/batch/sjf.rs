//! SJF: the shortest job first.

use towtank_sim::batch::{Job, JobOrder};

/// The order by announced run time, the shortest first. Jobs for which nothing is announced are ordered by their run time itself;
/// those that never end come last. A job that runs is not interrupted.
///
/// The head of the queue holds back those behind it, as in [`InOrder`](super::fifo::InOrder): a shorter job that comes later overtakes
/// it, a longer one does not.
///
/// Source: Conway, Maxwell and Miller, "Theory of Scheduling", 1967, section 8-4 (shortest processing time first); for parallel jobs,
/// Weng et al., "MLaaS in the Wild", NSDI 2022, section 6.1.
#[derive(Clone, Copy, Debug)]
pub struct ShortestFirst;

impl JobOrder for ShortestFirst {
    fn key(&self, job: &Job) -> i64 {
        job.estimate.0
    }
}
