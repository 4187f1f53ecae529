//! From the file to a [`Scenario`]: overrides applied, everything checked that can be checked without running.

use super::schema::{ScenarioDocument, ScenarioSpec};
use crate::diagnostic::Diagnostic;
use serde_yaml::Value;
use std::path::{Path, PathBuf};
use towtank_sim::engine::Until;
use towtank_sim::time::{SimTime, Span};
use towtank_workloads::schema::parse_duration;

/// The apiVersion of scenario files.
pub const API_VERSION: &str = "towtank.dev/v1alpha1";

/// A scenario that has been read.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file.
    pub file: PathBuf,
    /// The name.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// When a run ends.
    pub until: Until,
    /// The start, in seconds since 1970 UTC.
    pub epoch_second: i64,
    /// Everything else, as written.
    pub spec: ScenarioSpec,
}

/// What the command line changes in a scenario.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `PATH=VALUE`, with the path below `spec` or from the top.
    pub set: Vec<String>,
    /// The seed.
    pub seed: Option<u64>,
    /// When the run ends.
    pub until: Option<String>,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// What is wrong, with file, line, field and what was expected.
    pub fn read(file: &Path, overrides: &Overrides) -> Result<Self, Diagnostic> {
        let text = std::fs::read_to_string(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
        let text = if overrides.set.is_empty() { text } else { overridden(file, &text, &overrides.set)? };
        let document: ScenarioDocument = serde_yaml::from_str(&text).map_err(|error| Diagnostic::yaml(file, &error))?;
        if document.api_version != API_VERSION || document.kind != "Scenario" {
            return Err(Diagnostic::in_file(
                file,
                format!(
                    "apiVersion `{}`, kind `{}`: expected `{API_VERSION}`, `Scenario`",
                    document.api_version, document.kind
                ),
            ));
        }
        let mut spec = document.spec;
        if let Some(seed) = overrides.seed {
            spec.seed = seed;
        }
        if let Some(until) = &overrides.until {
            spec.until.clone_from(until);
        }
        let until =
            until(&spec.until).map_err(|message| Diagnostic::in_file(file, format!("spec.until: {message}")))?;
        let epoch_second =
            start(&spec).map_err(|message| Diagnostic::in_file(file, format!("spec.start: {message}")))?;
        Ok(Self {
            file: file.to_owned(),
            name: document.metadata.name,
            description: document.metadata.description,
            until,
            epoch_second,
            spec,
        })
    }

    /// A path of the scenario, which is relative to its file.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }
}

fn until(text: &str) -> Result<Until, String> {
    if text == "idle" {
        return Ok(Until::Idle);
    }
    match parse_duration(text) {
        Ok(span) if span > Span::ZERO => Ok(Until::Time(SimTime::ZERO + span)),
        _ => Err(format!("`{text}`: expected `idle`, or a duration above zero such as 30d")),
    }
}

/// The start in seconds since 1970 UTC.
fn start(spec: &ScenarioSpec) -> Result<i64, String> {
    let text = spec.start.as_deref().unwrap_or("2026-01-01T00:00:00Z");
    let start: Result<jiff::Timestamp, _> = text.parse();
    start.map(jiff::Timestamp::as_second).map_err(|_| format!("`{text}`: expected a time such as 2026-01-01T00:00:00Z"))
}

/// The text of the file with the overrides in it. Lines in later messages are those of the changed text.
fn overridden(file: &Path, text: &str, set: &[String]) -> Result<String, Diagnostic> {
    let mut document: Value = serde_yaml::from_str(text).map_err(|error| Diagnostic::yaml(file, &error))?;
    for assignment in set {
        let Some((path, value)) = assignment.split_once('=') else {
            return Err(Diagnostic::new(format!("--set {assignment}: expected PATH=VALUE, such as spec.seed=7")));
        };
        let value: Value = serde_yaml::from_str(value)
            .map_err(|error| Diagnostic::new(format!("--set {assignment}: the value is no YAML: {error}")))?;
        assign(&mut document, path, value).map_err(|why| Diagnostic::new(format!("--set {assignment}: {why}")))?;
    }
    serde_yaml::to_string(&document).map_err(|error| Diagnostic::yaml(file, &error))
}

/// Sets the field at a dotted path; `[N]` picks an item of a list. Mappings on the way are made where they are missing.
fn assign(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    let path = if path == "spec" || path.starts_with("spec.") || path.starts_with("metadata.") {
        path.to_owned()
    } else {
        format!("spec.{path}")
    };
    let mut at = document;
    for step in path.split('.') {
        let (key, indices) = step.split_once('[').map_or((step, ""), |(key, rest)| (key, rest));
        if at.is_null() {
            *at = Value::Mapping(serde_yaml::Mapping::new());
        }
        let Some(mapping) = at.as_mapping_mut() else {
            return Err(format!("`{key}`: what is above it has no fields"));
        };
        at = mapping.entry(Value::from(key)).or_insert(Value::Null);
        for index in indices.split('[').filter(|text| !text.is_empty()) {
            let index = index.strip_suffix(']').and_then(|n| n.parse::<usize>().ok());
            let Some(index) = index else { return Err(format!("`{step}`: expected an index such as [0]")) };
            let Some(list) = at.as_sequence_mut() else { return Err(format!("`{key}` is not a list")) };
            let length = list.len();
            at = list.get_mut(index).ok_or_else(|| format!("`{key}` has {length} items, and no [{index}]"))?;
        }
    }
    *at = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_set_by_path() {
        let mut document: Value = serde_yaml::from_str("spec: {seed: 1, cluster: [{a: 1}, {a: 2}]}").expect("yaml");
        for (path, value) in [("seed", "7"), ("spec.cluster[1].a", "3"), ("scheduler.tieBreak", "first")] {
            assign(&mut document, path, serde_yaml::from_str(value).expect("yaml")).expect("set");
        }
        let text = serde_yaml::to_string(&document).expect("yaml");
        assert_eq!(text, "spec:\n  seed: 7\n  cluster:\n  - a: 1\n  - a: 3\n  scheduler:\n    tieBreak: first\n");
        assert!(assign(&mut document, "cluster[2].a", Value::Null).is_err());
        assert!(assign(&mut document, "seed.x", Value::Null).is_err());
    }

    #[test]
    fn until_is_idle_or_a_duration() {
        assert_eq!(until("idle"), Ok(Until::Idle));
        assert_eq!(until("2h"), Ok(Until::Time(SimTime::from_secs(7200))));
        assert!(until("0").is_err() && until("forever").is_err());
    }
}
