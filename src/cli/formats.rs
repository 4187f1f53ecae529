//! `towtank formats`.

use super::print;
use crate::exit::Failure;
use std::fmt::Write as _;
use towtank_traces::FORMATS;

/// Lists the trace formats.
pub(super) fn formats() -> Result<(), Failure> {
    let mut text = String::new();
    for format in FORMATS {
        let _ = writeln!(text, "{:<8} {}", format.name, format.about);
        let _ = writeln!(text, "         nodes: {}\n         pods:  {}", format.nodes_file, format.pods_file);
    }
    print(&text)
}
