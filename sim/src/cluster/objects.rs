//! Every API object that is neither a pod nor a node, whatever its type.

use super::Fingerprint;
use crate::model::ObjectId;
use crate::model::labels::LabelSelector;
use crate::model::pod::PodSpec;
use crate::time::SimTime;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use thiserror::Error;

/// What an API object is to the store. Any crate may bring its own, together with the controller that acts on it.
pub trait Object: Any + Debug + Send {
    /// The kind in manifests, such as `Deployment`.
    fn kind(&self) -> &'static str;

    /// `spec.replicas`, for kinds with a scale subresource.
    fn replicas(&self) -> Option<u32> {
        None
    }

    /// Sets `spec.replicas`, for kinds with a scale subresource.
    fn set_replicas(&mut self, _replicas: u32) {}

    /// The labels that select pods, for kinds whose objects stand for a set of pods: services and workload controllers.
    fn pod_selector(&self) -> Option<&LabelSelector> {
        None
    }

    /// What the pods of a DaemonSet are, for those who want to know what nodes will run that are still to come.
    fn daemon_pod(&self) -> Option<&Arc<PodSpec>> {
        None
    }

    /// A copy, for kinds of which somebody has to know what an object said before its last change.
    fn snapshot(&self) -> Option<Box<dyn Object>> {
        None
    }

    /// Takes over from the object that it replaces what the API server does not take from a user: its status, and what controllers have
    /// written on it.
    fn keep_status(&mut self, _old: &dyn Object) {}

    /// Folds what the object says into the fingerprint.
    fn fold(&self, into: &mut Fingerprint);
}

/// What every object has.
#[derive(Clone, Debug)]
pub struct ObjectMeta {
    /// Its id.
    pub id: ObjectId,
    /// Unique in the run, in order of creation.
    pub uid: u64,
    /// The kind.
    pub kind: &'static str,
    /// The namespace; empty for kinds that have none.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The controller that owns it.
    pub owner: Option<ObjectId>,
    /// When it was created.
    pub created: SimTime,
    /// How often it has changed since, for those who remember what they saw.
    pub version: u64,
    /// `metadata.generation`: 1, and one more with every change of what is wanted of it.
    pub generation: u64,
}

/// An object with its metadata.
#[derive(Debug)]
pub struct ObjectEntry {
    /// What every object has.
    pub meta: ObjectMeta,
    /// What this kind has.
    pub body: Box<dyn Object>,
    /// What it said before its last change, for kinds with [`Object::snapshot`].
    pub previous: Option<Box<dyn Object>>,
    leaving: bool,
}

/// Two objects of one kind, namespace and name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{kind} \"{name}\" already exists")]
pub struct ObjectExists {
    /// The kind.
    pub kind: &'static str,
    /// The name.
    pub name: String,
}

type Key = (&'static str, Arc<str>, Arc<str>);

/// The objects that exist.
#[derive(Debug, Default)]
pub struct Objects {
    entries: BTreeMap<ObjectId, ObjectEntry>,
    by_name: BTreeMap<Key, ObjectId>,
    next: u32,
    kind_versions: BTreeMap<&'static str, u64>,
    selector_version: u64,
    version: u64,
}

impl Objects {
    /// The object with its metadata.
    pub fn entry(&self, id: ObjectId) -> Option<&ObjectEntry> {
        self.entries.get(&id)
    }

    /// The metadata.
    pub fn meta(&self, id: ObjectId) -> Option<&ObjectMeta> {
        self.entries.get(&id).map(|entry| &entry.meta)
    }

    /// The version of an object that has not left: from the moment that it is removed it is only there for those who are told so.
    pub fn version_of(&self, id: ObjectId) -> Option<u64> {
        self.entries.get(&id).filter(|entry| !entry.leaving).map(|entry| entry.meta.version)
    }

    /// The object, if it exists and is a `T`.
    pub fn get<T: Object>(&self, id: ObjectId) -> Option<&T> {
        let body: &dyn Any = &*self.entries.get(&id)?.body;
        body.downcast_ref()
    }

    /// What the object said before its last change, if it is a `T` and of a kind with [`Object::snapshot`].
    pub fn previous<T: Object>(&self, id: ObjectId) -> Option<&T> {
        let body: &dyn Any = &**self.entries.get(&id)?.previous.as_ref()?;
        body.downcast_ref()
    }

    /// Every object that has not left, in order of kind, namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &ObjectEntry> + '_ {
        self.by_name.values().filter_map(|id| self.entries.get(id))
    }

    /// The object of this kind, namespace and name.
    pub fn by_name(&self, kind: &str, namespace: &str, name: &str) -> Option<ObjectId> {
        let by_name: &BTreeMap<(&str, Arc<str>, Arc<str>), ObjectId> = &self.by_name;
        by_name.get(&(kind, namespace.into(), name.into())).copied()
    }

    /// The object of this kind, namespace and name with its metadata, if it is a `T`.
    pub fn named<T: Object>(&self, kind: &str, namespace: &str, name: &str) -> Option<(&ObjectMeta, &T)> {
        let id = self.by_name(kind, namespace, name)?;
        Some((self.meta(id)?, self.get(id)?))
    }

    /// The objects of type `T` that have not left, in order of namespace and name.
    pub fn of_kind<T: Object>(&self, kind: &'static str) -> impl Iterator<Item = (&ObjectMeta, &T)> + '_ {
        let first: Key = (kind, "".into(), "".into());
        self.by_name.range(first..).take_while(move |(key, _)| key.0 == kind).filter_map(|(_, id)| {
            let entry = self.entries.get(id)?;
            let body: &dyn Any = &*entry.body;
            Some((&entry.meta, body.downcast_ref()?))
        })
    }

    /// The objects of this kind that have not left, whatever their type, in order of namespace and name.
    pub fn all_of(&self, kind: &'static str) -> impl Iterator<Item = &ObjectEntry> + '_ {
        let first: Key = (kind, "".into(), "".into());
        self.by_name.range(first..).take_while(move |(key, _)| key.0 == kind).filter_map(|(_, id)| self.entries.get(id))
    }

    /// The objects of this kind and namespace that have not left, in order of name.
    pub fn in_namespace(&self, kind: &'static str, namespace: &str) -> impl Iterator<Item = &ObjectEntry> + '_ {
        let first: Key = (kind, namespace.into(), "".into());
        let namespace = first.1.clone();
        let of_both = move |(key, _): &(&Key, &ObjectId)| key.0 == kind && key.1 == namespace;
        self.by_name.range(first..).take_while(of_both).filter_map(|(_, id)| self.entries.get(id))
    }

    /// Grows whenever an object of this kind comes, changes or goes.
    pub fn kind_version(&self, kind: &str) -> u64 {
        self.kind_versions.get(kind).copied().unwrap_or(0)
    }

    /// Grows whenever any object comes, changes or goes.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Grows whenever an object that selects pods ([`Object::pod_selector`]) comes, goes or is replaced.
    pub fn selector_version(&self) -> u64 {
        self.selector_version
    }

    fn note_change(&mut self, kind: &'static str, selects: bool) {
        *self.kind_versions.entry(kind).or_default() += 1;
        self.selector_version += u64::from(selects);
        self.version += 1;
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(super) fn get_mut<T: Object>(&mut self, id: ObjectId) -> Option<&mut T> {
        let entry = self.entries.get_mut(&id).filter(|entry| !entry.leaving)?;
        let body: &mut dyn Any = &mut *entry.body;
        body.downcast_mut()
    }

    pub(super) fn insert(
        &mut self,
        namespace: &str,
        name: &str,
        owner: Option<ObjectId>,
        uid: u64,
        created: SimTime,
        body: Box<dyn Object>,
    ) -> Result<ObjectId, ObjectExists> {
        let kind = body.kind();
        let key: Key = (kind, namespace.into(), name.into());
        if self.by_name.contains_key(&key) {
            return Err(ObjectExists { kind, name: name.to_owned() });
        }
        let id = ObjectId::new(self.next);
        self.next += 1;
        let meta = ObjectMeta {
            id,
            uid,
            kind,
            namespace: key.1.clone(),
            name: key.2.clone(),
            owner,
            created,
            version: 0,
            generation: 1,
        };
        self.note_change(kind, body.pod_selector().is_some());
        self.by_name.insert(key, id);
        self.entries.insert(id, ObjectEntry { meta, body, previous: None, leaving: false });
        Ok(id)
    }

    /// Keeps what an object says, as it is about to change.
    pub(super) fn keep_previous(&mut self, id: ObjectId) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.previous = entry.body.snapshot();
            entry.meta.version += 1;
            let kind = entry.meta.kind;
            self.note_change(kind, false);
        }
    }

    /// Something else is wanted of an object.
    pub(super) fn next_generation(&mut self, id: ObjectId) {
        if let Some(entry) = self.entries.get_mut(&id).filter(|entry| !entry.leaving) {
            entry.meta.generation += 1;
        }
    }

    /// Replaces what an object says; whether it is there.
    pub(super) fn replace(&mut self, id: ObjectId, body: Box<dyn Object>) -> bool {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| !entry.leaving) else { return false };
        let selects = entry.body.pod_selector().is_some() || body.pod_selector().is_some();
        entry.body = body;
        entry.meta.generation += 1;
        self.selector_version += u64::from(selects);
        self.version += 1;
        true
    }

    /// The object, whatever its type.
    pub(super) fn body_mut(&mut self, id: ObjectId) -> Option<&mut dyn Object> {
        let entry = self.entries.get_mut(&id).filter(|entry| !entry.leaving)?;
        Some(&mut *entry.body)
    }

    pub(super) fn scale(&mut self, id: ObjectId, replicas: u32) -> bool {
        let Some(entry) = self.entries.get_mut(&id).filter(|entry| !entry.leaving) else { return false };
        if entry.body.replicas().is_none_or(|now| now == replicas) {
            return false;
        }
        entry.body.set_replicas(replicas);
        entry.meta.generation += 1;
        let kind = entry.meta.kind;
        self.note_change(kind, false);
        true
    }

    pub(super) fn fold(&self, id: ObjectId, into: &mut Fingerprint) {
        if let Some(entry) = self.entries.get(&id) {
            entry.body.fold(into);
        }
    }

    /// Marks an object as gone; whether it was there.
    pub(super) fn leave(&mut self, id: ObjectId) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        if std::mem::replace(&mut entry.leaving, true) {
            return false;
        }
        let (meta, selects) = (&entry.meta, entry.body.pod_selector().is_some());
        let kind = meta.kind;
        self.by_name.remove(&(kind, meta.namespace.clone(), meta.name.clone()));
        self.note_change(kind, selects);
        true
    }

    pub(super) fn free(&mut self, id: ObjectId) {
        self.entries.remove(&id);
    }
}
