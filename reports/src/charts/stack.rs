//! Areas above each other over time: how many are in which state.

use super::timeline::{Ink, TimeLine, TimePanel, Timeline};
use crate::draw::{Axis, Band, Color, Medium, Picture, theme};
use crate::figure_data::{DataColumn, FigureData};

/// A chart of stacked areas.
#[derive(Debug, Clone, Default)]
pub struct StackChart {
    /// Heading.
    pub(crate) title: String,
    /// Alternative text.
    pub(crate) description: String,
    /// From top to bottom.
    pub(crate) panels: Vec<StackPanel>,
    /// Outages to mark behind the data.
    pub(crate) outages: Vec<Band>,
    /// Seconds at the two ends of the time axis.
    pub(crate) range: (f64, f64),
    /// Height of each panel's plot.
    pub(crate) panel_height: f64,
}

/// One pair of axes.
#[derive(Debug, Clone, Default)]
pub struct StackPanel {
    /// Heading of the panel; may be empty.
    pub(crate) title: String,
    /// What is counted, such as `pods`.
    pub(crate) unit: String,
    /// When the values are those, in seconds, ascending.
    pub(crate) times: Vec<f64>,
    /// The layers, from the bottom up.
    pub(crate) layers: Vec<Layer>,
}

/// One area.
#[derive(Debug, Clone, Default)]
pub struct Layer {
    /// The state.
    pub(crate) label: String,
    /// Its place in [`LAYERS`].
    pub(crate) color: usize,
    /// How many, at each of the panel's times; each value holds until the next one.
    pub(crate) values: Vec<i64>,
}

/// Colours of layers: of the palette, and set apart in lightness from their neighbours, so that they differ in grayscale.
pub(crate) const LAYERS: [Color; 5] =
    [theme::PALETTE[0], theme::PALETTE[4], theme::PALETTE[1], theme::PALETTE[3], theme::PALETTE[2]];

impl StackChart {
    /// Draws it.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let timeline = Timeline {
            title: self.title.clone(),
            description: self.description.clone(),
            panels: self.panels.iter().map(StackPanel::timeline).collect(),
            outages: self.outages.clone(),
            range: self.range,
            panel_height: self.panel_height,
        };
        timeline.draw(medium)
    }

    /// A row for each time, with a column for each layer: its own count, and not the sum of those below.
    pub(crate) fn data(&self) -> FigureData {
        let times = self.panels.first().map_or(&[][..], |panel| &panel.times);
        let mut columns = vec![DataColumn::numbers("time", "s", times.iter().copied().map(Some).collect())];
        for panel in self.panels.iter().filter(|panel| panel.times == times) {
            for layer in &panel.layers {
                let values = layer.values.iter().map(|value| Some(*value as f64)).collect();
                columns.push(DataColumn::numbers(format!("{} {}", panel.unit, layer.label), "", values));
            }
        }
        FigureData::new(columns)
    }
}

impl StackPanel {
    /// The two ends of its vertical axis.
    pub(crate) fn range(&self) -> (f64, f64) {
        self.timeline().y.range
    }

    /// The same as lines, the highest first, each with its area down to the axis: those in front cover what is below them.
    fn timeline(&self) -> TimePanel {
        let mut sums = vec![0_i64; self.times.len()];
        let mut lines = Vec::new();
        for layer in &self.layers {
            for (sum, value) in sums.iter_mut().zip(&layer.values) {
                *sum = sum.saturating_add(*value);
            }
            let color = LAYERS[layer.color % LAYERS.len()];
            lines.push(TimeLine {
                label: layer.label.clone(),
                ink: Ink { color, dash: &[], shape: None, fill: Some(color), band: color },
                points: self.times.iter().zip(&sums).map(|(time, sum)| (*time, Some(*sum as f64))).collect(),
                ..TimeLine::default()
            });
        }
        lines.reverse();
        let most = sums.iter().copied().max().unwrap_or(0);
        TimePanel {
            title: self.title.clone(),
            remark: String::new(),
            unit: String::new(),
            y: Axis::linear(&self.unit, most as f64, 4.0, true),
            lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_each_layer_for_itself() {
        let layer =
            |label: &str, values: [i64; 2]| Layer { label: label.to_owned(), color: 0, values: values.to_vec() };
        let panel = StackPanel {
            title: String::new(),
            unit: "pods".to_owned(),
            times: vec![0.0, 60.0],
            layers: vec![layer("running", [3, 4]), layer("pending", [1, 0])],
        };
        let chart = StackChart { panels: vec![panel], range: (0.0, 60.0), ..StackChart::default() };
        insta::assert_snapshot!(String::from_utf8(chart.data().csv()).unwrap(), @"
        time_s,pods_running,pods_pending
        0,3,1
        60,4,0
        ");
        let tops: Vec<Option<f64>> = chart.panels[0].timeline().lines[0].points.iter().map(|point| point.1).collect();
        assert_eq!(tops, [Some(4.0), Some(4.0)]);
    }
}
