//! The table of formats.

use crate::error::{TraceError, suggest};
use crate::format::Format;
use crate::formats::{csv_generic, openb};
use crate::input::Input;
use crate::options::ReplayOptions;
use std::path::Path;
use towtank_sim::source::Source;

/// Every format that can be read: one line each.
pub const FORMATS: &[Format] = &[csv_generic::FORMAT, openb::FORMAT];

/// The format of this name.
///
/// # Errors
/// There is none; the nearest is suggested.
pub fn find_format(name: &str) -> Result<&'static Format, TraceError> {
    FORMATS.iter().find(|format| format.name == name).ok_or_else(|| {
        let hint = suggest(name, FORMATS.iter().map(|format| format.name));
        TraceError::UnknownFormat { name: name.into(), hint }
    })
}

/// Opens a file of nodes; see [`Format::nodes`].
///
/// # Errors
/// No such format or file, and everything that [`Format::nodes`] finds.
pub fn open_nodes(format: &str, path: &Path, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    find_format(format)?.nodes(Input::open(path)?, options)
}

/// Opens a file of pods; see [`Format::pods`].
///
/// # Errors
/// No such format or file, and everything that [`Format::pods`] finds.
pub fn open_pods(format: &str, path: &Path, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    find_format(format)?.pods(Input::open(path)?, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_module_of_a_format_is_in_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats");
        let mut modules: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().path().file_stem().map(|stem| stem.to_string_lossy().into_owned()))
            .filter(|stem| stem != "mod")
            .collect();
        modules.sort();
        modules.dedup();
        let mut listed: Vec<&str> = FORMATS.iter().map(|format| format.module).collect();
        listed.sort_unstable();
        assert_eq!(modules, listed);
    }

    #[test]
    fn names_are_unique_and_the_nearest_is_suggested() {
        for format in FORMATS {
            assert_eq!(find_format(format.name).unwrap().module, format.module);
        }
        let error = find_format("openB").unwrap_err().to_string();
        assert_eq!(error, "no trace format `openB`: did you mean `openb`?");
        let error = find_format("parquet").unwrap_err().to_string();
        assert_eq!(error, "no trace format `parquet`: expected one of `csv`, `openb`");
    }
}
