//! From what a profile says to the plugins of each extension point, in order.
//!
//! Sources: `pkg/scheduler/apis/config/v1/default_plugins.go` (`mergePluginSet`) and
//! `pkg/scheduler/framework/runtime/framework.go` (`expandMultiPointPlugins`, `getValidScoreWeights`).

use super::schema::{Plugin, PluginSet};

/// A plugin with the weight that was given to it; 0 for none.
pub(super) type Weighted<'a> = (&'a str, i64);

/// The plugins of `multiPoint`: the defaults, less what is disabled, with what is configured anew in its old place; then what
/// is enabled beyond them.
pub(super) fn multi_point<'a>(defaults: &[Weighted<'a>], set: &'a PluginSet) -> Vec<Weighted<'a>> {
    let enabled: Vec<Weighted<'a>> = set.enabled.iter().map(|plugin| (&*plugin.name, weight_of(plugin))).collect();
    let mut replaced = vec![false; enabled.len()];
    let mut merged = Vec::new();
    if !disables(set, "*") {
        for default in defaults.iter().filter(|(name, _)| !disables(set, name)) {
            match enabled.iter().position(|(name, _)| name == &default.0) {
                Some(index) => {
                    replaced[index] = true;
                    merged.push(enabled[index]);
                }
                None => merged.push(*default),
            }
        }
    }
    merged.extend(enabled.iter().zip(replaced).filter(|(_, replaced)| !replaced).map(|(plugin, _)| *plugin));
    merged
}

/// The plugins of one extension point: first what is named both there and under `multiPoint`, in the order of the extension
/// point; then the other `multiPoint` plugins; then what is named only there.
pub(super) fn expand<'a>(
    set: &'a PluginSet,
    multi_point: &[Weighted<'a>],
    implements: impl Fn(&str) -> bool,
) -> Vec<&'a str> {
    let named: Vec<&str> = set.enabled.iter().map(|plugin| &*plugin.name).collect();
    if disables(set, "*") {
        return named;
    }
    let everywhere: Vec<&str> =
        multi_point.iter().map(|(name, _)| *name).filter(|name| implements(name) && !disables(set, name)).collect();
    let (overriding, only): (Vec<&str>, Vec<&str>) = named.iter().partition(|name| everywhere.contains(name));
    let rest = everywhere.into_iter().filter(|name| !named.contains(name));
    overriding.into_iter().chain(rest).chain(only).collect()
}

/// The weight of a score plugin: what `score` says, else what `multiPoint` says, else 1. A plugin that `score` names without a
/// weight has 1 whatever `multiPoint` says.
pub(super) fn weight(name: &str, score: &PluginSet, multi_point: &[Weighted<'_>]) -> i64 {
    let own = score.enabled.iter().find(|plugin| plugin.name == name).map(weight_of);
    let shared = multi_point.iter().find(|(other, _)| *other == name).map(|(_, weight)| *weight);
    match own.or(shared) {
        None | Some(0) => 1,
        Some(weight) => weight,
    }
}

fn weight_of(plugin: &Plugin) -> i64 {
    plugin.weight.map_or(0, i64::from)
}

fn disables(set: &PluginSet, name: &str) -> bool {
    set.disabled.iter().any(|disabled| disabled.name == name)
}
