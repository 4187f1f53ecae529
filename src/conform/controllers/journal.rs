//! The journal of a run, in the form of a recording.

use super::objects;
use super::recorder::Recorder;
use super::shared::SharedRef;
use super::status;
use super::told;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use towtank_sim::cluster::{Cause, Change, Cluster};
use towtank_sim::model::{ObjectId, PodId};
use towtank_sim::observe::{Note, Observer, Regarding};

/// Events about pods' creation and deletion repeat the actions.
const REPEAT_ACTIONS: [&str; 2] = ["SuccessfulCreate", "SuccessfulDelete"];

pub(super) struct Journal {
    shared: SharedRef,
    events: Vec<Value>,
    recorder: Recorder,
    /// What was wanted of each object and pod when it was last told of.
    wanted: BTreeMap<ObjectId, Map<String, Value>>,
    pods: BTreeMap<u64, Map<String, Value>>,
}

impl Journal {
    pub(super) fn new(shared: &SharedRef) -> Self {
        Self {
            shared: Rc::clone(shared),
            events: Vec::new(),
            recorder: Recorder::default(),
            wanted: BTreeMap::new(),
            pods: BTreeMap::new(),
        }
    }

    fn tell(&self, by: &str, what: &str, kind: &str, more: Map<String, Value>, cluster: &Cluster) {
        let row = told::row(cluster.now, by, what, kind, more);
        self.shared.borrow_mut().actions.push(row);
    }

    fn changed(&mut self, change: Change, cluster: &Cluster) {
        let by = self.shared.borrow_mut().cause();
        match change {
            Change::PodCreated(id) => self.pod_created(id, by, cluster),
            Change::PodBound(id, node) if by == "scheduler" => {
                let mut row = self.named(id, cluster);
                row.insert("node".into(), (&*cluster.node(node).spec.name).into());
                self.tell(by, "bind", "Pod", row, cluster);
            }
            Change::PodDeleting(id, cause) => {
                let mut row = self.named(id, cluster);
                if let Some(grace) = cluster.pod(id).and_then(towtank_sim::model::pod::Pod::grace) {
                    row.insert("grace".into(), (grace.0 / 1_000_000_000).into());
                }
                debug_assert!(cause != Cause::Preempted, "nobody preempts here");
                self.tell(by, "delete", "Pod", row, cluster);
            }
            Change::PodRemoved(id) => {
                let row = self.named(id, cluster);
                self.tell("api", "gone", "Pod", row, cluster);
            }
            Change::PodUpdated(id, _) => self.pod_updated(id, by, cluster),
            Change::ObjectCreated(id) => self.object_created(id, by, cluster),
            Change::ObjectChanged(id) => self.object_changed(id, by, cluster),
            Change::ObjectRemoved(id) => self.object_removed(id, by, cluster),
            _ => {}
        }
    }

    fn named(&self, id: PodId, cluster: &Cluster) -> Map<String, Value> {
        let name = self.shared.borrow().names.pod(id, cluster);
        Map::from_iter([("name".to_owned(), name.into())])
    }

    fn pod_created(&mut self, id: PodId, by: &'static str, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id) else { return };
        let name = self.shared.borrow_mut().names.pod_created(id, cluster);
        let mut row = Map::from_iter([("name".to_owned(), Value::from(name))]);
        if let Some(owner) = self.owner(pod.owner, cluster) {
            row.insert("owner".into(), owner.into());
        }
        let set = objects::pod_created(id, cluster);
        if !set.is_empty() {
            row.insert("set".into(), set.into());
        }
        self.pods.insert(pod.uid, objects::pod_wanted(id, cluster));
        self.tell(by, "create", "Pod", row, cluster);
    }

    fn pod_updated(&mut self, id: PodId, by: &'static str, cluster: &Cluster) {
        let Some(uid) = cluster.pod(id).map(|pod| pod.uid) else { return };
        let new = objects::pod_wanted(id, cluster);
        let old = self.pods.insert(uid, new.clone()).unwrap_or_default();
        let mut set = told::changes(&old, &new);
        if let Some(owner) = set.get_mut("ownerReferences").filter(|owner| !owner.is_null()) {
            *owner = "changed".into();
        }
        if set.is_empty() {
            return;
        }
        let mut row = self.named(id, cluster);
        row.insert("set".into(), set.into());
        self.tell(by, "update", "Pod", row, cluster);
    }

    fn owner(&self, owner: Option<ObjectId>, cluster: &Cluster) -> Option<String> {
        let meta = cluster.objects().meta(owner?)?;
        Some(format!("{}/{}", meta.kind, self.shared.borrow().names.object(meta.id)))
    }

    fn object_created(&mut self, id: ObjectId, by: &'static str, cluster: &Cluster) {
        let Some((kind, entry)) = objects::find(id, cluster) else { return };
        let name = self.shared.borrow_mut().names.object_created(id, cluster);
        let mut row = Map::from_iter([("name".to_owned(), Value::from(name))]);
        if let Some(owner) = self.owner(entry.meta.owner, cluster) {
            row.insert("owner".into(), owner.into());
        }
        let set = (kind.created)(entry, by);
        if !set.is_empty() {
            row.insert("set".into(), set.into());
        }
        self.wanted.insert(id, (kind.wanted)(entry));
        self.tell(by, "create", kind.name, row, cluster);
    }

    fn object_changed(&mut self, id: ObjectId, by: &'static str, cluster: &Cluster) {
        let Some((kind, entry)) = objects::find(id, cluster) else { return };
        let new = (kind.wanted)(entry);
        let old = self.wanted.insert(id, new.clone()).unwrap_or_default();
        // What a user changes is told by the user, who knows it as a manifest.
        let mut set = if by == "user" { Map::new() } else { told::changes(&old, &new) };
        if by == "user"
            && let Some(given) = self.shared.borrow_mut().given.remove(&id)
        {
            set = given;
        }
        if set.is_empty() {
            return;
        }
        let name = self.shared.borrow().names.object(id);
        let row = Map::from_iter([("name".to_owned(), Value::from(name)), ("set".to_owned(), set.into())]);
        self.tell(by, "update", kind.name, row, cluster);
    }

    fn object_removed(&mut self, id: ObjectId, by: &'static str, cluster: &Cluster) {
        let Some((kind, _)) = objects::find(id, cluster) else { return };
        let name = self.shared.borrow().names.object(id);
        let mut row = Map::from_iter([("name".to_owned(), Value::from(name))]);
        let gone = row.clone();
        if let Some(propagation) = objects::propagation(by, kind.name) {
            row.insert("propagation".into(), propagation.into());
        }
        self.tell(by, "delete", kind.name, row, cluster);
        self.tell("api", "gone", kind.name, gone, cluster);
        self.wanted.remove(&id);
    }

    /// The events, with the names that recordings have. Something may be spoken of before it has one.
    pub(super) fn events(&self) -> Vec<Value> {
        let shared = self.shared.borrow();
        let mut events = self.events.clone();
        for event in &mut events {
            event["message"] = shared.names.replace_in(event["message"].as_str().unwrap_or_default()).into();
        }
        events
    }

    /// What exists now.
    pub(super) fn remaining(&self, cluster: &Cluster) -> Vec<Value> {
        let shared = self.shared.borrow();
        let mut rows = Vec::new();
        for entry in cluster.objects().iter() {
            let Some((kind, entry)) = objects::find(entry.meta.id, cluster) else { continue };
            let mut row = json!({"kind": kind.name, "name": shared.names.object(entry.meta.id)});
            for (key, value) in (kind.at_end)(entry) {
                row[key] = value;
            }
            let mut status = status::of(entry.meta.id, cluster, &self.shared);
            status.retain(|key, _| !key.starts_with("annotations."));
            if !status.is_empty() {
                row["status"] = status.into();
            }
            rows.push(row);
        }
        for (id, pod) in cluster.pods().iter() {
            let mut row = json!({"kind": "Pod", "name": shared.names.pod(id, cluster), "phase": pod.phase.as_str()});
            if let Some(node) = pod.node {
                row["node"] = (&*cluster.node(node).spec.name).into();
            }
            // A condition Ready comes with the first word of a kubelet.
            if shared.spoken_of.contains(&pod.uid) {
                row["ready"] = pod.ready.into();
            }
            if pod.deleting.is_some() {
                row["terminating"] = true.into();
            }
            rows.push(row);
        }
        rows.sort_by_key(|row| (row["kind"].to_string(), told::by_number(row["name"].as_str().unwrap_or_default())));
        rows
    }
}

impl Observer for Journal {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(change) => self.changed(*change, cluster),
            Note::Refused { owner: Some(owner), refusal, .. } => {
                let by = self.shared.borrow().actor;
                let name = self.shared.borrow().names.object(*owner);
                let row = Map::from_iter([
                    ("name".to_owned(), Value::from(name)),
                    ("error".to_owned(), format!("{} {}", refusal.code, refusal.reason).into()),
                ]);
                self.tell(by, "create", "Pod", row, cluster);
            }
            Note::Event { warning, reason, regarding: Regarding::Object(id), message }
                if !REPEAT_ACTIONS.contains(reason) =>
            {
                let Some((kind, _)) = objects::find(*id, cluster) else { return };
                let shared = self.shared.borrow();
                let (by, name) = (shared.actor, shared.names.object(*id));
                let key = format!("{by} {} {name} {warning} {reason}", kind.name);
                let Some(message) = self.recorder.record(cluster.now, &key, message) else { return };
                self.events.push(json!({
                    "t": told::time(cluster.now), "by": by, "kind": kind.name, "name": name,
                    "type": if *warning { "Warning" } else { "Normal" }, "reason": reason, "message": message,
                }));
            }
            _ => {}
        }
    }
}
