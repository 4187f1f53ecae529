//! ResourceQuota: a pod must be within every quota of its namespace. The store keeps what is used.
//!
//! Source: `apiserver/pkg/admission/plugin/resourcequota/controller.go` (`CheckRequest`).

use crate::cluster::{AdmissionPlugin, Cluster, Refusal, ResourceQuota};
use crate::model::pod::PodClass;

/// The step.
#[derive(Debug)]
pub(super) struct Quota;

impl AdmissionPlugin for Quota {
    fn name(&self) -> &'static str {
        ResourceQuota::KIND
    }

    fn judge(&self, class: &PodClass, cluster: &Cluster) -> Result<(), Refusal> {
        for (name, quota) in cluster.quotas_of(&class.spec.namespace) {
            quota.judge(name, class).map_err(|why| Refusal::forbidden(ResourceQuota::KIND, name, why))?;
        }
        Ok(())
    }
}
