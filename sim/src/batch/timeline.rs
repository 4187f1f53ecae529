//! What will be free when, as far as it is known now: the "profile" of the literature.

use super::job::Job;
use super::pass::Release;
use super::space::{Placement, Space};
use crate::time::{SimTime, Span};

/// What is free from each moment to the next.
///
/// Source: Mu'alem and Feitelson, "Utilization, Predictability, Workloads, and User Runtime Estimates in Scheduling the IBM SP2 with
/// Backfilling", IEEE TPDS 12(6), 2001, section 2.2: "the profile of free processors".
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Each holds until the next one begins, the last one for ever.
    slices: Vec<(SimTime, Space)>,
}

impl Timeline {
    /// What is free from now on if nothing starts: `free` now, and more with each release.
    pub fn new(now: SimTime, free: Space, releases: &[Release]) -> Self {
        let mut slices = vec![(now, free)];
        for release in releases {
            let (at, last) = slices.last().expect("it begins with one");
            if release.at > *at {
                slices.push((release.at, last.clone()));
            }
            if let Some((_, space)) = slices.last_mut() {
                space.give(&release.placement);
            }
        }
        Self { slices }
    }

    /// The earliest start, not before `from`, at which the job has its places until its expected end; `None` if there is none,
    /// because pods of which no end is known are in its way.
    pub fn earliest(&self, job: &Job, from: SimTime) -> Option<(SimTime, Placement)> {
        let mut first = self.slice_at(from);
        while first < self.slices.len() {
            let start = self.slices[first].0.max(from);
            let window = self.window(first, job.end(start));
            if let Some(blocked) = window.iter().rposition(|(_, space)| !space.fits(job)) {
                first += blocked + 1;
                continue;
            }
            let spaces: Vec<&Space> = window.iter().map(|(_, space)| space).collect();
            if let Some(placement) = Space::place_in(&spaces, job) {
                return Some((start, placement));
            }
            first += 1;
        }
        None
    }

    /// The job's places if it starts at this moment.
    pub fn place_at(&self, job: &Job, start: SimTime) -> Option<Placement> {
        let window = self.window(self.slice_at(start), job.end(start));
        let spaces: Vec<&Space> = window.iter().map(|(_, space)| space).collect();
        Space::place_in(&spaces, job)
    }

    /// Whether these very places are free from `start` for so long.
    pub fn has(&self, placement: &Placement, start: SimTime, span: Span) -> bool {
        let window = self.window(self.slice_at(start), start.saturating_add(span));
        window.iter().all(|(_, space)| space.has(placement))
    }

    /// Takes places from `start` for so long.
    pub fn reserve(&mut self, placement: &Placement, start: SimTime, span: Span) {
        self.change(start, start.saturating_add(span), |space| space.take(placement));
    }

    /// Gives back what [`Timeline::reserve`] took.
    pub fn free(&mut self, placement: &Placement, start: SimTime, span: Span) {
        self.change(start, start.saturating_add(span), |space| space.give(placement));
    }

    fn change(&mut self, from: SimTime, to: SimTime, mut change: impl FnMut(&mut Space)) {
        let first = self.split(from);
        let end = if to == SimTime::MAX { self.slices.len() } else { self.split(to) };
        for (_, space) in &mut self.slices[first..end] {
            change(space);
        }
    }

    /// The number of the slice that begins at this moment, which is made if there is none.
    fn split(&mut self, at: SimTime) -> usize {
        let index = self.slice_at(at);
        if self.slices[index].0 >= at {
            return index;
        }
        let space = self.slices[index].1.clone();
        self.slices.insert(index + 1, (at, space));
        index + 1
    }

    /// The slice that holds at this moment; the first one for moments before it.
    fn slice_at(&self, at: SimTime) -> usize {
        self.slices.partition_point(|(start, _)| *start <= at).saturating_sub(1)
    }

    /// The slices from one on that begin before `end`.
    fn window(&self, first: usize, end: SimTime) -> &[(SimTime, Space)] {
        let rest = &self.slices[first..];
        &rest[..rest.partition_point(|(start, _)| *start < end).max(1)]
    }
}
