//! `DynamicResourcesArgs`.

use super::{PluginArgs, TypeMeta};
use crate::config::duration::{self, GoDuration};
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::time::Span;

/// How long the plugin may look for devices, and wait for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct DynamicResourcesArgs {
    /// How long one node may be looked at; zero for no limit. A simulated filter takes no time, so it never strikes.
    pub filter_timeout: Span,
    /// How long a device may take to become ready, if it is given: a second or more.
    binding_timeout: Option<Span>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    filter_timeout: Option<GoDuration>,
    binding_timeout: Option<GoDuration>,
}

impl DynamicResourcesArgs {
    /// How long a device may take to become ready.
    pub fn binding_timeout(&self) -> Span {
        self.binding_timeout.unwrap_or(Span::from_secs(600))
    }
}

impl From<Written> for DynamicResourcesArgs {
    fn from(written: Written) -> Self {
        Self {
            filter_timeout: written.filter_timeout.map_or(Span::from_secs(10), |timeout| timeout.0),
            binding_timeout: written.binding_timeout.map(|timeout| timeout.0),
        }
    }
}

impl Default for DynamicResourcesArgs {
    fn default() -> Self {
        Written::default().into()
    }
}

impl PluginArgs for DynamicResourcesArgs {
    const KIND: &'static str = "DynamicResourcesArgs";

    fn validate(&self, gates: FeatureGates) -> Result<(), Invalid> {
        if self.filter_timeout < Span::from_secs(0) {
            let detail = "must be zero or positive";
            return Err(Invalid::value([Step::Key("filterTimeout")], &duration::text(self.filter_timeout), detail));
        }
        let path = [Step::Key("bindingTimeout")];
        match self.binding_timeout {
            Some(_) if !gates.enabled(FeatureGates::DRA_DEVICE_BINDING_CONDITIONS) => {
                let detail = "DRADeviceBindingConditions or DRAResourceClaimDeviceStatus feature gate is disabled";
                Err(Invalid::forbidden(path, detail))
            }
            Some(timeout) if timeout < Span::from_secs(1) => {
                Err(Invalid::value(path, &duration::text(timeout), "must be at least 1 second"))
            }
            _ => Ok(()),
        }
    }
}
