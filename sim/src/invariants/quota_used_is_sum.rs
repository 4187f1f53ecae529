//! What a ResourceQuota says is used is what the pods of its namespace use.

use super::{live, same};
use crate::cluster::Cluster;
use crate::cluster::{Charge, ResourceQuota};

pub(super) fn check(cluster: &Cluster) -> Result<(), String> {
    for (meta, quota) in cluster.objects().of_kind::<ResourceQuota>(ResourceQuota::KIND) {
        let mut expected = ResourceQuota::new(quota.hard.clone(), quota.scopes.clone());
        let pods = live(cluster).map(|(_, pod)| (cluster.class_of(pod), Charge::of(pod)));
        expected.recount(pods.filter(|(class, _)| class.spec.namespace == meta.namespace));
        same(|| format!("what is used of quota {}/{}", meta.namespace, meta.name), &quota.used, &expected.used)?;
    }
    Ok(())
}
