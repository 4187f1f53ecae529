//! Objects that come one after another, and again and again, as in a recording of a cluster.

use super::error::ManifestError;
use super::field::FieldPath;
use super::kinds::{KINDS, Treatment, treatment};
use super::objects::{Manifests, Origin, Planned, Text};
use super::owners::Identity;
use super::read::Reader;
use crate::yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use towtank_sim::time::Span;

/// Reads the objects of a recording as [`load`](super::load) reads those of files.
///
/// What has a controller among the objects is left out, because the simulated controller makes its own; so is what has no influence or
/// no model. All of it is counted. Memory follows the number of objects that are there.
#[derive(Default)]
pub struct ObjectStream {
    reader: Reader,
    /// The objects that are there and were left out because their owner makes them.
    made: BTreeSet<Identity>,
    /// What was left out or means something else than it seems to: how often, and where first.
    counts: BTreeMap<String, (u64, String)>,
}

/// An object that was applied.
#[derive(Debug)]
pub struct Applied {
    /// The object.
    pub planned: Planned,
    /// Whether it was there before and is replaced.
    pub again: bool,
}

impl ObjectStream {
    /// Takes objects that are applied at one instant, none of them twice; beside each is its place for messages. They come back in the
    /// order in which they can be created. `scale` says what becomes of the run times in their annotations.
    ///
    /// # Errors
    /// The API server would refuse one of them.
    pub fn apply(
        &mut self,
        objects: Vec<(String, serde_json::Value)>,
        scale: &dyn Fn(Span) -> Span,
    ) -> Result<Vec<Applied>, ManifestError> {
        let mut there = BTreeSet::new();
        for (place, object) in objects {
            let text = |key| object.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
            let (api_version, kind) = (text("apiVersion"), text("kind"));
            let index = match treatment(api_version, kind) {
                Treatment::Read(index) => index,
                Treatment::Skip => {
                    self.count(format!("{kind} objects skipped: this kind has no influence on the simulation"), &place);
                    continue;
                }
                Treatment::NotModelled => {
                    self.count(format!("{kind} objects left out: this kind is not modelled yet"), &place);
                    continue;
                }
                Treatment::WrongVersion(known) => {
                    let expected = known.api_version;
                    self.count(format!("{kind} objects of {api_version} left out: only {expected} is read"), &place);
                    continue;
                }
                Treatment::Unknown => {
                    self.count(format!("{kind} objects of {api_version} left out: no such kind is known"), &place);
                    continue;
                }
            };
            let identity = identity(index, &object);
            if self.reader.seen.remove(&identity).is_some() {
                there.insert(identity);
            }
            let text = Text { name: place.into(), text: String::new() };
            let origin = Origin { file: Arc::new(text), document: 0, path: FieldPath::default() };
            let syntax =
                |error: yaml::Error| ManifestError::Syntax { place: origin.place(), message: error.to_string() };
            let value = yaml::to_value(object).map_err(syntax)?;
            self.reader.known(&value, index, &origin, Some(scale)).map_err(|error| *error)?;
            for (kind, _) in std::mem::take(&mut self.reader.ended) {
                self.count(format!("{kind} objects skipped: already finished"), &origin.place().to_string());
            }
        }
        self.reader.place_warnings();
        for warning in std::mem::take(&mut self.reader.warnings) {
            let place = warning.place.map_or_else(String::new, |place| place.to_string());
            self.count(format!("objects whose {}", warning.message), &place);
        }
        let mut planned = std::mem::take(&mut self.reader.planned);
        planned.sort_by_key(|(kind, ..)| *kind);
        let mut applied = Vec::with_capacity(planned.len());
        for (_, identity, planned) in planned {
            if self.made.contains(&identity) || self.reader.owners.is_made_by_another(&identity, &self.reader.seen) {
                let message = format!("{} objects skipped: their owner is there and makes its own", identity.kind);
                self.count(message, &planned.origin.place().to_string());
                self.made.insert(identity);
                continue;
            }
            applied.push(Applied { planned, again: there.contains(&identity) });
        }
        Ok(applied)
    }

    /// Notes that an object has gone. Whether it was there, and not left out.
    pub fn delete(&mut self, kind: &str, namespace: &str, name: &str) -> bool {
        let Some(kind) = KINDS.iter().find(|known| known.name == kind) else { return false };
        let namespace = match namespace {
            _ if !kind.namespaced => "",
            "" => "default",
            namespace => namespace,
        };
        let identity = Identity { kind: kind.name, namespace: namespace.to_owned(), name: name.to_owned() };
        self.reader.owners.forget(&identity);
        let was_there = self.reader.seen.remove(&identity).is_some();
        was_there && !self.made.remove(&identity)
    }

    /// What was left out so far or may not mean what it seems to, each with how often and where first.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.counts.iter().map(|(message, (count, first))| {
            let message = if *count == 1 { message.replacen(" objects", " object", 1) } else { message.clone() };
            format!("{count} {message}; first: {first}")
        })
    }

    fn count(&mut self, message: String, place: &str) {
        self.counts.entry(message).or_insert_with(|| (0, place.to_owned())).0 += 1;
    }
}

impl From<Vec<Applied>> for Manifests {
    fn from(applied: Vec<Applied>) -> Self {
        let submissions = applied.into_iter().map(|applied| applied.planned).collect();
        Self { submissions, warnings: Vec::new() }
    }
}

impl std::fmt::Debug for ObjectStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectStream").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// What identifies an object of the kind with this index.
fn identity(index: usize, object: &serde_json::Value) -> Identity {
    let kind = &KINDS[index];
    let text = |pointer| object.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
    let namespace = match text("/metadata/namespace") {
        _ if !kind.namespaced => "",
        "" => "default",
        namespace => namespace,
    };
    Identity { kind: kind.name, namespace: namespace.to_owned(), name: text("/metadata/name").to_owned() }
}

#[cfg(test)]
mod tests;
