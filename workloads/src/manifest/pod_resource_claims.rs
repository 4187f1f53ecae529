//! The claims of pods: in their specification, in their containers, and in their status.

use super::field::{At, FieldError};
use super::names::{check_domain_label, check_name};
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::resource_claims::{ClaimSource, ContainerClaim, MadeClaim, PodClaims, PodResourceClaim};

/// `spec.resourceClaims`, whose containers' claims must name one of them.
pub(super) fn pod_resource_claims(from: &core::PodSpec, at: &At<'_>) -> Result<Vec<PodResourceClaim>, FieldError> {
    let claims_at = at.key("resourceClaims");
    let mut claims: Vec<PodResourceClaim> = Vec::new();
    for (i, from) in from.resource_claims.iter().flatten().enumerate() {
        let at = claims_at.index(i);
        check_domain_label(&from.name, &at.key("name"))?;
        if claims.iter().any(|claim| claim.name == from.name) {
            return Err(at.key("name").error(format_args!("`{}` stands here twice: expected unique names", from.name)));
        }
        let source = match (&from.resource_claim_name, &from.resource_claim_template_name) {
            (Some(name), None) => {
                check_name(name, &at.key("resourceClaimName"))?;
                ClaimSource::Claim(name.clone())
            }
            (None, Some(name)) => {
                check_name(name, &at.key("resourceClaimTemplateName"))?;
                ClaimSource::Template(name.clone())
            }
            (Some(_), Some(_)) => {
                return Err(
                    at.error("at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified")
                );
            }
            (None, None) => {
                return Err(at.error("must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
            }
        };
        claims.push(PodResourceClaim { name: from.name.clone(), source });
    }
    let (containers, inits) = (at.key("containers"), at.key("initContainers"));
    let lists = [(&containers, &from.containers[..]), (&inits, from.init_containers.as_deref().unwrap_or_default())];
    for (list_at, list) in lists {
        for (i, container) in list.iter().enumerate() {
            for (j, claim) in container_claims(container).iter().enumerate() {
                if !claims.iter().any(|known| known.name == claim.name) {
                    let at = list_at.index(i);
                    let at = at.key("resources");
                    let at = at.key("claims");
                    let at = at.index(j);
                    return Err(at
                        .key("name")
                        .error(format_args!("`{}` must be one of the names in pod.spec.resourceClaims", claim.name)));
                }
            }
        }
    }
    Ok(claims)
}

/// A container's `resources.claims`.
pub(super) fn container_claims(from: &core::Container) -> Vec<ContainerClaim> {
    let claims = from.resources.iter().filter_map(|resources| resources.claims.as_ref()).flatten();
    let claim = |from: &core::ResourceClaim| ContainerClaim {
        name: from.name.clone(),
        request: from.request.clone().unwrap_or_default(),
    };
    claims.map(claim).collect()
}

/// What the status of a pod says about the claims that were made for it.
pub(super) fn pod_claims(from: Option<&core::PodStatus>) -> Option<Box<PodClaims>> {
    let from = from?;
    let made = from.resource_claim_statuses.iter().flatten();
    let made = made.map(|status| MadeClaim { name: status.name.clone(), claim: status.resource_claim_name.clone() });
    let claims = PodClaims { made: made.collect() };
    (claims != PodClaims::default()).then(|| Box::new(claims))
}
