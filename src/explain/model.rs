//! What is told of a pod, as plain data. Its serialisation is the output of `--json`.

use serde::{Serialize, Serializer};
use towtank_sim::time::SimTime;

/// A moment, serialised as seconds since the scenario's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub SimTime);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

/// Everything about one pod.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// `NAMESPACE/NAME`.
    pub pod: String,
    /// The scenario's name.
    pub scenario: String,
    /// The policy, as reports name it.
    pub policy: String,
    /// The seed.
    pub seed: u64,
    /// The times when admission refused a pod of this name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// The pods that had this name one after the other; nearly always one.
    pub lives: Vec<Life>,
}

/// Admission refused the pod.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// When.
    pub at: Moment,
    /// The server's words.
    pub message: String,
}

/// One pod, from its creation on.
#[derive(Clone, Debug, Serialize)]
pub struct Life {
    /// When it was created.
    pub created: Moment,
    /// Its priority.
    pub priority: i32,
    /// The attempts to schedule it.
    pub attempts: Vec<Attempt>,
    /// What the queue did with it after the last attempt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<QueueMove>,
    /// What became of it.
    pub end: End,
}

/// What became of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct End {
    /// In the words of `pods.csv`: `running`, `succeeded`, `preempted`, `pending`, ….
    pub outcome: String,
    /// The node that it was bound to.
    pub node: Option<String>,
    /// When it was bound.
    pub bound: Option<Moment>,
    /// When it started.
    pub started: Option<Moment>,
    /// When it ended.
    pub ended: Option<Moment>,
}

/// The scheduling queue moved the pod.
#[derive(Clone, Debug, Serialize)]
pub struct QueueMove {
    /// When.
    pub at: Moment,
    /// The event, as kube-scheduler's metrics name it.
    pub event: String,
    /// The pool that it was in; `None` if it was new or being tried.
    pub from: Option<String>,
    /// The pool that it came to.
    pub to: String,
}

/// One attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub at: Moment,
    /// Whether its backoff was not over, and nothing else was there to be tried.
    pub early: bool,
    /// What the queue did with the pod since the attempt before: the last one brought it back.
    pub woken_by: Vec<QueueMove>,
    /// What it came to.
    pub result: Outcome,
    /// Who was asked to make room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preempts: Option<Preemption>,
    /// The node that the pod was nominated for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nominated: Option<String>,
    /// What the plugins said, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
}

/// What an attempt came to.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// The pod was bound.
    Bound {
        /// To this node.
        node: String,
        /// When.
        at: Moment,
    },
    /// It was not.
    Failed {
        /// The text of the pod's condition.
        message: String,
        /// The plugins that are to blame.
        plugins: Vec<String>,
        /// The pool of the queue in which it waits; `None` if it is gone.
        queue: Option<String>,
        /// When.
        at: Moment,
    },
    /// The run, or the pod, ended before it was decided.
    Undecided,
}

/// Pods that make room.
#[derive(Clone, Debug, Serialize)]
pub struct Preemption {
    /// On this node.
    pub node: String,
    /// The pods, the most important first.
    pub victims: Vec<String>,
}

/// What the plugins said at an attempt.
#[derive(Clone, Debug, Serialize)]
pub struct Details {
    /// How many nodes there were.
    pub nodes: usize,
    /// How many of them the attempt looked at.
    pub visited: usize,
    /// How many of those were feasible.
    pub found: usize,
    /// How many of all nodes were feasible.
    pub feasible: usize,
    /// The node that the pod was nominated for when it was tried.
    pub nominated: Option<String>,
    /// Why PreFilter rejected the pod on every node.
    pub rejection: Option<Reasoned>,
    /// The plugins whose filters had no say about this pod.
    pub skipped_filters: Vec<String>,
    /// The nodes that were refused, by the plugin that refused them first and its reasons.
    pub refused: Vec<Group>,
    /// Every node by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_node: Option<Vec<NodeVerdict>>,
    /// The best nodes; `None` where nothing was scored, because at most one node was found.
    pub scores: Option<Scores>,
    /// Why the node was chosen, if one was.
    pub choice: Option<Choice>,
}

/// A plugin and its reasons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reasoned {
    /// The plugin; several names where they left no node between them.
    pub plugin: String,
    /// The reasons, as the framework joins them.
    pub reason: String,
    /// The name of the status code.
    pub code: &'static str,
}

/// Nodes that were refused alike.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// Why.
    #[serde(flatten)]
    pub why: Reasoned,
    /// How many nodes.
    pub nodes: usize,
    /// How many of them the attempt looked at.
    pub visited: usize,
    /// The names of the first few.
    pub examples: Vec<String>,
}

/// The verdict on a node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeVerdict {
    /// The node.
    pub node: String,
    /// Whether the attempt looked at it.
    pub visited: bool,
    /// Why it was refused; `None` if it is feasible.
    pub refused: Option<Reasoned>,
}

/// Scores of the best nodes that were found.
#[derive(Clone, Debug, Serialize)]
pub struct Scores {
    /// The plugins that scored.
    pub plugins: Vec<ScorePlugin>,
    /// The plugins that had no say about this pod.
    pub skipped: Vec<String>,
    /// The best nodes first; the chosen one is among them.
    pub nodes: Vec<NodeScore>,
}

/// A plugin that scores.
#[derive(Clone, Debug, Serialize)]
pub struct ScorePlugin {
    /// Its name.
    pub name: String,
    /// Its weight in the total.
    pub weight: i64,
}

/// The scores of a node.
#[derive(Clone, Debug, Serialize)]
pub struct NodeScore {
    /// The node.
    pub node: String,
    /// What each plugin gives it: normalised, 0 to 100, before its weight.
    pub scores: Vec<i64>,
    /// The weighted sum.
    pub total: i64,
}

/// Why a node was chosen.
#[derive(Clone, Debug, Serialize)]
pub struct Choice {
    /// The node.
    pub node: String,
    /// Why.
    pub because: Because,
}

/// The reason of a choice.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Because {
    /// The pod was nominated for it, and it is feasible.
    Nominated,
    /// No other feasible node was found.
    OnlyOne,
    /// It alone has the highest total.
    HighestTotal {
        /// The total.
        total: i64,
    },
    /// Several nodes have the highest total.
    Tie {
        /// The total.
        total: i64,
        /// How many nodes have it.
        nodes: usize,
        /// The rule among them, as `scheduler.tieBreak` names it.
        tie_break: &'static str,
    },
}
