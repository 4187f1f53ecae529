//! Creating the pods of a controller: names, run times, slow start, refusals.

use super::names::pod_name;
use crate::template::PodTemplate;
use towtank_sim::cluster::{ClassWatch, Refusal};
use towtank_sim::controller::Context;
use towtank_sim::model::pod::{NewPod, Submitted};
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
        })
    }

    /// From now on pods are made of this template.
    pub(super) fn set_template(&mut self, template: PodTemplate) {
        self.template = template;
        self.class = None;
    }

    /// What pods are made of.
    pub(super) fn template(&self) -> &PodTemplate {
        &self.template
    }

    /// Creates up to `count` pods of the template in a slow start. Returns the pods, and whether all were created.
    pub(super) fn create(&mut self, count: usize, cx: &mut Context<'_>) -> (Vec<PodId>, bool) {
        slow_start(count, |_| self.create_one(cx))
    }

    fn create_one(&mut self, cx: &mut Context<'_>) -> Result<PodId, ()> {
        if self.classes.look(&cx.cluster.classes).is_some() {
            self.class = None;
        }
        let class = *self.class.get_or_insert_with(|| cx.cluster.intern_for_now((*self.template.spec).clone()));
        self.create_as(class.into(), cx)
    }

    /// Creates a pod with a generated name that differs from the template, though not in its namespace.
    pub(super) fn create_as(&mut self, what: Submitted, cx: &mut Context<'_>) -> Result<PodId, ()> {
        let mut name = pod_name(&self.owner_name, &mut self.names);
        for _ in 1..NAME_ATTEMPTS {
            if cx.cluster.pods().by_name(&self.template.spec.namespace, &name).is_none() {
                break;
            }
            name = pod_name(&self.owner_name, &mut self.names);
        }
        let result = self.submit(&name, what, cx);
        match &result {
            Ok(_) => self.event(false, "SuccessfulCreate", &format!("Created pod: {name}"), cx),
            Err(refusal) => self.event(true, "FailedCreate", &format!("Error creating: {}", refusal.message), cx),
        }
        result.map_err(|_| ())
    }

    /// Creates a pod of this name, without an event.
    ///
    /// # Errors
    /// The server's refusal, of which the observers have been told.
    pub(super) fn submit(&mut self, name: &Name, what: Submitted, cx: &mut Context<'_>) -> Result<PodId, Refusal> {
        let run = self.template.run.draw(self.made, &mut self.run_times);
        let usage = self.template.usage;
        let owner = Some(self.owner);
        let result = cx.cluster.create_pod(NewPod { name: name.clone(), class: what, owner, run, usage, status: None });
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
