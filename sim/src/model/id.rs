//! Typed indices into the cluster's tables.

use std::fmt;

/// A slot of the node table. Slots are used again after a node has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A pod: a slot and the slot's generation, so that an id of a pod that is gone never names its successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

/// A class of pods that look alike to every plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// Any API object but a pod or a node, in order of creation; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub u32);

impl NodeId {
    /// The slot as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl PodId {
    /// The slot as an index, for tables beside the pod table.
    pub const fn index(self) -> usize {
        self.slot as usize
    }
}

impl ClassId {
    /// The class as an index.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for PodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pod#{}.{}", self.slot, self.generation)
    }
}
