//! Which runs an experiment is.

use super::Experiment;
use super::schema::{AxisSpec, AxisValues, ExperimentSpec, SeedsSpec};
use crate::diagnostic::Diagnostic;
use crate::hash;
use crate::scenario::SchedulerChoice;
use crate::scenario::yaml::{Mapping, Value};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// The most runs of one experiment.
const MAX_RUNS: usize = 1_000_000;

/// What tells a run from all others of its experiment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct RunKey {
    /// The label of its value on each axis.
    pub axes: Vec<String>,
    /// The policy, as the experiment names it; empty for the scenario's own.
    pub policy: String,
    /// The seed; `None` for the scenario's own.
    pub seed: Option<u64>,
}

/// A run that shall be made.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    /// What tells it from the others.
    pub key: RunKey,
    /// `PATH=VALUE`, as for `--set`.
    pub set: Vec<String>,
    /// The policy, a file by its path from here; `None` for the scenario's own.
    pub policy: Option<String>,
}

impl RunKey {
    /// In which of `count` shards the run is, from 0: by what it is, so that a run that is added to an experiment moves no other.
    pub fn shard(&self, count: u64) -> u64 {
        let mut texts: Vec<&str> = self.axes.iter().map(String::as_str).collect();
        let seed = self.seed.map_or_else(String::new, |seed| seed.to_string());
        texts.extend([self.policy.as_str(), &seed]);
        let hash = u128::from_str_radix(&hash::of_texts(texts), 16).unwrap_or_default();
        (hash % u128::from(count.max(1))) as u64
    }
}

impl fmt::Display for RunKey {
    /// `LABEL LABEL POLICY seed N`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = self.axes.clone();
        words.extend(Some(self.policy.clone()).filter(|policy| !policy.is_empty()));
        words.extend(self.seed.map(|seed| format!("seed {seed}")));
        f.write_str(&if words.is_empty() { "the one run".to_owned() } else { words.join(", ") })
    }
}

/// Every combination, the last axis, the policies and the seeds varying fastest.
pub(super) fn runs(experiment: &Experiment, spec: &ExperimentSpec) -> Result<Vec<PlannedRun>, Diagnostic> {
    let common = assignments(&spec.set).map_err(|why| experiment.error("spec.set", &why))?;
    let mut combinations = vec![(Vec::new(), common)];
    for (i, axis) in spec.axes.iter().enumerate() {
        let fail = |why: String| experiment.error(&format!("spec.axes[{i}]"), &why);
        let values = values(axis).map_err(fail)?;
        if spec.axes[..i].iter().any(|other| other.name == axis.name) {
            return Err(fail(format!("the name `{}` is taken: expected another one", axis.name)));
        }
        if ["policy", "seed", "metric", ""].contains(&axis.name.as_str()) {
            return Err(fail(format!("the name `{}` is taken by the tables: expected another one", axis.name)));
        }
        let next = combinations.iter().flat_map(|(labels, set)| {
            values.iter().map(move |(label, more)| {
                let labels: Vec<String> = labels.iter().chain([label]).cloned().collect();
                let set: Vec<String> = set.iter().chain(more).cloned().collect();
                (labels, set)
            })
        });
        combinations = next.take(MAX_RUNS + 1).collect();
    }
    let policies = policies(experiment, spec)?;
    let seeds = seeds(spec.seeds.as_ref()).map_err(|why| experiment.error("spec.seeds", &why))?;
    let count = combinations.len().saturating_mul(policies.len()).saturating_mul(seeds.len());
    if count > MAX_RUNS {
        return Err(experiment.error("spec", &format!("more than {MAX_RUNS} runs: expected fewer combinations")));
    }
    let mut runs = Vec::with_capacity(count);
    for (axes, set) in &combinations {
        for (policy, path) in &policies {
            for &seed in &seeds {
                let key = RunKey { axes: axes.clone(), policy: policy.clone(), seed };
                runs.push(PlannedRun { key, set: set.clone(), policy: path.clone() });
            }
        }
    }
    Ok(runs)
}

/// The labels of an axis, and what they set.
fn values(axis: &AxisSpec) -> Result<Vec<(String, Vec<String>)>, String> {
    let mut values: Vec<(String, Vec<String>)> = Vec::new();
    let mut add = |label: String, value: &Value| {
        let set = match (&axis.field, value) {
            (Some(field), value) => vec![assignment(field, value)?],
            (None, Value::Mapping(fields)) => assignments(fields)?,
            (None, _) => {
                return Err(format!("`{label}`: expected fields and their values, or `field` beside `values`"));
            }
        };
        if values.iter().any(|(other, _)| *other == label) {
            return Err(format!("the value `{label}` is there twice: expected different values"));
        }
        values.push((label, set));
        Ok(())
    };
    match &axis.values {
        AxisValues::List(list) => {
            for value in list {
                let label =
                    scalar(value).ok_or("a value is no scalar: expected labels, as in `values: { LABEL: VALUE }`")?;
                add(label, value)?;
            }
        }
        AxisValues::Named(named) => {
            for (label, value) in named {
                add(scalar(label).ok_or("a label is no text")?, value)?;
            }
        }
    }
    if values.is_empty() {
        return Err("no values: expected at least one".to_owned());
    }
    Ok(values)
}

/// The label and the place of each policy.
fn policies(experiment: &Experiment, spec: &ExperimentSpec) -> Result<Vec<(String, Option<String>)>, Diagnostic> {
    let mut policies: Vec<(String, Option<String>)> = Vec::new();
    for (i, text) in spec.policies.iter().enumerate() {
        let (label, path) = if SchedulerChoice::is_file(text) {
            let stem = Path::new(text).file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            (stem, experiment.path(Path::new(text)).display().to_string())
        } else {
            (text.clone(), text.clone())
        };
        if policies.iter().any(|(other, _)| *other == label) {
            let why = format!("`{label}` is there twice: expected different policies");
            return Err(experiment.error(&format!("spec.policies[{i}]"), &why));
        }
        policies.push((label, Some(path)));
    }
    if policies.is_empty() {
        policies.push((String::new(), None));
    }
    Ok(policies)
}

fn seeds(spec: Option<&SeedsSpec>) -> Result<Vec<Option<u64>>, String> {
    let seeds = match spec {
        None => return Ok(vec![None]),
        Some(SeedsSpec::One(seed)) => vec![*seed],
        Some(SeedsSpec::List(seeds)) => seeds.clone(),
        Some(SeedsSpec::Text(text)) => parse_seeds(text)
            .ok_or_else(|| format!("`{text}`: expected a seed, a range such as 1..5, or a list such as 1,3,9"))?,
    };
    let mut sorted = seeds.clone();
    sorted.sort_unstable();
    if seeds.is_empty() || sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("expected at least one seed, and each of them once".to_owned());
    }
    Ok(seeds.into_iter().map(Some).collect())
}

/// Seeds as text: `7`, `1..5` with both ends, `1,3,9`.
pub(crate) fn parse_seeds(text: &str) -> Option<Vec<u64>> {
    if let Some((first, last)) = text.split_once("..") {
        let (first, last): (u64, u64) = (first.parse().ok()?, last.trim_start_matches('=').parse().ok()?);
        return (first <= last && last - first < 10_000).then(|| (first..=last).collect());
    }
    text.split(',').map(|seed| seed.trim().parse().ok()).collect()
}

fn assignments(fields: &Mapping) -> Result<Vec<String>, String> {
    let one = |(path, value): (&Value, &Value)| assignment(path.as_str().ok_or("a field's path is no text")?, value);
    fields.iter().map(one).collect()
}

fn assignment(path: &str, value: &Value) -> Result<String, String> {
    // JSON is YAML in one line.
    let value = serde_json::to_string(value).map_err(|error| format!("`{path}`: {error}"))?;
    Ok(format!("{path}={value}"))
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(value) => Some(value.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read() {
        assert_eq!(parse_seeds("7"), Some(vec![7]));
        assert_eq!(parse_seeds("1..3"), Some(vec![1, 2, 3]));
        assert_eq!(parse_seeds("1,3,9"), Some(vec![1, 3, 9]));
        for bad in ["", "3..1", "a", "1,,2", "1.."] {
            assert_eq!(parse_seeds(bad), None, "{bad}");
        }
    }

    #[test]
    fn shards_share_the_runs_and_no_run_moves() {
        let key = |seed| RunKey { axes: vec!["a".into()], policy: "default".into(), seed: Some(seed) };
        let mut counts = [0; 4];
        for seed in 0..400 {
            counts[key(seed).shard(4) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (60..140).contains(count)), "{counts:?}");
        assert_eq!(key(7).shard(1), 0);
    }
}
