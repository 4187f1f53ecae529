//! Batch policies on machines of one processor, written as plainly as can be: the definition that the real ones are held against.

use super::{Job, Starts};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Rule {
    InOrder,
    ShortestFirst,
    AllOrNothing,
    EasyOnMachines,
    EasyCounting,
    Conservative,
}

struct Running {
    job: usize,
    end: i64,
    expected: i64,
    machines: Vec<u32>,
}

struct World<'a> {
    jobs: &'a [Job],
    now: i64,
    free: Vec<u32>,
    running: Vec<Running>,
    queue: Vec<usize>,
    starts: Starts,
    reservations: BTreeMap<usize, i64>,
    early: bool,
}

pub(super) fn play(jobs: &[Job], machines: u32, rule: Rule) -> Starts {
    let mut world = World {
        jobs,
        now: 0,
        free: (0..machines).collect(),
        running: Vec::new(),
        queue: Vec::new(),
        starts: Starts::new(),
        reservations: BTreeMap::new(),
        early: false,
    };
    let mut next = 0;
    loop {
        let times = world.running.iter().map(|running| running.end).chain(jobs.get(next).map(|job| job.submit));
        // Nobody looks for what is put off while a job is overdue.
        let is_overdue = world.ends().first().is_some_and(|(end, _)| *end <= world.now + 1);
        let times = times.chain(world.reservations.values().copied().filter(|start| !is_overdue && *start > world.now));
        let Some(now) = times.min() else { return world.starts };
        world.now = now;
        let (ended, running) = world.running.drain(..).partition(|running| running.end == now);
        world.running = running;
        let ended: Vec<Running> = ended;
        for Running { expected, machines, .. } in ended {
            world.free.extend(machines);
            world.early |= now < expected;
        }
        world.free.sort_unstable();
        while jobs.get(next).is_some_and(|job| job.submit == now) {
            if jobs[next].machines <= machines {
                world.queue.push(next);
            }
            next += 1;
        }
        if rule == Rule::ShortestFirst {
            world.queue.sort_by_key(|job| (estimate(&jobs[*job]), *job));
        }
        match rule {
            Rule::InOrder | Rule::ShortestFirst => {
                world.start_in_order();
            }
            Rule::AllOrNothing => {
                for job in world.queue.clone() {
                    let size = jobs[job].machines as usize;
                    if size <= world.free.len() {
                        world.start(job, world.free[..size].to_vec());
                    }
                }
            }
            Rule::EasyOnMachines => world.easy_on_machines(),
            Rule::EasyCounting => world.easy_counting(),
            Rule::Conservative => world.conservative(),
        }
    }
}

/// At least one, so that every job takes some time.
fn estimate(job: &Job) -> i64 {
    job.estimate.unwrap_or(job.run).max(1)
}

impl World<'_> {
    fn start(&mut self, job: usize, machines: Vec<u32>) {
        self.free.retain(|machine| !machines.contains(machine));
        self.queue.retain(|other| *other != job);
        let end = self.now + self.jobs[job].run;
        let expected = self.now + estimate(&self.jobs[job]);
        self.starts.insert(job, (self.now, machines.clone()));
        self.running.push(Running { job, end, expected, machines });
    }

    fn start_in_order(&mut self) {
        while let Some(&head) = self.queue.first() {
            let size = self.jobs[head].machines as usize;
            if self.free.len() < size {
                return;
            }
            self.start(head, self.free[..size].to_vec());
        }
    }

    /// Expected ends with machines, in order of time; those of one time in the order in which the jobs came.
    fn ends(&self) -> Vec<(i64, Vec<u32>)> {
        let mut running: Vec<_> = self.running.iter().map(|r| (r.expected.max(self.now + 1), r.job, r)).collect();
        running.sort_by_key(|(end, job, _)| (*end, *job));
        running.into_iter().map(|(end, _, running)| (end, running.machines.clone())).collect()
    }

    fn easy_on_machines(&mut self) {
        self.start_in_order();
        let Some(&head) = self.queue.first() else { return };
        let size = self.jobs[head].machines as usize;
        let ends = self.ends();
        let free_at = |time: i64| -> Vec<u32> {
            let then = ends.iter().filter(|(end, _)| *end <= time).flat_map(|(_, machines)| machines);
            let mut free: Vec<u32> = self.free.iter().chain(then).copied().collect();
            free.sort_unstable();
            free
        };
        let shadow = ends.iter().map(|(end, _)| *end).find(|end| free_at(*end).len() >= size);
        let shadow = shadow.expect("no job is larger than the cluster");
        let reserved = free_at(shadow)[..size].to_vec();
        let others = self.queue[1..].to_vec();
        for job in others {
            let short = self.now + estimate(&self.jobs[job]) <= shadow;
            let usable = self.free.iter().copied().filter(|machine| short || !reserved.contains(machine));
            let machines: Vec<u32> = usable.take(self.jobs[job].machines as usize).collect();
            if machines.len() == self.jobs[job].machines as usize {
                self.start(job, machines);
            }
        }
    }

    fn easy_counting(&mut self) {
        self.start_in_order();
        let Some(&head) = self.queue.first() else { return };
        let size = self.jobs[head].machines as usize;
        let mut count = self.free.len();
        let mut shadow = i64::MAX;
        for (end, machines) in self.ends() {
            count += machines.len();
            if count >= size {
                shadow = end;
                break;
            }
        }
        let mut extra = count - size;
        let others = self.queue[1..].to_vec();
        for job in others {
            let machines = self.jobs[job].machines as usize;
            if machines > self.free.len() {
                continue;
            }
            let short = self.now + estimate(&self.jobs[job]) <= shadow;
            if short || machines <= extra {
                extra -= if short { 0 } else { machines };
                self.start(job, self.free[..machines].to_vec());
            }
        }
    }

    /// How many machines are free at each moment from now on, without the reservation of a job.
    fn profile(&self, without: Option<usize>) -> Vec<i64> {
        const HORIZON: i64 = 1_000;
        let mut free = vec![self.free.len() as i64; HORIZON as usize];
        for (end, machines) in self.ends() {
            free[(end - self.now) as usize..].iter_mut().for_each(|free| *free += machines.len() as i64);
        }
        for (&job, &start) in self.reservations.iter().filter(|(job, _)| Some(**job) != without) {
            let from = (start - self.now).max(0) as usize;
            let to = from + estimate(&self.jobs[job]) as usize;
            free[from..to].iter_mut().for_each(|free| *free -= i64::from(self.jobs[job].machines));
        }
        free
    }

    fn earliest(&self, job: usize) -> i64 {
        let free = self.profile(Some(job));
        let length = estimate(&self.jobs[job]) as usize;
        let fits =
            |start: &usize| free[*start..*start + length].iter().all(|f| *f >= i64::from(self.jobs[job].machines));
        self.now + (0..free.len() - length).find(fits).expect("no job is larger than the cluster") as i64
    }

    fn conservative(&mut self) {
        let queue = self.queue.clone();
        // Reservations that are made anew are made with what has ended early, too.
        let early = std::mem::take(&mut self.early);
        for start in self.reservations.values_mut() {
            *start = (*start).max(self.now);
        }
        if self.profile(None).iter().any(|free| *free < 0) {
            self.reservations.clear();
        } else if early {
            for job in queue.iter().filter(|job| self.reservations.contains_key(job)).copied().collect::<Vec<_>>() {
                let start = self.earliest(job);
                self.reservations.insert(job, start);
            }
        }
        for &job in &queue {
            if !self.reservations.contains_key(&job) {
                let start = self.earliest(job);
                self.reservations.insert(job, start);
            }
        }
        for job in queue {
            let size = self.jobs[job].machines as usize;
            if self.reservations[&job] <= self.now && size <= self.free.len() {
                self.reservations.remove(&job);
                self.start(job, self.free[..size].to_vec());
            }
        }
    }
}
