//! Reading a `DeschedulerPolicy`.
//!
//! Source: `pkg/api/v1alpha2/types.go`, `pkg/descheduler/policyconfig.go`.

use super::default_evictor::DefaultEvictor;
use super::selection::parse_label_selector;
use super::{Args, Point, STRATEGIES};
use crate::config::{ConfigError, Document, Step};
use crate::suggest::did_you_mean;
use serde::Deserialize;
use serde::de::IgnoredAny;
use towtank_sim::descheduler::{Limits, Policy, Profile, Strategy};

/// The version of policies that is read.
const API_VERSION: &str = "descheduler/v1alpha2";
const EVICTOR: &str = "DefaultEvictor";

/// A policy, read and judged.
#[derive(Debug)]
pub struct ParsedPolicy {
    /// What the descheduler does.
    pub policy: Policy,
    /// What of it has no effect here.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    api_version: String,
    kind: String,
    #[serde(default)]
    profiles: Vec<ProfileSpec>,
    node_selector: Option<String>,
    max_no_of_pods_to_evict_per_node: Option<u32>,
    max_no_of_pods_to_evict_per_namespace: Option<u32>,
    max_no_of_pods_to_evict_total: Option<u32>,
    eviction_failure_event_notification: Option<bool>,
    metrics_collector: Option<IgnoredAny>,
    metrics_providers: Option<IgnoredAny>,
    grace_period_seconds: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProfileSpec {
    #[serde(default)]
    name: String,
    #[serde(default)]
    plugin_config: Vec<PluginConfig>,
    #[serde(default)]
    plugins: Plugins,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginConfig {
    name: String,
    #[serde(rename = "args")]
    _args: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Plugins {
    presort: PluginSet,
    sort: PluginSet,
    deschedule: PluginSet,
    balance: PluginSet,
    filter: PluginSet,
    preevictionfilter: PluginSet,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PluginSet {
    enabled: Vec<String>,
    /// Nothing is enabled unless it is listed, so that nothing can be disabled.
    #[serde(rename = "disabled")]
    _disabled: Vec<String>,
}

impl ParsedPolicy {
    /// Reads a policy as YAML or JSON. `file` is the name that errors carry.
    ///
    /// # Errors
    /// The first thing that is wrong: not YAML, another version or kind, an unknown field or strategy (with the nearest name), or
    /// arguments that are refused.
    pub fn read(text: &str, file: &str) -> Result<Self, ConfigError> {
        let document = Document { file, text };
        let content: File = document.read()?;
        if content.api_version != API_VERSION {
            let message = format!("is {}: expected {API_VERSION}", content.api_version);
            return Err(document.error_at(&[Step::Key("apiVersion")], &message));
        }
        if content.kind != "DeschedulerPolicy" {
            let message = format!("is {}: expected DeschedulerPolicy", content.kind);
            return Err(document.error_at(&[Step::Key("kind")], &message));
        }
        let mut profiles = Vec::new();
        for (index, profile) in content.profiles.iter().enumerate() {
            profiles.push(ProfileReader { document, index, profile }.read()?);
        }
        let selector = parse_label_selector(content.node_selector.as_deref().unwrap_or_default());
        let limits = Limits {
            per_node: content.max_no_of_pods_to_evict_per_node,
            per_namespace: content.max_no_of_pods_to_evict_per_namespace,
            total: content.max_no_of_pods_to_evict_total,
        };
        let node_selector = selector.map_err(|message| document.error_at(&[Step::Key("nodeSelector")], &message))?;
        let without_effect = [
            ("evictionFailureEventNotification", content.eviction_failure_event_notification.is_some()),
            ("metricsCollector", content.metrics_collector.is_some()),
            ("metricsProviders", content.metrics_providers.is_some()),
            ("gracePeriodSeconds", content.grace_period_seconds.is_some()),
        ];
        let given = without_effect.iter().filter(|(_, given)| *given);
        let warnings = given.map(|(field, _)| format!("{file}: {field} has no effect")).collect();
        Ok(Self { policy: Policy { node_selector, limits, profiles }, warnings })
    }
}

struct ProfileReader<'t, 'p> {
    document: Document<'t>,
    index: usize,
    profile: &'p ProfileSpec,
}

impl<'t> ProfileReader<'t, '_> {
    fn read(&self) -> Result<Profile, ConfigError> {
        self.check_names()?;
        let evictor = match self.args(EVICTOR) {
            Some(args) => args.read::<DefaultEvictor>()?,
            None => DefaultEvictor::default(),
        };
        let plugins = &self.profile.plugins;
        Ok(Profile {
            name: self.profile.name.clone(),
            evictor: Box::new(evictor),
            deschedule: self.strategies(Point::Deschedule, &plugins.deschedule)?,
            balance: self.strategies(Point::Balance, &plugins.balance)?,
        })
    }

    fn strategies(&self, point: Point, set: &PluginSet) -> Result<Vec<Box<dyn Strategy>>, ConfigError> {
        let mut strategies = Vec::new();
        for (index, name) in set.enabled.iter().enumerate() {
            let path =
                self.path(&[Step::Key("plugins"), Step::Key(point.key()), Step::Key("enabled"), Step::Index(index)]);
            let Some(entry) = STRATEGIES.iter().find(|entry| entry.name == name && entry.point == point) else {
                let known = STRATEGIES.iter().filter(|entry| entry.point == point).map(|entry| entry.name);
                let message = match STRATEGIES.iter().find(|entry| entry.name == name) {
                    Some(entry) => format!("{name} belongs under {}", entry.point.key()),
                    None => format!("no strategy {name}{}", did_you_mean(name, known)),
                };
                return Err(self.document.error_at(&path, &message));
            };
            // Upstream refuses to start where a plugin is not configured, be it with nothing.
            let Some(args) = self.args(name) else {
                let message =
                    format!("{name} is not among pluginConfig: expected an entry there, if only with its name");
                return Err(self.document.error_at(&path, &message));
            };
            strategies.push((entry.read)(&args)?);
        }
        Ok(strategies)
    }

    /// Every plugin that is named is known.
    fn check_names(&self) -> Result<(), ConfigError> {
        for (index, config) in self.profile.plugin_config.iter().enumerate() {
            let mut known: Vec<&str> = STRATEGIES.iter().map(|entry| entry.name).collect();
            known.push(EVICTOR);
            if !known.contains(&&*config.name) {
                let message = format!("no plugin {}{}", config.name, did_you_mean(&config.name, known));
                let path = self.path(&[Step::Key("pluginConfig"), Step::Index(index), Step::Key("name")]);
                return Err(self.document.error_at(&path, &message));
            }
        }
        let plugins = &self.profile.plugins;
        let sets = [
            ("presort", &plugins.presort, false),
            ("sort", &plugins.sort, false),
            ("filter", &plugins.filter, true),
            ("preevictionfilter", &plugins.preevictionfilter, true),
        ];
        for (key, set, evicts) in sets {
            if let Some(index) = set.enabled.iter().position(|name| !(evicts && name == EVICTOR)) {
                let path = self.path(&[Step::Key("plugins"), Step::Key(key), Step::Key("enabled"), Step::Index(index)]);
                let expected = if evicts { EVICTOR } else { "none" };
                let message = format!("no plugin {} at this point: expected {expected}", set.enabled[index]);
                return Err(self.document.error_at(&path, &message));
            }
        }
        Ok(())
    }

    fn args(&self, name: &str) -> Option<Args<'t>> {
        let index = self.profile.plugin_config.iter().position(|config| config.name == name)?;
        let path = self.path(&[Step::Key("pluginConfig"), Step::Index(index), Step::Key("args")]);
        Some(Args { document: self.document, path })
    }

    fn path(&self, below: &[Step]) -> Vec<Step> {
        [&[Step::Key("profiles"), Step::Index(self.index)], below].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::STRATEGIES;

    #[test]
    fn every_strategy_has_its_row_in_the_manual() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/reference/descheduler-policy.md"));
        for entry in STRATEGIES {
            let row = format!("| `{}` | `{}` | {} |", entry.name, entry.point.key(), entry.about);
            assert!(page.contains(&row), "expected in the manual: {row}");
        }
    }
}
