//! Policies beyond Kubernetes, one file each. They are score plugins: the filters stay those of the profile.

pub mod batch;
pub mod best_fit;
pub mod first_fit;
pub mod random;
pub mod round_robin;
pub mod worst_fit;
