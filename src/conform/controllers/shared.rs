//! What the parts of a played script have in common: who acts, what pods are called, what has happened.

use super::names::Names;
use super::script::{Fail, PodStep};
use crate::diagnostic::Diagnostic;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use towtank_sim::agenda::Timer;
use towtank_sim::cluster::{Change, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::ObjectId;
use towtank_sim::model::pod::PodTraits;
use towtank_sim::time::SimTime;

#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) names: Names,
    pub(super) actions: Vec<Value>,
    pub(super) status: Vec<Value>,
    /// Who is acting.
    pub(super) actor: &'static str,
    /// Who caused the changes that are still to be told of, in their order, and how many.
    causes: VecDeque<(&'static str, usize)>,
    /// What the API server refuses.
    pub(super) fails: Vec<Fail>,
    /// What a user has changed of objects, as manifests have it.
    pub(super) given: BTreeMap<ObjectId, Map<String, Value>>,
    /// The pods of which a kubelet has said something, by uid.
    pub(super) spoken_of: BTreeSet<u64>,
    /// What the kubelets are told to do, and when.
    pub(super) pod_steps: Vec<(SimTime, PodStep)>,
    /// What cannot be used of the recording.
    pub(super) problem: Option<Diagnostic>,
}

pub(super) type SharedRef = Rc<RefCell<Shared>>;

impl Shared {
    /// Who caused the change that is told of next.
    pub(super) fn cause(&mut self) -> &'static str {
        while let Some((who, left)) = self.causes.front_mut() {
            if *left > 0 {
                *left -= 1;
                return who;
            }
            self.causes.pop_front();
        }
        "user"
    }
}

/// A controller of whose changes it is noted that they are its own.
pub(super) struct ByName {
    inner: Box<dyn Controller>,
    name: &'static str,
    shared: SharedRef,
}

impl ByName {
    pub(super) fn new(inner: Box<dyn Controller>, name: &'static str, shared: &SharedRef) -> Self {
        Self { inner, name, shared: Rc::clone(shared) }
    }

    fn act(&mut self, cx: &mut Context<'_>, act: impl FnOnce(&mut dyn Controller, &mut Context<'_>)) {
        let before = cx.cluster.untold();
        self.shared.borrow_mut().actor = self.name;
        act(&mut *self.inner, cx);
        let caused = cx.cluster.untold() - before;
        if caused > 0 {
            self.shared.borrow_mut().causes.push_back((self.name, caused));
        }
    }
}

impl Controller for ByName {
    fn name(&self) -> &'static str {
        self.name
    }

    fn interest(&self) -> Interest {
        self.inner.interest()
    }

    fn interest_in(&self, pods_with: PodTraits) -> Interest {
        self.inner.interest_in(pods_with)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        self.act(cx, |inner, cx| inner.start(cx));
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        self.act(cx, |inner, cx| inner.on_change(change, cx));
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        self.act(cx, |inner, cx| inner.on_timer(timer, cx));
    }
}
