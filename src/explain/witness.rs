//! Watches a run for one pod.

use super::details;
use super::model::{Attempt, End, Life, Moment, Outcome, Preemption, QueueMove, Refusal};
use super::target::Target;
use super::{FEW_ATTEMPTS, Options};
use crate::diagnostic::Nearest;
use crate::scenario::TieBreakSpec;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use towtank_sim::cluster::{Cause, Change, Cluster};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::PodPhase;
use towtank_sim::observe::{Note, Observer};
use towtank_sim::scheduler::{Moves, Pool, Profile};

/// Keeps what happens to one pod.
pub(super) struct Witness<'a> {
    target: &'a Target,
    options: &'a Options,
    tie_break: TieBreakSpec,
    /// The attempt after which nothing more is to be seen.
    last_attempt: Option<u32>,
    seen_enough: Rc<Cell<bool>>,
    /// The pod, while it exists.
    pod: Option<PodId>,
    /// What the queue did with it since the last attempt.
    moves: Vec<QueueMove>,
    /// Why it is to go.
    cause: Option<Cause>,
    /// The pods of the name so far.
    pub(super) lives: Vec<Life>,
    /// The times when admission refused it.
    pub(super) refusals: Vec<Refusal>,
    /// The namespaces in which there is a pod of the name.
    pub(super) namespaces: BTreeSet<String>,
    /// The pod that is called most alike.
    pub(super) nearest: Nearest,
}

impl<'a> Witness<'a> {
    /// Watches for the target, which was asked for in these words.
    pub(super) fn new(written: &str, target: &'a Target, options: &'a Options, tie_break: TieBreakSpec) -> Self {
        Self {
            target,
            options,
            tie_break,
            last_attempt: target.last_attempt(options),
            seen_enough: Rc::default(),
            pod: None,
            moves: Vec::new(),
            cause: None,
            lives: Vec::new(),
            refusals: Vec::new(),
            namespaces: BTreeSet::new(),
            nearest: Nearest::to(written),
        }
    }

    /// Becomes true when the rest of the run has nothing more to show.
    pub(super) fn seen_enough(&self) -> Rc<Cell<bool>> {
        Rc::clone(&self.seen_enough)
    }

    /// The run is over, or left.
    pub(super) fn end(&mut self, cluster: &Cluster) {
        let moves = std::mem::take(&mut self.moves);
        for attempt in self.lives.iter_mut().flat_map(|life| &mut life.attempts) {
            if let (Outcome::Undecided, Some(found)) = (&attempt.result, &mut attempt.details) {
                details::decided(found, None, self.options.top, self.tie_break);
            }
        }
        let Some(life) = self.lives.last_mut() else { return };
        life.since.extend(moves);
        let Some(pod) = self.pod.and_then(|id| cluster.pod(id)) else { return };
        let outcome = match (pod.deleting.get(), pod.node, pod.phase) {
            (Some(_), ..) => "terminating",
            (None, None, _) => "pending",
            (None, Some(_), PodPhase::Pending) => "starting",
            (None, Some(_), _) => "running",
        };
        outcome.clone_into(&mut life.end.outcome);
    }

    fn is_asked_for(&self, namespace: &str, name: &str) -> bool {
        name == self.target.name && self.target.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
    }

    fn created(&mut self, id: PodId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let class = cluster.class_of(pod);
        let namespace = &*class.spec.namespace;
        if !self.is_asked_for(namespace, &pod.name) {
            if self.lives.is_empty() && self.target.namespace.is_some() {
                self.nearest.offer(&format!("{namespace}/{}", pod.name));
            } else if self.lives.is_empty() {
                self.nearest.offer(&pod.name);
            }
            return;
        }
        self.namespaces.insert(namespace.to_owned());
        if self.namespaces.len() > 1 {
            // Which one is meant cannot be told.
            self.seen_enough.set(true);
            return;
        }
        self.pod = Some(id);
        self.cause = None;
        self.moves.clear();
        let (created, priority) = (Moment(pod.created), class.priority());
        self.lives.push(Life { created, priority, attempts: Vec::new(), since: Vec::new(), end: End::default() });
    }

    fn changed(&mut self, change: Change, cluster: &Cluster) {
        let now = Moment(cluster.now);
        let pod = self.pod;
        let own = |id: PodId| pod == Some(id);
        let Some(life) = self.lives.last_mut() else { return };
        match change {
            Change::PodBound(id, node) if own(id) => {
                life.end.node = Some(cluster.node(node).name().to_owned());
                life.end.bound = Some(now);
            }
            Change::PodStarted(id) if own(id) => life.end.started = Some(now),
            Change::PodNominated { pod: id, .. } if own(id) => {
                let node = cluster.pod(id).and_then(|pod| Some(&**pod.nominated_node()?));
                if let (Some(attempt), Some(node)) = (life.attempts.last_mut(), node) {
                    attempt.nominated = Some(node.to_owned());
                }
            }
            Change::PodDeleting(id, cause) if own(id) => self.cause = Some(cause),
            Change::PodFinished(id) if own(id) => {
                let succeeded = cluster.pod(id).is_some_and(|pod| pod.phase == PodPhase::Succeeded);
                self.ended(if succeeded { "succeeded" } else { "failed" }, now);
            }
            Change::PodRemoved(id) if own(id) => {
                let cause = self.cause.unwrap_or(Cause::Deleted);
                self.ended(cause.as_str(), now);
            }
            _ => {}
        }
    }

    fn ended(&mut self, outcome: &str, now: Moment) {
        if let Some(life) = self.lives.last_mut() {
            outcome.clone_into(&mut life.end.outcome);
            life.end.ended = Some(now);
            life.since.append(&mut self.moves);
        }
        self.pod = None;
    }

    fn moved(&mut self, moves: Moves<'_>, profile: &Profile, cluster: &Cluster) {
        for (_, one) in moves.each().filter(|(pod, _)| Some(*pod) == self.pod) {
            self.moves.push(QueueMove {
                at: Moment(cluster.now),
                event: one.cause.to_string(),
                from: one.from.map(|from| pool(from, profile)),
                to: pool(one.to, profile),
            });
        }
    }

    fn tried(&mut self, early: bool, cluster: &Cluster) {
        let number = self.pod.map_or(0, |id| cluster.pods().attempts(id));
        let Some(life) = self.lives.last_mut() else { return };
        // Of many attempts only those are kept with details that will be told.
        if self.options.attempts.is_none()
            && number > FEW_ATTEMPTS
            && let [_, others @ ..] = &mut life.attempts[..]
        {
            for attempt in others {
                attempt.details = None;
            }
        }
        life.attempts.push(Attempt {
            number,
            at: Moment(cluster.now),
            early,
            woken_by: std::mem::take(&mut self.moves),
            result: Outcome::Undecided,
            preempts: None,
            nominated: None,
            details: None,
        });
    }

    fn attempt(&mut self) -> Option<&mut Attempt> {
        self.lives.last_mut()?.attempts.last_mut()
    }

    fn decided(&mut self, result: Outcome) {
        let (top, tie_break) = (self.options.top, self.tie_break);
        let Some(attempt) = self.attempt() else { return };
        if let Some(found) = &mut attempt.details {
            let chosen = match &result {
                Outcome::Bound { node, .. } => Some(node.as_str()),
                _ => None,
            };
            details::decided(found, chosen, top, tie_break);
        }
        attempt.result = result;
        let number = attempt.number;
        if self.last_attempt.is_some_and(|last| number >= last) {
            self.seen_enough.set(true);
        }
    }
}

impl Observer for Witness<'_> {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let at = Moment(cluster.now);
        match *note {
            Note::Change(Change::PodCreated(pod)) => self.created(pod, cluster),
            Note::Change(change) => self.changed(change, cluster),
            Note::Refused { namespace, name, refusal, .. } if self.is_asked_for(namespace, name) => {
                self.namespaces.insert(namespace.to_owned());
                self.refusals.push(Refusal { at, message: refusal.message.clone() });
            }
            Note::QueueMoves { moves, profile } => self.moved(moves, profile, cluster),
            Note::SchedulingAttempt { pod, early, .. } if self.pod == Some(pod) => self.tried(early, cluster),
            Note::Inspected { pod, inspection, profile } if self.pod == Some(pod) => {
                let details = details::of(pod, inspection, profile, cluster, self.options.all_nodes);
                if let Some(attempt) = self.attempt() {
                    attempt.details = Some(details);
                }
            }
            Note::Preempting { pod, node, victims } if self.pod == Some(pod) => {
                let victims = victims.iter().map(|id| full_name(*id, cluster)).collect();
                let node = cluster.node(node).name().to_owned();
                if let Some(attempt) = self.attempt() {
                    attempt.preempts = Some(Preemption { node, victims });
                }
            }
            Note::FailedScheduling { pod, error, queue, profile, .. } if self.pod == Some(pod) => {
                let plugins = profile.names(error.plugins).into_iter().map(str::to_owned).collect();
                let queue = queue.map(|queue| pool(queue, profile));
                self.decided(Outcome::Failed { message: error.message(&cluster.resources), plugins, queue, at });
            }
            Note::Scheduled { pod, node, .. } if self.pod == Some(pod) => {
                self.decided(Outcome::Bound { node: cluster.node(node).name().to_owned(), at });
            }
            _ => {}
        }
    }
}

/// `NAMESPACE/NAME` of a pod.
fn full_name(id: PodId, cluster: &Cluster) -> String {
    cluster.pod(id).map_or_else(String::new, |pod| format!("{}/{}", cluster.class_of(pod).spec.namespace, pod.name))
}

/// The name of a pool of the queue.
fn pool(pool: Pool, profile: &Profile) -> String {
    match pool {
        Pool::Active => "active".to_owned(),
        Pool::Backoff => "backoff".to_owned(),
        Pool::ErrorBackoff => "error backoff".to_owned(),
        Pool::Unschedulable => "unschedulable".to_owned(),
        Pool::Gated(plugin) => format!("gated by {}", profile.plugins[usize::from(plugin)].name()),
    }
}
