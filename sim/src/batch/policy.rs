//! What may be swapped in a batch scheduler: the order of the queue, and who may start before whom.

use super::job::Job;
use super::pass::Pass;
use std::fmt::Debug;

/// The order of the queue.
pub trait JobOrder: Debug {
    /// Jobs with smaller keys are first; among equal keys the one that was submitted first, and then the one whose first pod was
    /// created first.
    fn key(&self, job: &Job) -> i64;
}

/// Which jobs of the queue start now.
pub trait Backfilling: Debug {
    /// Looks at the queue, at what is free and at what is expected to become free, and starts jobs. It is called once for all that
    /// happens at one instant: ends, arrivals, changes of nodes.
    fn decide(&mut self, pass: &mut Pass<'_>);
}

/// A policy: an order and a rule.
#[derive(Debug)]
pub struct BatchPolicy {
    /// The order of the queue.
    pub order: Box<dyn JobOrder>,
    /// Who may start before whom.
    pub backfilling: Box<dyn Backfilling>,
    /// What is counted.
    pub counting: Counting,
}

/// What plans are made of. Jobs that start always take the lowest-numbered machines that they may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Counting {
    /// Machines, each by itself: a reservation is one of certain machines.
    #[default]
    Machines,
    /// Capacity, summed over machines that are alike to all jobs: a reservation is one of so much capacity, wherever it will be.
    /// That is exact where one machine is as good as another, so where each pod takes a whole machine or a single unit of one. It is
    /// too hopeful where pods of different sizes share machines: a job may then find its capacity in pieces, and waits on.
    Capacity,
}
