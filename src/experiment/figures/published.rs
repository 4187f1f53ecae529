//! Published values beside what is drawn: from a file of their own, or from the tables of the experiment.

use super::super::Experiment;
use super::super::tables::Group;
use crate::diagnostic::Diagnostic;
use std::path::Path;

/// One published value, by column.
#[derive(Clone, Debug)]
pub(super) struct PublishedValue {
    /// The label on each axis, where the file says it.
    axes: Vec<Option<String>>,
    policy: String,
    /// The curve that it is of, if it is of one.
    curve: Option<String>,
    /// The place on the curve.
    pub(super) at: Option<f64>,
    /// The value.
    pub(super) value: f64,
}

impl PublishedValue {
    /// Whether it is of these runs, and of this curve where it names one.
    pub(super) fn is_of(&self, group: &Group<'_>, curve: Option<&str>) -> bool {
        let same = |(said, label): (&Option<String>, &String)| said.as_ref().is_none_or(|said| said == label);
        let of_curve = self.curve.as_deref().is_none_or(|name| curve.is_none_or(|curve| name == curve));
        self.policy == group.policy && of_curve && self.axes.iter().zip(group.axes).all(same)
    }

    /// Whether it is of this place, where it names one.
    pub(super) fn is_at(&self, place: f64) -> bool {
        self.at.is_none_or(|at| (at - place).abs() < 1e-9)
    }
}

/// The published means of a curve.
pub(super) fn of_tables(experiment: &Experiment, curve: &str) -> Vec<PublishedValue> {
    let means = experiment.published.means(experiment, curve).into_iter();
    let rows = means.flat_map(|(key, points)| {
        points.into_iter().map(move |(at, value)| PublishedValue {
            axes: key.axes.iter().cloned().map(Some).collect(),
            policy: key.policy.clone(),
            curve: None,
            at: Some(at),
            value,
        })
    });
    rows.collect()
}

/// Reads a file of published values.
pub(super) fn read(experiment: &Experiment, path: &Path) -> Result<Vec<PublishedValue>, Diagnostic> {
    let mut reader =
        csv::Reader::from_path(path).map_err(|error| Diagnostic::in_file(path, format!("cannot be read: {error}")))?;
    let header = reader.headers().map_err(|error| Diagnostic::in_file(path, error.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|field| field.trim() == name);
    let known =
        |name: &str| ["policy", "value", "curve", "at"].contains(&name) || experiment.axes.iter().any(|a| a == name);
    if let Some(unknown) = header.iter().find(|name| !known(name.trim())) {
        let why = format!("unknown column `{unknown}`: expected policy, value, curve, at, or the name of an axis");
        return Err(Diagnostic::in_file(path, why).at(1, 1));
    }
    let missing = |name: &str| Diagnostic::in_file(path, format!("no column `{name}`: it is required")).at(1, 1);
    let policy = column("policy").ok_or_else(|| missing("policy"))?;
    let value = column("value").ok_or_else(|| missing("value"))?;
    let (curve, at) = (column("curve"), column("at"));
    let axes: Vec<Option<usize>> = experiment.axes.iter().map(|axis| column(axis)).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| Diagnostic::in_file(path, error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line) as usize;
        let text = |column: usize| record.get(column).unwrap_or_default().trim();
        let number = |column: usize| {
            let wrong =
                || Diagnostic::in_file(path, format!("`{}`: expected a number", text(column))).at(line, column + 1);
            text(column).parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(wrong)
        };
        rows.push(PublishedValue {
            axes: axes.iter().map(|axis| axis.map(|column| text(column).to_owned())).collect(),
            policy: text(policy).to_owned(),
            curve: curve.map(|column| text(column).to_owned()),
            at: at.map(number).transpose()?,
            value: number(value)?,
        });
    }
    Ok(rows)
}
