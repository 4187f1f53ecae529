//! Creating the pods of a controller: names, run times, slow start, refusals.

use super::names::pod_name;
use crate::template::PodTemplate;
use std::sync::Arc;
use towtank_sim::cluster::{ClassWatch, Refusal};
use towtank_sim::controller::Context;
use towtank_sim::model::pod::{Completion, GivenStatus, NewPod, Submitted};
use towtank_sim::model::{ClassId, Name, ObjectId, PodId};
use towtank_sim::observe::{Note, Regarding};
use towtank_sim::random::Rng;

/// The most pods that one look at an object creates or deletes.
///
/// Source: `pkg/controller/replicaset/replica_set.go`, `BurstReplicas`; `pkg/controller/job`, `MaxPodCreateDeletePerSync`.
pub(super) const BURST: usize = 500;

/// How often the API server draws another generated name when one is taken.
const NAME_ATTEMPTS: usize = 8;

/// What it takes to create pods of one object.
#[derive(Debug)]
pub(super) struct Creator {
    owner: ObjectId,
    owner_name: Box<str>,
    template: PodTemplate,
    /// The template's class, interned when a pod is created, and again when it may have been forgotten.
    class: Option<ClassId>,
    classes: ClassWatch,
    names: Rng,
    run_times: Rng,
    /// How many pods have been made.
    made: u64,
    /// Whether a finalizer keeps the pods until their owner has counted them.
    pub(super) holds: bool,
}

impl Creator {
    /// A creator for an object that exists. It draws from streams under `controllers/KIND/NAMESPACE/NAME`.
    pub(super) fn new(owner: ObjectId, template: PodTemplate, cx: &Context<'_>) -> Option<Self> {
        let meta = cx.cluster.objects().meta(owner)?;
        let stream = |what: &str| {
            let name = format!("controllers/{}/{}/{}/{what}", meta.kind, meta.namespace, meta.name);
            cx.streams.stream(&name)
        };
        Some(Self {
            owner,
            owner_name: (*meta.name).into(),
            names: stream("names"),
            run_times: stream("run-time"),
            template,
            class: None,
            classes: ClassWatch::default(),
            made: 0,
            holds: false,
        })
    }

    /// From now on pods are made of this template.
    pub(super) fn set_template(&mut self, template: PodTemplate) {
        if self.template != template {
            self.template = template;
            self.class = None;
        }
    }

    /// What pods are made of.
    pub(super) fn template(&self) -> &PodTemplate {
        &self.template
    }

    /// Creates up to `count` pods of the template in a slow start. Returns the pods, and the first refusal's message if not all were
    /// created.
    pub(super) fn create(&mut self, count: usize, cx: &mut Context<'_>) -> (Vec<PodId>, Option<Arc<str>>) {
        let mut refused = None;
        let (created, _) = slow_start(count, |_| {
            self.create_one(None, cx).map_err(|refusal| _ = refused.get_or_insert(refusal.message))
        });
        (created, refused.map(Into::into))
    }

    /// Creates pods at once.
    pub(super) fn create_batch(&mut self, count: usize, cx: &mut Context<'_>) -> (Vec<PodId>, Option<Arc<str>>) {
        let mut created = Vec::with_capacity(count);
        let mut refused = None;
        for _ in 0..count {
            match self.create_one(None, cx) {
                Ok(id) => created.push(id),
                Err(refusal) => _ = refused.get_or_insert(refusal.message),
            }
        }
        (created, refused.map(Into::into))
    }

    /// Creates a pod of the template, for this part of an Indexed Job.
    pub(super) fn create_one(&mut self, part: Option<Completion>, cx: &mut Context<'_>) -> Result<PodId, Refusal> {
        if self.classes.look(&cx.cluster.classes).is_some() {
            self.class = None;
        }
        let class = *self.class.get_or_insert_with(|| cx.cluster.intern_for_now((*self.template.spec).clone()));
        self.create_named(part, class.into(), cx)
    }

    /// Creates a pod with a generated name that differs from the template, though not in its namespace.
    pub(super) fn create_as(&mut self, what: Submitted, cx: &mut Context<'_>) -> Result<PodId, ()> {
        self.create_named(None, what, cx).map_err(|_| ())
    }

    fn create_named(
        &mut self,
        part: Option<Completion>,
        what: Submitted,
        cx: &mut Context<'_>,
    ) -> Result<PodId, Refusal> {
        let of_part = part.map(|part| format!("{}-{}", self.owner_name, part.index));
        let base = of_part.as_deref().unwrap_or(&self.owner_name);
        let mut name = pod_name(base, &mut self.names);
        for _ in 1..NAME_ATTEMPTS {
            if cx.cluster.pods().by_name(&self.template.spec.namespace, &name).is_none() {
                break;
            }
            name = pod_name(base, &mut self.names);
        }
        let held = self.holds && cx.cluster.keeps_finished;
        let status = (held || part.is_some())
            .then(|| Box::new(GivenStatus { held, completion: part, ..GivenStatus::default() }));
        let result = self.submit_with(&name, what, status, cx);
        match &result {
            Ok(_) => self.event(false, "SuccessfulCreate", &format!("Created pod: {name}"), cx),
            Err(refusal) => self.event(true, "FailedCreate", &format!("Error creating: {}", refusal.message), cx),
        }
        result
    }

    /// Creates a pod of this name, without an event.
    ///
    /// # Errors
    /// The server's refusal, of which the observers have been told.
    pub(super) fn submit(&mut self, name: &Name, what: Submitted, cx: &mut Context<'_>) -> Result<PodId, Refusal> {
        self.submit_with(name, what, None, cx)
    }

    fn submit_with(
        &mut self,
        name: &Name,
        what: Submitted,
        status: Option<Box<GivenStatus>>,
        cx: &mut Context<'_>,
    ) -> Result<PodId, Refusal> {
        let run = self.template.run.draw(self.made, &mut self.run_times);
        let usage = self.template.usage;
        let owner = Some(self.owner);
        let result = cx.cluster.create_pod(NewPod { name: name.clone(), class: what, owner, run, usage, status });
        self.made += u64::from(result.is_ok());
        if let Err(refusal) = &result {
            let namespace = &*self.template.spec.namespace;
            cx.note(&Note::Refused { namespace, name, owner, refusal });
        }
        result
    }

    /// Tells of a pod that is deleted.
    pub(super) fn deleted(&self, name: &str, cx: &mut Context<'_>) {
        self.event(false, "SuccessfulDelete", &format!("Deleted pod: {name}"), cx);
    }

    /// Tells of something that concerns the owner.
    pub(super) fn event(&self, warning: bool, reason: &'static str, message: &str, cx: &mut Context<'_>) {
        cx.note(&Note::Event { warning, reason, regarding: Regarding::Object(self.owner), message });
    }
}

/// Makes up to `count` pods in batches of 1, 2, 4, …; a refusal lets its batch end and stops the batches after it.
/// Returns what was made, and whether all were.
///
/// Source: `pkg/controller/replicaset/replica_set.go`, `slowStartBatch`.
pub(super) fn slow_start<T>(count: usize, mut make: impl FnMut(usize) -> Result<T, ()>) -> (Vec<T>, bool) {
    let mut made = Vec::new();
    let (mut next, mut batch) = (0, 1);
    while next < count {
        let end = count.min(next + batch);
        let before = made.len();
        made.extend((next..end).filter_map(|place| make(place).ok()));
        if made.len() - before < end - next {
            return (made, false);
        }
        next = end;
        batch *= 2;
    }
    (made, true)
}
