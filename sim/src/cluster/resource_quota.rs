//! ResourceQuota: what the pods of a namespace may ask for together.
//!
//! Sources: `apiserver/pkg/admission/plugin/resourcequota/controller.go` (`CheckRequest`) and
//! `pkg/quota/v1/evaluator/core/pods.go`.

mod check;
mod scope;
#[cfg(test)]
mod tests;
mod usage;

pub use scope::{QuotaScope, ScopeOperator, ScopeRequirement};

use super::{Fingerprint, Object};
use crate::model::Quantity;
use crate::model::pod::{Pod, PodClass};
use crate::model::resources::ResourceList;
use crate::time::SimTime;

/// A ResourceQuota object.
///
/// A pod that exists but has not ended is charged to every quota of its namespace whose scopes it matches. Names that
/// no pod can use (`services`, `secrets`, …) are kept and stay unused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceQuota {
    /// `spec.hard`: the limits, by the names of quotas: `requests.cpu`, `limits.memory`, `pods`, `count/pods`,
    /// `requests.nvidia.com/gpu`, …
    pub hard: ResourceList,
    /// `spec.scopes` and `spec.scopeSelector` together. A pod must match all of them; none match every pod.
    pub scopes: Vec<ScopeRequirement>,
    /// `status.used`: one amount for each name in `hard`, kept by the store as pods come and go.
    pub used: ResourceList,
}

impl ResourceQuota {
    /// The kind in manifests.
    pub const KIND: &'static str = "ResourceQuota";

    /// A quota that nothing has used yet.
    pub fn new(hard: ResourceList, scopes: Vec<ScopeRequirement>) -> Self {
        Self { used: none_of(&hard), hard, scopes }
    }

    /// Whether it is about pods of this class: they match all its scopes and can use something that it limits.
    pub fn matches(&self, class: &PodClass) -> bool {
        self.scopes.iter().all(|scope| scope.matches(class)) && self.hard.keys().any(|name| usage::is_of_pods(name))
    }

    /// Whether one more pod of this class is within the quota.
    ///
    /// # Errors
    /// Why not, in the server's words after `pods "NAME" is forbidden: `.
    pub fn judge(&self, name: &str, class: &PodClass) -> Result<(), String> {
        if self.matches(class) { check::check(self, name, class) } else { Ok(()) }
    }

    /// Charges one more pod of this class.
    pub fn charge(&mut self, class: &PodClass, charge: Charge) {
        self.change(class, charge, Quantity::plus);
    }

    /// Takes back what one pod of this class was charged.
    pub(crate) fn release(&mut self, class: &PodClass, charge: Charge) {
        self.change(class, charge, Quantity::minus);
    }

    /// Counts anew: exactly these pods exist.
    pub(crate) fn recount<'a>(&mut self, pods: impl Iterator<Item = (&'a PodClass, Charge)>) {
        self.used = none_of(&self.hard);
        for (class, charge) in pods {
            self.charge(class, charge);
        }
    }

    fn change(&mut self, class: &PodClass, charge: Charge, by: fn(Quantity, Quantity) -> Quantity) {
        if !self.matches(class) {
            return;
        }
        for (name, amount) in class.quota_usage() {
            if charge == Charge::ObjectOnly && *name != *usage::OBJECT_COUNT {
                continue;
            }
            if let Some(used) = self.used.get_mut(name) {
                *used = by(*used, *amount);
            }
        }
    }
}

/// How much a pod is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charge {
    /// All that it uses.
    Full,
    /// Only that it exists.
    ObjectOnly,
}

impl Charge {
    /// How much this pod is charged while it exists.
    pub(crate) fn of(pod: &Pod) -> Self {
        if pod.is_overdue() { Self::ObjectOnly } else { Self::Full }
    }
}

impl Object for ResourceQuota {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        // `used` follows from the pods and is no state of its own.
        for (name, limit) in &self.hard {
            into.fold_name(name);
            into.fold(SimTime::ZERO, 0, &[limit.milli_value() as u64]);
        }
    }
}

/// Nothing, of each name.
fn none_of(hard: &ResourceList) -> ResourceList {
    hard.keys().map(|name| (name.clone(), Quantity::default())).collect()
}
