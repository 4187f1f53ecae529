//! Jobs.
//!
//! Defaults: `pkg/apis/batch/v1/defaults.go`.

use super::convert::{Reading, count, seconds};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::pod_template::pod_template;
use crate::controllers::{Job, JobStatus};
use k8s_openapi::api::batch::v1 as batch;
use towtank_sim::model::pod::RestartPolicy;

pub(super) const KIND: Kind = Kind { name: "Job", api_version: "batch/v1", namespaced: true, read };

/// A Job that has completed or failed asks for nothing any more.
fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let given: batch::Job = reading.typed()?;
    let conditions = given.status.iter().flat_map(|status| status.conditions.iter().flatten());
    if { conditions }.any(|c| matches!(c.type_.as_str(), "Complete" | "Failed") && c.status == "True") {
        return Ok(None);
    }
    let at = At::ROOT.key("spec");
    let spec = given.spec.ok_or_else(|| at.error("required, and not given"))?;
    let body = job(reading, &spec, &at)?;
    Ok(Some(Item::object(reading, body)))
}

/// The Job of this specification.
pub(super) fn job(reading: &mut Reading<'_>, spec: &batch::JobSpec, at: &At<'_>) -> Result<Job, FieldError> {
    let template_at = at.key("template");
    let metadata = spec.template.metadata.clone().unwrap_or_default();
    let template = pod_template(reading, &metadata, spec.template.spec.as_ref(), &template_at)?;
    if template.spec.restart_policy == RestartPolicy::Always {
        let at = template_at.key("spec");
        return Err(at
            .key("restartPolicy")
            .error("expected OnFailure or Never in a Job; it is Always, also by default"));
    }
    if template.run.is_forever() {
        let message = "gives no towtank.dev/run-time, so its pods run for ever and the Job never completes";
        reading.warn(&template_at, message);
    }
    not_modelled(reading, spec, at);
    // Both unset means one completion with one pod at a time; parallelism alone is a work queue.
    let completions = match (spec.completions, spec.parallelism) {
        (None, None) => Some(1),
        (None, Some(_)) => None,
        (completions, _) => Some(count(completions, 1, &at.key("completions"))?),
    };
    let deadline = spec.active_deadline_seconds.map(|n| seconds(n, 1, &at.key("activeDeadlineSeconds")));
    let ttl = spec.ttl_seconds_after_finished.map(|n| seconds(n.into(), 0, &at.key("ttlSecondsAfterFinished")));
    Ok(Job {
        parallelism: count(spec.parallelism, 1, &at.key("parallelism"))?,
        completions,
        backoff_limit: count(spec.backoff_limit, 6, &at.key("backoffLimit"))?,
        active_deadline: deadline.transpose()?,
        ttl_after_finished: ttl.transpose()?,
        suspend: spec.suspend.unwrap_or(false),
        template,
        status: JobStatus::default(),
    })
}

fn not_modelled(reading: &mut Reading<'_>, spec: &batch::JobSpec, at: &At<'_>) {
    let parts = [
        ("completionMode", spec.completion_mode.as_deref().is_some_and(|mode| mode != "NonIndexed")),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index.is_some()),
        ("podFailurePolicy", spec.pod_failure_policy.is_some()),
        ("successPolicy", spec.success_policy.is_some()),
        ("podReplacementPolicy", spec.pod_replacement_policy.as_deref().is_some_and(|p| p != "TerminatingOrFailed")),
    ];
    for (key, present) in parts {
        if present {
            reading.warn(&at.key(key), "has no effect: not modelled yet");
        }
    }
}
