//! The ephemeral volume controller: makes the claims of pods' ephemeral volumes.
//!
//! A claim goes with its pod, also with one that has ended: that one leaves the store here (upstream it keeps its claims until
//! somebody deletes it).
//!
//! Source: `pkg/controller/volume/ephemeral/controller.go`.

use super::persistent_volume_claim::{ClaimOwner, PersistentVolumeClaim};
use crate::cluster::{Change, Interest};
use crate::controller::{Context, Controller};
use crate::model::pod::PodTraits;
use crate::model::volume::{ClaimSpec, Volume, VolumeSource};
use crate::model::{ObjectId, PodId};
use std::sync::Arc;

/// The ephemeral volume controller.
#[derive(Debug, Default)]
pub struct EphemeralVolumeController;

/// The claim of one ephemeral volume.
struct Wanted {
    namespace: Arc<str>,
    name: Arc<str>,
    owner: ClaimOwner,
    spec: Arc<ClaimSpec>,
}

impl EphemeralVolumeController {
    /// A claim that is there already is left as it is: the pod's own, or one that stands in its way.
    fn pod_created(pod: PodId, cx: &mut Context<'_>) {
        for Wanted { namespace, name, owner, spec } in claims(pod, cx) {
            let claim = PersistentVolumeClaim { owner: Some(owner), ..PersistentVolumeClaim::new((*spec).clone()) };
            let _ = cx.cluster.create_object(&namespace, &name, None, Box::new(claim));
        }
    }

    fn pod_gone(pod: PodId, cx: &mut Context<'_>) {
        let kind = PersistentVolumeClaim::KIND;
        let own = |Wanted { namespace, name, owner, .. }: Wanted| {
            let (meta, claim) = cx.cluster.objects().named::<PersistentVolumeClaim>(kind, &namespace, &name)?;
            claim.is_for(&owner.pod, owner.uid).then_some(meta.id)
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
        Interest::NONE
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_CREATED.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        if pods_with == PodTraits::VOLUME_CLAIMS { all } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(pod) => Self::pod_created(pod, cx),
            Change::PodFinished(pod) | Change::PodRemoved(pod) => Self::pod_gone(pod, cx),
            _ => {}
        }
    }
}

/// The claims of a pod's ephemeral volumes.
fn claims(pod: PodId, cx: &Context<'_>) -> Vec<Wanted> {
    let Some(pod) = cx.cluster.pod(pod) else { return Vec::new() };
    let spec = &cx.cluster.class_of(pod).spec;
    let claim = |volume: &Volume| match &volume.source {
        VolumeSource::Ephemeral(claim) => Some(Wanted {
            namespace: spec.namespace.clone(),
            name: volume.claim_name(&pod.name)?,
            owner: ClaimOwner { pod: pod.name.as_ref().into(), uid: Some(pod.uid) },
            spec: claim.clone(),
        }),
        _ => None,
    };
    spec.volumes.iter().filter_map(claim).collect()
}
