//! A planned event in 32 bytes: a cluster plans one for every pod that runs.

use super::{ControllerId, Event, Presence, Rank, Subject, Timer};
use crate::model::{NodeId, ObjectId, PodId};
use crate::source::SourceId;
use crate::time::SimTime;

/// Bits of the order number for what the event is, below those that order it.
const FLAGS: u32 = 4;
/// Bits for the sequence number: more than a run could count.
const SEQUENCE: u32 = 56;

/// What kind of event it is, in the lowest three flags; the fourth is its presence.
mod code {
    pub(super) const ITSELF: u64 = 0;
    pub(super) const POD: u64 = 1;
    pub(super) const NODE: u64 = 2;
    pub(super) const OBJECT: u64 = 3;
    pub(super) const ARRIVAL: u64 = 4;
    pub(super) const MASK: u64 = 7;
    pub(super) const BACKGROUND: u64 = 8;
}

/// A planned event. Its order is that of its fields: the time, and then a number made of rank, sequence number and flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    at: SimTime,
    order: u64,
    /// The timer's tag, kind and controller, or the source.
    what: u64,
    about: u64,
}

/// Nodes with their uids, which timers are about: too long for an entry, and rare.
#[derive(Debug, Default)]
pub(super) struct NodeSubjects {
    slots: Vec<(NodeId, u64)>,
    free: Vec<u32>,
}

impl Entry {
    /// An event planned for `at`. Of one rank, the one with the lower sequence number comes first.
    #[inline]
    pub(super) fn new(
        at: SimTime,
        rank: Rank,
        sequence: u64,
        presence: Presence,
        event: Event,
        nodes: &mut NodeSubjects,
    ) -> Self {
        debug_assert!(sequence < 1 << SEQUENCE, "a run has fewer events");
        let (code, what, about) = match event {
            Event::Arrival(source) => (code::ARRIVAL, u64::from(source.0), 0),
            Event::Timer(controller, Timer { kind, tag, about }) => {
                let what = u64::from(controller.0) << 48 | u64::from(kind) << 32 | u64::from(tag);
                match about {
                    Subject::Itself => (code::ITSELF, what, 0),
                    Subject::Pod(pod) => (code::POD, what, pod.bits()),
                    Subject::Node(node, uid) => (code::NODE, what, u64::from(nodes.keep(node, uid))),
                    Subject::Object(object) => (code::OBJECT, what, u64::from(object.number())),
                }
            }
        };
        let presence = if presence == Presence::Background { code::BACKGROUND } else { 0 };
        let order = (rank as u64) << (SEQUENCE + FLAGS) | sequence << FLAGS | presence | code;
        Self { at, order, what, about }
    }

    /// Its place in the total order, as one number: times are not negative.
    pub(super) const fn key(self) -> u128 {
        (self.at.0 as u128) << u64::BITS | self.order as u128
    }

    /// When it is due.
    pub(super) const fn at(self) -> SimTime {
        self.at
    }

    /// The number of its rank.
    pub(super) const fn rank(self) -> usize {
        (self.order >> (SEQUENCE + FLAGS)) as usize
    }

    /// The pod that it is about, if it is about one.
    pub(super) const fn pod(self) -> Option<PodId> {
        if self.order & code::MASK != code::POD {
            return None;
        }
        Some(PodId::from_bits(self.about))
    }

    /// The event, which is taken, and whether the run waits for it: what was kept for it is given up.
    #[inline]
    pub(super) fn event(self, nodes: &mut NodeSubjects) -> (Presence, Event) {
        let presence = if self.order & code::BACKGROUND == 0 { Presence::Foreground } else { Presence::Background };
        let about = match self.order & code::MASK {
            code::ARRIVAL => return (presence, Event::Arrival(SourceId(self.what as u16))),
            code::POD => Subject::Pod(PodId::from_bits(self.about)),
            code::NODE => {
                let (node, uid) = nodes.take(self.about as u32);
                Subject::Node(node, uid)
            }
            code::OBJECT => Subject::Object(ObjectId::new(self.about as u32)),
            _ => Subject::Itself,
        };
        let timer = Timer { kind: (self.what >> 32) as u16, tag: self.what as u32, about };
        (presence, Event::Timer(ControllerId((self.what >> 48) as u16), timer))
    }
}

impl NodeSubjects {
    fn keep(&mut self, node: NodeId, uid: u64) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push((node, uid));
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize] = (node, uid);
        slot
    }

    fn take(&mut self, slot: u32) -> (NodeId, u64) {
        self.free.push(slot);
        self.slots[slot as usize]
    }
}
