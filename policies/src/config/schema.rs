//! The configuration as it is typed. Arguments of plugins are skipped here and read by the plugins.
//!
//! Source: `staging/src/k8s.io/kube-scheduler/config/v1/types.go`.

use super::args::or_default;
use super::extender::Extender;
use super::process::{ClientConnection, LeaderElection};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "apiVersion")]
    _api_version: IgnoredAny,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    pub(super) percentage_of_nodes_to_score: Option<i32>,
    pub(super) pod_initial_backoff_seconds: Option<i64>,
    pub(super) pod_max_backoff_seconds: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) profiles: Vec<Profile>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) extenders: Vec<Extender>,
    // How the process runs; no decision depends on them.
    pub(super) parallelism: Option<i32>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) leader_election: LeaderElection,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) client_connection: ClientConnection,
    #[serde(rename = "enableProfiling")]
    _enable_profiling: Option<bool>,
    #[serde(rename = "enableContentionProfiling")]
    _enable_contention_profiling: Option<bool>,
    #[serde(rename = "delayCacheUntilActive")]
    _delay_cache_until_active: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Profile {
    pub(super) scheduler_name: Option<String>,
    pub(super) percentage_of_nodes_to_score: Option<i32>,
    #[serde(deserialize_with = "or_default")]
    pub(super) plugins: Plugins,
    #[serde(deserialize_with = "or_default")]
    pub(super) plugin_config: Vec<PluginConfig>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Plugins {
    pub(super) multi_point: PluginSet,
    pub(super) pre_enqueue: PluginSet,
    pub(super) queue_sort: PluginSet,
    pub(super) pre_filter: PluginSet,
    pub(super) filter: PluginSet,
    pub(super) post_filter: PluginSet,
    pub(super) pre_score: PluginSet,
    pub(super) score: PluginSet,
    pub(super) reserve: PluginSet,
    pub(super) permit: PluginSet,
    pub(super) pre_bind: PluginSet,
    pub(super) bind: PluginSet,
    pub(super) post_bind: PluginSet,
    /// For groups of pods, as `placement_score`: no modelled plugin has the extension point.
    pub(super) placement_generate: PluginSet,
    pub(super) placement_score: PluginSet,
}

/// The plugins of an extension point; null is an empty set.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Option<PluginSetFields>")]
pub(super) struct PluginSet {
    pub(super) enabled: Vec<Plugin>,
    pub(super) disabled: Vec<Plugin>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PluginSetFields {
    #[serde(deserialize_with = "or_default")]
    enabled: Vec<Plugin>,
    #[serde(deserialize_with = "or_default")]
    disabled: Vec<Plugin>,
}

impl From<Option<PluginSetFields>> for PluginSet {
    fn from(fields: Option<PluginSetFields>) -> Self {
        let PluginSetFields { enabled, disabled } = fields.unwrap_or_default();
        Self { enabled, disabled }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plugin {
    pub(super) name: String,
    pub(super) weight: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PluginConfig {
    pub(super) name: String,
    /// Whether there are any; the plugin reads them itself.
    pub(super) args: Option<IgnoredAny>,
}
