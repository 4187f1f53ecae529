//! PersistentVolumeClaim: a pod's request for storage.

use super::fold;
use crate::cluster::{Fingerprint, Object, ObjectMeta};
use crate::model::volume::{AccessMode, ClaimSpec};
use std::sync::Arc;

/// A PersistentVolumeClaim object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersistentVolumeClaim {
    /// `metadata.uid` as a manifest gives it, for the volumes that name it. A claim without one has a uid of its own.
    pub uid: Option<Arc<str>>,
    /// What it asks for.
    pub spec: ClaimSpec,
    /// The node for which it shall be provisioned (annotation `volume.kubernetes.io/selected-node`).
    pub selected_node: Option<Arc<str>>,
    /// Whether binding is complete (annotation `pv.kubernetes.io/bind-completed`).
    pub bind_completed: bool,
    /// Where it is in its life.
    pub phase: ClaimPhase,
    /// Whether its deletion was asked for (`metadata.deletionTimestamp`).
    pub deleting: bool,
    /// The pod whose ephemeral volume it is, if it is one.
    pub owner: Option<ClaimOwner>,
}

/// Where a claim is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClaimPhase {
    /// Waits for a volume.
    #[default]
    Pending,
    /// Has one.
    Bound,
    /// Has lost it.
    Lost,
}

/// The pod that controls a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimOwner {
    /// The pod's name.
    pub pod: Arc<str>,
    /// Its uid in the run; `None` for an owner that a manifest names, which is known by its name alone.
    pub uid: Option<u64>,
}

impl PersistentVolumeClaim {
    /// The kind in manifests.
    pub const KIND: &'static str = "PersistentVolumeClaim";

    /// A new claim.
    pub fn new(spec: ClaimSpec) -> Self {
        Self {
            uid: None,
            spec,
            selected_node: None,
            bind_completed: false,
            phase: ClaimPhase::Pending,
            deleting: false,
            owner: None,
        }
    }

    /// The uid, by which volumes know it.
    pub fn uid(&self, meta: &ObjectMeta) -> Arc<str> {
        self.uid.clone().unwrap_or_else(|| format!("{}", meta.uid).into())
    }

    /// Whether it has its volume and binding is complete.
    ///
    /// Source: `volumebinding/binder.go`, `isPVCFullyBound`.
    pub fn is_fully_bound(&self) -> bool {
        self.spec.volume_name.is_some() && self.bind_completed
    }

    /// Whether only one pod may use it.
    pub fn is_for_one_pod(&self) -> bool {
        self.spec.access_modes.contains(&AccessMode::ReadWriteOncePod)
    }

    /// Whether it was made for the ephemeral volume of this pod of its namespace.
    ///
    /// Source: `component-helpers/storage/ephemeral/ephemeral.go`, `VolumeIsForPod`, which compares uids.
    pub fn is_for(&self, pod: &str, uid: Option<u64>) -> bool {
        let same_uid = |owner: &ClaimOwner| owner.uid.is_none() || uid.is_none() || owner.uid == uid;
        self.owner.as_ref().is_some_and(|owner| &*owner.pod == pod && same_uid(owner))
    }
}

impl Object for PersistentVolumeClaim {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        let words = [self.phase as u64, u64::from(self.bind_completed), u64::from(self.deleting)];
        fold(into, &words, [&self.spec.volume_name, &self.selected_node].into_iter().flatten().map(|name| &**name));
    }
}
