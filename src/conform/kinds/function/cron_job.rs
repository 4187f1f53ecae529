//! `cronjob`: the times of a CronJob, and what its controller finds when it looks.

use super::input::timestamp;
use super::{Function, Unusable};
use jiff::Timestamp;
use serde_json::{Value, json};
use towtank_workloads::controllers::cron_job::{Clock, Missed, look};

pub(super) const FUNCTION: Function = Function { name: "cronjob", play };

/// How many of the next times are told.
const TIMES: usize = 6;

fn play(input: &Value) -> Result<Value, Unusable> {
    let (metadata, spec) = (&input["cronjob"]["metadata"], &input["cronjob"]["spec"]);
    let text = spec["schedule"].as_str();
    let text = text.ok_or_else(|| Unusable::new("cronjob.spec.schedule", "expected a schedule"))?;
    let schedule = match Clock::schedule(text, spec["timeZone"].as_str()) {
        Ok(schedule) => schedule,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let last_schedule = match &input["cronjob"]["status"]["lastScheduleTime"] {
        Value::Null => None,
        value => Some(timestamp(value, "cronjob.status.lastScheduleTime")?),
    };
    let clock = Clock {
        schedule,
        created: timestamp(&metadata["creationTimestamp"], "cronjob.metadata.creationTimestamp")?,
        last_schedule,
        starting_deadline: spec["startingDeadlineSeconds"].as_i64(),
    };
    let now = timestamp(&input["now"], "now")?;
    let found = match look(&clock, now) {
        Ok(found) => found,
        Err(error) => return Ok(json!({ "error": error.to_string() })),
    };
    let next = std::iter::successors(clock.schedule.next(now), |at| clock.schedule.next(*at)).take(TIMES);
    let missed = match found.missed {
        Missed::None => "none",
        Missed::Few => "few",
        Missed::Many => "many",
    };
    Ok(json!({
        "next": next.map(written).collect::<Vec<_>>(),
        "due": found.due.map(written),
        "missed": missed,
        "requeueAfterMilliseconds": i64::try_from(found.requeue_after.as_millis()).unwrap_or(i64::MAX),
    }))
}

fn written(at: Timestamp) -> String {
    at.to_string()
}
