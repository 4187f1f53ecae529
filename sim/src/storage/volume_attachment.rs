//! VolumeAttachment: a volume that is attached to a node.

use super::fold;
use crate::cluster::{Fingerprint, Object};
use std::sync::Arc;

/// A VolumeAttachment object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeAttachment {
    /// The CSI driver that attaches it.
    pub attacher: Arc<str>,
    /// The node.
    pub node_name: Arc<str>,
    /// The PersistentVolume; `None` for one that is described in place.
    pub volume_name: Option<Arc<str>>,
}

impl VolumeAttachment {
    /// The kind in manifests.
    pub const KIND: &'static str = "VolumeAttachment";
}

impl Object for VolumeAttachment {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        fold(into, &[], [&*self.attacher, &*self.node_name].into_iter().chain(self.volume_name.as_deref()));
    }
}
