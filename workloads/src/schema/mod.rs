//! Scalars with a grammar, read by serde visitors so that an error carries the exact line and column of the document.

mod distribution;
mod duration;
mod load;
mod quantity;
mod union;

pub use distribution::{Bytes, DistributionSpec, MilliCpu, Number, Plain, Seconds, Unit};
pub use duration::{DurationError, DurationText, parse_duration};
pub use load::LoadSpec;
pub use quantity::QuantityText;
pub(crate) use union::converted;
