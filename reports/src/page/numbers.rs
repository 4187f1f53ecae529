//! Every number of a run with its meaning, by family.

use crate::data::Summary;
use crate::metrics::{self, FAMILIES};
use crate::numbers::numbers;
use crate::units;

/// The numbers of a family that the run has.
#[derive(Debug)]
pub(super) struct NumberFamily {
    pub(super) title: &'static str,
    pub(super) rows: Vec<NumberRow>,
}

/// A number as the page shows it.
#[derive(Debug)]
pub(super) struct NumberRow {
    /// Its path in `summary.json`.
    pub(super) name: String,
    pub(super) value: String,
    /// What is counted, where the value does not say it.
    pub(super) unit: &'static str,
    pub(super) meaning: &'static str,
}

/// All numbers of a run that are metrics, in the order of the registry.
pub(super) fn by_family(summary: &Summary) -> Vec<NumberFamily> {
    let all = numbers(summary);
    let known: Vec<_> = all
        .iter()
        .filter_map(|(name, value)| {
            let (metric, _) = metrics::find(name)?;
            Some((metric, name, value.as_f64()?))
        })
        .collect();
    let family = |family: &&metrics::Family| {
        let rows = family.metrics.iter().flat_map(|metric| {
            known.iter().filter(|(one, ..)| one.name == metric.name).map(|(metric, name, value)| NumberRow {
                name: (*name).clone(),
                value: match metric.unit {
                    metrics::Unit::Count(_) => units::count(*value as u64),
                    unit => unit.write(*value),
                },
                unit: match metric.unit {
                    metrics::Unit::Count(what) | metrics::Unit::Of(what) => what,
                    _ => "",
                },
                meaning: metric.definition,
            })
        });
        NumberFamily { title: family.title, rows: rows.collect() }
    };
    FAMILIES.iter().map(family).filter(|family| !family.rows.is_empty()).collect()
}
