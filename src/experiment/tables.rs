//! All runs as tables: one row per run, one per group of runs that differ in the seed alone, and the curves.

use super::compare::ComparedGroup;
use super::plan::RunKey;
use super::published::Compared;
use super::row::Row;
use serde_json::Value;
use std::collections::BTreeMap;
use towtank_reports::statistics::Verdict;
use towtank_reports::stats::Moments;

/// The runs of a group: what they have in common, and their rows in order of the plan.
pub(super) struct Group<'r> {
    /// The labels of the axes.
    pub(super) axes: &'r [String],
    /// The policy.
    pub(super) policy: &'r str,
    /// The runs.
    pub(super) rows: Vec<&'r Row>,
}

/// A table as CSV.
pub(super) struct Table(Vec<Vec<String>>);

/// Every run with all its numbers: `runs.csv`.
pub(super) fn runs(axes: &[String], rows: &[Row]) -> Table {
    let names = names(rows);
    let mut table = Table::new(axes, &["policy", "seed"], names.iter().copied());
    for row in rows {
        let numbers = names.iter().map(|name| row.numbers.get(*name).map_or_else(String::new, text));
        table.0.push(key(&row.key).into_iter().chain(numbers).collect());
    }
    table
}

/// Mean and spread of every number over the seeds: `groups.csv`.
pub(super) fn groups(axes: &[String], rows: &[Row]) -> Table {
    let names = names(rows);
    let mut table = Table::new(axes, &["policy", "metric", "runs", "mean", "sd", "min", "max"], []);
    for group in grouped(rows) {
        for name in &names {
            let values: Vec<f64> = group.rows.iter().filter_map(|row| row.numbers.get(*name)?.as_f64()).collect();
            table.add_moments(&group, &[(*name).to_owned()], &values);
        }
    }
    table
}

/// Every point of every curve: `curves.csv`.
pub(super) fn curves(axes: &[String], rows: &[Row]) -> Table {
    let mut table = Table::new(axes, &["policy", "seed", "curve", "at", "value"], []);
    for row in rows {
        for curve in &row.curves {
            for (at, value) in &curve.points {
                let point = [curve.name.clone(), at.to_string(), value.to_string()];
                table.0.push(key(&row.key).into_iter().chain(point).collect());
            }
        }
    }
    table
}

/// Mean and spread of every curve over the seeds: `curve_groups.csv`.
pub(super) fn curve_groups(axes: &[String], rows: &[Row]) -> Table {
    let mut table = Table::new(axes, &["policy", "curve", "at", "runs", "mean", "sd", "min", "max"], []);
    for group in grouped(rows) {
        for (name, points) in group.curves() {
            for (at, values) in points {
                table.add_moments(&group, &[name.to_owned(), at.to_string()], &values);
            }
        }
    }
    table
}

/// Every comparison with all its numbers: `comparisons.csv`. The column of what differs between the two sides is empty: `subject` and
/// `baseline` say it.
pub(super) fn comparisons(axes: &[String], groups: &[ComparedGroup]) -> Table {
    let more = ["policy", "subject", "baseline", "metric", "seeds"];
    let mut table = Table::new(axes, &more, Verdict::NUMBERS);
    for group in groups {
        for verdict in &group.verdicts {
            let about = [&group.policy, &verdict.subject, &verdict.baseline, &verdict.metric].map(Clone::clone);
            let numbers = verdict.numbers().map(|number| number.map_or_else(String::new, |number| number.to_string()));
            let row = group.axes.iter().cloned().chain(about).chain([verdict.seeds.to_string()]).chain(numbers);
            table.0.push(row.collect());
        }
    }
    table
}

/// How far each run is from what is published of it: `published.csv`. The seed is empty for means.
pub(super) fn published(axes: &[String], compared: &[Compared]) -> Table {
    let more = ["policy", "seed", "curve", "places", "missing", "largest_deviation", "at", "within"];
    let mut table = Table::new(axes, &more, []);
    for Compared { key: run, curve, deviation, within } in compared {
        let counts = [deviation.places, deviation.missing].map(|n| n.to_string());
        let numbers = [deviation.largest, deviation.at].map(|n| n.to_string());
        let within = within.map_or_else(String::new, |within| within.to_string());
        let about = key(run).into_iter().chain([curve.clone()]);
        table.0.push(about.chain(counts).chain(numbers).chain([within]).collect());
    }
    table
}

/// How long each run took: `timings.csv`. It is the only table that differs from one sweep of an experiment to the next.
pub(super) fn timings(axes: &[String], rows: &[Row]) -> Table {
    let mut table = Table::new(axes, &["policy", "seed", "wall_seconds"], []);
    for row in rows {
        table.0.push(key(&row.key).into_iter().chain([format!("{:.6}", row.wall_seconds)]).collect());
    }
    table
}

/// The rows in groups, in the order in which the groups appear first.
pub(super) fn grouped(rows: &[Row]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut places: BTreeMap<(&[String], &str), usize> = BTreeMap::new();
    for row in rows {
        let (axes, policy) = (row.key.axes.as_slice(), row.key.policy.as_str());
        let place = *places.entry((axes, policy)).or_insert_with(|| {
            groups.push(Group { axes, policy, rows: Vec::new() });
            groups.len() - 1
        });
        groups[place].rows.push(row);
    }
    groups
}

impl<'r> Group<'r> {
    /// The curves of the group by name, each with the values of all runs at every place.
    pub(super) fn curves(&self) -> BTreeMap<&'r str, Vec<(f64, Vec<f64>)>> {
        let mut curves: BTreeMap<&str, Vec<(f64, Vec<f64>)>> = BTreeMap::new();
        for row in &self.rows {
            for curve in &row.curves {
                let points = curves.entry(&curve.name).or_default();
                for &(at, value) in &curve.points {
                    match points.binary_search_by(|(place, _)| place.total_cmp(&at)) {
                        Ok(place) => points[place].1.push(value),
                        Err(place) => points.insert(place, (at, vec![value])),
                    }
                }
            }
        }
        curves
    }
}

impl Table {
    fn new<'n>(axes: &[String], more: &[&'n str], names: impl IntoIterator<Item = &'n str>) -> Self {
        let more = more.iter().copied().chain(names).map(str::to_owned);
        Self(vec![axes.iter().cloned().chain(more).collect()])
    }

    fn add_moments(&mut self, group: &Group<'_>, what: &[String], values: &[f64]) {
        let Some(moments) = Moments::of(values) else { return };
        let numbers = [moments.mean, moments.standard_deviation, moments.min, moments.max].map(|n| n.to_string());
        let group = group.axes.iter().cloned().chain([group.policy.to_owned()]);
        self.0.push(group.chain(what.iter().cloned()).chain([values.len().to_string()]).chain(numbers).collect());
    }

    /// The table as text.
    pub(super) fn csv(&self) -> Vec<u8> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &self.0 {
            writer.write_record(row).expect("rows of one length, into memory");
        }
        writer.into_inner().expect("memory takes everything")
    }
}

/// The names of all numbers of all runs, in the order in which they appear first.
fn names(rows: &[Row]) -> Vec<&str> {
    let mut names: Vec<&str> = rows.iter().flat_map(|row| row.numbers.keys()).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn key(key: &RunKey) -> Vec<String> {
    let seed = key.seed.map_or_else(String::new, |seed| seed.to_string());
    key.axes.iter().cloned().chain([key.policy.clone(), seed]).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
