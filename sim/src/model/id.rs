//! Typed indices into the cluster's tables.

use std::fmt;
use std::num::NonZeroU32;

/// A slot of the node table. Slots are used again after a node has left.
///
/// It is kept as one more, so that a pod may have none in the same four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(NonZeroU32);

/// A pod: a slot and the slot's generation, so that an id of a pod that is gone never names its successor.
///
/// Both are in one number, the slot above: what is written in two parts and read as one makes a processor wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PodId(u64);

/// A class of pods that look alike to every plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// Any API object but a pod or a node, in order of creation; never used again. It is kept as one more, see [`NodeId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(NonZeroU32);

impl NodeId {
    /// No slot of any table: of nodes that are in none.
    pub const NOWHERE: Self = Self(NonZeroU32::MAX);

    /// The slot of this number.
    pub const fn new(slot: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(slot))
    }

    /// The number of the slot.
    pub const fn slot(self) -> u32 {
        self.0.get() - 1
    }

    /// The slot as an index.
    pub const fn index(self) -> usize {
        self.slot() as usize
    }
}

impl ObjectId {
    /// The object that was created as the one of this number, counted from 0.
    pub const fn new(number: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(number))
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0.get() - 1
    }
}

impl PodId {
    /// The pod of this generation in a slot.
    #[inline]
    pub(crate) const fn new(slot: u32, generation: u32) -> Self {
        Self((slot as u64) << u32::BITS | generation as u64)
    }

    /// The number of the slot.
    #[inline]
    pub(crate) const fn slot(self) -> u32 {
        (self.0 >> u32::BITS) as u32
    }

    /// How many pods were in the slot before.
    #[inline]
    pub(crate) const fn generation(self) -> u32 {
        self.0 as u32
    }

    /// The slot as an index, for tables beside the pod table.
    #[inline]
    pub const fn index(self) -> usize {
        self.slot() as usize
    }

    /// Both as one number.
    #[inline]
    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The pod of such a number.
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
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
        write!(f, "pod#{}.{}", self.slot(), self.generation())
    }
}
