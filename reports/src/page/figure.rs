//! Figures inside a page.

use super::pack::Pack;
use super::plot::{self, Plot};
use crate::charts::{Chart, Drawn};
use crate::figures::DrawnFigure;

/// A figure as a page shows it.
#[derive(Debug)]
pub(super) struct PageFigure<'d> {
    /// The name of its files, and of its anchor after `figure-`.
    pub(super) name: String,
    pub(super) title: String,
    pub(super) caption: String,
    /// An `svg` element: how it begins on a page, and what follows that.
    pub(super) svg: (String, &'d str),
    /// What keeps its place until the script draws it, where it does: the picture is then for those alone who have no script.
    pub(super) place: Option<String>,
}

/// The figures of a page, and those of them that its script draws anew.
#[derive(Debug, Default)]
pub(super) struct PageFigures<'d> {
    pub(super) list: Vec<PageFigure<'d>>,
    plots: Vec<Plot>,
}

impl<'d> PageFigures<'d> {
    /// Figures of the same data; their numbers go into the pack.
    pub(super) fn of<Data: ?Sized>(figures: &'d [DrawnFigure<Data>], pack: &mut Pack) -> Self {
        let mut all = Self::default();
        for DrawnFigure { figure, chart, screen } in figures {
            all.add([figure.name, figure.title, figure.caption], chart, screen, pack);
        }
        all.pack(pack);
        all
    }

    /// Adds a figure: a picture that scales with the page and is one image with a description to a screen reader. The words are its name,
    /// its title and its caption.
    pub(super) fn add(&mut self, words: [&str; 3], chart: &Chart, Drawn { picture, svg }: &'d Drawn, pack: &mut Pack) {
        let sized = format!("<svg width=\"{}\" height=\"{}\"", picture.width, picture.height);
        let described = format!("<svg role=\"img\" aria-label=\"{}\"", escape(&picture.description));
        let svg = match svg.split_once(&sized) {
            Some((before, after)) => (format!("{before}{described}"), after),
            None => (String::new(), svg.as_str()),
        };
        let [name, title, caption] = words.map(str::to_owned);
        let plot = plot::plot(&name, chart, pack);
        let place = plot.as_ref().map(|_| {
            let (width, height) = (picture.width, picture.height);
            let described = described.replacen("<svg", "<svg class=\"place\"", 1);
            format!("{described} viewBox=\"0 0 {width} {height}\"></svg>")
        });
        self.plots.extend(plot);
        self.list.push(PageFigure { name, title, caption, svg, place });
    }

    /// Tells the script what it draws.
    pub(super) fn pack(&self, pack: &mut Pack) {
        pack.json("plots", &self.plots);
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
