//! `towtank formats`.

use super::print;
use crate::exit::Failure;
use std::fmt::Write as _;
use towtank_traces::FORMATS;

/// Lists the trace formats.
pub(super) fn formats() -> Result<(), Failure> {
    let mut text = String::new();
    for format in FORMATS {
        let _ = writeln!(text, "{}: {} (tried on {})", format.name, format.about, format.tested_on.as_str());
        for table in format.tables {
            let sorted = if table.sorted { "; in order of time" } else { "" };
            let _ = writeln!(text, "    {} from {}: {}{sorted}", table.gives.as_str(), table.name, table.columns);
        }
    }
    print(&text)
}
