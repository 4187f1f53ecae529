//! Reading a `Policy`, which configured kube-scheduler up to 1.22: predicates and priorities by name. It becomes a
//! `KubeSchedulerConfiguration` with the plugins that 1.22 made of it, under the names of 1.36 where those have changed.
//!
//! Sources, all of 1.22: `pkg/scheduler/factory.go` (`createFromPolicy`),
//! `pkg/scheduler/framework/plugins/legacy_registry.go`, and `pkg/scheduler/apis/config/validation/validation.go`
//! (`ValidatePolicy`).

mod plugins;
mod predicates;
mod priorities;
mod schema;

use super::error::ConfigError;
use super::extender;
use super::invalid::Invalid;
use super::yaml::{Document, Step};
use plugins::Plugins;
use schema::Policy;

/// A policy in the words of a `KubeSchedulerConfiguration`.
#[derive(Debug)]
pub(super) struct Translated {
    /// The configuration.
    pub(super) text: String,
    /// What of the policy has no effect.
    pub(super) warnings: Vec<String>,
}

/// Labels that nodes must have or lack, or had better have or lack: the arguments of NodeLabel.
#[derive(Debug, Default)]
struct NodeLabels {
    present: Vec<String>,
    absent: Vec<String>,
    present_preference: Vec<String>,
    absent_preference: Vec<String>,
}

/// Translates a policy.
///
/// # Errors
/// What kube-scheduler would refuse, in its words; and what needs Services, which a simulation does not have.
pub(super) fn translate(document: Document<'_>) -> Result<Translated, ConfigError> {
    let policy: Policy = document.read()?;
    policy.validate().map_err(|invalid| document.invalid(&invalid))?;
    let mut warnings = extender::warnings(&policy.extenders);
    if policy.always_check_all_predicates {
        warnings.push("alwaysCheckAllPredicates: only the first predicate that fails is named in messages".to_owned());
    }
    let mut plugins = Plugins::default();
    let mut labels = NodeLabels::default();
    let keys = predicates::keys(policy.predicates.as_deref(), &mut labels, &mut warnings);
    predicates::add(&keys.map_err(|invalid| document.invalid(&invalid))?, &mut plugins);
    let chosen = priorities::choose(policy.priorities.as_deref(), &mut labels, &mut warnings);
    let chosen = chosen.map_err(|invalid| document.invalid(&invalid))?;
    priorities::add(&chosen, &labels, policy.hard_pod_affinity_symmetric_weight, &mut plugins);
    if !labels.is_empty() {
        labels.validate().map_err(|invalid| document.invalid(&invalid))?;
        plugins.configure("NodeLabel", labels.args());
    }
    let ignored = extender::ignored_resources(&policy.extenders);
    if !ignored.is_empty() && plugins.filters_by("NodeResourcesFit") {
        plugins.configure("NodeResourcesFit", format!("{{ ignoredResources: {} }}", plugins::list(&ignored)));
    }
    Ok(Translated { text: plugins.configuration(), warnings })
}

impl Policy {
    fn validate(&self) -> Result<(), Invalid> {
        priorities::validate(self.priorities.as_deref().unwrap_or_default())?;
        extender::validate(&self.extenders)?;
        let weight = self.hard_pod_affinity_symmetric_weight;
        if !(0..=100).contains(&weight) {
            let path = [Step::Key("hardPodAffinitySymmetricWeight")];
            return Err(Invalid::value(path, &weight, "not in valid range [0-100]"));
        }
        Ok(())
    }
}

impl NodeLabels {
    fn is_empty(&self) -> bool {
        [&self.present, &self.absent, &self.present_preference, &self.absent_preference].iter().all(|l| l.is_empty())
    }

    /// How many labels are preferred.
    fn preferences(&self) -> i64 {
        (self.present_preference.len() + self.absent_preference.len()) as i64
    }

    fn validate(&self) -> Result<(), Invalid> {
        for (present, absent) in [(&self.present, &self.absent), (&self.present_preference, &self.absent_preference)] {
            if let Some(label) = present.iter().find(|label| absent.contains(label)) {
                let detail = "is asked for and asked to be absent";
                return Err(Invalid::value(Vec::new(), label, detail));
            }
        }
        Ok(())
    }

    fn args(&self) -> String {
        format!(
            "{{ presentLabels: {}, absentLabels: {}, presentLabelsPreference: {}, absentLabelsPreference: {} }}",
            plugins::list(&self.present),
            plugins::list(&self.absent),
            plugins::list(&self.present_preference),
            plugins::list(&self.absent_preference)
        )
    }
}
