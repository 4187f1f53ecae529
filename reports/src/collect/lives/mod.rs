//! The lives of pods and nodes: a row of `pods.csv` for each pod, written when it ends, one of `nodes.csv` for each node, written when it
//! leaves, and what the page tells of pods.
//!
//! The run only says what it alone knows, in a few bytes for each pod: see [`note`]. A thread beside it writes the tables, sums up what
//! pods took of nodes, and keeps lives for the page: see [`clerk`].

mod clerk;
mod node_sums;
mod note;
mod outages;
mod outcome;
mod selection;

use super::background::{Background, Ending};
use super::failures::Failures;
use super::other_resources::others;
use super::told_classes::ToldClasses;
use super::work_times::WorkTimes;
use crate::data::{Decision, PodRecords};
use crate::output::{OutputDir, OutputError};
use clerk::{LifeClerk, Tables};
use note::{ClassNote, LifeEnd, LifeNote, NodeEnd, Stay};
use outages::Outages;
use outcome::Outcome;
use rustc_hash::FxHashMap;
use std::path::PathBuf;
use towtank_sim::cluster::{Cause, Change, Cluster, Interest, NodeChange};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{Pod, PodPhase};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::model::{ClassId, NodeId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::phases::Phase;

/// Tells of the lives of pods and nodes.
pub struct LifeLog {
    clerk: Background<LifeClerk>,
    /// Whether lives are kept for the page.
    keeps: bool,
    /// Whether there are tables.
    writes: bool,
    /// Why pods that are on their way out were asked to go, where it was not their owner who wanted it.
    causes: FxHashMap<PodId, Cause>,
    told: ToldClasses,
    /// By slot of a pod: whether it was told how often it had been tried, and nobody has tried it since.
    counted: Vec<bool>,
    failures: Failures,
    work: WorkTimes,
    outages: Outages,
}

impl LifeLog {
    /// A log that keeps lives for the page, if that is asked for, and writes tables, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// A file cannot be created, or the system has no thread to spare.
    pub fn new(keeps: bool, tables: Option<&OutputDir>, parquet: bool) -> Result<Self, OutputError> {
        let tables = tables.map(|out| Tables::begin(out, parquet)).transpose()?;
        let writes = tables.is_some();
        let path = tables.as_ref().map_or_else(|| PathBuf::from("pods.csv"), |tables| tables.pods.path().to_owned());
        let no_thread = |source| OutputError::Io { action: "begin to write", path, source };
        let clerk = Background::new(LifeClerk::new(tables, keeps)).map_err(no_thread)?;
        let (causes, told, counted, failures, work, outages) = Default::default();
        Ok(Self { clerk, keeps, writes, causes, told, counted, failures, work, outages })
    }

    /// Tells of the pods and nodes that still exist, in order of creation.
    pub(super) fn end(mut self, cluster: &Cluster) -> Ending<Result<PodRecords, OutputError>> {
        // With their nodes the pods that live are entered, and the nodes' sums are closed: not twice.
        if self.writes {
            let mut nodes: Vec<&Node> = cluster.nodes().iter().collect();
            nodes.sort_by_key(|node| node.uid);
            for node in nodes {
                self.node_left(node, cluster, false);
            }
        }
        let mut pods: Vec<(PodId, &Pod)> = cluster.pods().iter().collect();
        pods.sort_by_key(|(_, pod)| pod.uid);
        for (id, pod) in pods {
            self.ended(id, pod, Outcome::so_far(pod), cluster, false);
        }
        self.clerk.end()
    }

    #[inline]
    fn tell(&mut self, note: &LifeNote<'_>) {
        note.note(&mut self.clerk.pad());
    }

    #[inline]
    fn ended(&mut self, id: PodId, pod: &Pod, outcome: Outcome, cluster: &Cluster, is_over: bool) {
        self.tell_class(pod.class, cluster);
        if self.keeps {
            self.failed(id, cluster);
        }
        // The count of attempts is in no cache any more: it was told when it was.
        let counted = self.counted.get_mut(id.index()).is_some_and(std::mem::take);
        let attempts = (!counted).then(|| cluster.pods().attempts(id));
        self.tell(&LifeNote::Ended(LifeEnd {
            pod: id.index(),
            class: pod.class.index(),
            name: pod.name.as_bytes(),
            outcome,
            node: pod.node.map(NodeId::index),
            attempts,
            created_ns: pod.created.0,
            bound_ns: pod.bound.get().map(|at| at.0),
            started_ns: pod.started.get().map(|at| at.0),
            until_ns: cluster.now.0,
            is_over,
            lost_ns: self.work.lost(id, cluster.now),
            usage: pod.usage,
        }));
        self.work.forget(id);
    }

    /// Tells of a class, once.
    #[inline]
    fn tell_class(&mut self, id: ClassId, cluster: &Cluster) {
        if !self.told.has(id) {
            self.tell_new_class(id, cluster);
        }
    }

    #[cold]
    fn tell_new_class(&mut self, id: ClassId, cluster: &Cluster) {
        self.told.add(id);
        let class = cluster.classes.get(id);
        self.tell(&LifeNote::Class(ClassNote {
            class: id.index(),
            namespace: &class.spec.namespace,
            priority: class.priority(),
            cpu_milli: class.requests.get(ResourceId::CPU),
            memory_bytes: class.requests.get(ResourceId::MEMORY),
            other_resources: &others(&class.requests, cluster),
        }));
    }

    /// If a pod's last attempt has failed: this may be the last time that it is known how.
    #[inline]
    fn failed(&mut self, id: PodId, cluster: &Cluster) {
        let Some(error) = cluster.pods().condition(id) else { return };
        let failure = self.failures.number(error).unwrap_or_else(|| {
            let number = self.failures.remember(error.clone());
            let words = error.message(&cluster.resources);
            self.tell(&LifeNote::Failure { number, words: &words });
            number
        });
        self.tell(&LifeNote::Failed { pod: id.index(), failure });
    }

    fn preempted(&mut self, preemptor: PodId, victims: &[PodId], cluster: &Cluster) {
        let Some(preemptor) = cluster.pod(preemptor) else { return };
        let by = format!("{}/{}", cluster.class_of(preemptor).spec.namespace, preemptor.name);
        for victim in victims {
            self.tell(&LifeNote::Preempted { pod: victim.index(), by: &by });
        }
    }

    /// A pod that lives requests something else from now on.
    fn reclassed(&mut self, id: PodId, old: ClassId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.class != old) else { return };
        let Some(node) = pod.node else { return };
        self.tell_class(old, cluster);
        self.tell_class(pod.class, cluster);
        let stay = self.stay(id, pod, cluster);
        self.tell(&LifeNote::Reclassed { node: node.index(), before: old.index(), stay });
    }

    fn stay(&self, id: PodId, pod: &Pod, cluster: &Cluster) -> Stay {
        Stay {
            class: pod.class.index(),
            held_ns: pod.bound.get().map_or(0, |bound| cluster.now.since(bound).0),
            worked_ns: self.work.of(id, pod, cluster.now),
            usage: pod.usage,
        }
    }

    fn node_left(&mut self, node: &Node, cluster: &Cluster, is_over: bool) {
        for id in &node.pods {
            if let Some(pod) = cluster.pod(*id).filter(|pod| pod.node == Some(node.id)) {
                self.tell_class(pod.class, cluster);
                let stay = self.stay(*id, pod, cluster);
                self.tell(&LifeNote::Stayed { node: node.id.index(), stay });
            }
        }
        let not_ready_ns = self.outages.close(node.id, cluster.now);
        self.tell(&LifeNote::NodeLeft(NodeEnd {
            slot: node.id.index(),
            zone: node.zone(),
            group: node.spec.group.as_deref().unwrap_or(""),
            other_resources: &others(&node.allocatable, cluster),
            cpu_milli: node.allocatable.get(ResourceId::CPU),
            memory_bytes: node.allocatable.get(ResourceId::MEMORY),
            pods: node.allocatable.get(ResourceId::PODS),
            added_ns: node.created.0,
            until_ns: cluster.now.0,
            is_over,
            not_ready_ns,
        }));
    }
}

impl Observer for LifeLog {
    fn interest(&self) -> NoteKinds {
        let ends = Interest::POD_DELETING.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        let mut changes = ends.and(Interest::NODES);
        // Attempts that repeat a failure say nothing new: told together, they are passed over.
        let attempts = NoteKinds::SCHEDULED.and(NoteKinds::FAILED).and(NoteKinds::FAILED_AGAIN);
        let mut kinds = NoteKinds::REFUSED.and(NoteKinds::CLASSES_FORGOTTEN).and(attempts);
        if self.writes {
            changes = changes.and(Interest::POD_UPDATED).and(Interest::POD_STARTED).and(Interest::POD_READINESS);
        }
        if self.keeps {
            kinds = kinds.and(NoteKinds::ATTEMPTS).and(NoteKinds::PREEMPTING);
        }
        NoteKinds::changes(changes).and(kinds)
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match *note {
            Note::SchedulingAttempt { pod, .. } => self.failed(pod, cluster),
            Note::Scheduled { pod: id, examined, feasible, best, ties, .. } => {
                let decision = Decision { examined, feasible, best, ties };
                let (pod, attempts) = (id.index(), cluster.pods().attempts(id));
                if self.counted.len() <= pod {
                    self.counted.resize(pod + 1, false);
                }
                self.counted[pod] = true;
                self.tell(&LifeNote::Decided { pod, attempts, decision });
            }
            // What was decided was not to be, and it was tried again.
            Note::FailedScheduling { pod, .. } => {
                if let Some(counted) = self.counted.get_mut(pod.index()) {
                    *counted = false;
                }
            }
            Note::Preempting { pod, victims, .. } => self.preempted(pod, victims, cluster),
            Note::Change(change) => self.changed(change, cluster),
            Note::Refused { namespace, name, refusal, .. } => {
                let message = &refusal.message;
                self.tell(&LifeNote::Refused { namespace, name, at_ns: cluster.now.0, message });
            }
            Note::ClassesForgotten(classes) => self.told.forget(classes),
            _ => {}
        }
    }
}

impl LifeLog {
    #[inline]
    fn changed(&mut self, change: Change, cluster: &Cluster) {
        match change {
            Change::PodDeleting(id, Cause::Deleted) => drop(self.causes.remove(&id)),
            Change::PodDeleting(id, cause) => drop(self.causes.insert(id, cause)),
            Change::PodFinished(id) => {
                self.causes.remove(&id);
                if let Some(pod) = cluster.pod(id) {
                    let succeeded = pod.phase == PodPhase::Succeeded;
                    let outcome = if succeeded { Outcome::Succeeded } else { Outcome::Failed };
                    self.ended(id, pod, outcome, cluster, true);
                }
            }
            Change::PodRemoved(id) => {
                let cause = self.causes.remove(&id).unwrap_or(Cause::Deleted);
                if let Some(pod) = cluster.pod(id) {
                    self.ended(id, pod, Outcome::Gone(cause), cluster, true);
                }
            }
            Change::PodUpdated(id, old) if self.writes => self.reclassed(id, old, cluster),
            Change::PodStarted(_) | Change::PodReadiness(_) => self.work.note(change, cluster),
            Change::NodeAdded(id) => {
                let node = cluster.node(id);
                self.outages.begin(id);
                self.tell(&LifeNote::Node { slot: id.index(), uid: node.uid, name: node.name() });
            }
            Change::NodeChanged(id, what) if what.contains(NodeChange::READY) => {
                self.outages.note(id, cluster.node(id).ready, cluster.now);
            }
            Change::NodeRemoved(id) if self.writes => self.node_left(cluster.node(id), cluster, true),
            _ => {}
        }
    }
}
