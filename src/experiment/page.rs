//! `report.html` of an experiment: what is said of its policies, its figures, and what each group of runs comes to.

use super::Experiment;
use super::row::Row;
use super::tables::{Group, grouped};
use towtank_reports::metrics::{self, FAMILIES, Metric};
use towtank_reports::page::{ExperimentPage, ExperimentTable, Verdicts};
use towtank_reports::stats::Moments;
use towtank_reports::units;

/// The page of all rows, which are in the order of the plan.
pub(super) fn page(experiment: &Experiment, rows: &[Row], verdicts: Vec<Verdicts>) -> ExperimentPage {
    let figures = experiment.figures.iter();
    ExperimentPage {
        title: experiment.name.clone(),
        description: experiment.description.clone(),
        runs: rows.len() as u64,
        verdicts,
        figures: figures.map(|figure| (figure.name.clone(), figure.title.clone(), figure.chart(rows))).collect(),
        tables: vec![groups(experiment, rows)],
    }
}

/// A row for each group of runs that differ in the seed alone: the numbers that experiments compare where they do not say which.
fn groups(experiment: &Experiment, rows: &[Row]) -> ExperimentTable {
    let numbers = numbers(rows);
    let mut columns = experiment.axes.clone();
    columns.extend(["policy".to_owned(), "runs".to_owned()]);
    let names = experiment.axes.len() + 1;
    columns.extend(numbers.iter().map(|(metric, of, _)| metric.words(of).noun));
    let row = |group: Group<'_>| {
        let mut cells = group.axes.to_vec();
        cells.extend([group.policy.to_owned(), units::count(group.rows.len() as u64)]);
        cells.extend(numbers.iter().map(|(metric, _, name)| cell(metric, name, &group)));
        cells
    };
    ExperimentTable {
        title: "Mean of each group of runs, and its standard deviation over the seeds".to_owned(),
        columns,
        names,
        rows: grouped(rows).into_iter().map(row).collect(),
    }
}

/// The numbers that are compared and not zero in all runs: their metric, what stands for the words in capitals of its name, and their own name.
fn numbers(rows: &[Row]) -> Vec<(&'static Metric, Vec<&str>, &str)> {
    let mut names: Vec<&str> = rows.iter().flat_map(|row| row.numbers.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| rows.iter().any(|row| row.numbers.get(*name).and_then(serde_json::Value::as_f64) != Some(0.0)));
    let known: Vec<_> =
        names.iter().filter_map(|name| metrics::find(name).map(|(metric, of)| (metric, of, *name))).collect();
    let compared = FAMILIES.iter().flat_map(|family| family.metrics).filter(|metric| metric.is_compared);
    compared.flat_map(|metric| known.iter().filter(|(one, ..)| one.name == metric.name).cloned()).collect()
}

fn cell(metric: &Metric, name: &str, group: &Group<'_>) -> String {
    let values: Vec<f64> = group.rows.iter().filter_map(|row| row.numbers.get(name)?.as_f64()).collect();
    let Some(moments) = Moments::of(&values) else { return String::new() };
    let written = |value: f64| metric.unit.write(value);
    match values.len() {
        1 => written(moments.mean),
        _ => format!("{} ± {}", written(moments.mean), written(moments.standard_deviation)),
    }
}
