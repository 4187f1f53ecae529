//! Conditions of objects: what is true of them, why and since when.

use std::sync::Arc;
use towtank_sim::time::SimTime;

/// A condition of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whether it holds.
    pub truth: Truth,
    /// Why, in CamelCase.
    pub reason: &'static str,
    /// The same in words.
    pub message: Arc<str>,
    /// When it was last written, in whole seconds as the API keeps them.
    pub updated: SimTime,
    /// When it came to hold or not to hold, likewise.
    pub changed: SimTime,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It does.
    True,
    /// It does not.
    False,
    /// Nobody knows.
    Unknown,
}

impl Truth {
    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Condition {
    pub(super) fn new(truth: Truth, reason: &'static str, message: impl Into<Arc<str>>, now: SimTime) -> Self {
        let now = now.floor_to_second();
        Self { truth, reason, message: message.into(), updated: now, changed: now }
    }

    /// Writes a condition, unless the same is said for the same reason already.
    pub(super) fn set(place: &mut Option<Self>, mut new: Self) {
        if let Some(old) = place {
            if old.truth == new.truth && old.reason == new.reason {
                return;
            }
            if old.truth == new.truth {
                new.changed = old.changed;
            }
        }
        *place = Some(new);
    }
}
