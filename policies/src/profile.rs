//! From a configuration that has been read to the scheduler's profiles.

use crate::config::{ParsedConfig, ParsedProfile};
use crate::factory::{BuildContext, PluginContext};
use towtank_sim::scheduler::Profile;
use towtank_sim::time::Span;

/// What a scheduler is made of.
#[derive(Debug)]
pub struct SchedulerConfig {
    /// The profiles, at least one.
    pub profiles: Vec<Profile>,
    /// The first backoff.
    pub initial_backoff: Span,
    /// The longest one; zero for no backoff at all.
    pub max_backoff: Span,
    /// What of the configuration has no effect here and would have upstream.
    pub warnings: Vec<String>,
}

/// Builds the profiles of a configuration, with plugins of their own: one call for each run.
pub fn build(config: &ParsedConfig, context: &BuildContext) -> SchedulerConfig {
    SchedulerConfig {
        profiles: config.profiles.iter().map(|profile| build_profile(profile, context)).collect(),
        initial_backoff: config.initial_backoff,
        max_backoff: config.max_backoff,
        warnings: config.warnings.clone(),
    }
}

fn build_profile(parsed: &ParsedProfile, context: &BuildContext) -> Profile {
    let BuildContext { streams, gates, target_workload } = context;
    let target_workload = target_workload.as_deref();
    let context = PluginContext { streams: *streams, gates: *gates, target_workload, profile: &parsed.name };
    let points = parsed.points.clone();
    Profile {
        name: parsed.name.clone(),
        plugins: parsed.plugins.iter().map(|(_, factory)| factory(&context)).collect(),
        pre_enqueue: points.pre_enqueue,
        queue_sort: points.queue_sort,
        pre_filter: points.pre_filter,
        filter: points.filter,
        post_filter: points.post_filter,
        score: points.score,
        reserve: points.reserve,
        permit: points.permit,
        pre_bind: points.pre_bind,
        bind: points.bind,
        post_bind: points.post_bind,
        percentage_of_nodes_to_score: parsed.percentage_of_nodes_to_score,
    }
}
