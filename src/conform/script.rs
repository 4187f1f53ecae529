//! A recorded script as a source of submissions.

use super::{Recording, world};
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use towtank_sim::admission;
use towtank_sim::cluster::Cluster;
use towtank_sim::engine::{Outcome, RunError, Simulation, Until};
use towtank_sim::model::pod::{NewPod, Run};
use towtank_sim::node::kubelet::{Kubelet, KubeletSettings, Latency};
use towtank_sim::observe::Observer;
use towtank_sim::scheduler::{
    AttemptLatency, Evaluation, FeatureGates, QueueSettings, Scheduler, SchedulerSettings, TieBreak,
};
use towtank_sim::source::{Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};
use towtank_workloads::manifest::{Item, Planned, replacement};

/// The document of a timeline or of a whole run.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Script {
    pub(super) name: String,
    #[serde(default)]
    pub(super) covers: Vec<String>,
    #[serde(default)]
    feature_gates: BTreeMap<String, bool>,
    config: Option<Value>,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(rename = "script")]
    entries: Vec<Entry>,
    until: f64,
    #[serde(default)]
    pub(super) expect: Value,
}

/// What happens at one time: one of `create`, `update` and `delete`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    at: f64,
    create: Option<Value>,
    update: Option<Value>,
    delete: Option<Deletion>,
    /// How long a created pod runs once bound.
    run: Option<f64>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Deletion {
    kind: String,
    #[serde(default)]
    namespace: String,
    name: String,
    grace: Option<f64>,
}

/// Plays a script to its end: the scheduler and the kubelets of a simulation, and nothing else that reacts.
///
/// # Errors
/// Something of the recording cannot be used.
pub(super) fn play(
    recording: &Recording,
    script: Script,
    observers: &mut [&mut dyn Observer],
) -> Result<Outcome, Diagnostic> {
    let mut scheduler = world::scheduler(recording, script.config.as_ref(), &script.feature_gates)?;
    for profile in &mut scheduler.profiles {
        // Recorded without PreBind: a volume is assumed to be bound, and never really is.
        profile.pre_bind.clear();
    }
    let settings = SchedulerSettings {
        queue: QueueSettings {
            initial_backoff: scheduler.initial_backoff,
            max_backoff: scheduler.max_backoff,
            pop_from_backoff: scheduler.gates.enabled(FeatureGates::SCHEDULER_POP_FROM_BACKOFF_Q),
        },
        latency: AttemptLatency::None,
        tie_break: TieBreak::First,
        evaluation: Evaluation::Indexed,
    };
    let until = time(script.until).ok_or_else(|| recording.problem("until", "expected seconds"))?;
    let mut simulation = Simulation::new(0);
    simulation.cluster.admission = admission::priority();
    simulation.cluster.statuses_as_given = true;
    simulation.add_controller(Box::new(Scheduler::new(scheduler.profiles, settings)));
    // A pod stops when its grace is over.
    let kubelet = KubeletSettings { stop: Latency::Constant(Span::MAX), ..KubeletSettings::default() };
    simulation.add_controller(Box::new(Kubelet::new(kubelet)));
    simulation.add_source(Box::new(ScriptSource::new(recording, script)?));
    simulation.run(Until::Time(until), observers).map_err(|error| match error {
        RunError::Source { error, .. } => match error.downcast::<Problem>() {
            Ok(problem) => problem.0,
            Err(other) => Diagnostic::in_file(recording.path(), other.to_string()),
        },
        other => Diagnostic::in_file(recording.path(), other.to_string()),
    })
}

/// A problem of the recording, on its way through the engine.
#[derive(Debug)]
struct Problem(Diagnostic);

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Problem {}

/// Objects and entries are read when their time has come, because an object's owner has to be there.
struct ScriptSource {
    recording: Recording,
    entries: std::vec::IntoIter<(String, Entry)>,
}

impl ScriptSource {
    fn new(recording: &Recording, script: Script) -> Result<Self, Diagnostic> {
        let created = |object| Entry { at: 0.0, create: Some(object), update: None, delete: None, run: None };
        let objects = script.objects.into_iter().enumerate();
        let mut entries: Vec<(String, Entry)> =
            objects.map(|(i, object)| (format!("objects[{i}]"), created(object))).collect();
        for (i, entry) in script.entries.into_iter().enumerate() {
            let field = format!("script[{i}]");
            if time(entry.at).is_none() {
                return Err(recording.problem(&format!("{field}.at"), "expected seconds"));
            }
            entries.push((field, entry));
        }
        entries.sort_by(|(_, a), (_, b)| a.at.total_cmp(&b.at));
        Ok(Self { recording: recording.clone(), entries: entries.into_iter() })
    }

    fn work(&self, field: &str, entry: &Entry, cluster: &mut Cluster) -> Result<Option<Work>, Diagnostic> {
        if let Some(object) = &entry.create {
            let field = if field.starts_with("objects") { field.to_owned() } else { format!("{field}.create") };
            let Some(planned) = world::read(&self.recording, &field, object)? else { return Ok(None) };
            let run = match entry.run {
                None => Run::Forever,
                Some(seconds) => Run::Succeeds(self.span(&field, seconds)?),
            };
            return Ok(Some(create(planned, run, cluster)));
        }
        if let Some(object) = &entry.update {
            let field = format!("{field}.update");
            let Some(planned) = world::read(&self.recording, &field, object)? else { return Ok(None) };
            return Ok(Some(replacement(planned.item, cluster)));
        }
        let Some(deletion) = entry.delete.clone() else {
            return Err(self.recording.problem(field, "expected create, update or delete"));
        };
        let Deletion { kind, namespace, name, grace } = deletion;
        Ok(Some(match &*kind {
            "Node" => Work::DeleteNode(name),
            "Pod" => {
                let grace = self.span(field, grace.unwrap_or(0.0))?;
                let namespace = if namespace.is_empty() { "default".to_owned() } else { namespace };
                Work::DeletePod { namespace, name, grace: Some(grace) }
            }
            _ => Work::DeleteObject { kind, namespace, name },
        }))
    }

    fn span(&self, field: &str, seconds: f64) -> Result<Span, Diagnostic> {
        time(seconds)
            .map(|time| time - SimTime::ZERO)
            .ok_or_else(|| self.recording.problem(field, format!("`{seconds}` is no time: expected seconds")))
    }
}

impl Source for ScriptSource {
    fn name(&self) -> &'static str {
        "script"
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        while let Some((field, entry)) = self.entries.next() {
            let at = time(entry.at).unwrap_or(SimTime::ZERO);
            if let Some(work) = self.work(&field, &entry, cluster).map_err(|problem| Box::new(Problem(problem)))? {
                return Ok(Some(Submission { at, work }));
            }
        }
        Ok(None)
    }
}

fn create(planned: Planned, run: Run, cluster: &mut Cluster) -> Work {
    match planned.item {
        Item::Node(spec) => Work::Node(spec),
        Item::Object { namespace, name, body } => Work::Object { namespace, name, body },
        Item::Pod(pod) => {
            let class = cluster.intern((*pod.template.spec).clone());
            let owner = world::owner(planned.owner.as_ref(), &pod.template.spec.namespace, cluster);
            Work::Pod(NewPod { owner, run, status: pod.status.map(Box::new), ..NewPod::new(pod.name, class) })
        }
    }
}

/// Recorded seconds, which are whole milliseconds.
fn time(seconds: f64) -> Option<SimTime> {
    let millis = (seconds * 1000.0).round();
    (0.0..=1e12).contains(&millis).then(|| SimTime(millis as i64 * 1_000_000))
}

/// A time as recordings have it: seconds with as many decimals as there are.
pub(super) fn seconds(at: SimTime) -> serde_json::Number {
    let whole = at.0 / 1_000_000_000;
    let number = if at.0 == whole * 1_000_000_000 { None } else { serde_json::Number::from_f64(at.0 as f64 / 1e9) };
    number.unwrap_or_else(|| whole.into())
}
