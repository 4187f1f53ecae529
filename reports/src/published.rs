//! Curves that others have published, and how far ours are from them.
//!
//! The tables are wide: a row is a run; the columns whose headers are numbers are the places of one curve, and all others say
//! which run it is.

use crate::data::Curve;
use thiserror::Error;

/// A table of published curves, one a run.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedTable {
    keys: Vec<String>,
    places: Vec<f64>,
    rows: Vec<PublishedRow>,
}

/// The curve of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedRow {
    /// What says which run it is, in the order of the table's keys.
    key: Vec<String>,
    /// Values by place; `None` where the field is empty.
    values: Vec<Option<f64>>,
}

/// How far a curve is from a published one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Deviation {
    /// How many places were compared.
    pub places: usize,
    /// Places that only one of the two has.
    pub missing: usize,
    /// The largest distance.
    pub largest: f64,
    /// Where that is.
    pub at: f64,
}

/// What is wrong with a table.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PublishedError {
    /// Not even a header, or a damaged one.
    #[error("{file}: line {line}: {problem}")]
    Unreadable {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// No column is a place of a curve.
    #[error("{file}: line 1: no column has a number as its header: expected a table with a run in each row")]
    NoPlaces {
        /// The file.
        file: String,
    },
    /// A value is no number.
    #[error("{file}: line {line}, column `{column}`: `{found}`: expected a number, or nothing")]
    Value {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The field.
        found: String,
    },
}

impl PublishedTable {
    /// Reads a table from the text of a CSV file.
    ///
    /// # Errors
    /// What is wrong with it, with file, line and column.
    pub fn parse(file: &str, text: &str) -> Result<Self, PublishedError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let unreadable = |error: &csv::Error| PublishedError::Unreadable {
            file: file.to_owned(),
            line: error.position().map_or(1, csv::Position::line),
            problem: error.to_string(),
        };
        let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
        let place = |name: &str| name.trim().parse::<f64>().ok().filter(|place| place.is_finite());
        let places: Vec<f64> = header.iter().filter_map(place).collect();
        if places.is_empty() {
            return Err(PublishedError::NoPlaces { file: file.to_owned() });
        }
        let keys = header.iter().filter(|name| place(name).is_none()).map(str::to_owned).collect();
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let mut row = PublishedRow { key: Vec::new(), values: Vec::with_capacity(places.len()) };
            for (name, field) in header.iter().zip(&record) {
                if place(name).is_none() {
                    row.key.push(field.to_owned());
                    continue;
                }
                let value = field.trim();
                let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
                if number.is_none() && !value.is_empty() {
                    return Err(PublishedError::Value {
                        file: file.to_owned(),
                        line: record.position().map_or(1, csv::Position::line),
                        column: name.to_owned(),
                        found: value.to_owned(),
                    });
                }
                row.values.push(number);
            }
            rows.push(row);
        }
        Ok(Self { keys, places, rows })
    }

    /// The columns that say which run a row is.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The curves of the runs that have these values in these columns, as places and values.
    pub fn curves<'t>(&'t self, wanted: &'t [(&str, &str)]) -> impl Iterator<Item = Vec<(f64, f64)>> + 't {
        let has = |row: &PublishedRow, (column, value): &(&str, &str)| {
            self.keys.iter().zip(&row.key).any(|(key, found)| key == column && found == value)
        };
        let rows = self.rows.iter().filter(move |row| wanted.iter().all(|one| has(row, one)));
        rows.map(|row| {
            self.places.iter().zip(&row.values).filter_map(|(place, value)| Some((*place, (*value)?))).collect()
        })
    }
}

impl Deviation {
    /// The distance of a curve from a published one, over the places of either.
    pub fn between(ours: &Curve, published: &[(f64, f64)]) -> Self {
        let mut deviation = Self::default();
        let mut places: Vec<f64> = ours.points.iter().chain(published).map(|(place, _)| *place).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let at = |points: &[(f64, f64)], place: f64| {
            points.iter().find(|(other, _)| other.total_cmp(&place).is_eq()).map(|(_, value)| *value)
        };
        for place in places {
            let (Some(mine), Some(theirs)) = (at(&ours.points, place), at(published, place)) else {
                deviation.missing += 1;
                continue;
            };
            deviation.places += 1;
            let distance = (mine - theirs).abs();
            if distance > deviation.largest {
                (deviation.largest, deviation.at) = (distance, place);
            }
        }
        deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "policy,seed,0,1,2.5\nfgd,42,0.0,1.5,\nfgd,43,1,2,3\n";

    #[test]
    fn a_row_is_found_by_its_keys_and_compared_place_by_place() {
        let table = PublishedTable::parse("t.csv", TABLE).unwrap();
        assert_eq!(table.keys(), ["policy", "seed"]);
        let found: Vec<_> = table.curves(&[("policy", "fgd"), ("seed", "42")]).collect();
        assert_eq!(found, [vec![(0.0, 0.0), (1.0, 1.5)]]);
        assert_eq!(table.curves(&[("policy", "fgd")]).count(), 2);
        assert_eq!(table.curves(&[("scheduler", "fgd")]).count(), 0, "no such column");
        let ours = Curve { points: vec![(0.0, 0.1), (1.0, 1.0), (2.0, 7.0)], ..Curve::default() };
        let deviation = Deviation::between(&ours, &found[0]);
        assert_eq!(deviation, Deviation { places: 2, missing: 1, largest: 0.5, at: 1.0 });
    }

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_place() {
        let error = |text| PublishedTable::parse("t.csv", text).unwrap_err().to_string();
        assert_eq!(error("a,1\nx,high\n"), "t.csv: line 2, column `1`: `high`: expected a number, or nothing");
        assert!(error("a,b\nx,y\n").starts_with("t.csv: line 1: no column has a number as its header"));
        assert!(error("a,1\nx,1,2\n").starts_with("t.csv: line 2: "), "{}", error("a,1\nx,1,2\n"));
    }
}
