//! No pod is created beyond a ResourceQuota of its namespace. A quota may still be exceeded: by pods that were there before
//! it, or before it was lowered.

use super::Witness;
use crate::cluster::ResourceQuota;
use crate::cluster::{Change, Cluster};
use crate::observe::Note;

/// Looks at every pod that is created.
pub(super) struct Admissions;

impl Witness for Admissions {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) -> Result<(), String> {
        let Note::Change(Change::PodCreated(id)) = note else { return Ok(()) };
        // A change that has not been told of may be that of a quota: then nothing is known.
        if !cluster.is_at_rest() || !cluster.admission.has_step(ResourceQuota::KIND) {
            return Ok(());
        }
        let Some(pod) = cluster.pod(*id) else { return Ok(()) };
        let class = cluster.class_of(pod);
        for (name, quota) in cluster.quotas_of(&class.spec.namespace).filter(|(_, quota)| quota.matches(class)) {
            for (resource, amount) in class.quota_usage().iter().filter(|(_, amount)| !amount.is_zero()) {
                let (Some(used), Some(hard)) = (quota.used.get(resource), quota.hard.get(resource)) else { continue };
                if used > hard {
                    let pod = &pod.name;
                    return Err(format!("pod {pod} ({resource}={amount}) exceeds quota {name}: {used} of {hard}"));
                }
            }
        }
        Ok(())
    }
}
