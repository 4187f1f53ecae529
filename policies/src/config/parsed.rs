//! A configuration that has been read and found good.

use super::bounded::Bounded;
use super::error::ConfigError;
use super::merge;
use super::schema::{File, PluginSet, Plugins, Profile};
use super::yaml::{ArgsSource, Document, Step};
use crate::factory::{Factory, PluginContext};
use crate::registry;
use std::collections::BTreeSet;
use std::sync::Arc;
use towtank_sim::model::pod::DEFAULT_SCHEDULER;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{FeatureGates, Points};
use towtank_sim::time::Span;

/// A `KubeSchedulerConfiguration`: any number of schedulers can be built of it.
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
    /// Reads a configuration. `file` is the name that errors carry.
    ///
    /// # Errors
    /// The first thing that is wrong: not YAML, another version or kind, an unknown field or plugin (with the nearest name),
    /// a bad value, or plugins that do not go together.
    pub fn read(text: &str, file: &str) -> Result<Self, ConfigError> {
        let document = Document { file, text };
        let mut content: File = document.read()?;
        if content.profiles.is_empty() {
            content.profiles.push(Profile::default());
        }
        let initial = content.pod_initial_backoff_seconds.map_or(1, Bounded::get);
        let max = content.pod_max_backoff_seconds.map_or(10, Bounded::get);
        if max != 0 && max < initial {
            let message = format!("{max} is less than podInitialBackoffSeconds, which is {initial}");
            return Err(document.error_at(&[Step::Key("podMaxBackoffSeconds")], &message));
        }
        let mut warnings = Vec::new();
        if !content.extenders.is_empty() {
            warnings.push("extenders are not modelled: ignored".to_owned());
        }
        let mut names = BTreeSet::new();
        let mut profiles = Vec::new();
        for (index, profile) in content.profiles.iter().enumerate() {
            let path = [Step::Key("profiles"), Step::Index(index)];
            let reader = ProfileReader { document, path, profile };
            let default_percentage = content.percentage_of_nodes_to_score.map_or(0, Bounded::get);
            let parsed = reader.read(default_percentage, &mut warnings)?;
            if !names.insert(parsed.name.clone()) {
                return Err(document.error_at(&path, &format!("a second profile with schedulerName `{}`", parsed.name)));
            }
            profiles.push(parsed);
        }
        let mut sorts = profiles.iter().map(|p| p.points.queue_sort.map(|index| p.plugins[index].0));
        let first = sorts.next();
        if let Some(other) = sorts.position(|sort| Some(sort) != first) {
            let path = [Step::Key("profiles"), Step::Index(other + 1)];
            return Err(document.error_at(&path, "queueSort: expected the same plugin in every profile"));
        }
        let seconds = Span::from_secs;
        Ok(Self { profiles, initial_backoff: seconds(initial), max_backoff: seconds(max), warnings })
    }

    /// The profiles' names (`schedulerName`), in order.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|profile| &*profile.name)
    }
}

struct ProfileReader<'a> {
    document: Document<'a>,
    path: [Step; 2],
    profile: &'a Profile,
}

impl ProfileReader<'_> {
    fn read(&self, percentage: i64, warnings: &mut Vec<String>) -> Result<ParsedProfile, ConfigError> {
        let sets = &self.profile.plugins;
        let name = self.profile.scheduler_name.as_deref().unwrap_or(DEFAULT_SCHEDULER);
        self.check_sets(warnings)?;
        let multi_point = merge::multi_point(registry::DEFAULT_MULTI_POINT, &sets.multi_point);
        let plugins = self.factories(&multi_point, warnings)?;
        let context = PluginContext { streams: Streams::new(0), gates: FeatureGates::default(), profile: name };
        let extends: Vec<Points> = plugins.iter().map(|(_, factory)| factory(&context).points()).collect();

        let position = |name: &str| plugins.iter().position(|(other, _)| *other == name);
        let expand = |set: &PluginSet, key: &'static str, point: Points| -> Result<Vec<usize>, ConfigError> {
            for (index, plugin) in set.enabled.iter().enumerate() {
                if position(plugin.name.0).is_some_and(|i| !extends[i].contains(point)) {
                    let message = format!("plugin {} has no extension point {key}", plugin.name.0);
                    return Err(self.error(&[Step::Key(key), Step::Key("enabled"), Step::Index(index)], &message));
                }
            }
            let implements = |name: &str| position(name).is_some_and(|i| extends[i].contains(point));
            let names = merge::expand(set, &multi_point, implements);
            Ok(names.into_iter().filter_map(position).collect())
        };
        let queue_sort = expand(&sets.queue_sort, "queueSort", Points::QUEUE_SORT)?;
        if queue_sort.len() != 1 {
            let message = format!("queueSort: expected one plugin, found {}", queue_sort.len());
            return Err(self.document.error_at(&self.path, &message));
        }
        expand(&sets.pre_score, "preScore", Points::PRE_SCORE)?;
        let bind = expand(&sets.bind, "bind", Points::BIND)?;
        if bind.is_empty() {
            return Err(self.document.error_at(&self.path, "bind: expected at least one plugin"));
        }
        let score = expand(&sets.score, "score", Points::SCORE)?;
        let weight = |index: usize| (index, merge::weight(plugins[index].0, &sets.score, &multi_point));
        let points = PointLists {
            pre_enqueue: expand(&sets.pre_enqueue, "preEnqueue", Points::PRE_ENQUEUE)?,
            queue_sort: queue_sort.first().copied(),
            pre_filter: expand(&sets.pre_filter, "preFilter", Points::PRE_FILTER)?,
            filter: expand(&sets.filter, "filter", Points::FILTER)?,
            post_filter: expand(&sets.post_filter, "postFilter", Points::POST_FILTER)?,
            score: score.into_iter().map(weight).collect(),
            reserve: expand(&sets.reserve, "reserve", Points::RESERVE)?,
            permit: expand(&sets.permit, "permit", Points::PERMIT)?,
            pre_bind: expand(&sets.pre_bind, "preBind", Points::PRE_BIND)?,
            bind,
            post_bind: expand(&sets.post_bind, "postBind", Points::POST_BIND)?,
        };
        self.check_reserve(&plugins, &extends, &points)?;
        self.check_pre_filter(&plugins, &extends, &points)?;
        let percentage = self.profile.percentage_of_nodes_to_score.map_or(percentage, Bounded::get);
        Ok(ParsedProfile { name: name.into(), percentage_of_nodes_to_score: percentage as u32, plugins, points })
    }

    /// A scorer beyond the in-tree ones that learns in Reserve what was decided is deaf without Reserve.
    fn check_reserve(
        &self,
        plugins: &[(&'static str, Factory)],
        extends: &[Points],
        points: &PointLists,
    ) -> Result<(), ConfigError> {
        let deaf = |index: usize| {
            extends[index].contains(Points::RESERVE)
                && !points.reserve.contains(&index)
                && registry::DEFAULT_MULTI_POINT.iter().all(|(name, _)| *name != plugins[index].0)
        };
        match points.score.iter().find(|(index, _)| deaf(*index)) {
            None => Ok(()),
            Some((index, _)) => {
                let name = plugins[*index].0;
                let message = format!("{name} scores by what Reserve tells it: enable it under multiPoint too");
                Err(self.error(&[Step::Key("score")], &message))
            }
        }
    }

    /// A filter that works with what its PreFilter has found cannot do without it.
    fn check_pre_filter(
        &self,
        plugins: &[(&'static str, Factory)],
        extends: &[Points],
        points: &PointLists,
    ) -> Result<(), ConfigError> {
        let blind =
            |index: &&usize| extends[**index].contains(Points::PRE_FILTER) && !points.pre_filter.contains(*index);
        match points.filter.iter().find(blind) {
            None => Ok(()),
            Some(index) => {
                let message = format!("{}'s filter needs its preFilter: disable both or neither", plugins[*index].0);
                Err(self.error(&[Step::Key("preFilter")], &message))
            }
        }
    }

    /// No plugin twice in one list; a warning for each that is not modelled.
    fn check_sets(&self, warnings: &mut Vec<String>) -> Result<(), ConfigError> {
        for (key, set) in self.profile.plugins.all() {
            let mut seen = BTreeSet::new();
            for (index, plugin) in set.enabled.iter().enumerate() {
                if !seen.insert(plugin.name.0) {
                    let message = format!("plugin {} is enabled twice", plugin.name.0);
                    return Err(self.error(&[Step::Key(key), Step::Key("enabled"), Step::Index(index)], &message));
                }
                warn_if_unmodelled(plugin.name.0, warnings);
            }
        }
        Ok(())
    }

    /// Every plugin that the profile enables anywhere and that is modelled, with its arguments read.
    fn factories(
        &self,
        multi_point: &[merge::Weighted],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<(&'static str, Factory)>, ConfigError> {
        let configured = &self.profile.plugin_config;
        let mut seen = BTreeSet::new();
        for (index, config) in configured.iter().enumerate() {
            if !seen.insert(config.name.0) {
                let path = [self.path[0], self.path[1], Step::Key("pluginConfig"), Step::Index(index)];
                return Err(self.document.error_at(&path, &format!("plugin {} is configured twice", config.name.0)));
            }
            warn_if_unmodelled(config.name.0, warnings);
        }
        let specific = self.profile.plugins.all().into_iter().skip(1).flat_map(|(_, set)| &set.enabled);
        let enabled = multi_point.iter().map(|(name, _)| *name).chain(specific.map(|e| e.name.0));
        let configured_only = configured.iter().map(|c| c.name.0);
        let mut plugins: Vec<(&'static str, Factory)> = Vec::new();
        let mut known = BTreeSet::new();
        let mut unused = BTreeSet::new();
        for (name, is_enabled) in enabled.map(|n| (n, true)).chain(configured_only.map(|n| (n, false))) {
            let Some(entry) = registry::find(name) else { continue };
            if !known.insert(name) {
                continue;
            }
            let index = configured.iter().position(|c| c.name.0 == name && c.args.is_some());
            let path = index.map(|index| {
                vec![self.path[0], self.path[1], Step::Key("pluginConfig"), Step::Index(index), Step::Key("args")]
            });
            let factory = (entry.prepare)(&ArgsSource::new(self.document, path))?;
            if is_enabled {
                plugins.push((name, factory));
            } else {
                unused.insert(name);
            }
        }
        for name in unused {
            warnings.push(format!("{name} is configured and not enabled: ignored"));
        }
        Ok(plugins)
    }

    fn error(&self, below: &[Step], message: &str) -> ConfigError {
        let path: Vec<Step> = self.path.iter().chain(&[Step::Key("plugins")]).chain(below).copied().collect();
        self.document.error_at(&path, message)
    }
}

fn warn_if_unmodelled(name: &str, warnings: &mut Vec<String>) {
    let warning = format!("{name} is not modelled yet: ignored");
    if registry::find(name).is_none() && !warnings.contains(&warning) {
        warnings.push(warning);
    }
}

impl Plugins {
    /// All sets with their keys, `multiPoint` first.
    fn all(&self) -> [(&'static str, &PluginSet); 13] {
        [
            ("multiPoint", &self.multi_point),
            ("preEnqueue", &self.pre_enqueue),
            ("queueSort", &self.queue_sort),
            ("preFilter", &self.pre_filter),
            ("filter", &self.filter),
            ("postFilter", &self.post_filter),
            ("preScore", &self.pre_score),
            ("score", &self.score),
            ("reserve", &self.reserve),
            ("permit", &self.permit),
            ("preBind", &self.pre_bind),
            ("bind", &self.bind),
            ("postBind", &self.post_bind),
        ]
    }
}

impl std::fmt::Debug for ParsedProfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.plugins.iter().map(|(name, _)| *name).collect();
        f.debug_struct("ParsedProfile").field("name", &self.name).field("plugins", &names).finish_non_exhaustive()
    }
}
