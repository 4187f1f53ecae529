//! The queue against a plain one that moves every pod by itself.

use super::{Entrant, Group, Known, PendingPods, Pool, PreEnqueue, QueueSettings, QueuedPod, SchedulingQueue, Waits};
use crate::model::{ClassId, PodId};
use crate::scheduler::events::EventLabel;
use crate::scheduler::fit_error::FitError;
use crate::time::{SimTime, Span};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The number of the plugin that holds pods back.
const GATE: u8 = 7;

/// What is done to the queue. Numbers are taken modulo how many there are.
#[derive(Clone, Copy, Debug)]
enum Step {
    Add {
        class: u32,
        key: i64,
        individual: bool,
    },
    Wait {
        milliseconds: i64,
    },
    Pop,
    Reject {
        which: usize,
        rejectors: u64,
        woken: bool,
    },
    Fail {
        which: usize,
    },
    /// The pods of these classes are known to be rejected, in these words.
    RejectKnown {
        classes: u8,
        most: usize,
        words: u8,
    },
    RejectWhole {
        classes: u8,
        most: usize,
        words: u8,
    },
    Remove {
        which: usize,
    },
    Update {
        which: usize,
        class: u32,
        key: i64,
    },
    Wake {
        groups: u16,
        but_one: bool,
    },
    WakeOne {
        which: usize,
    },
    FlushBackoff,
    FlushUnschedulable,
    /// From now on pods of these classes are held back.
    Close {
        classes: u8,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = 0..4_u32;
    let step = prop_oneof![
        6 => (class.clone(), 0..2_i64, prop::bool::weighted(0.1))
            .prop_map(|(class, key, individual)| Step::Add { class, key, individual }),
        3 => prop_oneof![0..20_i64, 900..2500_i64, 280_000..320_000_i64].prop_map(|milliseconds| Step::Wait { milliseconds }),
        6 => Just(Step::Pop),
        6 => (any::<usize>(), 1..4_u64, prop::bool::weighted(0.1))
            .prop_map(|(which, rejectors, woken)| Step::Reject { which, rejectors, woken }),
        2 => any::<usize>().prop_map(|which| Step::Fail { which }),
        6 => (any::<u8>(), 1..20_usize, 0..3_u8)
            .prop_map(|(classes, most, words)| Step::RejectKnown { classes, most, words }),
        6 => (any::<u8>(), 1..20_usize, 0..3_u8)
            .prop_map(|(classes, most, words)| Step::RejectWhole { classes, most, words }),
        1 => any::<usize>().prop_map(|which| Step::Remove { which }),
        1 => (any::<usize>(), class, 0..2_i64).prop_map(|(which, class, key)| Step::Update { which, class, key }),
        4 => (any::<u16>(), prop::bool::weighted(0.2)).prop_map(|(groups, but_one)| Step::Wake { groups, but_one }),
        1 => any::<usize>().prop_map(|which| Step::WakeOne { which }),
        3 => Just(Step::FlushBackoff),
        1 => Just(Step::FlushUnschedulable),
        1 => (0..16_u8).prop_map(|classes| Step::Close { classes: classes & classes >> 2 }),
    ];
    prop::collection::vec(step, 1..250)
}

/// A pod of the plain queue.
#[derive(Clone, Copy, Debug)]
struct Plain {
    class: ClassId,
    key: i64,
    individual: bool,
    since: SimTime,
    sequence: u64,
    rejections: u32,
    errors: u32,
    rejectors: u64,
    pool: Option<Pool>,
    until: SimTime,
    /// The words of its condition.
    said: Option<u8>,
    waits: Waits,
    /// The instant up to which they count.
    counted: SimTime,
}

impl Plain {
    /// What the queue says of a pod that was popped.
    fn compare(&self, queued: &QueuedPod) {
        let failures = (queued.rejections, queued.errors, queued.rejectors);
        assert_eq!(failures, (self.rejections, self.errors, self.rejectors), "how often {} failed", queued.pod);
        assert_eq!(queued.waits, self.waits, "how long {} waited where", queued.pod);
    }

    /// The time until now has passed where it is.
    fn pass(&mut self, now: SimTime) {
        let span = now.since(std::mem::replace(&mut self.counted, now));
        let waits = &mut self.waits;
        match self.pool {
            None => {}
            Some(Pool::Active) => waits.active = waits.active + span,
            Some(Pool::Backoff | Pool::ErrorBackoff) => waits.backoff = waits.backoff + span,
            Some(Pool::Unschedulable) => waits.unschedulable = waits.unschedulable + span,
            Some(Pool::Gated(_)) => waits.gated = waits.gated + span,
        }
    }
}

type Moved = (PodId, Option<Pool>, Pool, EventLabel);

/// The plain queue: a list of pods, looked through for everything.
#[derive(Default)]
struct Model {
    settings: QueueSettings,
    pods: BTreeMap<PodId, Plain>,
    closed: u8,
    sequence: u64,
    moves: Vec<Moved>,
    now: SimTime,
}

impl Model {
    fn held(&self, class: ClassId) -> bool {
        self.closed & (1 << class.0) != 0
    }

    fn go(&mut self, id: PodId, to: Pool, cause: EventLabel) {
        let pod = self.pods.get_mut(&id).expect("a pod of the model");
        pod.pass(self.now);
        if to == Pool::Active && pod.waits.first_active.is_none() {
            pod.waits.first_active = self.now.into();
        }
        let from = pod.pool.replace(to);
        if from != Some(to) {
            self.moves.push((id, from, to, cause));
        }
    }

    fn gate_or(&mut self, id: PodId, to: Pool, cause: EventLabel) {
        let held = self.held(self.pods[&id].class);
        if held {
            self.pods.get_mut(&id).expect("a pod of the model").rejectors |= 1 << GATE;
        }
        self.go(id, if held { Pool::Gated(GATE) } else { to }, cause);
    }

    fn backoff(&self, failures: u32) -> Option<Span> {
        let seconds = [0, 1, 2, 4, 8, 10][failures.min(5) as usize];
        (failures > 0).then(|| Span::from_secs(seconds).min(self.settings.max_backoff))
    }

    fn cut(&self, at: SimTime) -> SimTime {
        if self.settings.pop_from_backoff { at.floor_to_second() } else { at }
    }

    fn requeue(&mut self, id: PodId, cause: EventLabel, now: SimTime) {
        let pod = self.pods[&id];
        // Errors in a row count alone, as long as no plugin has rejected the pod since.
        let failures = if pod.errors > 0 { pod.errors } else { pod.rejections };
        let until = self.backoff(failures).map(|span| self.cut(pod.since + span));
        match until.filter(|until| *until >= self.cut(now)) {
            Some(until) => {
                self.pods.get_mut(&id).expect("a pod of the model").until = until;
                if self.settings.pop_from_backoff {
                    self.gate_or(id, Pool::Backoff, cause);
                } else {
                    self.go(id, Pool::Backoff, cause);
                }
            }
            None => self.gate_or(id, Pool::Active, cause),
        }
    }

    fn next(&self) -> Option<(PodId, bool)> {
        let first = |pool: Pool| {
            let pods = self.pods.iter().filter(|(_, pod)| pod.pool == Some(pool));
            let until = |pod: &Plain| if pool == Pool::Active { SimTime::ZERO } else { pod.until };
            pods.min_by_key(|(_, pod)| (until(pod), pod.key, pod.since, pod.sequence)).map(|(id, _)| *id)
        };
        let early = || first(Pool::Backoff).filter(|_| self.settings.pop_from_backoff).map(|id| (id, true));
        first(Pool::Active).map(|id| (id, false)).or_else(early)
    }

    /// It is taken from the queue to be tried.
    fn pop(&mut self, id: PodId) {
        let pod = self.pods.get_mut(&id).expect("a pod of the model");
        pod.pass(self.now);
        pod.pool = None;
    }

    fn fail(&mut self, id: PodId, now: SimTime) -> &mut Plain {
        self.sequence += 1;
        self.pop(id);
        let pod = self.pods.get_mut(&id).expect("a pod of the model");
        (pod.since, pod.sequence, pod.pool) = (now, self.sequence, None);
        pod
    }

    /// The pod is told why.
    fn say(&mut self, id: PodId, words: u8) {
        self.pods.get_mut(&id).expect("a pod of the model").said = Some(words);
    }

    fn reject(&mut self, id: PodId, rejectors: u64, now: SimTime) {
        let pod = self.fail(id, now);
        pod.rejections += 1;
        pod.errors = 0;
        (pod.rejectors, pod.pool) = (rejectors, Some(Pool::Unschedulable));
    }

    fn group(&self, id: PodId) -> Option<Group> {
        let pod = &self.pods[&id];
        let gate = match pod.pool? {
            Pool::Unschedulable => None,
            Pool::Gated(gate) => Some(gate),
            _ => return None,
        };
        let alone = pod.individual.then_some(id);
        Some(Group { profile: 0, class: pod.class, rejectors: pod.rejectors, gate, pod: alone })
    }

    fn groups(&self) -> BTreeSet<Group> {
        self.pods.keys().filter_map(|id| self.group(*id)).collect()
    }

    fn pending(&self) -> PendingPods {
        let count = |is: fn(Pool) -> bool| self.pods.values().filter(|pod| pod.pool.is_some_and(is)).count();
        PendingPods {
            active: count(|pool| pool == Pool::Active),
            backoff: count(|pool| matches!(pool, Pool::Backoff | Pool::ErrorBackoff)),
            unschedulable: count(|pool| pool == Pool::Unschedulable),
            gated: count(|pool| matches!(pool, Pool::Gated(_))),
        }
    }

    fn in_pool(&self, wanted: impl Fn(Option<Pool>) -> bool) -> Vec<PodId> {
        self.pods.iter().filter(|(_, pod)| wanted(pod.pool)).map(|(id, _)| *id).collect()
    }
}

fn play(steps: &[Step], settings: QueueSettings) {
    let mut queue = SchedulingQueue::new(settings);
    let mut model = Model { settings, ..Model::default() };
    let mut now = SimTime::ZERO;
    let mut slots = 0;
    for (number, step) in steps.iter().enumerate() {
        model.now = now;
        let closed = model.closed;
        let ask = |queued: &QueuedPod| (closed & (1 << queued.class.0) != 0).then_some(GATE);
        let pre_enqueue = PreEnqueue { ask: &ask, alike: true };
        let pick = |pods: &[PodId], which: usize| (!pods.is_empty()).then(|| pods[which % pods.len()]);
        match *step {
            Step::Add { class, key, individual } => {
                let id = PodId::new(slots, 0);
                slots += 1;
                let class = ClassId(class);
                queue.add(id, Entrant { class, profile: 0, key, individual }, now, pre_enqueue);
                model.sequence += 1;
                let (since, sequence) = (now, model.sequence);
                let (rejections, errors, rejectors, pool, until) = (0, 0, 0, None, now);
                let (said, waits, counted) = (None, Waits::default(), now);
                let pod = Plain {
                    class,
                    key,
                    individual,
                    since,
                    sequence,
                    rejections,
                    errors,
                    rejectors,
                    pool,
                    until,
                    said,
                    waits,
                    counted,
                };
                model.pods.insert(id, pod);
                model.gate_or(id, Pool::Active, EventLabel::UNSCHEDULED_POD_ADD);
            }
            Step::Wait { milliseconds } => {
                now += Span(milliseconds * 1_000_000);
                model.now = now;
            }
            Step::Pop => {
                let popped = queue.pop(now, None);
                assert_eq!(popped, model.next(), "the next pod");
                if let Some((id, _)) = popped {
                    model.pop(id);
                    model.pods[&id].compare(queue.get(id).expect("it is being tried"));
                }
            }
            Step::Reject { which, rejectors, woken } => {
                let Some(id) = pick(&model.in_pool(|pool| pool.is_none()), which) else { continue };
                let took = Span(rejectors as i64);
                queue.rejected(id, (rejectors, took), woken, now, pre_enqueue);
                model.reject(id, rejectors, now);
                let pod = model.pods.get_mut(&id).expect("a pod of the model");
                pod.waits.tried = pod.waits.tried + took;
                if woken {
                    pod.pool = None;
                    model.requeue(id, EventLabel::SCHEDULE_ATTEMPT_FAILURE, now);
                }
            }
            Step::Fail { which } => {
                let Some(id) = pick(&model.in_pool(|pool| pool.is_none()), which) else { continue };
                queue.failed_with_error(id, Span(7), now);
                let pod = model.fail(id, now);
                pod.waits.tried = pod.waits.tried + Span(7);
                pod.errors += 1;
                (pod.rejectors, pod.pool) = (0, Some(Pool::ErrorBackoff));
                let span = model.backoff(model.pods[&id].errors).unwrap_or_default();
                let until = model.cut(now + span);
                model.pods.get_mut(&id).expect("a pod of the model").until = until;
            }
            Step::RejectKnown { classes, most, words } => {
                let known = |class: ClassId| classes & (1 << class.0) != 0;
                let fate =
                    |_: u8, class: ClassId| known(class).then_some(Known { failure: class.0, plugins: 1 << class.0 });
                let mut repeats = Vec::new();
                loop {
                    // It ends before what may fail as a whole.
                    let mut more = Vec::new();
                    queue.reject_known(most - repeats.len(), now, &fate, &|id| id.slot() % 7 != 3, &mut more);
                    if more.is_empty() {
                        break;
                    }
                    repeats.append(&mut more);
                }
                for repeat in &repeats {
                    assert_eq!(model.next(), Some((repeat.pod, repeat.early)), "the next pod whose end is known");
                    let class = model.pods[&repeat.pod].class;
                    assert_eq!(repeat.failure, class.0);
                    model.reject(repeat.pod, 1 << class.0, now);
                    model.say(repeat.pod, words);
                }
                let goes_on = model.next().is_some_and(|(id, _)| {
                    let pod = &model.pods[&id];
                    known(pod.class) && !pod.individual && id.slot() % 7 != 3
                });
                assert!(repeats.len() == most || !goes_on, "it ends at the first pod of which it is not known");
            }
            Step::RejectWhole { classes, most, words } => {
                let fate = |_: u8, class: ClassId| {
                    (classes & (1 << class.0) != 0).then_some(Known { failure: class.0, plugins: 1 << class.0 })
                };
                // Not always the same error, even where the words are the same.
                let error = Arc::new(FitError::saying(words.to_string()));
                let Some(whole) = queue.next_whole(most, now, &fate) else { continue };
                let Some(_) = queue.newcomers(&whole) else { continue };
                let mut counts = BTreeMap::new();
                let mut pods = Vec::new();
                for _ in 0..whole.count() {
                    let (id, early) = model.next().expect("there are as many pods");
                    assert_eq!(early, whole.early);
                    let class = model.pods[&id].class.0;
                    model.reject(id, 1 << class, now);
                    pods.push((id, class, 1 << class));
                    *counts.entry(class).or_insert(0) += 1;
                }
                assert!(pods.len() <= most);
                let told = queue.told_otherwise(&whole, &|_| &error);
                let mut among = pods.iter();
                for (id, failure) in told {
                    assert!(among.any(|(other, class, _)| (*other, *class) == (id, failure)), "told in their order");
                    model.say(id, words);
                }
                for (id, ..) in &pods {
                    assert_eq!(model.pods[id].said, Some(words), "{id} is told what is new");
                }
                queue.fail_whole(&whole, now, &|_| &error);
                let mut counted = BTreeMap::new();
                whole.alike().for_each(|alike| *counted.entry(alike.failure).or_insert(0) += alike.count);
                assert_eq!(counted, counts);
                assert!(queue.pods_of(&whole).eq(pods), "they keep their order");
                queue.join_whole(&whole);
            }
            Step::Remove { which } => {
                let Some(id) = pick(&model.in_pool(|_| true), which) else { continue };
                let pool = queue.remove(id, now).map(|(pool, _)| pool);
                assert_eq!(pool, model.pods.remove(&id).and_then(|pod| pod.pool));
            }
            Step::Update { which, class, key } => {
                let Some(id) = pick(&model.in_pool(|_| true), which) else { continue };
                let judged = queue.update(id, ClassId(class), key, now);
                let pod = model.pods.get_mut(&id).expect("a pod of the model");
                (pod.class, pod.key) = (ClassId(class), key);
                assert_eq!(judged, matches!(pod.pool, Some(Pool::Unschedulable | Pool::Gated(_))));
            }
            Step::Wake { groups, but_one } => {
                let woken: Vec<Group> = model
                    .groups()
                    .into_iter()
                    .enumerate()
                    .collect::<Vec<_>>()
                    .into_iter()
                    .filter(|(number, _)| groups & (1 << (number % 16)) != 0)
                    .map(|(_, group)| group)
                    .collect();
                let wakes = |model: &Model, id: &PodId| model.group(*id).is_some_and(|group| woken.contains(&group));
                let mut pods = model.in_pool(|_| true);
                pods.retain(|id| wakes(&model, id));
                let except = pods.get(pods.len() / 2).copied().filter(|_| but_one);
                queue.wake_groups(&woken, except, EventLabel::FORCE_ACTIVATE, now, pre_enqueue);
                for id in pods.into_iter().filter(|id| Some(*id) != except) {
                    model.requeue(id, EventLabel::FORCE_ACTIVATE, now);
                }
            }
            Step::WakeOne { which } => {
                let waits = |pool| matches!(pool, Some(Pool::Unschedulable | Pool::Gated(_)));
                let Some(id) = pick(&model.in_pool(waits), which) else { continue };
                queue.wake(id, EventLabel::FORCE_ACTIVATE, now, pre_enqueue);
                model.requeue(id, EventLabel::FORCE_ACTIVATE, now);
            }
            Step::FlushBackoff => {
                queue.flush_backoff(now, pre_enqueue);
                let limit = model.cut(now);
                for id in model.in_pool(|pool| matches!(pool, Some(Pool::Backoff | Pool::ErrorBackoff))) {
                    if model.pods[&id].until >= limit {
                        continue;
                    }
                    if settings.pop_from_backoff {
                        model.go(id, Pool::Active, EventLabel::BACKOFF_COMPLETE);
                    } else {
                        model.gate_or(id, Pool::Active, EventLabel::BACKOFF_COMPLETE);
                    }
                }
            }
            Step::FlushUnschedulable => {
                queue.flush_unschedulable(now, pre_enqueue);
                for id in model.in_pool(|pool| pool == Some(Pool::Unschedulable)) {
                    if now - model.pods[&id].since > super::MAX_UNSCHEDULABLE {
                        model.requeue(id, EventLabel::UNSCHEDULABLE_TIMEOUT, now);
                    }
                }
            }
            Step::Close { classes } => model.closed = classes,
        }
        assert_eq!(queue.pending(), model.pending(), "after {step:?}");
        assert!(queue.groups().eq(model.groups()), "the groups after {step:?}");
        for (id, pod) in &model.pods {
            assert_eq!(queue.pool_of(*id), pod.pool, "the pool of {id} after {step:?}");
        }
        for group in model.groups() {
            let first = queue.first_of(group).and_then(|id| model.group(id));
            assert_eq!(first, Some(group), "a pod of the group after {step:?}");
        }
        // Moves may be told some time later.
        if number % 3 > 0 {
            continue;
        }
        let told = queue.moves().map(|(_, moves)| moves);
        let mut moves: Vec<Moved> =
            told.iter().flat_map(super::Moves::each).map(|(pod, one)| (pod, one.from, one.to, one.cause)).collect();
        moves.sort_unstable();
        model.moves.sort_unstable();
        assert_eq!(moves, model.moves, "the moves of {step:?}");
        let counted: u64 = told.iter().flat_map(super::Moves::moves).map(super::Move::count).sum();
        assert_eq!(counted, moves.len() as u64, "moves are counted");
        queue.forget_moves();
        model.moves.clear();
    }
    model.now = now;
    while let Some((id, early)) = queue.pop(now, None) {
        assert_eq!(Some((id, early)), model.next(), "at the end");
        model.pop(id);
        model.pods[&id].compare(queue.get(id).expect("it is being tried"));
    }
    assert_eq!(model.next(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Cohorts are a way to store the queue and no other queue.
    #[test]
    fn pods_that_move_together_move_as_they_would_alone(
        steps in steps(),
        pop_from_backoff: bool,
        most_seconds in prop_oneof![Just(1), Just(2), Just(10)],
    ) {
        let max_backoff = Span::from_secs(most_seconds);
        play(&steps, QueueSettings { max_backoff, pop_from_backoff, ..QueueSettings::default() });
    }
}
