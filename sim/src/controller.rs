//! What reacts in a cluster: controllers hear of changes and set timers. The scheduler and the kubelet are two of them.

use crate::agenda::{Agenda, ControllerId, Event, Presence, Rank, Timer};
use crate::cluster::{Change, Cluster, Interest};
use crate::model::ClassId;
use crate::model::pod::PodTraits;
use crate::observe::{Note, Notes};
use crate::random::Streams;
use crate::time::SimTime;

/// Something that watches the cluster and acts on it.
///
/// It is called with a [`Context`], through which alone it can act. It never reads observers, clocks or files.
pub trait Controller {
    /// Its name, as in `deployment` or `kubelet`.
    fn name(&self) -> &'static str;

    /// Which changes it hears of, of all pods and of everything else.
    fn interest(&self) -> Interest;

    /// Which changes of pods it hears of where they have this one trait, beside those of all pods. Few pods have any.
    fn interest_in(&self, _pods_with: PodTraits) -> Interest {
        Interest::NONE
    }

    /// Called once, before anything happens.
    fn start(&mut self, _cx: &mut Context<'_>) {}

    /// A change has happened. What it names can still be looked up.
    fn on_change(&mut self, _change: Change, _cx: &mut Context<'_>) {}

    /// A timer that it set is due.
    fn on_timer(&mut self, _timer: Timer, _cx: &mut Context<'_>) {}

    /// Names the classes that it will look up although perhaps no pod has them any more. All others may be forgotten now, and then
    /// their ids name other classes.
    fn name_classes(&self, _name: &mut dyn FnMut(ClassId)) {}
}

/// What a controller acts through.
pub struct Context<'a> {
    /// The cluster.
    pub cluster: &'a mut Cluster,
    /// The run's random streams.
    pub streams: Streams,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) notes: &'a mut dyn Notes,
    pub(crate) me: ControllerId,
}

impl Context<'_> {
    /// The current instant.
    pub fn now(&self) -> SimTime {
        self.cluster.now
    }

    /// Asks to be called at `at` (now, if that has passed). The run waits for it.
    #[inline]
    pub fn remind(&mut self, at: SimTime, rank: Rank, timer: Timer) {
        self.plan(at, rank, Presence::Foreground, timer);
    }

    /// Asks to be called at `at`, without keeping a run going that is otherwise over.
    #[inline]
    pub fn remind_in_background(&mut self, at: SimTime, rank: Rank, timer: Timer) {
        self.plan(at, rank, Presence::Background, timer);
    }

    /// Tells the observers something that is no change of the store.
    pub fn note(&mut self, note: &Note<'_>) {
        self.notes.note(note, self.cluster);
    }

    /// Whether what would be planned for this instant comes next.
    pub(crate) fn is_next(&mut self, rank: Rank) -> bool {
        self.agenda.is_next(rank)
    }

    /// Counts what happened within this event as events of their own.
    pub(crate) fn count_events(&mut self, events: u64) {
        self.agenda.count(events);
    }

    /// Tells the observers of changes that no controller wants to hear of, as far as nothing else has changed before; whether
    /// nothing is left to tell.
    pub(crate) fn pass_on_unheard(&mut self) -> bool {
        while let Some(change) = self.cluster.next_unheard() {
            self.notes.note(&Note::Change(change), self.cluster);
        }
        self.cluster.is_at_rest()
    }

    #[inline]
    fn plan(&mut self, at: SimTime, rank: Rank, presence: Presence, timer: Timer) {
        self.agenda.plan(at.max(self.cluster.now), rank, presence, Event::Timer(self.me, timer));
    }
}
