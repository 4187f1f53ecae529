//! Figures inside a page.

use crate::draw::{Picture, RenderError};
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
        let picture: Picture = (figure.draw)(data);
        let sized = format!("<svg width=\"{}\" height=\"{}\"", picture.width, picture.height);
        let described = format!("<svg role=\"img\" aria-label=\"{}\"", escape(&picture.description));
        let svg = picture.svg()?.replacen(&sized, &described, 1);
        Ok(Self { name: figure.name, title: figure.title, caption: figure.caption, svg })
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
