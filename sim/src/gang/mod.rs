//! Gangs: pods that start together or not at all, and what is said of them as a whole.
//!
//! A gang is a [`PodGroup`] and the pods that name it (`spec.schedulingGroup.podGroupName`) or that it owns. Pods of replayed jobs
//! are owned by their group, so that jobs which ask for the same thing share a class of pods, and a live pod is no larger for it.

mod controller;
mod pod_group;

pub use controller::PodGroupController;
pub use pod_group::PodGroup;
