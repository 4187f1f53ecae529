//! NodeResourcesMostAllocated: prefers nodes of which more is taken.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs, Strategy};
use crate::factory::Factory;
use crate::resource_allocation::{AllocationArgs, ResourceAllocation};
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;

#[derive(Default, Deserialize)]
#[serde(transparent)]
struct MostAllocatedArgs(AllocationArgs);

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args = args.read::<MostAllocatedArgs>()?.0;
    Ok(ResourceAllocation::new("NodeResourcesMostAllocated", Strategy::MostAllocated, &args.resources).factory())
}

impl PluginArgs for MostAllocatedArgs {
    const KIND: &'static str = "NodeResourcesMostAllocatedArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        self.0.validate(false)
    }
}
