//! Reads one profile: which plugins it has, in which order, with which arguments.
//!
//! Source of the errors: `pkg/scheduler/framework/runtime/framework.go`, `NewFramework` and what it calls.

use super::error::ConfigError;
use super::merge;
use super::parsed::{ParsedProfile, PointLists};
use super::points::POINTS;
use super::schema::Profile;
use super::yaml::{ArgsSource, Document, Step};
use crate::factory::{Factory, PluginContext};
use crate::registry::{self, Registry};
use crate::suggest::did_you_mean;
use std::collections::BTreeSet;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{FeatureGates, Points};

/// Plugins that 1.36 does not have any more, and that validation names.
const REMOVED: &[&str] = &["AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits"];

/// A profile that is being read.
pub(super) struct ProfileReader<'a> {
    pub(super) document: Document<'a>,
    pub(super) path: [Step; 2],
    pub(super) profile: &'a Profile,
    /// The resources that extenders look after.
    pub(super) ignored_resources: &'a [String],
    pub(super) gates: FeatureGates,
    pub(super) registry: Registry<'a>,
}

/// The plugins of a profile, and their extension points.
struct Made {
    plugins: Vec<(&'static str, Factory)>,
    extends: Vec<Points>,
}

impl ProfileReader<'_> {
    /// Reads it. The percentage is the profile's own, or the one of all profiles.
    pub(super) fn read(&self, percentage: i32, warnings: &mut Vec<String>) -> Result<ParsedProfile, ConfigError> {
        let sets = &self.profile.plugins;
        let name = self.profile.scheduler_name.as_deref().unwrap_or_default();
        self.check_plugin_config(warnings)?;
        self.check_names(warnings)?;
        let multi_point = merge::multi_point(registry::DEFAULT_MULTI_POINT, &sets.multi_point);
        let plugins = self.factories(&multi_point, warnings)?;
        let context =
            PluginContext { streams: Streams::new(0), gates: self.gates, target_workload: None, profile: name };
        let extends = plugins.iter().map(|(_, factory)| factory(&context).points()).collect();
        let made = Made { plugins, extends };
        self.check_points(&made)?;

        let at = |point: Points| -> Vec<usize> {
            let Some(point) = POINTS.iter().find(|p| p.bit == point) else { return Vec::new() };
            let names = merge::expand(sets.of(*point), &multi_point, |name| made.has(name, point.bit));
            names.into_iter().filter_map(|name| made.position(name)).collect()
        };
        let queue_sort = at(Points::QUEUE_SORT);
        if queue_sort.len() != 1 {
            let message = format!(
                "only one queue sort plugin required for profile with scheduler name {name:?}, but got {}",
                queue_sort.len()
            );
            return Err(self.document.error_at(&self.path, &message));
        }
        let bind = at(Points::BIND);
        if bind.is_empty() {
            let message = format!("at least one bind plugin is needed for profile with scheduler name {name:?}");
            return Err(self.document.error_at(&self.path, &message));
        }
        let weight = |index: usize| (index, merge::weight(made.plugins[index].0, &sets.score, &multi_point));
        let points = PointLists {
            pre_enqueue: at(Points::PRE_ENQUEUE),
            queue_sort: queue_sort.first().copied(),
            pre_filter: at(Points::PRE_FILTER),
            filter: at(Points::FILTER),
            post_filter: at(Points::POST_FILTER),
            score: at(Points::SCORE).into_iter().map(weight).collect(),
            reserve: at(Points::RESERVE),
            permit: at(Points::PERMIT),
            pre_bind: at(Points::PRE_BIND),
            bind,
            post_bind: at(Points::POST_BIND),
        };
        self.check_reserve(&made, &points)?;
        self.check_pre_filter(&made, &points)?;
        Ok(ParsedProfile {
            name: name.into(),
            percentage_of_nodes_to_score: percentage as u32,
            plugins: made.plugins,
            points,
        })
    }

    // ---- what is named ---------------------------------------------------------------------------------------------

    /// No plugin is configured twice, and none that is gone.
    fn check_plugin_config(&self, warnings: &mut Vec<String>) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for (index, config) in self.profile.plugin_config.iter().enumerate() {
            let path = [self.path[0], self.path[1], Step::Key("pluginConfig"), Step::Index(index)];
            if !seen.insert(&config.name) {
                return Err(self.document.error_at(&path, &format!("Duplicate value: {:?}", config.name)));
            }
            if REMOVED.contains(&&*config.name) {
                return Err(self.document.error_at(&path, &removed(&config.name)));
            }
            if self.registry.is_known(&config.name) {
                self.warn_if_unmodelled(&config.name, warnings);
            } else {
                let hint = did_you_mean(&config.name, self.registry.known());
                warnings.push(format!("pluginConfig is for an unknown plugin `{}`, ignored{hint}", config.name));
            }
        }
        Ok(())
    }

    /// Every enabled plugin exists, and is there once; a warning for each that is not modelled, and for names that disable
    /// nothing.
    fn check_names(&self, warnings: &mut Vec<String>) -> Result<(), ConfigError> {
        let sets = &self.profile.plugins;
        for point in POINTS {
            for (index, plugin) in sets.of(*point).enabled.iter().enumerate() {
                if REMOVED.contains(&&*plugin.name) {
                    return Err(self.error(&enabled(point.key, index), &removed(&plugin.name)));
                }
            }
        }
        let all = POINTS.iter().map(|point| (point.key, point.plugin, sets.of(*point)));
        let groups = [
            ("placementGenerate", "PlacementGeneratePlugin", &sets.placement_generate),
            ("placementScore", "PlacementScorePlugin", &sets.placement_score),
            ("multiPoint", POINTS[0].plugin, &sets.multi_point),
        ];
        for (key, kind, set) in all.chain(groups) {
            let mut seen = BTreeSet::new();
            for (index, plugin) in set.enabled.iter().enumerate() {
                if !self.registry.is_known(&plugin.name) {
                    let hint = did_you_mean(&plugin.name, self.registry.known());
                    let message = format!("{kind} {:?} does not exist{hint}", plugin.name);
                    return Err(self.error(&enabled(key, index), &message));
                }
                if !seen.insert(&plugin.name) {
                    let message = format!("plugin {:?} already registered as {kind:?}", plugin.name);
                    return Err(self.error(&enabled(key, index), &message));
                }
                self.warn_if_unmodelled(&plugin.name, warnings);
            }
            for plugin in
                set.disabled.iter().filter(|plugin| plugin.name != "*" && !self.registry.is_known(&plugin.name))
            {
                let hint = did_you_mean(&plugin.name, self.registry.known());
                warnings.push(format!("{key} disables an unknown plugin `{}`{hint}", plugin.name));
            }
        }
        Ok(())
    }

    /// Every plugin that the profile enables anywhere and that is modelled, with its arguments read.
    fn factories(
        &self,
        multi_point: &[merge::Weighted<'_>],
        warnings: &mut Vec<String>,
    ) -> Result<Vec<(&'static str, Factory)>, ConfigError> {
        let configured = &self.profile.plugin_config;
        let specific = POINTS.iter().flat_map(|point| &self.profile.plugins.of(*point).enabled);
        let enabled = multi_point.iter().map(|(name, _)| *name).chain(specific.map(|plugin| &*plugin.name));
        let configured_only = configured.iter().map(|config| &*config.name);
        let mut plugins: Vec<(&'static str, Factory)> = Vec::new();
        let mut known = BTreeSet::new();
        for (name, is_enabled) in enabled.map(|n| (n, true)).chain(configured_only.map(|n| (n, false))) {
            let Some(entry) = self.registry.find(name) else { continue };
            if !known.insert(name) {
                continue;
            }
            let index = configured.iter().position(|config| config.name == name && config.args.is_some());
            let path = index.map(|index| {
                vec![self.path[0], self.path[1], Step::Key("pluginConfig"), Step::Index(index), Step::Key("args")]
            });
            let args = ArgsSource::new(self.document, path, self.ignored_resources, self.gates);
            let factory = (entry.prepare)(&args)?;
            if args.is_given() && !args.was_read() {
                warnings.push(format!("{name} takes no arguments: ignored"));
            }
            if is_enabled {
                plugins.push((entry.name, factory));
            } else {
                warnings.push(format!("{name} is configured and not enabled: ignored"));
            }
        }
        Ok(plugins)
    }

    // ---- whether the plugins go together ---------------------------------------------------------------------------

    /// A plugin that an extension point names has it.
    fn check_points(&self, made: &Made) -> Result<(), ConfigError> {
        for point in POINTS {
            for (index, plugin) in self.profile.plugins.of(*point).enabled.iter().enumerate() {
                if made.position(&plugin.name).is_some() && !made.has(&plugin.name, point.bit) {
                    let message = format!("plugin {:?} does not extend {} plugin", plugin.name, point.plugin);
                    return Err(self.error(&enabled(point.key, index), &message));
                }
            }
        }
        Ok(())
    }

    /// A scorer beyond the in-tree ones that learns in Reserve what was decided is deaf without Reserve.
    fn check_reserve(&self, made: &Made, points: &PointLists) -> Result<(), ConfigError> {
        let deaf = |index: usize| {
            made.extends[index].contains(Points::RESERVE)
                && !points.reserve.contains(&index)
                && registry::DEFAULT_MULTI_POINT.iter().all(|(name, _)| *name != made.plugins[index].0)
        };
        match points.score.iter().find(|(index, _)| deaf(*index)) {
            None => Ok(()),
            Some((index, _)) => {
                let name = made.plugins[*index].0;
                let message = format!("{name} scores by what Reserve tells it: enable it under multiPoint too");
                Err(self.error(&[Step::Key("score")], &message))
            }
        }
    }

    /// A filter that works with what its PreFilter has found cannot do without it.
    fn check_pre_filter(&self, made: &Made, points: &PointLists) -> Result<(), ConfigError> {
        let blind =
            |index: &&usize| made.extends[**index].contains(Points::PRE_FILTER) && !points.pre_filter.contains(*index);
        match points.filter.iter().find(blind) {
            None => Ok(()),
            Some(index) => {
                let name = made.plugins[*index].0;
                let message = format!("{name}'s filter needs its preFilter: disable both or neither");
                Err(self.error(&[Step::Key("preFilter")], &message))
            }
        }
    }

    fn warn_if_unmodelled(&self, name: &str, warnings: &mut Vec<String>) {
        let warning = format!("{name} is not modelled yet: ignored");
        if self.registry.find(name).is_none() && !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    fn error(&self, below: &[Step], message: &str) -> ConfigError {
        let path: Vec<Step> = self.path.iter().chain(&[Step::Key("plugins")]).chain(below).copied().collect();
        self.document.error_at(&path, message)
    }
}

impl Made {
    fn position(&self, name: &str) -> Option<usize> {
        self.plugins.iter().position(|(other, _)| *other == name)
    }

    fn has(&self, name: &str, point: Points) -> bool {
        self.position(name).is_some_and(|index| self.extends[index].contains(point))
    }
}

const fn enabled(key: &'static str, index: usize) -> [Step; 3] {
    [Step::Key(key), Step::Key("enabled"), Step::Index(index)]
}

fn removed(name: &str) -> String {
    format!(
        "Invalid value: {name:?}: was invalid in version \"v1\" (KubeSchedulerConfiguration is version \
         \"kubescheduler.config.k8s.io/v1\")"
    )
}
