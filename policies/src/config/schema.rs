//! The configuration as it is typed. Arguments of plugins are skipped here and read by the plugins.
//!
//! Source: `staging/src/k8s.io/kube-scheduler/config/v1/types.go`.

use super::bounded::Bounded;
use super::names::{ApiVersion, DisabledName, Kind, PluginName};
use serde::Deserialize;
use serde::de::IgnoredAny;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: Kind,
    pub(super) percentage_of_nodes_to_score: Option<Bounded<0, 100>>,
    pub(super) pod_initial_backoff_seconds: Option<Bounded<1, MAX_SECONDS>>,
    pub(super) pod_max_backoff_seconds: Option<Bounded<0, MAX_SECONDS>>,
    #[serde(default)]
    pub(super) profiles: Vec<Profile>,
    #[serde(default)]
    pub(super) extenders: Vec<IgnoredAny>,
    // How the process runs; no decision depends on them.
    #[serde(rename = "parallelism")]
    _parallelism: Option<IgnoredAny>,
    #[serde(rename = "leaderElection")]
    _leader_election: Option<IgnoredAny>,
    #[serde(rename = "clientConnection")]
    _client_connection: Option<IgnoredAny>,
    #[serde(rename = "healthzBindAddress")]
    _healthz_bind_address: Option<IgnoredAny>,
    #[serde(rename = "metricsBindAddress")]
    _metrics_bind_address: Option<IgnoredAny>,
    #[serde(rename = "enableProfiling")]
    _enable_profiling: Option<IgnoredAny>,
    #[serde(rename = "enableContentionProfiling")]
    _enable_contention_profiling: Option<IgnoredAny>,
    #[serde(rename = "delayCacheUntilActive")]
    _delay_cache_until_active: Option<IgnoredAny>,
}

/// A year: longer than any backoff.
const MAX_SECONDS: i64 = 366 * 24 * 3600;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Profile {
    pub(super) scheduler_name: Option<String>,
    pub(super) percentage_of_nodes_to_score: Option<Bounded<0, 100>>,
    pub(super) plugins: Plugins,
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
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PluginSet {
    pub(super) enabled: Vec<Enabled>,
    pub(super) disabled: Vec<Disabled>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enabled {
    pub(super) name: PluginName,
    pub(super) weight: Option<Bounded<0, 1_000_000>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Disabled {
    pub(super) name: DisabledName,
    #[serde(rename = "weight")]
    _weight: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PluginConfig {
    pub(super) name: PluginName,
    /// Whether there are any; the plugin reads them itself.
    pub(super) args: Option<IgnoredAny>,
}
