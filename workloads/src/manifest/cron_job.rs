//! CronJobs.
//!
//! Defaults: `pkg/apis/batch/v1/defaults.go`. Rules: `pkg/apis/batch/validation/validation.go`.

use super::convert::{Reading, count};
use super::field::{At, FieldError};
use super::job;
use super::kind::Kind;
use super::objects::Item;
use super::words::require;
use crate::controllers::cron_job::{Clock, Concurrency, CronJob, CronJobStatus, is_time_zone};
use k8s_openapi::api::batch::v1 as batch;

pub(super) const KIND: Kind = Kind { name: CronJob::KIND, api_version: "batch/v1", namespaced: true, read };

/// The names of its Jobs are eleven characters longer, and are labels of their pods.
const MAX_NAME: usize = 52;

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let cron_job: batch::CronJob = reading.typed()?;
    if reading.name.len() > MAX_NAME {
        let metadata = At::ROOT.key("metadata");
        let why = format_args!("must be no more than {MAX_NAME} characters");
        return Err(metadata.key("name").invalid(&reading.name, why));
    }
    let at = At::ROOT.key("spec");
    let spec = cron_job.spec;
    let template_at = at.key("jobTemplate");
    let job_at = template_at.key("spec");
    let job = spec.job_template.spec.ok_or_else(|| job_at.error("required, and not given"))?;
    let deadline_at = at.key("startingDeadlineSeconds");
    if let Some(seconds) = spec.starting_deadline_seconds.filter(|seconds| *seconds < 0) {
        return Err(deadline_at.invalid(seconds, "must be greater than or equal to 0"));
    }
    let body = CronJob {
        schedule: schedule(&spec.schedule, spec.time_zone.as_deref(), &at)?,
        concurrency: concurrency(spec.concurrency_policy.as_deref(), &at.key("concurrencyPolicy"))?,
        starting_deadline: spec.starting_deadline_seconds,
        suspend: spec.suspend.unwrap_or(false),
        successful_history: count(spec.successful_jobs_history_limit, 3, &at.key("successfulJobsHistoryLimit"))?,
        failed_history: count(spec.failed_jobs_history_limit, 1, &at.key("failedJobsHistoryLimit"))?,
        job: job::job(reading, &job, &job_at)?,
        status: CronJobStatus::default(),
    };
    Ok(Some(Item::object(reading, body)))
}

fn schedule(text: &str, zone: Option<&str>, at: &At<'_>) -> Result<crate::controllers::cron_job::Schedule, FieldError> {
    let schedule_at = at.key("schedule");
    require(text, &schedule_at)?;
    if text.contains("TZ") {
        let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        return Err(schedule_at.invalid(text, why));
    }
    let zone_at = at.key("timeZone");
    match zone {
        Some("") => return Err(zone_at.invalid("", "must be nil or non-empty string")),
        Some("Local") => {
            let why = "must be an explicit time zone as defined in https://www.iana.org/time-zones";
            return Err(zone_at.invalid("Local", why));
        }
        Some(name) if !is_time_zone(name) => {
            return Err(zone_at.invalid(name, format_args!("unknown time zone {name}")));
        }
        _ => {}
    }
    Clock::schedule(text, zone).map_err(|error| schedule_at.invalid(text, error))
}

fn concurrency(text: Option<&str>, at: &At<'_>) -> Result<Concurrency, FieldError> {
    match text {
        None | Some("" | "Allow") => Ok(Concurrency::Allow),
        Some("Forbid") => Ok(Concurrency::Forbid),
        Some("Replace") => Ok(Concurrency::Replace),
        Some(other) => Err(at.not_supported(other, &["Allow", "Forbid", "Replace"])),
    }
}
