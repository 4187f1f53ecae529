//! What a figure is drawn for: a page on a screen, or a printed column.

use super::theme;

/// Sizes of everything in a figure, and how large the whole is. Lengths are in drawing units, of which a figure is
/// [`theme::WIDTH`] wide on every medium.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Medium {
    /// Whether the figure has its heading inside; a paper has it in the caption.
    pub title: bool,
    /// Letters of the heading.
    pub title_size: f64,
    /// Letters of axis labels and headings of panels.
    pub label_size: f64,
    /// Letters of tick labels, legends and remarks.
    pub tick_size: f64,
    /// Width of a data line.
    pub line: f64,
    /// Width of axes.
    pub axis: f64,
    /// Width of the grid's lines.
    pub hairline: f64,
    /// Whether series differ in small shapes on their lines and in hatching too, so that nothing is lost in grayscale.
    pub grayscale: bool,
    /// How wide an SVG says that it is, as CSS writes a length.
    pub svg_width: (f64, &'static str),
    /// Pixels of a PNG per drawing unit.
    pub png_scale: f64,
    /// What a PNG says of its size: pixels per metre; nothing for a screen.
    pub png_pixels_per_metre: Option<u32>,
}

impl Medium {
    /// A page on a screen: 480 CSS pixels wide, and a PNG of three times as many. Printed at a column's 86 mm, its letters are
    /// 6.3 to 7.3 points tall.
    pub const SCREEN: Self = Self {
        title: true,
        title_size: 14.0,
        label_size: 13.0,
        tick_size: 12.0,
        line: 1.8,
        axis: 1.0,
        hairline: 0.6,
        grayscale: false,
        svg_width: (theme::WIDTH, ""),
        png_scale: 3.0,
        png_pixels_per_metre: None,
    };

    /// One column of a paper: 3.5 inches wide, as of IEEE's and ACM's two-column formats, letters of 7 and 8 points, lines of one
    /// point, a PNG of 600 dots per inch.
    pub const PAPER: Self = Self {
        title: false,
        title_size: points(8.0),
        label_size: points(8.0),
        tick_size: points(7.0),
        line: points(1.0),
        axis: points(0.5),
        hairline: points(0.3),
        grayscale: true,
        svg_width: (PAPER_INCHES, "in"),
        png_scale: PAPER_INCHES * 600.0 / theme::WIDTH,
        // 600 dots per inch of 25.4 mm.
        png_pixels_per_metre: Some(23_622),
    };
}

const PAPER_INCHES: f64 = 3.5;

/// Printer's points in drawing units of a paper.
const fn points(points: f64) -> f64 {
    points / 72.0 / PAPER_INCHES * theme::WIDTH
}
