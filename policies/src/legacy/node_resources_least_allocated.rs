//! NodeResourcesLeastAllocated: prefers nodes of which more is left free.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs, Strategy};
use crate::factory::Factory;
use crate::resource_allocation::{AllocationArgs, ResourceAllocation};
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;

#[derive(Default, Deserialize)]
#[serde(transparent)]
struct LeastAllocatedArgs(AllocationArgs);

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args = args.read::<LeastAllocatedArgs>()?.0;
    Ok(ResourceAllocation::new("NodeResourcesLeastAllocated", Strategy::LeastAllocated, &args.resources).factory())
}

impl PluginArgs for LeastAllocatedArgs {
    const KIND: &'static str = "NodeResourcesLeastAllocatedArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        self.0.validate(false)
    }
}
