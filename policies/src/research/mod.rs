//! Policies beyond Kubernetes, one file each: plugins that score nodes or order the queue, under the filters of the profile; and in [`batch`] the policies of schedulers of whole jobs.

pub mod any_node;
pub mod batch;
pub mod best_fit;
pub mod dominant_resource_fairness;
pub mod dot_prod;
pub mod fgd;
pub mod fifo;
pub mod first_fit;
pub mod gpu_best_fit;
pub mod gpu_clustering;
pub mod gpu_packing;
pub mod largest_first;
pub mod power_of_k_choices;
pub mod random;
pub mod round_robin;
pub mod shortest_job_first;
pub mod worst_fit;
