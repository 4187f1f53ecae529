//! How samples spread: boxes or violins in groups.

use super::distribution::{BoxNumbers, Distribution};
use super::scale::{Scale, contains};
use crate::draw::theme::{self, Hatch, Series};
use crate::draw::{Axis, Frame, Legend, Medium, Panel, Picture, Stroke, Swatch};
use crate::figure_data::{DataColumn, FigureData};
use crate::units;

/// At how many places the outline of a violin is.
const OUTLINE: usize = 96;
/// More outliers than this are told and not all drawn and written: only the furthest ones on each side.
const MOST_OUTLIERS: usize = 100;

/// A chart of boxes or violins: a group for each category, in it one for each series.
#[derive(Debug, Clone, Default)]
pub struct SpreadChart {
    /// Heading.
    pub title: String,
    /// What the categories are.
    pub across: String,
    /// Their names; a single one needs none.
    pub categories: Vec<String>,
    /// The vertical axis. On a logarithmic one distances are of logarithms, and what is not above zero is left out and counted.
    pub y: Scale,
    /// The series.
    pub series: Vec<SpreadSeries>,
    /// What is drawn of each distribution.
    pub shape: SpreadShape,
    /// What the samples are, in the plural, such as `seeds`.
    pub samples: String,
}

/// What is drawn of a distribution.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SpreadShape {
    /// Tukey's box plot: quartiles, whiskers, and what is beyond them.
    #[default]
    Box,
    /// The density on both sides, with the quartiles in it.
    ///
    /// Source: Hintze and Nelson, "Violin Plots: A Box Plot-Density Trace Synergism", 1998.
    Violin,
}

/// The distributions of one colour.
#[derive(Debug, Clone, Default)]
pub struct SpreadSeries {
    /// Its word in the legend.
    pub label: String,
    /// One for each category; an empty one where there is nothing.
    pub samples: Vec<Distribution>,
}

/// A distribution as it is drawn and written, in values of the axis.
struct Shown {
    numbers: BoxNumbers,
    /// Values and densities; empty of a box.
    outline: Vec<(f64, f64)>,
    /// Samples that a logarithmic axis has no place for.
    left_out: u64,
}

/// A distribution where it stands, for those who draw it elsewhere.
pub(crate) struct Body<'c> {
    /// Its series, by place and name, and its category.
    pub(crate) series: usize,
    pub(crate) label: &'c str,
    pub(crate) category: &'c str,
    /// Where its middle is, and how far it reaches to both sides; a category is as wide as 1.
    pub(crate) middle: f64,
    pub(crate) half: f64,
    pub(crate) numbers: BoxNumbers,
    /// Values, and how wide a violin is there as a share of `half`; empty of a box.
    pub(crate) outline: Vec<(f64, f64)>,
}

impl SpreadChart {
    /// Every distribution that there is, and the two ends of the vertical axis.
    pub(crate) fn bodies(&self) -> Option<(Vec<Body<'_>>, (f64, f64))> {
        let shown = self.all_shown();
        let up = self.y_axis(&shown)?.range;
        let width = self.width();
        let mut bodies = Vec::new();
        for (index, (series, categories)) in self.series.iter().zip(shown).enumerate() {
            for (category, one) in categories.into_iter().enumerate() {
                let Some(Shown { numbers, outline, .. }) = one else { continue };
                let most = outline.iter().map(|point| point.1).fold(0.0, f64::max);
                bodies.push(Body {
                    series: index,
                    label: &series.label,
                    category: self.categories.get(category).map_or("", String::as_str),
                    middle: category as f64 + 0.08 + width * (index as f64 + 0.5),
                    half: width * 0.42,
                    numbers,
                    outline: outline.into_iter().map(|(value, density)| (value, density / most)).collect(),
                });
            }
        }
        Some((bodies, up))
    }

    /// How wide the place of one distribution is.
    fn width(&self) -> f64 {
        0.84 / self.series.len() as f64
    }

    fn all_shown(&self) -> Vec<Vec<Option<Shown>>> {
        let of = |series: &SpreadSeries| series.samples.iter().map(|samples| self.shown(samples)).collect();
        self.series.iter().map(of).collect()
    }

    /// The vertical axis; `None` where there is nothing to show.
    fn y_axis(&self, shown: &[Vec<Option<Shown>>]) -> Option<Axis> {
        let all = || shown.iter().flatten().flatten();
        let ends = |one: &Shown| {
            let numbers = &one.numbers;
            let outliers = [numbers.outliers.first(), numbers.outliers.last()].into_iter().flatten().copied();
            let outline = [one.outline.first(), one.outline.last()].into_iter().flatten().map(|point| point.0);
            [numbers.whiskers.0, numbers.whiskers.1].into_iter().chain(outliers).chain(outline).collect::<Vec<f64>>()
        };
        all().next()?;
        Some(self.y.axis_with_room(all().flat_map(ends), 5.0))
    }

    /// Draws it.
    pub(crate) fn draw(&self, medium: Medium) -> Picture {
        let shown = self.all_shown();
        let Some(y) = self.y_axis(&shown) else {
            return Picture::no_data(medium, &self.title, "there is no sample to draw");
        };
        let up = y.range;
        let x = Axis::categories(&self.across, self.categories.iter().map(String::as_str));
        let left = Panel::left_for(medium, [&y]);
        let legend = self.legend(medium, &shown);
        let top = medium.head(&legend);
        let frame = Frame { title: String::new(), remark: String::new(), top, left, height: 200.0, x_labels: true };
        let panel = Panel::new(medium, frame, x, y);
        let mut picture = Picture::new(medium, panel.end(), self.description(&shown));
        picture.head(&self.title, &legend);
        panel.grid(&mut picture);
        panel.axes(&mut picture);
        let width = self.width();
        for (index, categories) in shown.iter().enumerate() {
            for (category, one) in categories.iter().enumerate() {
                let Some(one) = one else { continue };
                let from = category as f64 + 0.08 + width * index as f64;
                let (start, end) = (panel.x(from), panel.x(from + width));
                // One alone is not as wide as the page.
                let half = ((end - start) * 0.42).min(36.0);
                let place = Place { middle: f64::midpoint(start, end), half, up, panel: &panel };
                match self.shape {
                    SpreadShape::Box => one.draw_box(theme::series(index), &mut picture, &place),
                    SpreadShape::Violin => one.draw_violin(theme::series(index), &mut picture, &place),
                }
            }
        }
        picture
    }

    /// A row for each part of each distribution: what a box shows, and the outline of a violin with its density.
    pub(crate) fn data(&self) -> FigureData {
        let [mut categories, mut labels, mut parts] = [const { Vec::new() }; 3];
        let [mut samples, mut values, mut densities] = [const { Vec::new() }; 3];
        for (place, category) in self.categories.iter().enumerate() {
            for series in &self.series {
                let Some(one) = series.samples.get(place).and_then(|samples| self.shown(samples)) else { continue };
                let numbers = &one.numbers;
                let [q1, median, q3] = numbers.quartiles;
                let rows = [
                    ("whisker low", numbers.whiskers.0),
                    ("quartile 1", q1),
                    ("median", median),
                    ("quartile 3", q3),
                    ("whisker high", numbers.whiskers.1),
                    ("mean", numbers.mean),
                ];
                let rows = rows.into_iter().map(|(part, value)| (part, value, None));
                let outliers = numbers.outliers.iter().filter(|_| self.shape == SpreadShape::Box);
                let outliers = outliers.map(|value| ("outlier", *value, None));
                let outline = one.outline.iter().map(|&(value, density)| ("outline", value, Some(density)));
                for (part, value, density) in rows.chain(outliers).chain(outline) {
                    categories.push(category.clone());
                    labels.push(series.label.clone());
                    parts.push(part.to_owned());
                    samples.push(Some(numbers.samples as f64));
                    values.push(Some(value));
                    densities.push(density);
                }
            }
        }
        let across = if self.across.is_empty() { "category" } else { &self.across };
        let mut columns = Vec::new();
        if self.categories.len() > 1 {
            columns.push(DataColumn::words(across, categories));
        }
        columns.extend([
            DataColumn::words("series", labels),
            DataColumn::numbers(self.samples.clone(), "", samples),
            DataColumn::words("part", parts),
            self.y.column(values),
        ]);
        if self.shape == SpreadShape::Violin {
            columns.push(DataColumn::numbers("density", if self.y.log { "per e-fold" } else { "" }, densities));
        }
        FigureData::new(columns)
    }

    /// What is shown of samples; `None` where there are none that the axis has a place for.
    fn shown(&self, samples: &Distribution) -> Option<Shown> {
        let placed = if self.y.log { samples.logarithms() } else { samples.clone() };
        let value = |place: f64| if self.y.log { libm::exp(place) } else { place };
        let mut numbers = placed.box_numbers()?;
        if numbers.outliers.len() > MOST_OUTLIERS {
            let low = numbers.outliers.partition_point(|outlier| *outlier < numbers.quartiles[0]);
            let high = numbers.outliers.split_off(low);
            numbers.outliers.truncate(MOST_OUTLIERS / 2);
            numbers.outliers.extend(&high[high.len().saturating_sub(MOST_OUTLIERS / 2)..]);
        }
        numbers.quartiles = numbers.quartiles.map(value);
        numbers.whiskers = (value(numbers.whiskers.0), value(numbers.whiskers.1));
        numbers.outliers.iter_mut().for_each(|outlier| *outlier = value(*outlier));
        numbers.mean = samples.mean();
        let left_out = samples.len() - numbers.samples;
        let outline = match self.shape {
            SpreadShape::Box => Vec::new(),
            SpreadShape::Violin => {
                placed.density(OUTLINE).into_iter().map(|(at, density)| (value(at), density)).collect()
            }
        };
        Some(Shown { numbers, outline, left_out })
    }

    fn legend(&self, medium: Medium, shown: &[Vec<Option<Shown>>]) -> Legend {
        let mut legend = Legend::wide(medium);
        for (index, (series, shown)) in self.series.iter().zip(shown).enumerate() {
            let left_out: u64 = shown.iter().flatten().map(|one| one.left_out).sum();
            let all: u64 = series.samples.iter().map(Distribution::len).sum();
            let label = match left_out {
                0 => series.label.clone(),
                some => format!("{} ({} at zero)", series.label, units::percent(some as f64 / all as f64)),
            };
            let style = theme::series(index);
            let swatch = match self.shape {
                SpreadShape::Box => Swatch::Box(style.color, if medium.grayscale { style.hatch } else { Hatch::None }),
                SpreadShape::Violin => Swatch::Shape(style.shape, style.color),
            };
            legend.add(swatch, &label);
        }
        legend
    }

    fn description(&self, shown: &[Vec<Option<Shown>>]) -> String {
        let written = |value: f64| if self.y.durations { units::duration(value) } else { units::short(value) };
        let one = |(series, shown): (&SpreadSeries, &Vec<Option<Shown>>)| {
            let medians = shown.iter().map(|one| match one {
                Some(Shown { numbers: BoxNumbers { quartiles: [low, median, high], .. }, .. }) => {
                    format!("{} ({} to {})", written(*median), written(*low), written(*high))
                }
                None => "none".to_owned(),
            });
            format!("{} {}", series.label, medians.collect::<Vec<_>>().join(", "))
        };
        let all: Vec<String> = self.series.iter().zip(shown).map(one).collect();
        format!("{}: medians with the quartiles of {}. {}.", self.title, self.y.label, all.join("; "))
    }
}

/// Where a distribution stands.
struct Place<'p> {
    middle: f64,
    half: f64,
    up: (f64, f64),
    panel: &'p Panel,
}

impl Place<'_> {
    fn y(&self, value: f64) -> f64 {
        self.panel.y(value.clamp(self.up.0, self.up.1))
    }
}

impl Shown {
    fn draw_box(&self, series: Series, picture: &mut Picture, place: &Place<'_>) {
        let BoxNumbers { quartiles: [low, median, high], whiskers, outliers, .. } = &self.numbers;
        let Place { middle, half, .. } = *place;
        let ink = Stroke::solid(theme::INK, 1.0);
        for (whisker, end) in [(whiskers.0, *low), (whiskers.1, *high)] {
            let y = place.y(whisker);
            picture.line(vec![(middle, y), (middle, place.y(end))], ink);
            picture.line(vec![(middle - half * 0.5, y), (middle + half * 0.5, y)], ink);
        }
        let (top, bottom) = (place.y(*high), place.y(*low));
        let (left, right) = (middle - half, middle + half);
        picture.filled_box((left, top), (right, bottom), series);
        picture.line(vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], ink);
        let median = place.y(*median);
        picture.line(vec![(left, median), (right, median)], Stroke::solid(theme::INK, 2.0));
        for outlier in outliers.iter().filter(|outlier| contains(place.up, **outlier)) {
            picture.hollow_shape(series.shape, (middle, place.y(*outlier)), series.color);
        }
    }

    fn draw_violin(&self, series: Series, picture: &mut Picture, place: &Place<'_>) {
        let BoxNumbers { quartiles: [low, median, high], .. } = &self.numbers;
        let Place { middle, half, .. } = *place;
        let most = self.outline.iter().map(|point| point.1).fold(0.0, f64::max);
        if most > 0.0 {
            let side = |sign: f64| {
                let at = move |&(value, density): &(f64, f64)| (middle + sign * half * density / most, place.y(value));
                self.outline.iter().map(at)
            };
            picture.area(side(1.0).chain(side(-1.0).rev()).collect(), series.fill);
            let stroke = Stroke { dash: &[], ..series.stroke(picture.medium) };
            let outline: Vec<(f64, f64)> = side(1.0).chain(side(-1.0).rev()).chain(side(1.0).take(1)).collect();
            picture.line(outline, stroke);
        } else {
            // All samples are equal: a stroke where they are.
            let y = place.y(*median);
            picture.line(vec![(middle - half, y), (middle + half, y)], Stroke::solid(series.color, 2.0));
        }
        let bar = (half * 0.4).min(2.0);
        picture.rect((middle - bar, place.y(*high)), (middle + bar, place.y(*low)), series.color);
        let y = place.y(*median);
        if half >= 6.0 {
            picture.shape(series.shape, (middle, y), series.color);
        } else {
            picture.line(vec![(middle - half, y), (middle + half, y)], Stroke::solid(theme::INK, 1.4));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(shape: SpreadShape, log: bool) -> SpreadChart {
        let series = |label: &str, numbers: &[f64]| SpreadSeries {
            label: label.to_owned(),
            samples: vec![Distribution::of_numbers(numbers.iter().copied())],
        };
        SpreadChart {
            title: "Waits".to_owned(),
            categories: vec![String::new()],
            y: Scale { durations: true, log, ..Scale::new("wait") },
            series: vec![series("a", &[1.0, 2.0, 3.0, 4.0, 90.0]), series("b", &[0.0, 5.0]), series("none", &[])],
            shape,
            samples: "pods".to_owned(),
            ..SpreadChart::default()
        }
    }

    #[test]
    fn the_table_has_the_parts_of_each_box() {
        insta::assert_snapshot!(String::from_utf8(chart(SpreadShape::Box, false).data().csv()).unwrap(), @"
        series,pods,part,wait_s
        a,5,whisker low,1
        a,5,quartile 1,2
        a,5,median,3
        a,5,quartile 3,4
        a,5,whisker high,4
        a,5,mean,20
        a,5,outlier,90
        b,2,whisker low,0
        b,2,quartile 1,0
        b,2,median,0
        b,2,quartile 3,5
        b,2,whisker high,5
        b,2,mean,2.5
        ");
    }

    #[test]
    fn the_table_of_a_violin_has_its_outline() {
        let text = String::from_utf8(chart(SpreadShape::Violin, true).data().csv()).unwrap();
        assert!(text.starts_with("series,pods,part,wait_s,density_per_e_fold\na,5,whisker low,1,\n"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("a,5,outline,")).count(), OUTLINE);
        // Of zero and five, a logarithmic axis has a place for one.
        assert!(text.contains("b,1,median,5,") && !text.contains("b,1,outline"), "{text}");
        let described = chart(SpreadShape::Violin, true).draw(Medium::SCREEN).description;
        assert!(described.contains("a 3 s (2 s to 4 s); b 5 s (5 s to 5 s); none none"), "{described}");
    }
}
