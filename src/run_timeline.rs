//! A run as a timeline: the pods of `pods.csv` as slices on their nodes.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use towtank_traces::writers::WriteError;
use towtank_traces::writers::timeline::{Lanes, Slice, Timeline};

/// The columns of `pods.csv` that are drawn.
#[derive(Deserialize)]
struct Pod {
    namespace: String,
    name: String,
    outcome: String,
    node: String,
    cpu_milli: i64,
    memory_bytes: i64,
    created_s: Option<f64>,
    bound_s: Option<f64>,
    ended_s: Option<f64>,
}

/// Where pods wait.
const WAITING: &str = "waiting";

/// Whether this is a folder that a run has written.
pub(crate) fn is_run(folder: &Path) -> bool {
    folder.join("pods.csv").is_file() && folder.join("summary.json").is_file()
}

/// Writes the timeline. A pod is a slice of the process `waiting` from its creation until it is bound, and then of its node until it
/// ends; what still runs at the end of the run ends with the last event. Pods are held in memory, because they are listed as they end.
///
/// # Errors
/// The table cannot be read, or the output cannot be written.
pub(crate) fn write(folder: &Path, out: &mut (dyn Write + Send)) -> Result<(), WriteError> {
    let path = folder.join("pods.csv");
    let unreadable = |error: csv::Error| WriteError::NotSaid(format!("{}: {error}", path.display()));
    let mut reader = csv::Reader::from_path(&path).map_err(unreadable)?;
    let pods: Vec<Pod> = reader.deserialize().collect::<Result<_, _>>().map_err(unreadable)?;
    let times = pods.iter().flat_map(|pod| [pod.created_s, pod.bound_s, pod.ended_s]).flatten();
    let end = nanos(times.fold(0.0, f64::max));
    let mut slices: Vec<(i64, i64, &str, &Pod)> = Vec::new();
    for pod in &pods {
        let Some(created) = pod.created_s.map(nanos) else { continue };
        let ended = pod.ended_s.map_or(end, nanos);
        let bound = pod.bound_s.map_or(ended, nanos);
        if bound > created {
            slices.push((created, bound, WAITING, pod));
        }
        if pod.bound_s.is_some() && !pod.node.is_empty() {
            slices.push((bound, ended.max(bound), &pod.node, pod));
        }
    }
    slices.sort_by_key(|(start, end, ..)| (*start, *end));
    // Processes in the order of their names, so that a node is found.
    let mut lanes: BTreeMap<&str, (u64, Lanes)> = BTreeMap::new();
    for (.., process, _) in &slices {
        lanes.entry(process).or_default();
    }
    let mut timeline = Timeline::begin(out)?;
    for (number, (name, (process, _))) in lanes.iter_mut().enumerate() {
        *process = number as u64 + 1;
        timeline.process(*process, name)?;
    }
    for (start, end, process, pod) in slices {
        let Some((number, lanes)) = lanes.get_mut(process) else { continue };
        let lane = lanes.take(start, end);
        let arguments = [
            ("namespace", pod.namespace.as_str().into()),
            ("outcome", pod.outcome.as_str().into()),
            ("cpu_milli", pod.cpu_milli.into()),
            ("memory_bytes", pod.memory_bytes.into()),
        ];
        let arguments = arguments.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        let category = if process == WAITING { WAITING } else { "running" };
        let (process, length) = (*number, end - start);
        timeline.slice(Slice { name: &pod.name, category, start, length, process, lane, arguments })?;
    }
    Ok(timeline.end()?)
}

/// Seconds, of which the table has microseconds, in nanoseconds.
fn nanos(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64 * 1000
}
