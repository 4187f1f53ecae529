//! The engine: takes the next event, lets it happen, and tells everyone who asked.

use crate::agenda::{Agenda, ControllerId, Event, Presence, Rank};
use crate::cluster::{Cause, Cluster, Hearers, Interest, LOOKS};
use crate::controller::{Context, Controller};
use crate::gang::PodGroup;
use crate::model::pod::{NewPod, PodTraits};
use crate::model::{ClassId, Name};
use crate::observe::{Note, Notes, Observer, Observers};
use crate::phases::Phase;
use crate::random::Streams;
use crate::source::{Gang, Source, SourceError, SourceId, Submission, Work};
use crate::time::{SimTime, Span};
use thiserror::Error;

/// How many events pass between two reports of progress.
const PROGRESS_EVERY: u64 = 1 << 12;

/// Of how many events the pods are read ahead, at most.
const READ_AHEAD: usize = 64;

/// How many changes one event may cause before the run is given up: controllers that answer each other without end.
const MAX_CHANGES_PER_EVENT: u64 = 50_000_000;

/// A run in the making: a cluster, what reacts in it and what comes from outside.
pub struct Simulation {
    /// The cluster.
    pub cluster: Cluster,
    streams: Streams,
    controllers: Vec<Box<dyn Controller>>,
    /// Which controllers hear of each kind of change, in their order.
    listeners: Hearers<ControllerId>,
    sources: Vec<Feeder>,
}

struct Feeder {
    source: Box<dyn Source>,
    next: Option<Submission>,
    /// Whether no other source gives pods of the same names, and it none twice.
    numbers_pods: bool,
}

/// When a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// When nothing is left to happen but periodic looks.
    Idle,
    /// At this instant, which is the last one to be processed.
    Time(SimTime),
}

/// What a run was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The hash of every change of state.
    pub fingerprint: u128,
    /// How many events happened.
    pub events: u64,
    /// When it ended.
    pub end: SimTime,
}

/// Why a run stopped before its end.
#[derive(Debug, Error)]
pub enum RunError {
    /// A source could not go on.
    #[error("{error}")]
    Source {
        /// The source's name.
        source_name: String,
        /// What it said.
        error: SourceError,
    },
    /// A source went back in time.
    #[error("{source_name}: a submission at {at} s follows one at {last} s: expected increasing times")]
    OutOfOrder {
        /// The source's name.
        source_name: String,
        /// The time that is too early.
        at: SimTime,
        /// The time before it.
        last: SimTime,
    },
    /// A source asked for something that cannot be.
    #[error("{source_name}: {message}")]
    Refused {
        /// The source's name.
        source_name: String,
        /// The server's words.
        message: String,
    },
    /// Controllers answered each other without time passing.
    #[error("at {at} s the controllers answered each other {changes} times without time passing")]
    Livelock {
        /// When.
        at: SimTime,
        /// How often.
        changes: u64,
    },
}

impl Simulation {
    /// An empty cluster with nothing in it that reacts.
    pub fn new(seed: u64) -> Self {
        Self {
            cluster: Cluster::default(),
            streams: Streams::new(seed),
            controllers: Vec::new(),
            listeners: Hearers::default(),
            sources: Vec::new(),
        }
    }

    /// Adds a controller. Controllers hear of a change in the order in which they were added.
    pub fn add_controller(&mut self, controller: Box<dyn Controller>) {
        let id = ControllerId(self.controllers.len() as u16);
        self.listeners.add(id, controller.interest(), |traits| controller.interest_in(traits));
        self.controllers.push(controller);
    }

    /// Adds a source. At one instant, sources act in the order in which they were added.
    pub fn add_source(&mut self, source: Box<dyn Source>) {
        let prefix = source.numbers_pods();
        let mut numbers_pods = prefix.is_some();
        for other in self.sources.iter_mut().filter(|other| prefix.is_some() && other.source.numbers_pods() == prefix) {
            (other.numbers_pods, numbers_pods) = (false, false);
        }
        self.sources.push(Feeder { source, next: None, numbers_pods });
    }

    /// The run's random streams.
    pub fn streams(&self) -> Streams {
        self.streams
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// A source failed, or the controllers never came to rest. The cluster is then as it was at that moment.
    pub fn run(&mut self, until: Until, observers: &mut [&mut dyn Observer]) -> Result<Outcome, RunError> {
        self.run_or_stop(until, observers, None)
    }

    /// Runs to the end, or until `goes_on` says no, which is asked before each event.
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run_while(
        &mut self,
        until: Until,
        observers: &mut [&mut dyn Observer],
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Outcome, RunError> {
        self.run_or_stop(until, observers, Some(goes_on))
    }

    fn run_or_stop(
        &mut self,
        until: Until,
        observers: &mut [&mut dyn Observer],
        goes_on: Option<&dyn Fn() -> bool>,
    ) -> Result<Outcome, RunError> {
        let mut agenda = Agenda::default();
        let mut observers = Observers::new(observers);
        let mut reported = 0;

        let interests = self.controllers.iter().map(|controller| {
            PodTraits::ALL.each().fold(controller.interest(), |all, one| all.and(controller.interest_in(one)))
        });
        self.cluster.heard = interests.fold(Interest::NONE, Interest::and);
        for index in 0..self.controllers.len() {
            self.with_context(index, &mut agenda, &mut observers, |controller, cx| controller.start(cx));
        }
        let before = self.cluster.phases.enter(Phase::Sources);
        self.cluster.expect_nodes(self.sources.iter().map(|feeder| feeder.source.new_nodes()).sum());
        for index in 0..self.sources.len() {
            self.fetch(index, &mut agenda)?;
        }
        self.cluster.phases.leave(before);
        self.deliver(&mut agenda, &mut observers, false)?;

        let mut stopped = false;
        while let Some(next) = agenda.peek() {
            let at = next.at();
            if goes_on.is_some_and(|goes_on| !goes_on()) {
                stopped = true;
                break;
            }
            match until {
                Until::Time(end) if at > end => break,
                Until::Idle if agenda.is_idle() => break,
                _ => {}
            }
            observers.sample_until(at, &self.cluster);
            if let Some((look, upcoming)) = agenda.upcoming(LOOKS) {
                self.cluster.read_ahead(look, upcoming.take(READ_AHEAD));
            }
            let Some(event) = agenda.take(next) else { break };
            debug_assert!(at >= self.cluster.now, "time never goes back");
            self.cluster.now = at;
            match event {
                Event::Arrival(source) => self.arrive(source.0 as usize, &mut agenda, &mut observers)?,
                Event::Timer(controller, timer) => {
                    self.with_context(controller.0 as usize, &mut agenda, &mut observers, |c, cx| {
                        c.on_timer(timer, cx);
                    });
                }
            }
            self.deliver(&mut agenda, &mut observers, goes_on.is_none())?;
            if self.cluster.classes.are_many() {
                self.forget_classes(&mut observers);
            }
            let events = agenda.happened();
            if events / PROGRESS_EVERY > reported {
                reported = events / PROGRESS_EVERY;
                observers.progress(at, events);
            }
        }
        if let Until::Time(end) = until
            && !stopped
        {
            observers.sample_until(end, &self.cluster);
            self.cluster.now = end;
        }
        observers.sample_end(self.cluster.now, &self.cluster);
        Ok(Outcome { fingerprint: self.cluster.fingerprint(), events: agenda.happened(), end: self.cluster.now })
    }

    /// Hands every change on the feed to the observers and to the controllers that asked, then frees what is gone. With `goes_on` it lets
    /// happen what comes then at the same instant, as far as nothing else has to be looked at between the two.
    fn deliver(
        &mut self,
        agenda: &mut Agenda,
        observers: &mut Observers<'_, '_>,
        goes_on: bool,
    ) -> Result<(), RunError> {
        let Self { cluster, controllers, listeners, streams, .. } = self;
        loop {
            let mut changes = 0;
            while !cluster.is_at_rest() {
                let change = cluster.next_change();
                let topic = cluster.topic(change);
                observers.changed(change, topic, cluster);
                let listeners = listeners.of(topic);
                if !listeners.is_empty() {
                    let before = cluster.phases.enter(Phase::Controllers);
                    let mut cx = Context { cluster, streams: *streams, agenda, notes: observers, me: ControllerId(0) };
                    for &id in listeners {
                        cx.me = id;
                        controllers[usize::from(id.0)].on_change(change, &mut cx);
                    }
                    cluster.phases.leave(before);
                }
                cluster.settle(change);
                changes += 1;
                if changes > MAX_CHANGES_PER_EVENT {
                    return Err(RunError::Livelock { at: cluster.now, changes });
                }
            }
            if !goes_on || cluster.classes.are_many() {
                return Ok(());
            }
            let Some((me, timer)) = agenda.take_at_once() else { return Ok(()) };
            let before = cluster.phases.enter(Phase::Controllers);
            let mut cx = Context { cluster, streams: *streams, agenda, notes: observers, me };
            controllers[usize::from(me.0)].on_timer(timer, &mut cx);
            cluster.phases.leave(before);
        }
    }

    /// Forgets the classes that nobody needs.
    fn forget_classes(&mut self, observers: &mut Observers<'_, '_>) {
        let mut needed = vec![false; self.cluster.classes.slots()];
        let mut name = |id: ClassId| needed[id.index()] = true;
        let submissions = self.sources.iter().filter_map(|feeder| feeder.next.as_ref());
        submissions.filter_map(|submission| submission.work.class()).for_each(&mut name);
        self.controllers.iter().for_each(|controller| controller.name_classes(&mut name));
        self.cluster
            .forget_other_classes(needed, |gone, cluster| observers.note(&Note::ClassesForgotten(gone), cluster));
    }

    fn with_context(
        &mut self,
        index: usize,
        agenda: &mut Agenda,
        observers: &mut Observers<'_, '_>,
        act: impl FnOnce(&mut dyn Controller, &mut Context<'_>),
    ) {
        let mut cx = Context {
            cluster: &mut self.cluster,
            streams: self.streams,
            agenda,
            notes: observers,
            me: ControllerId(index as u16),
        };
        let before = cx.cluster.phases.enter(Phase::Controllers);
        act(&mut *self.controllers[index], &mut cx);
        self.cluster.phases.leave(before);
    }

    /// Lets a source's submission happen and asks for the next one.
    fn arrive(&mut self, index: usize, agenda: &mut Agenda, observers: &mut Observers<'_, '_>) -> Result<(), RunError> {
        let Self { cluster, sources, .. } = self;
        let Feeder { next, numbers_pods, .. } = &mut sources[index];
        let before = cluster.phases.enter(Phase::Sources);
        if let Some(Submission { work: Work::Pod(pod), .. }) = next {
            // Pods are many: they are made of what lies here, without a copy.
            submit_pod(pod, *numbers_pods, cluster, observers);
        } else if let Some(submission) = next.take() {
            self.submit(index, submission.work, observers)?;
        }
        self.fetch(index, agenda)?;
        self.cluster.phases.leave(before);
        Ok(())
    }

    fn fetch(&mut self, index: usize, agenda: &mut Agenda) -> Result<(), RunError> {
        let feeder = &mut self.sources[index];
        let next = feeder.source.next(&mut self.cluster);
        let source_name = || feeder.source.name().to_owned();
        let next = next.map_err(|error| RunError::Source { source_name: source_name(), error })?;
        if let Some(Submission { at, .. }) = next {
            if at < self.cluster.now {
                return Err(RunError::OutOfOrder { source_name: source_name(), at, last: self.cluster.now });
            }
            let event = Event::Arrival(SourceId(index as u16));
            agenda.plan(at, Rank::Arrival, Presence::Foreground, event);
        }
        feeder.next = next;
        Ok(())
    }

    fn submit(&mut self, index: usize, work: Work, observers: &mut Observers<'_, '_>) -> Result<(), RunError> {
        let cluster = &mut self.cluster;
        let numbers_pods = self.sources[index].numbers_pods;
        let refused = |message: String| {
            let source_name = self.sources[index].source.name().to_owned();
            Err(RunError::Refused { source_name, message })
        };
        match work {
            Work::Pod(mut pod) => submit_pod(&mut pod, numbers_pods, cluster, observers),
            Work::Gang(gang) => {
                if let Err(message) = create_gang(*gang, cluster, observers) {
                    return refused(message);
                }
            }
            Work::Node(spec) => {
                if let Err(error) = cluster.add_node(*spec) {
                    return refused(error.to_string());
                }
            }
            Work::RemoveNode(name) => {
                if let Some(id) = cluster.nodes().by_name(&name) {
                    cluster.remove_node(id);
                }
            }
            Work::Object { namespace, name, body } => {
                if let Err(error) = cluster.create_object(&namespace, &name, None, body) {
                    return refused(error.to_string());
                }
            }
            Work::DeletePod { namespace, name, grace } => {
                if let Some(id) = cluster.pods().by_name(&namespace, &name) {
                    cluster.delete_pod_within(id, Cause::Deleted, grace);
                    if grace == Some(Span::ZERO) {
                        cluster.remove_pod(id);
                    }
                }
            }
            Work::UpdateNode(spec) => {
                if let Some(id) = cluster.nodes().by_name(&spec.name) {
                    cluster.update_node(id, |old| *old = *spec);
                }
            }
            Work::DeleteNode(name) => {
                if let Some(id) = cluster.nodes().by_name(&name) {
                    cluster.remove_node_alone(id);
                }
            }
            Work::UpdatePod { name, class } => {
                if let Err(refusal) = cluster.resubmit_pod(&name, class) {
                    let namespace = &*cluster.classes.get(class).spec.namespace;
                    let note = Note::Refused { namespace, name: &name, owner: None, refusal: &refusal };
                    observers.note(&note, cluster);
                }
            }
            Work::UpdateObject { namespace, name, body } => {
                if let Some(id) = cluster.objects().by_name(body.kind(), &namespace, &name) {
                    cluster.replace_object(id, body);
                }
            }
            Work::DeleteObject { kind, namespace, name } => {
                if let Some(id) = cluster.objects().by_name(&kind, &namespace, &name) {
                    cluster.remove_object(id);
                }
            }
        }
        Ok(())
    }
}

/// Creates a pod; `numbers_pods` as in [`Feeder`].
fn submit_pod(pod: &mut NewPod, numbers_pods: bool, cluster: &mut Cluster, observers: &mut Observers<'_, '_>) {
    let class = pod.class.class();
    let of_its_own = if class.is_some() { None } else { Some(cluster.spec_of(&pod.class).namespace.clone()) };
    if let Err(refusal) = cluster.submit(pod, numbers_pods) {
        let of_class = class.map(|id| &cluster.classes.get(id).spec.namespace);
        let namespace = of_class.or(of_its_own.as_ref()).map_or("", |namespace| namespace);
        observers.note(&Note::Refused { namespace, name: &pod.name, owner: None, refusal: &refusal }, cluster);
    }
}

/// Creates a group and its pods. Pods that admission refuses are told of, as single ones are.
fn create_gang(gang: Gang, cluster: &mut Cluster, observers: &mut Observers<'_, '_>) -> Result<(), String> {
    let Gang { namespace, name, pods, min_count, estimate, pod } = gang;
    let body = Box::new(PodGroup::of_job(min_count, estimate));
    let group = cluster.create_object(&namespace, &name, None, body).map_err(|error| error.to_string())?;
    let mut created = 0;
    for number in 0..u64::from(pods) {
        let name = if pods == 1 { name.clone() } else { Name::numbered(&name, number) };
        let new = NewPod { name: name.clone(), owner: Some(group), ..pod.clone() };
        match cluster.create_pod(new) {
            Ok(_) => created += 1,
            Err(refusal) => {
                observers.note(
                    &Note::Refused { namespace: &namespace, name: &name, owner: Some(group), refusal: &refusal },
                    cluster,
                );
            }
        }
    }
    if created == 0 {
        cluster.remove_object(group);
    }
    Ok(())
}

impl std::fmt::Debug for Simulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let controllers: Vec<&str> = self.controllers.iter().map(|c| c.name()).collect();
        let sources: Vec<&str> = self.sources.iter().map(|f| f.source.name()).collect();
        f.debug_struct("Simulation")
            .field("controllers", &controllers)
            .field("sources", &sources)
            .finish_non_exhaustive()
    }
}
