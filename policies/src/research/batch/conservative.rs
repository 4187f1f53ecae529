//! Conservative backfilling: a reservation for every job, and nobody delays anybody.

use std::collections::BTreeMap;
use towtank_sim::batch::{Backfilling, Counting, Job, JobId, Pass, Placement, Timeline};
use towtank_sim::time::SimTime;

/// Conservative backfilling. A job gets a reservation when it arrives: the earliest start at which it has its places until its expected
/// end beside all that runs, as long as that is expected to run, and beside all reservations that were made before. It starts when that
/// moment has come, or earlier:
///
/// When something ends before it was expected to, the schedule is compressed: job after job, in the order of the queue, gives up its
/// reservation and takes the earliest one that it can have beside the others. So no reservation ever becomes later, whatever the
/// estimates, as long as no job runs longer than announced and no machine is lost; then the reservations that cannot be kept are made
/// anew, all of them, in the order of the queue.
///
/// Source: Mu'alem and Feitelson, "Utilization, Predictability, Workloads, and User Runtime Estimates in Scheduling the IBM SP2 with
/// Backfilling", IEEE TPDS 12(6), 2001, section 2.2 and figure 2. There and by default capacity is reserved; with
/// [`Counting::Machines`] each reservation is one of certain machines, so that a job may have to wait for a hole on them that others
/// could have left to it by moving.
#[derive(Clone, Debug, Default)]
pub struct Conservative {
    reservations: BTreeMap<JobId, Reservation>,
}

#[derive(Clone, Debug)]
struct Reservation {
    start: SimTime,
    places: Placement,
}

impl Backfilling for Conservative {
    fn decide(&mut self, pass: &mut Pass<'_>) {
        let queue = pass.queue();
        self.keep_only(&queue);
        let mut timeline = Timeline::new(pass.now(), pass.free().clone(), pass.releases());
        if (pass.machines_changed() && pass.counting() == Counting::Machines)
            || !self.lay_out(&queue, pass, &mut timeline)
        {
            self.reservations.clear();
            timeline = Timeline::new(pass.now(), pass.free().clone(), pass.releases());
        } else if pass.has_early_end() {
            self.compress(&queue, pass.now(), &mut timeline);
        }
        for job in &queue {
            if !self.reservations.contains_key(&job.id)
                && let Some((start, places)) = timeline.earliest(job, pass.now())
            {
                timeline.reserve(&places, start, job.estimate);
                self.reservations.insert(job.id, Reservation { start, places });
            }
        }
        for job in &queue {
            let due = self.reservations.get(&job.id).filter(|reservation| reservation.start <= pass.now());
            if let Some(places) = due.map(|reservation| reservation.places.clone())
                && pass.start(job, places).is_some()
            {
                self.reservations.remove(&job.id);
            }
        }
        // Compression may leave a moment at which nothing else happens.
        let starts = self.reservations.values().map(|reservation| reservation.start);
        if let Some(next) = starts.filter(|start| *start > pass.now()).min() {
            pass.wake_at(next);
        }
    }
}

impl Conservative {
    /// When a job is to start at the latest, as far as estimates hold.
    pub fn reservation(&self, job: JobId) -> Option<SimTime> {
        self.reservations.get(&job).map(|reservation| reservation.start)
    }

    /// Forgets jobs that have left the queue.
    fn keep_only(&mut self, queue: &[&Job]) {
        if self.reservations.len() > queue.iter().filter(|job| self.reservations.contains_key(&job.id)).count() {
            let waiting: std::collections::BTreeSet<JobId> = queue.iter().map(|job| job.id).collect();
            self.reservations.retain(|id, _| waiting.contains(id));
        }
    }

    /// Puts the reservations into the timeline; whether all of them can be kept. One that should have begun begins now.
    fn lay_out(&mut self, queue: &[&Job], pass: &Pass<'_>, timeline: &mut Timeline) -> bool {
        for job in queue {
            let Some(reservation) = self.reservations.get_mut(&job.id) else { continue };
            reservation.start = reservation.start.max(pass.now());
            if pass.counting() == Counting::Capacity {
                // Which pools there are may have changed.
                let Some(places) = timeline.place_at(job, reservation.start) else { return false };
                reservation.places = places;
            } else if !timeline.has(&reservation.places, reservation.start, job.estimate) {
                return false;
            }
            timeline.reserve(&reservation.places, reservation.start, job.estimate);
        }
        true
    }

    fn compress(&mut self, queue: &[&Job], now: SimTime, timeline: &mut Timeline) {
        for job in queue {
            let Some(reservation) = self.reservations.get_mut(&job.id) else { continue };
            timeline.free(&reservation.places, reservation.start, job.estimate);
            if let Some((start, places)) = timeline.earliest(job, now)
                && start < reservation.start
            {
                *reservation = Reservation { start, places };
            }
            timeline.reserve(&reservation.places, reservation.start, job.estimate);
        }
    }
}
