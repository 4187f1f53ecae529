//! One look of a batch scheduler at its queue.

use super::job::{Job, JobId};
use super::policy::Counting;
use super::space::{Grant, Placement, Space};
use crate::model::resources::Resources;
use crate::time::SimTime;

/// What a policy sees when it decides, and through which it starts jobs.
#[derive(Debug)]
pub struct Pass<'a> {
    now: SimTime,
    queue: Vec<&'a Job>,
    free: Space,
    releases: Vec<Release>,
    early: bool,
    moved: bool,
    machines: Machines<'a>,
    starts: Vec<Start>,
    wake: Option<SimTime>,
}

/// Places that are expected to become free.
#[derive(Clone, Debug)]
pub struct Release {
    /// When: in the future, because what has not ended yet ends a nanosecond from now at the earliest.
    pub at: SimTime,
    /// Whose they are.
    pub job: JobId,
    /// Which ones.
    pub placement: Placement,
}

/// A job that starts, and on which machines.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) job: JobId,
    pub(super) on: Placement,
}

/// What stands behind the pools of a plan.
#[derive(Debug)]
pub(super) enum Machines<'a> {
    /// The plan is made of machines.
    Planned,
    /// It is made of pools: the machines, and the pool of each.
    Pooled { free: Space, pool_of: &'a [u32] },
}

impl<'a> Pass<'a> {
    pub(super) fn new(
        now: SimTime,
        queue: Vec<&'a Job>,
        (free, machines): (Space, Machines<'a>),
        releases: Vec<Release>,
        (early, moved): (bool, bool),
    ) -> Self {
        debug_assert!(releases.is_sorted_by_key(|release| (release.at, release.job)), "releases are in order");
        Self { now, queue, free, releases, early, moved, machines, starts: Vec::new(), wake: None }
    }

    /// The current instant.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The jobs that wait, in the order of the queue. Those that start stay in the list.
    pub fn queue(&self) -> Vec<&'a Job> {
        self.queue.clone()
    }

    /// What is free now.
    pub fn free(&self) -> &Space {
        &self.free
    }

    /// What is expected to become free, in order of time, then of the jobs' numbers: the places of every job that runs, at its expected end, or a nanosecond from
    /// now if that has passed. Pods of other schedulers, and pods of which no end is known, are not among it.
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// Whether something has become free since the last pass before it was expected to, or was added.
    pub fn has_early_end(&self) -> bool {
        self.early
    }

    /// Whether the machines are others than at the last pass, so that placements from then mean nothing.
    pub fn machines_changed(&self) -> bool {
        self.moved
    }

    /// What plans are made of.
    pub fn counting(&self) -> Counting {
        match self.machines {
            Machines::Planned => Counting::Machines,
            Machines::Pooled { .. } => Counting::Capacity,
        }
    }

    /// Starts a job on these places, which are free. Gives the places that it got: the same where machines are planned, and others of
    /// the same capacity where [capacity](Counting::Capacity) is; then `None`, and the job does not start, if that is free in pieces only.
    pub fn start(&mut self, job: &Job, places: Placement) -> Option<Placement> {
        let (on, taken) = match &mut self.machines {
            Machines::Planned => (places.clone(), places),
            Machines::Pooled { free, pool_of } => {
                let on = free.place(job)?;
                free.take(&on);
                let pooled = pooled(&on.grants, pool_of);
                (on, pooled)
            }
        };
        self.free.take(&taken);
        let at = job.end(self.now);
        if at < SimTime::MAX {
            let index = self.releases.partition_point(|release| (release.at, release.job) < (at, job.id));
            self.releases.insert(index, Release { at, job: job.id, placement: taken.clone() });
        }
        self.starts.push(Start { job: job.id, on });
        Some(taken)
    }

    /// Asks for another pass at this time, if nothing happens before.
    pub fn wake_at(&mut self, at: SimTime) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// The jobs that have been started.
    pub fn started(&self) -> Vec<JobId> {
        self.starts.iter().map(|start| start.job).collect()
    }

    /// What starts, and when the next pass is asked for.
    pub(super) fn decided(self) -> (Vec<Start>, Option<SimTime>) {
        (self.starts, self.wake)
    }
}

/// Places on machines as places in their pools.
pub(super) fn pooled(grants: &[Grant], pool_of: &[u32]) -> Placement {
    let mut pooled: Vec<Grant> = Vec::new();
    for grant in grants {
        let machine = pool_of[grant.machine as usize];
        match pooled.iter_mut().find(|other| (other.machine, other.part) == (machine, grant.part)) {
            Some(other) => {
                other.pods += grant.pods;
                other.amount.add(&grant.amount);
            }
            None => pooled.push(Grant { machine, ..grant.clone() }),
        }
    }
    Placement { grants: pooled }
}

/// Amounts that become free on machines.
pub(super) fn release(amounts: impl IntoIterator<Item = (u32, Resources)>) -> Placement {
    let grant = |(machine, amount)| Grant { machine, part: 0, pods: 0, amount };
    Placement { grants: amounts.into_iter().map(grant).collect() }
}
