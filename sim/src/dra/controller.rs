//! The resource claim controller: makes claims from templates for pods, and takes them back when pods have ended.
//!
//! It acts at the instant of a change. A reservation for a pod that never comes stays.
//!
//! Source: `pkg/controller/resourceclaim/controller.go`.

use super::{ConsumerReference, ResourceClaim, ResourceClaimTemplate, generated_name};
use crate::cluster::{Change, Cluster, Interest};
use crate::controller::{Context, Controller};
use crate::model::pod::PodTraits;
use crate::model::resource_claims::{ClaimSource, MadeClaim};
use crate::model::{ObjectId, PodId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Namespace and name.
type Key = (Arc<str>, String);

/// The controller.
#[derive(Debug, Default)]
pub struct ResourceClaimController {
    /// The claims that were made for a pod or are reserved for it, by the pod. Some may have gone or changed.
    by_pod: BTreeMap<Key, BTreeSet<ObjectId>>,
    /// The pods that wait for a template.
    waiting: BTreeMap<Key, BTreeSet<PodId>>,
}

impl ResourceClaimController {
    /// Makes the claims of a pod that are missing.
    fn make_claims(&mut self, id: PodId, cx: &mut Context<'_>) {
        let Some(pod) = cx.cluster.pod(id).filter(|pod| pod.is_active()) else { return };
        let (name, uid) = (pod.name.clone(), pod.uid);
        let spec = &cx.cluster.class_of(pod).spec;
        let namespace = spec.namespace.clone();
        let mut claims = pod.claims().cloned().unwrap_or_default();
        let is_made = |name: &str| claims.made.iter().any(|made| made.name == name);
        let missing = spec.resource_claims.iter().filter(|wanted| !is_made(&wanted.name));
        let missing = missing.filter_map(|wanted| match &wanted.source {
            ClaimSource::Template(template) => Some((wanted.name.clone(), template.clone())),
            ClaimSource::Claim(_) => None,
        });
        let missing: Vec<(String, String)> = missing.collect();
        let before = claims.made.len();
        for (wanted, template) in missing {
            let Some(spec) = template_spec(cx.cluster, &namespace, &template) else {
                self.waiting.entry((namespace.clone(), template)).or_default().insert(id);
                continue;
            };
            let made_for = Some(ConsumerReference::pod(&name, uid));
            let claim = ResourceClaim { spec, made_for, ..ResourceClaim::default() };
            let claim_name = generated_name(&format!("{name}-{wanted}-"), uid);
            if cx.cluster.create_object(&namespace, &claim_name, None, Box::new(claim)).is_ok() {
                claims.made.push(MadeClaim { name: wanted, claim: Some(claim_name) });
            }
        }
        if claims.made.len() > before {
            cx.cluster.set_pod_claims(id, claims);
        }
    }

    /// Notes which pods a claim is about.
    fn note(&mut self, id: ObjectId, cluster: &Cluster) {
        let Some(claim) = cluster.objects().get::<ResourceClaim>(id) else { return };
        let Some(meta) = cluster.objects().meta(id) else { return };
        for pod in claim.made_for.iter().chain(&claim.status.reserved_for) {
            self.by_pod.entry((meta.namespace.clone(), pod.name.clone())).or_default().insert(id);
        }
    }

    fn forget(&mut self, id: ObjectId, cluster: &Cluster) {
        let Some(claim) = cluster.objects().get::<ResourceClaim>(id) else { return };
        let Some(meta) = cluster.objects().meta(id) else { return };
        for pod in claim.made_for.iter().chain(&claim.status.reserved_for) {
            let key = (meta.namespace.clone(), pod.name.clone());
            if let Some(claims) = self.by_pod.get_mut(&key) {
                claims.remove(&id);
                if claims.is_empty() {
                    self.by_pod.remove(&key);
                }
            }
        }
    }

    /// A pod has ended: its own claims go, and others are no longer reserved for it. A claim that nobody uses any more gives
    /// its devices back.
    fn release(&mut self, id: PodId, cx: &mut Context<'_>) {
        if self.by_pod.is_empty() {
            return;
        }
        let Some(pod) = cx.cluster.pod(id) else { return };
        let (name, uid) = (pod.name.clone(), pod.uid);
        let namespace = cx.cluster.class_of(pod).spec.namespace.clone();
        for claim in self.by_pod.remove(&(namespace, name.to_string())).into_iter().flatten() {
            let Some(body) = cx.cluster.objects().get::<ResourceClaim>(claim) else { continue };
            if body.is_made_for(&name, uid) {
                // Its devices are given back first, so that whoever waits for them hears of it.
                if body.status.allocation.is_some() {
                    cx.cluster.update_object(claim, ResourceClaim::deallocate);
                }
                cx.cluster.remove_object(claim);
            } else if body.is_reserved_for(&name, uid) {
                cx.cluster.update_object(claim, |claim: &mut ResourceClaim| {
                    claim.status.reserved_for.retain(|reference| !reference.is_pod(&name, uid));
                    if claim.status.reserved_for.is_empty() {
                        claim.deallocate();
                    }
                });
            }
        }
    }
}

fn template_spec(cluster: &Cluster, namespace: &str, name: &str) -> Option<super::ClaimSpec> {
    let id = cluster.objects().by_name(ResourceClaimTemplate::KIND, namespace, name)?;
    Some(cluster.objects().get::<ResourceClaimTemplate>(id)?.spec.clone())
}

impl Controller for ResourceClaimController {
    fn name(&self) -> &'static str {
        "resource-claim"
    }

    fn interest(&self) -> Interest {
        // Claims for extended resources are of pods that name none.
        Interest::POD_FINISHED.and(Interest::POD_REMOVED).and(Interest::OBJECTS)
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        if pods_with == PodTraits::RESOURCE_CLAIMS { Interest::POD_CREATED } else { Interest::NONE }
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodCreated(id) => {
                let class = cx.cluster.pod(id).map(|pod| cx.cluster.class_of(pod));
                if class.is_some_and(|class| !class.spec.resource_claims.is_empty()) {
                    self.make_claims(id, cx);
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => self.release(id, cx),
            Change::ObjectCreated(id) => {
                self.note(id, cx.cluster);
                let meta = cx.cluster.objects().meta(id).filter(|meta| meta.kind == ResourceClaimTemplate::KIND);
                let Some(key) = meta.map(|meta| (meta.namespace.clone(), meta.name.to_string())) else { return };
                for pod in self.waiting.remove(&key).into_iter().flatten() {
                    self.make_claims(pod, cx);
                }
            }
            Change::ObjectChanged(id) => self.note(id, cx.cluster),
            Change::ObjectRemoved(id) => self.forget(id, cx.cluster),
            _ => {}
        }
    }
}
