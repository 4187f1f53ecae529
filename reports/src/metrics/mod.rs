//! The numbers of a run: what each is called, what it means, and how it is made.
//!
//! A file of this folder is about one thing. It says in a [`Family`] what of it stands in `summary.json` (so that pages, comparisons and the
//! manual all speak of it in the same way), and has the data and the observer for it, unless these are older and stand in [`crate::data`] and
//! [`crate::collect`].

mod autoscaling;
mod disruption;
mod gpu_fragmentation;
mod jobs;
mod nodes;
mod pods;
mod run;
mod scheduling_latency;
mod startup_latency;
mod utilization;

use crate::statistics::{Scale, Words};
use std::fmt::Write as _;

/// Every family, in the order in which they are listed.
pub const FAMILIES: &[&Family] = &[
    &run::FAMILY,
    &pods::FAMILY,
    &nodes::FAMILY,
    &utilization::FAMILY,
    &gpu_fragmentation::FAMILY,
    &scheduling_latency::FAMILY,
    &startup_latency::FAMILY,
    &jobs::FAMILY,
    &disruption::FAMILY,
    &autoscaling::FAMILY,
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

    /// What stands for the word in capitals, if the name of a number is this metric's; empty where the metric has no such word.
    pub fn matches<'n>(&self, number: &'n str) -> Option<&'n str> {
        let Some((before, after)) = self.around() else { return (self.name == number).then_some("") };
        let rest = number.strip_prefix(before)?;
        rest.strip_suffix(after).filter(|rest| !rest.is_empty())
    }

    /// How a number of this metric is spoken of; `of` is what stands for the word in capitals.
    pub fn words(&self, of: &str) -> Words {
        let noun = match self.placeholder() {
            Some(word) => self.noun.replace(word, of),
            None => self.noun.to_owned(),
        };
        let is_counted = matches!(self.unit, Unit::Count(_));
        Words { verb: self.verb.to_owned(), noun, is_counted }
    }

    /// In what its differences are told.
    pub const fn scale(&self) -> Scale {
        if matches!(self.unit, Unit::Fraction) { Scale::Points } else { Scale::Relative }
    }

    /// The word in capitals, if the name has one.
    fn placeholder(&self) -> Option<&'static str> {
        let is_placeholder = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
        self.name.split('.').find(is_placeholder)
    }

    /// What of the name stands before and after the word in capitals.
    fn around(&self) -> Option<(&'static str, &'static str)> {
        self.name.split_once(self.placeholder()?)
    }
}

/// The metric of a number in `summary.json`, and what stands for the word in capitals of its name.
pub fn find(number: &str) -> Option<(&'static Metric, &str)> {
    let all = FAMILIES.iter().flat_map(|family| family.metrics);
    all.filter_map(|metric| Some((metric, metric.matches(number)?))).min_by_key(|(_, of)| of.len())
}

/// How a number is spoken of, in what its differences are told, and its unit; one that is no metric's by its name.
pub fn spoken(number: &str) -> (Words, Scale, &'static str) {
    match find(number) {
        Some((metric, of)) => (metric.words(of), metric.scale(), metric.unit.name()),
        None => (Words { verb: String::new(), noun: number.to_owned(), is_counted: false }, Scale::Relative, ""),
    }
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
        assert_eq!((metric.name, of), ("utilization.RESOURCE.mean_allocated", "nvidia.com/gpu"));
        assert_eq!(metric.words(of).noun, "mean allocation of nvidia.com/gpu");
        assert_eq!(find("pods.bound").unwrap().1, "");
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
