//! The scheduling framework: what a plugin can say, and when it is asked.
//!
//! A plugin implements [`Plugin`], and of it only the methods of the extension points that it has. State that belongs to
//! one scheduling cycle lives in the value that [`Plugin::pre_filter`] and [`Plugin::pre_score`] return, so it is typed and
//! gone with the cycle. Plugins look and answer; only the scheduler changes the cluster.
//!
//! Source of the extension points: `staging/src/k8s.io/kube-scheduler/framework/interface.go`.

use crate::cluster::{Cluster, NodeChange};
use crate::model::node::Node;
use crate::model::pod::{Pod, PodClass};
use crate::model::resources::{ResourceId, ResourceTable};
use crate::model::{ClassId, NodeId, PodId};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// The highest score of a node after normalisation.
pub const MAX_NODE_SCORE: i64 = 100;

/// A scheduler plugin. Only [`Plugin::name`] and [`Plugin::points`] must be written, and the methods of the extension
/// points that `points` names.
pub trait Plugin {
    /// The name in configurations and messages.
    fn name(&self) -> &'static str;

    /// The extension points that it has.
    fn points(&self) -> Points;

    /// PreEnqueue: whether the pod may enter the scheduling queue.
    ///
    /// # Errors
    /// The message of why it is held back.
    fn pre_enqueue(&self, _class: &PodClass) -> Result<(), String> {
        Ok(())
    }

    /// QueueSort: pods with smaller keys are scheduled first; among equal keys, the one that is longer in the queue.
    fn queue_key(&self, _pod: &Pod, _class: &PodClass) -> i64 {
        0
    }

    /// PreFilter and Filter: looks at the pod and the cluster once, and gives what looks at each node.
    fn pre_filter<'c>(&'c self, _cycle: &Cycle<'c>) -> PreFilter<'c> {
        PreFilter::Skip
    }

    /// What the verdicts of its filter depend on, besides the pod's class.
    fn filter_depends_on(&self) -> Dependence {
        Dependence::Anything
    }

    /// PostFilter: no node was feasible; whether something can be done about it.
    fn post_filter(&self, _cycle: &Cycle<'_>) -> PostFilter {
        PostFilter::Nothing
    }

    /// PreScore and Score: looks at the pod and the feasible nodes once, and gives what scores each node.
    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Skip
    }

    /// What its scores before normalisation depend on, besides the pod's class.
    fn score_depends_on(&self) -> Dependence {
        Dependence::Anything
    }

    /// Reserve: the pod is about to go to this node.
    ///
    /// # Errors
    /// The message of why it must not.
    fn reserve(&self, _cycle: &Cycle<'_>, _node: &Node) -> Result<(), String> {
        Ok(())
    }

    /// Reserve taken back, because a later step failed. Called in reverse order.
    fn unreserve(&self, _cycle: &Cycle<'_>, _node: &Node) {}

    /// Permit: whether the binding may go on now.
    fn permit(&self, _cycle: &Cycle<'_>, _node: &Node) -> Permit {
        Permit::Allow
    }

    /// PreBind: the last word before binding.
    ///
    /// # Errors
    /// The message of why binding fails.
    fn pre_bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Result<(), String> {
        Ok(())
    }

    /// PostBind: the pod is bound.
    fn post_bind(&self, _cycle: &Cycle<'_>, _node: &Node) {}

    /// The events that may make a pod schedulable that this plugin has rejected.
    fn events(&self) -> Events {
        Events::ALL
    }

    /// Whether this event, one of [`Plugin::events`], may make this pod schedulable, which this plugin has rejected.
    fn hint(&self, _cycle: &Cycle<'_>, _event: ClusterEvent) -> Hint {
        Hint::Queue
    }
}

/// What a plugin sees of one scheduling cycle.
#[derive(Clone, Copy, Debug)]
pub struct Cycle<'c> {
    /// The cluster as it is.
    pub cluster: &'c Cluster,
    /// The pod's class: everything that its specification says.
    pub class: &'c PodClass,
    /// The class's id.
    pub class_id: ClassId,
    /// The pod; `None` when a hypothetical pod of the class is judged.
    pub pod: Option<PodId>,
}

/// The answer of PreFilter.
pub enum PreFilter<'c> {
    /// Every node passes this plugin.
    Skip,
    /// Each node is to be asked.
    Ask(Box<dyn Filter + 'c>),
    /// Only these nodes can pass at all, and each of them is to be asked.
    AskOnly(Vec<NodeId>, Box<dyn Filter + 'c>),
    /// No node can pass.
    Reject(Verdict),
}

/// Judges nodes in one cycle.
pub trait Filter {
    /// Whether the pod may go to the node, as far as this plugin is concerned.
    fn filter(&self, node: &Node) -> Verdict;
}

/// The answer of PreScore.
pub enum PreScore<'c> {
    /// This plugin has no say for this pod.
    Skip,
    /// Each feasible node is to be scored.
    Ask(Box<dyn Score + 'c>),
    /// Every node has this score; nothing is normalised.
    Same(i64),
}

/// Scores nodes in one cycle.
pub trait Score {
    /// The score: 0 to [`MAX_NODE_SCORE`], or anything that [`Score::normalize`] brings into that range.
    fn score(&self, node: &Node) -> i64;

    /// Whether [`Score::normalize`] does anything.
    fn normalizes(&self) -> bool {
        false
    }

    /// NormalizeScore: brings the scores of all feasible nodes into the range 0 to [`MAX_NODE_SCORE`].
    fn normalize(&self, _scores: &mut [i64]) {}
}

/// A plugin's verdict on a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The pod may go there.
    Fits,
    /// It may not now; removing pods could help.
    Unschedulable(Reasons),
    /// It may not, and removing pods would not help.
    Unresolvable(Reasons),
}

/// Why a node is refused.
pub type Reasons = SmallVec<[Reason; 1]>;

/// One reason. Equal reasons are counted together in the message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `Insufficient NAME`.
    Insufficient(ResourceId),
    /// A fixed text.
    Text(&'static str),
    /// A composed text.
    Composed(Arc<str>),
}

/// What an answer depends on, besides the pod's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// The node's specification and the pods on it: the answer holds until either changes.
    Node,
    /// Anything else: the plugin is asked every time.
    Anything,
}

/// The answer of PostFilter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostFilter {
    /// Nothing can be done.
    Nothing,
    /// Nothing can be done, and this is why; it is added to the pod's message.
    Message(String),
}

/// The answer of Permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Go on.
    Allow,
    /// Do not bind.
    Reject(String),
}

/// The answer of a queueing hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The event changes nothing for the pod.
    Skip,
    /// The pod is worth another attempt.
    Queue,
}

/// An event that may make pods schedulable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterEvent {
    /// A pod of this class was bound to a node.
    AssignedPodAdd {
        /// Its class.
        class: ClassId,
        /// The node.
        node: NodeId,
    },
    /// A pod of this class left a node.
    AssignedPodDelete {
        /// Its class.
        class: ClassId,
        /// The node, which may have left too.
        node: NodeId,
    },
    /// A node came.
    NodeAdd(NodeId),
    /// A node changed; [`Node::previous`] says what it was.
    NodeUpdate(NodeId, NodeChange),
    /// The pod has been unschedulable for five minutes.
    UnschedulableTimeout,
}

impl ClusterEvent {
    /// The node that it is about.
    pub(super) const fn node(self) -> Option<NodeId> {
        match self {
            Self::AssignedPodAdd { node, .. }
            | Self::AssignedPodDelete { node, .. }
            | Self::NodeAdd(node)
            | Self::NodeUpdate(node, _) => Some(node),
            Self::UnschedulableTimeout => None,
        }
    }
}

macro_rules! bit_set {
    ($(#[$doc:meta])* $name:ident { $($(#[$bit_doc:meta])* $bit:ident = $value:expr;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name(u16);
        impl $name {
            $($(#[$bit_doc])* pub const $bit: Self = Self($value);)*
            /// Both sets together.
            #[must_use]
            pub const fn and(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
            /// Whether all of `other` is in it.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }
    };
}

bit_set! {
    /// A set of extension points.
    Points {
        /// Decides whether a pod enters the queue.
        PRE_ENQUEUE = 1;
        /// Orders the queue.
        QUEUE_SORT = 2;
        /// Looks at the pod before the nodes.
        PRE_FILTER = 4;
        /// Judges nodes.
        FILTER = 8;
        /// Acts when no node is feasible.
        POST_FILTER = 16;
        /// Looks at the feasible nodes before they are scored.
        PRE_SCORE = 32;
        /// Scores nodes.
        SCORE = 64;
        /// Is told of a reservation.
        RESERVE = 128;
        /// May delay or refuse the binding.
        PERMIT = 256;
        /// Prepares the binding.
        PRE_BIND = 512;
        /// Binds.
        BIND = 1024;
        /// Is told of the binding.
        POST_BIND = 2048;
    }
}

bit_set! {
    /// A set of kinds of cluster events.
    Events {
        /// No event.
        NONE = 0;
        /// A pod was bound.
        ASSIGNED_POD_ADD = 1;
        /// A bound pod left.
        ASSIGNED_POD_DELETE = 2;
        /// A node came.
        NODE_ADD = 4;
        /// A node's labels changed.
        NODE_LABEL = 8;
        /// A node's taints changed.
        NODE_TAINT = 16;
        /// A node's allocatable resources changed.
        NODE_ALLOCATABLE = 32;
        /// Every event.
        ALL = 63;
    }
}

impl Events {
    /// The kinds that this event is of. A node update can be of several.
    pub const fn of(event: ClusterEvent) -> Self {
        match event {
            ClusterEvent::AssignedPodAdd { .. } => Self::ASSIGNED_POD_ADD,
            ClusterEvent::AssignedPodDelete { .. } => Self::ASSIGNED_POD_DELETE,
            ClusterEvent::NodeAdd(_) => Self::NODE_ADD,
            ClusterEvent::NodeUpdate(_, what) => {
                let mut kinds = Self::NONE;
                if what.contains(NodeChange::LABELS) {
                    kinds = kinds.and(Self::NODE_LABEL);
                }
                if what.contains(NodeChange::TAINTS) {
                    kinds = kinds.and(Self::NODE_TAINT);
                }
                if what.contains(NodeChange::ALLOCATABLE) {
                    kinds = kinds.and(Self::NODE_ALLOCATABLE);
                }
                kinds
            }
            ClusterEvent::UnschedulableTimeout => Self::ALL,
        }
    }

    /// Whether the two sets share a kind.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl Verdict {
    /// "Not now", with one fixed reason.
    pub fn unschedulable(text: &'static str) -> Self {
        Self::Unschedulable(SmallVec::from_buf([Reason::Text(text)]))
    }

    /// "Not by removing pods", with one fixed reason.
    pub fn unresolvable(text: &'static str) -> Self {
        Self::Unresolvable(SmallVec::from_buf([Reason::Text(text)]))
    }

    /// The reasons; none for `Fits`.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Fits => &[],
            Self::Unschedulable(reasons) | Self::Unresolvable(reasons) => reasons,
        }
    }

    /// The status code's name upstream.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fits => "Success",
            Self::Unschedulable(_) => "Unschedulable",
            Self::Unresolvable(_) => "UnschedulableAndUnresolvable",
        }
    }
}

impl Reason {
    /// The text, with the names of this cluster's resources.
    pub fn text<'a>(&'a self, resources: &'a ResourceTable) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| match self {
            Self::Insufficient(id) if *id == ResourceId::PODS => f.write_str("Too many pods"),
            Self::Insufficient(id) => write!(f, "Insufficient {}", resources.name(*id)),
            Self::Text(text) => f.write_str(text),
            Self::Composed(text) => f.write_str(text),
        })
    }
}

/// Upstream's default normalisation: scales the largest score to [`MAX_NODE_SCORE`], and turns the scale round if
/// `reverse`.
///
/// Source: `pkg/scheduler/framework/plugins/helper/normalize_score.go`.
pub fn default_normalize(scores: &mut [i64], reverse: bool) {
    let max = scores.iter().copied().max().unwrap_or(0);
    if max == 0 {
        if reverse {
            scores.fill(MAX_NODE_SCORE);
        }
        return;
    }
    for score in scores {
        *score = MAX_NODE_SCORE * *score / max;
        if reverse {
            *score = MAX_NODE_SCORE - *score;
        }
    }
}
