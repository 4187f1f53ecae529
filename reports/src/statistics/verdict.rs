//! What a comparison comes to, as a sentence.

use super::{Interval, PairedComparison};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// How the number that is compared is spoken of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What the policy does with it: `uses`, `preempts`. Empty for a number that is high or low.
    pub verb: String,
    /// What it is called: `nodes`, `median scheduling latency`.
    pub noun: String,
    /// Whether it is counted: fewer nodes, but less energy.
    pub is_counted: bool,
}

/// In what its differences are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// In percent of the baseline's mean, or in its unit where that mean is not clearly above 0.
    Relative,
    /// It is a fraction of something: in percentage points.
    Points,
}

/// A comparison of one number, with everything that its sentence needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What is compared, such as a policy.
    pub subject: String,
    /// With what.
    pub baseline: String,
    /// The number's name in `summary.json`.
    pub metric: String,
    /// How it is spoken of.
    pub words: Words,
    /// In what differences are told.
    pub scale: Scale,
    /// The number's unit: `s`, `W`; may be empty.
    pub unit: String,
    /// The difference that matters, as a fraction: 0.01 for 1 % of the baseline's mean, or for one percentage point.
    pub resolve: f64,
    /// How many seeds there are; some may lack the number.
    pub seeds: usize,
    /// What the pairs say.
    pub compared: PairedComparison,
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Nothing of other seeds: there is one pair.
    OnePair,
    /// The difference is the same with every seed.
    Constant,
    /// There is a difference: 0 is not in its interval.
    Different,
    /// What difference there may be is smaller than the one that matters: the whole interval is.
    Alike,
    /// Not enough. So many seeds would resolve the difference that matters, if that is more than there are.
    Open(Option<u64>),
}

/// A difference in the unit in which it is told.
struct Told {
    value: f64,
    interval: Option<Interval>,
    /// What follows the number, with the blank before it.
    unit: String,
}

impl Verdict {
    /// The names of [`Verdict::numbers`].
    pub const NUMBERS: [&'static str; 16] = [
        "pairs",
        "baseline_mean",
        "mean",
        "difference",
        "standard_deviation",
        "low",
        "high",
        "bootstrap_low",
        "bootstrap_high",
        "relative",
        "relative_low",
        "relative_high",
        "cohen_d_z",
        "hedges_g",
        "correlation",
        "seeds_needed",
    ];

    /// The numbers behind the sentence, to seven digits: further ones would differ from one mathematical library to the next.
    pub fn numbers(&self) -> [Option<f64>; Self::NUMBERS.len()] {
        let compared = &self.compared;
        let ends = |interval: Option<Interval>| [interval.map(|ends| ends.low), interval.map(|ends| ends.high)];
        let [low, high] = ends(compared.interval);
        let [bootstrap_low, bootstrap_high] = ends(compared.bootstrap);
        let [relative_low, relative_high] = ends(compared.relative_interval);
        [
            Some(compared.pairs as f64),
            Some(compared.baseline_mean),
            Some(compared.other_mean),
            Some(compared.difference),
            Some(compared.standard_deviation),
            low,
            high,
            bootstrap_low,
            bootstrap_high,
            compared.relative,
            relative_low,
            relative_high,
            compared.d_z,
            compared.hedges_g,
            compared.correlation,
            self.seeds_needed().map(|seeds| seeds as f64),
        ]
        .map(|number| number.map(seven_digits))
    }

    /// What can be said.
    pub fn finding(&self) -> Finding {
        let compared = &self.compared;
        let Some(interval) = compared.interval else { return Finding::OnePair };
        if compared.is_constant() {
            return Finding::Constant;
        }
        if !interval.contains(0.0) {
            return Finding::Different;
        }
        let told = self.told();
        let matters = self.matters();
        let within = |interval: Interval| interval.low > -self.resolve && interval.high < self.resolve;
        let alike = match self.scale {
            Scale::Relative => compared.relative_interval.is_some_and(within),
            Scale::Points => within(interval),
        };
        if told.interval.is_some() && alike {
            return Finding::Alike;
        }
        let needed = matters.and_then(|difference| compared.pairs_needed(difference));
        Finding::Open(needed.filter(|needed| *needed > compared.pairs as u64))
    }

    /// The number of seeds that would resolve the difference that matters; see [`PairedComparison::pairs_needed`].
    pub fn seeds_needed(&self) -> Option<u64> {
        self.matters().and_then(|difference| self.compared.pairs_needed(difference))
    }

    /// The sentence, without a stop at its end.
    pub fn sentence(&self) -> String {
        let Self { subject, baseline, compared, words: Words { verb, noun, .. }, .. } = self;
        let article = if verb.is_empty() { "the " } else { "" };
        let told = self.told();
        let seeds = self.seeds_in_words();
        let confidence = format!("{} % CI", plain(compared.confidence * 100.0));
        let resolve = match self.scale {
            Scale::Relative => format!("{} %", plain(self.resolve * 100.0)),
            Scale::Points => match plain(self.resolve * 100.0) {
                one if one == "1" => "1 percentage point".to_owned(),
                more => format!("{more} percentage points"),
            },
        };
        match self.finding() {
            Finding::OnePair if told.value == 0.0 => {
                format!("{noun}: the same with {subject} as with {baseline}, with one seed")
            }
            Finding::OnePair => {
                format!("{} with one seed: whether that is chance, only more of them can tell", self.differs(&told))
            }
            Finding::Constant if told.value == 0.0 => {
                format!("{noun}: the same with {subject} as with {baseline}, with each of {seeds}")
            }
            Finding::Constant => format!("{} (by the same amount with each of {seeds})", self.differs(&told)),
            Finding::Different => {
                let ends = told.interval.map_or_else(String::new, |interval| {
                    let ends = interval.scaled(told.value.signum());
                    // An end that is not 0 shall not look like it.
                    let shows = |digits: &usize| ends.low.abs() * 10_f64.powi(*digits as i32) >= 0.5;
                    let digits = (decimals(interval)..6).find(shows).unwrap_or(6);
                    format!("{confidence} {:.digits$} to {:.digits$}, ", positive(ends.low), positive(ends.high))
                });
                format!("{} ({ends}{seeds})", self.differs(&told))
            }
            Finding::Alike => {
                format!(
                    "{subject} and {baseline} differ by less than {resolve} in {article}{noun} ({}{seeds})",
                    ends(&told, &confidence)
                )
            }
            Finding::Open(needed) => {
                let more = needed.map_or_else(String::new, |needed| {
                    format!("; about {} seeds would resolve {resolve}", crate::units::count(rounded_up(needed)))
                });
                let digits = told.interval.map_or(1, decimals);
                format!(
                    "no difference in {article}{noun} between {subject} and {baseline} that {seeds} can tell ({:.digits$}{}, {}){more}",
                    positive(told.value),
                    told.unit,
                    ends(&told, &confidence).trim_end_matches(", "),
                )
            }
        }
    }

    /// `best-fit uses 4.1 % fewer nodes than default`.
    fn differs(&self, told: &Told) -> String {
        let Self { subject, baseline, words: Words { verb, noun, is_counted }, .. } = self;
        let by_eye = usize::from(told.value.fract() != 0.0);
        let digits = told.interval.filter(|_| !self.compared.is_constant()).map_or(by_eye, decimals);
        let amount = format!("{:.digits$}{}", told.value.abs(), told.unit);
        let less = told.value < 0.0;
        if verb.is_empty() {
            let how = if less { "lower" } else { "higher" };
            return format!("with {subject} the {noun} is {amount} {how} than with {baseline}");
        }
        let how = match (less, is_counted) {
            (false, _) => "more",
            (true, true) => "fewer",
            (true, false) => "less",
        };
        format!("{subject} {verb} {amount} {how} {noun} than {baseline}")
    }

    fn told(&self) -> Told {
        let compared = &self.compared;
        match (self.scale, compared.relative, compared.relative_interval) {
            (Scale::Points, ..) => {
                let interval = compared.interval.map(|interval| interval.scaled(100.0));
                Told { value: compared.difference * 100.0, interval, unit: " percentage points".to_owned() }
            }
            (Scale::Relative, Some(relative), interval) if interval.is_some() || compared.pairs == 1 => {
                let interval = interval.map(|interval| interval.scaled(100.0));
                Told { value: relative * 100.0, interval, unit: " %".to_owned() }
            }
            _ => {
                let is_said = self.unit.is_empty() || !self.words.verb.is_empty();
                let unit = if is_said { String::new() } else { format!(" {}", self.unit) };
                Told { value: compared.difference, interval: compared.interval, unit }
            }
        }
    }

    /// The difference that matters, in the number's unit.
    fn matters(&self) -> Option<f64> {
        match self.scale {
            Scale::Points => Some(self.resolve),
            Scale::Relative => Some(self.compared.baseline_mean * self.resolve).filter(|difference| *difference > 0.0),
        }
    }

    fn seeds_in_words(&self) -> String {
        let (pairs, seeds) = (self.compared.pairs, self.seeds);
        if pairs == seeds { format!("{pairs} seeds") } else { format!("{pairs} of {seeds} seeds") }
    }
}

impl Serialize for Verdict {
    /// What is compared, the sentence, and the numbers by name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in [("subject", &self.subject), ("baseline", &self.baseline), ("metric", &self.metric)] {
            map.serialize_entry(name, text)?;
        }
        map.serialize_entry("sentence", &self.sentence())?;
        for (name, number) in Self::NUMBERS.iter().zip(self.numbers()) {
            map.serialize_entry(name, &number)?;
        }
        map.end()
    }
}

/// `95 % CI -0.3 to 0.2, `.
fn ends(told: &Told, confidence: &str) -> String {
    told.interval.map_or_else(String::new, |interval| {
        let digits = decimals(interval);
        format!("{confidence} {:.digits$} to {:.digits$}, ", positive(interval.low), positive(interval.high))
    })
}

/// So many decimals that the interval's half-width is at least three units of the last one.
fn decimals(interval: Interval) -> usize {
    let half = interval.half_width();
    if half <= 0.0 { 1 } else { (3.0 / half).log10().ceil().clamp(0.0, 6.0) as usize }
}

fn seven_digits(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(number) + 0.0
}

/// A negative zero as a plain one. What rounds to it is left as it is.
fn positive(value: f64) -> f64 {
    value + 0.0
}

/// The first two digits of a number, upwards: it is an estimate.
fn rounded_up(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number.div_ceil(unit) * unit
}

/// `95`, `99.9`.
fn plain(number: f64) -> String {
    let text = format!("{number:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Pair;

    fn verdict(pairs: &[(f64, f64)], scale: Scale, verb: &str, noun: &str) -> Verdict {
        let pairs: Vec<Pair> = pairs.iter().map(|&(baseline, other)| Pair { baseline, other }).collect();
        Verdict {
            subject: "best-fit".to_owned(),
            baseline: "default".to_owned(),
            metric: "nodes".to_owned(),
            words: Words { verb: verb.to_owned(), noun: noun.to_owned(), is_counted: true },
            scale,
            unit: "s".to_owned(),
            resolve: 0.01,
            seeds: pairs.len(),
            compared: PairedComparison::new(&pairs, 0.95).unwrap(),
        }
    }

    fn said(pairs: &[(f64, f64)], scale: Scale, verb: &str, noun: &str) -> String {
        verdict(pairs, scale, verb, noun).sentence()
    }

    #[test]
    fn sentences() {
        let fewer = [(100.0, 96.0), (110.0, 105.0), (90.0, 86.5), (105.0, 100.0), (98.0, 94.5)];
        let points = fewer.map(|(a, b)| (a / 200.0, b / 200.0));
        // The baseline's mean is not clearly above 0: in units.
        let zeros = [(0.0, 10.0), (0.0, 12.0), (0.5, 14.0), (0.0, 11.0)];
        let open = [(100.0, 103.0), (110.0, 105.0), (90.0, 94.0), (105.0, 100.0), (98.0, 97.0)];
        let alike = [(100.0, 100.1), (110.0, 109.9), (90.0, 90.2), (105.0, 104.8), (98.0, 98.1)];
        let all = [
            said(&fewer, Scale::Relative, "uses", "nodes"),
            said(&fewer, Scale::Relative, "", "longest wait"),
            said(&points, Scale::Points, "", "mean allocation of cpu"),
            said(&zeros, Scale::Relative, "", "longest wait"),
            said(&open, Scale::Relative, "uses", "nodes"),
            said(&alike, Scale::Relative, "uses", "nodes"),
            said(&[(4.0, 3.0), (6.0, 5.0)], Scale::Relative, "uses", "nodes"),
            said(&[(4.0, 4.0), (6.0, 6.0)], Scale::Relative, "uses", "nodes"),
            said(&[(4.0, 3.0)], Scale::Relative, "uses", "nodes"),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        best-fit uses 4.2 % fewer nodes than default (95 % CI 3.5 to 4.8, 5 seeds)
        with best-fit the longest wait is 4.2 % lower than with default (95 % CI 3.5 to 4.8, 5 seeds)
        with best-fit the mean allocation of cpu is 2.1 percentage points lower than with default (95 % CI 1.6 to 2.6, 5 seeds)
        with best-fit the longest wait is 11.6 s higher than with default (95 % CI 9.2 to 14.0, 4 seeds)
        no difference in nodes between best-fit and default that 5 seeds can tell (-1 %, 95 % CI -6 to 5); about 150 seeds would resolve 1 %
        best-fit and default differ by less than 1 % in nodes (95 % CI -0.17 to 0.24, 5 seeds)
        best-fit uses 1 fewer nodes than default (by the same amount with each of 2 seeds)
        nodes: the same with best-fit as with default, with each of 2 seeds
        best-fit uses 25 % fewer nodes than default with one seed: whether that is chance, only more of them can tell
        ");
    }

    #[test]
    fn a_difference_in_percent_is_one_in_units() {
        let fewer = [(100.0, 96.0), (110.0, 105.0), (90.0, 86.5), (105.0, 100.0), (98.0, 94.5)];
        let verdict = verdict(&fewer, Scale::Relative, "uses", "nodes");
        assert_eq!(verdict.finding(), Finding::Different);
        assert!(!verdict.compared.interval.unwrap().contains(0.0));
        assert!(!verdict.compared.relative_interval.unwrap().contains(0.0));
    }

    #[test]
    fn decimals_follow_the_width() {
        let digits = [12.0, 1.0, 0.9, 0.05, 0.0].map(|half| decimals(Interval { low: -half, high: half }));
        assert_eq!(digits, [0, 1, 1, 2, 1]);
        assert_eq!([1, 99, 101, 1234].map(rounded_up), [1, 99, 110, 1300]);
    }
}
