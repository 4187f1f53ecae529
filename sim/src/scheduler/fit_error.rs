//! Why a pod found no node: counted reasons, and the message made of them.

use super::verdict::Reason;
use crate::model::resources::ResourceTable;
use std::fmt::Write as _;

/// The longest message that an event carries, in bytes; more is cut.
///
/// Source: `pkg/scheduler/schedule_one.go`, `truncateMessage`.
const MAX_MESSAGE: usize = 1024;

/// Why a scheduling attempt failed.
#[derive(Clone, Debug, Default)]
pub struct FitError {
    /// How many nodes there were.
    pub nodes: u32,
    /// How many nodes gave each reason. No reason comes twice; in which order they come depends on where the walk began, and
    /// nobody reads it.
    pub reasons: Vec<(Reason, u32)>,
    /// The text that PreFilter, or an error of the cycle, gave instead.
    pub instead: Option<String>,
    /// What PostFilter added.
    pub post_filter: Option<String>,
    /// Whether PostFilter adds the same to any error of the pod that is the same otherwise:
    /// [`Plugin::post_filter_follows`](super::Plugin::post_filter_follows) of all who were asked.
    pub post_filter_follows: bool,
    /// The plugins that rejected the pod on some node: bit `i` is the profile's plugin `i`.
    pub plugins: u64,
    /// On how many nodes removing pods could help.
    pub unschedulable: u32,
    /// The plugin after which PreFilter was not run any more, if it did not run to its end.
    pub pre_filter_ended_at: Option<usize>,
    /// What it was that failed.
    pub kind: FailureKind,
}

/// What it was that failed of an attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailureKind {
    /// No node takes the pod, or a plugin does not let it go to the one that does: reasons and plugins are counted.
    #[default]
    Unfit,
    /// There is no node that could be asked, or whoever decides does not ask nodes one by one.
    Unasked,
    /// The attempt could not be made, or what was decided could not be done.
    Error,
}

impl FailureKind {
    /// What upstream counts such an attempt as, `unschedulable` or `error`.
    ///
    /// Source: `pkg/scheduler/schedule_one.go`, `handleSchedulingFailure`: unschedulable where the status is a rejection, which it is without
    /// nodes too.
    pub const fn result(self) -> &'static str {
        match self {
            Self::Unfit | Self::Unasked => "unschedulable",
            Self::Error => "error",
        }
    }
}

impl PartialEq for FitError {
    /// The order of the reasons does not count.
    fn eq(&self, other: &Self) -> bool {
        self.is_found_as(other)
            && self.post_filter == other.post_filter
            && self.post_filter_follows == other.post_filter_follows
    }
}

impl Eq for FitError {}

impl FitError {
    /// There is no node at all.
    pub(super) fn no_nodes() -> Self {
        Self::saying("no nodes available to schedule pods".to_owned())
    }

    /// The attempt could not be made, or what it decided not be done.
    pub(super) fn internal(text: String) -> Self {
        Self { kind: FailureKind::Error, ..Self::saying(text) }
    }

    /// What a scheduler that does not count nodes says.
    pub const fn saying(text: String) -> Self {
        Self {
            nodes: 0,
            reasons: Vec::new(),
            instead: Some(text),
            post_filter: None,
            post_filter_follows: false,
            plugins: 0,
            unschedulable: 0,
            pre_filter_ended_at: None,
            kind: FailureKind::Unasked,
        }
    }

    /// Whether two errors are the same but for what PostFilter adds.
    pub(super) fn is_found_as(&self, other: &Self) -> bool {
        let whole = |error: &Self| {
            let Self { nodes, reasons, plugins, unschedulable, pre_filter_ended_at, kind, .. } = error;
            (*nodes, reasons.len(), *plugins, *unschedulable, *pre_filter_ended_at, *kind)
        };
        whole(self) == whole(other)
            && self.instead == other.instead
            && self.reasons.iter().all(|counted| other.reasons.contains(counted))
    }

    /// Counts a reason on `nodes` nodes.
    pub(super) fn count(&mut self, reason: &Reason, nodes: u32) {
        match self.reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, count)) => *count += nodes,
            None => self.reasons.push((reason.clone(), nodes)),
        }
    }

    /// The text of the pod's condition. Its event has it too, cut to its longest.
    ///
    /// Source: `pkg/scheduler/framework/types.go`, `FitError.Error`: the counted reasons are sorted as strings.
    pub fn message(&self, resources: &ResourceTable) -> String {
        if self.kind != FailureKind::Unfit {
            return self.instead.clone().unwrap_or_default();
        }
        let mut message = format!("0/{} nodes are available:", self.nodes);
        if let Some(text) = &self.instead {
            let _ = write!(message, " {text}.");
        } else {
            let mut counted: Vec<String> =
                self.reasons.iter().map(|(reason, n)| format!("{n} {}", reason.text(resources))).collect();
            counted.sort();
            if !counted.is_empty() {
                let _ = write!(message, " {}.", counted.join(", "));
            }
        }
        if let Some(text) = &self.post_filter {
            let _ = write!(message, " {text}");
        }
        message
    }

    /// Whether the messages of two errors are the same.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let has = |(reason, nodes): &(Reason, u32)| {
            other.reasons.iter().any(|(known, count)| count == nodes && known.says_the_same(reason))
        };
        let same_reasons = || self.reasons.len() == other.reasons.len() && self.reasons.iter().all(has);
        (self.nodes, self.kind) == (other.nodes, other.kind)
            && (&self.instead, &self.post_filter) == (&other.instead, &other.post_filter)
            && (self.instead.is_some() || same_reasons())
    }

    /// The text of the pod's event: the message, cut where it is too long.
    pub fn event_message(&self, resources: &ResourceTable) -> String {
        let mut message = self.message(resources);
        if message.len() > MAX_MESSAGE {
            let end = message.floor_char_boundary(MAX_MESSAGE - 4);
            message.truncate(end);
            message.push_str(" ...");
        }
        message
    }
}
