//! What a pod says about the devices that it needs: the claims of its specification, and those of its status.

/// An entry of `spec.resourceClaims`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodResourceClaim {
    /// The name that containers refer to.
    pub name: String,
    /// Where the claim comes from.
    pub source: ClaimSource,
}

/// Where a pod's claim comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClaimSource {
    /// The ResourceClaim of this name in the pod's namespace.
    Claim(String),
    /// A ResourceClaim of the pod's own, made from the ResourceClaimTemplate of this name.
    Template(String),
}

/// An entry of a container's `resources.claims`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContainerClaim {
    /// The entry of the pod's `spec.resourceClaims`.
    pub name: String,
    /// The request of the claim that the container uses; empty for all.
    pub request: String,
}

/// The part of a pod's status that is about claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodClaims {
    /// `status.resourceClaimStatuses`: the claims that were made from templates.
    pub made: Vec<MadeClaim>,
}

/// A claim that was made for a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeClaim {
    /// The entry of `spec.resourceClaims`.
    pub name: String,
    /// The ResourceClaim; `None` where none is needed.
    pub claim: Option<String>,
}
