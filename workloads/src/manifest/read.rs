//! Reads files and folders, finds the objects in them and puts them in order.

use super::convert::{Reading, Scale};
use super::error::{ManifestError, Place};
use super::field::{At, FieldError, FieldPath, Step, did_you_mean};
use super::kinds::{KINDS, Treatment, known, treatment};
use super::locate::Marks;
use super::names::check_name;
use super::objects::{Manifests, Origin, Planned, Text, Warning};
use super::owners::{Identity, Owners};
use crate::yaml::{self, Value};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use towtank_sim::time::SimTime;

/// The kinds of which an object may be given again with another arrival, to change what is wanted of it.
const MAY_CHANGE: [&str; 4] = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"];

/// Reads manifests from files and folders, in the order given. A folder is read with everything below it, in the order of
/// names: the files that end in `.yaml`, `.yml` or `.json`.
///
/// # Errors
/// The first thing that keeps the manifests from being used, with its file, line and field.
pub fn load<P: AsRef<Path>>(paths: &[P]) -> Result<Manifests, ManifestError> {
    let mut reader = Reader::default();
    for path in paths {
        for file in files(path.as_ref())? {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?;
            let found = reader.read(Text { name: file.clone(), text })?;
            // In a folder, a file may be empty; one that is asked for by name may not.
            if !found && file == path.as_ref() {
                return Err(ManifestError::EmptyFile { path: file });
            }
        }
    }
    Ok(reader.finish())
}

/// Reads manifests from a text that stands for a file of this name.
///
/// # Errors
/// As [`load`].
pub fn parse(name: impl Into<PathBuf>, text: impl Into<String>) -> Result<Manifests, ManifestError> {
    let mut reader = Reader::default();
    reader.read(Text { name: name.into(), text: text.into() })?;
    Ok(reader.finish())
}

fn unreadable(path: &Path, error: std::io::Error) -> ManifestError {
    ManifestError::Unreadable { path: path.to_owned(), error }
}

/// The manifest files at a path: the file itself, or those that are read of a folder, in order.
///
/// # Errors
/// It cannot be read, or the folder has none.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    if !fs::metadata(path).map_err(|error| unreadable(path, error))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    walk(path, &mut found)?;
    if found.is_empty() {
        return Err(ManifestError::EmptyFolder { path: path.to_owned() });
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), ManifestError> {
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
    let mut paths = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(folder, error))?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            found.push(path);
        }
    }
    Ok(())
}

/// The objects read so far.
#[derive(Default)]
pub(super) struct Reader {
    /// With their places in the order of kinds.
    pub(super) planned: Vec<(usize, Identity, Planned)>,
    pub(super) seen: BTreeMap<Identity, Origin>,
    /// When the objects come that may be given again, to say from then on what is wanted of them.
    arrivals: BTreeMap<Identity, Vec<SimTime>>,
    pub(super) owners: Owners,
    pub(super) warnings: Vec<Warning>,
    /// Warnings whose places are still to be found, by their numbers, and of what they are.
    unplaced: Vec<(usize, Origin, FieldPath)>,
    skipped: BTreeMap<String, usize>,
    pub(super) ended: BTreeMap<&'static str, usize>,
}

impl Reader {
    /// Reads a file; false if nothing is in it.
    fn read(&mut self, text: Text) -> Result<bool, ManifestError> {
        let file = Arc::new(text);
        let mut found = false;
        for (document, value) in documents(&file)?.into_iter().enumerate() {
            let origin = Origin { file: file.clone(), document, path: FieldPath::default() };
            self.document(&value, &origin, None)?;
            found |= !value.is_null();
        }
        self.place_warnings();
        Ok(found)
    }

    /// Warns of a field of an object.
    fn warn(&mut self, origin: &Origin, field: FieldPath, message: String) {
        self.unplaced.push((self.warnings.len(), origin.clone(), field));
        self.warnings.push(Warning { place: None, message });
    }

    /// Finds the places of what was warned of: a text is looked through once, whatever the number of warnings.
    pub(super) fn place_warnings(&mut self) {
        let unplaced = std::mem::take(&mut self.unplaced);
        for of_file in unplaced.chunk_by(|(_, a, _), (_, b, _)| Arc::ptr_eq(&a.file, &b.file)) {
            let Some((_, first, _)) = of_file.first() else { continue };
            let marks = Marks::of(&first.file.text);
            for (number, origin, field) in of_file {
                self.warnings[*number].place = Some(origin.place_among(&marks, field));
            }
        }
    }

    /// Takes a document: an object, or a list of objects. `default` is the apiVersion and kind of a typed list's items,
    /// which the API server leaves out.
    fn document(&mut self, value: &Value, origin: &Origin, default: Option<(&str, &str)>) -> Result<(), ManifestError> {
        if value.is_null() {
            return Ok(());
        }
        let fail = |error: FieldError| field_error(origin, error);
        if !value.is_mapping() {
            return Err(fail(At::ROOT.error("expected an object with apiVersion, kind and metadata")));
        }
        let text = |key: &'static str, default: Option<&str>| match value.get(key) {
            Some(Value::String(text)) => Ok(text.clone()),
            None | Some(Value::Null) => {
                default.map(str::to_owned).ok_or_else(|| fail(At::ROOT.key(key).error("required, and not given")))
            }
            Some(_) => Err(fail(At::ROOT.key(key).error("expected a text"))),
        };
        let api_version = text("apiVersion", default.map(|d| d.0))?;
        let kind = text("kind", default.map(|d| d.1))?;
        if let (Some(item), Some(Value::Sequence(items))) = (kind.strip_suffix("List"), value.get("items")) {
            let default = (!item.is_empty()).then_some((api_version.as_str(), item));
            for (index, value) in items.iter().enumerate() {
                let path = origin.path.join(&FieldPath(vec![Step::Key("items".into()), Step::Index(index)]));
                self.document(value, &Origin { path, ..origin.clone() }, default)?;
            }
            return Ok(());
        }
        self.object(value, &api_version, &kind, origin)
    }

    fn object(&mut self, value: &Value, api_version: &str, kind: &str, origin: &Origin) -> Result<(), ManifestError> {
        let fail = |error: FieldError| field_error(origin, error);
        match treatment(api_version, kind) {
            Treatment::Read(index) => self.known(value, index, origin, None).map_err(|error| *error),
            Treatment::Skip => {
                *self.skipped.entry(kind.to_owned()).or_default() += 1;
                Ok(())
            }
            Treatment::NotModelled => {
                let name = value.get("metadata").and_then(|m| m.get("name")).and_then(Value::as_str).unwrap_or("");
                let message = format!("{kind} \"{name}\" is left out: this kind is not modelled yet");
                self.warn(origin, FieldPath::default(), message);
                Ok(())
            }
            Treatment::WrongVersion(known) => Err(fail(At::ROOT.key("apiVersion").error(format_args!(
                "`{api_version}` is not an apiVersion of {kind}: expected {}",
                known.api_version
            )))),
            Treatment::Unknown => {
                let mut supported: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
                supported.dedup();
                let hint = did_you_mean(kind, known());
                Err(fail(At::ROOT.key("kind").error(format_args!(
                    "`{kind}` in {api_version} is not a kind{hint}{} The kinds that are read: {}",
                    if hint.is_empty() { "." } else { "" },
                    supported.join(", ")
                ))))
            }
        }
    }

    /// Whether an object that is given again changes what was given before, because it comes at another time.
    fn says_something_new(&self, identity: &Identity, arrival: SimTime) -> bool {
        self.arrivals.get(identity).is_some_and(|arrivals| !arrivals.contains(&arrival))
    }

    /// Reads an object of the kind with this index.
    pub(super) fn known(
        &mut self,
        value: &Value,
        index: usize,
        origin: &Origin,
        scale: Option<Scale<'_>>,
    ) -> Result<(), Box<ManifestError>> {
        let kind = &KINDS[index];
        let fail = |error: FieldError| Box::new(field_error(origin, error));
        let mut reading = Reading::new(value).map_err(fail)?;
        reading.scale = scale;
        let metadata = At::ROOT.key("metadata");
        let at = &metadata.key("name");
        if reading.name.is_empty() {
            return Err(fail(at.error("required, and not given")));
        }
        check_name(&reading.name, at).map_err(fail)?;
        if !kind.namespaced {
            reading.namespace = String::new();
        } else if reading.namespace.is_empty() {
            "default".clone_into(&mut reading.namespace);
        } else {
            check_name(&reading.namespace, &metadata.key("namespace")).map_err(fail)?;
        }
        let identity = Identity { kind: kind.name, namespace: reading.namespace.clone(), name: reading.name.clone() };
        let arrival = reading.arrival().map_err(fail)?;
        if let Some(first) = self.seen.get(&identity)
            && !self.says_something_new(&identity, arrival)
        {
            let (first, second) = (first.place(), origin.place());
            return Err(Box::new(ManifestError::Duplicate {
                kind: kind.name,
                name: identity.to_string(),
                first,
                second,
            }));
        }
        self.seen.insert(identity.clone(), origin.clone());
        if MAY_CHANGE.contains(&identity.kind) {
            let arrivals = self.arrivals.entry(identity.clone()).or_default();
            if !arrivals.contains(&arrival) {
                arrivals.push(arrival);
            }
        }
        let item = (kind.read)(&mut reading).map_err(fail)?;
        for warning in std::mem::take(&mut reading.warnings) {
            let message = format!("{}: {}", warning.path, warning.message);
            self.warn(origin, warning.path, message);
        }
        let Some(item) = item else {
            *self.ended.entry(kind.name).or_default() += 1;
            return Ok(());
        };
        self.owners.note(&identity, &reading);
        self.planned.push((
            index,
            identity,
            Planned { at: arrival, origin: origin.clone(), owner: reading.owner(), item },
        ));
        Ok(())
    }

    fn finish(mut self) -> Manifests {
        let mut made_by_owner: BTreeMap<&'static str, usize> = BTreeMap::new();
        let (owners, seen) = (&self.owners, &self.seen);
        self.planned.retain(|(_, identity, _)| {
            let owned = owners.is_made_by_another(identity, seen);
            if owned {
                *made_by_owner.entry(identity.kind).or_default() += 1;
            }
            !owned
        });
        let mut count = |kind: &str, n: usize, why: &str| {
            let message = format!("{n} {kind} object{} {why}", if n == 1 { "" } else { "s" });
            self.warnings.push(Warning { place: None, message });
        };
        for (kind, n) in &self.skipped {
            count(kind, *n, "skipped: this kind has no influence on the simulation");
        }
        for (kind, n) in self.ended {
            count(kind, n, "skipped: already finished");
        }
        for (kind, n) in made_by_owner {
            count(kind, n, "skipped: the owner is among the manifests and creates its own");
        }
        self.planned.sort_by_key(|(kind, _, planned)| (planned.at, *kind));
        Manifests { submissions: self.planned.into_iter().map(|(_, _, p)| p).collect(), warnings: self.warnings }
    }
}

fn field_error(origin: &Origin, error: FieldError) -> ManifestError {
    let place = origin.place_of(&error.path);
    ManifestError::Field { place, path: origin.path.join(&error.path), message: error.message }
}

/// The documents of a file.
fn documents(file: &Text) -> Result<Vec<Value>, ManifestError> {
    let syntax = |line: usize, column: usize, message: String| {
        // The parsers append the place to their messages; ours stands at the front.
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        ManifestError::Syntax { place: Place { file: file.name.clone(), line, column }, message }
    };
    if file.name.extension().is_some_and(|e| e == "json") {
        let documents = serde_json::Deserializer::from_str(&file.text).into_iter();
        return documents.map(|d| d.map_err(|e| syntax(e.line(), e.column(), e.to_string()))).collect();
    }
    yaml::Deserializer::from_str(&file.text)
        .map(|document| {
            let mut value = Value::deserialize(document)?;
            value.apply_merge()?;
            Ok(value)
        })
        .collect::<Result<_, yaml::Error>>()
        .map_err(|e| {
            let (line, column) = e.location().map_or((0, 0), |l| (l.line(), l.column()));
            syntax(line, column, e.to_string())
        })
}
