//! Manifests as `kubectl get -o yaml` prints them or a user writes them.
//!
//! [`load`] reads files and folders: single documents, several in one file, `kind: List` and typed lists, YAML or JSON.
//! Every object goes through Kubernetes' own types, so that a misspelt field or a wrong type is an error, and is completed
//! as the API server would. What cannot influence a simulation is skipped and counted; what would, but is not modelled, is
//! a warning. Nothing is dropped silently.
//!
//! # Our annotations
//!
//! On a pod or a pod template:
//!
//! | annotation | meaning |
//! |---|---|
//! | `towtank.dev/run-time` | how long the pod runs once started: `90s`, `1h30m`, `2d`, or a number of seconds |
//! | `towtank.dev/run-time-distribution` | the same, drawn for each pod: `{exponential: {mean: 10m}}` |
//! | `towtank.dev/run-times` | the run times of a template's pods in the order of their creation, from the start again when there are no more, with an exit code where one fails: `30s 1h forever 12s/1` |
//! | `towtank.dev/exit-code` | with a run time: a number other than 0 makes the pod fail at its end |
//! | `towtank.dev/gpu-milli` | thousandths of each GPU device that the pod shares, 1 to 1000 |
//! | `towtank.dev/gpu-count` | how many devices it shares, 1 to 16; 1 where only `gpu-milli` is given |
//!
//! On any object: `towtank.dev/arrival`, when it is submitted, as a duration since the scenario's start (0). On a Node:
//! `towtank.dev/gpu-devices`, how many GPU devices can be shared. On a HorizontalPodAutoscaler: `towtank.dev/load`, the CPU
//! load on all pods of its target together, such as `{diurnal: {base: 4, amplitude: 2, period: 1d}}`.
//!
//! A pod without a run time runs for ever. In a Job that means that the Job never completes, which is worth a warning.

mod annotations;
mod claim_spec;
mod containers;
mod convert;
mod cron_job;
mod csi_driver;
mod csi_node;
mod csi_storage_capacity;
mod daemon_set;
mod deployment;
mod device;
mod device_claim_spec;
mod device_class;
mod error;
mod eviction_terms;
mod field;
mod horizontal_pod_autoscaler;
mod job;
mod kind;
mod kinds;
mod locate;
mod names;
mod namespace;
pub(crate) mod node;
mod node_affinity;
mod objects;
mod owners;
mod persistent_volume;
mod persistent_volume_claim;
mod pod;
mod pod_affinity;
mod pod_disruption_budget;
mod pod_group;
mod pod_resource_claims;
mod pod_status;
mod pod_template;
mod priority_class;
mod read;
mod replica_set;
mod replication_controller;
mod resource_claim;
mod resource_claim_template;
mod resource_quota;
mod resource_slice;
pub(crate) mod selectors;
mod service;
mod source;
mod standalone_template;
mod stateful_set;
mod storage_class;
mod stream;
mod strict;
mod topology_spread;
mod volume_attachment;
mod volumes;
mod words;

pub use error::{ManifestError, Place};
pub use field::{FieldPath, Step};
pub use objects::{Item, Manifests, Origin, Planned, PodManifest, Warning};
pub use read::{files, load, parse};
pub use source::{ManifestSource, creation, replacement};
pub(crate) use standalone_template::read_template;
pub use stream::{Applied, ObjectStream};

#[cfg(test)]
mod device_tests;
#[cfg(test)]
mod recorded_requests;
#[cfg(test)]
mod tests;
