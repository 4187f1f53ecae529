//! Deployments: one ReplicaSet for the template, scaled as the Deployment is.
//!
//! Source: `pkg/controller/deployment/{sync,rolling}.go`. A scenario does not change templates yet, so there is one
//! ReplicaSet per Deployment and no rollout; the strategy is kept for then.

use super::names::template_hash;
use super::replica_set::{ReplicaSet, ReplicaSetStatus};
use super::work_queue::WorkQueue;
use crate::template::PodTemplate;
use std::collections::BTreeMap;
use std::sync::Arc;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Change, Fingerprint, Interest, Object};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::disruption::IntOrPercent;
use towtank_sim::model::ObjectId;
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::observe::{Note, Regarding};
use towtank_sim::time::{SimTime, Span};

/// The label by which the pods of one template differ from those of another.
const TEMPLATE_HASH: &str = "pod-template-hash";

/// A Deployment object.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// How many pods it wants.
    pub replicas: u32,
    /// What it selects.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplate,
    /// How old pods give way to new ones.
    pub strategy: Strategy,
    /// How long a pod must be ready to count as available.
    pub min_ready: Span,
    /// What it has.
    pub status: DeploymentStatus,
}

/// How old pods give way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// All old ones go before new ones come.
    Recreate,
    /// Step by step.
    RollingUpdate {
        /// How many pods there may be above the wanted number; a percentage rounds up.
        max_surge: IntOrPercent,
        /// How many may be missing; a percentage rounds down.
        max_unavailable: IntOrPercent,
    },
}

/// What a Deployment has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeploymentStatus {
    /// Active pods.
    pub replicas: u32,
    /// Those that are ready.
    pub ready: u32,
    /// Those that have been ready for long enough.
    pub available: u32,
}

impl Deployment {
    /// The kind in manifests.
    pub const KIND: &'static str = "Deployment";
}

impl Object for Deployment {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn replicas(&self) -> Option<u32> {
        Some(self.replicas)
    }

    fn set_replicas(&mut self, replicas: u32) {
        self.replicas = replicas;
    }

    fn fold(&self, into: &mut Fingerprint) {
        let DeploymentStatus { replicas, ready, available } = self.status;
        into.fold(SimTime::ZERO, 0, &[self.replicas, replicas, ready, available].map(u64::from));
        if let Strategy::RollingUpdate { max_surge, max_unavailable } = self.strategy {
            into.fold(SimTime::ZERO, 1, &[max_surge, max_unavailable].map(word));
        }
    }
}

/// A number that stands for it in the fingerprint.
fn word(value: IntOrPercent) -> u64 {
    match value {
        IntOrPercent::Int(n) => u64::from(n) << 1,
        IntOrPercent::Percent(n) => u64::from(n) << 1 | 1,
    }
}

/// The controller of all Deployments.
#[derive(Debug, Default)]
pub struct DeploymentController {
    /// The ReplicaSet of each Deployment, once it is there.
    sets: BTreeMap<ObjectId, Option<ObjectId>>,
    queue: WorkQueue,
}

impl DeploymentController {
    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(wanted) = cx.cluster.objects().get::<Deployment>(id).map(|object| object.replicas) else { return };
        let set = match self.sets.get(&id) {
            Some(Some(set)) => *set,
            _ => match Self::create_set(id, cx) {
                Some(set) => set,
                None => return,
            },
        };
        self.sets.insert(id, Some(set));
        let Some((name, object)) = Self::set(set, cx) else { return };
        let (have, status) = (object.replicas, object.status);
        if have != wanted {
            let message = if have < wanted {
                format!("Scaled up replica set {name} from {have} to {wanted}")
            } else {
                format!("Scaled down replica set {name} from {have} to {wanted}")
            };
            cx.cluster.scale(set, wanted);
            let regarding = Regarding::Object(id);
            cx.note(&Note::Event { warning: false, reason: "ScalingReplicaSet", regarding, message: &message });
        }
        Self::report(id, status, cx);
    }

    fn set<'c>(set: ObjectId, cx: &'c Context<'_>) -> Option<(Arc<str>, &'c ReplicaSet)> {
        let objects = cx.cluster.objects();
        Some((objects.meta(set)?.name.clone(), objects.get(set)?))
    }

    /// Creates the ReplicaSet of the template, without replicas: scaling it is the next step.
    fn create_set(id: ObjectId, cx: &mut Context<'_>) -> Option<ObjectId> {
        let meta = cx.cluster.objects().meta(id)?;
        let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
        let deployment = cx.cluster.objects().get::<Deployment>(id)?;
        let (template, min_ready) = (deployment.template.clone(), deployment.min_ready);
        let selector = deployment.selector.clone();
        // Another object may have the name already; upstream counts collisions likewise.
        (0..u32::MAX).find_map(|collisions| {
            let hash = template_hash(&template, collisions);
            let mut selector = selector.clone();
            selector.match_labels.insert(TEMPLATE_HASH.to_owned(), hash.clone());
            let mut spec: PodSpec = (*template.spec).clone();
            spec.labels.insert(TEMPLATE_HASH.to_owned(), hash.clone());
            let body = ReplicaSet {
                replicas: 0,
                selector,
                template: PodTemplate { spec: Arc::new(spec), ..template.clone() },
                min_ready,
                status: ReplicaSetStatus::default(),
            };
            cx.cluster.create_object(&namespace, &format!("{name}-{hash}"), Some(id), Box::new(body)).ok()
        })
    }

    /// Writes the status where it changed.
    fn report(id: ObjectId, status: ReplicaSetStatus, cx: &mut Context<'_>) {
        let ReplicaSetStatus { replicas, ready, available } = status;
        let status = DeploymentStatus { replicas, ready, available };
        if cx.cluster.objects().get::<Deployment>(id).is_some_and(|object| object.status != status) {
            cx.cluster.update_object(id, |object: &mut Deployment| object.status = status);
        }
    }
}

impl Controller for DeploymentController {
    fn name(&self) -> &'static str {
        "deployment"
    }

    fn interest(&self) -> Interest {
        Interest::OBJECTS
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::ObjectCreated(id) if cx.cluster.objects().get::<Deployment>(id).is_some() => {
                self.sets.insert(id, None);
                self.queue.add(id, cx);
            }
            Change::ObjectChanged(id) if self.sets.contains_key(&id) => self.queue.add(id, cx),
            Change::ObjectChanged(id) => {
                let owner = cx.cluster.objects().meta(id).and_then(|meta| meta.owner);
                if let Some(owner) = owner.filter(|owner| self.sets.contains_key(owner)) {
                    self.queue.add(owner, cx);
                }
            }
            Change::ObjectRemoved(id) => {
                let owner = cx.cluster.objects().meta(id).and_then(|meta| meta.owner);
                if self.sets.remove(&id).is_some() {
                    self.queue.remove(id);
                } else if let Some(owner) = owner.filter(|owner| self.sets.contains_key(owner)) {
                    // Someone else removed its ReplicaSet: it makes another.
                    self.sets.insert(owner, None);
                    self.queue.add(owner, cx);
                }
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.due(timer, cx.now()) {
            self.sync(id, cx);
        }
    }
}
