//! A swarm: random scenarios with random subsets of features switched on, each with its own seed. In each one every
//! invariant holds after every step, the fast evaluation decides as the plain one does, a second run that nobody watches
//! is the same, and nothing is left undone that could still be done.
//!
//! `TOWTANK_SWARM_CASES=5000` asks for more of them, `TOWTANK_SWARM_FIRST=1234` begins at another seed. A failure prints the
//! scenario that repeats it.

mod claims;
mod configuration;
mod dice;
mod scenario;
mod terms;

use scenario::Files;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use towtank::reports::draw::Medium;
use towtank::reports::output::OutputDir;
use towtank::reports::report::write_run;
use towtank::scenario::{Overrides, Prepared, Scenario, SchedulerChoice};
use towtank::sim::cluster::Cluster;
use towtank::sim::engine::{Outcome, Until};
use towtank::sim::model::node::Node;
use towtank::sim::model::pod::{Pod, PodClass, Run};
use towtank::sim::model::taint::Effect;
use towtank::sim::observe::{Note, Observer};
use towtank::sim::scheduler::Evaluation;
use towtank::sim::time::SimTime;
use towtank::simulate::{RunOptions, simulate};
use towtank::workloads::controllers::{Job, ReplicaSet};

/// How many scenarios are tried where nothing else is asked for.
const CASES: u64 = 40;
/// After so many notes the invariants are checked where there are many pods and nodes, whose sums take their time.
const RARELY: u64 = 97;
/// One in so many leaves an output directory.
const WRITTEN: u64 = 8;
/// More events than any of these scenarios has: without a node, two thousand pods are tried every ten seconds for nine hours.
const MAX_EVENTS: u64 = 20_000_000;
/// Later than any of them ends.
const LATEST: SimTime = SimTime::from_secs(60 * 86_400);

#[test]
fn random_scenarios_keep_every_invariant() {
    let (first, cases) = (asked("TOWTANK_SWARM_FIRST", 0), asked("TOWTANK_SWARM_CASES", CASES));
    let folder = tempfile::tempdir().expect("a folder");
    let mut failures = Vec::new();
    for seed in first..first + cases {
        let files = Files::random(seed);
        files.write(folder.path());
        let tried = catch_unwind(AssertUnwindSafe(|| {
            try_out(folder.path(), if files.is_large { RARELY } else { 1 }, seed % WRITTEN == 0)
        }));
        let why = match tried {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why,
            Err(panic) => panicked(&*panic),
        };
        println!("seed {seed}: {why}\n{files}");
        failures.push(format!("seed {seed}: {why}"));
    }
    assert!(failures.is_empty(), "{} of {cases} scenarios fail:\n{}", failures.len(), failures.join("\n"));
}

fn asked(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().expect("a number"))
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    format!("panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("of unknown kind"))
}

fn try_out(folder: &Path, audited: u64, writes: bool) -> Result<(), String> {
    let scenario =
        Scenario::read(&folder.join("scenario.yaml"), &Overrides::default()).map_err(|error| error.to_string())?;
    let choice = SchedulerChoice::of(&scenario).map_err(|error| error.to_string())?;
    let prepare = |evaluation| scenario.prepare(&choice, evaluation).map_err(|error| error.to_string());

    let mut prepared = prepare(Evaluation::Checked)?;
    let mut audit = prepared.audit(audited);
    let outcome = run(&mut prepared, scenario.until, &mut [&mut audit, &mut Watchdog])?;
    let cluster = &prepared.simulation.cluster;
    audit.finish(cluster).map_err(|violation| violation.to_string())?;
    if scenario.until == Until::Idle {
        let latency = &scenario.spec.scheduler.latency;
        nothing_is_left_undone(cluster, latency.constant.is_some() || latency.per_node.is_some())?;
    }

    let again = run(&mut prepare(Evaluation::Indexed)?, scenario.until, &mut [])?;
    if outcome != again {
        return Err(format!("watched: {outcome:?}, alone: {again:?}"));
    }
    if writes { written(&scenario, &choice, &folder.join("out"), &outcome) } else { Ok(()) }
}

/// Makes the run once more for an output directory: it is the same, and its table has a row for each pod.
fn written(scenario: &Scenario, choice: &SchedulerChoice, folder: &Path, outcome: &Outcome) -> Result<(), String> {
    let out = OutputDir::create(folder).map_err(|error| error.to_string())?;
    let options = RunOptions { page: true, ..RunOptions::default() };
    let run = simulate(scenario, choice, options, Some(&out)).map_err(|failure| failure.to_string())?.run;
    write_run(&out, &run, Medium::SCREEN).and_then(|()| out.commit()).map_err(|error| error.to_string())?;
    let summary = &run.summary;
    if summary.fingerprint != format!("{:032x}", outcome.fingerprint) {
        return Err("the run that is written is another one".to_owned());
    }
    let mut table = csv::Reader::from_path(folder.join("pods.csv")).map_err(|error| error.to_string())?;
    let rows = table.records().collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?.len() as u64;
    let pods = summary.pods.submitted;
    if rows == pods { Ok(()) } else { Err(format!("pods.csv has {rows} rows, and there were {pods} pods")) }
}

fn run(prepared: &mut Prepared, until: Until, observers: &mut [&mut dyn Observer]) -> Result<Outcome, String> {
    prepared.simulation.run(until, observers).map_err(|error| error.to_string())
}

/// Ends a run that would never end.
struct Watchdog;

impl Observer for Watchdog {
    fn note(&mut self, _note: &Note<'_>, cluster: &Cluster) {
        assert!(cluster.now <= LATEST, "the run never ends");
    }

    fn progress(&mut self, now: SimTime, events: u64) {
        assert!(events <= MAX_EVENTS && now <= LATEST, "the run never ends: {now} s, {events} events");
    }
}

/// When a run is idle, what could go on has gone on. Where attempts take time, pods of low priority may never have their turn.
fn nothing_is_left_undone(cluster: &Cluster, attempts_take_time: bool) -> Result<(), String> {
    // Pods that others want to be away from may keep any pod from a node.
    let anti = |(_, pod): (_, &Pod)| !cluster.class_of(pod).spec.pod_anti_affinity.required.is_empty();
    let is_avoided = cluster.pods().iter().any(anti);
    let priority = |pod: &Pod| cluster.class_of(pod).priority();
    let waiting = cluster.pods().iter().filter(|(_, pod)| pod.node.is_none() && pod.is_active());
    let first = waiting.map(|(_, pod)| priority(pod)).max().filter(|_| attempts_take_time);
    for (_, pod) in cluster.pods().iter() {
        let Some(node) = pod.node else {
            let has_turns = first.is_none_or(|first| priority(pod) == first);
            if has_turns
                && !is_avoided
                && let Some(node) = cluster.nodes().iter().find(|node| could_take(node, pod, cluster.class_of(pod)))
            {
                return Err(format!("pod {} still waits, and fits on node {}", pod.name, node.name()));
            }
            continue;
        };
        // What is on a machine that is never repaired stays there.
        let may_go_on = cluster.node(node).machine_up;
        if may_go_on && (pod.deleting.is_some() || !pod.working || pod.run() != Run::Forever) {
            return Err(format!("the run ended before pod {} did: {pod:?}", pod.name));
        }
    }
    if cluster.quotas_of("default").next().is_some() {
        return Ok(());
    }
    for (meta, set) in cluster.objects().of_kind::<ReplicaSet>(ReplicaSet::KIND) {
        let active = cluster.pods().iter().filter(|(_, pod)| pod.owner == Some(meta.id) && pod.is_active()).count();
        if active != set.replicas as usize {
            return Err(format!("ReplicaSet {} wants {} pods and has {active}", meta.name, set.replicas));
        }
    }
    for (meta, job) in cluster.objects().of_kind::<Job>(Job::KIND) {
        let alive = cluster.pods().iter().any(|(_, pod)| pod.owner == Some(meta.id));
        if job.status.condition.is_none() && !alive {
            return Err(format!("Job {} has no pods and did not end: {:?}", meta.name, job.status));
        }
    }
    Ok(())
}

/// Whether the node surely takes the pod: a plain reading of the filters, beside the plugins.
fn could_take(node: &Node, pod: &Pod, class: &PodClass) -> bool {
    let tolerated = |taint| class.spec.tolerations.iter().any(|toleration| toleration.tolerates(taint));
    pod.is_active()
        && !node.spec.unschedulable
        && node.spec.taints.iter().all(|taint| taint.effect == Effect::PreferNoSchedule || tolerated(taint))
        && class.spec.node_selector.iter().all(|(key, value)| node.spec.labels.get(key) == Some(value))
        && class.spec.node_affinity.required.is_none()
        && class.requests.iter().all(|(id, n)| n + node.requested.get(id) <= node.allocatable.get(id))
        && class.spec.gpu.is_none_or(|request| node.devices.fits(request))
        && class.host_ports.is_empty()
        && stands_alone(class)
}

/// Whether where a pod may go depends on nothing but the node and its sums.
fn stands_alone(class: &PodClass) -> bool {
    let spec = &class.spec;
    spec.pod_affinity.required.is_empty()
        && spec.pod_anti_affinity.required.is_empty()
        && spec.topology_spread.is_empty()
        && spec.volumes.is_empty()
        && spec.resource_claims.is_empty()
}
