//! `PodTopologySpreadArgs`.

use super::{PluginArgs, TypeMeta, or_default};
use crate::config::invalid::Invalid;
use crate::config::qualified_name;
use crate::config::yaml::Step;
use serde::Deserialize;
use serde::de::IgnoredAny;
use towtank_sim::scheduler::FeatureGates;

/// The constraints of pods that have none of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct PodTopologySpreadArgs {
    /// The constraints, where the type is [`DefaultingType::List`]; empty otherwise.
    pub default_constraints: Vec<DefaultConstraint>,
    /// Where default constraints come from.
    pub defaulting_type: DefaultingType,
}

/// Where default constraints come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DefaultingType {
    /// From Kubernetes: spread over hosts and zones, softly.
    #[default]
    System,
    /// From the arguments.
    List,
    /// Refused by validation: anything else.
    Unsupported(String),
}

/// A default constraint. Its selector is derived for each pod from what owns the pod.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DefaultConstraint {
    /// How much fuller than the emptiest domain a domain may be: 1 or more.
    #[serde(default, deserialize_with = "or_default")]
    pub max_skew: i32,
    /// The label whose values are the domains.
    #[serde(default, deserialize_with = "or_default")]
    pub topology_key: String,
    /// `DoNotSchedule` or `ScheduleAnyway`.
    #[serde(default, deserialize_with = "or_default")]
    pub when_unsatisfiable: String,
    /// How many domains there must be at least.
    pub min_domains: Option<i32>,
    /// `Honor` or `Ignore`.
    pub node_affinity_policy: Option<String>,
    /// `Honor` or `Ignore`.
    pub node_taints_policy: Option<String>,
    /// Labels of the pod that narrow the selector.
    #[serde(default, deserialize_with = "or_default")]
    pub match_label_keys: Vec<String>,
    #[serde(default)]
    label_selector: Given,
}

/// Whether something is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Given(bool);

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    #[serde(deserialize_with = "or_default")]
    default_constraints: Vec<DefaultConstraint>,
    #[serde(deserialize_with = "or_default")]
    defaulting_type: String,
}

impl DefaultConstraint {
    /// Whether nodes that would break the constraint are out of the question.
    pub fn is_hard(&self) -> bool {
        self.when_unsatisfiable == DO_NOT_SCHEDULE
    }

    fn validate(&self) -> Result<(), Invalid> {
        if self.max_skew <= 0 {
            return Err(Invalid::value([Step::Key("maxSkew")], &self.max_skew, "not in valid range (0, inf)"));
        }
        let key = [Step::Key("topologyKey")];
        if self.topology_key.is_empty() {
            return Err(Invalid::required(key, "can not be empty"));
        }
        qualified_name::check(&self.topology_key).map_err(|detail| Invalid::value(key, &self.topology_key, &detail))?;
        let action = [Step::Key("whenUnsatisfiable")];
        match self.when_unsatisfiable.as_str() {
            "" => return Err(Invalid::required(action, "can not be empty")),
            DO_NOT_SCHEDULE | SCHEDULE_ANYWAY => {}
            other => return Err(Invalid::not_supported(action, other, &[DO_NOT_SCHEDULE, SCHEDULE_ANYWAY])),
        }
        if self.label_selector.0 {
            let detail = "constraint must not define a selector, as they deduced for each pod";
            return Err(Invalid::forbidden([Step::Key("labelSelector")], detail));
        }
        Ok(())
    }
}

const DO_NOT_SCHEDULE: &str = "DoNotSchedule";
const SCHEDULE_ANYWAY: &str = "ScheduleAnyway";

impl From<Written> for PodTopologySpreadArgs {
    fn from(written: Written) -> Self {
        let defaulting_type = match written.defaulting_type.as_str() {
            "" | "System" => DefaultingType::System,
            "List" => DefaultingType::List,
            _ => DefaultingType::Unsupported(written.defaulting_type),
        };
        Self { default_constraints: written.default_constraints, defaulting_type }
    }
}

impl PluginArgs for PodTopologySpreadArgs {
    const KIND: &'static str = "PodTopologySpreadArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        let defaulting = [Step::Key("defaultingType")];
        match &self.defaulting_type {
            DefaultingType::Unsupported(text) => {
                return Err(Invalid::not_supported(defaulting, text, &["System", "List"]));
            }
            DefaultingType::System if !self.default_constraints.is_empty() => {
                return Err(Invalid::value(defaulting, "System", "when .defaultConstraints are not empty"));
            }
            DefaultingType::System | DefaultingType::List => {}
        }
        for (index, constraint) in self.default_constraints.iter().enumerate() {
            let path = [Step::Key("defaultConstraints"), Step::Index(index)];
            constraint.validate().map_err(|invalid| invalid.below(&path))?;
            let same = |other: &DefaultConstraint| {
                (&other.topology_key, &other.when_unsatisfiable)
                    == (&constraint.topology_key, &constraint.when_unsatisfiable)
            };
            if self.default_constraints[..index].iter().any(same) {
                let value = format!("{{{}, {}}}", constraint.topology_key, constraint.when_unsatisfiable);
                return Err(Invalid::duplicate(path, &value));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::<IgnoredAny>::deserialize(deserializer)?.is_some()))
    }
}
