//! ResourceQuota: what the pods of a namespace may ask for together.
//!
//! Sources: `apiserver/pkg/admission/plugin/resourcequota/controller.go` (`CheckRequest`) and
//! `pkg/quota/v1/evaluator/core/pods.go`.

mod scope;

pub use scope::{QuotaScope, ScopeOperator, ScopeRequirement};

use crate::cluster::{Fingerprint, Object};
use crate::model::Quantity;
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
    /// `status.used`: one amount for each name in `hard`, kept by the store.
    pub used: ResourceList,
}

impl ResourceQuota {
    /// The kind in manifests.
    pub const KIND: &'static str = "ResourceQuota";

    /// A quota that nothing has used yet.
    pub fn new(hard: ResourceList, scopes: Vec<ScopeRequirement>) -> Self {
        let used = hard.keys().map(|name| (name.clone(), Quantity::default())).collect();
        Self { hard, scopes, used }
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
