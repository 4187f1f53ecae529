//! Admission: what the API server does to a pod between the request and the store.
//!
//! First the specification is completed (priority, default tolerations), which depends on the specification and the
//! cluster's objects only and is therefore remembered per class; then it is judged (quota), pod by pod. Adding a step is one
//! file and one line in [`kubernetes`].

mod default_tolerations;
mod priority_class;
mod quota_resync;
mod resource_quota;

pub(crate) use default_tolerations::UNREACHABLE;
pub use priority_class::PriorityClass;
pub use quota_resync::QuotaResync;

use crate::cluster::{Admission, AdmissionPlugin};

/// The step that resolves priorities alone, for clusters whose pods have been through the rest.
pub fn priority() -> Admission {
    Admission::new(vec![Box::new(priority_class::Priority)])
}

/// The steps that complete pods, and one that judges them, for clusters without quotas.
pub fn completing(judge: Box<dyn AdmissionPlugin>) -> Admission {
    Admission::new(vec![
        Box::new(priority_class::Priority),
        Box::new(default_tolerations::DefaultTolerationSeconds),
        judge,
    ])
}

/// The steps that a default API server runs, as far as they are modelled.
pub fn kubernetes() -> Admission {
    Admission::new(vec![
        Box::new(priority_class::Priority),
        Box::new(default_tolerations::DefaultTolerationSeconds),
        Box::new(resource_quota::Quota),
    ])
}
