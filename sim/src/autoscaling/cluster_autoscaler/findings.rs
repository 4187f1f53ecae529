//! What one loop of the autoscaler found, as a plain record.

use crate::model::PodId;
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
