//! Scopes: which pods a quota is about.

use crate::model::pod::{PodClass, QosClass};
use crate::model::pod_affinity::PodAffinityTerm;

/// A property of a pod that a quota may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotaScope {
    /// `spec.activeDeadlineSeconds` is set.
    Terminating,
    /// `spec.activeDeadlineSeconds` is not set.
    NotTerminating,
    /// The quality of service is best effort.
    BestEffort,
    /// The quality of service is better than best effort.
    NotBestEffort,
    /// The name of the PriorityClass.
    PriorityClass,
    /// A pod affinity or anti-affinity term that names other namespaces.
    CrossNamespacePodAffinity,
}

/// How a [`ScopeRequirement`] compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeOperator {
    /// The pod's value is one of those given.
    In,
    /// The pod has no value, or one that is not among those given.
    NotIn,
    /// The pod has the property.
    Exists,
    /// The pod does not have the property.
    DoesNotExist,
}

/// One entry of `spec.scopeSelector.matchExpressions`, or of `spec.scopes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeRequirement {
    /// The property.
    pub scope: QuotaScope,
    /// The comparison. Only `PriorityClass` knows others than `Exists`.
    pub operator: ScopeOperator,
    /// The values for `In` and `NotIn`.
    pub values: Vec<String>,
}

impl ScopeRequirement {
    /// An entry of `spec.scopes`: the property must be there.
    pub const fn exists(scope: QuotaScope) -> Self {
        Self { scope, operator: ScopeOperator::Exists, values: Vec::new() }
    }

    /// Whether pods of this class satisfy it.
    ///
    /// Source: `podMatchesScopeFunc` in `pkg/quota/v1/evaluator/core/pods.go`.
    pub fn matches(&self, class: &PodClass) -> bool {
        match self.scope {
            QuotaScope::Terminating => class.spec.active_deadline.is_some(),
            QuotaScope::NotTerminating => class.spec.active_deadline.is_none(),
            QuotaScope::BestEffort => class.qos == QosClass::BestEffort,
            QuotaScope::NotBestEffort => class.qos != QosClass::BestEffort,
            QuotaScope::CrossNamespacePodAffinity => {
                let affinities = [&class.spec.pod_affinity, &class.spec.pod_anti_affinity];
                affinities.iter().any(|affinity| affinity.terms().any(PodAffinityTerm::names_namespaces))
            }
            QuotaScope::PriorityClass => {
                let name = class.spec.priority_class.as_deref();
                let listed = name.is_some_and(|name| self.values.iter().any(|value| value == name));
                match self.operator {
                    ScopeOperator::In => listed,
                    ScopeOperator::NotIn => !listed,
                    ScopeOperator::Exists => name.is_some(),
                    ScopeOperator::DoesNotExist => name.is_none(),
                }
            }
        }
    }
}

impl std::str::FromStr for QuotaScope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "Terminating" => Self::Terminating,
            "NotTerminating" => Self::NotTerminating,
            "BestEffort" => Self::BestEffort,
            "NotBestEffort" => Self::NotBestEffort,
            "PriorityClass" => Self::PriorityClass,
            "CrossNamespacePodAffinity" => Self::CrossNamespacePodAffinity,
            _ => {
                return Err(format!(
                    "`{text}` is not a quota scope: expected Terminating, NotTerminating, BestEffort, NotBestEffort, \
                     PriorityClass or CrossNamespacePodAffinity"
                ));
            }
        })
    }
}

impl std::str::FromStr for ScopeOperator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "In" => Self::In,
            "NotIn" => Self::NotIn,
            "Exists" => Self::Exists,
            "DoesNotExist" => Self::DoesNotExist,
            _ => return Err(format!("`{text}` is not a scope operator: expected In, NotIn, Exists or DoesNotExist")),
        })
    }
}
