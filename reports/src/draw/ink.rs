//! Colours and dashes: what marks are drawn with.

/// Lengths of a line's strokes and gaps, repeated; empty for a solid line.
pub type Dash = &'static [f64];

/// Red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);
