//! Deployments: a ReplicaSet for each template, and rollouts from one to the next.
//!
//! Source: `pkg/controller/deployment/{deployment_controller,sync,rolling,recreate,progress}.go`. How many pods each ReplicaSet gets is
//! computed in [`deployment_rolling`](super::deployment_rolling) and [`deployment_scaling`](super::deployment_scaling). ReplicaSets
//! without an owner are not adopted.

mod status;

pub use status::DeploymentStatus;

use super::condition::{Condition, Truth};
use super::deployment_rolling::{self, RolloutSet, RolloutSets};
use super::deployment_scaling;
use super::names::template_hash;
use super::replica_set::{ReplicaSet, ReplicaSetStatus, Rollout};
use super::work_queue::WorkQueue;
use crate::template::PodTemplate;
use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
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
    /// How many old ReplicaSets are kept; `None` for all.
    pub history_limit: Option<u32>,
    /// How long a rollout may make no progress; `None` for ever.
    pub progress_deadline: Option<Span>,
    /// Whether changes of the template wait.
    pub paused: bool,
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

    fn keep_status(&mut self, old: &dyn Object) {
        let old: &dyn Any = old;
        if let Some(old) = old.downcast_ref::<Self>() {
            self.status.clone_from(&old.status);
        }
    }

    fn fold(&self, into: &mut Fingerprint) {
        let DeploymentStatus { replicas, ready, available, .. } = self.status;
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
    rollouts: BTreeMap<ObjectId, State>,
    queue: WorkQueue,
}

/// What the controller remembers of one Deployment.
#[derive(Debug, Default)]
struct State {
    /// Its ReplicaSets, the oldest first.
    sets: Vec<ObjectId>,
    /// The one whose template is this specification of the Deployment's, as far as that has been looked for.
    newest: Option<(Arc<PodSpec>, ObjectId)>,
    /// Scalings that were decided and wait until the request before them has been answered.
    decided: VecDeque<(String, u32)>,
    /// What they belong to.
    step: Step,
    /// The status was written by the way, so the next time that the same look writes it the server refuses: it is out of date.
    outdated: bool,
}

/// What a look at a Deployment is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// A rollout, whose progress is told.
    #[default]
    Rollout,
    /// A change of size.
    Rescale,
}

/// A Deployment while it is looked at.
struct Look {
    id: ObjectId,
    name: Arc<str>,
    generation: u64,
    /// As it was in the beginning, and what has been written of its status since.
    deployment: Deployment,
    new: Option<ObjectId>,
    old: Vec<ObjectId>,
}

impl Look {
    fn sets(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.old.iter().copied().chain(self.new)
    }

    /// The most pods that may be there.
    fn most(&self) -> u32 {
        let Deployment { replicas, strategy, .. } = self.deployment;
        replicas.saturating_add(strategy.max_surge(replicas))
    }
}

impl DeploymentController {
    fn sync(&mut self, id: ObjectId, cx: &mut Context<'_>) {
        let Some(entry) = cx.cluster.objects().entry(id) else { return };
        let (name, generation) = (entry.meta.name.clone(), entry.meta.generation);
        let Some(deployment) = cx.cluster.objects().get::<Deployment>(id).cloned() else { return };
        let mut look = Look { id, name, generation, deployment, new: None, old: Vec::new() };
        self.queue.forget(id);
        let Deployment { paused, progress_deadline, .. } = look.deployment;
        if progress_deadline.is_some() && look.deployment.status.note_pause(paused, cx.now()) {
            self.write(&look, cx);
        }
        self.find_sets(&mut look, cx);
        if self.rollouts.get(&id).is_some_and(|state| !state.decided.is_empty()) {
            return self.go_on(&look, cx);
        }
        if paused {
            return self.rescale(&look, cx);
        }
        if look.new.is_none() {
            // A rollout waits to begin, with the size that is wanted now.
            for set in active(&look.old, cx) {
                scale(&look, set, None, cx);
            }
        } else if active(&look.sets().collect::<Vec<_>>(), cx).into_iter().any(|set| is_outdated(&look, set, cx)) {
            return self.rescale(&look, cx);
        }
        let scalings = if look.deployment.strategy.is_recreate() {
            Some(self.recreate(&mut look, cx))
        } else {
            self.roll(&mut look, cx)
        };
        if let Some(scalings) = scalings {
            self.scale_all(&look, Step::Rollout, scalings, cx);
        }
    }

    /// Scales sets one after another, then tells how things are.
    fn scale_all(&mut self, look: &Look, step: Step, scalings: Vec<(String, u32)>, cx: &mut Context<'_>) {
        if let Some(state) = self.rollouts.get_mut(&look.id) {
            (state.decided, state.step) = (scalings.into(), step);
        }
        self.go_on(look, cx);
    }

    /// Scales the next set; all that were decided, where a request takes no time.
    fn go_on(&mut self, look: &Look, cx: &mut Context<'_>) {
        let Some(state) = self.rollouts.get_mut(&look.id) else { return };
        let step = state.step;
        while let Some((set, replicas)) = state.decided.pop_front() {
            scale_named(look, &set, replicas, cx);
            if !state.decided.is_empty() && cx.cluster.write_latency > Span::ZERO {
                return self.queue.go_on(look.id, cx);
            }
        }
        match step {
            Step::Rollout => self.report_rollout(look, cx),
            Step::Rescale => {
                if look.deployment.paused {
                    remove_history(look, cx);
                }
                let status = Self::status(look, cx);
                self.report(look, status, cx);
            }
        }
    }

    /// Finds the ReplicaSet of the template and the others, and numbers the revision.
    fn find_sets(&mut self, look: &mut Look, cx: &mut Context<'_>) {
        let Some(state) = self.rollouts.get_mut(&look.id) else { return };
        let template = &look.deployment.template;
        let known =
            state.newest.as_ref().filter(|(spec, set)| Arc::ptr_eq(spec, &template.spec) && state.sets.contains(set));
        look.new = match known {
            Some((_, set)) => Some(*set),
            None => state.sets.iter().copied().find(|set| {
                cx.cluster.objects().get::<ReplicaSet>(*set).is_some_and(|set| is_same(&set.template, template))
            }),
        };
        state.newest = look.new.map(|new| (Arc::clone(&template.spec), new));
        look.old = state.sets.iter().copied().filter(|set| Some(*set) != look.new).collect();
        let Some(new) = look.new else { return };
        let revision = next_revision(look, cx);
        let Some(set) = cx.cluster.objects().get::<ReplicaSet>(new) else { return };
        let (rollout, min_ready) = (&set.rollout, look.deployment.min_ready);
        if rollout.revision < revision || set.min_ready != min_ready {
            let renews = rollout.revision < revision;
            let spec_changes = set.min_ready != min_ready;
            let change = |set: &mut ReplicaSet| {
                set.min_ready = min_ready;
                if renews {
                    let Rollout { revision: before, history, .. } = &mut set.rollout;
                    if *before > 0 {
                        *history = if history.is_empty() { before.to_string() } else { format!("{history},{before}") };
                    }
                    *before = revision;
                }
            };
            if spec_changes {
                cx.cluster.update_spec(new, change);
            } else {
                cx.cluster.update_object(new, change);
            }
            return;
        }
        let revision = rollout.revision;
        let mut changed = std::mem::replace(&mut look.deployment.status.revision, revision) != revision;
        if look.deployment.progress_deadline.is_some() && look.deployment.status.progress.is_none() {
            let words = format!("Found new replica set \"{}\"", name(new, cx));
            let condition = Condition::new(Truth::True, status::FOUND_NEW_SET, words, cx.now());
            Condition::set(&mut look.deployment.status.progress, condition);
            changed = true;
        }
        if changed {
            self.write(look, cx);
        }
    }

    /// Creates the ReplicaSet of the template, with the replicas that it may have.
    fn create_set(&mut self, look: &mut Look, cx: &mut Context<'_>) {
        let Some(namespace) = cx.cluster.objects().meta(look.id).map(|meta| meta.namespace.clone()) else { return };
        let Deployment { replicas: desired, strategy, min_ready, .. } = look.deployment;
        let (template, selector) = (look.deployment.template.clone(), look.deployment.selector.clone());
        let revision = next_revision(look, cx);
        let mut sets = rollout_sets(look, cx);
        let fresh = RolloutSet { created: cx.now(), ..RolloutSet::default() };
        sets.new = Some(fresh);
        let replicas =
            if strategy.is_recreate() { desired } else { deployment_rolling::first(&mut sets, strategy, desired) };
        // Another object may have the name already; upstream counts collisions likewise.
        let created = (0..u32::MAX).find_map(|collisions| {
            let hash = template_hash(&template, collisions);
            let mut selector = selector.clone();
            selector.match_labels.insert(TEMPLATE_HASH.to_owned(), hash.clone());
            let mut spec: PodSpec = (*template.spec).clone();
            spec.labels.insert(TEMPLATE_HASH.to_owned(), hash.clone());
            let body = ReplicaSet {
                replicas,
                selector,
                template: PodTemplate { spec: Arc::new(spec), ..template.clone() },
                min_ready,
                rollout: Rollout { revision, history: String::new(), desired, max: look.most() },
                status: ReplicaSetStatus::default(),
            };
            let name = format!("{}-{hash}", look.name);
            let id = cx.cluster.create_object(&namespace, &name, Some(look.id), Box::new(body)).ok()?;
            Some((id, name))
        });
        let Some((id, name)) = created else { return };
        if let Some(state) = self.rollouts.get_mut(&look.id) {
            state.sets.push(id);
            state.newest = Some((Arc::clone(&template.spec), id));
        }
        look.new = Some(id);
        if replicas > 0 {
            tell_scaled(look.id, &name, 0, replicas, cx);
        }
        let status = &mut look.deployment.status;
        status.revision = revision;
        if look.deployment.progress_deadline.is_some() {
            let words = format!("Created new replica set \"{name}\"");
            let condition = Condition::new(Truth::True, status::NEW_SET_CREATED, words, cx.now());
            Condition::set(&mut status.progress, condition);
        }
        self.write(look, cx);
    }

    /// One step of a rolling update; `None` if the look ends here.
    fn roll(&mut self, look: &mut Look, cx: &mut Context<'_>) -> Option<Vec<(String, u32)>> {
        if look.new.is_none() {
            self.create_set(look, cx);
            if cx.cluster.write_latency > Span::ZERO {
                self.queue.go_on(look.id, cx);
                return None;
            }
        }
        let mut sets = rollout_sets(look, cx);
        let scalings = deployment_rolling::roll(&mut sets, look.deployment.strategy, look.deployment.replicas);
        if scalings.is_empty() {
            clean_up(look, cx);
        }
        Some(scalings)
    }

    /// All old pods go before new ones come.
    fn recreate(&mut self, look: &mut Look, cx: &mut Context<'_>) -> Vec<(String, u32)> {
        let old = active(&look.old, cx);
        if !old.is_empty() {
            return old.into_iter().map(|set| (name(set, cx).to_string(), 0)).collect();
        }
        let has_pods = |set: &ObjectId| {
            let set = cx.cluster.objects().get::<ReplicaSet>(*set);
            set.is_some_and(|set| set.status.replicas > 0 || set.status.terminating > 0)
        };
        if look.old.iter().any(has_pods) {
            return Vec::new();
        }
        if look.new.is_none() {
            self.create_set(look, cx);
        }
        let wanted = look.deployment.replicas;
        let new = look.new.filter(|new| replicas(*new, cx) != wanted);
        clean_up(look, cx);
        new.into_iter().map(|new| (name(new, cx).to_string(), wanted)).collect()
    }

    /// The number of replicas has changed, or the Deployment is paused: its sets grow or shrink alike.
    fn rescale(&mut self, look: &Look, cx: &mut Context<'_>) {
        let mut sets = rollout_sets(look, cx);
        let Deployment { strategy, replicas, .. } = look.deployment;
        let scalings = deployment_scaling::scale(&mut sets, strategy, replicas, look.deployment.status.replicas);
        self.scale_all(look, Step::Rescale, scalings, cx);
    }

    fn status(look: &Look, cx: &Context<'_>) -> DeploymentStatus {
        let get = |id: ObjectId| cx.cluster.objects().get::<ReplicaSet>(id);
        let sets: Vec<&ReplicaSet> = look.sets().filter_map(get).collect();
        DeploymentStatus::of(&look.deployment, look.generation, &sets, look.new.and_then(get), cx.now())
    }

    fn report_rollout(&mut self, look: &Look, cx: &mut Context<'_>) {
        let mut status = Self::status(look, cx);
        let new = look.new.map(|new| name(new, cx));
        status.judge_progress(&look.deployment, look.generation, new.as_deref(), &look.name, cx.now());
        let get = |id: ObjectId| cx.cluster.objects().get::<ReplicaSet>(id);
        status.pass_on_failure(look.new.into_iter().chain(look.old.iter().copied()).filter_map(get), cx.now());
        let left = status.until_deadline(&look.deployment, look.generation, cx.now());
        if self.report(look, status, cx) {
            return;
        }
        if let Some(left) = left {
            // A look that comes a little late finds that the time is over.
            let late = if left < Span::from_secs(1) { Span::from_millis(5) } else { Span::from_secs(1) };
            self.queue.add_in_background(look.id, left + late, cx);
        }
    }

    /// Writes the status where it changed.
    fn report(&mut self, look: &Look, status: DeploymentStatus, cx: &mut Context<'_>) -> bool {
        let changed = cx.cluster.objects().get::<Deployment>(look.id).is_some_and(|object| object.status != status);
        let outdated = self.rollouts.get_mut(&look.id).is_some_and(|state| std::mem::take(&mut state.outdated));
        if changed && outdated && cx.cluster.write_latency > Span::ZERO {
            self.queue.worked(1, cx);
            self.queue.add(look.id, cx);
        } else if changed {
            cx.cluster.update_object(look.id, |object: &mut Deployment| object.status = status);
        }
        changed
    }

    /// Writes the status by the way.
    fn write(&mut self, look: &Look, cx: &mut Context<'_>) {
        let status = look.deployment.status.clone();
        cx.cluster.update_object(look.id, |object: &mut Deployment| object.status = status);
        if let Some(state) = self.rollouts.get_mut(&look.id) {
            state.outdated = true;
        }
    }
}

fn name(set: ObjectId, cx: &Context<'_>) -> Arc<str> {
    cx.cluster.objects().meta(set).map_or_else(|| "".into(), |meta| meta.name.clone())
}

fn replicas(set: ObjectId, cx: &Context<'_>) -> u32 {
    cx.cluster.objects().get::<ReplicaSet>(set).map_or(0, |set| set.replicas)
}

/// Those of the sets that want pods.
fn active(sets: &[ObjectId], cx: &Context<'_>) -> Vec<ObjectId> {
    sets.iter().copied().filter(|set| replicas(*set, cx) > 0).collect()
}

/// Whether a set was scaled for another number of replicas than is wanted now.
fn is_outdated(look: &Look, set: ObjectId, cx: &Context<'_>) -> bool {
    let set = cx.cluster.objects().get::<ReplicaSet>(set);
    set.is_some_and(|set| set.rollout.revision > 0 && set.rollout.desired != look.deployment.replicas)
}

/// Whether two templates make the same pods, but for the label that tells them apart.
fn is_same(of_set: &PodTemplate, of_deployment: &PodTemplate) -> bool {
    let mut spec = (*of_set.spec).clone();
    spec.labels.remove(TEMPLATE_HASH);
    spec == *of_deployment.spec && of_set.run == of_deployment.run && of_set.usage == of_deployment.usage
}

/// The number of the revision that the new set is: one more than any old one has.
fn next_revision(look: &Look, cx: &Context<'_>) -> u64 {
    let revision = |set: &ObjectId| cx.cluster.objects().get::<ReplicaSet>(*set).map_or(0, |set| set.rollout.revision);
    look.old.iter().map(revision).max().unwrap_or(0) + 1
}

fn rollout_sets(look: &Look, cx: &Context<'_>) -> RolloutSets {
    let read = |id: ObjectId| {
        let (meta, set) = (cx.cluster.objects().meta(id)?, cx.cluster.objects().get::<ReplicaSet>(id)?);
        let written = |number: u32| (set.rollout.revision > 0).then_some(number);
        Some(RolloutSet {
            name: meta.name.to_string(),
            created: meta.created.floor_to_second(),
            replicas: set.replicas,
            available: set.status.available,
            desired_replicas: written(set.rollout.desired),
            max_replicas: written(set.rollout.max),
        })
    };
    RolloutSets { new: look.new.and_then(read), old: look.old.iter().copied().filter_map(read).collect() }
}

fn scale_named(look: &Look, set: &str, replicas: u32, cx: &mut Context<'_>) {
    let found = look.sets().find(|id| *name(*id, cx) == *set);
    if let Some(id) = found {
        scale(look, id, Some(replicas), cx);
    }
}

/// Gives a set so many replicas, or leaves it those that it has, and writes on it for what number of the Deployment's that is.
fn scale(look: &Look, set: ObjectId, to: Option<u32>, cx: &mut Context<'_>) {
    let Some(object) = cx.cluster.objects().get::<ReplicaSet>(set) else { return };
    let (from, desired, max) = (object.replicas, look.deployment.replicas, look.most());
    let to = to.unwrap_or(from);
    let annotated = (object.rollout.desired, object.rollout.max) == (desired, max);
    if from == to && annotated {
        return;
    }
    let change = |set: &mut ReplicaSet| {
        set.replicas = to;
        (set.rollout.desired, set.rollout.max) = (desired, max);
    };
    if from == to {
        cx.cluster.update_object(set, change);
        return;
    }
    cx.cluster.update_spec(set, change);
    let name = name(set, cx);
    tell_scaled(look.id, &name, from, to, cx);
}

fn tell_scaled(id: ObjectId, set: &str, from: u32, to: u32, cx: &mut Context<'_>) {
    let direction = if from < to { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {set} from {from} to {to}");
    let regarding = Regarding::Object(id);
    cx.note(&Note::Event { warning: false, reason: "ScalingReplicaSet", regarding, message: &message });
}

/// Removes old sets once the rollout is over.
fn clean_up(look: &Look, cx: &mut Context<'_>) {
    if look.deployment.status.is_complete(&look.deployment, look.generation) {
        remove_history(look, cx);
    }
}

/// Removes the oldest of the old sets that are more than the limit, as far as they have no pods.
fn remove_history(look: &Look, cx: &mut Context<'_>) {
    let Some(limit) = look.deployment.history_limit else { return };
    let surplus = look.old.len().saturating_sub(limit as usize);
    if surplus == 0 {
        return;
    }
    let revision = |set: &ObjectId| cx.cluster.objects().get::<ReplicaSet>(*set).map_or(0, |set| set.rollout.revision);
    let mut old = look.old.clone();
    old.sort_by_key(revision);
    for id in old.into_iter().take(surplus) {
        let Some(entry) = cx.cluster.objects().entry(id) else { continue };
        let idle = cx.cluster.objects().get::<ReplicaSet>(id).is_some_and(|set| {
            set.replicas == 0 && set.status.replicas == 0 && set.status.observed >= entry.meta.generation
        });
        if idle {
            cx.cluster.remove_object(id);
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
        let owner = |id| cx.cluster.objects().meta(id).and_then(|meta| meta.owner);
        match change {
            Change::ObjectCreated(id) if cx.cluster.objects().get::<Deployment>(id).is_some() => {
                self.rollouts.insert(id, State::default());
                self.queue.add(id, cx);
            }
            Change::ObjectCreated(id) | Change::ObjectChanged(id) | Change::ObjectRemoved(id) => {
                let is_gone = matches!(change, Change::ObjectRemoved(_));
                if self.rollouts.contains_key(&id) {
                    if is_gone {
                        self.rollouts.remove(&id);
                        self.queue.remove(id);
                    } else {
                        self.queue.add(id, cx);
                    }
                } else if let Some(owner) = owner(id)
                    && let Some(state) = self.rollouts.get_mut(&owner)
                {
                    if is_gone {
                        state.sets.retain(|set| *set != id);
                    } else if !state.sets.contains(&id) {
                        state.sets.push(id);
                    }
                    self.queue.add(owner, cx);
                }
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if let Some(id) = self.queue.work(timer, cx) {
            let untold = cx.cluster.untold();
            self.sync(id, cx);
            self.queue.worked(cx.cluster.untold() - untold, cx);
        }
    }
}
