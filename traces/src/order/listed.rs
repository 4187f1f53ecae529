//! Orders that were written down: CSV files of arrivals and of node ranks, for one seed or for several.

use crate::error::TraceError;
use crate::input::Inputs;
use crate::schema::{Schema, Unknown};
use crate::table::Table;
use std::path::Path;
use std::sync::Arc;

static ARRIVALS: Schema = Schema {
    what: "a list of arrivals",
    required: &["seq", "name"],
    optional: &["seed"],
    unknown: Unknown::Refused,
    ..Schema::CSV
};

static RANKS: Schema = Schema {
    what: "a list of node ranks",
    required: &["sn", "rank"],
    optional: &["seed"],
    unknown: Unknown::Refused,
    ..Schema::CSV
};

/// The names of pods in their order of arrival: `seq` counts from 0, `name` may come again, and of a file with the column
/// `seed` the rows of this seed count.
///
/// # Errors
/// The file cannot be read, or has no rows of the seed.
pub fn read_arrivals(path: &Path, seed: u64) -> Result<Vec<Arc<str>>, TraceError> {
    read(path, seed, (&ARRIVALS, &RANKS), ("name", "seq"))
}

/// The names of nodes in the order of their ranks: `sn` is the name, `rank` counts from 0, `seed` as for [`read_arrivals`].
///
/// # Errors
/// As [`read_arrivals`].
pub fn read_ranks(path: &Path, seed: u64) -> Result<Vec<Arc<str>>, TraceError> {
    read(path, seed, (&RANKS, &ARRIVALS), ("sn", "rank"))
}

fn read(
    path: &Path,
    seed: u64,
    (schema, other): (&'static Schema, &'static Schema),
    (name, place): (&str, &str),
) -> Result<Vec<Arc<str>>, TraceError> {
    let mut table = Table::open(Inputs::open(&[path.to_owned()])?.files(), schema, &[other])?;
    let (name, place, of_seed) = (table.require(name)?, table.require(place)?, table.find("seed"));
    let mut rows: Vec<(i64, Arc<str>)> = Vec::new();
    let mut others = false;
    while let Some(row) = table.next_row()? {
        if let Some(column) = of_seed
            && row.whole(column, "a seed, 0 or more")? as u64 != seed
        {
            others = true;
            continue;
        }
        rows.push((row.whole(place, "a place in the order, from 0")?, row.name(name)?.into()));
    }
    if rows.is_empty() && others {
        let expected = "a seed that the file of the order has rows of";
        return Err(TraceError::Option {
            option: "order.seed",
            found: Box::from(seed.to_string()),
            expected: expected.into(),
        });
    }
    rows.sort_by_key(|(place, _)| *place);
    Ok(rows.into_iter().map(|(_, name)| name).collect())
}
