//! CronJobs: when they are due. The controller that creates their Jobs is not modelled yet; it will ask [`look`].
//!
//! Source: `pkg/controller/cronjob/{cronjob_controllerv2,utils}.go`, and the library that reads schedules there,
//! `robfig/cron` version 3. No crate for cron expressions agrees with that library on what is refused and in which words,
//! on days of the month and of the week together, and on hours that a change to summer time leaves out.

mod due;
mod duration;
mod grammar;
mod next;
#[cfg(test)]
mod tests;
mod zone;

pub use due::{Clock, Look, Missed, look};
pub use grammar::ScheduleError;
pub use next::Schedule;
