//! Comparisons of policies over several seeds, with intervals that hold.
//!
//! A seed fixes arrivals, sizes, run times and failures, so two policies under one seed meet the same work: *common random numbers*. What is
//! compared are therefore pairs, one a seed, and what the seeds have in common cancels out.
//!
//! Source: Law, "Simulation Modeling and Analysis", 5th edition, sections 10.2 and 11.2.

mod bootstrap;
mod effect_size;
mod interval;
mod paired;
mod ratio;
mod seeds_needed;
mod student;
mod verdict;
mod warm_up;

pub use bootstrap::{FEWEST_PAIRS, RESAMPLES, studentized};
pub use effect_size::{cohen_d_z, hedges_g};
pub use interval::Interval;
pub use paired::{Pair, PairedComparison};
pub use ratio::ratio_of_means;
pub use seeds_needed::{POWER, pairs_needed};
pub use student::{mean_interval, quantile};
pub use verdict::{Finding, Scale, Verdict, Words};
pub use warm_up::{Truncation, mser5};
