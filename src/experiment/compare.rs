//! Which runs of an experiment are compared with which, and what comes of it.

use super::Experiment;
use super::plan::scalar;
use super::row::Row;
use super::schema::ExperimentSpec;
use crate::diagnostic::{self, Diagnostic};
use crate::scenario::yaml::Value;
use serde::{Deserialize, Deserializer, de};
use serde_json::Map;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use towtank_reports::metrics::{self, FAMILIES, Metric};
use towtank_reports::page::Verdicts;
use towtank_reports::statistics::{Pair, PairedComparison, Verdict};

/// What is compared, as the experiment's file has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CompareSpec {
    /// `policy`, or the name of an axis: what differs between the two sides.
    across: Option<String>,
    /// With which of them all others are compared; the first if it is not said.
    baseline: Option<Value>,
    /// The metrics, by their names in `runs.csv`.
    metrics: Option<Vec<String>>,
    /// The difference that matters.
    resolve: Option<Percent>,
    /// How sure the intervals are.
    confidence: Option<Percent>,
}

/// A fraction, written as `1 %`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Percent(f64);

/// What is compared with what, and how.
#[derive(Clone, Debug)]
pub struct Comparisons {
    /// What differs between the two sides.
    across: Across,
    /// With which of them all others are compared, by its label.
    baseline: String,
    terms: Terms,
}

/// On which terms two sides are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The metrics by name; empty for those that are compared where nobody says what to compare.
    pub metrics: Vec<String>,
    /// The difference that matters, as a fraction.
    pub resolve: f64,
    /// The confidence of intervals, as a fraction.
    pub confidence: f64,
}

impl Default for Terms {
    fn default() -> Self {
        Self { metrics: Vec::new(), resolve: 0.01, confidence: 0.95 }
    }
}

/// One run, for a comparison.
#[derive(Clone, Copy, Debug)]
pub struct Side<'r> {
    /// What it is a run of, such as the policy.
    pub label: &'r str,
    /// Its seed: runs of one seed make a pair.
    pub seed: Option<u64>,
    /// Its numbers by name.
    pub numbers: &'r Map<String, serde_json::Value>,
}

/// The verdicts about runs that have everything else in common.
#[derive(Clone, Debug)]
pub struct ComparedGroup {
    /// What they have in common: labels of axes, by the place of the axis, and the policy. Empty where they differ in it.
    pub axes: Vec<String>,
    /// The policy; empty where they differ in it, and of the scenario's own.
    pub policy: String,
    /// What is said of them.
    pub verdicts: Vec<Verdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Across {
    Policy,
    Axis(usize),
}

impl Comparisons {
    /// What an experiment compares. Without a word of it in the file, several policies under several seeds are compared with the first
    /// policy; `None` where there is nothing to compare.
    ///
    /// # Errors
    /// The file asks for what is not there.
    pub(super) fn read(experiment: &Experiment, spec: &ExperimentSpec) -> Result<Option<Self>, Diagnostic> {
        let asked = spec.compare.clone().unwrap_or_default();
        let fail = |field: &str, why: &str| experiment.error(&format!("spec.compare{field}"), why);
        let across = match asked.across.as_deref() {
            None | Some("policy") => Across::Policy,
            Some(name) => {
                let place = experiment.axes.iter().position(|axis| axis == name);
                let all = ["policy"].into_iter().chain(experiment.axes.iter().map(String::as_str)).collect::<Vec<_>>();
                let why = || format!("`{name}` is no axis: expected one of {}", all.join(", "));
                Across::Axis(place.ok_or_else(|| fail(".across", &why()))?)
            }
        };
        let mut labels: Vec<&str> = Vec::new();
        for run in &experiment.runs {
            let label = across.label(&run.key.axes, &run.key.policy);
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let several_seeds = experiment.runs.iter().any(|run| run.key.seed != experiment.runs[0].key.seed);
        if spec.compare.is_none() && !(several_seeds && labels.len() > 1) {
            return Ok(None);
        }
        if labels.len() < 2 {
            return Err(fail("", "there is nothing to compare: expected at least two policies, or `across` an axis"));
        }
        let baseline = match &asked.baseline {
            None => labels[0].to_owned(),
            Some(value) => {
                let label = scalar(value).unwrap_or_default();
                if !labels.contains(&label.as_str()) {
                    let why = format!("`{label}` is not among the runs: expected one of {}", labels.join(", "));
                    return Err(fail(".baseline", &why));
                }
                label
            }
        };
        let terms = Terms::default();
        let metrics = asked.metrics.unwrap_or_default();
        for (i, metric) in metrics.iter().enumerate() {
            if !is_known(metric) {
                let error =
                    fail(&format!(".metrics[{i}]"), &format!("`{metric}` is no metric: `towtank metrics` lists them"));
                let all = FAMILIES.iter().flat_map(|family| family.metrics).map(|metric| metric.name);
                let hint = diagnostic::did_you_mean(metric, all);
                return Err(hint.map_or(error.clone(), |hint| error.help(hint)));
            }
        }
        let resolve = asked.resolve.map_or(terms.resolve, |percent| percent.0);
        let confidence = asked.confidence.map_or(terms.confidence, |percent| percent.0);
        if resolve <= 0.0 {
            return Err(fail(".resolve", "expected more than 0 %"));
        }
        if !(0.5..1.0).contains(&confidence) {
            return Err(fail(".confidence", "expected a percentage from 50 % to below 100 %"));
        }
        Ok(Some(Self { across, baseline, terms: Terms { metrics, resolve, confidence } }))
    }

    /// Whether the experiment's file says which metrics it wants to hear of.
    pub fn are_asked_for(&self) -> bool {
        !self.terms.metrics.is_empty()
    }

    /// Compares the runs of each group that have everything else in common, in the order of the plan.
    pub fn compare(&self, experiment: &Experiment, rows: &[Row]) -> Vec<ComparedGroup> {
        let mut groups: Vec<(ComparedGroup, Vec<Side<'_>>)> = Vec::new();
        let mut places: BTreeMap<(Vec<String>, String), usize> = BTreeMap::new();
        for row in rows {
            let common = self.across.common(&row.key.axes, &row.key.policy);
            let place = *places.entry(common.clone()).or_insert_with(|| {
                let (axes, policy) = common;
                groups.push((ComparedGroup { axes, policy, verdicts: Vec::new() }, Vec::new()));
                groups.len() - 1
            });
            let label = self.across.label(&row.key.axes, &row.key.policy);
            groups[place].1.push(Side { label, seed: row.key.seed, numbers: &row.numbers });
        }
        let named = |label: &str| match self.across {
            Across::Policy => label.to_owned(),
            Across::Axis(place) => format!("{} {label}", experiment.axes[place]),
        };
        let compared = groups.into_iter().map(|(mut group, sides)| {
            group.verdicts = verdicts(&sides, &self.baseline, &self.terms);
            for verdict in &mut group.verdicts {
                verdict.subject = named(&verdict.subject);
                verdict.baseline = named(&verdict.baseline);
            }
            group
        });
        compared.collect()
    }
}

impl Across {
    fn label<'l>(self, axes: &'l [String], policy: &'l str) -> &'l str {
        match self {
            Self::Policy => policy,
            Self::Axis(place) => axes.get(place).map_or("", String::as_str),
        }
    }

    /// What the two sides have in common.
    fn common(self, axes: &[String], policy: &str) -> (Vec<String>, String) {
        let mut axes = axes.to_vec();
        match self {
            Self::Policy => (axes, String::new()),
            Self::Axis(place) => {
                axes[place].clear();
                (axes, policy.to_owned())
            }
        }
    }
}

/// The verdicts about each label but the baseline's, and each metric that any of the runs has, in the order of the labels and of the
/// metrics. Numbers that are 0 in all runs are passed over where nobody asked for them.
pub fn verdicts(sides: &[Side<'_>], baseline: &str, terms: &Terms) -> Vec<Verdict> {
    let mut labels: Vec<&str> = Vec::new();
    for side in sides {
        if side.label != baseline && !labels.contains(&side.label) {
            labels.push(side.label);
        }
    }
    let names = numbers_to_compare(sides, &terms.metrics);
    let mut verdicts = Vec::new();
    for label in labels {
        for name in &names {
            let number = |side: &Side<'_>| side.numbers.get(name).and_then(serde_json::Value::as_f64);
            let of = |label: &str| -> Vec<(Option<u64>, Option<f64>)> {
                sides.iter().filter(|side| side.label == label).map(|side| (side.seed, number(side))).collect()
            };
            let (base, other) = (of(baseline), of(label));
            let pairs: Vec<Pair> = other
                .iter()
                .filter_map(|(seed, other)| {
                    let (_, baseline) = base.iter().find(|(of, _)| of == seed)?;
                    Some(Pair { baseline: (*baseline)?, other: (*other)? })
                })
                .collect();
            let Some(compared) = PairedComparison::new(&pairs, terms.confidence) else { continue };
            let (words, scale, unit) = metrics::spoken(name);
            verdicts.push(Verdict {
                subject: label.to_owned(),
                baseline: baseline.to_owned(),
                metric: name.clone(),
                words,
                scale,
                unit: unit.to_owned(),
                resolve: terms.resolve,
                seeds: other.len(),
                compared,
            });
        }
    }
    verdicts
}

/// The verdicts as sentences, each group with what its runs have in common where that is not all that there is.
pub(super) fn told(experiment: &Experiment, groups: &[ComparedGroup]) -> Vec<Verdicts> {
    let told = groups.iter().map(|group| {
        let axes = experiment.axes.iter().zip(&group.axes).filter(|(_, label)| !label.is_empty());
        let mut words: Vec<String> = axes.map(|(axis, label)| format!("{axis} {label}")).collect();
        words.extend(Some(group.policy.clone()).filter(|policy| !policy.is_empty()));
        let mut sentences: Vec<String> = group.verdicts.iter().map(Verdict::sentence).collect();
        if sentences.is_empty() {
            sentences.push("nothing to compare: the runs share no seed and number".to_owned());
        }
        Verdicts { about: words.join(", "), sentences }
    });
    told.collect()
}

/// The verdicts as text: a heading for each group that is not the only one, and a line for each verdict.
pub fn text(experiment: &Experiment, groups: &[ComparedGroup]) -> String {
    let mut text = String::new();
    for Verdicts { about, sentences } in told(experiment, groups) {
        let indent = if about.is_empty() { "" } else { "  " };
        if !about.is_empty() {
            let _ = writeln!(text, "{about}:");
        }
        for sentence in sentences {
            let _ = writeln!(text, "{indent}{sentence}");
        }
    }
    text
}

/// The names of the numbers, in the order in which they are asked for, or else in that of the registry.
fn numbers_to_compare(sides: &[Side<'_>], asked: &[String]) -> Vec<String> {
    let there: BTreeMap<&str, bool> =
        sides.iter().flat_map(|side| side.numbers).fold(BTreeMap::new(), |mut all, (name, value)| {
            if let Some(value) = value.as_f64() {
                *all.entry(name.as_str()).or_default() |= value != 0.0;
            }
            all
        });
    let of = |metric: &Metric, even_zeros: bool| -> Vec<String> {
        let names = there.iter().filter(|(name, tells)| (**tells || even_zeros) && is_of(metric, name));
        names.map(|(name, _)| (*name).to_owned()).collect()
    };
    if asked.is_empty() {
        let metrics = FAMILIES.iter().flat_map(|family| family.metrics).filter(|metric| metric.is_compared);
        return metrics.flat_map(|metric| of(metric, false)).collect();
    }
    let by_name =
        |name: &String| match FAMILIES.iter().flat_map(|family| family.metrics).find(|metric| metric.name == name) {
            Some(metric) => of(metric, true),
            None => there.keys().filter(|number| *number == name).map(|number| (*number).to_owned()).collect(),
        };
    asked.iter().flat_map(by_name).collect()
}

/// Whether a number is one of a metric, and of no other one that fits better.
fn is_of(metric: &Metric, number: &str) -> bool {
    metrics::find(number).is_some_and(|(found, _)| found.name == metric.name)
}

/// Whether a name is that of a metric, or of a number of one.
fn is_known(name: &str) -> bool {
    metrics::find(name).is_some()
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let number = number.filter(|number| (0.0..=100.0).contains(number));
        number
            .map(|number| Self(number / 100.0))
            .ok_or_else(|| de::Error::custom(format!("`{text}`: expected a percentage such as `1 %`")))
    }
}
