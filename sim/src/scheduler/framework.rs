//! The scheduling framework: what a plugin can say, and when it is asked.
//!
//! A plugin implements [`Plugin`], and of it only the methods of the extension points that it has. State that belongs to
//! one scheduling cycle lives in the value that [`Plugin::pre_filter`] and [`Plugin::pre_score`] return, so it is typed and
//! gone with the cycle. Plugins look and answer; only the scheduler changes the cluster.
//!
//! Source of the extension points: `staging/src/k8s.io/kube-scheduler/framework/interface.go`.

use super::dry_run::Failure;
use super::events::{ClusterEvent, Events};
use super::image_states::ImageStates;
use super::lasting::Lasting;
use super::supposed::Supposed;
use super::verdict::Verdict;
use crate::cluster::{Action, Cluster};
use crate::model::gpu::DeviceSet;
use crate::model::node::Node;
use crate::model::pod::{Pod, PodClass, PodTraits};
use crate::model::{ClassId, NodeId, ObjectId, PodId};
use crate::time::{SimTime, Span};
use std::collections::BTreeSet;
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

    /// PreEnqueue: whether the pod may enter the scheduling queue. Asked again when one of [`Plugin::events`] has happened that
    /// [`Plugin::hint`] finds helpful. It says the same of all pods of a class that is not
    /// [individual](PodClass::is_individual), like hints do, but for [`Cycle::preempting`]: where many come back together, one of them
    /// is asked about.
    ///
    /// # Errors
    /// The message of why it is held back.
    fn pre_enqueue(&self, _cycle: &Cycle<'_>) -> Result<(), String> {
        Ok(())
    }

    /// PreEnqueue: which traits a pod must have, one of them at least, to be held back for another reason than [`Cycle::preempting`]; `None`
    /// if it may hold back any. Other pods it is not asked about.
    fn holds_back(&self) -> Option<PodTraits> {
        None
    }

    /// QueueSort: pods with smaller keys are scheduled first; among equal keys, the one that is longer in the queue. It is asked when a
    /// pod comes or changes what it says.
    fn queue_key(&self, _pod: &Pod, _class: &PodClass, _cluster: &Cluster) -> i64 {
        0
    }

    /// QueueSort: whether keys are no order but names of lines, which [`Plugin::line_rank`] orders anew whenever a pod is taken.
    fn ranks_lines(&self) -> bool {
        false
    }

    /// QueueSort: where the line of pods with this key stands now. The next pod is the first one of the line with the smallest rank; among
    /// equal ranks, the one that is longer in the queue.
    fn line_rank(&self, _key: i64, _cluster: &Cluster) -> i64 {
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

    /// What it says to all pods of a class, as far as that can be kept between cycles.
    fn lasting(&self, _class: &PodClass, _cluster: &Cluster) -> Lasting {
        Lasting::default()
    }

    /// PostFilter: no node was feasible; whether something can be done about it. The plugins are asked in order until one
    /// has an answer other than a message.
    fn post_filter(&self, _cycle: &Cycle<'_>, _failure: &Failure<'_, '_>) -> PostFilter {
        PostFilter::Nothing
    }

    /// Whether a PostFilter that does nothing says the same to every pod of the class that is nominated for no node, until a node,
    /// what is on nodes, an object or a nomination changes. It is then not asked in attempts that repeat a failure.
    fn post_filter_lasts(&self, _class: &PodClass, _cluster: &Cluster) -> bool {
        false
    }

    /// Whether a PostFilter says the same to a pod of the class that is nominated for no node, and does nothing, whenever the attempt has
    /// failed for the same reasons on as many nodes each. While this is so, it is not asked again where the pod's condition already has
    /// these.
    fn post_filter_follows(&self, _class: &PodClass, _cluster: &Cluster) -> bool {
        false
    }

    /// PreScore and Score: looks at the pod and the feasible nodes once, and gives what scores each node.
    fn pre_score<'c>(&'c self, _cycle: &Cycle<'c>, _feasible: &[NodeId]) -> PreScore<'c> {
        PreScore::Skip
    }

    /// What its scores before normalisation depend on, besides the pod's class.
    fn score_depends_on(&self) -> Dependence {
        Dependence::Anything
    }

    /// Reserve and PreBind: which traits a pod must have, one of them at least, so that there is anything to do for it; `None` if there may be
    /// for any. Other pods it is not asked about there.
    fn reserves_for(&self) -> Option<PodTraits> {
        None
    }

    /// Reserve: the pod is about to go to this node. `Verdict::Fits` to agree; a plugin keeps what it reserves in itself.
    fn reserve(&self, _cycle: &Cycle<'_>, _node: &Node) -> Verdict {
        Verdict::Fits
    }

    /// Reserve, of a pod that asks for shares of GPU devices: which devices of the node it takes, as many as it asks for and each
    /// with room for its share. The first plugin of Reserve that names any decides, and the store takes exactly these; where none
    /// does, [best fit](crate::model::gpu::DeviceChoice::BestFit) chooses. It is asked just before the pod takes its place.
    fn devices(&self, _cycle: &Cycle<'_>, _node: &Node) -> Option<DeviceSet> {
        None
    }

    /// Reserve taken back, because it or a later step failed. All plugins of Reserve are called in reverse order, those that were not
    /// asked to reserve as well, so it has to be harmless to call without need.
    fn unreserve(&self, _cycle: &Cycle<'_>, _node: &Node) {}

    /// Permit: whether the binding may go on now.
    fn permit(&self, _cycle: &Cycle<'_>, _node: &Node) -> Permit {
        Permit::Allow
    }

    /// Permit, of a pod that this plugin lets wait: asked after everything that happens. [`Permit::Wait`] goes on waiting; the
    /// time of the first answer stays.
    fn permit_again(&self, _cycle: &Cycle<'_>, _node: &Node) -> Permit {
        Permit::Wait(Span::ZERO)
    }

    /// PreBind: what has to be changed in the store before the pod is bound.
    ///
    /// # Errors
    /// The message of why binding fails. The pod is tried again later.
    fn pre_bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Result<Vec<Action>, String> {
        Ok(Vec::new())
    }

    /// Whether what PreBind asked for has come true. Asked after everything that happens until it has, unless the answer says what it waits
    /// for; meanwhile the pod keeps its place on the node.
    fn pre_bound(&self, _cycle: &Cycle<'_>, _node: &Node) -> PreBound {
        PreBound::Ready
    }

    /// Bind: the first plugin that does not skip decides.
    fn bind(&self, _cycle: &Cycle<'_>, _node: &Node) -> Bind {
        Bind::Skip
    }

    /// Bind: whether it binds every pod. It need not be asked then.
    fn always_binds(&self) -> bool {
        false
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
///
/// What belongs to one cycle and one plugin is in the value that PreFilter or PreScore returned.
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
    /// Whether filters may be told of pods that are not in the store and keep others away: [`Filter::suppose`]. None is left out then because
    /// nothing in the store concerns it.
    pub supposing: bool,
    /// Whether pods that go for this one are still being asked to.
    pub preempting: bool,
    /// Whether another node is looked for than the one that the pod is bound to or names.
    pub moving: bool,
    /// The images on the nodes, as the scheduler's snapshot has them; `None` outside of a scheduling cycle.
    pub images: Option<&'c ImageStates>,
}

impl<'c> Cycle<'c> {
    /// The view of a pod of a class; the pod is `None` when a hypothetical one is judged.
    pub fn new(cluster: &'c Cluster, class_id: ClassId, pod: Option<PodId>) -> Self {
        Self {
            cluster,
            class: cluster.classes.get(class_id),
            class_id,
            pod,
            supposing: false,
            preempting: false,
            moving: false,
            images: None,
        }
    }

    /// The pod in the store, if it is no hypothetical one.
    pub fn live_pod(&self) -> Option<&'c Pod> {
        self.cluster.pod(self.pod?)
    }

    /// A number that no other attempt of the run has, for random numbers of its own; 0 for a hypothetical pod. One run has fewer than
    /// 2^32 pods.
    pub fn attempt(&self) -> u64 {
        let number = |id| Some(self.cluster.pod(id)?.uid << 32 | u64::from(self.cluster.pods().attempts(id)));
        self.pod.and_then(number).unwrap_or(0)
    }
}

/// A pod that is on a node, or is tried out there.
#[derive(Clone, Copy, Debug)]
pub struct PodOnNode<'a> {
    /// Its id.
    pub id: PodId,
    /// The pod.
    pub pod: &'a Pod,
    /// Its class's id.
    pub class_id: ClassId,
    /// Its class.
    pub class: &'a PodClass,
}

/// The answer of PreFilter.
pub enum PreFilter<'c> {
    /// Every node passes this plugin.
    Skip,
    /// Each node is to be asked.
    Ask(Box<dyn Filter + 'c>),
    /// Only the nodes of these names can pass at all, and each of them is to be asked.
    AskOnly(BTreeSet<Arc<str>>, Box<dyn Filter + 'c>),
    /// No node can pass.
    Reject(Verdict),
}

/// Judges nodes in one cycle.
pub trait Filter {
    /// Whether the pod may go to the node, as far as this plugin is concerned. The node may be a copy with other pods than in
    /// the store, after [`Filter::add_pod`] and [`Filter::remove_pod`] have told of them.
    fn filter(&self, node: &Node) -> Verdict;

    /// Whether verdicts depend, in this cycle, on more than [`Plugin::filter_depends_on`] says, so that none is kept.
    fn depends_on_more(&self) -> bool {
        false
    }

    /// A copy that can be told of pods that come and go, for filters that keep something about pods from PreFilter; `None` for
    /// filters that read everything from the node.
    fn fork(&self) -> Option<Box<dyn Filter + '_>> {
        None
    }

    /// PreFilterExtensions: try it with this pod in addition. `node` has it already.
    fn add_pod(&mut self, _pod: PodOnNode<'_>, _node: &Node) {}

    /// PreFilterExtensions: try it without this pod. `node` has it no longer.
    fn remove_pod(&mut self, _pod: PodOnNode<'_>, _node: &Node) {}

    /// Judges nodes from now on as in a cluster in which this is so, for filters that keep something about pods or nodes from
    /// PreFilter: verdicts are those of PreFilter run there. It is told once, before anything else.
    fn suppose(&mut self, _supposed: &Supposed<'_>) {}

    /// Whether [`Filter::suppose`] may change its verdicts.
    fn heeds_suppositions(&self) -> bool {
        false
    }
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

/// What an answer depends on, besides the pod's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependence {
    /// The node's specification and the pods on it: the answer holds until either changes.
    Node,
    /// Anything else: the plugin is asked every time.
    Anything,
}

/// The answer of PostFilter.
#[derive(Debug)]
pub enum PostFilter {
    /// Nothing can be done.
    Nothing,
    /// Nothing can be done, and this is why; it is added to the pod's message.
    Message(String),
    /// The question could not be answered, and this is why. No other plugin is asked.
    Error(String),
    /// As `Message`, and a nomination from an earlier attempt is void.
    ClearNomination(String),
    /// Something is changed that may help later. The next plugins are asked all the same.
    Change(String, Vec<Action>),
    /// These pods go, and the node is kept for the pod. No other plugin is asked.
    Preempt {
        /// The node.
        node: NodeId,
        /// Who goes, the most important first; none where all of them are on their way already.
        victims: Vec<PodId>,
    },
}

/// The answer of Permit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Go on.
    Allow,
    /// Keep the pod's place and wait, at most this long; 15 minutes at most.
    Wait(Span),
    /// Do not bind.
    Reject(String),
}

/// How far what PreBind asked for has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreBound {
    /// The pod can be bound.
    Ready,
    /// Not yet: asked again after everything that happens, and at this time, when there is a limit.
    Wait(Option<SimTime>),
    /// Not before this object changes or is gone, or this time has come: asked again then.
    WaitFor(ObjectId, SimTime),
    /// It will not come true. The pod is tried again later.
    Failed(String),
}

/// The answer of Bind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// Ask the next plugin.
    Skip,
    /// The pod is bound to the node.
    Bind,
    /// Binding fails. The pod is tried again later.
    Fail(String),
}

/// The answer of a queueing hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The event changes nothing for the pod.
    Skip,
    /// The pod is worth another attempt.
    Queue,
}

/// A set of extension points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Points(u16);

impl Points {
    /// Decides whether a pod enters the queue.
    pub const PRE_ENQUEUE: Self = Self(1);
    /// Orders the queue.
    pub const QUEUE_SORT: Self = Self(2);
    /// Looks at the pod before the nodes.
    pub const PRE_FILTER: Self = Self(4);
    /// Judges nodes.
    pub const FILTER: Self = Self(8);
    /// Acts when no node is feasible.
    pub const POST_FILTER: Self = Self(16);
    /// Looks at the feasible nodes before they are scored.
    pub const PRE_SCORE: Self = Self(32);
    /// Scores nodes.
    pub const SCORE: Self = Self(64);
    /// Is told of a reservation.
    pub const RESERVE: Self = Self(128);
    /// May delay or refuse the binding.
    pub const PERMIT: Self = Self(256);
    /// Prepares the binding.
    pub const PRE_BIND: Self = Self(512);
    /// Binds.
    pub const BIND: Self = Self(1024);
    /// Is told of the binding.
    pub const POST_BIND: Self = Self(2048);

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
