//! The kubelets of the recordings: pods start, become ready, end and stop after times that the script says.

use super::script::{Behaviour, Kubelets, PodState, PodStep, Script, glob};
use super::shared::SharedRef;
use super::told;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use towtank_sim::agenda::{Rank, Subject, Timer};
use towtank_sim::cluster::{Change, Interest};
use towtank_sim::controller::{Context, Controller};
use towtank_sim::model::PodId;
use towtank_sim::model::pod::{PodEnd, PodPhase, RestartPolicy};
use towtank_sim::time::{SimTime, Span};

/// How far apart two things are that kubelets do.
const APART: Span = Span::from_millis(10);
/// A container is started again after so long, twice as long after each further time, and at most `MAX_BACKOFF`.
const BACKOFF: f64 = 10.0;
const MAX_BACKOFF: f64 = 300.0;

/// What a kubelet does to a pod.
#[derive(Clone, Debug, PartialEq)]
enum Deed {
    Run,
    Ready,
    End,
    Stop,
    Set(PodState, PodEnd),
}

pub(super) struct ScriptedKubelet {
    kubelets: Kubelets,
    shared: SharedRef,
    /// What is due, in the order of time, of names and of planning.
    due: BTreeMap<(SimTime, String, u64), (PodId, u32, Deed)>,
    planned: u64,
    free_at: SimTime,
    /// The pods that kubelets know.
    pods: BTreeMap<String, PodId>,
    /// How often each has been started again.
    restarts: BTreeMap<u64, u32>,
    /// Deeds of this many starts ago are void.
    lives: BTreeMap<PodId, u32>,
    stopping: BTreeSet<PodId>,
}

impl ScriptedKubelet {
    pub(super) fn new(script: &Script, shared: &SharedRef) -> Self {
        Self {
            kubelets: script.kubelet.clone(),
            shared: Rc::clone(shared),
            due: BTreeMap::new(),
            planned: 0,
            free_at: SimTime::ZERO,
            pods: BTreeMap::new(),
            restarts: BTreeMap::new(),
            lives: BTreeMap::new(),
            stopping: BTreeSet::new(),
        }
    }

    fn name(&self, id: PodId, cx: &Context<'_>) -> String {
        self.shared.borrow().names.pod(id, cx.cluster)
    }

    fn behaviour(&self, id: PodId, cx: &Context<'_>) -> Behaviour {
        let name = self.name(id, cx);
        let image = cx.cluster.pod(id).and_then(|pod| cx.cluster.class_of(pod).spec.containers.first());
        self.kubelets.behaviour(&name, image.map_or("", |container| &container.image))
    }

    fn plan(&mut self, id: PodId, wait: f64, deed: Deed, cx: &mut Context<'_>) {
        let name = self.name(id, cx);
        let at = cx.now() + Span::try_from_secs_f64(wait).unwrap_or_default();
        let life = self.lives.get(&id).copied().unwrap_or(0);
        self.planned += 1;
        self.due.insert((at, name, self.planned), (id, life, deed));
        self.wake(cx);
    }

    fn wake(&self, cx: &mut Context<'_>) {
        if let Some(((at, ..), _)) = self.due.first_key_value() {
            cx.remind((*at).max(self.free_at), Rank::Kubelet, Timer { kind: 0, tag: 0, about: Subject::Itself });
        }
    }

    fn tell(&self, what: &str, id: PodId, more: Value, cx: &Context<'_>) {
        let mut row = Map::new();
        let mut shared = self.shared.borrow_mut();
        shared.spoken_of.extend(cx.cluster.pod(id).map(|pod| pod.uid));
        row.insert("name".into(), shared.names.pod(id, cx.cluster).into());
        if let Value::Object(more) = more {
            row.extend(more);
        }
        let row = told::row(cx.now(), "kubelet", what, "Pod", row);
        shared.actions.push(row);
    }

    fn bound(&mut self, id: PodId, cx: &mut Context<'_>) {
        let behaviour = self.behaviour(id, cx);
        self.pods.insert(self.name(id, cx), id);
        if behaviour.start >= 0.0 {
            self.plan(id, behaviour.start, Deed::Run, cx);
        } else {
            self.tell("imagepullbackoff", id, Value::Null, cx);
        }
    }

    /// Does what has been due for longest.
    fn work(&mut self, cx: &mut Context<'_>) {
        let now = cx.now();
        if now < self.free_at {
            return;
        }
        while let Some(entry) = self.due.first_entry().filter(|entry| entry.key().0 <= now) {
            let (id, life, deed) = entry.remove();
            let void = life != self.lives.get(&id).copied().unwrap_or(0) && !matches!(deed, Deed::Stop | Deed::Set(..));
            if !void && self.act(id, deed, cx) {
                self.free_at = now + APART;
                break;
            }
        }
        self.wake(cx);
    }

    /// Whether anything was done.
    fn act(&mut self, id: PodId, deed: Deed, cx: &mut Context<'_>) -> bool {
        let Some(pod) = cx.cluster.pod(id).filter(|pod| !pod.is_finished()) else { return false };
        let (deleting, restart) = (pod.deleting.is_some(), cx.cluster.class_of(pod).spec.restart_policy);
        let behaviour = self.behaviour(id, cx);
        match deed {
            Deed::Run if !deleting => {
                cx.cluster.start(id);
                cx.cluster.set_ready(id, false);
                self.tell("running", id, Value::Null, cx);
                if behaviour.ready >= 0.0 {
                    self.plan(id, behaviour.ready, Deed::Ready, cx);
                }
                if let Some(run) = behaviour.run {
                    self.plan(id, run, Deed::End, cx);
                }
            }
            Deed::Ready if !deleting => {
                if cx.cluster.pod(id).is_some_and(|pod| pod.ready) {
                    return false;
                }
                cx.cluster.set_ready(id, true);
                self.tell("ready", id, Value::Null, cx);
            }
            Deed::End => {
                let again = match restart {
                    RestartPolicy::Always => true,
                    RestartPolicy::OnFailure => behaviour.exit != 0,
                    RestartPolicy::Never => false,
                };
                if again && !deleting {
                    self.restart(id, behaviour.exit, cx);
                } else {
                    let end = PodEnd { exit: behaviour.exit, ..PodEnd::default() };
                    self.finish(id, end, behaviour.exit == 0, cx);
                }
            }
            Deed::Stop => {
                let end = PodEnd { exit: behaviour.stop_exit, ..PodEnd::default() };
                self.finish(id, end, behaviour.stop_exit == 0, cx);
            }
            Deed::Set(PodState::Ready, _) if !deleting => return self.act(id, Deed::Ready, cx),
            Deed::Set(PodState::NotReady, _) => {
                if !cx.cluster.pod(id).is_some_and(|pod| pod.ready) {
                    return false;
                }
                cx.cluster.set_ready(id, false);
                self.tell("notready", id, Value::Null, cx);
            }
            Deed::Set(PodState::Succeeded, end) => self.finish(id, end, true, cx),
            Deed::Set(PodState::Failed, end) => self.finish(id, end, false, cx),
            _ => return false,
        }
        true
    }

    fn restart(&mut self, id: PodId, exit: i32, cx: &mut Context<'_>) {
        cx.cluster.interrupt(id);
        let Some(pod) = cx.cluster.pod(id) else { return };
        let (restarts, uid) = (pod.restarts(), pod.uid);
        self.restarts.insert(uid, restarts);
        *self.lives.entry(id).or_default() += 1;
        self.tell("restarting", id, json!({"exit": exit, "restarts": restarts}), cx);
        let backoff = (BACKOFF * f64::from(1_u32 << (restarts - 1).min(16))).min(MAX_BACKOFF);
        self.plan(id, backoff, Deed::Run, cx);
    }

    fn finish(&mut self, id: PodId, end: PodEnd, well: bool, cx: &mut Context<'_>) {
        let mut more = json!({"exit": end.exit});
        if let Some(reason) = &end.reason {
            more["reason"] = Value::from(&**reason);
        }
        if end.disrupted {
            more["condition"] = "DisruptionTarget".into();
        }
        self.tell(if well { "succeeded" } else { "failed" }, id, more, cx);
        let deleting = cx.cluster.pod(id).is_some_and(|pod| pod.deleting.is_some());
        cx.cluster.finish_as(id, if well { PodPhase::Succeeded } else { PodPhase::Failed }, Some(end));
        if deleting {
            cx.cluster.remove_pod(id);
        }
    }

    /// The script changes pods.
    pub(super) fn set(&mut self, step: &PodStep, cx: &mut Context<'_>) {
        let selected: Vec<PodId> =
            self.pods.iter().filter(|(name, _)| glob(&step.select, name)).map(|(_, id)| *id).collect();
        for id in selected {
            let end = PodEnd {
                exit: step.exit,
                reason: step.reason.as_deref().map(Into::into),
                disrupted: step.condition.as_deref() == Some("DisruptionTarget"),
            };
            self.plan(id, 0.0, Deed::Set(step.set, end), cx);
        }
        self.free_at = self.free_at.max(cx.now() + APART);
        self.wake(cx);
    }
}

impl Controller for ScriptedKubelet {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn interest(&self) -> Interest {
        Interest::POD_BOUND.and(Interest::POD_DELETING).and(Interest::POD_REMOVED)
    }

    fn start(&mut self, cx: &mut Context<'_>) {
        let steps = std::mem::take(&mut self.shared.borrow_mut().pod_steps);
        for (index, (at, _)) in steps.iter().enumerate() {
            cx.remind(*at, Rank::Arrival, Timer { kind: 1, tag: index as u32, about: Subject::Itself });
        }
        self.shared.borrow_mut().pod_steps = steps;
    }

    fn on_change(&mut self, change: Change, cx: &mut Context<'_>) {
        match change {
            Change::PodBound(id, _) => self.bound(id, cx),
            Change::PodDeleting(id, _) if self.stopping.insert(id) => {
                let bound = cx.cluster.pod(id).is_some_and(|pod| pod.node.is_some() && !pod.is_finished());
                if bound {
                    let stop = self.behaviour(id, cx).stop;
                    self.plan(id, stop, Deed::Stop, cx);
                }
            }
            Change::PodRemoved(id) => {
                self.pods.retain(|_, known| *known != id);
                self.stopping.remove(&id);
                self.lives.remove(&id);
            }
            _ => {}
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Context<'_>) {
        if timer.kind == 1 {
            let step = self.shared.borrow().pod_steps[timer.tag as usize].1.clone();
            self.set(&step, cx);
        } else {
            self.work(cx);
        }
    }
}
