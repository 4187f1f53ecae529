//! A configuration that has been read and found good.

use super::error::ConfigError;
use super::extender;
use super::invalid::Invalid;
use super::policy;
use super::profile_reader::ProfileReader;
use super::schema::{File, PluginSet, Profile};
use super::type_meta::TypeMeta;
use super::yaml::{Document, Step};
use crate::factory::Factory;
use crate::registry::Registry;
use std::sync::Arc;
use towtank_sim::model::pod::DEFAULT_SCHEDULER;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::time::Span;

/// A configuration of kube-scheduler: any number of schedulers can be built of it.
#[derive(Debug)]
pub struct ParsedConfig {
    pub(crate) profiles: Vec<ParsedProfile>,
    /// The first backoff of a pod that could not be scheduled.
    pub initial_backoff: Span,
    /// The longest one.
    pub max_backoff: Span,
    /// What of the file has no effect here and would have upstream.
    pub warnings: Vec<String>,
}

/// One profile, ready to be built.
pub(crate) struct ParsedProfile {
    pub(crate) name: Arc<str>,
    pub(crate) percentage_of_nodes_to_score: u32,
    /// What makes the plugins. The numbers in `points` are indices of this list.
    pub(crate) plugins: Vec<(&'static str, Factory)>,
    pub(crate) points: PointLists,
}

/// The plugins of each extension point, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct PointLists {
    pub(crate) pre_enqueue: Vec<usize>,
    pub(crate) queue_sort: Option<usize>,
    pub(crate) pre_filter: Vec<usize>,
    pub(crate) filter: Vec<usize>,
    pub(crate) post_filter: Vec<usize>,
    pub(crate) score: Vec<(usize, i64)>,
    pub(crate) reserve: Vec<usize>,
    pub(crate) permit: Vec<usize>,
    pub(crate) pre_bind: Vec<usize>,
    pub(crate) bind: Vec<usize>,
    pub(crate) post_bind: Vec<usize>,
}

impl Default for ParsedConfig {
    /// The configuration of an empty file: upstream's default profile, as far as it is modelled.
    fn default() -> Self {
        let text = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
        Self::read(text, "default").expect("the default configuration is valid")
    }
}

impl ParsedConfig {
    /// Whether any profile has the plugin of this name at an extension point.
    pub fn uses(&self, plugin: &str) -> bool {
        self.profiles.iter().any(|profile| profile.plugins.iter().any(|(name, _)| *name == plugin))
    }

    /// Reads a `KubeSchedulerConfiguration`, or a `Policy` of the releases up to 1.22, as YAML or JSON. `file` is the name that
    /// errors carry.
    ///
    /// # Errors
    /// The first thing that is wrong: not YAML, another version or kind, an unknown field or plugin (with the nearest name),
    /// a bad value, or plugins that do not go together. What kube-scheduler refuses too is said in its words.
    pub fn read(text: &str, file: &str) -> Result<Self, ConfigError> {
        Self::read_with(text, file, FeatureGates::default())
    }

    /// As [`ParsedConfig::read`], with these feature gates: some arguments are good only with one.
    ///
    /// # Errors
    /// As for [`ParsedConfig::read`].
    pub fn read_with(text: &str, file: &str, gates: FeatureGates) -> Result<Self, ConfigError> {
        Self::read_with_plugins(text, file, gates, Registry::default())
    }

    /// As [`ParsedConfig::read_with`], for a program that brings plugins of its own.
    ///
    /// # Errors
    /// As for [`ParsedConfig::read`]; or a plugin that is brought has the name of another one.
    pub fn read_with_plugins(
        text: &str,
        file: &str,
        gates: FeatureGates,
        registry: Registry<'_>,
    ) -> Result<Self, ConfigError> {
        let document = Document { file, text };
        if let Some(name) = registry.duplicate() {
            return Err(document.error_at(&[], &format!("a plugin named {name} already exists")));
        }
        let meta = document.read::<Option<TypeMeta>>()?.unwrap_or_default();
        if meta.is_policy() {
            let policy = policy::translate(document)?;
            let mut config = Self::read_current(Document { file, text: &policy.text }, gates, registry)?;
            config.warnings.splice(0..0, policy.warnings);
            return Ok(config);
        }
        meta.check_config().map_err(|invalid| document.invalid(&invalid))?;
        Self::read_current(document, gates, registry)
    }

    fn read_current(document: Document<'_>, gates: FeatureGates, registry: Registry<'_>) -> Result<Self, ConfigError> {
        let mut content: File = document.read()?;
        if content.profiles.is_empty() {
            content.profiles.push(Profile::default());
        }
        if let [only] = &mut content.profiles[..]
            && only.scheduler_name.is_none()
        {
            only.scheduler_name = Some(DEFAULT_SCHEDULER.to_owned());
        }
        content.validate().map_err(|invalid| document.invalid(&invalid))?;
        let mut warnings = extender::warnings(&content.extenders);
        let ignored = extender::ignored_resources(&content.extenders);
        let mut profiles = Vec::new();
        for (index, profile) in content.profiles.iter().enumerate() {
            let path = [Step::Key("profiles"), Step::Index(index)];
            let reader = ProfileReader { document, path, profile, ignored_resources: &ignored, gates, registry };
            let percentage = profile.percentage_of_nodes_to_score.or(content.percentage_of_nodes_to_score);
            profiles.push(reader.read(percentage.unwrap_or(0), &mut warnings)?);
        }
        let sort = |profile: &ParsedProfile| profile.points.queue_sort.map(|index| profile.plugins[index].0);
        if let Some(index) = profiles.iter().position(|profile| sort(profile) != sort(&profiles[0])) {
            let name = |index: usize| sort(&profiles[index]).unwrap_or_default();
            let message = format!(
                "different queue sort plugins for profile {:?}: {:?}, first: {:?}",
                profiles[index].name,
                name(index),
                name(0)
            );
            return Err(document.error_at(&[Step::Key("profiles"), Step::Index(index)], &message));
        }
        Ok(Self { profiles, initial_backoff: content.backoff().0, max_backoff: content.backoff().1, warnings })
    }

    /// The profiles' names (`schedulerName`), in order.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|profile| &*profile.name)
    }
}

impl File {
    /// The first and the longest backoff.
    fn backoff(&self) -> (Span, Span) {
        let seconds = |given: Option<i64>, default| Span::from_secs(given.unwrap_or(default).min(LONGEST_SECONDS));
        (seconds(self.pod_initial_backoff_seconds, 1), seconds(self.pod_max_backoff_seconds, 10))
    }

    /// What upstream's validation refuses first.
    ///
    /// Source: `pkg/scheduler/apis/config/validation/validation.go`.
    fn validate(&self) -> Result<(), Invalid> {
        self.client_connection.validate()?;
        self.leader_election.validate()?;
        if let Some(number) = self.parallelism.filter(|number| *number <= 0) {
            let detail = "should be an integer value greater than zero";
            return Err(Invalid::value([Step::Key("parallelism")], &number, detail));
        }
        for (index, profile) in self.profiles.iter().enumerate() {
            let path = [Step::Key("profiles"), Step::Index(index)];
            let name = profile.scheduler_name.as_deref().unwrap_or_default();
            if name.is_empty() {
                return Err(Invalid::required([path[0], path[1], Step::Key("schedulerName")], ""));
            }
            percentage(profile.percentage_of_nodes_to_score).map_err(|invalid| invalid.below(&path))?;
            let same = |other: &Profile| other.scheduler_name.as_deref() == Some(name);
            if let Some(first) = self.profiles[..index].iter().position(same) {
                let value = format!("profiles[{first}].schedulerName");
                return Err(Invalid::duplicate([path[0], path[1], Step::Key("schedulerName")], &value));
            }
        }
        self.validate_queue_sort()?;
        percentage(self.percentage_of_nodes_to_score)?;
        let initial = self.pod_initial_backoff_seconds.unwrap_or(1);
        if initial <= 0 {
            let path = [Step::Key("podInitialBackoffSeconds")];
            return Err(Invalid::value(path, &initial, "must be greater than 0"));
        }
        let max = self.pod_max_backoff_seconds.unwrap_or(10);
        if max < initial {
            let detail = "must be greater than or equal to PodInitialBackoffSeconds";
            return Err(Invalid::value([Step::Key("podMaxBackoffSeconds")], &max, detail));
        }
        extender::validate(&self.extenders)
    }

    /// One queue serves all profiles.
    fn validate_queue_sort(&self) -> Result<(), Invalid> {
        let path = |index: usize, keys: &[&'static str]| -> Vec<Step> {
            let keys = keys.iter().map(|key| Step::Key(key));
            [Step::Key("profiles"), Step::Index(index), Step::Key("plugins"), Step::Key("queueSort")]
                .into_iter()
                .chain(keys)
                .collect()
        };
        let Some(first) = self.profiles.first() else { return Ok(()) };
        let count = first.plugins.queue_sort.enabled.len();
        if count > 1 {
            let detail = "only one queue sort plugin can be enabled";
            return Err(Invalid::value(path(0, &["enabled"]), &count, detail));
        }
        let names = |set: &PluginSet| -> (Vec<(String, i32)>, Vec<String>) {
            let enabled = set.enabled.iter().map(|p| (p.name.clone(), p.weight.unwrap_or(0))).collect();
            (enabled, set.disabled.iter().map(|p| p.name.clone()).collect())
        };
        for (index, profile) in self.profiles.iter().enumerate() {
            let (enabled, disabled) = names(&profile.plugins.queue_sort);
            if (&enabled, &disabled) != (&names(&first.plugins.queue_sort).0, &names(&first.plugins.queue_sort).1) {
                let list = |names: Vec<String>| format!("[{}]", names.join(" "));
                let value = format!(
                    "enabled {}, disabled {}",
                    list(enabled.into_iter().map(|(name, _)| name).collect()),
                    list(disabled)
                );
                return Err(Invalid::value(path(index, &[]), &value, "must be the same for all profiles"));
            }
        }
        Ok(())
    }
}

/// A year: longer than any backoff of a simulation.
const LONGEST_SECONDS: i64 = 366 * 24 * 3600;

fn percentage(percentage: Option<i32>) -> Result<(), Invalid> {
    match percentage {
        Some(number) if !(0..=100).contains(&number) => {
            let path = [Step::Key("percentageOfNodesToScore")];
            Err(Invalid::value(path, &number, "not in valid range [0-100]"))
        }
        _ => Ok(()),
    }
}

impl std::fmt::Debug for ParsedProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.plugins.iter().map(|(name, _)| *name).collect();
        f.debug_struct("ParsedProfile").field("name", &self.name).field("plugins", &names).finish_non_exhaustive()
    }
}
