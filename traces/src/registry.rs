//! The table of formats.

use crate::error::{TraceError, suggest};
use crate::format::{Format, Head};
use crate::formats::{
    alibaba_dlrm_v2025, alibaba_pai_v2020, alibaba_spot_v2026, alibaba_v2017, alibaba_v2018, audit, azure_packing,
    azure_vm, batsim, csv_generic, google, gwa_vm, helios, kubectl, openb, opendc, philly, simkube, swf,
};
use crate::input::Inputs;

/// Every format that can be read: one line each. Where two could be meant by a file, the first one is.
pub const FORMATS: &[Format] = &[
    csv_generic::FORMAT,
    openb::FORMAT,
    alibaba_dlrm_v2025::FORMAT,
    alibaba_spot_v2026::FORMAT,
    alibaba_pai_v2020::FORMAT,
    alibaba_v2018::FORMAT,
    alibaba_v2017::FORMAT,
    google::FORMAT_2011,
    google::FORMAT_2019,
    azure_packing::FORMAT,
    azure_vm::FORMAT,
    philly::FORMAT,
    helios::FORMAT,
    simkube::FORMAT,
    audit::FORMAT,
    batsim::FORMAT,
    swf::GWF,
    swf::FORMAT,
    opendc::FORMAT,
    gwa_vm::FORMAT,
    kubectl::FORMAT,
];

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

/// The format that these files seem to be of, by their names and first bytes: that of the first file that says something.
pub fn detect(inputs: &Inputs) -> Option<&'static Format> {
    inputs.files().iter().find_map(|file| {
        let bytes = file.head();
        let head = Head { name: &file.name, bytes: &bytes };
        FORMATS.iter().find(|format| (format.detect)(&head))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Gives;
    use std::path::Path;

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
        listed.dedup();
        assert_eq!(modules, listed);
    }

    #[test]
    fn names_are_unique_and_the_nearest_is_suggested() {
        for format in FORMATS {
            assert_eq!(find_format(format.name).unwrap().about, format.about);
        }
        let error = find_format("openB").unwrap_err().to_string();
        assert_eq!(error, "no trace format `openB`: did you mean `openb`?");
        let error = find_format("spreadsheet").unwrap_err().to_string();
        assert!(error.starts_with("no trace format `spreadsheet`: expected one of `csv`, `openb`"), "{error}");
    }

    #[test]
    fn what_a_format_gives_can_be_opened() {
        for format in FORMATS {
            let gives = |of| format.tables.iter().any(|table| table.gives == of || table.gives == Gives::Both);
            assert_eq!(gives(Gives::Nodes), format.nodes.is_some(), "{}", format.name);
            assert_eq!(gives(Gives::Pods), format.pods.is_some(), "{}", format.name);
        }
    }

    #[test]
    fn a_file_tells_its_format() {
        let of = |text: &str| detect(&Inputs::from_bytes("file", text)).map(|format| format.name);
        assert_eq!(of("name,arrival_s,duration_s,cpu_milli,memory_bytes\n"), Some("csv"));
        assert_eq!(of("\u{feff}SN, cpu_milli,memory_mib,gpu,model\n"), Some("openb"));
        assert_eq!(of(""), None);
        assert_eq!(of("what else\n"), None);
    }
}
