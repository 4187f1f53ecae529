//! The ephemeral volume controller: makes the claims of pods' ephemeral volumes.
//!
//! A claim goes with its pod, also with one that has ended: that one leaves the store here (upstream it keeps its claims until
//! somebody deletes it).
//!
//! Source: `pkg/controller/volume/ephemeral/controller.go`.

use super::persistent_volume_claim::{ClaimOwner, PersistentVolumeClaim};
use crate::cluster::{Change, Interest};
use crate::controller::{Context, Controller};
use crate::model::volume::{ClaimSpec, VolumeSource};
use crate::model::{ObjectId, PodId};
use std::sync::Arc;

/// The ephemeral volume controller.
#[derive(Debug, Default)]
pub struct EphemeralVolumeController;

impl EphemeralVolumeController {
    /// A claim that is there already is left as it is: the pod's own, or one that stands in its way.
    fn pod_created(pod: PodId, cx: &mut Context<'_>) {
        let Some(uid) = cx.cluster.pod(pod).map(|pod| pod.uid) else { return };
        for (namespace, name, owner, spec) in claims(pod, cx) {
            let owner = Some(ClaimOwner { pod: owner, uid: Some(uid) });
            let claim = PersistentVolumeClaim { owner, ..PersistentVolumeClaim::new((*spec).clone()) };
            let _ = cx.cluster.create_object(&namespace, &name, None, Box::new(claim));
        }
    }

    fn pod_gone(pod: PodId, cx: &mut Context<'_>) {
        let Some(uid) = cx.cluster.pod(pod).map(|pod| pod.uid) else { return };
        let own = |(namespace, name, owner, _): (Arc<str>, Arc<str>, Arc<str>, Arc<ClaimSpec>)| {
            let claim =
                cx.cluster.objects().named::<PersistentVolumeClaim>(PersistentVolumeClaim::KIND, &namespace, &name);
            claim.filter(|(_, claim)| claim.is_for(&owner, Some(uid))).map(|(meta, _)| meta.id)
        };
        let own: Vec<ObjectId> = claims(pod, cx).into_iter().filter_map(own).collect();
        for claim in own {
            cx.cluster.remove_object(claim);
        }
    }
}

impl Controller for EphemeralVolumeController {
    fn name(&self) -> &'static str {
        "ephemeral-volume"
    }

    fn interest(&self) -> Interest {
        Interest::POD_CREATED.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED)
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(pod) => Self::pod_created(pod, cx),
            Change::PodFinished(pod) | Change::PodRemoved(pod) => Self::pod_gone(pod, cx),
            _ => {}
        }
    }
}

/// The claims of a pod's ephemeral volumes: namespace, name, the pod's name, and what they ask for.
fn claims(pod: PodId, cx: &Context<'_>) -> Vec<(Arc<str>, Arc<str>, Arc<str>, Arc<ClaimSpec>)> {
    let Some(pod) = cx.cluster.pod(pod) else { return Vec::new() };
    let spec = &cx.cluster.class_of(pod).spec;
    let claim = |volume: &crate::model::volume::Volume| match &volume.source {
        VolumeSource::Ephemeral(claim) => {
            Some((spec.namespace.clone(), volume.claim_name(&pod.name)?, pod.name.as_ref().into(), claim.clone()))
        }
        _ => None,
    };
    spec.volumes.iter().filter_map(claim).collect()
}
