//! The fields of a figure, as an experiment's file has them.

use crate::scenario::yaml::Mapping;
use serde::Deserialize;
use std::path::PathBuf;
use towtank_reports::charts::Scale;
use towtank_reports::charts::scatter::Better;
use towtank_reports::statistics::mean_interval;
use towtank_reports::stats::Moments;

/// A figure as the experiment's file has it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct FigureSpec {
    /// The name of its files.
    pub(super) name: String,
    /// Its heading.
    pub(super) title: String,
    /// Its kind; lines or bars, by what there is, if it is not said.
    kind: Option<String>,
    /// The curve that is drawn: over its places, or, with `at`, its value at one of them.
    pub(super) curve: Option<String>,
    /// The place on the curve.
    pub(super) at: Option<f64>,
    /// The number that is drawn, as `runs.csv` names it.
    pub(super) metric: Option<String>,
    /// The axis whose values stand side by side.
    pub(super) across: Option<String>,
    /// The axis whose values stand below each other; policies if it is not said.
    pub(super) down: Option<String>,
    /// The runs that are drawn: of these axes only those with this value, or one of these.
    #[serde(default)]
    pub(super) only: Mapping,
    /// Draws what is missing to this number, of what is simulated and of what is published.
    pub(super) complement_of: Option<f64>,
    /// What bands and error bars show.
    pub(super) interval: Option<Interval>,
    /// The horizontal axis.
    #[serde(default)]
    pub(super) x: ScaleSpec,
    /// The vertical axis.
    #[serde(default)]
    pub(super) y: ScaleSpec,
    /// A CSV of what has been published: columns `policy`, `value`, names of axes, `curve`, `at`. Without it, what `spec.published` has
    /// of the curve.
    pub(super) published: Option<PathBuf>,
    /// How far apart the published places of a line are that are marked; all of them if it is not said.
    pub(super) published_every: Option<f64>,
    /// What that is called in the legend.
    pub(super) published_label: Option<String>,
}

/// What is wrong with a figure.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    /// The field, by its path from the figure; empty of the figure as a whole.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) why: String,
    /// What might have been meant.
    pub(crate) help: Option<String>,
}

impl Wrong {
    /// The figure as a whole.
    pub(super) fn here(why: impl Into<String>) -> Self {
        Self::at("", why)
    }

    /// One of its fields.
    pub(super) fn at(field: impl Into<String>, why: impl Into<String>) -> Self {
        Self { field: field.into(), why: why.into(), help: None }
    }
}

/// An axis of a figure.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ScaleSpec {
    /// What is measured, with its unit; the name of the metric or curve if it is not said.
    #[serde(default)]
    pub(super) label: String,
    /// Where it begins; where the data begins if it is not said.
    pub(super) from: Option<f64>,
    /// Where it ends.
    pub(super) to: Option<f64>,
    /// Whether it is logarithmic.
    #[serde(default)]
    pub(super) log: bool,
    /// Of a trade-off, the number on this axis.
    pub(super) metric: Option<String>,
    /// Of a trade-off, which numbers are better.
    pub(super) better: Option<BetterSpec>,
}

/// Which numbers are better.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BetterSpec {
    /// The lower ones.
    Lower,
    /// The higher ones.
    Higher,
}

/// What a band or an error bar shows of several seeds.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Interval {
    /// The interval that holds the mean with a confidence of 95 %, by Student's t.
    #[default]
    Confidence,
    /// A standard deviation on both sides of the mean.
    Deviation,
    /// From the lowest to the highest.
    Range,
}

impl FigureSpec {
    /// The name of its kind.
    pub(super) fn kind_name(&self) -> &str {
        let usual = if self.across.is_some() { "bars" } else { "lines" };
        self.kind.as_deref().unwrap_or(usual)
    }

    /// The fields that it has, beyond those that every figure has.
    pub(super) fn fields(&self) -> Vec<&'static str> {
        let is_set = [
            ("curve", self.curve.is_some()),
            ("at", self.at.is_some()),
            ("metric", self.metric.is_some()),
            ("across", self.across.is_some()),
            ("down", self.down.is_some()),
            ("complementOf", self.complement_of.is_some()),
            ("interval", self.interval.is_some()),
            ("published", self.published.is_some()),
            ("publishedEvery", self.published_every.is_some()),
            ("publishedLabel", self.published_label.is_some()),
            ("x.metric", self.x.metric.is_some()),
            ("y.metric", self.y.metric.is_some()),
            ("x.better", self.x.better.is_some()),
            ("y.better", self.y.better.is_some()),
        ];
        is_set.into_iter().filter(|(_, set)| *set).map(|(field, _)| field).collect()
    }

    /// A field that a kind cannot do without.
    pub(super) fn required<'f, T: ?Sized>(&self, field: &str, value: Option<&'f T>) -> Result<&'f T, Wrong> {
        value.ok_or_else(|| Wrong::here(format!("{} need `{field}`", self.kind_name())))
    }

    /// The metrics that it names, each with its field.
    pub(super) fn metrics(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("metric", &self.metric), ("x.metric", &self.x.metric), ("y.metric", &self.y.metric)];
        all.into_iter().filter_map(|(field, metric)| Some((field, metric.as_deref()?)))
    }
}

impl ScaleSpec {
    /// The axis, which is called as what it shows if nothing else is said.
    pub(super) fn scale(&self, shows: &str) -> Scale {
        let label = if self.label.is_empty() { shows } else { &self.label };
        Scale { from: self.from, to: self.to, log: self.log, ..Scale::new(label) }
    }
}

impl From<BetterSpec> for Better {
    fn from(spec: BetterSpec) -> Self {
        match spec {
            BetterSpec::Lower => Self::Lower,
            BetterSpec::Higher => Self::Higher,
        }
    }
}

impl Interval {
    /// The mean of values and the interval around it, where there are several; `None` without values.
    pub(super) fn of(self, values: &[f64]) -> Option<(f64, Option<(f64, f64)>)> {
        let moments = Moments::of(values)?;
        let interval = match self {
            Self::Confidence => mean_interval(values, 0.95).map(|interval| (interval.low, interval.high)),
            Self::Deviation => {
                let deviation = moments.standard_deviation;
                Some((moments.mean - deviation, moments.mean + deviation))
            }
            Self::Range => Some((moments.min, moments.max)),
        };
        Some((moments.mean, interval.filter(|_| values.len() > 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_around_the_mean() {
        let values = [1.0, 2.0, 3.0];
        let interval = |interval: Interval| interval.of(&values).unwrap().1.unwrap();
        assert_eq!((interval(Interval::Deviation), interval(Interval::Range)), ((1.0, 3.0), (1.0, 3.0)));
        // t for two degrees of freedom is 4.303: 4.303 / √3 = 2.484.
        let (low, high) = interval(Interval::Confidence);
        assert!((low + 0.484).abs() < 1e-3 && (high - 4.484).abs() < 1e-3, "{low} {high}");
        assert_eq!(Interval::Confidence.of(&[7.0]), Some((7.0, None)));
        assert_eq!(Interval::Range.of(&[]), None);
    }
}
