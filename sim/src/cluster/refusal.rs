//! The API server's refusals.

use thiserror::Error;

/// A request that the API server refuses, in its own words.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status: 403, 404, 409, 422.
    pub code: u16,
    /// The reason in the API: `Forbidden`, `AlreadyExists`, `Invalid`.
    pub reason: &'static str,
    /// Which step refused, such as `ResourceQuota`; empty for the registry.
    pub by: &'static str,
    /// What exactly stood in the way, for counting: the quota's name; empty if nothing has a name.
    pub object: String,
    /// The message.
    pub message: String,
}

impl Refusal {
    /// 403: an admission step forbids a pod. The store completes the message with the pod's name.
    pub fn forbidden(by: &'static str, object: &str, why: String) -> Self {
        Self { code: 403, reason: "Forbidden", by, object: object.to_owned(), message: why }
    }

    /// The message of an admission step, as the server returns it for this pod.
    #[must_use]
    pub(crate) fn for_pod(mut self, pod: &str) -> Self {
        self.message = format!("pods \"{pod}\" is forbidden: {}", self.message);
        self
    }

    /// 409: there is one of this name.
    pub fn already_exists(resource: &str, name: &str) -> Self {
        Self {
            code: 409,
            reason: "AlreadyExists",
            by: "",
            object: String::new(),
            message: format!("{resource} \"{name}\" already exists"),
        }
    }
}
