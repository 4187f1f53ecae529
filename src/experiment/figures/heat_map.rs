//! Heat maps: a number over two axes, or over an axis and the policies.

use super::super::Experiment;
use super::super::tables::Group;
use super::{Figure, FigureKind, FigureSpec, Shown, Wrong, axis, label, numbers};
use std::sync::Arc;
use towtank_reports::charts::heat_map::{HeatColumns, HeatMapChart, HeatRow};
use towtank_reports::charts::{Chart, Scale};
use towtank_reports::stats::Moments;
use towtank_reports::units;

pub(super) const KIND: FigureKind = FigureKind {
    name: "heat-map",
    about: "The mean of `metric` as a colour: a column for each value of the axis `across`, a row for each value of the axis `down`, or \
            for each policy if it is not said. Cells with several groups of runs have the mean of all.",
    fields: &["metric", "across", "down", "complementOf"],
    read,
};

#[derive(Debug)]
struct HeatMap {
    metric: String,
    across: usize,
    down: Option<usize>,
    x: Scale,
    y: Scale,
    row: String,
}

fn read(spec: &FigureSpec, experiment: &Experiment) -> Result<Arc<dyn Shown>, Wrong> {
    let metric = spec.required("metric", spec.metric.as_deref())?;
    let across = spec.required("across", spec.across.as_deref())?;
    Ok(Arc::new(HeatMap {
        metric: metric.to_owned(),
        across: axis(experiment, "across", across)?,
        down: spec.down.as_deref().map(|name| axis(experiment, "down", name)).transpose()?,
        x: spec.x.scale(across),
        y: spec.y.scale(metric),
        row: spec.down.clone().unwrap_or_else(|| "policy".to_owned()),
    }))
}

impl Shown for HeatMap {
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart {
        let mut columns: Vec<String> = Vec::new();
        let mut rows: Vec<String> = Vec::new();
        let mut cells: Vec<(usize, usize, f64)> = Vec::new();
        let place = |names: &mut Vec<String>, name: String| {
            names.iter().position(|known| *known == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        };
        for group in groups {
            let row = self.down.map_or_else(|| label(group, false), |axis| group.axes[axis].clone());
            let at = (place(&mut rows, row), place(&mut columns, group.axes[self.across].clone()));
            let values = numbers(group, &self.metric).into_iter();
            cells.extend(values.map(|value| (at.0, at.1, figure.shown_value(value))));
        }
        let mean = |row: usize, column: usize| {
            let here = cells.iter().filter(|cell| (cell.0, cell.1) == (row, column)).map(|cell| cell.2);
            Moments::of(&here.collect::<Vec<f64>>()).map(|moments| moments.mean)
        };
        let rows: Vec<HeatRow> = rows
            .into_iter()
            .enumerate()
            .map(|(row, label)| HeatRow {
                label,
                members: 1,
                values: (0..columns.len()).map(|column| mean(row, column)).collect(),
            })
            .collect();
        let shown = || rows.iter().flat_map(|row| row.values.iter().flatten().copied());
        let low = self.y.from.unwrap_or_else(|| shown().fold(f64::INFINITY, f64::min));
        let high = self.y.to.unwrap_or_else(|| shown().fold(f64::NEG_INFINITY, f64::max));
        if shown().next().is_none() {
            return Chart::empty(&figure.title, format!("no run has the number {}", self.metric));
        }
        Chart::HeatMap(HeatMapChart {
            title: figure.title.clone(),
            description: format!(
                "{}: {} from {} to {} over {} rows and {} columns.",
                figure.title,
                self.y.label,
                units::short(low),
                units::short(high),
                rows.len(),
                columns.len()
            ),
            columns: HeatColumns::Names(self.x.label.clone(), columns),
            row: self.row.clone(),
            rows,
            value: self.y.label.clone(),
            range: (low, high),
            blank: "no run".to_owned(),
            remark: String::new(),
        })
    }
}
