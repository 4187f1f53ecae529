//! Observations to tables, tables to figures, figures to a page.
//!
//! What this crate never does:
//!
//! - It never influences a simulation: nothing here is read back by the engine, and every type is plain data.
//! - It never reads a clock, an environment variable or a system font, and what it resamples it draws from a stream with a name: the same
//!   data gives the same bytes.
//! - It never goes to the network, and neither does a page that it wrote.
//! - Nothing depends on its threads: what a run notes is written in the order in which it was noted, whoever is faster.
//! - It never leaves an output directory half-written: see [`output::OutputDir`].
//! - It never invents data: a figure without samples says so in words, a percentile is always a value that was observed,
//!   and a curve is thinned only where the pixels could not have shown the difference.
//!
//! The way through: [`data`] holds what was observed, [`stats`] reduces it, [`tables`] and [`terminal`] write it as text,
//! [`metrics`] says what its numbers mean and [`numbers`] lists them, [`digest`] has what a reader looks for first, [`comparison`] sets several runs side by side, [`statistics`] judges them over several seeds, [`figures`] makes [`charts`] of it, which draw themselves (on the small drawing layer in [`draw`]) and say as [`figure_data`] what they show, [`page`] puts everything into one HTML file, and
//! [`output`] is the directory that all of it goes to. [`report`] does it all in one call.

pub mod charts;
pub mod collect;
pub mod comparison;
pub mod data;
pub mod digest;
pub mod draw;
pub mod figure_data;
pub mod figures;
pub mod metrics;
pub mod numbers;
pub mod output;
pub mod page;
pub mod published;
pub mod report;
pub mod statistics;
pub mod stats;
pub mod tables;
pub mod terminal;
pub mod units;
