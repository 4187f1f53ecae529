//! Admission: what the API server does to a pod between the request and the store.
//!
//! First the specification is completed (priority, default tolerations), which depends on the specification and the
//! cluster's objects only and is therefore remembered per class; then it is judged (quota), pod by pod.

mod default_tolerations;
mod priority_class;
mod refusal;
mod resource_quota;

pub(crate) use default_tolerations::UNREACHABLE;
pub use priority_class::PriorityClass;
pub use refusal::Refusal;
pub(crate) use resource_quota::Charge;
pub use resource_quota::{QuotaResync, QuotaScope, ResourceQuota, ScopeOperator, ScopeRequirement};

use crate::cluster::Cluster;
use crate::model::ClassId;
use crate::model::pod::{PodClass, PodSpec};
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
    completed: RefCell<FxHashMap<ClassId, Result<ClassId, Refusal>>>,
}

impl Admission {
    /// The given steps.
    pub fn new(steps: Vec<Box<dyn AdmissionPlugin>>) -> Self {
        Self { steps, completed: RefCell::default() }
    }

    /// The steps that a default API server runs, as far as they are modelled.
    pub fn kubernetes() -> Self {
        Self::new(vec![
            Box::new(priority_class::Priority),
            Box::new(default_tolerations::DefaultTolerationSeconds),
            Box::new(resource_quota::Step),
        ])
    }

    /// Whether a step of this name is among them.
    pub(crate) fn has_step(&self, name: &str) -> bool {
        self.steps.iter().any(|step| step.name() == name)
    }

    /// The class that pods of `class` get.
    ///
    /// # Errors
    /// The refusal of the first step that refuses.
    pub fn complete(&self, class: ClassId, cluster: &mut Cluster) -> Result<ClassId, Refusal> {
        if let Some(known) = self.completed.borrow().get(&class) {
            return known.clone();
        }
        let mut spec = cluster.classes.get(class).spec.clone();
        let verdict = self.steps.iter().try_for_each(|step| step.complete(&mut spec, cluster));
        let result = verdict.map(|()| cluster.intern(spec));
        self.completed.borrow_mut().insert(class, result.clone());
        result
    }

    /// Judges one pod of a completed class.
    ///
    /// # Errors
    /// The refusal of the first step that refuses.
    pub fn judge(&self, class: &PodClass, cluster: &Cluster) -> Result<(), Refusal> {
        self.steps.iter().try_for_each(|step| step.judge(class, cluster))
    }

    /// Forgets what was remembered, because the cluster's objects have changed.
    pub fn forget(&mut self) {
        self.completed.get_mut().clear();
    }
}
