//! Finds the recordings at a path, in the order of names.

use super::recording::{Recording, packed_or_not};
use crate::diagnostic::Diagnostic;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the corpus whose recordings are of components that nothing plays yet, and what they are of.
const NOT_YET: [(&str, &str); 3] = [
    ("autoscaler/runs", "whole runs of the Cluster Autoscaler"),
    ("kueue", "Kueue"),
    ("vpa", "the Vertical Pod Autoscaler"),
];

/// What may be a recording by its name.
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// What is at a path.
#[derive(Debug)]
pub enum Found {
    /// A recording.
    Recording(Box<Recording>),
    /// Something that cannot be used.
    Problem(Diagnostic),
    /// A folder below the one that was asked for, with recordings that nothing plays yet: which, and what they are of.
    NotYet(PathBuf, &'static str),
}

/// Visits everything at these paths: a file is a recording; so is a folder with `input.yaml` and `expected.csv` in it; any
/// other folder is visited with all that is below it, in the order of names. Each may be packed with gzip.
pub fn recordings(paths: &[PathBuf], visit: &mut dyn FnMut(Found)) {
    for path in paths {
        if let Err(problem) = at(path, true, visit) {
            visit(Found::Problem(problem));
        }
    }
}

fn at(path: &Path, named: bool, visit: &mut dyn FnMut(Found)) -> Result<(), Diagnostic> {
    let metadata = fs::metadata(path).map_err(|error| Diagnostic::unreadable(path, &error))?;
    if let Some(whose) = not_yet(path, named) {
        if named {
            let message = format!("recordings of {whose} cannot be played yet");
            return Err(Diagnostic::in_file(path, message).help("see the manual's page on `towtank conform`"));
        }
        visit(Found::NotYet(path.to_owned(), whose));
        return Ok(());
    }
    if !metadata.is_dir() {
        visit(Found::Recording(Box::new(Recording::file(path)?)));
        return Ok(());
    }
    if let Some(input) = packed_or_not(path, "input.yaml").filter(|_| packed_or_not(path, "expected.csv").is_some()) {
        visit(Found::Recording(Box::new(Recording::folder(path, input)?)));
        return Ok(());
    }
    let mut empty = true;
    for entry in entries(path)? {
        if entry.is_dir() || may_be_a_recording(&entry) {
            empty = false;
            // One that cannot be used does not keep the others from being played.
            if let Err(problem) = at(&entry, false, visit) {
                visit(Found::Problem(problem));
            }
        }
    }
    if empty {
        let expected = "expected files that end in .yaml or .json, or folders with input.yaml and expected.csv";
        return Err(Diagnostic::in_file(path, "no recording is in this folder").help(expected));
    }
    Ok(())
}

/// Whose recordings are at a path, where nothing plays them yet. A path that was named shows it in any of its parts.
fn not_yet(path: &Path, named: bool) -> Option<&'static str> {
    let full = fs::canonicalize(path).ok()?;
    // The corpus' folders lie beside each other; elsewhere a folder may have any name.
    let mut parts = full.ancestors().take(if named { usize::MAX } else { 1 });
    let at = |part: &Path, name: &str| part.ends_with(Path::new("conformance").join(name));
    parts.find_map(|part| NOT_YET.iter().find(|(name, _)| at(part, name)).map(|(_, whose)| *whose))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Diagnostic> {
    let unreadable = |error: std::io::Error| Diagnostic::unreadable(folder, &error);
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn may_be_a_recording(path: &Path) -> bool {
    let bare = path.with_extension("");
    let path = if path.extension().is_some_and(|ending| ending == "gz") { &bare } else { path };
    path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}
