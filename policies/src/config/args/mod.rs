//! The arguments of the plugins that have some: one file each, with upstream's defaults and its validation.
//!
//! A plugin reads its own with one call, [`super::ArgsSource::read`].
//!
//! Sources: `pkg/scheduler/apis/config/{types_pluginargs.go,v1/defaults.go,validation/validation_pluginargs.go}`.

mod default_preemption;
mod dynamic_resources;
mod inter_pod_affinity;
mod node_affinity;
mod node_gpu_share;
mod node_resources;
mod pod_topology_spread;
mod shape;
mod volume_binding;

pub use default_preemption::DefaultPreemptionArgs;
pub use dynamic_resources::DynamicResourcesArgs;
pub use inter_pod_affinity::InterPodAffinityArgs;
pub use node_affinity::NodeAffinityArgs;
pub use node_gpu_share::{GpuDeviceChoice, NodeGpuShareArgs};
pub(crate) use node_resources::or_cpu_and_memory;
pub use node_resources::{BalancedArgs, FitArgs, ScoringStrategy, Strategy, WeightedResource};
pub use pod_topology_spread::{DefaultConstraint, DefaultingType, PodTopologySpreadArgs};
pub use shape::ShapePoint;
pub(crate) use shape::validate as validate_shape;
pub use volume_binding::VolumeBindingArgs;

use super::invalid::Invalid;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use towtank_sim::scheduler::FeatureGates;

/// The arguments of one plugin. `Default` is what holds where a configuration says nothing.
pub trait PluginArgs: DeserializeOwned + Default {
    /// The kind that may stand in the arguments, such as `NodeAffinityArgs`.
    const KIND: &'static str;

    /// What upstream's validation would refuse first, with these feature gates. The path in the error begins at the arguments.
    fn validate(&self, gates: FeatureGates) -> Result<(), Invalid>;
}

/// `apiVersion` and `kind`, which arguments may carry; [`super::ArgsSource::read`] judges them.
type TypeMeta = Option<IgnoredAny>;

/// Null stands for "not given", as in the JSON that upstream reads.
pub(crate) fn or_default<'de, D: serde::Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
