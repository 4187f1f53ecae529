//! What a ReplicaSet has.

use std::sync::Arc;

/// What a ReplicaSet has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplicaSetStatus {
    /// Active pods.
    pub replicas: u32,
    /// Those that are ready.
    pub ready: u32,
    /// Those that have been ready for long enough.
    pub available: u32,
    /// Pods that have been asked to go, and have not gone.
    pub terminating: u32,
    /// Active pods with all labels of the template.
    pub fully_labelled: u32,
    /// The condition `ReplicaFailure`, where it is true.
    pub failure: Option<Failure>,
    /// The generation that the controller has seen.
    pub observed: u64,
}

/// Why pods could not be created or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `FailedCreate` or `FailedDelete`.
    pub reason: &'static str,
    /// The server's words.
    pub message: Arc<str>,
}
