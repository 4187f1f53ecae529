//! Events that may make waiting pods schedulable: what happened, and the kinds that plugins listen to.
//!
//! Source: `kube-scheduler/framework/types.go` and `pkg/scheduler/framework/events.go`.

use crate::cluster::NodeChange;
use crate::model::{ClassId, NodeId, ObjectId, PodId};
use std::fmt;

/// An event that may make pods schedulable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterEvent {
    /// A pod was bound to a node.
    AssignedPodAdd {
        /// The pod.
        pod: PodId,
        /// Its class.
        class: ClassId,
        /// The node.
        node: NodeId,
    },
    /// A pod on a node says something else than before.
    AssignedPodUpdate {
        /// The pod.
        pod: PodId,
        /// The class that it had.
        old: ClassId,
        /// The class that it has.
        new: ClassId,
        /// What changed: one kind.
        what: Events,
    },
    /// A pod left a node, or a pod that waited for its nominated node is gone.
    AssignedPodDelete {
        /// The pod.
        pod: PodId,
        /// Its class.
        class: ClassId,
        /// The node, which may have left too; `None` where it was only nominated.
        node: Option<NodeId>,
    },
    /// The waiting pod itself says something else than before.
    OwnUpdate {
        /// The class that it had.
        old: ClassId,
        /// The class that it has.
        new: ClassId,
        /// What changed: one kind.
        what: Events,
    },
    /// A node came.
    NodeAdd(NodeId),
    /// One part of a node changed; [`crate::model::node::Node::previous`] says what it was.
    NodeUpdate(NodeId, NodeChange),
    /// A node left. It can be looked up while this is delivered.
    NodeDelete(NodeId),
    /// An object came.
    ObjectAdd(ObjectId, &'static str),
    /// An object changed; [`crate::cluster::Objects::previous`] says what it was.
    ObjectUpdate(ObjectId, &'static str),
    /// An object left. It can be looked up while this is delivered.
    ObjectDelete(ObjectId, &'static str),
    /// The pod has been unschedulable for five minutes.
    UnschedulableTimeout,
    /// Somebody wants the pod to be tried again at once.
    ForceActivate,
}

impl ClusterEvent {
    /// The node that it is about.
    pub(super) const fn node(self) -> Option<NodeId> {
        match self {
            Self::AssignedPodAdd { node, .. }
            | Self::NodeAdd(node)
            | Self::NodeUpdate(node, _)
            | Self::NodeDelete(node) => Some(node),
            Self::AssignedPodDelete { node, .. } => node,
            _ => None,
        }
    }

    /// The classes that it names.
    pub(super) const fn classes(self) -> [Option<ClassId>; 2] {
        match self {
            Self::AssignedPodAdd { class, .. } | Self::AssignedPodDelete { class, .. } => [Some(class), None],
            Self::AssignedPodUpdate { old, new, .. } | Self::OwnUpdate { old, new, .. } => [Some(old), Some(new)],
            _ => [None, None],
        }
    }

    /// Upstream's label of the event, as logs and metrics have it.
    pub fn label(self) -> EventLabel {
        let label = |resource, action| EventLabel { resource, action };
        match self {
            Self::AssignedPodAdd { .. } => label("AssignedPod", "Add"),
            Self::AssignedPodUpdate { what, .. } => label("AssignedPod", what.update_name()),
            Self::AssignedPodDelete { .. } => label("AssignedPod", "Delete"),
            Self::OwnUpdate { .. } => EventLabel::UNSCHEDULED_POD_UPDATE,
            Self::NodeAdd(_) => label("Node", "Add"),
            Self::NodeUpdate(..) => label("Node", Events::of(self).update_name()),
            Self::NodeDelete(_) => label("Node", "Delete"),
            Self::ObjectAdd(_, kind) => label(resource_name(kind), "Add"),
            Self::ObjectUpdate(_, kind) => label(resource_name(kind), "Update"),
            Self::ObjectDelete(_, kind) => label(resource_name(kind), "Delete"),
            Self::UnschedulableTimeout => EventLabel::UNSCHEDULABLE_TIMEOUT,
            Self::ForceActivate => EventLabel::FORCE_ACTIVATE,
        }
    }

    /// Whether every waiting pod is moved, whatever has rejected it.
    pub(super) const fn is_wildcard(self) -> bool {
        matches!(self, Self::UnschedulableTimeout | Self::ForceActivate)
    }
}

/// Upstream's name of the objects of a kind, with the group of those outside of the core.
fn resource_name(kind: &'static str) -> &'static str {
    match kind {
        "CSINode" => "storage.k8s.io/CSINode",
        "CSIDriver" => "storage.k8s.io/CSIDriver",
        "VolumeAttachment" => "storage.k8s.io/VolumeAttachment",
        "CSIStorageCapacity" => "storage.k8s.io/CSIStorageCapacity",
        "StorageClass" => "storage.k8s.io/StorageClass",
        "ResourceClaim" => "resource.k8s.io/ResourceClaim",
        "ResourceSlice" => "resource.k8s.io/ResourceSlice",
        "DeviceClass" => "resource.k8s.io/DeviceClass",
        other => other,
    }
}

/// The name of an event: resource and action.
#[derive(Clone, Copy, Debug, Eq, PartialOrd, Ord)]
pub struct EventLabel {
    resource: &'static str,
    action: &'static str,
}

impl PartialEq for EventLabel {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        // Mostly it is the very same text.
        let same = |a: &'static str, b: &'static str| std::ptr::eq(a, b) || a == b;
        same(self.resource, other.resource) && same(self.action, other.action)
    }
}

impl EventLabel {
    const fn special(action: &'static str) -> Self {
        Self { resource: "", action }
    }

    /// A pod without a node came.
    pub const UNSCHEDULED_POD_ADD: Self = Self { resource: "UnscheduledPod", action: "Add" };
    /// A pod without a node changed.
    pub const UNSCHEDULED_POD_UPDATE: Self = Self { resource: "UnscheduledPod", action: "Update" };
    /// An attempt failed.
    pub const SCHEDULE_ATTEMPT_FAILURE: Self = Self::special("ScheduleAttemptFailure");
    /// A backoff is over.
    pub const BACKOFF_COMPLETE: Self = Self::special("BackoffComplete");
    /// The pod has waited for five minutes.
    pub const UNSCHEDULABLE_TIMEOUT: Self = Self::special("UnschedulableTimeout");
    /// Somebody wants the pod tried at once.
    pub const FORCE_ACTIVATE: Self = Self::special("ForceActivate");
}

impl fmt::Display for EventLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.resource, self.action)
    }
}

/// A set of kinds of cluster events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events(u64);

macro_rules! events {
    ($($(#[$doc:meta])* $bit:ident = $value:literal;)*) => {
        impl Events {
            /// No event.
            pub const NONE: Self = Self(0);
            $($(#[$doc])* pub const $bit: Self = Self(1 << $value);)*
            /// Every event.
            pub const ALL: Self = Self(u64::MAX);
        }
    };
}

events! {
    /// A pod was bound.
    ASSIGNED_POD_ADD = 0;
    /// A bound pod left.
    ASSIGNED_POD_DELETE = 1;
    /// The labels of a pod changed: of one on a node, or of the waiting one.
    POD_LABEL = 2;
    /// A pod requests less than before, likewise.
    POD_SCALE_DOWN = 3;
    /// The waiting pod has another toleration.
    POD_TOLERATION = 4;
    /// The waiting pod has lost its last gate.
    POD_GATES_ELIMINATED = 5;
    /// The waiting pod has a resource claim that was made for it.
    POD_GENERATED_CLAIM = 6;
    /// Anything else of a pod changed.
    POD_OTHER = 7;
    /// A node came.
    NODE_ADD = 8;
    /// A node left.
    NODE_DELETE = 9;
    /// A node's labels changed.
    NODE_LABEL = 10;
    /// A node's taints changed, or it is no longer cordoned.
    NODE_TAINT = 11;
    /// A node's allocatable resources changed.
    NODE_ALLOCATABLE = 12;
    /// A node's conditions changed.
    NODE_CONDITION = 13;
    /// A node declares other features than before.
    NODE_FEATURES = 14;
    /// A PersistentVolume came.
    PV_ADD = 16;
    /// A PersistentVolume changed.
    PV_UPDATE = 17;
    /// A PersistentVolumeClaim came.
    PVC_ADD = 18;
    /// A PersistentVolumeClaim changed.
    PVC_UPDATE = 19;
    /// A StorageClass came.
    STORAGE_CLASS_ADD = 20;
    /// A StorageClass changed.
    STORAGE_CLASS_UPDATE = 21;
    /// A CSINode came.
    CSI_NODE_ADD = 22;
    /// A CSINode changed.
    CSI_NODE_UPDATE = 23;
    /// A CSIDriver came.
    CSI_DRIVER_ADD = 24;
    /// A CSIDriver changed.
    CSI_DRIVER_UPDATE = 25;
    /// A CSIStorageCapacity came.
    CSI_STORAGE_CAPACITY_ADD = 26;
    /// A CSIStorageCapacity changed.
    CSI_STORAGE_CAPACITY_UPDATE = 27;
    /// A VolumeAttachment left.
    VOLUME_ATTACHMENT_DELETE = 28;
    /// A ResourceClaim came.
    RESOURCE_CLAIM_ADD = 29;
    /// A ResourceClaim changed.
    RESOURCE_CLAIM_UPDATE = 30;
    /// A ResourceClaim left.
    RESOURCE_CLAIM_DELETE = 31;
    /// A DeviceClass came.
    DEVICE_CLASS_ADD = 32;
    /// A DeviceClass changed.
    DEVICE_CLASS_UPDATE = 33;
    /// A ResourceSlice came.
    RESOURCE_SLICE_ADD = 34;
    /// A ResourceSlice changed.
    RESOURCE_SLICE_UPDATE = 35;
    /// An object of any other kind came, changed or left.
    OTHER_OBJECT = 40;
}

impl Events {
    /// Any update of a pod.
    pub const POD_UPDATE: Self = Self::POD_LABEL
        .and(Self::POD_SCALE_DOWN)
        .and(Self::POD_TOLERATION)
        .and(Self::POD_GATES_ELIMINATED)
        .and(Self::POD_GENERATED_CLAIM)
        .and(Self::POD_OTHER);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the two sets share a kind.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The kind that an event is of.
    pub fn of(event: ClusterEvent) -> Self {
        match event {
            ClusterEvent::AssignedPodAdd { .. } => Self::ASSIGNED_POD_ADD,
            ClusterEvent::AssignedPodDelete { .. } => Self::ASSIGNED_POD_DELETE,
            ClusterEvent::AssignedPodUpdate { what, .. } | ClusterEvent::OwnUpdate { what, .. } => what,
            ClusterEvent::NodeAdd(_) => Self::NODE_ADD,
            ClusterEvent::NodeDelete(_) => Self::NODE_DELETE,
            ClusterEvent::NodeUpdate(_, what) => Self::of_node_change(what),
            ClusterEvent::ObjectAdd(_, kind) => Self::of_object(kind).0,
            ClusterEvent::ObjectUpdate(_, kind) => Self::of_object(kind).1,
            ClusterEvent::ObjectDelete(_, kind) => Self::of_object(kind).2,
            ClusterEvent::UnschedulableTimeout | ClusterEvent::ForceActivate => Self::ALL,
        }
    }

    fn of_node_change(what: NodeChange) -> Self {
        let kinds = [
            (NodeChange::LABELS, Self::NODE_LABEL),
            (NodeChange::TAINTS, Self::NODE_TAINT),
            (NodeChange::UNSCHEDULABLE, Self::NODE_TAINT),
            (NodeChange::ALLOCATABLE, Self::NODE_ALLOCATABLE),
            (NodeChange::READY, Self::NODE_CONDITION),
            (NodeChange::FEATURES, Self::NODE_FEATURES),
        ];
        let of = |kinds: Self, (part, kind): &(NodeChange, Self)| {
            if what.contains(*part) { kinds.and(*kind) } else { kinds }
        };
        kinds.iter().fold(Self::NONE, of)
    }

    /// The kinds of the coming, the changes and the leaving of objects of a kind.
    fn of_object(kind: &str) -> (Self, Self, Self) {
        let other = Self::OTHER_OBJECT;
        match kind {
            "PersistentVolume" => (Self::PV_ADD, Self::PV_UPDATE, other),
            "PersistentVolumeClaim" => (Self::PVC_ADD, Self::PVC_UPDATE, other),
            "StorageClass" => (Self::STORAGE_CLASS_ADD, Self::STORAGE_CLASS_UPDATE, other),
            "CSINode" => (Self::CSI_NODE_ADD, Self::CSI_NODE_UPDATE, other),
            "CSIDriver" => (Self::CSI_DRIVER_ADD, Self::CSI_DRIVER_UPDATE, other),
            "CSIStorageCapacity" => (Self::CSI_STORAGE_CAPACITY_ADD, Self::CSI_STORAGE_CAPACITY_UPDATE, other),
            "VolumeAttachment" => (other, other, Self::VOLUME_ATTACHMENT_DELETE),
            "ResourceClaim" => (Self::RESOURCE_CLAIM_ADD, Self::RESOURCE_CLAIM_UPDATE, Self::RESOURCE_CLAIM_DELETE),
            "DeviceClass" => (Self::DEVICE_CLASS_ADD, Self::DEVICE_CLASS_UPDATE, other),
            "ResourceSlice" => (Self::RESOURCE_SLICE_ADD, Self::RESOURCE_SLICE_UPDATE, other),
            _ => (other, other, other),
        }
    }

    /// Upstream's name of an update of this one kind.
    fn update_name(self) -> &'static str {
        match self {
            Self::POD_LABEL => "UpdatePodLabel",
            Self::POD_SCALE_DOWN => "UpdatePodScaleDown",
            Self::POD_TOLERATION => "UpdatePodToleration",
            Self::POD_GATES_ELIMINATED => "UpdatePodSchedulingGatesEliminated",
            Self::POD_GENERATED_CLAIM => "UpdatePodGeneratedResourceClaim",
            Self::NODE_LABEL => "UpdateNodeLabel",
            Self::NODE_TAINT => "UpdateNodeTaint",
            Self::NODE_ALLOCATABLE => "UpdateNodeAllocatable",
            Self::NODE_CONDITION => "UpdateNodeCondition",
            Self::NODE_FEATURES => "UpdateNodeDeclaredFeature",
            _ => "Update",
        }
    }
}
