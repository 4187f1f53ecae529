//! What the volume plugins look up, and the API server's words for what is not there.

use std::sync::Arc;
use towtank_sim::cluster::{Cluster, Object, ObjectMeta};
use towtank_sim::model::ObjectId;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::volume::Volume;
use towtank_sim::scheduler::Cycle;
use towtank_sim::storage::{PersistentVolume, PersistentVolumeClaim, StorageClass};

/// An object with its metadata.
pub(crate) type Found<'c, T> = (&'c ObjectMeta, &'c T);

/// The claim of this name.
///
/// # Errors
/// There is none, in the API server's words.
pub(crate) fn claim<'c>(
    cluster: &'c Cluster,
    namespace: &str,
    name: &str,
) -> Result<Found<'c, PersistentVolumeClaim>, String> {
    let found = cluster.objects().named(PersistentVolumeClaim::KIND, namespace, name);
    found.ok_or_else(|| format!("persistentvolumeclaim \"{name}\" not found"))
}

/// The volume of this name.
///
/// # Errors
/// As [`claim`].
pub(crate) fn volume<'c>(cluster: &'c Cluster, name: &str) -> Result<Found<'c, PersistentVolume>, String> {
    let found = cluster.objects().named(PersistentVolume::KIND, "", name);
    found.ok_or_else(|| format!("persistentvolume \"{name}\" not found"))
}

/// The storage class of this name.
///
/// # Errors
/// As [`claim`].
pub(crate) fn class<'c>(cluster: &'c Cluster, name: &str) -> Result<&'c StorageClass, String> {
    StorageClass::by_name(name, cluster).ok_or_else(|| format!("storageclass.storage.k8s.io \"{name}\" not found"))
}

/// The claims that the pod names, without those of its ephemeral volumes.
pub(crate) fn named_claims(pod: &PodSpec) -> impl Iterator<Item = &str> {
    pod.volumes.iter().filter_map(Volume::named_claim)
}

/// The name of the claim behind a volume of the cycle's pod. A hypothetical pod has no name, and so no claims of its own
/// yet.
pub(crate) fn claim_name(cycle: &Cycle<'_>, volume: &Volume) -> Option<Arc<str>> {
    let pod = cycle.live_pod().map(|pod| &*pod.name);
    if volume.is_ephemeral() { volume.claim_name(pod?) } else { volume.claim_name("") }
}

/// Why a claim is not the one of the ephemeral volume of the cycle's pod, if it is not.
pub(crate) fn check_owner(cycle: &Cycle<'_>, name: &str, claim: &PersistentVolumeClaim) -> Result<(), String> {
    let Some(pod) = cycle.live_pod().filter(|pod| !claim.is_for(&pod.name, Some(pod.uid))) else { return Ok(()) };
    let (namespace, pod) = (&cycle.class.spec.namespace, &pod.name);
    Err(format!("PVC {namespace}/{name} was not created for pod {namespace}/{pod} (pod is not owner)"))
}

/// Whether an object that came or changed is a claim of the pod. The claims of ephemeral volumes count if `own`.
pub(crate) fn is_claim_of(cycle: &Cycle<'_>, id: ObjectId, own: bool) -> bool {
    let Some(meta) = cycle.cluster.objects().meta(id) else { return false };
    let pod = &cycle.class.spec;
    let volumes = pod.volumes.iter().filter(|volume| own || !volume.is_ephemeral());
    meta.kind == PersistentVolumeClaim::KIND && meta.namespace == pod.namespace && { volumes }
        .any(|volume| claim_name(cycle, volume).is_some_and(|name| name == meta.name))
}

/// What an object says and what it said before its last change.
pub(crate) fn change<'c, T: Object>(cycle: &Cycle<'c>, id: ObjectId) -> Option<(&'c T, &'c T)> {
    let objects = cycle.cluster.objects();
    Some((objects.previous(id)?, objects.get(id)?))
}
