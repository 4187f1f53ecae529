//! What others have published of the same runs, and how far ours are from it.

use super::Experiment;
use super::plan::{RunKey, scalar};
use super::row::Row;
use crate::diagnostic::Diagnostic;
use crate::scenario::yaml::Mapping;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use towtank_reports::data::Curve;
use towtank_reports::published::{Deviation, PublishedTable};
use towtank_reports::stats::Moments;

/// Published tables as the experiment's file names them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PublishedSpec {
    /// How the tables tell runs apart: by `policy`, by `seed`, and by the names of axes.
    columns: BTreeMap<String, ColumnSpec>,
    /// The tables, one for each curve.
    curves: Vec<PublishedCurveSpec>,
    /// Policies that draw at random, of which only means over the seeds can be compared.
    #[serde(default)]
    by_mean: Vec<String>,
}

/// A column of published tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ColumnSpec {
    /// Its header.
    column: String,
    /// What it calls the things that we call otherwise.
    #[serde(default)]
    names: Mapping,
}

/// The table of one curve.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PublishedCurveSpec {
    /// The curve of our runs.
    curve: String,
    /// The file, plain or gzip.
    table: PathBuf,
    /// How far a value may be from the published one.
    tolerance: f64,
}

/// Published tables that have been read.
#[derive(Clone, Debug, Default)]
pub struct Published {
    columns: Vec<Column>,
    by_mean: Vec<String>,
    curves: Vec<PublishedCurve>,
}

#[derive(Clone, Debug)]
struct Column {
    what: What,
    header: String,
    names: BTreeMap<String, String>,
}

/// What a column tells.
#[derive(Clone, Copy, Debug)]
enum What {
    Policy,
    Seed,
    Axis(usize),
}

#[derive(Clone, Debug)]
struct PublishedCurve {
    name: String,
    table: PublishedTable,
    tolerance: f64,
}

/// How far a run, or the mean of the runs of a policy that draws at random, is from what is published.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Which run; of a mean without a seed.
    pub key: RunKey,
    /// Which curve.
    pub curve: String,
    /// How far.
    pub deviation: Deviation,
    /// Whether that is near enough; `None` for means, which chance decides.
    pub within: Option<bool>,
}

impl Published {
    /// Reads the tables.
    pub(super) fn read(experiment: &Experiment, spec: &PublishedSpec) -> Result<Self, Diagnostic> {
        const FIELD: &str = "spec.published";
        let mut columns = Vec::new();
        for (name, column) in &spec.columns {
            let fail = |why: &str| experiment.error(&format!("{FIELD}.columns.{name}"), why);
            let what = match name.as_str() {
                "policy" => What::Policy,
                "seed" => What::Seed,
                axis => What::Axis(experiment.axes.iter().position(|other| other == axis).ok_or_else(|| {
                    let axes = experiment.axes.join(", ");
                    fail(&format!("expected `policy`, `seed` or the name of an axis: {axes}"))
                })?),
            };
            let mut names = BTreeMap::new();
            for (ours, theirs) in &column.names {
                let (Some(ours), Some(theirs)) = (scalar(ours), scalar(theirs)) else {
                    return Err(fail("names: expected a mapping from our labels to theirs"));
                };
                names.insert(ours, theirs);
            }
            columns.push(Column { what, header: column.column.clone(), names });
        }
        let mut curves = Vec::new();
        for (i, curve) in spec.curves.iter().enumerate() {
            let fail = |why: &str| experiment.error(&format!("{FIELD}.curves[{i}]"), why);
            if !(curve.tolerance >= 0.0 && curve.tolerance.is_finite()) {
                return Err(fail("tolerance: expected a number, 0 or more"));
            }
            let table = read_table(&experiment.path(&curve.table))?;
            if let Some(missing) = columns.iter().find(|column| !table.keys().contains(&column.header)) {
                let why = format!("the table has no column `{}`: it has {}", missing.header, table.keys().join(", "));
                return Err(fail(&why));
            }
            curves.push(PublishedCurve { name: curve.curve.clone(), table, tolerance: curve.tolerance });
        }
        Ok(Self { columns, by_mean: spec.by_mean.clone(), curves })
    }

    /// Whether there are any tables.
    pub fn is_empty(&self) -> bool {
        self.curves.is_empty()
    }

    /// The published mean over the seeds of the experiment, for each group of runs that differ in the seed alone: which group, and
    /// places and values.
    pub(super) fn means(&self, experiment: &Experiment, curve: &str) -> Vec<(RunKey, Vec<(f64, f64)>)> {
        let Some(published) = self.curves.iter().find(|other| other.name == curve) else { return Vec::new() };
        let mut groups: Vec<(RunKey, Vec<Curve>)> = Vec::new();
        for run in &experiment.runs {
            let Some(points) = self.of(published, &run.key) else { continue };
            let key = RunKey { seed: None, ..run.key.clone() };
            let curve = Curve { points, ..Curve::default() };
            match groups.last_mut().filter(|(last, _)| *last == key) {
                Some((_, curves)) => curves.push(curve),
                None => groups.push((key, vec![curve])),
            }
        }
        groups.into_iter().map(|(key, curves)| (key, mean(&curves))).collect()
    }

    /// Compares runs with what is published of them. Runs of which nothing is published are passed over.
    pub fn compare(&self, rows: &[Row]) -> Vec<Compared> {
        let mut compared = Vec::new();
        for published in &self.curves {
            let mut means: BTreeMap<RunKey, [Vec<Curve>; 2]> = BTreeMap::new();
            for row in rows {
                let Some(points) = self.of(published, &row.key) else { continue };
                let Some(ours) = row.curves.iter().find(|curve| curve.name == published.name) else { continue };
                if self.by_mean.contains(&row.key.policy) {
                    let [mine, theirs] = means.entry(RunKey { seed: None, ..row.key.clone() }).or_default();
                    mine.push(ours.clone());
                    theirs.push(Curve { points, ..Curve::default() });
                    continue;
                }
                let deviation = Deviation::between(ours, &points);
                let within = Some(deviation.missing == 0 && deviation.largest <= published.tolerance);
                compared.push(Compared { key: row.key.clone(), curve: published.name.clone(), deviation, within });
            }
            for (key, [ours, theirs]) in means {
                let ours = Curve { points: mean(&ours), ..Curve::default() };
                let deviation = Deviation::between(&ours, &mean(&theirs));
                compared.push(Compared { key, curve: published.name.clone(), deviation, within: None });
            }
        }
        compared
    }

    /// What is published of a run.
    fn of(&self, published: &PublishedCurve, key: &RunKey) -> Option<Vec<(f64, f64)>> {
        let mut wanted: Vec<(&str, String)> = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            let ours = match column.what {
                What::Policy => key.policy.clone(),
                What::Seed => key.seed?.to_string(),
                What::Axis(axis) => key.axes[axis].clone(),
            };
            wanted.push((&column.header, column.names.get(&ours).cloned().unwrap_or(ours)));
        }
        let wanted: Vec<(&str, &str)> = wanted.iter().map(|(column, value)| (*column, value.as_str())).collect();
        published.table.curves(&wanted).next()
    }
}

/// The means of curves, at the places that all of them have.
fn mean(curves: &[Curve]) -> Vec<(f64, f64)> {
    let Some((first, others)) = curves.split_first() else { return Vec::new() };
    let at = |curve: &Curve, place: f64| {
        curve.points.iter().find(|(other, _)| other.total_cmp(&place).is_eq()).map(|(_, value)| *value)
    };
    let mean_at = |&(place, value): &(f64, f64)| {
        let values: Option<Vec<f64>> =
            [Some(value)].into_iter().chain(others.iter().map(|curve| at(curve, place))).collect();
        Some((place, Moments::of(&values?)?.mean))
    };
    first.points.iter().filter_map(mean_at).collect()
}

fn read_table(path: &Path) -> Result<PublishedTable, Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| Diagnostic::unreadable(path, &error))?;
    let mut text = String::new();
    let read = if bytes.starts_with(&[0x1f, 0x8b]) {
        MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)
    } else {
        (&bytes[..]).read_to_string(&mut text)
    };
    read.map_err(|error| Diagnostic::unreadable(path, &error))?;
    PublishedTable::parse(&path.display().to_string(), &text).map_err(|error| Diagnostic::new(error.to_string()))
}
