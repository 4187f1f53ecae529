//! The agenda: what will happen, in a total order.

use crate::model::{NodeId, ObjectId, PodId};
use crate::source::SourceId;
use crate::time::SimTime;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which of several events at one instant comes first. Lower ranks do; within a rank, the one planned earlier.
///
/// At one instant first the past is completed (timers of the queue, ends of pods, machines), then the outside world acts
/// (arrivals), then the control loops look, and only then are pods scheduled: so no decision misses a fact of its instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rank {
    /// The scheduling queue's backoff and flush timers.
    QueueTimer,
    /// Starts, ends and stops of pods.
    Kubelet,
    /// Machines: provisioning, failure, repair, drains.
    Machine,
    /// The next submission of a source.
    Arrival,
    /// Control loops.
    Control,
    /// Scheduling attempts.
    Schedule,
}

/// A controller's place in the order in which controllers hear of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControllerId(pub(crate) u16);

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A source's next submission is due.
    Arrival(SourceId),
    /// A controller asked to be called.
    Timer(ControllerId, Timer),
}

/// What a controller asked to be reminded of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// The controller's own numbering of its reasons.
    pub kind: u16,
    /// The controller's own tag, to recognise timers that have become pointless.
    pub tag: u32,
    /// What it is about.
    pub about: Subject,
}

/// What a timer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The controller as a whole.
    Itself,
    /// A pod, which may have gone meanwhile.
    Pod(PodId),
    /// A node, with its uid, because slots are used again.
    Node(NodeId, u64),
    /// An object, which may have gone meanwhile.
    Object(ObjectId),
}

/// Whether the run waits for an event when it runs `until: idle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The run is not over before it.
    Foreground,
    /// A periodic look that alone keeps nothing going.
    Background,
}

#[derive(Debug, PartialEq, Eq)]
struct Entry {
    key: (SimTime, Rank, u64),
    presence: Presence,
    event: Event,
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

/// The events to come. Their order is by (time, rank, sequence number): total by construction.
#[derive(Debug, Default)]
pub struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    next: u64,
    foreground: u64,
    happened: u64,
}

impl Agenda {
    /// Plans an event.
    pub fn plan(&mut self, at: SimTime, rank: Rank, presence: Presence, event: Event) {
        // At one instant a source's submissions all come before the next source's.
        let order = match event {
            Event::Arrival(source) => (u64::from(source.0) << 48) | self.next,
            Event::Timer(..) => self.next,
        };
        self.heap.push(Reverse(Entry { key: (at, rank, order), presence, event }));
        self.next += 1;
        self.foreground += u64::from(presence == Presence::Foreground);
    }

    /// When the next event is due.
    pub fn next_time(&self) -> Option<SimTime> {
        self.heap.peek().map(|Reverse(entry)| entry.key.0)
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(SimTime, Event)> {
        let Reverse(entry) = self.heap.pop()?;
        self.foreground -= u64::from(entry.presence == Presence::Foreground);
        self.happened += 1;
        Some((entry.key.0, entry.event))
    }

    /// Counts what happens at once, without having been planned.
    pub fn count(&mut self, events: u64) {
        self.happened += events;
    }

    /// How many events have happened.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// Whether nothing is planned that comes before what would be planned now.
    pub fn is_next(&self, at: SimTime, rank: Rank) -> bool {
        self.heap.peek().is_none_or(|Reverse(entry)| (entry.key.0, entry.key.1) > (at, rank))
    }

    /// Whether nothing is planned that the run waits for.
    pub fn is_idle(&self) -> bool {
        self.foreground == 0
    }
}

impl Timer {
    /// A timer about the controller as a whole.
    pub const fn of_kind(kind: u16) -> Self {
        Self { kind, tag: 0, about: Subject::Itself }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_then_rank_then_plan() {
        let mut agenda = Agenda::default();
        let arrival = |n| Event::Arrival(SourceId(n));
        let plan = [(2, Rank::Arrival, 0), (1, Rank::Schedule, 1), (1, Rank::Kubelet, 2), (1, Rank::Kubelet, 3)];
        for (at, rank, n) in plan {
            agenda.plan(SimTime(at), rank, Presence::Foreground, arrival(n));
        }
        let order: Vec<Event> = std::iter::from_fn(|| agenda.pop().map(|(_, event)| event)).collect();
        assert_eq!(order, [2, 3, 1, 0].map(arrival));
        assert!(agenda.is_idle());
    }
}
