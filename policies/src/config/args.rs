//! The arguments of the plugins that have some.
//!
//! Sources: `pkg/scheduler/apis/config/{v1/defaults.go,validation/validation_pluginargs.go}`.

use super::bounded::Bounded;
use super::go_duration::GoDuration;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};
use std::collections::BTreeSet;
use towtank_sim::model::affinity::{NodeAffinity, NodeSelector, NodeSelectorTerm, PreferredNode};
use towtank_sim::model::labels::{Operator, Requirement};
use towtank_sim::time::Span;

/// Arguments of a plugin that has none.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NoArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
}

/// `DefaultPreemptionArgs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct DefaultPreemptionArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    min_candidate_nodes_percentage: Option<Bounded<0, 100>>,
    min_candidate_nodes_absolute: Option<Bounded<0, 2_147_483_647>>,
}

impl DefaultPreemptionArgs {
    /// How many nodes are tried at least, in percent: 10.
    pub(crate) fn min_candidate_nodes_percentage(&self) -> usize {
        self.min_candidate_nodes_percentage.map_or(10, |percentage| percentage.get() as usize)
    }

    /// How many nodes are tried at least: 100.
    pub(crate) fn min_candidate_nodes_absolute(&self) -> usize {
        self.min_candidate_nodes_absolute.map_or(100, |nodes| nodes.get() as usize)
    }
}

/// `DynamicResourcesArgs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct DynamicResourcesArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    /// How long the search on one node may take. Here a search ends after a number of steps.
    #[serde(rename = "filterTimeout")]
    _filter_timeout: Option<IgnoredAny>,
    binding_timeout: Option<GoDuration>,
}

impl DynamicResourcesArgs {
    /// How long drivers may take to prepare devices: 10 minutes.
    pub(crate) fn binding_timeout(&self) -> Span {
        self.binding_timeout.map_or(Span::from_secs(600), |duration| duration.0)
    }
}

/// `NodeResourcesFitArgs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FitArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    /// Extended resources that the filter leaves to others.
    pub ignored_resources: Vec<String>,
    /// Groups (what stands before the `/`) of such resources.
    pub ignored_resource_groups: Vec<ResourceGroup>,
    /// How nodes are scored.
    pub scoring_strategy: ScoringStrategy,
}

/// What stands before the `/` in the name of an extended resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceGroup(String);

/// How NodeResourcesFit scores.
#[derive(Clone, Debug)]
pub struct ScoringStrategy {
    strategy: Strategy,
    resources: Vec<WeightedResource>,
}

/// The scoring strategies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The more is left free, the better.
    LeastAllocated,
    /// The more is taken, the better.
    MostAllocated,
    /// By a line through points of ascending utilization.
    RequestedToCapacityRatio(Vec<ShapePoint>),
}

/// A point of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapePoint {
    /// Percent of the capacity.
    pub utilization: Bounded<0, 100>,
    /// The score, of 10.
    pub score: Bounded<0, 10>,
}

/// A resource that counts in a score.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedResource {
    /// Its name.
    pub name: String,
    /// Its weight.
    #[serde(default = "one")]
    pub weight: Bounded<1, 100>,
}

/// `NodeResourcesBalancedAllocationArgs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BalancedArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    resources: BalancedResources,
}

/// Resources of weight 1.
#[derive(Clone, Debug)]
struct BalancedResources(Vec<WeightedResource>);

impl ScoringStrategy {
    /// The strategy.
    pub fn strategy(&self) -> Strategy {
        self.strategy.clone()
    }

    /// The resources that count, at least one.
    pub fn resources(&self) -> &[WeightedResource] {
        &self.resources
    }
}

impl BalancedArgs {
    /// The resources that are to be in balance.
    pub fn resources(&self) -> &[WeightedResource] {
        &self.resources.0
    }
}

impl ResourceGroup {
    /// The name.
    pub fn get(&self) -> &str {
        &self.0
    }
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        Self { strategy: Strategy::LeastAllocated, resources: cpu_and_memory() }
    }
}

impl Default for BalancedResources {
    fn default() -> Self {
        Self(cpu_and_memory())
    }
}

fn cpu_and_memory() -> Vec<WeightedResource> {
    ["cpu", "memory"].map(|name| WeightedResource { name: name.to_owned(), weight: one() }).to_vec()
}

fn one() -> Bounded<1, 100> {
    Bounded::new(1).expect("1 is within 1 to 100")
}

impl<'de> Deserialize<'de> for ScoringStrategy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Clone, Copy, Default, Deserialize)]
        enum Type {
            #[default]
            LeastAllocated,
            MostAllocated,
            RequestedToCapacityRatio,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        struct Fields {
            #[serde(default)]
            r#type: Type,
            #[serde(default)]
            resources: Vec<WeightedResource>,
            requested_to_capacity_ratio: Option<Ratio>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Ratio {
            shape: Vec<ShapePoint>,
        }

        let fields = Fields::deserialize(deserializer)?;
        let resources = if fields.resources.is_empty() { cpu_and_memory() } else { fields.resources };
        check_unique(&resources).map_err(D::Error::custom)?;
        let strategy = match (fields.r#type, fields.requested_to_capacity_ratio) {
            (Type::LeastAllocated, _) => Strategy::LeastAllocated,
            (Type::MostAllocated, _) => Strategy::MostAllocated,
            (Type::RequestedToCapacityRatio, Some(ratio)) if !ratio.shape.is_empty() => {
                if let Some(pair) = ratio.shape.windows(2).find(|p| p[0].utilization.get() >= p[1].utilization.get()) {
                    return Err(D::Error::custom(format!(
                        "scoringStrategy.requestedToCapacityRatio.shape: utilization {} after {}: expected ascending values",
                        pair[1].utilization.get(),
                        pair[0].utilization.get()
                    )));
                }
                Strategy::RequestedToCapacityRatio(ratio.shape)
            }
            (Type::RequestedToCapacityRatio, _) => {
                return Err(D::Error::custom(
                    "scoringStrategy.requestedToCapacityRatio.shape: expected at least one point for type RequestedToCapacityRatio",
                ));
            }
        };
        Ok(Self { strategy, resources })
    }
}

impl<'de> Deserialize<'de> for BalancedResources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let resources = Vec::<WeightedResource>::deserialize(deserializer)?;
        check_unique(&resources).map_err(D::Error::custom)?;
        if let Some(resource) = resources.iter().find(|r| r.weight.get() != 1) {
            let WeightedResource { name, weight } = resource;
            return Err(D::Error::custom(format!(
                "resources: weight {} of {name}: expected 1, weights do not count",
                weight.get()
            )));
        }
        Ok(if resources.is_empty() { Self::default() } else { Self(resources) })
    }
}

impl<'de> Deserialize<'de> for ResourceGroup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let group = String::deserialize(deserializer)?;
        if group.contains('/') {
            return Err(D::Error::custom(format!("`{group}` contains a `/`: expected only what stands before it")));
        }
        Ok(Self(group))
    }
}

fn check_unique(resources: &[WeightedResource]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match resources.iter().find(|r| !seen.insert(&r.name)) {
        Some(twice) => Err(format!("resources: {} is listed twice", twice.name)),
        None => Ok(()),
    }
}

/// `NodeAffinityArgs`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct NodeAffinityArgs {
    #[serde(rename = "apiVersion")]
    _api_version: Option<IgnoredAny>,
    #[serde(rename = "kind")]
    _kind: Option<IgnoredAny>,
    added_affinity: Option<AffinityFields>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AffinityFields {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    required: Option<SelectorFields>,
    #[serde(rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    preferred: Vec<PreferenceFields>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SelectorFields {
    node_selector_terms: Vec<TermFields>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreferenceFields {
    weight: Bounded<1, 100>,
    preference: TermFields,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TermFields {
    match_expressions: Vec<RequirementFields>,
    match_fields: Vec<RequirementFields>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementFields {
    key: String,
    operator: OperatorField,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum OperatorField {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    Gt,
    Lt,
}

impl From<NodeAffinityArgs> for NodeAffinity {
    fn from(args: NodeAffinityArgs) -> Self {
        let fields = args.added_affinity.unwrap_or_default();
        let selector =
            |s: SelectorFields| NodeSelector { terms: s.node_selector_terms.into_iter().map(Into::into).collect() };
        Self {
            required: fields.required.map(selector),
            preferred: fields
                .preferred
                .into_iter()
                .map(|p| PreferredNode { weight: p.weight.get() as i32, term: p.preference.into() })
                .collect(),
        }
    }
}

impl From<TermFields> for NodeSelectorTerm {
    fn from(term: TermFields) -> Self {
        let list = |fields: Vec<RequirementFields>| fields.into_iter().map(Into::into).collect();
        Self { expressions: list(term.match_expressions), fields: list(term.match_fields) }
    }
}

impl From<RequirementFields> for Requirement {
    fn from(fields: RequirementFields) -> Self {
        let operator = match fields.operator {
            OperatorField::In => Operator::In,
            OperatorField::NotIn => Operator::NotIn,
            OperatorField::Exists => Operator::Exists,
            OperatorField::DoesNotExist => Operator::DoesNotExist,
            OperatorField::Gt => Operator::Gt,
            OperatorField::Lt => Operator::Lt,
        };
        Self { key: fields.key, operator, values: fields.values }
    }
}
