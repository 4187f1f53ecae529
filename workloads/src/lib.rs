//! What asks for pods: manifests, workload controllers, synthetic generators.
