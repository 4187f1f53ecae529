//! CSIDriver: what the scheduler must know of a CSI driver. It has the driver's name.

use super::fold;
use crate::cluster::{Cluster, Fingerprint, Object};

/// A CSIDriver object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsiDriver {
    /// Whether the scheduler looks at the driver's CSIStorageCapacity objects (`spec.storageCapacity`).
    pub storage_capacity: bool,
    /// Whether pods with its volumes stay away from nodes without the driver (`spec.preventPodSchedulingIfMissing`,
    /// with the gate VolumeLimitScaling).
    pub prevent_pod_scheduling_if_missing: bool,
}

impl CsiDriver {
    /// The kind in manifests.
    pub const KIND: &'static str = "CSIDriver";

    /// The driver of this name.
    pub fn by_name(name: &str, cluster: &Cluster) -> Option<Self> {
        cluster.objects().named(Self::KIND, "", name).map(|(_, body)| *body)
    }
}

impl Object for CsiDriver {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(*self))
    }

    fn fold(&self, into: &mut Fingerprint) {
        let words = [u64::from(self.storage_capacity), u64::from(self.prevent_pod_scheduling_if_missing)];
        fold(into, &words, []);
    }
}
