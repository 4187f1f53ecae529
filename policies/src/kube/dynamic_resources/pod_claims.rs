//! The claims of a pod.
//!
//! Source: `foreachPodResourceClaim` in `pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go`,
//! `staging/src/k8s.io/dynamic-resource-allocation/resourceclaim/resourceclaim.go`.

use towtank_sim::cluster::ObjectMeta;
use towtank_sim::dra::ResourceClaim;
use towtank_sim::model::resource_claims::ClaimSource;
use towtank_sim::scheduler::Cycle;

/// A claim of the pod.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodClaim<'c> {
    pub(super) meta: &'c ObjectMeta,
    pub(super) claim: &'c ResourceClaim,
}

/// The pod's name, empty for a hypothetical one, and its uid.
pub(super) fn identity<'c>(cycle: &Cycle<'c>) -> (&'c str, u64) {
    cycle.live_pod().map_or(("", u64::MAX), |pod| (&pod.name, pod.uid))
}

/// The claims of the pod, in the order of its specification.
///
/// # Errors
/// Why there is one that cannot be used.
pub(super) fn pod_claims<'c>(cycle: &Cycle<'c>) -> Result<Vec<PodClaim<'c>>, String> {
    if cycle.class.spec.resource_claims.is_empty() {
        return Ok(Vec::new());
    }
    let (pod, uid) = identity(cycle);
    let namespace = &cycle.class.spec.namespace;
    let objects = cycle.cluster.objects();
    let mut claims = Vec::new();
    for wanted in &cycle.class.spec.resource_claims {
        let (name, made) = match &wanted.source {
            ClaimSource::Claim(name) => (name, false),
            ClaimSource::Template(_) => {
                let status = cycle.live_pod().and_then(|pod| pod.claims());
                let made = status.and_then(|status| status.made.iter().find(|made| made.name == wanted.name));
                match made {
                    None => return Err(format!("pod \"{namespace}/{pod}\": ResourceClaim not created yet")),
                    Some(made) => match &made.claim {
                        Some(name) => (name, true),
                        // None was needed.
                        None => continue,
                    },
                }
            }
        };
        let id = objects.by_name(ResourceClaim::KIND, namespace, name);
        let found = id.and_then(|id| Some((objects.meta(id)?, objects.get::<ResourceClaim>(id)?)));
        let Some((meta, claim)) = found else {
            return Err(format!("could not find ResourceClaim \"{namespace}/{name}\""));
        };
        if claim.deleting {
            return Err(format!("resourceclaim \"{name}\" is being deleted"));
        }
        if made && !claim.is_made_for(pod, uid) {
            return Err(format!(
                "ResourceClaim {namespace}/{name} was not created for Pod {namespace}/{pod} (Pod is not owner)"
            ));
        }
        claims.push(PodClaim { meta, claim });
    }
    Ok(claims)
}
