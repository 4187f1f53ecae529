//! What is free on the machines at some moment, and jobs that are placed there.

use super::ground::Ground;
use super::job::{Job, Part, times};
use crate::model::resources::Resources;
use std::rc::Rc;

/// What is free on each machine, or in each pool of machines that are alike.
#[derive(Clone, Debug)]
pub struct Space {
    ground: Rc<Ground>,
    free: Vec<Resources>,
    /// Everything that is free together, so that most of what does not fit is seen at once.
    sum: Resources,
}

/// Where the pods of a job are, by machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    pub(super) grants: Vec<Grant>,
}

/// Places of some pods on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    pub(super) machine: u32,
    /// Which of the job's parts.
    pub(super) part: u32,
    pub(super) pods: u32,
    /// What they take together.
    pub(super) amount: Resources,
}

impl Space {
    pub(super) fn new(ground: Rc<Ground>, free: Vec<Resources>) -> Self {
        let mut sum = Resources::default();
        for free in &free {
            sum.add(free);
        }
        Self { ground, free, sum }
    }

    /// Places a job: each pod on the first machine, in their order, that has room for it; `None` if not all of them have a place.
    pub fn place(&self, job: &Job) -> Option<Placement> {
        Self::place_in(&[self], job)
    }

    /// Whether the job has a place.
    pub fn fits(&self, job: &Job) -> bool {
        self.place(job).is_some()
    }

    /// Places a job where all of these spaces have room for it, as it must be to stay there while one follows the other.
    pub fn place_in(spaces: &[&Self], job: &Job) -> Option<Placement> {
        if !spaces.iter().all(|space| space.may_hold(job)) {
            return None;
        }
        let mut grants = Vec::new();
        if let [part] = &job.parts[..] {
            return Self::fill(spaces, (0, part), &mut grants).then_some(Placement { grants });
        }
        let mut left: Vec<Self> = spaces.iter().map(|space| (*space).clone()).collect();
        for (number, part) in job.parts.iter().enumerate() {
            let first = grants.len();
            let spaces: Vec<&Self> = left.iter().collect();
            if !Self::fill(&spaces, (number as u32, part), &mut grants) {
                return None;
            }
            for space in &mut left {
                space.take_grants(&grants[first..]);
            }
        }
        Some(Placement { grants })
    }

    /// Takes the places of a job.
    pub fn take(&mut self, placement: &Placement) {
        self.take_grants(&placement.grants);
    }

    /// Gives places back.
    pub fn give(&mut self, placement: &Placement) {
        for grant in &placement.grants {
            self.free[grant.machine as usize].add(&grant.amount);
            self.sum.add(&grant.amount);
        }
    }

    /// Whether these very places are free.
    pub fn has(&self, placement: &Placement) -> bool {
        if placement.grants.iter().any(|grant| grant.part > 0) {
            // Several grants may be of one machine.
            let mut left = self.clone();
            left.take(placement);
            let is_left = |grant: &Grant| left.free[grant.machine as usize].iter().all(|(_, amount)| amount >= 0);
            return placement.grants.iter().all(is_left);
        }
        placement.grants.iter().all(|grant| times(&grant.amount, &self.free[grant.machine as usize]) > 0)
    }

    fn take_grants(&mut self, grants: &[Grant]) {
        for grant in grants {
            self.free[grant.machine as usize].sub(&grant.amount);
            self.sum.sub(&grant.amount);
        }
    }

    /// Whether there is enough in all, wherever it is.
    fn may_hold(&self, job: &Job) -> bool {
        job.parts.iter().all(|part| times(&self.ground.kinds[part.kind.index()].requests, &self.sum) >= part.pods)
    }

    fn fill(spaces: &[&Self], (number, part): (u32, &Part), grants: &mut Vec<Grant>) -> bool {
        let Some(first) = spaces.first() else { return false };
        let kind = &first.ground.kinds[part.kind.index()];
        let mut left = part.pods;
        for machine in (0..first.free.len()).filter(|machine| kind.eligible[*machine]) {
            let room = spaces.iter().map(|space| times(&kind.requests, &space.free[machine])).min();
            let pods = room.unwrap_or(0).min(left);
            if pods > 0 {
                let amount = multiple(&kind.requests, pods);
                grants.push(Grant { machine: machine as u32, part: number, pods, amount });
                left -= pods;
            }
            if left == 0 {
                return true;
            }
        }
        left == 0
    }
}

/// So many times an amount.
pub(super) fn multiple(amount: &Resources, times: u32) -> Resources {
    let mut product = Resources::default();
    for (id, amount) in amount.iter() {
        product.set(id, amount.saturating_mul(i64::from(times)));
    }
    product
}
