//! The garbage collector: what a removed object owned goes with it, in the background.
//!
//! Source: `pkg/controller/garbagecollector`. An object has one owner here, and the collector is immediate.

use std::collections::BTreeMap;
use towtank_sim::cluster::{Cause, Change, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::pod::PodTraits;
use towtank_sim::model::{ObjectId, PodId};

/// The garbage collector.
#[derive(Debug, Default)]
pub struct GarbageCollector {
    dependents: BTreeMap<ObjectId, Dependents>,
}

/// What an object owns, by uid.
#[derive(Debug, Default)]
struct Dependents {
    pods: BTreeMap<u64, PodId>,
    objects: BTreeMap<u64, ObjectId>,
}

impl GarbageCollector {
    fn pod_gone(&mut self, pod: PodId, cx: &Context<'_>) {
        let Some(pod) = cx.cluster.pod(pod) else { return };
        let Some(owner) = pod.owner else { return };
        if let Some(dependents) = self.dependents.get_mut(&owner) {
            dependents.pods.remove(&pod.uid);
            if dependents.pods.is_empty() && dependents.objects.is_empty() {
                self.dependents.remove(&owner);
            }
        }
    }

    fn object_gone(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let meta = cx.cluster.objects().meta(id);
        if let Some((owner, uid)) = meta.and_then(|meta| Some((meta.owner?, meta.uid)))
            && let Some(dependents) = self.dependents.get_mut(&owner)
        {
            dependents.objects.remove(&uid);
        }
        let Some(dependents) = self.dependents.remove(&id) else { return };
        for object in dependents.objects.into_values() {
            cx.cluster.remove_object(object);
        }
        for pod in dependents.pods.into_values() {
            cx.cluster.delete_pod(pod, Cause::Deleted);
        }
    }
}

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector"
    }

    fn interest(&self) -> Interest {
        Interest::OBJECTS
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        let all = Interest::POD_CREATED.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        if pods_with == PodTraits::OWNED { all } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(id) => {
                let Some((owner, uid)) = cx.cluster.pod(id).and_then(|pod| Some((pod.owner?, pod.uid))) else { return };
                if cx.cluster.objects().meta(owner).is_none() {
                    // The owner left in the instant in which the pod was created.
                    cx.cluster.delete_pod(id, Cause::Deleted);
                } else {
                    self.dependents.entry(owner).or_default().pods.insert(uid, id);
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => self.pod_gone(id, cx),
            Change::ObjectCreated(id) => {
                let meta = cx.cluster.objects().meta(id);
                if let Some((owner, uid)) = meta.and_then(|meta| Some((meta.owner?, meta.uid))) {
                    self.dependents.entry(owner).or_default().objects.insert(uid, id);
                }
            }
            Change::ObjectRemoved(id) => self.object_gone(id, cx),
            _ => {}
        }
    }
}
