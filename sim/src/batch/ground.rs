//! What jobs are placed on: machines in their order, and which of them take which kind of pods.

use crate::model::ClassId;
use crate::model::resources::Resources;

/// A kind of pods: what each asks for, and where it may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindId(pub(super) u32);

/// The machines that jobs are placed on, or pools of machines that are alike.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    pub(super) kinds: Vec<Kind>,
}

/// A kind of pods.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    pub(super) class: ClassId,
    pub(super) requests: Resources,
    /// By machine: whether it takes such pods at all.
    pub(super) eligible: Vec<bool>,
}

impl KindId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}
