//! OpenMetrics text, version 1.0: <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use super::histogram::Histogram;
use std::fmt::{Display, Write as _};

/// Labels of a sample: names, which need no escape, and values.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

/// A text under construction: one family of metrics after another.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
    /// The name of the family at hand.
    family: &'static str,
}

impl Exposition {
    /// Begins a family of counters. The samples get the suffix `_total`, which `name` lacks.
    pub(super) fn counter(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "counter", help)
    }

    /// Begins a family of gauges.
    pub(super) fn gauge(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "gauge", help)
    }

    /// Begins a family of histograms.
    pub(super) fn histogram(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "histogram", help)
    }

    /// Begins a family of summaries.
    pub(super) fn summary(&mut self, name: &'static str, help: &str) -> &mut Self {
        self.begin(name, "summary", help)
    }

    fn begin(&mut self, name: &'static str, kind: &str, help: &str) -> &mut Self {
        self.family = name;
        let _ = writeln!(self.text, "# TYPE {name} {kind}");
        // The unit is part of the name, and only then may it be told.
        if name.ends_with("_seconds") {
            let _ = writeln!(self.text, "# UNIT {name} seconds");
        }
        let _ = write!(self.text, "# HELP {name} ");
        self.escaped(help);
        self.text.push('\n');
        self
    }

    /// A counter's value.
    pub(super) fn total(&mut self, labels: Labels<'_>, value: u64) -> &mut Self {
        self.sample("_total", labels, None, value)
    }

    /// A gauge's value.
    pub(super) fn value(&mut self, labels: Labels<'_>, value: impl Display) -> &mut Self {
        self.sample("", labels, None, value)
    }

    /// A histogram's buckets, count and sum.
    pub(super) fn buckets(&mut self, labels: Labels<'_>, of: &Histogram) -> &mut Self {
        let mut below = 0;
        for (bound, count) in of.buckets() {
            below += count;
            // Bounds are floating point, and are written so.
            self.sample("_bucket", labels, Some(("le", &format!("{bound:?}"))), below);
        }
        self.sample("_bucket", labels, Some(("le", "+Inf")), of.count());
        self.sample("_sum", labels, None, of.sum());
        self.sample("_count", labels, None, of.count())
    }

    /// A summary's quantiles, from 0 to 1 in order, and its count.
    pub(super) fn quantiles(&mut self, labels: Labels<'_>, of: &[(f64, f64)], count: u64) -> &mut Self {
        for (quantile, value) in of {
            self.sample("", labels, Some(("quantile", &format!("{quantile:?}"))), value);
        }
        self.sample("_count", labels, None, count)
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.text.push_str("# EOF\n");
        self.text
    }

    fn sample(
        &mut self,
        suffix: &str,
        labels: Labels<'_>,
        last: Option<(&str, &str)>,
        value: impl Display,
    ) -> &mut Self {
        self.text.push_str(self.family);
        self.text.push_str(suffix);
        let mut separator = '{';
        for (name, value) in labels.iter().copied().chain(last) {
            self.text.push(separator);
            separator = ',';
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escaped(value);
            self.text.push('"');
        }
        if separator == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
        self
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\\' => self.text.push_str("\\\\"),
                '"' => self.text.push_str("\\\""),
                '\n' => self.text.push_str("\\n"),
                c => self.text.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_whole_and_the_text_has_an_end() {
        let mut histogram = Histogram::exponential(1.0, 2.0, 2);
        histogram.observe(1.5);
        histogram.observe(9.0);
        let mut text = Exposition::default();
        text.counter("scheduler_schedule_attempts", "Attempts.").total(&[("profile", "a\"b\\c\nd")], 3);
        text.histogram("x_duration_seconds", "A \"time\".").buckets(&[], &histogram);
        text.summary("y_seconds", "Times.").quantiles(&[], &[(0.5, 2.0), (1.0, 2.5)], 4);
        text.gauge("z", "Now.").value(&[], 1);
        insta::assert_snapshot!(text.finish(), @r#"
        # TYPE scheduler_schedule_attempts counter
        # HELP scheduler_schedule_attempts Attempts.
        scheduler_schedule_attempts_total{profile="a\"b\\c\nd"} 3
        # TYPE x_duration_seconds histogram
        # UNIT x_duration_seconds seconds
        # HELP x_duration_seconds A \"time\".
        x_duration_seconds_bucket{le="1.0"} 0
        x_duration_seconds_bucket{le="2.0"} 1
        x_duration_seconds_bucket{le="+Inf"} 2
        x_duration_seconds_sum 10.5
        x_duration_seconds_count 2
        # TYPE y_seconds summary
        # UNIT y_seconds seconds
        # HELP y_seconds Times.
        y_seconds{quantile="0.5"} 2
        y_seconds{quantile="1.0"} 2.5
        y_seconds_count 4
        # TYPE z gauge
        # HELP z Now.
        z 1
        # EOF
        "#);
    }
}
