//! The plugins that a policy asks for, and the configuration that they make.

use crate::config::yaml::{ArgsSource, Document};
use crate::factory::PluginContext;
use crate::registry;
use std::fmt::Write as _;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{FeatureGates, Points};

/// Plugins in the order in which the policy brings them up, each once per extension point.
#[derive(Debug, Default)]
pub(super) struct Plugins {
    filter: Vec<&'static str>,
    score: Vec<(&'static str, i64)>,
    args: Vec<(&'static str, String)>,
}

impl Plugins {
    /// A plugin that filters.
    pub(super) fn filter(&mut self, name: &'static str) {
        if !self.filters_by(name) {
            self.filter.push(name);
        }
    }

    /// Whether the plugin filters.
    pub(super) fn filters_by(&self, name: &str) -> bool {
        self.filter.contains(&name)
    }

    /// A plugin that scores. Of two weights the first one holds.
    pub(super) fn score(&mut self, name: &'static str, weight: i64) {
        if !self.score.iter().any(|(other, _)| *other == name) {
            self.score.push((name, weight.min(i64::from(i32::MAX))));
        }
    }

    /// A plugin's arguments, which take the place of earlier ones.
    pub(super) fn configure(&mut self, name: &'static str, args: String) {
        self.args.retain(|(other, _)| *other != name);
        self.args.push((name, args));
    }

    /// The configuration. What was neither a predicate nor a priority is there always; plugins that prepare what they filter or
    /// score by, or that reserve and bind something, do so.
    pub(super) fn configuration(&self) -> String {
        let filter = &self.filter;
        let score: Vec<&'static str> = self.score.iter().map(|(name, _)| *name).collect();
        let with = |names: &[&'static str], point: Points| -> Vec<&'static str> {
            names.iter().copied().filter(|name| points(name).contains(point)).collect()
        };
        let sets = [
            ("multiPoint", Vec::new()),
            ("preEnqueue", vec!["SchedulingGates"]),
            ("queueSort", vec!["PrioritySort"]),
            ("preFilter", with(filter, Points::PRE_FILTER)),
            ("filter", filter.clone()),
            ("postFilter", vec!["DefaultPreemption"]),
            ("preScore", with(&score, Points::PRE_SCORE)),
            ("reserve", with(filter, Points::RESERVE)),
            ("preBind", with(filter, Points::PRE_BIND)),
            ("bind", vec!["DefaultBinder"]),
        ];
        let mut text = String::from(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n  - plugins:\n",
        );
        for (key, names) in sets {
            let names: Vec<String> = names.iter().map(|name| format!("{{ name: {name} }}")).collect();
            let _ = writeln!(text, "      {key}: {{ disabled: [{{ name: '*' }}], enabled: [{}] }}", names.join(", "));
        }
        let weighted: Vec<String> =
            self.score.iter().map(|(name, weight)| format!("{{ name: {name}, weight: {weight} }}")).collect();
        let _ = writeln!(text, "      score: {{ disabled: [{{ name: '*' }}], enabled: [{}] }}", weighted.join(", "));
        if !self.args.is_empty() {
            text.push_str("    pluginConfig:\n");
        }
        for (name, args) in &self.args {
            let _ = writeln!(text, "      - {{ name: {name}, args: {args} }}");
        }
        text
    }
}

/// Texts as a list in a configuration.
pub(super) fn list(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}

/// A text in double quotes, as YAML and JSON read it.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if u32::from(c) < 0x20 || (0x7f..0xa0).contains(&u32::from(c)) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The extension points of a plugin; none where it is not modelled.
fn points(name: &str) -> Points {
    let context =
        PluginContext { streams: Streams::new(0), gates: FeatureGates::default(), target_workload: None, profile: "" };
    let none = ArgsSource::new(Document { file: "", text: "" }, None, &[], context.gates);
    let factory = registry::find(name).and_then(|entry| (entry.prepare)(&none).ok());
    factory.map_or_else(Points::default, |factory| factory(&context).points())
}
