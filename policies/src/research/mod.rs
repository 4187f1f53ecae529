//! Policies beyond Kubernetes, one file each. They are score plugins: the filters stay those of the profile.

pub mod any_node;
pub mod best_fit;
pub mod dot_prod;
pub mod fgd;
pub mod first_fit;
pub mod gpu_best_fit;
pub mod gpu_clustering;
pub mod gpu_packing;
pub mod random;
pub mod round_robin;
pub mod worst_fit;
