//! Bars in groups, with error bars, and published values beside them.

use super::lines::Scale;
use crate::draw::{Anchor, Axis, Frame, Legend, Panel, Picture, Stroke, Swatch, theme};

/// A chart of bars: a group for each category, in it a bar for each series.
#[derive(Debug, Clone, Default)]
pub struct BarChart {
    /// Heading.
    pub title: String,
    /// What the categories are.
    pub across: String,
    /// Their names.
    pub categories: Vec<String>,
    /// The vertical axis; it begins at zero unless it says otherwise.
    pub y: Scale,
    /// The series.
    pub series: Vec<BarSeries>,
    /// What the marks of [`Bar::published`] are called in the legend.
    pub published: String,
}

/// The bars of one colour.
#[derive(Debug, Clone, Default)]
pub struct BarSeries {
    /// Its word in the legend.
    pub label: String,
    /// One for each category; `None` where there is no value.
    pub bars: Vec<Option<Bar>>,
}

/// One bar.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bar {
    /// Its height.
    pub value: f64,
    /// How far the values spread of which it is the mean.
    pub spread: f64,
    /// What has been published about the same.
    pub published: Option<f64>,
}

impl BarChart {
    /// Draws it.
    pub fn draw(&self) -> Picture {
        let bars = || self.series.iter().flat_map(|series| series.bars.iter().flatten());
        if bars().next().is_none() {
            return Picture::no_data(&self.title, "there is no bar to draw");
        }
        let heights = bars().flat_map(|bar| [bar.value + bar.spread, bar.published.unwrap_or(bar.value)]);
        let y = Scale { from: Some(self.y.from.unwrap_or(0.0)), ..self.y.clone() }.axis(heights, 5.0);
        let floor = y.range.0;
        let x = Axis::categories(&self.across, self.categories.iter().map(String::as_str));
        let left = Panel::left_for([&y]);
        let legend = self.legend(left);
        let top = 28.0 + legend.height();
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 190.0, x_labels: true };
        let panel = Panel::new(frame, x, y);
        let mut picture = Picture::new(panel.end().ceil(), self.description());
        picture.text((theme::MARGIN, 20.0), &self.title, theme::TITLE_SIZE, true, Anchor::Start, theme::INK);
        legend.draw(&mut picture, 28.0);
        panel.grid(&mut picture);
        let width = 0.84 / self.series.len() as f64;
        for (index, series) in self.series.iter().enumerate() {
            let (color, _, _) = theme::series(index);
            for (category, bar) in series.bars.iter().enumerate() {
                let Some(bar) = bar else { continue };
                let from = category as f64 + 0.08 + width * index as f64;
                let (start, end) = (panel.x(from), panel.x(from + width));
                picture.rect((start + 0.4, panel.y(bar.value)), (end - 0.4, panel.y(floor)), color);
                bar.draw_marks((start, end), &mut picture, &panel);
            }
        }
        panel.axes(&mut picture);
        picture
    }

    fn legend(&self, left: f64) -> Legend {
        let mut legend = Legend::new(left, theme::WIDTH - theme::MARGIN);
        for (index, series) in self.series.iter().enumerate() {
            legend.add(Swatch::Box(theme::series(index).0), &series.label);
        }
        if self.series.iter().flat_map(|series| series.bars.iter().flatten()).any(|bar| bar.published.is_some()) {
            legend.add(Swatch::Shape(3, theme::INK), &self.published);
        }
        legend
    }

    fn description(&self) -> String {
        let one = |series: &BarSeries| {
            let value = |bar: &Option<Bar>| bar.map_or_else(|| "none".to_owned(), |bar| format!("{:.2}", bar.value));
            let values: Vec<String> = series.bars.iter().map(value).collect();
            format!("{} {}", series.label, values.join(", "))
        };
        let all: Vec<String> = self.series.iter().map(one).collect();
        format!("{}: {} for {}. {}.", self.title, self.y.label, self.categories.join(", "), all.join("; "))
    }
}

impl Bar {
    fn draw_marks(self, (start, end): (f64, f64), picture: &mut Picture, panel: &Panel) {
        let middle = f64::midpoint(start, end);
        if self.spread > 0.0 {
            let (low, high) = (panel.y(self.value - self.spread), panel.y(self.value + self.spread));
            let stroke = Stroke::solid(theme::INK, 0.8);
            picture.line(vec![(middle, low), (middle, high)], stroke);
            for y in [low, high] {
                picture.line(vec![(middle - 1.6, y), (middle + 1.6, y)], stroke);
            }
        }
        if let Some(published) = self.published {
            picture.shape(3, (middle, panel.y(published)), theme::INK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_stands_in_its_category() {
        let bars = |values: [f64; 2]| values.map(|value| Some(Bar { value, ..Bar::default() })).to_vec();
        let chart = BarChart {
            title: "Unallocated".to_owned(),
            categories: vec!["a".to_owned(), "b".to_owned()],
            series: vec![
                BarSeries { label: "one".to_owned(), bars: bars([1.0, 2.0]) },
                BarSeries { label: "two".to_owned(), bars: bars([3.0, 4.0]) },
            ],
            ..BarChart::default()
        };
        let described = chart.draw().description;
        assert!(described.contains("one 1.00, 2.00; two 3.00, 4.00"), "{described}");
    }
}
