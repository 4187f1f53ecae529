//! Kinds of chart, which figures share. A chart is what a figure shows before it is drawn: it draws itself for a [`Medium`], and
//! it says what it shows as a table.

pub mod bars;
pub mod cdf;
pub mod distribution;
pub(crate) mod ensemble;
pub mod gantt;
pub mod heat_map;
pub mod lines;
mod scale;
pub mod scatter;
pub mod spread;
pub mod stack;
pub mod timeline;

pub use scale::Scale;

use crate::draw::{Medium, Picture, RenderError};
use crate::figure_data::FigureData;

/// A chart of any kind.
#[derive(Debug, Clone)]
pub enum Chart {
    /// Nothing to show, in words.
    Empty {
        /// Heading.
        title: String,
        /// Why there is nothing.
        why: String,
    },
    /// Values over time.
    Timeline(timeline::Timeline),
    /// Cumulative distributions.
    Cdf(cdf::CdfChart),
    /// Lines over a number.
    Lines(lines::LineChart),
    /// Bars in groups.
    Bars(bars::BarChart),
    /// Rows over time, coloured by a value.
    HeatMap(heat_map::HeatMapChart),
    /// Who was where, and when.
    Gantt(gantt::GanttChart),
    /// Points in a plane.
    Scatter(scatter::ScatterChart),
    /// Boxes or violins.
    Spread(spread::SpreadChart),
    /// Areas above each other over time.
    Stack(stack::StackChart),
}

/// A chart that has been drawn.
#[derive(Debug)]
pub struct Drawn {
    /// As marks.
    pub picture: Picture,
    /// As a document.
    pub svg: String,
}

impl Drawn {
    /// Draws a chart.
    ///
    /// # Errors
    /// [`RenderError`] where it cannot be drawn, which no data should cause.
    pub fn new(chart: &Chart, medium: Medium) -> Result<Self, RenderError> {
        let picture = chart.draw(medium);
        Ok(Self { svg: picture.svg()?, picture })
    }
}

impl Chart {
    /// A chart that says why it is empty.
    pub fn empty(title: &str, why: impl Into<String>) -> Self {
        Self::Empty { title: title.to_owned(), why: why.into() }
    }

    /// What kind of chart it is, in the words of the manual.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Empty { .. } => "empty",
            Self::Timeline(_) => "time series",
            Self::Cdf(_) => "cumulative distribution",
            Self::Lines(_) => "lines",
            Self::Bars(_) => "bars",
            Self::HeatMap(_) => "heat map",
            Self::Gantt(_) => "Gantt chart",
            Self::Scatter(_) => "scatter plot",
            Self::Spread(chart) => match chart.shape {
                spread::SpreadShape::Box => "box plot",
                spread::SpreadShape::Violin => "violin plot",
            },
            Self::Stack(_) => "stacked areas",
        }
    }

    /// Draws it. Without data it is a picture that says so.
    pub fn draw(&self, medium: Medium) -> Picture {
        match self {
            Self::Empty { title, why } => Picture::no_data(medium, title, why),
            Self::Timeline(chart) => chart.draw(medium),
            Self::Cdf(chart) => chart.draw(medium),
            Self::Lines(chart) => chart.draw(medium),
            Self::Bars(chart) => chart.draw(medium),
            Self::HeatMap(chart) => chart.draw(medium),
            Self::Gantt(chart) => chart.draw(medium),
            Self::Scatter(chart) => chart.draw(medium),
            Self::Spread(chart) => chart.draw(medium),
            Self::Stack(chart) => chart.draw(medium),
        }
    }

    /// What it shows, as a table; without data a table without rows.
    pub fn data(&self) -> FigureData {
        match self {
            Self::Empty { .. } => FigureData::default(),
            Self::Timeline(chart) => chart.data(),
            Self::Cdf(chart) => chart.data(),
            Self::Lines(chart) => chart.data(),
            Self::Bars(chart) => chart.data(),
            Self::HeatMap(chart) => chart.data(),
            Self::Gantt(chart) => chart.data(),
            Self::Scatter(chart) => chart.data(),
            Self::Spread(chart) => chart.data(),
            Self::Stack(chart) => chart.data(),
        }
    }
}
