//! Scalars with a grammar, read by serde visitors so that an error carries the exact line and column of the document.

mod distribution;
mod duration;
mod quantity;

pub use distribution::{Bytes, DistributionSpec, MilliCpu, Number, Seconds, Unit};
pub use duration::{DurationError, DurationText, parse_duration};
pub use quantity::QuantityText;
