//! The kinds of recordings: one file each, and one line in [`KINDS`].

mod controllers;
mod decision;
mod descheduler;
mod dynamic;
mod function;
mod sampling;
mod scaledown;
mod scaleup;
mod sequence;
mod timeline;

use super::{CaseResult, Options, Recording};
use crate::diagnostic::Diagnostic;

/// A kind of recording.
pub struct Kind {
    /// What its recordings are called.
    pub name: &'static str,
    /// How one of them shows: fields at the top of its main document, and whether it is a folder.
    pub recognised: fn(&Recording) -> bool,
    /// Plays one: the results of the cases that the options select.
    ///
    /// # Errors
    /// The recording cannot be read, with file, line and what was expected.
    pub run: fn(&Recording, &Options) -> Result<Vec<CaseResult>, Diagnostic>,
}

/// Adding a kind is one file and one line here. The first that recognises a recording plays it.
pub const KINDS: &[Kind] = &[
    controllers::KIND,
    decision::KIND,
    descheduler::KIND,
    dynamic::KIND,
    function::KIND,
    sampling::KIND,
    scaledown::KIND,
    scaleup::KIND,
    sequence::KIND,
    timeline::KIND,
];

/// Plays a recording.
///
/// # Errors
/// It is of no known kind, or cannot be read.
pub fn play(recording: &Recording, options: &Options) -> Result<Vec<CaseResult>, Diagnostic> {
    let Some(kind) = KINDS.iter().find(|kind| (kind.recognised)(recording)) else {
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let message = format!("is no recording that can be played: expected one of these kinds: {}", names.join(", "));
        return Err(Diagnostic::in_file(recording.path(), message));
    };
    (kind.run)(recording, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_this_folder_is_in_the_table() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/conform/kinds");
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let mut files: Vec<String> = entries
            .filter_map(|entry| entry.expect("an entry").path().file_stem()?.to_str().map(str::to_owned))
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        assert_eq!(files, names);
    }
}
