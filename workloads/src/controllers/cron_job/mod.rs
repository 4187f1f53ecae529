//! CronJobs: when they are due, and what starts their Jobs.
//!
//! Source: `pkg/controller/cronjob/{cronjob_controllerv2,utils}.go`, and the library that reads schedules there,
//! `robfig/cron` version 3. No crate for cron expressions agrees with that library on what is refused and in which words,
//! on days of the month and of the week together, and on hours that a change to summer time leaves out.

mod controller;
#[cfg(test)]
mod controller_tests;
mod due;
mod duration;
mod grammar;
mod next;
mod object;
#[cfg(test)]
mod tests;
mod zone;

pub use controller::CronJobController;
pub use due::{Clock, Look, Missed, look};
pub use grammar::ScheduleError;
pub use next::Schedule;
pub use object::{Concurrency, CronJob, CronJobStatus};
pub use zone::is_time_zone;
