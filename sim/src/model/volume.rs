//! Volumes of pods: where they come from, as far as somebody reads it, and what a claim asks for.

use super::labels::LabelSelector;
use super::quantity::Quantity;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A volume of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Volume {
    /// Its name, unique in the pod.
    pub name: String,
    /// Where it comes from.
    pub source: VolumeSource,
}

/// Where a pod's volume comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum VolumeSource {
    /// A PersistentVolumeClaim of the pod's namespace.
    PersistentVolumeClaim {
        /// Its name.
        claim_name: Arc<str>,
        /// Whether this pod only reads it.
        read_only: bool,
    },
    /// A claim of the pod's own, made for it and gone with it; [`Volume::claim_name`] says how it is called.
    Ephemeral(Arc<ClaimSpec>),
    /// A CSI driver's volume that lives and dies with the pod, without a claim.
    Csi {
        /// The driver.
        driver: String,
    },
    /// A disk of one of the types that CSI drivers have taken over.
    InTree {
        /// The disk.
        volume: InTreeVolume,
        /// Whether this pod only reads it.
        read_only: bool,
    },
    /// An iSCSI target.
    Iscsi {
        /// The target's qualified name.
        iqn: String,
        /// Whether this pod only reads it.
        read_only: bool,
    },
    /// A Ceph RADOS block device.
    Rbd {
        /// The cluster's monitors.
        monitors: Vec<String>,
        /// The pool.
        pool: String,
        /// The image.
        image: String,
        /// Whether this pod only reads it.
        read_only: bool,
    },
    /// The content of an OCI image.
    Image {
        /// The image's name.
        reference: String,
    },
    /// Anything else: nobody reads it.
    Other,
}

/// A volume of a type that was once a part of Kubernetes and is now served by a CSI driver, with what identifies it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum InTreeVolume {
    /// `gcePersistentDisk`, by `pdName`.
    GcePersistentDisk(String),
    /// `awsElasticBlockStore`, by `volumeID`.
    AwsElasticBlockStore(String),
    /// `azureDisk`.
    AzureDisk {
        /// `diskURI`.
        uri: String,
        /// `kind`; only `Managed` disks have a CSI driver.
        kind: String,
    },
    /// `azureFile`. Nobody reads which.
    AzureFile,
    /// `cinder`, by `volumeID`.
    Cinder(String),
    /// `portworxVolume`, by `volumeID`.
    Portworx(String),
    /// `vsphereVolume`. Nobody reads which.
    Vsphere,
}

/// What a PersistentVolumeClaim asks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimSpec {
    /// In which ways it will be used, at least one in a valid claim.
    pub access_modes: Vec<AccessMode>,
    /// `resources.requests.storage`, in bytes; `None` only in a claim that the API server would refuse.
    pub request: Option<Quantity>,
    /// The storage class: `Some("")` asks for none, `None` leaves it to the default class. The deprecated annotation
    /// `volume.beta.kubernetes.io/storage-class` counts before the field.
    pub storage_class: Option<Arc<str>>,
    /// Which volumes may be bound; `None` for all.
    pub selector: Option<LabelSelector>,
    /// As what the volume appears.
    pub volume_mode: VolumeMode,
    /// The volume that is or shall be bound.
    pub volume_name: Option<Arc<str>>,
    /// The VolumeAttributesClass; `None` where it is empty.
    pub attributes_class: Option<Arc<str>>,
}

/// In which way a volume may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessMode {
    /// Written by the pods of one node.
    ReadWriteOnce,
    /// Read from many nodes.
    ReadOnlyMany,
    /// Written from many nodes.
    ReadWriteMany,
    /// Written by one pod.
    ReadWriteOncePod,
}

/// As what a volume appears in a pod.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VolumeMode {
    /// A directory.
    #[default]
    Filesystem,
    /// A raw device.
    Block,
}

impl Volume {
    /// The claim behind the volume of a pod of this name, if it has one.
    ///
    /// Source: `component-helpers/storage/ephemeral/ephemeral.go`, `VolumeClaimName`.
    pub fn claim_name(&self, pod: &str) -> Option<Arc<str>> {
        match &self.source {
            VolumeSource::PersistentVolumeClaim { claim_name, .. } => Some(claim_name.clone()),
            VolumeSource::Ephemeral(_) => Some(format!("{pod}-{}", self.name).into()),
            _ => None,
        }
    }

    /// The name of the claim that it takes by name; none for ephemeral ones.
    pub fn named_claim(&self) -> Option<&str> {
        match &self.source {
            VolumeSource::PersistentVolumeClaim { claim_name, .. } => Some(claim_name),
            _ => None,
        }
    }

    /// Whether the volume has a claim of the pod's own.
    pub const fn is_ephemeral(&self) -> bool {
        matches!(self.source, VolumeSource::Ephemeral(_))
    }
}

impl ClaimSpec {
    /// The storage class, empty for none.
    ///
    /// Source: `component-helpers/storage/volume/helpers.go`, `GetPersistentVolumeClaimClass`.
    pub fn class(&self) -> &str {
        self.storage_class.as_deref().unwrap_or_default()
    }

    /// What is asked for, in bytes.
    pub fn requested(&self) -> Quantity {
        self.request.unwrap_or_default()
    }
}

impl AccessMode {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadWriteOnce => "ReadWriteOnce",
            Self::ReadOnlyMany => "ReadOnlyMany",
            Self::ReadWriteMany => "ReadWriteMany",
            Self::ReadWriteOncePod => "ReadWriteOncePod",
        }
    }

    /// All of them, in the order of their names.
    pub const ALL: [Self; 4] = [Self::ReadOnlyMany, Self::ReadWriteMany, Self::ReadWriteOnce, Self::ReadWriteOncePod];
}

impl FromStr for AccessMode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(())
    }
}

impl fmt::Display for AccessMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
