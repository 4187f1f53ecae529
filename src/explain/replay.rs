//! `replay.json`: what has to be known to play a run again.

use crate::diagnostic::Diagnostic;
use crate::hash;
use crate::scenario::{Overrides, Scenario, SchedulerChoice};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Component, Path, PathBuf};
use towtank_reports::output::{OutputDir, OutputError};

/// The name of the file in the output directory.
const FILE: &str = "replay.json";

/// The version of this program. Another one may decide otherwise.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a run was made of.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Replay {
    /// The version of towtank.
    version: String,
    /// The scenario.
    scenario: FilePlace,
    /// `--set`.
    set: Vec<String>,
    /// `--seed`.
    seed: Option<u64>,
    /// `--until`.
    until: Option<String>,
    /// `--policy`.
    policy: Option<Policy>,
    /// Hashes of the files that were read, those below the scenario's folder by their path from there.
    inputs: Vec<Input>,
    /// The run's fingerprint.
    pub(super) fingerprint: String,
}

/// Where a file is, said in two ways, so that it is found when folders have moved together.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct FilePlace {
    absolute: PathBuf,
    /// From the output directory.
    relative: PathBuf,
}

/// What `--policy` named.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Policy {
    Name(String),
    File(FilePlace),
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Input {
    path: PathBuf,
    hash: String,
}

impl Replay {
    /// What is needed to repeat a run whose output will be in `target`, whose folder exists. The fingerprint is told when it
    /// is written.
    ///
    /// # Errors
    /// A file that the run reads cannot be read.
    pub fn new(
        scenario: &Scenario,
        overrides: &Overrides,
        policy: Option<&str>,
        target: &Path,
    ) -> Result<Self, Diagnostic> {
        let place = |file: &Path| FilePlace::new(file, target);
        let policy = match policy {
            Some(text) if SchedulerChoice::is_file(text) => Some(Policy::File(place(Path::new(text)))),
            Some(text) => Some(Policy::Name(text.to_owned())),
            None => None,
        };
        Ok(Self {
            version: VERSION.to_owned(),
            inputs: inputs(scenario, policy.as_ref().and_then(|policy| policy.file(target)).as_deref())?,
            scenario: place(&scenario.file),
            set: overrides.set.clone(),
            seed: overrides.seed,
            until: overrides.until.clone(),
            policy,
            fingerprint: String::new(),
        })
    }

    /// Writes it into the output of its run.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(mut self, out: &OutputDir, fingerprint: &str) -> Result<(), OutputError> {
        fingerprint.clone_into(&mut self.fingerprint);
        let mut text = serde_json::to_string_pretty(&self).unwrap_or_default();
        text.push('\n');
        out.write(FILE, text)
    }

    /// Reads it from an output directory.
    ///
    /// # Errors
    /// The directory is no output of `towtank run`, or one of another version.
    pub fn read(out: &Path) -> Result<Self, Diagnostic> {
        if !out.is_dir() {
            return Err(Diagnostic::in_file(out, "there is no such directory: expected the output of `towtank run`"));
        }
        let path = out.join(FILE);
        let text = fs::read_to_string(&path).map_err(|_| {
            Diagnostic::in_file(out, format!("there is no {FILE} in it: expected the output of `towtank run`"))
        })?;
        let replay: Self = serde_json::from_str(&text).map_err(|error| {
            let message = format!("is no {FILE} of this program: {error}");
            Diagnostic::in_file(&path, message).at(error.line(), error.column())
        })?;
        if replay.version != VERSION {
            let why =
                format!("was written by towtank {}, and this is {VERSION}: run the scenario again", replay.version);
            return Err(Diagnostic::in_file(&path, why));
        }
        Ok(replay)
    }

    /// Reads the scenario and its scheduler again.
    ///
    /// # Errors
    /// A file is gone or has changed.
    pub fn open(&self, out: &Path) -> Result<(Scenario, SchedulerChoice), Diagnostic> {
        let file = self.scenario.find(out).ok_or_else(|| {
            Diagnostic::in_file(&self.scenario.absolute, "the scenario of this run is no longer there")
        })?;
        // Before it is read: a scenario that has become unreadable has changed.
        if self.inputs.first().is_some_and(|first| hash::of_file(&file).is_ok_and(|now| now != first.hash)) {
            return Err(changed(&file));
        }
        let overrides = Overrides { set: self.set.clone(), seed: self.seed, until: self.until.clone(), strict: false };
        let scenario = Scenario::read(&file, &overrides)?;
        let policy_file = self.policy.as_ref().and_then(|policy| policy.file(out));
        let now = inputs(&scenario, policy_file.as_deref())?;
        let folder = folder(&scenario);
        if let Some(input) = now.iter().find(|input| !self.inputs.contains(input)) {
            return Err(changed(&folder.join(&input.path)));
        }
        if let Some(input) = self.inputs.iter().find(|input| !now.contains(input)) {
            return Err(changed(&folder.join(&input.path)));
        }
        let scheduler = match (&self.policy, policy_file) {
            (None, _) => SchedulerChoice::of(&scenario)?,
            (Some(Policy::Name(name)), _) => SchedulerChoice::parse(name, &scenario)?,
            (Some(Policy::File(_)), Some(file)) => SchedulerChoice::parse(&file.to_string_lossy(), &scenario)?,
            (Some(Policy::File(place)), None) => {
                return Err(Diagnostic::in_file(&place.absolute, "the policy of this run is no longer there"));
            }
        };
        Ok((scenario, scheduler))
    }
}

impl Policy {
    fn file(&self, out: &Path) -> Option<PathBuf> {
        match self {
            Self::Name(_) => None,
            Self::File(place) => place.find(out),
        }
    }
}

impl FilePlace {
    fn new(file: &Path, target: &Path) -> Self {
        let absolute = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let from = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
        let from = from.join(target.file_name().unwrap_or_default());
        let relative = relative(&absolute, &from);
        Self { absolute, relative }
    }

    fn find(&self, out: &Path) -> Option<PathBuf> {
        [out.join(&self.relative), self.absolute.clone()].into_iter().find(|path| path.is_file())
    }
}

/// The way from one folder to a file; both paths are absolute and without dots.
fn relative(file: &Path, from: &Path) -> PathBuf {
    let same = file.components().zip(from.components()).take_while(|(a, b)| a == b).count();
    let up = from.components().skip(same).map(|_| Component::ParentDir);
    up.chain(file.components().skip(same)).collect()
}

fn changed(file: &Path) -> Diagnostic {
    Diagnostic::in_file(file, "has changed since the run, which cannot be played again: run the scenario again")
}

fn folder(scenario: &Scenario) -> PathBuf {
    scenario.file.parent().unwrap_or(Path::new("")).to_owned()
}

fn inputs(scenario: &Scenario, policy: Option<&Path>) -> Result<Vec<Input>, Diagnostic> {
    let folder = folder(scenario);
    let mut found = Vec::new();
    for file in scenario.inputs()? {
        let hash = hash::of_file(&file).map_err(|error| Diagnostic::unreadable(&file, &error))?;
        let path = file.strip_prefix(&folder).unwrap_or(&file).to_owned();
        found.push(Input { path, hash });
    }
    if let Some(file) = policy {
        let hash = hash::of_file(file).map_err(|error| Diagnostic::unreadable(file, &error))?;
        found.push(Input { path: PathBuf::from(file.file_name().unwrap_or_default()), hash });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_from_a_folder_to_a_file() {
        for (file, from, expected) in [
            ("/a/b/s.yaml", "/a/out/x", "../../b/s.yaml"),
            ("/a/s.yaml", "/a", "s.yaml"),
            ("/s.yaml", "/a/b", "../../s.yaml"),
        ] {
            assert_eq!(relative(Path::new(file), Path::new(from)), Path::new(expected), "{file} from {from}");
        }
    }
}
