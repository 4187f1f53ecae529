//! CSIStorageCapacity: how much storage of a class can still be made in one part of the cluster.

use super::fold;
use crate::cluster::{Fingerprint, Object};
use crate::model::Quantity;
use crate::model::labels::{LabelSelector, Labels};
use std::sync::Arc;

/// A CSIStorageCapacity object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsiStorageCapacity {
    /// The storage class.
    pub storage_class: Arc<str>,
    /// What is free, in bytes; `None` for unknown.
    pub capacity: Option<Quantity>,
    /// How large one volume can be, in bytes; `None` for unknown.
    pub maximum_volume_size: Option<Quantity>,
    /// The nodes from which it can be reached; `None` for none.
    pub node_topology: Option<LabelSelector>,
}

impl CsiStorageCapacity {
    /// The kind in manifests.
    pub const KIND: &'static str = "CSIStorageCapacity";

    /// The largest volume that can be made, as far as it is known.
    ///
    /// Source: `volumebinding/binder.go`, `volumeLimit`.
    pub fn volume_limit(&self) -> Option<Quantity> {
        self.maximum_volume_size.or(self.capacity)
    }

    /// Whether a volume of this class and size, for a node with these labels, can come from it.
    ///
    /// Source: as above, `hasEnoughCapacity`.
    pub fn suffices(&self, class: &str, bytes: i64, labels: &Labels) -> bool {
        &*self.storage_class == class
            && self.volume_limit().is_some_and(|limit| limit.value() >= bytes)
            && self.node_topology.as_ref().is_some_and(|selector| selector.matches(labels))
    }
}

impl Object for CsiStorageCapacity {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        let bytes = |quantity: Option<Quantity>| quantity.map_or(u64::MAX, |quantity| quantity.value() as u64);
        fold(into, &[bytes(self.capacity), bytes(self.maximum_volume_size)], [&*self.storage_class]);
    }
}
