//! From the file to a [`Scenario`]: overrides applied, everything checked that can be checked without running.

use super::schema::{ScenarioDocument, ScenarioSpec};
use super::yaml::{self, Header, Mapping, Value};
use crate::diagnostic::Diagnostic;
use std::path::{Path, PathBuf};
use towtank_reports::output::OutputError;
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
    /// Its content; empty where the command line changed it.
    text: String,
    /// The name.
    pub name: String,
    /// What it shows.
    pub description: String,
    /// When a run ends.
    pub until: Until,
    /// The start, in seconds since 1970 UTC.
    pub epoch_second: i64,
    /// Whether what could be repaired in a trace is an error.
    pub strict: bool,
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
    /// Makes an error of everything that could be repaired in a trace.
    pub strict: bool,
}

impl Scenario {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// What is wrong, with file, line, field and what was expected.
    pub fn read(file: &Path, overrides: &Overrides) -> Result<Self, Diagnostic> {
        let text = std::fs::read_to_string(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
        check_header(file, &text, "Scenario")?;
        let mut document: ScenarioDocument = yaml::parse(file, &text)?;
        if !overrides.set.is_empty() {
            document = overridden(file, &text, &overrides.set)?;
        }
        // Lines are those of the file, so they are told only where the file is what is read.
        let text = if overrides.set.is_empty() { text } else { String::new() };
        let ScenarioDocument { metadata, mut spec, .. } = document;
        if let Some(seed) = overrides.seed {
            spec.seed = seed;
        }
        let fail = |field: &str, why: &str| field_error(file, &text, field, why);
        let until = match &overrides.until {
            Some(text) => until(text).map_err(|why| Diagnostic::new(format!("--until: {why}")))?,
            None => until(&spec.until).map_err(|why| fail("spec.until", &why))?,
        };
        let epoch_second = start(&spec).map_err(|why| fail("spec.start", &why))?;
        if spec.observe.parquet && !cfg!(feature = "parquet") {
            return Err(fail("spec.observe.parquet", &OutputError::NoParquet.to_string()));
        }
        if !is_name(&metadata.name) {
            let why = format!(
                "`{}` is not a name: expected letters, digits, `-`, `_` and `.`, beginning with a letter or a digit",
                metadata.name
            );
            return Err(fail("metadata.name", &why));
        }
        if spec.observe.interval.is_some_and(|interval| interval.0 <= Span::ZERO) {
            return Err(fail("spec.observe.interval", "expected a duration above zero"));
        }
        Ok(Self {
            file: file.to_owned(),
            text,
            name: metadata.name,
            description: metadata.description,
            until,
            epoch_second,
            strict: overrides.strict,
            spec,
        })
    }

    /// A problem with a field, given by its path from the top of the file.
    pub fn error(&self, field: &str, why: &str) -> Diagnostic {
        field_error(&self.file, &self.text, field, why)
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

fn field_error(file: &Path, text: &str, field: &str, why: &str) -> Diagnostic {
    let error = Diagnostic::in_file(file, format!("{field}: {why}"));
    let place = if text.is_empty() { None } else { yaml::locate(text, field) };
    match place {
        Some((line, column)) => error.at(line, column),
        None => error,
    }
}

/// Whether the file is of this kind at all, before its fields are asked for.
pub(crate) fn check_header(file: &Path, text: &str, kind: &str) -> Result<(), Diagnostic> {
    let header: Header = yaml::read(file, text, kind)?;
    for (field, found, expected) in [("apiVersion", header.api_version, API_VERSION), ("kind", header.kind, kind)] {
        match found {
            Some(found) if found == expected => {}
            Some(found) => return Err(field_error(file, text, field, &format!("`{found}`: expected `{expected}`"))),
            None => return Err(Diagnostic::in_file(file, format!("{field}: missing: expected `{expected}`"))),
        }
    }
    Ok(())
}

/// Whether a scenario or an experiment may be called so. Its output goes to a folder of this name.
pub(crate) fn is_name(name: &str) -> bool {
    let usual = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.starts_with(char::is_alphanumeric) && name.chars().all(usual) && name.len() <= 200
}

/// The document with the overrides in it.
fn overridden(file: &Path, text: &str, set: &[String]) -> Result<ScenarioDocument, Diagnostic> {
    let mut changed: Value = yaml::parse(file, text)?;
    let mut document = Err(Diagnostic::new("--set: nothing to set"));
    for assignment in set {
        let fail = |why: String| Diagnostic::new(format!("--set {assignment}: {why}"));
        let (path, value) = assignment
            .split_once('=')
            .filter(|(path, _)| !path.is_empty())
            .ok_or_else(|| fail("expected PATH=VALUE, such as spec.seed=7".to_owned()))?;
        let value = yaml::value(value).map_err(|why| fail(format!("the value is no YAML: {why}")))?;
        assign(&mut changed, path, value).map_err(fail)?;
        // After each, so that the message names the one that does not fit.
        document = yaml::read_changed(&changed).map_err(|error| error.about(&format!("--set {assignment}")));
        if document.is_err() {
            break;
        }
    }
    document
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
            *at = Value::Mapping(Mapping::new());
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
        let mut document = yaml::value("spec: {seed: 1, cluster: [{a: 1}, {a: 2}]}").expect("yaml");
        for (path, value) in [("seed", "7"), ("spec.cluster[1].a", "3"), ("scheduler.tieBreak", "first")] {
            assign(&mut document, path, yaml::value(value).expect("yaml")).expect("set");
        }
        let expected = "spec: {seed: 7, cluster: [{a: 1}, {a: 3}], scheduler: {tieBreak: first}}";
        assert_eq!(document, yaml::value::<yaml::Value>(expected).expect("yaml"));
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
