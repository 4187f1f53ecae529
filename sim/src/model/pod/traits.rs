//! What few pods have, as a set: who deals only with pods that have it need not hear of all others.

use super::PodClass;
use crate::model::resources::ResourceId;

/// What sets a pod apart from a plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodTraits(u8);

impl PodTraits {
    /// A controller owns it.
    pub const OWNED: Self = Self(1);
    /// It names claims of volumes, or has volumes for which claims are made.
    pub const VOLUME_CLAIMS: Self = Self(2);
    /// It has claims of devices.
    pub const RESOURCE_CLAIMS: Self = Self(4);
    /// It asks for other resources than every cluster has.
    pub const OTHER_RESOURCES: Self = Self(8);
    /// It has scheduling gates.
    pub const GATES: Self = Self(16);
    /// It names the PodGroup that it belongs to.
    pub const GROUP: Self = Self(32);
    /// All of them.
    pub const ALL: Self = Self(63);

    /// How many sets there are.
    pub(crate) const SETS: usize = Self::ALL.0 as usize + 1;

    /// Those of every pod of a class. Whether a pod is owned is its own.
    pub(super) fn of_class(class: &PodClass) -> Self {
        let spec = &class.spec;
        let others = class.requests.iter().any(|(id, _)| id > ResourceId::PODS);
        let claims = spec.volumes.iter().any(|volume| volume.is_ephemeral() || volume.named_claim().is_some());
        let traits = [
            (claims, Self::VOLUME_CLAIMS),
            (!spec.resource_claims.is_empty(), Self::RESOURCE_CLAIMS),
            (others, Self::OTHER_RESOURCES),
            (!spec.scheduling_gates.is_empty(), Self::GATES),
            (spec.scheduling_group.is_some(), Self::GROUP),
        ];
        traits.into_iter().filter(|(has, _)| *has).fold(Self::default(), |set, (_, one)| set.and(one))
    }

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two sets share a trait.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The number of this set among all.
    pub(crate) const fn number(self) -> usize {
        self.0 as usize
    }

    /// The set of this number.
    pub(crate) const fn numbered(number: usize) -> Self {
        Self(number as u8 & Self::ALL.0)
    }

    /// The traits of the set, each by itself.
    pub(crate) fn each(self) -> impl Iterator<Item = Self> {
        (0..u8::BITS).map(|bit| Self(1 << bit)).filter(move |one| self.meets(*one))
    }
}
