//! What changes in a cluster, as the controllers hear of it.

use super::Cluster;
use crate::model::node::NodeSpec;
use crate::model::{ClassId, NodeId, ObjectId, PodId};

/// One change of the store. What it names can still be looked up while the change is being delivered, also when it has
/// left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A pod exists.
    PodCreated(PodId),
    /// It was bound to a node.
    PodBound(PodId, NodeId),
    /// The scheduler found no node for it.
    PodUnschedulable(PodId),
    /// It says something else than before: its labels, gates, tolerations or requests. The class is the one that it had.
    PodUpdated(PodId, ClassId),
    /// The node that is being made free for it was set or cleared.
    PodNominated {
        /// The pod.
        pod: PodId,
        /// Whether there was one before.
        had_one: bool,
    },
    /// Claims were made for it.
    PodClaims(PodId),
    /// Its containers have started.
    PodStarted(PodId),
    /// It became ready or unready.
    PodReadiness(PodId),
    /// It has ended by itself and leaves the store.
    PodFinished(PodId),
    /// Its deletion was asked for.
    PodDeleting(PodId, Cause),
    /// It is gone after a deletion.
    PodRemoved(PodId),
    /// A node exists.
    NodeAdded(NodeId),
    /// Something of a node changed.
    NodeChanged(NodeId, NodeChange),
    /// A node is gone.
    NodeRemoved(NodeId),
    /// An object exists.
    ObjectCreated(ObjectId),
    /// It changed.
    ObjectChanged(ObjectId),
    /// It is gone.
    ObjectRemoved(ObjectId),
}

/// Why a pod is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Its owner or a user wanted it gone.
    Deleted,
    /// It made room for a pod of higher priority.
    Preempted,
    /// Evicted through the API: a drain.
    Evicted,
    /// Evicted because it does not tolerate a `NoExecute` taint.
    TaintEvicted,
    /// Its node left the cluster under it.
    NodeLost,
}

/// A set of kinds of changes that a controller wants to hear of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interest(u16);

/// Which parts of a node changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeChange(u8);

impl NodeChange {
    /// The labels.
    pub const LABELS: Self = Self(1);
    /// The taints.
    pub const TAINTS: Self = Self(2);
    /// The allocatable resources.
    pub const ALLOCATABLE: Self = Self(4);
    /// The condition Ready.
    pub const READY: Self = Self(8);
    /// Whether the machine runs. No API object shows it.
    pub const MACHINE: Self = Self(16);
    /// Anything else.
    pub const OTHER: Self = Self(32);
    /// `spec.unschedulable`: cordoned, or no longer.
    pub const UNSCHEDULABLE: Self = Self(64);
    /// The features that it declares.
    pub const FEATURES: Self = Self(128);

    /// What differs between two specifications.
    pub fn between(old: &NodeSpec, new: &NodeSpec) -> Self {
        let mut what = Self::default();
        let mut note = |changed: bool, part: Self| what.0 |= if changed { part.0 } else { 0 };
        note(old.labels != new.labels, Self::LABELS);
        note(old.taints != new.taints, Self::TAINTS);
        note(old.unschedulable != new.unschedulable, Self::UNSCHEDULABLE);
        note(old.allocatable != new.allocatable, Self::ALLOCATABLE);
        note(old.declared_features != new.declared_features, Self::FEATURES);
        note(old.images != new.images || old.capacity != new.capacity, Self::OTHER);
        what
    }

    /// Whether all of `part` is in it.
    pub const fn contains(self, part: Self) -> bool {
        self.0 & part.0 == part.0
    }

    /// Whether nothing changed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The bits, for the fingerprint.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

impl Interest {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Creation of pods.
    pub const POD_CREATED: Self = Self(1);
    /// Binding.
    pub const POD_BOUND: Self = Self(2);
    /// Failed scheduling attempts.
    pub const POD_UNSCHEDULABLE: Self = Self(4);
    /// Starts.
    pub const POD_STARTED: Self = Self(8);
    /// Readiness.
    pub const POD_READINESS: Self = Self(16);
    /// Ends by themselves.
    pub const POD_FINISHED: Self = Self(32);
    /// Requests to delete.
    pub const POD_DELETING: Self = Self(64);
    /// Departures after a deletion.
    pub const POD_REMOVED: Self = Self(128);
    /// Everything about nodes.
    pub const NODES: Self = Self(256);
    /// Everything about other objects.
    pub const OBJECTS: Self = Self(512);
    /// Updates of what pods say, and nominations.
    pub const POD_UPDATED: Self = Self(1024);
    /// Everything.
    pub const ALL: Self = Self(2047);

    /// Whether the two sets share a kind.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The set whose kinds are these bits.
    pub(crate) const fn numbered(bits: u16) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// How many kinds of changes are told apart.
    pub(crate) const KINDS: usize = Self::ALL.0.count_ones() as usize;

    /// Whether the change is among those wanted.
    #[inline]
    pub const fn covers(self, change: Change) -> bool {
        self.contains(Self::kind_of(change))
    }

    /// Whether the changes of the kind of this number are among those wanted.
    pub(crate) const fn contains(self, kind: usize) -> bool {
        self.0 & (1 << kind) != 0
    }

    /// The number of a change's kind.
    #[inline]
    pub(crate) const fn kind_of(change: Change) -> usize {
        let kind = match change {
            Change::PodCreated(_) => Self::POD_CREATED,
            Change::PodBound(..) => Self::POD_BOUND,
            Change::PodUnschedulable(_) => Self::POD_UNSCHEDULABLE,
            Change::PodUpdated(..) | Change::PodNominated { .. } | Change::PodClaims(_) => Self::POD_UPDATED,
            Change::PodStarted(_) => Self::POD_STARTED,
            Change::PodReadiness(_) => Self::POD_READINESS,
            Change::PodFinished(_) => Self::POD_FINISHED,
            Change::PodDeleting(..) => Self::POD_DELETING,
            Change::PodRemoved(_) => Self::POD_REMOVED,
            Change::NodeAdded(_) | Change::NodeChanged(..) | Change::NodeRemoved(_) => Self::NODES,
            Change::ObjectCreated(_) | Change::ObjectChanged(_) | Change::ObjectRemoved(_) => Self::OBJECTS,
        };
        kind.0.trailing_zeros() as usize
    }
}

impl Cause {
    /// A short name for tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Preempted => "preempted",
            Self::Evicted => "evicted",
            Self::TaintEvicted => "taint-evicted",
            Self::NodeLost => "node-lost",
        }
    }
}

impl Change {
    /// A code for the kind and the numbers that identify it, for the fingerprint. Slots of tables are not among them:
    /// how slots are recycled is not a result.
    #[allow(
        clippy::inline_always,
        reason = "where the kind is known, little of it is left, and the numbers stay out of the memory"
    )]
    #[inline(always)]
    pub(super) fn words(self, cluster: &Cluster) -> (u8, [u64; 2]) {
        let pod = |id: PodId| cluster.pods.get(id).map_or(u64::MAX, |p| p.uid);
        let node = |id: NodeId| cluster.nodes.get(id).uid;
        match self {
            Self::PodCreated(id) => (16, [pod(id), 0]),
            Self::PodBound(id, to) => (17, [pod(id), node(to)]),
            Self::PodUnschedulable(id) => (18, [pod(id), 0]),
            Self::PodStarted(id) => (19, [pod(id), 0]),
            Self::PodReadiness(id) => (20, [pod(id), cluster.pods.get(id).map_or(0, |p| u64::from(p.ready))]),
            Self::PodFinished(id) => (21, [pod(id), cluster.pods.get(id).map_or(0, |p| p.phase as u64)]),
            Self::PodDeleting(id, cause) => (22, [pod(id), cause as u64]),
            Self::PodRemoved(id) => (23, [pod(id), 0]),
            Self::NodeAdded(id) => (24, [node(id), 0]),
            Self::NodeChanged(id, what) => (25, [node(id), u64::from(what.bits())]),
            Self::NodeRemoved(id) => (26, [node(id), 0]),
            Self::ObjectCreated(id) => (27, [u64::from(id.number()), 0]),
            Self::ObjectChanged(id) => (28, [u64::from(id.number()), 0]),
            Self::ObjectRemoved(id) => (29, [u64::from(id.number()), 0]),
            Self::PodUpdated(id, _) => (30, [pod(id), 0]),
            Self::PodClaims(id) => (32, [pod(id), 0]),
            Self::PodNominated { pod: id, .. } => {
                let on = cluster.pods.get(id).and_then(|p| cluster.nodes.by_name(p.nominated_node()?));
                (31, [pod(id), on.map_or(u64::MAX, node)])
            }
        }
    }
}
