//! How a plugin is made: its arguments are read once, and each run has a plugin of its own.

use crate::config::{ArgsSource, ConfigError};
use std::sync::Arc;
use towtank_sim::model::target_workload::TargetWorkload;
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{FeatureGates, Plugin};

/// Reads the arguments of a plugin and gives what makes it.
pub type Prepare = fn(&ArgsSource<'_>) -> Result<Factory, ConfigError>;

/// Makes a plugin whose arguments have been read: one for each run.
pub type Factory = Arc<dyn Fn(&PluginContext<'_>) -> Box<dyn Plugin> + Send + Sync>;

/// What schedulers are built with.
#[derive(Clone, Debug)]
pub struct BuildContext {
    /// The run's random streams.
    pub streams: Streams,
    /// Which feature gates are on.
    pub gates: FeatureGates,
    /// The pods that are expected to come, for plugins that measure fragmentation.
    pub target_workload: Option<Arc<TargetWorkload>>,
}

impl BuildContext {
    /// Schedulers of a run with these streams and feature gates, without a target workload.
    pub const fn new(streams: Streams, gates: FeatureGates) -> Self {
        Self { streams, gates, target_workload: None }
    }
}

/// What a plugin is made with.
#[derive(Clone, Copy, Debug)]
pub struct PluginContext<'a> {
    /// The run's random streams. A plugin names its own after itself and the profile.
    pub streams: Streams,
    /// Which feature gates are on.
    pub gates: FeatureGates,
    /// The pods that are expected to come, where the run knows of any.
    pub target_workload: Option<&'a TargetWorkload>,
    /// The name of the profile that it belongs to.
    pub profile: &'a str,
}
