//! `NodeAffinityArgs`.

use super::{PluginArgs, TypeMeta, or_default};
use crate::config::invalid::Invalid;
use crate::config::qualified_name;
use crate::config::yaml::Step;
use serde::Deserialize;
use towtank_sim::model::affinity::{NodeAffinity, NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::labels::{Operator, Requirement};
use towtank_sim::scheduler::FeatureGates;

/// Node affinity that holds for every pod of the profile beside the pod's own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NodeAffinityArgs {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    added_affinity: Option<AffinityFields>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AffinityFields {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: Option<SelectorFields>,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution", deserialize_with = "or_default")]
    preferred: Vec<PreferenceFields>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SelectorFields {
    #[serde(default, deserialize_with = "or_default")]
    node_selector_terms: Vec<TermFields>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreferenceFields {
    weight: i32,
    preference: TermFields,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TermFields {
    #[serde(deserialize_with = "or_default")]
    match_expressions: Vec<RequirementFields>,
    #[serde(deserialize_with = "or_default")]
    match_fields: Vec<RequirementFields>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementFields {
    key: String,
    operator: String,
    #[serde(default, deserialize_with = "or_default")]
    values: Vec<String>,
}

impl PluginArgs for NodeAffinityArgs {
    const KIND: &'static str = "NodeAffinityArgs";

    /// Source: `component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go`; terms without conditions and preferences
    /// of weight 0 are not looked at.
    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        let Some(affinity) = &self.added_affinity else { return Ok(()) };
        let added = Step::Key("addedAffinity");
        let required = affinity.required.iter().flat_map(|selector| &selector.node_selector_terms);
        for (index, term) in required.enumerate() {
            let key = Step::Key("requiredDuringSchedulingIgnoredDuringExecution");
            let path = [added, key, Step::Key("nodeSelectorTerms"), Step::Index(index)];
            term.validate().map_err(|invalid| invalid.below(&path))?;
        }
        for (index, preference) in affinity.preferred.iter().enumerate().filter(|(_, p)| p.weight != 0) {
            let key = Step::Key("preferredDuringSchedulingIgnoredDuringExecution");
            let path = [added, key, Step::Index(index), Step::Key("preference")];
            preference.preference.validate().map_err(|invalid| invalid.below(&path))?;
        }
        Ok(())
    }
}

impl TermFields {
    fn validate(&self) -> Result<(), Invalid> {
        for (index, requirement) in self.match_expressions.iter().enumerate() {
            let path = [Step::Key("matchExpressions"), Step::Index(index)];
            requirement.validate_for_labels().map_err(|invalid| invalid.below(&path))?;
        }
        for (index, requirement) in self.match_fields.iter().enumerate() {
            let path = [Step::Key("matchFields"), Step::Index(index)];
            requirement.validate_for_fields().map_err(|invalid| invalid.below(&path))?;
        }
        Ok(())
    }
}

impl RequirementFields {
    /// Source: `apimachinery/pkg/labels/selector.go`.
    fn validate_for_labels(&self) -> Result<(), Invalid> {
        const SUPPORTED: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
        let operator = self
            .operator()
            .ok_or_else(|| Invalid::not_supported([Step::Key("operator")], &self.operator, SUPPORTED))?;
        qualified_name::check(&self.key).map_err(|detail| Invalid::value([Step::Key("key")], &self.key, &detail))?;
        let values = |detail: &str| Err(Invalid::list([Step::Key("values")], &self.values, detail));
        let at = |index: usize| [Step::Key("values"), Step::Index(index)];
        match (operator, self.values.len()) {
            (Operator::In | Operator::NotIn, 0) => {
                return values("for 'in', 'notin' operators, values set can't be empty");
            }
            (Operator::Exists | Operator::DoesNotExist, 1..) => {
                return values("values set must be empty for exists and does not exist");
            }
            (Operator::Gt | Operator::Lt, 0 | 2..) => {
                return values("for 'Gt', 'Lt' operators, exactly one value is required");
            }
            (Operator::Gt | Operator::Lt, 1) if self.values[0].parse::<i64>().is_err() => {
                let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                return Err(Invalid::value(at(0), &self.values[0], detail));
            }
            _ => {}
        }
        for (index, value) in self.values.iter().enumerate() {
            qualified_name::check_value(value).map_err(|detail| Invalid::value(at(index), value, &detail))?;
        }
        Ok(())
    }

    fn validate_for_fields(&self) -> Result<(), Invalid> {
        match self.operator() {
            Some(Operator::In | Operator::NotIn) if self.values.len() == 1 => Ok(()),
            Some(Operator::In | Operator::NotIn) => {
                Err(Invalid::list([Step::Key("values")], &self.values, "must have one element"))
            }
            _ => Err(Invalid::not_supported([Step::Key("operator")], &self.operator, &["In", "NotIn"])),
        }
    }

    fn operator(&self) -> Option<Operator> {
        Some(match self.operator.as_str() {
            "In" => Operator::In,
            "NotIn" => Operator::NotIn,
            "Exists" => Operator::Exists,
            "DoesNotExist" => Operator::DoesNotExist,
            "Gt" => Operator::Gt,
            "Lt" => Operator::Lt,
            _ => return None,
        })
    }
}

impl From<NodeAffinityArgs> for NodeAffinity {
    fn from(args: NodeAffinityArgs) -> Self {
        let fields = args.added_affinity.unwrap_or_default();
        let selector =
            |s: SelectorFields| NodeSelector { terms: s.node_selector_terms.into_iter().map(Into::into).collect() };
        let preference = |p: PreferenceFields| PreferredNode { weight: p.weight, term: p.preference.into() };
        Self {
            required: fields.required.map(selector),
            preferred: fields.preferred.into_iter().map(preference).collect(),
        }
    }
}

impl From<TermFields> for NodeSelectorTerm {
    fn from(term: TermFields) -> Self {
        let list = |fields: Vec<RequirementFields>| fields.into_iter().filter_map(RequirementFields::requirement);
        Self { expressions: list(term.match_expressions).collect(), fields: list(term.match_fields).collect() }
    }
}

impl RequirementFields {
    /// The requirement; validation has seen to it that the operator is known.
    fn requirement(self) -> Option<Requirement> {
        Some(Requirement { operator: self.operator()?, key: self.key, values: self.values })
    }
}
