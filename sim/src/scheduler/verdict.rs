//! What a plugin can say of a node, and why.

use crate::model::resources::{ResourceId, ResourceTable};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// A plugin's verdict on a node, or on a pod as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The pod may go there.
    Fits,
    /// It may not now; removing pods could help, so preemption is tried.
    Unschedulable(Reasons),
    /// It may not, and removing pods would not help.
    Unresolvable(Reasons),
    /// The question could not be answered. The attempt ends at once; only time brings the pod back.
    Error(Arc<str>),
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

impl Verdict {
    /// "Not now", with one fixed reason.
    pub fn unschedulable(text: &'static str) -> Self {
        Self::Unschedulable(SmallVec::from_buf([Reason::Text(text)]))
    }

    /// "Not by removing pods", with one fixed reason.
    pub fn unresolvable(text: &'static str) -> Self {
        Self::Unresolvable(SmallVec::from_buf([Reason::Text(text)]))
    }

    /// "Not by removing pods", with one composed reason.
    pub fn unresolvable_because(text: impl Into<Arc<str>>) -> Self {
        Self::Unresolvable(SmallVec::from_buf([Reason::Composed(text.into())]))
    }

    /// The reasons; none for `Fits` and `Error`.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Fits | Self::Error(_) => &[],
            Self::Unschedulable(reasons) | Self::Unresolvable(reasons) => reasons,
        }
    }

    /// The reasons as one text, as the framework joins them.
    pub fn message(&self, resources: &ResourceTable) -> String {
        if let Self::Error(text) = self {
            return text.to_string();
        }
        let texts: Vec<String> = self.reasons().iter().map(|reason| reason.text(resources).to_string()).collect();
        texts.join(", ")
    }

    /// The status code's name upstream.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Fits => "Success",
            Self::Unschedulable(_) => "Unschedulable",
            Self::Unresolvable(_) => "UnschedulableAndUnresolvable",
            Self::Error(_) => "Error",
        }
    }
}

impl Reason {
    /// Whether the two read the same.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(text), Self::Composed(composed)) | (Self::Composed(composed), Self::Text(text)) => {
                **composed == **text
            }
            _ => self == other,
        }
    }

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
