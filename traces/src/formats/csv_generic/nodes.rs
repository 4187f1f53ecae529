//! Nodes of the generic CSV.

use super::{Amounts, NODES, PODS, labels};
use crate::clock::Clock;
use crate::error::TraceError;
use crate::input::Input;
use crate::node_lives::{self, Life};
use crate::options::ReplayOptions;
use crate::table::{Column, Row, Table};
use std::sync::Arc;
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec, ZONE_LABEL};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::taint::Taint;
use towtank_sim::source::Source;

/// Reads all nodes.
pub(super) fn open(input: Input, options: &ReplayOptions) -> Result<Box<dyn Source>, TraceError> {
    let clock = Clock::new(options)?;
    let mut table = Table::open(input, &NODES, &PODS)?;
    let (name, pods) = (table.require("name")?, table.require("pods")?);
    let (added, removed, zone) = (table.find("added_s"), table.find("removed_s"), table.find("zone"));
    let (label_columns, taint_columns) = (table.prefixed("label:"), table.prefixed("taint:"));
    let amounts = Amounts::of(&table)?;

    let mut lives = Vec::new();
    while let Some(row) = table.next_row()? {
        let mut spec = NodeSpec { name: row.name(name)?.into(), ..NodeSpec::default() };
        spec.allocatable = amounts.base(row)?;
        spec.allocatable.append(&mut amounts.extended(row)?);
        let count = row.whole(pods, "the largest number of pods, 0 or more")?;
        spec.allocatable.insert("pods".into(), Quantity::from_units(count));

        spec.labels.insert(HOSTNAME_LABEL.into(), spec.name.to_string());
        if let Some(zone) = zone.map(|column| row.text(column)).transpose()?.filter(|zone| !zone.is_empty()) {
            spec.labels.insert(ZONE_LABEL.into(), zone.to_owned());
        }
        spec.labels.append(&mut labels(row, &label_columns)?);
        for (key, column) in &taint_columns {
            spec.taints.extend(taint(row, key, *column)?);
        }

        let added = added.filter(|column| !row.bytes(*column).is_empty());
        let added = added.map_or(Ok(0), |column| row.seconds(column, "the time at which the node comes"))?;
        let removed = removed.filter(|column| !row.bytes(*column).is_empty());
        let removed = removed.map(|column| removal(row, column, added)).transpose()?;
        lives.push(Life { line: row.line(), spec, added, removed });
    }
    let file = Arc::clone(table.file());
    Ok(Box::new(node_lives::source(&file, lives, clock, options)?))
}

fn taint(row: Row<'_>, key: &str, column: Column) -> Result<Option<Taint>, TraceError> {
    let text = row.text(column)?;
    if text.is_empty() {
        return Ok(None);
    }
    let parts = text.rsplit_once(':').and_then(|(value, effect)| Some((value, effect.parse().ok()?)));
    let Some((value, effect)) = parts else {
        let expected = "value:Effect with the effect NoSchedule, PreferNoSchedule or NoExecute";
        return Err(row.bad(column, "is not a taint", expected));
    };
    Ok(Some(Taint { key: key.to_owned(), value: value.to_owned(), effect }))
}

fn removal(row: Row<'_>, column: Column, added: i64) -> Result<i64, TraceError> {
    let removed = row.seconds(column, "the time at which the node goes")?;
    if removed <= added {
        return Err(row.bad(column, "is not after `added_s`", "a time after the node came"));
    }
    Ok(removed)
}
