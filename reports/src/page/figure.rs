//! Figures inside a page.

use std::fmt::Write;

use crate::draw::{Medium, RenderError, theme};
use crate::figures::Figure;

/// A figure as a page shows it.
pub(super) struct PageFigure {
    /// Its anchor and the name of its files.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) caption: &'static str,
    /// An `svg` element.
    pub(super) svg: String,
}

impl PageFigure {
    /// Draws a figure for a page: it scales with the page, and is one image with a description to a screen reader.
    pub(super) fn new<Data: ?Sized>(figure: &Figure<Data>, data: &Data) -> Result<Self, RenderError> {
        let picture = (figure.chart)(data).draw(Medium::SCREEN);
        let sized = format!("<svg width=\"{}\" height=\"{}\"", picture.width, picture.height);
        let described = format!("<svg role=\"img\" aria-label=\"{}\"", escape(&picture.description));
        let svg = picture.svg()?.replacen(&sized, &described, 1);
        Ok(Self { name: figure.name, title: figure.title, caption: figure.caption, svg })
    }
}

/// Style rules that give the figures' colours their counterparts on a dark page.
pub(super) fn dark_rules() -> String {
    let mut rules = String::new();
    for (light, dark) in theme::DARK {
        let (from, to) = (light.hex(), dark.hex());
        // Writing to a string cannot fail.
        let _ = writeln!(
            rules,
            "  figure [fill=\"{from}\"] {{ fill: {to} }} figure [stroke=\"{from}\"] {{ stroke: {to} }}"
        );
    }
    rules
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
