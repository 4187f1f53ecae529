//! Bars in groups, with error bars, and published values beside them.

use super::scale::{Scale, tell_left_out};
use crate::draw::theme::{self, Hatch};
use crate::draw::{Axis, Frame, Legend, Medium, Panel, Picture, Swatch};
use crate::figure_data::{DataColumn, FigureData};
use crate::units;

/// A chart of bars: a group for each category, in it a bar for each series.
#[derive(Debug, Clone, Default)]
pub struct BarChart {
    /// Heading.
    pub title: String,
    /// What the categories are.
    pub across: String,
    /// Their names.
    pub categories: Vec<String>,
    /// The vertical axis; it begins at zero unless it says otherwise or values are below.
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
    /// From where to where its error bar reaches.
    pub interval: Option<(f64, f64)>,
    /// What has been published about the same.
    pub published: Option<f64>,
}

impl BarChart {
    /// Draws it.
    pub fn draw(&self, medium: Medium) -> Picture {
        let bars = || self.series.iter().flat_map(|series| series.bars.iter().flatten());
        if !bars().any(|bar| self.y.takes(bar.value)) {
            return Picture::no_data(medium, &self.title, "there is no bar to draw");
        }
        let ends = |bar: &Bar| {
            let interval = bar.interval.unwrap_or((bar.value, bar.value));
            [bar.value, interval.0, interval.1, bar.published.unwrap_or(bar.value)]
        };
        // Bars stand on zero where the axis has one.
        let zero = (self.y.from.is_none() && !self.y.log).then_some(0.0);
        let y = self.y.axis(bars().flat_map(ends).chain(zero), 5.0);
        let floor = if y.range.0 <= 0.0 && y.range.1 >= 0.0 { 0.0 } else { y.range.0 };
        let x = Axis::categories(&self.across, self.categories.iter().map(String::as_str));
        let left = Panel::left_for(medium, [&y]);
        let legend = self.legend(medium);
        let top = medium.head(&legend);
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 190.0, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);
        let mut picture = Picture::new(medium, panel.end(), self.description());
        picture.head(&self.title, &legend);
        panel.grid(&mut picture);
        let width = 0.84 / self.series.len() as f64;
        for (index, series) in self.series.iter().enumerate() {
            for (category, bar) in series.bars.iter().enumerate() {
                let Some(bar) = bar.filter(|bar| self.y.takes(bar.value)) else { continue };
                let from = category as f64 + 0.08 + width * index as f64;
                let (start, end) = (panel.x(from), panel.x(from + width));
                let (a, b) = (panel.y(bar.value), panel.y(floor));
                let rim = (0.4_f64).min((end - start) / 8.0);
                picture.filled_box((start + rim, a.min(b)), (end - rim, a.max(b)), theme::series(index));
                bar.draw_marks((start, end), &mut picture, &panel);
            }
        }
        panel.axes(&mut picture);
        picture
    }

    /// A row for each bar.
    pub fn data(&self) -> FigureData {
        let (mut categories, mut labels) = (Vec::new(), Vec::new());
        let [mut values, mut low, mut high, mut published] = [const { Vec::new() }; 4];
        for (place, category) in self.categories.iter().enumerate() {
            for series in &self.series {
                let Some(Some(bar)) = series.bars.get(place) else { continue };
                categories.push(category.clone());
                labels.push(series.label.clone());
                values.push(Some(bar.value));
                low.push(bar.interval.map(|interval| interval.0));
                high.push(bar.interval.map(|interval| interval.1));
                published.push(bar.published);
            }
        }
        let value = self.y.column(values);
        let beside = |name: &str, values: Vec<Option<f64>>| {
            let known = values.iter().any(Option::is_some);
            known.then(|| DataColumn::numbers(format!("{} {name}", value.name), value.unit.clone(), values))
        };
        let more = [beside("low", low), beside("high", high), beside("published", published)];
        let across = if self.across.is_empty() { "category" } else { &self.across };
        let mut columns = vec![DataColumn::words(across, categories), DataColumn::words("series", labels), value];
        columns.extend(more.into_iter().flatten());
        FigureData::new(columns)
    }

    fn legend(&self, medium: Medium) -> Legend {
        let mut legend = Legend::wide(medium);
        for (index, series) in self.series.iter().enumerate() {
            let style = theme::series(index);
            legend
                .add(Swatch::Box(style.color, if medium.grayscale { style.hatch } else { Hatch::None }), &series.label);
        }
        if self.series.iter().flat_map(|series| series.bars.iter().flatten()).any(|bar| bar.published.is_some()) {
            legend.add(Swatch::Shape(3, theme::INK), &self.published);
        }
        let bars = self.series.iter().flat_map(|series| series.bars.iter().flatten());
        tell_left_out(&mut legend, bars.filter(|bar| !self.y.takes(bar.value)).count());
        legend
    }

    fn description(&self) -> String {
        let one = |series: &BarSeries| {
            let value = |bar: &Option<Bar>| bar.map_or_else(|| "none".to_owned(), |bar| units::short(bar.value));
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
        if let Some((low, high)) = self.interval.filter(|(low, high)| high > low) {
            picture.error_bar(middle, (panel.y(low), panel.y(high)), theme::INK);
        }
        if let Some(published) = self.published {
            picture.shape(3, (middle, panel.y(published)), theme::INK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> BarChart {
        let bar = |value| Bar { value, interval: Some((value - 0.5, value + 0.5)), ..Bar::default() };
        let bars = |values: [f64; 2]| values.map(|value| Some(bar(value))).to_vec();
        BarChart {
            title: "Unallocated".to_owned(),
            across: "list of pods".to_owned(),
            categories: vec!["a".to_owned(), "b".to_owned()],
            y: Scale::new("unallocated (% of GPUs)"),
            series: vec![
                BarSeries { label: "one".to_owned(), bars: bars([1.0, 2.0]) },
                BarSeries { label: "two".to_owned(), bars: vec![None, Some(bar(4.0))] },
            ],
            ..BarChart::default()
        }
    }

    #[test]
    fn every_bar_stands_in_its_category() {
        let described = chart().draw(Medium::SCREEN).description;
        assert!(described.contains("one 1, 2; two none, 4"), "{described}");
    }

    #[test]
    fn the_table_has_a_row_for_each_bar() {
        insta::assert_snapshot!(String::from_utf8(chart().data().csv()).unwrap(), @"
        list_of_pods,series,unallocated_percent_of_gpus,unallocated_low_percent_of_gpus,unallocated_high_percent_of_gpus
        a,one,1,0.5,1.5
        b,one,2,1.5,2.5
        b,two,4,3.5,4.5
        ");
    }
}
