//! Creating the pods of a controller: names, run times, slow start, refusals.

use super::names::pod_name;
use crate::template::PodTemplate;
use towtank_sim::cluster::{ClassWatch, Refusal};
use towtank_sim::controller::Context;
use towtank_sim::model::pod::NewPod;
use towtank_sim::model::{ClassId, ObjectId, PodId};
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

    /// Creates up to `count` pods in batches of 1, 2, 4, …; a refusal lets its batch end and stops the batches after it.
    /// Returns the pods, and whether all were created.
    ///
    /// Source: `pkg/controller/replicaset/replica_set.go`, `slowStartBatch`.
    pub(super) fn create(&mut self, count: usize, cx: &mut Context<'_>) -> (Vec<PodId>, bool) {
        let mut created = Vec::new();
        let (mut left, mut batch) = (count, 1);
        while left > 0 {
            let size = batch.min(left);
            let mut refused = 0;
            for _ in 0..size {
                match self.create_one(cx) {
                    Ok(id) => created.push(id),
                    Err(()) => refused += 1,
                }
            }
            if refused > 0 {
                return (created, false);
            }
            left -= size;
            batch *= 2;
        }
        (created, true)
    }

    fn create_one(&mut self, cx: &mut Context<'_>) -> Result<PodId, ()> {
        if self.classes.look(&cx.cluster.classes).is_some() {
            self.class = None;
        }
        let class = *self.class.get_or_insert_with(|| cx.cluster.intern_for_now((*self.template.spec).clone()));
        let mut name = pod_name(&self.owner_name, &mut self.names);
        for _ in 1..NAME_ATTEMPTS {
            if cx.cluster.pods().by_name(&self.template.spec.namespace, &name).is_none() {
                break;
            }
            name = pod_name(&self.owner_name, &mut self.names);
        }
        let run = self.template.run.draw(self.made, &mut self.run_times);
        let usage = self.template.usage;
        let result = cx.cluster.create_pod(NewPod {
            name: name.clone(),
            class: class.into(),
            owner: Some(self.owner),
            run,
            usage,
            status: None,
        });
        self.made += u64::from(result.is_ok());
        match &result {
            Ok(_) => self.event(false, "SuccessfulCreate", &format!("Created pod: {name}"), cx),
            Err(refusal) => self.refused(&name, refusal, cx),
        }
        result.map_err(|_| ())
    }

    fn refused(&self, name: &str, refusal: &Refusal, cx: &mut Context<'_>) {
        let namespace = &*self.template.spec.namespace;
        cx.note(&Note::Refused { namespace, name, owner: Some(self.owner), refusal });
        self.event(true, "FailedCreate", &format!("Error creating: {}", refusal.message), cx);
    }

    fn event(&self, warning: bool, reason: &'static str, message: &str, cx: &mut Context<'_>) {
        cx.note(&Note::Event { warning, reason, regarding: Regarding::Object(self.owner), message });
    }
}
