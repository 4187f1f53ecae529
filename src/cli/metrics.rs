//! `towtank metrics`.

use super::print;
use crate::exit::Failure;
use std::fmt::Write as _;
use towtank_reports::metrics::FAMILIES;

/// Lists the numbers of a run.
pub(super) fn metrics() -> Result<(), Failure> {
    let all = FAMILIES.iter().flat_map(|family| family.metrics);
    let width = all.map(|metric| metric.name.len()).max().unwrap_or(0);
    let mut text = String::from(
        "The numbers of a run, as summary.json and runs.csv name them; a word in capitals stands for any name.\n\
         Those with a star are compared where an experiment does not say what to compare.\n",
    );
    for family in FAMILIES {
        let _ = writeln!(text, "\n{}:", family.title);
        for metric in family.metrics {
            let star = if metric.is_compared { '*' } else { ' ' };
            let unit = Some(metric.unit.name()).filter(|unit| !unit.is_empty());
            let unit = unit.map_or_else(String::new, |unit| format!(" ({unit})"));
            let _ = writeln!(text, "{star} {:<width$}  {}{unit}", metric.name, metric.definition);
        }
    }
    print(&text)
}
