//! How the store asks admission: steps that complete and judge pods. The steps themselves are in [`crate::admission`].

use super::{Cluster, Refusal};
use crate::model::ClassId;
use crate::model::pod::{PodClass, PodSpec, Submitted};
use rustc_hash::FxHashMap;
use std::cell::RefCell;

/// An admission step. It may complete a specification, and judge a pod.
pub trait AdmissionPlugin: std::fmt::Debug {
    /// Upstream's name of the step.
    fn name(&self) -> &'static str;

    /// Completes a specification. It must depend on nothing but the specification and the cluster's objects.
    ///
    /// # Errors
    /// The server's refusal of every such pod.
    fn complete(&self, _spec: &mut PodSpec, _cluster: &Cluster) -> Result<(), Refusal> {
        Ok(())
    }

    /// Judges one pod.
    ///
    /// # Errors
    /// The server's refusal.
    fn judge(&self, _class: &PodClass, _cluster: &Cluster) -> Result<(), Refusal> {
        Ok(())
    }
}

/// The steps of admission, in order.
#[derive(Debug, Default)]
pub struct Admission {
    steps: Vec<Box<dyn AdmissionPlugin>>,
    completed: RefCell<Completed>,
}

/// What has become of specifications that were completed.
#[derive(Debug, Default)]
struct Completed {
    /// By class: the class of the completed specification.
    classes: Vec<Option<ClassId>>,
    refused: FxHashMap<ClassId, Refusal>,
}

impl Admission {
    /// The given steps.
    pub fn new(steps: Vec<Box<dyn AdmissionPlugin>>) -> Self {
        Self { steps, completed: RefCell::default() }
    }

    /// Whether a step of this name is among them.
    pub(crate) fn has_step(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name() == name)
    }

    /// The class of a pod, once its specification is complete.
    ///
    /// # Errors
    /// The refusal of the first step that refuses.
    pub(super) fn complete_submitted(&self, submitted: Submitted, cluster: &mut Cluster) -> Result<ClassId, Refusal> {
        match submitted {
            Submitted::Class(id) => self.complete(id, cluster),
            Submitted::Alone(mut spec) => {
                self.steps.iter().try_for_each(|step| step.complete(&mut spec, cluster))?;
                Ok(cluster.intern_for_now(*spec))
            }
        }
    }

    /// The class that pods of this one got, if there were any and they were not refused.
    #[inline]
    pub(super) fn completed(&self, class: ClassId) -> Option<ClassId> {
        self.completed.borrow().classes.get(class.index()).copied().flatten()
    }

    /// The class that pods of `class` get.
    ///
    /// # Errors
    /// The refusal of the first step that refuses.
    pub fn complete(&self, class: ClassId, cluster: &mut Cluster) -> Result<ClassId, Refusal> {
        if let Some(known) = self.completed.borrow().of(class) {
            return known;
        }
        let mut spec = cluster.classes.get(class).spec.clone();
        let verdict = self.steps.iter().try_for_each(|step| step.complete(&mut spec, cluster));
        let result = verdict.map(|()| cluster.intern_for_now(spec));
        self.completed.borrow_mut().insert(class, &result);
        result
    }

    /// Judges one pod of a completed class.
    ///
    /// # Errors
    /// The refusal of the first step that refuses.
    pub fn judge(&self, class: &PodClass, cluster: &Cluster) -> Result<(), Refusal> {
        self.steps.iter().try_for_each(|step| step.judge(class, cluster))
    }

    /// Forgets what was remembered, because the cluster's objects have changed, or classes have been forgotten.
    pub fn forget(&mut self) {
        let Completed { classes, refused } = self.completed.get_mut();
        classes.clear();
        refused.clear();
    }
}

impl Completed {
    #[inline]
    fn of(&self, class: ClassId) -> Option<Result<ClassId, Refusal>> {
        match self.classes.get(class.index()) {
            Some(Some(known)) => Some(Ok(*known)),
            _ => self.refused.get(&class).cloned().map(Err),
        }
    }

    fn insert(&mut self, class: ClassId, result: &Result<ClassId, Refusal>) {
        match result {
            Ok(completed) => {
                if self.classes.len() <= class.index() {
                    self.classes.resize(class.index() + 1, None);
                }
                self.classes[class.index()] = Some(*completed);
            }
            Err(refusal) => {
                self.refused.insert(class, refusal.clone());
            }
        }
    }
}
