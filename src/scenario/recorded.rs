//! The Kubernetes objects of traces: recordings, audit logs, snapshots.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use towtank_policies::cel::Selector;
use towtank_sim::cluster::Cluster;
use towtank_sim::random::Streams;
use towtank_sim::source::{SourceError, Work};
use towtank_sim::time::Span;
use towtank_traces::repairs::Repairs;
use towtank_traces::replay::{AppliedObject, Objects};
use towtank_workloads::controllers::{Deployment, ReplicaSet};
use towtank_workloads::manifest::{Item, Manifests, ObjectStream, creation, replacement};

/// Kinds whose state the simulation keeps itself once they are there: a recorded change would undo what it did.
const KEPT: [&str; 3] = ["PersistentVolume", "PersistentVolumeClaim", "ResourceClaim"];

/// What is said of the objects of traces, read when the run is over. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct RecordedWarnings(Arc<Mutex<Vec<Arc<Mutex<Read>>>>>);

impl RecordedWarnings {
    /// All of it, so far.
    pub fn list(&self) -> Vec<String> {
        let read = |read: &Arc<Mutex<Read>>| {
            let read = read.lock().unwrap_or_else(PoisonError::into_inner);
            let own = read.counts.iter().map(|(message, count)| format!("{count} {message}"));
            read.stream.warnings().chain(own).collect::<Vec<_>>()
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().flat_map(read).collect()
    }
}

/// What is counted while the traces of a scenario are read.
pub(super) struct TraceReading {
    /// What is repaired.
    pub(super) repairs: Repairs,
    /// What is said of objects.
    pub(super) recorded: RecordedWarnings,
    streams: Streams,
}

impl TraceReading {
    pub(super) fn new(seed: u64) -> Self {
        let (repairs, recorded) = (Repairs::default(), RecordedWarnings::default());
        Self { repairs, recorded, streams: Streams::new(seed) }
    }

    /// What reads the objects of a trace, if it tells objects.
    pub(super) fn objects(&self) -> Box<dyn Objects> {
        let read = Arc::<Mutex<Read>>::default();
        self.recorded.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&read));
        Box::new(RecordedObjects { streams: self.streams, read })
    }
}

/// The objects of one part of a trace: they are read as manifests are.
struct RecordedObjects {
    streams: Streams,
    read: Arc<Mutex<Read>>,
}

#[derive(Debug, Default)]
struct Read {
    stream: ObjectStream,
    /// What the simulation does not follow, and how often.
    counts: BTreeMap<&'static str, u64>,
}

impl Objects for RecordedObjects {
    fn applied(
        &mut self,
        objects: Vec<AppliedObject>,
        scale: &dyn Fn(Span) -> Span,
        cluster: &mut Cluster,
    ) -> Result<Vec<Work>, SourceError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let placed = objects.into_iter().map(|applied| (applied.place, applied.object)).collect();
        let applied = read.stream.apply(placed, scale)?;
        let again: Vec<bool> = applied.iter().map(|applied| applied.again).collect();
        let manifests = Manifests::from(applied);
        manifests.check_expressions(|text| Selector::compile(text).map(drop))?;
        let mut work = Vec::with_capacity(again.len());
        for (planned, again) in manifests.submissions.into_iter().zip(again) {
            if !again {
                work.push(creation(planned, &self.streams, cluster));
            } else if let Some(why) = not_followed(&planned.item, cluster) {
                *read.counts.entry(why).or_default() += 1;
                if !is_kept(&planned.item) {
                    work.push(replacement(planned.item, cluster));
                }
            } else if changes(&planned.item, cluster) {
                work.push(replacement(planned.item, cluster));
            }
        }
        Ok(work)
    }

    fn deleted(
        &mut self,
        kind: &str,
        namespace: &str,
        name: &str,
        _: &mut Cluster,
    ) -> Result<Option<Work>, SourceError> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if !read.stream.delete(kind, namespace, name) {
            return Ok(None);
        }
        let (namespace, name) = (namespace.to_owned(), name.to_owned());
        let in_some = |namespace: String| if namespace.is_empty() { "default".to_owned() } else { namespace };
        Ok(Some(match kind {
            "Node" => Work::RemoveNode(name),
            "Pod" => Work::DeletePod { namespace: in_some(namespace), name, grace: None },
            _ => Work::DeleteObject { kind: kind.to_owned(), namespace, name },
        }))
    }
}

/// What of a change the simulation does not follow.
fn not_followed(item: &Item, cluster: &Cluster) -> Option<&'static str> {
    if is_kept(item) {
        return Some("changes of volumes and claims left out: the simulation keeps their state itself");
    }
    let Item::Object { namespace, name, body } = item else { return None };
    let there = cluster.objects().by_name(body.kind(), namespace, name)?;
    let new: &dyn Any = &**body;
    let template_changes = match (new.downcast_ref::<Deployment>(), new.downcast_ref::<ReplicaSet>()) {
        (Some(new), _) => cluster.objects().get::<Deployment>(there).is_some_and(|old| old.template != new.template),
        (_, Some(new)) => cluster.objects().get::<ReplicaSet>(there).is_some_and(|old| old.template != new.template),
        _ => false,
    };
    let why =
        "changes of a pod template without effect: pods are made from the first one, rollouts are not modelled yet";
    template_changes.then_some(why)
}

fn is_kept(item: &Item) -> bool {
    matches!(item, Item::Object { body, .. } if KEPT.contains(&body.kind()))
}

/// Whether the change of a node is one: recorded nodes tell every few minutes that they are still there.
fn changes(item: &Item, cluster: &Cluster) -> bool {
    let Item::Node(new) = item else { return true };
    cluster.nodes().by_name(&new.name).is_none_or(|id| *cluster.nodes().get(id).spec != **new)
}
