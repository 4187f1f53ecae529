//! How much simulated time a scheduling attempt takes.

use crate::time::Span;

/// The latency model of scheduling attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttemptLatency {
    /// No time: decisions are made at once.
    #[default]
    None,
    /// The same time for each attempt.
    Constant(Span),
    /// A time for each attempt and one more for each node examined.
    PerNode {
        /// For the attempt.
        base: Span,
        /// For each node examined.
        per_node: Span,
    },
}

impl AttemptLatency {
    /// The time that an attempt takes which filtered this many nodes.
    pub fn of(self, examined: u32) -> Span {
        match self {
            Self::None => Span::ZERO,
            Self::Constant(span) => span,
            Self::PerNode { base, per_node } => Span(base.0 + per_node.0 * i64::from(examined)),
        }
    }
}
