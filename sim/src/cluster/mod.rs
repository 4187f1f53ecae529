//! The API server's store: every pod, node and object, the sums over them, and the feed of what changed.
//!
//! The store enforces what no component may break (a pod is bound once, a node's sums equal its pods) and judges nothing
//! else. What has gone is never changed again, though it can be looked up until everyone has heard of it. Each change is
//! folded into the fingerprint and put on the feed, which the engine hands to the controllers.

mod action;
mod admission;
mod attempts;
mod change_log;
mod classes;
mod feed;
mod fingerprint;
mod hearers;
mod kinds;
mod namespace;
mod node_changes;
mod node_load;
mod nodes;
mod object_changes;
mod objects;
mod pages;
mod placement_index;
mod placements;
mod placing;
mod pod_life;
mod pod_names;
mod pods;
mod quota_index;
mod read_ahead;
mod refusal;
mod resource_quota;
mod totals;
mod unbound;

pub use action::{Action, ObjectChange};
pub use admission::{Admission, AdmissionPlugin};
pub use change_log::ChangeLog;
pub use classes::{ClassWatch, Classes, Stayed};
pub use feed::{Cause, Change, Interest, NodeChange};
pub use fingerprint::Fingerprint;
pub(crate) use hearers::{Hearers, Topic};
pub use namespace::Namespace;
pub use node_load::NodeLoad;
pub use nodes::{DuplicateNode, Nodes};
pub use objects::{Object, ObjectEntry, ObjectExists, ObjectMeta, Objects};
pub use placements::{Placed, PlacementChange, Placements};
pub use pods::Pods;
pub(crate) use read_ahead::LOOKS;
pub use refusal::Refusal;
pub use resource_quota::{Charge, QuotaScope, ResourceQuota, ScopeOperator, ScopeRequirement};
pub use totals::{Counters, Totals};

use crate::model::gpu::GPU_MILLI;
use crate::model::node::Node;
use crate::model::pod::{Pod, PodClass, PodSpec, Submitted};
use crate::model::resources::ResourceTable;
use crate::model::{ClassId, NodeId, PodId};
use crate::phases::Phases;
use crate::time::{SimTime, Span};
use placements::PlacementTable;
use quota_index::QuotaIndex;
use std::collections::VecDeque;

/// The state of one simulated cluster.
#[derive(Debug, Default)]
pub struct Cluster {
    /// The current instant.
    pub now: SimTime,
    /// The resources' columns.
    pub resources: ResourceTable,
    /// The classes of the pods.
    pub classes: Classes,
    /// What judges and completes new pods.
    pub admission: Admission,
    /// Whether no controller keeps the status of objects up to date, so that what manifests say of it counts.
    pub statuses_as_given: bool,
    /// Whether the eviction API asks nobody, and pods that it evicts are gone at once.
    pub evictions_at_once: bool,
    /// Whether a pod that has ended stays until somebody deletes it, as in a real cluster. Otherwise it leaves when everyone has
    /// heard of its end, and memory follows the pods that work.
    pub keeps_finished: bool,
    /// How long a request of a controller to the API server takes. What it asks for happens at once, and its one worker looks at
    /// nothing else for so long.
    pub write_latency: Span,
    /// The date of time 0, in seconds since 1970 UTC.
    pub epoch_second: i64,
    /// Who works how long, if somebody measures it.
    pub phases: Phases,
    nodes: Nodes,
    pods: Pods,
    objects: Objects,
    placements: PlacementTable,
    quotas: QuotaIndex,
    totals: Totals,
    counters: Counters,
    feed: VecDeque<Change>,
    /// What controllers want to hear of.
    pub(crate) heard: Interest,
    fingerprint: Fingerprint,
    next_uid: u64,
    version: u64,
}

impl Cluster {
    /// The nodes.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The node, which must exist.
    #[inline]
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id)
    }

    /// The pods.
    pub fn pods(&self) -> &Pods {
        &self.pods
    }

    /// The pod, if it still exists.
    #[inline]
    pub fn pod(&self, id: PodId) -> Option<&Pod> {
        self.pods.get(id)
    }

    /// The class of a pod.
    #[inline]
    pub fn class_of(&self, pod: &Pod) -> &PodClass {
        self.classes.get(pod.class)
    }

    /// The objects that are neither pods nor nodes.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// Where the pods of each class are.
    pub fn placements(&self) -> Placements<'_> {
        Placements { table: &self.placements, nodes: &self.nodes, pods: &self.pods }
    }

    /// Sums over what exists now.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Counts of what has happened.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Grows with every change of a node or of what is on it, and when one comes or goes.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The hash of every change so far.
    pub fn fingerprint(&self) -> u128 {
        self.fingerprint.value()
    }

    /// Tells of every change that has not been told, in order, and frees what is gone. The engine does this for the controllers;
    /// this is for those who look at a cluster without any.
    pub fn deliver(&mut self, mut tell: impl FnMut(Change, &Self)) {
        while !self.is_at_rest() {
            let change = self.next_change();
            tell(change, self);
            self.settle(change);
        }
    }

    /// How many changes are still to be told of.
    pub fn untold(&self) -> usize {
        self.feed.len()
    }

    /// The next change that the controllers have not heard of. There is one, unless the cluster [is at rest](Cluster::is_at_rest): one that may
    /// be none is copied in parts, and the processor waits until they are together.
    #[inline]
    pub(crate) fn next_change(&mut self) -> Change {
        let change = self.feed[0];
        self.feed.pop_front();
        change
    }

    /// What controllers want to hear of.
    pub(crate) fn heard(&self) -> Interest {
        self.heard
    }

    /// The next change, if it is one of which nobody but the observers has to hear, and which frees nothing.
    pub(crate) fn next_unheard(&mut self) -> Option<Change> {
        let change = *self.feed.front()?;
        let passes = matches!(change, Change::PodUnschedulable(_)) && !self.heard.covers(change);
        passes.then(|| self.feed.pop_front()).flatten()
    }

    /// Whether everyone has been told of every change but the one that is being delivered.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.feed.is_empty()
    }

    /// Frees what has gone, now that everyone has heard of it.
    pub(crate) fn settle(&mut self, change: Change) {
        match change {
            // It has left its node, but its object stays.
            Change::PodFinished(_) if self.keeps_finished => {}
            Change::PodFinished(id) | Change::PodRemoved(id) => {
                let node = self.pods.get(id).and_then(Pod::placed_on);
                self.pods.free(id);
                if let Some(node) = node {
                    self.nodes.free_if_empty(node);
                }
            }
            Change::NodeRemoved(id) => self.nodes.told(id),
            Change::ObjectRemoved(id) => self.objects.free(id),
            _ => {}
        }
    }

    /// The class of a specification, for good.
    pub fn intern(&mut self, spec: PodSpec) -> ClassId {
        self.classes.intern(spec, true, &mut self.resources)
    }

    /// The class of a specification, until the [era](Classes::era) ends, and as long as a pod has it.
    pub fn intern_for_now(&mut self, spec: PodSpec) -> ClassId {
        self.classes.intern(spec, false, &mut self.resources)
    }

    /// A pod of this specification, to be created of which perhaps no other one will come. Once admission has completed it, it shares a class
    /// with those that are like it.
    pub fn submit_alone(&mut self, spec: PodSpec) -> Submitted {
        // Resources have their columns in the order in which they are first heard of.
        let knows = |list| self.resources.has_all(list);
        if !spec.resource_lists().all(knows) || (spec.gpu.is_some() && self.resources.get(GPU_MILLI).is_none()) {
            PodClass::new(spec.clone(), &mut self.resources);
        }
        Submitted::Alone(Box::new(spec))
    }

    /// The class of what was submitted, for good.
    pub fn intern_submitted(&mut self, submitted: Submitted) -> ClassId {
        match submitted {
            Submitted::Class(id) => {
                self.classes.keep(id);
                id
            }
            Submitted::Alone(spec) => self.intern(*spec),
        }
    }

    /// What was submitted says this.
    pub fn spec_of<'a>(&'a self, submitted: &'a Submitted) -> &'a PodSpec {
        match submitted {
            Submitted::Class(id) => &self.classes.get(*id).spec,
            Submitted::Alone(spec) => spec,
        }
    }

    /// Forgets the classes that no pod has and that were interned for now only. Every change has been told of. The engine does this when
    /// there are many; this is for those who look at a cluster without any.
    pub fn forget_classes(&mut self) {
        self.forget_other_classes(Vec::new(), |_, _| ());
    }

    /// The same, but for the classes that are needed without pods, of which `needed` has a place for each. `tell` may look at the others for
    /// the last time.
    pub(crate) fn forget_other_classes(&mut self, mut needed: Vec<bool>, tell: impl FnOnce(&[ClassId], &Self)) {
        debug_assert!(self.is_at_rest(), "those who hear of a change look up what it names");
        needed.resize(self.classes.slots(), false);
        let placed = self.placements().classes();
        let waiting = self.pods.unbound().filter_map(|id| Some(self.pods.get(id)?.class));
        placed.chain(waiting).for_each(|id| needed[id.index()] = true);
        if self.keeps_finished {
            self.pods.iter().for_each(|(_, pod)| needed[pod.class.index()] = true);
        }
        debug_assert!(self.pods.iter().all(|(_, pod)| needed[pod.class.index()]), "a pod waits or is on a node");
        let idle = self.classes.idle(&needed);
        tell(&idle, self);
        self.classes.forget(&idle);
        self.admission.forget();
    }

    #[allow(
        clippy::inline_always,
        reason = "where the kind is known, the change is written where it waits; copied from elsewhere, it would be read as a whole just after it \
                  was written in parts"
    )]
    #[inline(always)]
    pub(super) fn emit(&mut self, change: Change) {
        let (code, [first, second]) = change.words(self);
        self.fingerprint.fold_change(self.now, code, first, second);
        self.feed.push_back(change);
    }

    pub(super) fn take_uid(&mut self) -> u64 {
        self.next_uid += 1;
        self.next_uid - 1
    }
}
