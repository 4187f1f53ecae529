//! The drawing layer: a figure is a [`Picture`], a list of marks that `plotters` then draws as SVG or PNG.
//!
//! Figures never meet a drawing backend: they place marks in a small coordinate system (one unit is a pixel of a
//! 480-pixel-wide figure, sized so that its text can be read when printed at the width of a column), and both formats
//! play the same list.

mod axis;
mod canvas;
mod ink;
mod legend;
mod letters;
mod medium;
mod panel;
mod picture;
mod png;
mod render;
mod shapes;
mod strip;
mod text;
pub mod theme;

pub(crate) use axis::{Axis, Tick};
pub use ink::{Color, Dash};
pub(crate) use legend::{Legend, Swatch};
pub(crate) use letters::ensure_font;
pub use medium::Medium;
pub(crate) use panel::{Band, Frame, Panel};
pub use picture::{Anchor, Mark, Picture, Stroke, Text};
pub use render::RenderError;
pub(crate) use text::{fit, fit_middle, width as text_width};
