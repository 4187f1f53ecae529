//! What one loop of the autoscaler found, as a plain record.

use super::drainability::Blocking;
use super::utilization::Utilization;
use crate::model::{NodeId, PodId};
use std::sync::Arc;

/// What a loop found about growth.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaleUp {
    /// How it ended.
    pub result: ScaleUpResult,
    /// The pending pods for which nodes were looked for, in the order in which they were looked at.
    pub pods: Vec<PodId>,
    /// The groups that were not evaluated, with the reasons.
    pub skipped: Vec<(Arc<str>, String)>,
    /// What could be done, group by group.
    pub options: Vec<ScaleUpOption>,
    /// The options, by index, that the expanders left; one of them is drawn.
    pub best: Vec<usize>,
    /// The groups that grow.
    pub increases: Vec<Increase>,
    /// The pods that this helps.
    pub triggered: Vec<PodId>,
    /// The pods that only other groups than the chosen one can help.
    pub await_evaluation: Vec<PodId>,
    /// The pods that no group helps.
    pub hopeless: Vec<Hopeless>,
}

/// How a loop's look at growth ended. The names are upstream's.
///
/// Source: `processors/status/scale_up_status_processor.go`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleUpResult {
    /// The cluster is not healthy.
    #[default]
    NotTried,
    /// No pod needs nodes.
    NotNeeded,
    /// All pods are new.
    InCooldown,
    /// `--max-nodes-total` is reached.
    LimitedByMaxNodesTotal,
    /// No group helps.
    NoOptionsAvailable,
    /// A limit leaves no node of what was chosen.
    Error,
    /// Groups grow.
    Successful,
}

impl ScaleUpResult {
    /// Upstream's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTried => "ScaleUpNotTried",
            Self::NotNeeded => "ScaleUpNotNeeded",
            Self::InCooldown => "ScaleUpInCooldown",
            Self::LimitedByMaxNodesTotal => "ScaleUpLimitedByMaxNodesTotal",
            Self::NoOptionsAvailable => "ScaleUpNoOptionsAvailable",
            Self::Error => "ScaleUpError",
            Self::Successful => "ScaleUpSuccessful",
        }
    }
}

/// One group that could help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScaleUpOption {
    /// The group.
    pub group: Arc<str>,
    /// How many nodes it would take, before limits.
    pub nodes: u32,
    /// The pods that would be helped.
    pub pods: Vec<PodId>,
    /// The groups that could grow with it.
    pub similar: Vec<Arc<str>>,
    /// The pods of each new node that got some, in order of creation.
    pub packing: Vec<Vec<PodId>>,
}

/// A group that grows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Increase {
    /// The group.
    pub group: Arc<str>,
    /// Its size before.
    pub from: u32,
    /// Its size after.
    pub to: u32,
    /// Its largest size.
    pub max: u32,
}

/// A pod that no group helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hopeless {
    /// The pod.
    pub pod: PodId,
    /// The groups on whose nodes it does not fit, with the reasons of the filter.
    pub rejected: Vec<(Arc<str>, Vec<String>)>,
}

/// What a loop found about shrinking.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaleDownFindings {
    /// How much of each candidate is used; of those that were left alone before it was looked at, nothing is known.
    pub utilization: Vec<(NodeId, Utilization)>,
    /// The nodes that could go, in the order in which they were looked at.
    pub unneeded: Vec<NodeId>,
    /// The candidates that do not go, with the reasons.
    pub unremovable: Vec<Unremovable>,
    /// Where the pods of the unneeded nodes would go.
    pub moves: Vec<(NodeId, Vec<(PodId, NodeId)>)>,
    /// The nodes that begin to go, with the pods that are to be evicted.
    pub deletes: Vec<(NodeId, Vec<PodId>)>,
}

impl ScaleDownFindings {
    /// Forgets all, but keeps the room.
    pub(super) fn clear(&mut self) {
        self.utilization.clear();
        self.unneeded.clear();
        self.unremovable.clear();
        self.moves.clear();
        self.deletes.clear();
    }
}

/// A node that does not go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unremovable {
    /// The node.
    pub node: NodeId,
    /// Why.
    pub reason: Reason,
    /// The pod that keeps it, and why.
    pub pod: Option<(PodId, Blocking)>,
}

/// Why a node does not go.
///
/// Source: `cluster-autoscaler/simulator/cluster.go`, `UnremovableReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its annotation forbids it.
    ScaleDownDisabledAnnotation,
    /// It is not ready, and such nodes are left alone.
    ScaleDownUnreadyDisabled,
    /// It is unneeded since too short a time.
    NotUnneededLongEnough,
    /// The same of a node that is not ready.
    NotUnreadyLongEnough,
    /// Its group has as few nodes as it may.
    NodeGroupMinSizeReached,
    /// Its group goes as a whole or not at all.
    AtomicScaleDownFailed,
    /// The cluster would have too little of something.
    MinimalResourceLimitExceeded,
    /// Too much of it is used.
    NotUnderutilized,
    /// It was found to be unremovable a short time ago.
    RecentlyUnremovable,
    /// Its pods fit nowhere else.
    NoPlaceToMovePods,
    /// One of its pods must stay.
    BlockedByPod,
    /// It has no CPU or no memory.
    UnexpectedError,
    /// One of its pods must be waited for.
    BlockedByOnCompletionPod,
}

impl Reason {
    /// Upstream's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScaleDownDisabledAnnotation => "ScaleDownDisabledAnnotation",
            Self::ScaleDownUnreadyDisabled => "ScaleDownUnreadyDisabled",
            Self::NotUnneededLongEnough => "NotUnneededLongEnough",
            Self::NotUnreadyLongEnough => "NotUnreadyLongEnough",
            Self::NodeGroupMinSizeReached => "NodeGroupMinSizeReached",
            Self::AtomicScaleDownFailed => "AtomicScaleDownFailed",
            Self::MinimalResourceLimitExceeded => "MinimalResourceLimitExceeded",
            Self::NotUnderutilized => "NotUnderutilized",
            Self::RecentlyUnremovable => "RecentlyUnremovable",
            Self::NoPlaceToMovePods => "NoPlaceToMovePods",
            Self::BlockedByPod => "BlockedByPod",
            Self::UnexpectedError => "UnexpectedError",
            Self::BlockedByOnCompletionPod => "BlockedByOnCompletionPod",
        }
    }
}

/// How a loop's look at shrinking ended. The names are upstream's.
///
/// Source: `core/scaledown/status/status.go`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScaleDownResult {
    /// The cluster is not healthy, or nothing is to shrink.
    #[default]
    NotTried,
    /// It is too soon after something else.
    InCooldown,
    /// Every group is as small as it may be.
    NoCandidates,
    /// No node goes now.
    NoNodeDeleted,
    /// Nodes begin to go.
    NodeDeleteStarted,
}

impl ScaleDownResult {
    /// Upstream's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotTried => "ScaleDownNotTried",
            Self::InCooldown => "ScaleDownInCooldown",
            Self::NoCandidates => "ScaleDownNoCandidates",
            Self::NoNodeDeleted => "ScaleDownNoNodeDeleted",
            Self::NodeDeleteStarted => "ScaleDownNodeDeleteStarted",
        }
    }
}

/// Something that whoever [watches](super::ClusterAutoscaler::watched_by) is told of.
#[derive(Debug)]
pub enum Seen<'a> {
    /// A loop has ended.
    Loop {
        /// What it found about growth.
        scale_up: &'a ScaleUp,
        /// How its look at shrinking ended.
        scale_down: ScaleDownResult,
        /// What it found about shrinking.
        findings: &'a ScaleDownFindings,
    },
    /// A group grows.
    Increased(&'a Increase),
    /// Nodes of a group are deleted together.
    Deleted {
        /// The group.
        group: &'a str,
        /// The nodes.
        nodes: &'a [NodeId],
    },
}
