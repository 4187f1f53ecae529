//! The garbage collector: what a removed object owned goes with it, in the background.
//!
//! Source: `pkg/controller/garbagecollector`. An object has one owner here, and the collector is immediate unless it is given a pace.

use std::collections::{BTreeMap, VecDeque};
use towtank_sim::agenda::{Rank, Subject, Timer};
use towtank_sim::cluster::{Cause, Change, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::pod::PodTraits;
use towtank_sim::model::{ObjectId, PodId};
use towtank_sim::time::Span;

/// The garbage collector.
#[derive(Debug, Default)]
pub struct GarbageCollector {
    dependents: BTreeMap<ObjectId, Dependents>,
    /// How long it takes over each thing that it hears of or deletes.
    pace: Span,
    /// The owners that have gone, and what is to be deleted because others went.
    gone: VecDeque<Dependents>,
    to_delete: VecDeque<Dependent>,
    at_work: bool,
}

#[derive(Clone, Copy, Debug)]
enum Dependent {
    Pod(PodId),
    Object(ObjectId),
}

/// What an object owns, by uid.
#[derive(Debug, Default)]
struct Dependents {
    pods: BTreeMap<u64, PodId>,
    objects: BTreeMap<u64, ObjectId>,
}

impl GarbageCollector {
    /// A collector that takes so long over each thing that it hears of or deletes.
    pub fn with_pace(pace: Span) -> Self {
        Self { pace, ..Self::default() }
    }

    fn work_later(&mut self, cx: &mut Context<'_>) {
        self.at_work = !self.gone.is_empty() || !self.to_delete.is_empty();
        if self.at_work {
            cx.remind(cx.now() + self.pace, Rank::Control, Timer { kind: 0, tag: 0, about: Subject::Itself });
        }
    }

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

    /// A ReplicaSet may have taken a pod or let it go.
    fn owner_changed(&mut self, id: PodId, cx: &Context<'_>) {
        let Some(pod) = cx.cluster.pod(id) else { return };
        match pod.owner {
            Some(owner) => _ = self.dependents.entry(owner).or_default().pods.insert(pod.uid, id),
            None => self.dependents.values_mut().for_each(|dependents| _ = dependents.pods.remove(&pod.uid)),
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
        if self.pace > Span::ZERO {
            self.gone.push_back(dependents);
            if !self.at_work {
                self.work_later(cx);
            }
            return;
        }
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
        Interest::OBJECTS.and(Interest::POD_UPDATED)
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
            Change::PodUpdated(id, _) => self.owner_changed(id, cx),
            Change::PodFinished(_) if cx.cluster.keeps_finished => {}
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

    fn on_timer(&mut self, _timer: Timer, cx: &mut Context<'_>) {
        if let Some(Dependents { pods, objects }) = self.gone.pop_front() {
            self.to_delete.extend(objects.into_values().map(Dependent::Object));
            self.to_delete.extend(pods.into_values().map(Dependent::Pod));
        } else {
            match self.to_delete.pop_front() {
                Some(Dependent::Pod(pod)) => cx.cluster.delete_pod(pod, Cause::Deleted),
                Some(Dependent::Object(object)) => cx.cluster.remove_object(object),
                None => {}
            }
        }
        self.work_later(cx);
    }
}
