//! How the scheduler's process runs. Nothing of it changes a decision; it is judged as upstream judges it.
//!
//! Sources: `component-base/config/v1alpha1/types.go`, `component-base/config/validation/validation.go`.

use super::args::or_default;
use super::duration::{self, GoDuration};
use super::invalid::Invalid;
use super::yaml::Step;
use serde::Deserialize;
use towtank_sim::time::Span;

/// How one of several schedulers becomes the active one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct LeaderElection {
    leader_elect: Option<bool>,
    lease_duration: Option<GoDuration>,
    renew_deadline: Option<GoDuration>,
    retry_period: Option<GoDuration>,
    #[serde(deserialize_with = "or_default")]
    resource_lock: String,
    #[serde(rename = "resourceName", deserialize_with = "or_default")]
    _resource_name: String,
    #[serde(rename = "resourceNamespace", deserialize_with = "or_default")]
    _resource_namespace: String,
}

/// How the API server is reached.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ClientConnection {
    #[serde(rename = "kubeconfig", deserialize_with = "or_default")]
    _kubeconfig: String,
    #[serde(rename = "acceptContentTypes", deserialize_with = "or_default")]
    _accept_content_types: String,
    #[serde(rename = "contentType", deserialize_with = "or_default")]
    _content_type: String,
    #[serde(rename = "qps", deserialize_with = "or_default")]
    _qps: f32,
    #[serde(deserialize_with = "or_default")]
    burst: i32,
}

impl LeaderElection {
    /// What upstream's validation refuses first.
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.leader_elect == Some(false) {
            return Ok(());
        }
        let or = |given: Option<GoDuration>, seconds| match given {
            Some(GoDuration(Span::ZERO)) | None => Span::from_secs(seconds),
            Some(GoDuration(span)) => span,
        };
        let (lease, renew) = (or(self.lease_duration, 15), or(self.renew_deadline, 10));
        let retry = or(self.retry_period, 2);
        let at = |key: &'static str| [Step::Key("leaderElection"), Step::Key(key)];
        for (key, span) in [("leaseDuration", lease), ("renewDeadline", renew), ("retryPeriod", retry)] {
            if span < Span::ZERO {
                return Err(Invalid::value(at(key), &duration::text(span), "must be greater than zero"));
            }
        }
        if lease < renew {
            let detail = "LeaseDuration must be greater than RenewDeadline";
            return Err(Invalid::value(at("leaseDuration"), &duration::text(renew), detail));
        }
        if !matches!(self.resource_lock.as_str(), "" | "leases") {
            let detail = "resourceLock value must be \"leases\"";
            return Err(Invalid::value(at("resourceLock"), &self.resource_lock, detail));
        }
        Ok(())
    }
}

impl ClientConnection {
    /// What upstream's validation refuses first.
    pub(super) fn validate(&self) -> Result<(), Invalid> {
        if self.burst >= 0 {
            return Ok(());
        }
        Err(Invalid::value([Step::Key("clientConnection"), Step::Key("burst")], &self.burst, "must be non-negative"))
    }
}
