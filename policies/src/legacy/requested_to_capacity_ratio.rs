//! RequestedToCapacityRatio: scores nodes by a line over their utilization.

use crate::config::{ArgsSource, ConfigError, Invalid, PluginArgs, Strategy};
use crate::factory::Factory;
use crate::resource_allocation::{AllocationArgs, ResourceAllocation};
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;

#[derive(Default, Deserialize)]
#[serde(transparent)]
struct RatioArgs(AllocationArgs);

/// Reads the arguments.
pub(crate) fn prepare(args: &ArgsSource<'_>) -> Result<Factory, ConfigError> {
    let args = args.read::<RatioArgs>()?.0;
    Ok(ResourceAllocation::new(
        "RequestedToCapacityRatio",
        Strategy::RequestedToCapacityRatio(args.shape),
        &args.resources,
    )
    .factory())
}

impl PluginArgs for RatioArgs {
    const KIND: &'static str = "RequestedToCapacityRatioArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        self.0.validate(true)
    }
}
