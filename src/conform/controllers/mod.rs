//! Recordings of the controllers of kube-controller-manager: a cluster with the simulator's own controllers in it, kubelets and a
//! scheduler that do as the script says, and a journal of what all of them do.
//!
//! Everything in here drives and watches; what is decided is decided by the controllers of the simulation.

mod journal;
mod kubelet;
mod names;
mod objects;
mod recorder;
mod scheduler;
mod script;
mod shared;
mod status;
mod told;
mod user;

pub(super) use script::Script;

use super::Recording;
use crate::diagnostic::Diagnostic;
use journal::Journal;
use kubelet::ScriptedKubelet;
use scheduler::ToyScheduler;
use serde_json::{Value, json};
use shared::{ByName, Shared};
use status::StatusWatch;
use std::cell::RefCell;
use std::rc::Rc;
use towtank_sim::admission;
use towtank_sim::engine::{Simulation, Until};
use towtank_sim::time::Span;
use towtank_workloads::controllers::{self, GarbageCollector};
use user::User;

/// How long a request to the API server takes in the recordings.
const WRITE_LATENCY: Span = Span(700_000);

/// How long the garbage collector of the recordings takes over each object.
const COLLECTION: Span = Span::from_millis(10);

/// The controllers that scripts name, and whether they are modelled here.
const CONTROLLERS: [&str; 4] = ["deployment", "replicaset", "job", "ttlafterfinished"];

/// What a script asks for and is not modelled, each thing with the reason.
pub(super) fn not_modelled(recording: &Recording, script: &Script) -> Result<Vec<String>, Diagnostic> {
    let unknown = script.controllers.iter().filter(|name| !CONTROLLERS.contains(&name.as_str()));
    let mut missing: Vec<String> = unknown.map(|name| format!("the controller {name}")).collect();
    missing.extend(user::not_modelled(recording, script)?);
    missing.extend(script.kubelet.not_modelled());
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// Plays a script to its end: what happened, in the form of a recording.
///
/// # Errors
/// Something of the recording cannot be used.
pub(super) fn play(recording: &Recording, script: &Script) -> Result<Value, Diagnostic> {
    let shared = Rc::new(RefCell::new(Shared::default()));
    let mut simulation = Simulation::new(0);
    let cluster = &mut simulation.cluster;
    cluster.keeps_finished = true;
    cluster.write_latency = WRITE_LATENCY;
    cluster.admission = admission::completing(Box::new(user::Refusing(Rc::clone(&shared))));
    user::create_nodes(recording, script, cluster)?;
    let by_name = |controller, name| Box::new(ByName::new(controller, name, &shared));
    simulation.add_controller(Box::new(StatusWatch::new(&shared)));
    simulation.add_controller(by_name(Box::new(User::new(recording, script, &shared)?), "user"));
    simulation.add_controller(by_name(Box::new(ScriptedKubelet::new(script, &shared)), "kubelet"));
    simulation.add_controller(by_name(Box::new(ToyScheduler::new(script, &shared)), "scheduler"));
    for controller in controllers::all_with(GarbageCollector::with_pace(COLLECTION)) {
        let name = if controller.name() == "garbage-collector" { "gc" } else { controller.name() };
        simulation.add_controller(by_name(controller, name));
    }
    let until = script::time(script.end).ok_or_else(|| recording.problem("end", "expected seconds"))?;
    let mut journal = Journal::new(&shared);
    let outcome = simulation.run(Until::Time(until), &mut [&mut journal]);
    outcome.map_err(|error| Diagnostic::in_file(recording.path(), error.to_string()))?;
    let final_rows = journal.remaining(&simulation.cluster);
    let shared = shared.borrow();
    if let Some(problem) = &shared.problem {
        return Err(problem.clone());
    }
    Ok(json!({
        "actions": shared.actions,
        "status": shared.status,
        "events": journal.events(),
        "final": final_rows,
    }))
}
