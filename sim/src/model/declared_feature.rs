//! Features that nodes declare and pods may need, so that a cluster may have kubelets of several releases.
//!
//! Sources: `component-helpers/nodedeclaredfeatures/features/registry.go` and the features beside it.

use super::pod::PodSpec;

/// A feature.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredFeature {
    /// Its name in `status.declaredFeatures`.
    pub name: &'static str,
    needed_by: fn(&PodSpec) -> bool,
}

/// The features of Kubernetes 1.36, by name. What only changes of pods need does not count in scheduling.
pub const DECLARED_FEATURES: &[DeclaredFeature] = &[
    DeclaredFeature { name: "ExtendWebSocketsToKubelet", needed_by: |_| false },
    DeclaredFeature { name: "InPlacePodLevelResourcesVerticalScaling", needed_by: |_| false },
    DeclaredFeature { name: "InPlacePodVerticalScalingInitContainers", needed_by: |_| false },
    DeclaredFeature { name: "RestartAllContainersOnContainerExits", needed_by: restarts_all },
    DeclaredFeature { name: "UserNamespacesHostNetworkSupport", needed_by: |pod| pod.host_network && !pod.host_users },
];

impl PodSpec {
    /// The features that a node must declare to run the pod, by name.
    pub fn needed_features(&self) -> impl Iterator<Item = &'static str> {
        DECLARED_FEATURES.iter().filter(|feature| (feature.needed_by)(self)).map(|feature| feature.name)
    }
}

fn restarts_all(pod: &PodSpec) -> bool {
    let inits = pod.init_containers.iter().map(|init| &init.container);
    inits.chain(&pod.containers).any(|container| container.restarts_all)
}
