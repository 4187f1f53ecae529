//! Experiments: many runs of one scenario, over axes, policies and seeds, that can be interrupted, shared out and put together again.
//!
//! A sweep's results depend on its inputs alone: not on the number of threads, nor on interruptions or shards.

mod compare;
mod directory;
mod figures;
mod inputs;
mod journal;
mod merge;
mod page;
mod plan;
mod progress;
mod published;
mod read;
pub mod remote;
mod row;
mod schema;
mod shard;
mod sweep;
mod tables;

pub use compare::{CompareSpec, ComparedGroup, Comparisons, Side, Terms, text as verdict_text, verdicts};
pub use figures::{COMMON_FIELDS as FIGURE_FIELDS, Figure, FigureKind, FigureSpec, KINDS as FIGURE_KINDS};
pub use merge::{Merged, merge};
pub(crate) use plan::parse_seeds;
pub use plan::{PlannedRun, RunKey};
pub use published::{Compared, Published, PublishedSpec};
pub use read::Experiment;
pub use row::Row;
pub use schema::{AxisSpec, AxisValues, ExperimentSpec, SeedsSpec};
pub use shard::Shard;
pub use sweep::{SweepOptions, Swept, sweep};
