//! The lives of pods, for the page: of all of them, or of the most telling ones in bounded memory.

mod selection;

use super::pods::{others, outcome_so_far};
use crate::data::{Decision, PodRecord, PodRecords};
use selection::Selection;
use std::sync::Arc;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::{Pod, PodPhase};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::scheduler::FitError;

/// So many different failures are remembered as text: pods often fail for the same reasons one after the other.
const REMEMBERED: usize = 8;

/// Collects the lives of pods.
#[derive(Default)]
pub struct PodRecordCollector {
    kept: Selection,
    /// By slot: what is known of a live pod beside what the store has.
    known: Vec<Option<Box<Known>>>,
    decisions: Vec<Decision>,
    /// The latest failures and their words, the latest last.
    failures: Vec<(FitError, Arc<str>)>,
}

/// What few pods have.
#[derive(Debug, Default)]
struct Known {
    cause: Option<Cause>,
    reason: Option<Arc<str>>,
    preempted_by: Option<Arc<str>>,
}

impl PodRecordCollector {
    /// The lives of the pods that have ended and of those that still exist.
    pub fn finish(mut self, cluster: &Cluster) -> PodRecords {
        let mut rest: Vec<(PodId, &Pod)> = cluster.pods().iter().collect();
        rest.sort_by_key(|(_, pod)| pod.uid);
        for (id, pod) in rest {
            self.keep(id, pod, outcome_so_far(pod), cluster, false);
        }
        self.kept.finish()
    }

    fn keep(&mut self, id: PodId, pod: &Pod, outcome: &'static str, cluster: &Cluster, ended: bool) {
        let known = self.known.get_mut(id.index()).and_then(Option::take);
        let decision = self.decisions.get_mut(id.index()).map(std::mem::take);
        let until = pod.bound.get().unwrap_or(cluster.now);
        if !self.kept.wants(outcome, until.since(pod.created).0) {
            return;
        }
        let class = cluster.class_of(pod);
        let known = known.map(|known| *known).unwrap_or_default();
        let name = self.kept.name(&pod.name);
        let said = || cluster.pods().condition(id).map(|error| error.message(&cluster.resources).into());
        self.kept.add(PodRecord {
            namespace: class.spec.namespace.clone(),
            name,
            outcome,
            node: pod.node.map(|node| cluster.node(node).uid),
            priority: class.priority(),
            cpu_milli: class.requests.get(ResourceId::CPU),
            memory_bytes: class.requests.get(ResourceId::MEMORY),
            other_resources: others(&class.requests, cluster),
            attempts: cluster.pods().attempts(id),
            created_ns: pod.created.0,
            bound_ns: pod.bound.get().map(|at| at.0),
            started_ns: pod.started.get().map(|at| at.0),
            ended_ns: ended.then_some(cluster.now.0),
            decision: decision.filter(|decision| decision.examined > 0),
            reason: said().or(known.reason),
            preempted_by: known.preempted_by,
        });
    }

    fn known(&mut self, id: PodId) -> &mut Known {
        if self.known.len() <= id.index() {
            self.known.resize_with(id.index() + 1, || None);
        }
        self.known[id.index()].get_or_insert_default()
    }

    fn decided(&mut self, id: PodId, decision: Decision) {
        if self.decisions.len() <= id.index() {
            self.decisions.resize(id.index() + 1, Decision::default());
        }
        self.decisions[id.index()] = decision;
    }

    /// The pod is tried again: this may be the last time that its last failure is known.
    fn tried_again(&mut self, id: PodId, cluster: &Cluster) {
        let Some(error) = cluster.pods().condition(id) else { return };
        let known = self.failures.iter().rev().find(|(known, _)| known.says_the_same(error));
        let reason = if let Some((_, text)) = known {
            text.clone()
        } else {
            let text: Arc<str> = error.message(&cluster.resources).into();
            if self.failures.len() == REMEMBERED {
                self.failures.remove(0);
            }
            self.failures.push((error.clone(), text.clone()));
            text
        };
        self.known(id).reason = Some(reason);
    }
}

impl Observer for PodRecordCollector {
    fn interest(&self) -> NoteKinds {
        let changes = Interest::POD_DELETING.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        let scheduler = NoteKinds::ATTEMPTS.and(NoteKinds::PREEMPTING).and(NoteKinds::SCHEDULED);
        // Attempts that repeat a failure say nothing new: told together, they are passed over.
        NoteKinds::changes(changes).and(NoteKinds::REFUSED).and(scheduler).and(NoteKinds::FAILED_AGAIN)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match *note {
            Note::SchedulingAttempt { pod, .. } => self.tried_again(pod, cluster),
            Note::Scheduled { pod, examined, feasible, best, ties, .. } => {
                self.decided(pod, Decision { examined, feasible, best, ties });
            }
            Note::Preempting { pod, victims, .. } => {
                let Some(preemptor) = cluster.pod(pod) else { return };
                let namespace = &cluster.class_of(preemptor).spec.namespace;
                let by: Arc<str> = format!("{namespace}/{}", preemptor.name).into();
                for victim in victims {
                    self.known(*victim).preempted_by = Some(by.clone());
                }
            }
            Note::Change(Change::PodDeleting(id, cause)) if cause != Cause::Deleted => {
                self.known(id).cause = Some(cause);
            }
            Note::Change(Change::PodFinished(id)) => {
                if let Some(pod) = cluster.pod(id) {
                    let outcome = if pod.phase == PodPhase::Succeeded { "succeeded" } else { "failed" };
                    self.keep(id, pod, outcome, cluster, true);
                }
            }
            Note::Change(Change::PodRemoved(id)) => {
                if let Some(pod) = cluster.pod(id) {
                    let known = self.known.get(id.index()).and_then(Option::as_ref);
                    let cause = known.and_then(|known| known.cause).unwrap_or(Cause::Deleted);
                    self.keep(id, pod, cause.as_str(), cluster, true);
                }
            }
            Note::Refused { namespace, name, refusal, .. } if self.kept.wants("rejected", 0) => {
                let name = self.kept.name(name);
                self.kept.add(PodRecord {
                    namespace: namespace.into(),
                    name,
                    outcome: "rejected",
                    created_ns: cluster.now.0,
                    ended_ns: Some(cluster.now.0),
                    reason: Some(refusal.message.as_str().into()),
                    ..PodRecord::default()
                });
            }
            _ => {}
        }
    }
}
