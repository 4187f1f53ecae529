//! `NodeGpuShareArgs`: ours, as the plugin is.

use super::{PluginArgs, TypeMeta, or_default};
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use serde::Deserialize;
use towtank_sim::model::gpu::DeviceChoice;
use towtank_sim::scheduler::FeatureGates;

/// Which devices of the chosen node a pod with GPU shares takes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NodeGpuShareArgs {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    #[serde(deserialize_with = "or_default")]
    device_choice: String,
}

/// What chooses among the devices of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GpuDeviceChoice {
    /// A fixed rule.
    Rule(DeviceChoice),
    /// Each set of devices with room alike.
    Random,
}

/// The names that arguments can give.
const CHOICES: [(&str, GpuDeviceChoice); 4] = [
    ("BestFit", GpuDeviceChoice::Rule(DeviceChoice::BestFit)),
    ("FirstFit", GpuDeviceChoice::Rule(DeviceChoice::FirstFit)),
    ("WorstFit", GpuDeviceChoice::Rule(DeviceChoice::WorstFit)),
    ("Random", GpuDeviceChoice::Random),
];

impl NodeGpuShareArgs {
    /// The choice; `None` to leave it to the other plugins at Reserve, and where these have no say, to best fit.
    pub fn device_choice(&self) -> Option<GpuDeviceChoice> {
        CHOICES.iter().find(|(name, _)| *name == self.device_choice).map(|(_, choice)| *choice)
    }
}

impl PluginArgs for NodeGpuShareArgs {
    const KIND: &'static str = "NodeGpuShareArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        if self.device_choice.is_empty() || self.device_choice().is_some() {
            return Ok(());
        }
        let path = [Step::Key("deviceChoice")];
        Err(Invalid::not_supported(path, &self.device_choice, &CHOICES.map(|(name, _)| name)))
    }
}
