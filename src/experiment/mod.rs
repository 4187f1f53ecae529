//! Experiments: many runs of one scenario, over axes, policies and seeds, that can be interrupted, shared out and put together again.
//!
//! A sweep's results depend on its inputs alone: not on the number of threads, nor on interruptions or shards.

mod directory;
mod figures;
mod journal;
mod merge;
mod plan;
mod published;
mod read;
mod row;
mod schema;
mod sweep;
mod tables;

pub use figures::{Figure, FigureSpec};
pub use journal::Shard;
pub use merge::merge;
pub(crate) use plan::parse_seeds;
pub use plan::{PlannedRun, RunKey};
pub use published::{Compared, Published, PublishedSpec};
pub use read::Experiment;
pub use row::Row;
pub use schema::{AxisSpec, AxisValues, ExperimentSpec, SeedsSpec};
pub use sweep::{SweepOptions, Swept, sweep};

use std::path::Path;
use towtank_reports::draw::Medium;
use towtank_reports::output::OutputError;

/// Writes the tables of a finished sweep, and its figures for `medium`.
///
/// # Errors
/// A file cannot be written.
pub fn finish(experiment: &Experiment, rows: &[Row], out: &Path, medium: Medium) -> Result<(), OutputError> {
    directory::finish(experiment, rows, out, medium)
}
