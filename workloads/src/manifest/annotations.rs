//! Our annotations on Kubernetes objects.

use super::field::{At, FieldError, did_you_mean};
use crate::schema::{DistributionSpec, LoadSpec, Seconds, parse_duration};
use crate::template::RunTime;
use crate::yaml;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::autoscaling::horizontal::LoadCurve;
use towtank_sim::model::gpu::{GpuRequest, MAX_DEVICES, WHOLE};
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

const PREFIX: &str = "towtank.dev/";
pub(super) const ARRIVAL: &str = "towtank.dev/arrival";
const RUN_TIME: &str = "towtank.dev/run-time";
const RUN_TIME_DISTRIBUTION: &str = "towtank.dev/run-time-distribution";
const RUN_TIMES: &str = "towtank.dev/run-times";
const EXIT_CODE: &str = "towtank.dev/exit-code";
const GPU_MILLI: &str = "towtank.dev/gpu-milli";
const GPU_COUNT: &str = "towtank.dev/gpu-count";
const GPU_DEVICES: &str = "towtank.dev/gpu-devices";

const LOAD: &str = "towtank.dev/load";
const ESTIMATE: &str = "towtank.dev/estimate";

const ALL: [&str; 10] =
    [ARRIVAL, RUN_TIME, RUN_TIME_DISTRIBUTION, RUN_TIMES, EXIT_CODE, GPU_MILLI, GPU_COUNT, GPU_DEVICES, LOAD, ESTIMATE];

type Annotations<'a> = Option<&'a BTreeMap<String, String>>;

/// What the annotations of a pod or a pod template say. `metadata` is where they are.
pub(super) fn pod(
    annotations: Annotations<'_>,
    metadata: &At<'_>,
) -> Result<(RunTime, Option<GpuRequest>), FieldError> {
    check_names(annotations, metadata)?;
    Ok((run_time(annotations, metadata)?, gpu(annotations, metadata)?))
}

/// How many GPU devices of a node can be shared.
pub(super) fn devices(annotations: Annotations<'_>, metadata: &At<'_>) -> Result<u8, FieldError> {
    check_names(annotations, metadata)?;
    Ok(number(annotations, GPU_DEVICES, 0..=MAX_DEVICES as i64, metadata)?.unwrap_or(0) as u8)
}

/// The load on what an autoscaler scales.
pub(super) fn load(annotations: Annotations<'_>, metadata: &At<'_>) -> Result<Option<LoadCurve>, FieldError> {
    check_names(annotations, metadata)?;
    let Some(text) = annotations.and_then(|a| a.get(LOAD)) else { return Ok(None) };
    let read = yaml::from_str(text).map(|LoadSpec(curve)| Some(curve));
    read.map_err(|error| metadata.key("annotations").key(LOAD).error(error))
}

/// The run time that the user of a group announces.
pub(super) fn estimate(annotations: Annotations<'_>, metadata: &At<'_>) -> Result<Option<Span>, FieldError> {
    check_names(annotations, metadata)?;
    duration(annotations, ESTIMATE, metadata)
}

/// An annotation that is a duration.
pub(super) fn duration(annotations: Annotations<'_>, key: &str, metadata: &At<'_>) -> Result<Option<Span>, FieldError> {
    let Some(text) = annotations.and_then(|a| a.get(key)) else { return Ok(None) };
    parse_duration(text).map(Some).map_err(|error| metadata.key("annotations").key(key).error(error))
}

/// Refuses an annotation of ours that is not one.
fn check_names(annotations: Annotations<'_>, metadata: &At<'_>) -> Result<(), FieldError> {
    for key in annotations.into_iter().flat_map(BTreeMap::keys).filter(|key| key.starts_with(PREFIX)) {
        if !ALL.contains(&key.as_str()) {
            let at = metadata.key("annotations");
            let hint = did_you_mean(key, ALL);
            return Err(at.key(key).error(format_args!("unknown annotation{hint}")));
        }
    }
    Ok(())
}

fn run_time(annotations: Annotations<'_>, metadata: &At<'_>) -> Result<RunTime, FieldError> {
    let at = metadata.key("annotations");
    let fixed = duration(annotations, RUN_TIME, metadata)?;
    let distribution = annotations.and_then(|a| a.get(RUN_TIME_DISTRIBUTION));
    let exit_code = number(annotations, EXIT_CODE, 0..=255, metadata)?;
    let fails = exit_code.is_some_and(|code| code != 0);
    if let Some(text) = annotations.and_then(|a| a.get(RUN_TIMES)) {
        if let Some(other) = [RUN_TIME, RUN_TIME_DISTRIBUTION, EXIT_CODE]
            .into_iter()
            .find(|other| annotations.is_some_and(|a| a.contains_key(*other)))
        {
            return Err(at.key(RUN_TIMES).error(format_args!("expected this annotation or {other}, not both")));
        }
        return run_times(text).map(RunTime::Listed).map_err(|error| at.key(RUN_TIMES).error(error));
    }
    match (fixed, distribution) {
        (Some(_), Some(_)) => {
            Err(at.key(RUN_TIME_DISTRIBUTION).error(format_args!("expected this annotation or {RUN_TIME}, not both")))
        }
        (Some(span), None) => Ok(RunTime::Fixed(if fails { Run::Fails(span) } else { Run::Succeeds(span) })),
        (None, Some(text)) => {
            let spec: DistributionSpec<Seconds> =
                yaml::from_str(text).map_err(|error| at.key(RUN_TIME_DISTRIBUTION).error(error))?;
            Ok(RunTime::Drawn { seconds: spec.distribution, fails })
        }
        (None, None) if exit_code.is_some() => Err(at.key(EXIT_CODE).error(format_args!(
            "an exit code needs an end: expected {RUN_TIME} or {RUN_TIME_DISTRIBUTION} beside it"
        ))),
        (None, None) => Ok(RunTime::Forever),
    }
}

/// A list such as `30s 1h forever 12s/1`: run times with an exit code where it is not 0.
fn run_times(text: &str) -> Result<Arc<[Run]>, String> {
    let one = |word: &str| {
        if word == "forever" {
            return Ok(Run::Forever);
        }
        let (time, code) = word.split_once('/').unwrap_or((word, "0"));
        let code: u8 =
            code.parse().map_err(|_| format!("`{word}`: expected an exit code from 0 to 255 after the `/`"))?;
        let span = parse_duration(time).map_err(|error| error.to_string())?;
        Ok(if code == 0 { Run::Succeeds(span) } else { Run::Fails(span) })
    };
    let runs = text.split_ascii_whitespace().map(one).collect::<Result<Arc<[Run]>, String>>()?;
    if runs.is_empty() {
        Err("is empty: expected run times such as `30s 1h forever 12s/1`".to_owned())
    } else {
        Ok(runs)
    }
}

fn gpu(annotations: Annotations<'_>, metadata: &At<'_>) -> Result<Option<GpuRequest>, FieldError> {
    let milli = number(annotations, GPU_MILLI, 1..=i64::from(WHOLE), metadata)?;
    let count = number(annotations, GPU_COUNT, 1..=MAX_DEVICES as i64, metadata)?;
    match (milli, count) {
        (Some(milli), count) => Ok(Some(GpuRequest { count: count.unwrap_or(1) as u8, milli: milli as u16 })),
        (None, Some(count)) => Ok(Some(GpuRequest { count: count as u8, milli: WHOLE })),
        (None, None) => Ok(None),
    }
}

fn number(
    annotations: Annotations<'_>,
    key: &str,
    range: std::ops::RangeInclusive<i64>,
    metadata: &At<'_>,
) -> Result<Option<i64>, FieldError> {
    let Some(text) = annotations.and_then(|a| a.get(key)) else { return Ok(None) };
    match text.trim().parse() {
        Ok(number) if range.contains(&number) => Ok(Some(number)),
        _ => Err(metadata.key("annotations").key(key).error(format_args!(
            "`{text}` is out of range: expected a whole number from {} to {}",
            range.start(),
            range.end()
        ))),
    }
}
