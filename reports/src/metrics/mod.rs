//! The numbers of a run: what each is called, what it means, and how it is made.
//!
//! A file of this folder is about one thing. It says in a [`Family`] what of it stands in `summary.json` (so that pages, comparisons and the
//! manual all speak of it in the same way), and has the data and the observer for it, unless these are older and stand in [`crate::data`] and
//! [`crate::collect`].

pub mod autoscaling;
pub mod availability;
pub mod completion;
pub mod disruption;
pub mod energy;
pub mod fairness;
mod gpu_fragmentation;
mod jobs;
mod nodes;
pub mod packing;
mod pods;
mod run;
pub mod scheduling_latency;
mod startup_latency;
pub mod steady_state;
pub mod utilization;

use crate::data::NANOS_PER_SECOND;
use crate::statistics::{Scale, Words};
use crate::units;
use std::fmt::Write as _;

/// Every family, in the order in which they are listed.
pub const FAMILIES: &[&Family] = &[
    &run::FAMILY,
    &pods::FAMILY,
    &nodes::FAMILY,
    &utilization::FAMILY,
    &packing::FAMILY,
    &gpu_fragmentation::FAMILY,
    &scheduling_latency::FAMILY,
    &startup_latency::FAMILY,
    &completion::FAMILY,
    &jobs::FAMILY,
    &fairness::FAMILY,
    &disruption::FAMILY,
    &availability::FAMILY,
    &autoscaling::FAMILY,
    &energy::FAMILY,
    &steady_state::FAMILY,
];

/// Metrics about one thing.
#[derive(Debug)]
pub struct Family {
    /// What they are about, as a heading.
    pub title: &'static str,
    /// What all of them have in common: conventions, what is not simulated, sources.
    pub about: &'static str,
    /// The metrics.
    pub metrics: &'static [Metric],
}

/// A number of a run.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its place in `summary.json`, and its column in `runs.csv`: `pods.bound`. A word in capitals stands for any name: `RESOURCE`.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// What it means.
    pub definition: &'static str,
    /// How it is made; empty of a plain count.
    pub formula: &'static str,
    /// What a policy does with it, as a verb: `uses`. Empty for a number that is high or low.
    pub verb: &'static str,
    /// What it is called in a sentence: `nodes`, `median scheduling latency`; the word in capitals of the name may be in it.
    pub noun: &'static str,
    /// Whether experiments compare it where they do not say what to compare.
    pub is_compared: bool,
}

/// What a number is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A fraction of something, mostly from 0 to 1.
    Fraction,
    /// Seconds.
    Seconds,
    /// A ratio that may be any number, such as a slowdown.
    Ratio,
    /// Counted things: `pods`.
    Count(&'static str),
    /// Any other: `node-hours`.
    Of(&'static str),
}

impl Unit {
    /// As tables write it; empty of a ratio.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fraction => "fraction",
            Self::Seconds => "s",
            Self::Ratio => "",
            Self::Count(what) | Self::Of(what) => what,
        }
    }

    /// A value as people read it: fractions in percent, times in the unit that suits them.
    pub fn write(self, value: f64) -> String {
        match self {
            Self::Fraction => units::percent(value),
            Self::Seconds => units::duration(value),
            _ => units::short(value),
        }
    }
}

impl Metric {
    /// A metric that is high or low, and not compared unless it is asked for.
    const fn new(name: &'static str, unit: Unit, noun: &'static str, definition: &'static str) -> Self {
        Self { name, unit, definition, formula: "", verb: "", noun, is_compared: false }
    }

    /// The same with its formula.
    const fn by(self, formula: &'static str) -> Self {
        Self { formula, ..self }
    }

    /// The same, spoken of with a verb: `uses` 3 % fewer nodes.
    const fn spoken(self, verb: &'static str) -> Self {
        Self { verb, ..self }
    }

    /// The same, compared where nobody says what to compare.
    const fn compared(self) -> Self {
        Self { is_compared: true, ..self }
    }

    /// What stands for each word in capitals, if the name of a number is this metric's; as little as possible for all but the last.
    pub fn matches<'n>(&self, number: &'n str) -> Option<Vec<&'n str>> {
        // Most are no match, and differ before there is a word in capitals, which is soon seen.
        let begins =
            self.name.bytes().zip(number.bytes()).find(|(its, other)| its.is_ascii_uppercase() || its != other);
        if begins.is_some_and(|(its, _)| !its.is_ascii_uppercase()) {
            return None;
        }
        let mut parts = Vec::new();
        let Some((before, _, mut name)) = split(self.name) else { return (self.name == number).then_some(parts) };
        let mut number = number.strip_prefix(before)?;
        while let Some((between, _, after)) = split(name) {
            let (part, rest) = number.split_once(between).filter(|(part, _)| !part.is_empty())?;
            parts.push(part);
            (number, name) = (rest, after);
        }
        parts.push(number.strip_suffix(name).filter(|part| !part.is_empty())?);
        Some(parts)
    }

    /// How a number of this metric is spoken of; `of` is what stands for each word in capitals.
    pub fn words(&self, of: &[&str]) -> Words {
        let mut noun = self.noun.to_owned();
        let mut rest = self.name;
        for of in of {
            let Some((_, word, after)) = split(rest) else { break };
            noun = noun.replace(word, of);
            rest = after;
        }
        let is_counted = matches!(self.unit, Unit::Count(_));
        Words { verb: self.verb.to_owned(), noun, is_counted }
    }

    /// In what its differences are told.
    pub const fn scale(&self) -> Scale {
        if matches!(self.unit, Unit::Fraction) { Scale::Points } else { Scale::Relative }
    }
}

/// A name around its first word in capitals: what stands before it, the word, what stands behind it.
fn split(name: &str) -> Option<(&str, &str, &str)> {
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let word = name.split('.').find(is_word)?;
    let (before, after) = name.split_once(word)?;
    Some((before, word, after))
}

/// The metric of a number in `summary.json`, and what stands for the words in capitals of its name; of several the one of which most is
/// said by its name.
pub fn find(number: &str) -> Option<(&'static Metric, Vec<&str>)> {
    let all = FAMILIES.iter().flat_map(|family| family.metrics);
    let matching = all.filter_map(|metric| Some((metric, metric.matches(number)?)));
    matching.min_by_key(|(_, of)| of.iter().map(|part| part.len()).sum::<usize>())
}

/// How a number is spoken of, in what its differences are told, and its unit; one that is no metric's by its name.
pub fn spoken(number: &str) -> (Words, Scale, &'static str) {
    match find(number) {
        Some((metric, of)) => (metric.words(&of), metric.scale(), metric.unit.name()),
        None => (Words { verb: String::new(), noun: number.to_owned(), is_counted: false }, Scale::Relative, ""),
    }
}

/// One integral as a share of another one, or as a mean of so many; 0 of nothing.
pub(crate) fn share(part: i128, whole: i128) -> f64 {
    if whole > 0 { part as f64 / whole as f64 } else { 0.0 }
}

/// Nanoseconds as seconds.
pub(crate) fn seconds(nanoseconds: i128) -> f64 {
    nanoseconds as f64 / NANOS_PER_SECOND as f64
}

/// Nanoseconds as hours.
pub(crate) fn hours(nanoseconds: i128) -> f64 {
    seconds(nanoseconds) / 3600.0
}

/// The reference page of all metrics, in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Metrics\n\nThe numbers of a run: of `summary.json`, by their path there, which is also their column in `runs.csv` and their name in an \
         experiment's `compare.metrics`. A word in capitals stands for any name. Those with a star are compared where an experiment does not say \
         what to compare. `towtank metrics` prints the list.\n\nSums over time are exact: each state counts for as long as it lasted, in integer \
         nanoseconds. Percentiles are values that were observed (nearest rank).\n\n<!-- Written from the registry in `reports/src/metrics/`; a test \
         holds them against each other. -->\n",
    );
    for family in FAMILIES {
        let _ = write!(page, "\n## {}\n\n", family.title);
        if !family.about.is_empty() {
            let _ = write!(page, "{}\n\n", family.about);
        }
        page.push_str("| metric | unit | meaning | formula |\n|---|---|---|---|\n");
        for metric in family.metrics {
            let star = if metric.is_compared { " ★" } else { "" };
            let Metric { name, unit, definition, formula, .. } = metric;
            let _ = writeln!(page, "| `{name}`{star} | {} | {definition} | {formula} |", unit.name());
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_the_numbers_of_all_resources() {
        let (metric, of) = find("utilization.nvidia.com/gpu.mean_allocated").unwrap();
        assert_eq!((metric.name, &of[..]), ("utilization.RESOURCE.mean_allocated", &["nvidia.com/gpu"][..]));
        assert_eq!(metric.words(&of).noun, "mean allocation of nvidia.com/gpu");
        let (metric, of) = find("zones.eu-1.nvidia.com/gpu.mean_used").unwrap();
        assert_eq!(metric.words(&of).noun, "mean use of nvidia.com/gpu in zone eu-1");
        assert!(find("pods.bound").unwrap().1.is_empty());
        assert!(find("utilization..mean_allocated").is_none() && find("pods").is_none());
        assert_eq!(spoken("what.ever").0.noun, "what.ever");
    }

    #[test]
    fn every_metric_says_what_it_is_and_none_is_there_twice() {
        let mut names: Vec<&str> =
            FAMILIES.iter().flat_map(|family| family.metrics).map(|metric| metric.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        for metric in FAMILIES.iter().flat_map(|family| family.metrics) {
            assert!(!metric.definition.is_empty() && !metric.noun.is_empty(), "{}", metric.name);
            assert!(
                !metric.definition.contains('|') && !metric.formula.contains('|'),
                "{}: breaks its table",
                metric.name
            );
        }
    }

    /// A file that is not in the registry is forgotten.
    #[test]
    fn every_file_is_in_the_registry() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/metrics");
        let files = std::fs::read_dir(folder).unwrap().filter(|entry| entry.as_ref().unwrap().file_name() != "mod.rs");
        assert_eq!(files.count(), FAMILIES.len());
    }
}
