//! What objects say of themselves at the end of every second.

use super::objects;
use super::shared::SharedRef;
use super::told;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::rc::Rc;
use towtank_sim::agenda::{Rank, Subject, Timer};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::ObjectId;
use towtank_sim::time::Span;

/// Looks at every object before anything happens in a second. It is the first of the controllers.
pub(super) struct StatusWatch {
    shared: SharedRef,
    /// What each object said when it was created, or at the last look.
    said: BTreeMap<ObjectId, Map<String, Value>>,
}

impl StatusWatch {
    pub(super) fn new(shared: &SharedRef) -> Self {
        Self { shared: Rc::clone(shared), said: BTreeMap::new() }
    }
}

/// The status of an object, with the names that recordings have.
pub(super) fn of(id: ObjectId, cluster: &Cluster, shared: &SharedRef) -> Map<String, Value> {
    let Some((kind, entry)) = objects::find(id, cluster) else { return Map::new() };
    let mut status = (kind.status)(entry);
    let shared = shared.borrow();
    for value in status.values_mut() {
        if let Value::String(text) = value {
            *text = shared.names.replace_in(text);
        }
    }
    status
}

impl Controller for StatusWatch {
    fn name(&self) -> &'static str {
        "status"
    }

    fn interest(&self) -> Interest {
        Interest::OBJECTS
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        let timer = Timer { kind: 0, tag: 0, about: Subject::Itself };
        cx.remind(cx.now() + Span::from_secs(1), Rank::QueueTimer, timer);
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::ObjectCreated(id) => _ = self.said.insert(id, of(id, cx.cluster, &self.shared)),
            Change::ObjectRemoved(id) => _ = self.said.remove(&id),
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        let second = cx.now().0.div_euclid(1_000_000_000) - 1;
        for (id, said) in &mut self.said {
            let Some((kind, _)) = objects::find(*id, cx.cluster) else { continue };
            let now = of(*id, cx.cluster, &self.shared);
            let set = told::changes(said, &now);
            if !set.is_empty() {
                let name = self.shared.borrow().names.object(*id);
                let row = json!({"t": second, "by": kind.by, "kind": kind.name, "name": name, "set": set});
                self.shared.borrow_mut().status.push(row);
                *said = now;
            }
        }
        cx.remind_in_background(cx.now() + Span::from_secs(1), Rank::QueueTimer, timer);
    }
}
