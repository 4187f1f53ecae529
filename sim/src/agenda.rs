//! The agenda: what will happen, in a total order.

mod entry;
mod future;
mod near;

use crate::model::{NodeId, ObjectId, PodId};
use crate::source::SourceId;
use crate::time::SimTime;
use entry::{Entry, NodeSubjects};
use future::Future;
use near::Near;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

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

impl Rank {
    /// How many ranks there are.
    const COUNT: usize = Self::Schedule as usize + 1;
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

/// The events to come. Their order is by (time, rank, sequence number): total by construction.
///
/// Most events are planned for the very instant in which they are planned: they wait in a line by rank, but for one that comes before
/// all others of its rank and mostly comes next. Submissions are in a heap of their own, for each source has one planned at most. The next few of all others are in order (`near.rs`), and those further away in
/// `future.rs`, where planning one costs the same however many there are.
#[derive(Debug, Default)]
pub struct Agenda {
    /// The instant of the last event that was taken.
    now: SimTime,
    /// What has been planned for that instant when the lines of its rank and of those before were empty. The run waits for it.
    first: Option<First>,
    /// What else has been planned for that instant since it began, by rank.
    instant: [VecDeque<Entry>; Rank::COUNT],
    /// Which of these lines have an event, a bit for each rank.
    lines: u8,
    /// Whether it is known that nothing else is due at that instant.
    rest_is_later: bool,
    arrivals: BinaryHeap<Reverse<Entry>>,
    /// What comes before `horizon`, but for the above.
    near: Near,
    horizon: SimTime,
    /// How often somebody has looked at the events that came near last.
    looks: u8,
    future: Future,
    nodes: NodeSubjects,
    next: u64,
    foreground: u64,
    happened: u64,
}

/// An event that comes before all in the line of its rank.
#[derive(Clone, Copy, Debug)]
struct First {
    rank: Rank,
    controller: ControllerId,
    timer: Timer,
}

/// The next event, as long as none is planned meanwhile.
#[derive(Clone, Copy, Debug)]
pub struct Next {
    at: SimTime,
    place: Place,
}

/// Where an event waits.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Before its line.
    First,
    /// In the line of this rank.
    Line(usize),
    Arrivals,
    Near,
}

impl Next {
    /// When it is due.
    pub const fn at(self) -> SimTime {
        self.at
    }
}

impl Agenda {
    /// Plans an event, not before the last one that was taken.
    pub fn plan(&mut self, at: SimTime, rank: Rank, presence: Presence, event: Event) {
        debug_assert!(at >= self.now, "the past is over");
        self.foreground += u64::from(presence == Presence::Foreground);
        let sequence = self.next;
        self.next += 1;
        match event {
            // At one instant a source's submissions all come before the next source's; each has no more than one planned.
            Event::Arrival(source) => {
                let entry = Entry::new(at, rank, u64::from(source.0), presence, event, &mut self.nodes);
                self.arrivals.push(Reverse(entry));
                self.rest_is_later &= at > self.now;
            }
            Event::Timer(controller, timer)
                if at == self.now
                    && self.first.is_none()
                    && presence == Presence::Foreground
                    && self.lines & up_to(rank) == 0 =>
            {
                self.first = Some(First { rank, controller, timer });
            }
            Event::Timer(..) if at == self.now => {
                let entry = Entry::new(at, rank, sequence, presence, event, &mut self.nodes);
                self.instant[rank as usize].push_back(entry);
                self.lines |= 1 << rank as u8;
            }
            Event::Timer(..) => {
                let entry = Entry::new(at, rank, sequence, presence, event, &mut self.nodes);
                if at < self.horizon {
                    self.near.add(entry);
                } else {
                    self.future.push(entry);
                }
            }
        }
    }

    /// The next event.
    pub fn peek(&mut self) -> Option<Next> {
        let (rank, place) = match self.first {
            Some(first) if self.lines & before(first.rank) == 0 => (first.rank as usize, Place::First),
            _ if self.lines == 0 => {
                let planned = self.planned(SimTime::MAX);
                return planned.map(|(entry, place)| Next { at: entry.at(), place });
            }
            _ => {
                let rank = self.lines.trailing_zeros() as usize;
                (rank, Place::Line(rank))
            }
        };
        // What was planned for this instant before it began comes before what was planned since.
        let earlier = self.planned_for_now().filter(|(planned, _)| planned.rank() <= rank);
        Some(Next { at: self.now, place: earlier.map_or(place, |(_, place)| place) })
    }

    /// Takes the next event.
    #[inline]
    pub fn take(&mut self, next: Next) -> Option<Event> {
        let (presence, event) = match next.place {
            Place::First => {
                let First { controller, timer, .. } = self.first.take()?;
                (Presence::Foreground, Event::Timer(controller, timer))
            }
            Place::Line(rank) => {
                let first = self.instant[rank].pop_front()?;
                self.lines ^= u8::from(self.instant[rank].is_empty()) << rank;
                first.event(&mut self.nodes)
            }
            Place::Arrivals => self.arrivals.pop()?.0.event(&mut self.nodes),
            Place::Near => self.near.pop()?.event(&mut self.nodes),
        };
        self.rest_is_later &= next.at == self.now;
        self.now = next.at;
        self.happened += 1;
        self.foreground -= u64::from(presence == Presence::Foreground);
        Some(event)
    }

    /// Takes the next event if it was planned for the instant of the last one, was the first of its rank then, and the run waits for it. Others
    /// are left for [`Agenda::peek`].
    #[inline]
    pub fn take_at_once(&mut self) -> Option<(ControllerId, Timer)> {
        let First { rank, controller, timer } = self.first?;
        let is_next = self.lines & before(rank) == 0
            && self.planned_for_now().is_none_or(|(planned, _)| planned.rank() > rank as usize);
        if !is_next {
            return None;
        }
        self.first = None;
        self.happened += 1;
        self.foreground -= 1;
        Some((controller, timer))
    }

    /// Counts what happens at once, without having been planned.
    pub fn count(&mut self, events: u64) {
        self.happened += events;
    }

    /// How many events have happened.
    pub fn happened(&self) -> u64 {
        self.happened
    }

    /// Whether nothing is planned that comes before what would be planned now, for the instant of the last event.
    pub fn is_next(&mut self, rank: Rank) -> bool {
        self.lines & up_to(rank) == 0
            && self.first.is_none_or(|first| first.rank > rank)
            && self.planned_for_now().is_none_or(|(entry, _)| entry.rank() > rank as usize)
    }

    /// The pods that the next events are about, so often whenever others have come near, and how often before.
    #[inline]
    pub fn upcoming(&mut self, looks: u8) -> Option<(u8, impl Iterator<Item = PodId> + '_)> {
        let look = self.looks;
        if look >= looks {
            return None;
        }
        self.looks += 1;
        Some((look, self.near.iter().filter_map(Entry::pod)))
    }

    /// Whether nothing is planned that the run waits for.
    pub fn is_idle(&self) -> bool {
        self.foreground == 0
    }

    /// The first event that is in no line, and where it waits, if it is due at the instant of the last event.
    #[inline]
    fn planned_for_now(&mut self) -> Option<(Entry, Place)> {
        if self.rest_is_later {
            return None;
        }
        let first = self.planned(self.now).filter(|(entry, _)| entry.at() <= self.now);
        self.rest_is_later = first.is_none();
        first
    }

    /// The first event that is in no line, and where it waits; if it is due until `by`.
    fn planned(&mut self, by: SimTime) -> Option<(Entry, Place)> {
        if self.near.is_empty()
            && let Some(first) = self.future.first_time()
            // Before their time has come, those that are planned meanwhile may be as near.
            && self.arrivals.peek().map_or(by, |Reverse(arrival)| arrival.at().min(by)) >= first
        {
            self.refill();
        }
        match (self.near.first(), self.arrivals.peek()) {
            (Some(near), Some(Reverse(arrival))) if near < *arrival => Some((near, Place::Near)),
            (_, Some(Reverse(arrival))) => Some((*arrival, Place::Arrivals)),
            (near, None) => near.map(|near| (near, Place::Near)),
        }
    }

    #[inline(never)]
    fn refill(&mut self) {
        if let Some(horizon) = self.near.refill(&mut self.future) {
            (self.horizon, self.looks) = (horizon, 0);
        }
    }
}

/// The lines of the ranks before this one, a bit for each.
const fn before(rank: Rank) -> u8 {
    (1 << rank as u8) - 1
}

/// The same with its own.
const fn up_to(rank: Rank) -> u8 {
    (2 << rank as u8) - 1
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

    const RANKS: [Rank; Rank::COUNT] =
        [Rank::QueueTimer, Rank::Kubelet, Rank::Machine, Rank::Arrival, Rank::Control, Rank::Schedule];

    fn pop(agenda: &mut Agenda) -> Option<(SimTime, Event)> {
        let next = agenda.peek()?;
        Some((next.at(), agenda.take(next)?))
    }

    #[test]
    fn events_come_by_time_then_rank_then_plan() {
        let mut agenda = Agenda::default();
        let arrival = |n| Event::Arrival(SourceId(n));
        let plan = [(2, Rank::Arrival, 0), (1, Rank::Schedule, 1), (1, Rank::Kubelet, 2), (1, Rank::Kubelet, 3)];
        for (at, rank, n) in plan {
            agenda.plan(SimTime(at), rank, Presence::Foreground, arrival(n));
        }
        let order: Vec<Event> = std::iter::from_fn(|| pop(&mut agenda).map(|(_, event)| event)).collect();
        assert_eq!(order, [2, 3, 1, 0].map(arrival));
        assert!(agenda.is_idle());
    }

    /// Against a sorted list, with spans from none to hours and many events at one instant.
    #[test]
    fn whatever_is_planned_meanwhile_comes_in_its_place() {
        let mut rng = crate::random::Streams::new(1).stream("agenda");
        let mut draw = |n: usize| crate::random::index(&mut rng, n);
        let mut agenda = Agenda::default();
        let mut list = std::collections::BTreeMap::new();
        let mut now = SimTime::ZERO;
        let (mut planned, mut taken_at_once) = (0, 0);
        // Sources whose next submission is not planned.
        let mut sources: Vec<u16> = (0..5).collect();
        for number in 0..20_000_u32 {
            for _ in 0..=usize::from(number < 10_000) {
                let at = SimTime(now.0 + [0, draw(3), draw(1000), draw(1 << 30), draw(1 << 45)][draw(5)] as i64);
                planned += 1;
                if draw(4) == 0
                    && let Some(source) = sources.pop()
                {
                    let event = Event::Arrival(SourceId(source));
                    agenda.plan(at, Rank::Arrival, Presence::Foreground, event);
                    list.insert((at, Rank::Arrival, u64::from(source), true), event);
                    continue;
                }
                let rank = RANKS[draw(RANKS.len())];
                let about = match draw(4) {
                    0 => Subject::Itself,
                    1 => Subject::Pod(PodId::new(number, 7)),
                    2 => Subject::Node(NodeId::new(number), u64::MAX - u64::from(number)),
                    _ => Subject::Object(ObjectId::new(number)),
                };
                let timer = Timer { kind: draw(1 << 16) as u16, tag: number, about };
                let event = Event::Timer(ControllerId(draw(9) as u16), timer);
                agenda.plan(at, rank, [Presence::Foreground, Presence::Background][draw(2)], event);
                list.insert((at, rank, planned - 1, false), event);
            }
            let ((at, rank, ..), event) = list.pop_first().expect("more is planned than taken");
            let comes_next = agenda.is_next(rank);
            let at_once = if draw(2) == 0 { agenda.take_at_once() } else { None };
            if let Some((controller, timer)) = at_once {
                taken_at_once += 1;
                assert_eq!((now, Event::Timer(controller, timer)), (at, event));
            } else {
                assert_eq!(pop(&mut agenda), Some((at, event)));
            }
            assert!(!comes_next || at > now, "what comes at this instant is of this rank");
            if let Event::Arrival(source) = event {
                sources.push(source.0);
            }
            now = at;
        }
        while let Some(((at, ..), event)) = list.pop_first() {
            assert_eq!(pop(&mut agenda), Some((at, event)));
        }
        assert_eq!(pop(&mut agenda), None);
        assert!(agenda.is_idle());
        assert!(taken_at_once > 500, "only {taken_at_once}");
    }
}
