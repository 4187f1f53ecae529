//! Reading a `KubeSchedulerConfiguration` (kubescheduler.config.k8s.io/v1), or a `Policy` as kube-scheduler had it up to 1.22.
//!
//! [`ParsedConfig::read`] judges the whole text, plugin arguments included; [`crate::build`] then makes as many schedulers of
//! it as there are runs, and cannot fail.

mod args;
mod duration;
mod error;
mod extender;
mod invalid;
mod merge;
mod parsed;
mod points;
mod policy;
mod process;
mod profile_reader;
mod qualified_name;
mod schema;
mod type_meta;
mod yaml;

pub use args::{
    BalancedArgs, DefaultConstraint, DefaultPreemptionArgs, DefaultingType, DynamicResourcesArgs, FitArgs,
    GpuDeviceChoice, InterPodAffinityArgs, NodeAffinityArgs, NodeGpuShareArgs, PluginArgs, PodTopologySpreadArgs,
    ScoringStrategy, ShapePoint, Strategy, VolumeBindingArgs, WeightedResource,
};
pub(crate) use args::{or_cpu_and_memory, or_default, validate_shape};
pub(crate) use duration::GoDuration;
pub use error::ConfigError;
pub use invalid::Invalid;
pub use parsed::ParsedConfig;
pub(crate) use parsed::ParsedProfile;
pub(crate) use yaml::Document;
pub use yaml::{ArgsSource, Step};
