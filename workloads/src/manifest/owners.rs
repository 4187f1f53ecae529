//! Which objects are made by others among the manifests.
//!
//! A snapshot of a live cluster lists a Deployment together with its ReplicaSets and their pods. The simulated controllers
//! make their own, so what has a controller among the manifests is left out.

use super::convert::Reading;
use super::objects::Origin;
use crate::grouping;
use std::collections::BTreeMap;
use std::fmt;
use towtank_sim::storage::PersistentVolumeClaim;

/// What identifies an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity {
    pub(super) kind: &'static str,
    pub(super) namespace: String,
    pub(super) name: String,
}

/// The controllers of the objects that have one.
#[derive(Debug, Default)]
pub(super) struct Owners(BTreeMap<Identity, Owner>);

#[derive(Debug)]
struct Owner {
    kind: String,
    name: String,
    template_hash: Option<String>,
}

impl Owners {
    pub(super) fn note(&mut self, identity: &Identity, reading: &Reading<'_>) {
        let references = reading.metadata.owner_references.as_deref().unwrap_or_default();
        let Some(owner) = references.iter().find(|reference| reference.controller == Some(true)) else { return };
        let template_hash = reading.metadata.labels.as_ref().and_then(|l| l.get("pod-template-hash")).cloned();
        let owner = Owner { kind: owner.kind.clone(), name: owner.name.clone(), template_hash };
        self.0.insert(identity.clone(), owner);
    }

    /// Forgets an object that has gone.
    pub(super) fn forget(&mut self, identity: &Identity) {
        self.0.remove(identity);
    }

    pub(super) fn is_made_by_another(&self, identity: &Identity, seen: &BTreeMap<Identity, Origin>) -> bool {
        // The claim of a pod's ephemeral volume stays: whoever makes such claims takes over one that is there.
        if identity.kind == PersistentVolumeClaim::KIND {
            return false;
        }
        let Some(owner) = self.0.get(identity) else { return false };
        if owner.kind == "Pod" {
            // The claim of a pod comes and stays out with the pod, whose status names it.
            let pod = Identity { kind: "Pod", namespace: identity.namespace.clone(), name: owner.name.clone() };
            return self.is_made_by_another(&pod, seen);
        }
        let among = |kind: &str, name: &str| {
            let makes_pods = |kind: &&super::kind::Kind| !grouping::WITHOUT_CONTROLLER.contains(&kind.name);
            let kind = super::kinds::KINDS.iter().find(|known| known.name == kind).filter(makes_pods);
            let owner = |kind: &super::kind::Kind| Identity {
                kind: kind.name,
                namespace: identity.namespace.clone(),
                name: name.to_owned(),
            };
            kind.is_some_and(|kind| seen.contains_key(&owner(kind)))
        };
        // `kubectl get deployments,pods` leaves the ReplicaSets between them out; their names tell.
        let hash = owner.template_hash.as_deref().filter(|_| owner.kind == "ReplicaSet");
        let deployment = hash.and_then(|hash| owner.name.strip_suffix(hash)?.strip_suffix('-'));
        among(&owner.kind, &owner.name) || deployment.is_some_and(|name| among("Deployment", name))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}
