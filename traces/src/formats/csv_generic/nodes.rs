//! Nodes of the generic CSV.

use super::{Amounts, NODES, Named, PODS, labels};
use crate::error::TraceError;
use crate::format::{Context, only};
use crate::input::Inputs;
use crate::reader::{Reader, Timeline};
use crate::record::{Event, FileId, Record};
use crate::shapes::Shapes;
use crate::table::{Column, Row, Table};
use std::sync::Arc;
use towtank_sim::model::node::{HOSTNAME_LABEL, NodeSpec, ZONE_LABEL};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::taint::Taint;

/// Opens files of nodes.
pub(super) fn open(inputs: &Inputs, _: &Context) -> Result<Box<dyn Reader>, TraceError> {
    let table = Table::open(&only(inputs, &NODES, &[&PODS])?, &NODES, &[&PODS])?;
    Ok(Box::new(Nodes {
        name: table.require("name")?,
        pods: table.require("pods")?,
        added: table.find("added_s"),
        removed: table.find("removed_s"),
        zone: table.find("zone"),
        labels: table.prefixed("label:"),
        taints: table.prefixed("taint:"),
        amounts: Amounts::of(&table)?,
        removal: None,
        shapes: Shapes::default(),
        table,
    }))
}

struct Nodes {
    table: Table,
    name: Column,
    pods: Column,
    added: Option<Column>,
    removed: Option<Column>,
    zone: Option<Column>,
    labels: Named,
    taints: Named,
    amounts: Amounts,
    /// The end of the node of the row before.
    removal: Option<Record>,
    shapes: Shapes,
}

impl Reader for Nodes {
    fn file(&self, file: FileId) -> &Arc<str> {
        self.table.file_name(file)
    }

    fn timeline(&self) -> Timeline {
        Timeline::UNSORTED
    }

    fn next(&mut self) -> Result<Option<Record>, TraceError> {
        if let Some(removal) = self.removal.take() {
            return Ok(Some(removal));
        }
        let Some(row) = self.table.next_row()? else { return Ok(None) };
        let mut spec = NodeSpec { name: row.name(self.name)?.into(), ..NodeSpec::default() };
        spec.allocatable = self.amounts.base(row)?.into();
        spec.allocatable.extend(self.amounts.extended(row)?);
        let count = row.whole(self.pods, "the largest number of pods, 0 or more")?;
        spec.allocatable.insert("pods", Quantity::from_units(count));

        spec.labels.insert(HOSTNAME_LABEL, spec.name.to_string());
        if let Some(zone) = self.zone.map(|column| row.text(column)).transpose()?.filter(|zone| !zone.is_empty()) {
            spec.labels.insert(ZONE_LABEL, zone.to_owned());
        }
        spec.labels.extend(labels(row, &self.labels)?);
        for (key, column) in &self.taints {
            spec.taints.extend(taint(row, key, *column)?);
        }

        let place = row.place();
        let added = self.added.filter(|column| !row.bytes(*column).is_empty());
        let added = added.map_or(Ok(0), |column| row.seconds(column, "the time at which the node comes"))?;
        if let Some(column) = self.removed.filter(|column| !row.bytes(*column).is_empty()) {
            let at = removal(row, column, added)?;
            self.removal = Some(Record { at, place, event: Event::NodeRemoved(Arc::clone(&spec.name)) });
        }
        Ok(Some(Record { at: added, place, event: Event::NodeAdded(Box::new(spec)) }))
    }

    fn shapes(&self) -> &Shapes {
        &self.shapes
    }
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
