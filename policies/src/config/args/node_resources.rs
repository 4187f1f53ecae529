//! `NodeResourcesFitArgs` and `NodeResourcesBalancedAllocationArgs`.

use super::shape::{self, ShapePoint};
use super::{PluginArgs, TypeMeta, or_default};
use crate::config::invalid::Invalid;
use crate::config::qualified_name;
use crate::config::yaml::Step;
use serde::Deserialize;
use std::collections::BTreeSet;
use towtank_sim::scheduler::FeatureGates;

/// `NodeResourcesFitArgs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FitArgs {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    /// Extended resources that the filter leaves to others.
    #[serde(deserialize_with = "or_default")]
    pub ignored_resources: Vec<String>,
    /// Groups (what stands before the `/`) of such resources.
    #[serde(deserialize_with = "or_default")]
    pub ignored_resource_groups: Vec<String>,
    /// How nodes are scored.
    #[serde(deserialize_with = "or_default")]
    pub scoring_strategy: ScoringStrategy,
}

/// How NodeResourcesFit scores.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScoringStrategy {
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    type_name: String,
    #[serde(default, deserialize_with = "or_default")]
    resources: Vec<WeightedResource>,
    requested_to_capacity_ratio: Option<Ratio>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratio {
    #[serde(default, deserialize_with = "or_default")]
    shape: Vec<ShapePoint>,
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

/// A resource that counts in a score.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedResource {
    /// Its name.
    pub name: String,
    /// Its weight as written: 1 to 100, or 0 for "not given".
    #[serde(default, deserialize_with = "or_default")]
    weight: i64,
}

/// `NodeResourcesBalancedAllocationArgs`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BalancedArgs {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    #[serde(deserialize_with = "or_default")]
    resources: Vec<WeightedResource>,
}

impl ScoringStrategy {
    /// The strategy.
    pub fn strategy(&self) -> Strategy {
        match (self.type_name.as_str(), &self.requested_to_capacity_ratio) {
            ("MostAllocated", _) => Strategy::MostAllocated,
            ("RequestedToCapacityRatio", Some(ratio)) => Strategy::RequestedToCapacityRatio(ratio.shape.clone()),
            _ => Strategy::LeastAllocated,
        }
    }

    /// The resources that count, at least one: CPU and memory where none are named.
    pub fn resources(&self) -> Vec<WeightedResource> {
        or_cpu_and_memory(&self.resources)
    }

    fn validate(&self) -> Result<(), Invalid> {
        const SUPPORTED: &[&str] = &["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];
        if !SUPPORTED.contains(&self.type_name.as_str()) {
            return Err(Invalid::not_supported([Step::Key("type")], &self.type_name, SUPPORTED));
        }
        for (index, resource) in self.resources.iter().enumerate() {
            if !(1..=100).contains(&resource.weight()) {
                let path = [Step::Key("resources"), Step::Index(index), Step::Key("weight")];
                let detail = format!("resource weight of {} not in valid range (0, 100]", resource.name);
                return Err(Invalid::value(path, &resource.weight, &detail));
            }
        }
        let ratio = Step::Key("requestedToCapacityRatio");
        match (self.type_name == "RequestedToCapacityRatio", &self.requested_to_capacity_ratio) {
            (true, None) => Err(Invalid::required([ratio], "must be specified when type is RequestedToCapacityRatio")),
            (true, Some(Ratio { shape })) => shape::validate(shape, &[ratio, Step::Key("shape")]),
            (false, Some(_)) => {
                Err(Invalid::forbidden([ratio], "must be nil when type is not RequestedToCapacityRatio"))
            }
            (false, None) => Ok(()),
        }
    }
}

impl WeightedResource {
    /// A resource of weight 1.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), weight: 1 }
    }

    /// The weight, 1 where none is given.
    pub fn weight(&self) -> i64 {
        if self.weight == 0 { 1 } else { self.weight }
    }
}

impl BalancedArgs {
    /// The resources that are to be in balance: CPU and memory where none are named.
    pub fn resources(&self) -> Vec<WeightedResource> {
        or_cpu_and_memory(&self.resources)
    }
}

impl Default for ScoringStrategy {
    fn default() -> Self {
        Self { type_name: "LeastAllocated".to_owned(), resources: Vec::new(), requested_to_capacity_ratio: None }
    }
}

/// The resources, or CPU and memory where there are none.
pub(crate) fn or_cpu_and_memory(resources: &[WeightedResource]) -> Vec<WeightedResource> {
    if resources.is_empty() { ["cpu", "memory"].map(WeightedResource::named).to_vec() } else { resources.to_vec() }
}

impl PluginArgs for FitArgs {
    const KIND: &'static str = "NodeResourcesFitArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        for (index, name) in self.ignored_resources.iter().enumerate() {
            let path = [Step::Key("ignoredResources"), Step::Index(index)];
            qualified_name::check(name).map_err(|detail| Invalid::value(path, name, &detail))?;
        }
        for (index, group) in self.ignored_resource_groups.iter().enumerate() {
            let path = [Step::Key("ignoredResourceGroups"), Step::Index(index)];
            if group.contains('/') {
                return Err(Invalid::value(path, group, "resource group name can't contain '/'"));
            }
            qualified_name::check(group).map_err(|detail| Invalid::value(path, group, &detail))?;
        }
        self.scoring_strategy.validate().map_err(|invalid| invalid.below(&[Step::Key("scoringStrategy")]))
    }
}

impl PluginArgs for BalancedArgs {
    const KIND: &'static str = "NodeResourcesBalancedAllocationArgs";

    fn validate(&self, _gates: FeatureGates) -> Result<(), Invalid> {
        let mut seen = BTreeSet::new();
        for (index, resource) in self.resources.iter().enumerate() {
            let at = |key: &'static str| [Step::Key("resources"), Step::Index(index), Step::Key(key)];
            if !seen.insert(&resource.name) {
                return Err(Invalid::duplicate(at("name"), &resource.name));
            }
            if resource.weight() != 1 {
                return Err(Invalid::value(at("weight"), &resource.weight, "must be 1"));
            }
        }
        Ok(())
    }
}
