//! `spec.descheduler`: a policy and how often it is followed.

use super::Scenario;
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use std::path::PathBuf;
use towtank_policies::descheduler::ParsedPolicy;
use towtank_sim::descheduler::Descheduler;
use towtank_sim::time::Span;
use towtank_workloads::schema::DurationText;

/// From one cycle to the next where nothing is said: `deschedulingInterval` of upstream's Helm chart for a Deployment.
const INTERVAL: Span = Span::from_secs(300);

/// `spec.descheduler`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DeschedulerSpec {
    /// A file with a `DeschedulerPolicy`.
    pub policy: PathBuf,
    /// From one cycle to the next, and from the start to the first; five minutes if absent.
    pub interval: Option<DurationText>,
}

impl Scenario {
    /// The descheduler, if there is one, with what of its policy has no effect.
    ///
    /// # Errors
    /// The policy cannot be read, or the interval is zero.
    pub(super) fn descheduler(&self) -> Result<Option<(Descheduler, Vec<String>)>, Diagnostic> {
        let Some(spec) = &self.spec.descheduler else { return Ok(None) };
        let interval = spec.interval.map_or(INTERVAL, |interval| interval.0);
        if interval <= Span::ZERO {
            return Err(self.error("spec.descheduler.interval", "expected a duration above zero"));
        }
        let path = self.path(&spec.policy);
        let text = std::fs::read_to_string(&path).map_err(|error| Diagnostic::unreadable(&path, &error))?;
        let parsed = ParsedPolicy::read(&text, &path.display().to_string())
            .map_err(|error| Diagnostic::new(error.to_string()))?;
        Ok(Some((Descheduler::new(parsed.policy, interval), parsed.warnings)))
    }
}
