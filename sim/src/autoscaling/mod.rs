//! What changes the size of things: node groups and the cluster autoscaler, and the horizontal pod autoscaler.

pub mod horizontal;

pub use horizontal::HorizontalPodAutoscaler;
