use super::FORMAT;
use crate::format::Context;
use crate::input::Inputs;
use crate::options::{MemoryUnit, ReplayOptions};
use crate::record::{Event, Submitted};
use crate::registry::detect;
use crate::repairs::{Repairs, Rule};
use std::path::{Path, PathBuf};
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::Run;

fn shared(names: &[&str]) -> Option<Inputs> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces");
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(name)).collect();
    if paths.iter().any(|path| !path.exists()) {
        eprintln!("skipped: no {names:?}");
        return None;
    }
    let inputs = Inputs::open(&paths).unwrap();
    assert_eq!(detect(&inputs).map(|format| format.name), Some("opendc"), "{names:?}");
    Some(inputs)
}

fn context(memory_unit: MemoryUnit) -> Context {
    let options = ReplayOptions { memory_unit, ..ReplayOptions::default() };
    Context { options, repairs: Repairs::strict() }
}

/// The tasks with the memory that they ask for.
fn tasks(inputs: &Inputs, context: &Context) -> Result<Vec<(i64, Submitted, i64)>, String> {
    let mut reader = FORMAT.read_pods(inputs, context).map_err(|error| error.to_string())?;
    let mut tasks = Vec::new();
    while let Some(record) = reader.next().map_err(|error| error.to_string())? {
        let Event::Submitted(task) = record.event else { panic!("a task") };
        let memory = reader.shapes().get(task.shape).spec.held_requests()["memory"].value();
        tasks.push((record.at, task, memory));
    }
    Ok(tasks)
}

fn nodes(inputs: &Inputs) -> Result<Vec<NodeSpec>, String> {
    let mut reader = FORMAT.read_nodes(inputs, &context(MemoryUnit::Megabytes)).map_err(|error| error.to_string())?;
    let nodes = std::iter::from_fn(|| reader.next().unwrap()).map(|record| match record.event {
        Event::NodeAdded(node) => *node,
        other => panic!("{other:?}"),
    });
    Ok(nodes.collect())
}

fn seconds(task: &Submitted) -> f64 {
    match task.run {
        Run::Succeeds(span) => span.as_secs_f64(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn surf_runs_on_its_nodes_without_waiting() {
    let Some(inputs) = shared(&["surf-lisa/surf_tasks_2022-07_to_2022-09.csv.gz"]) else { return };
    let tasks = tasks(&inputs, &context(MemoryUnit::Megabytes)).unwrap();
    assert_eq!(tasks.len(), 124_833);
    assert!(tasks.iter().all(|(_, _, memory)| *memory == 100_000 << 20));
    // Every task fills a node: started when they were submitted, no more than 277 run at once.
    let mut changes: Vec<(i64, i32)> = Vec::new();
    for (at, task, _) in &tasks {
        let Run::Succeeds(span) = task.run else { panic!("{task:?}") };
        changes.extend([(*at, 1), (*at + span.0, -1)]);
    }
    changes.sort_unstable();
    let peak =
        changes.iter().scan(0, |running, (_, change)| Some(*running + change).inspect(|now| *running = *now)).max();
    assert!(peak.is_some_and(|peak| (200..=277).contains(&peak)), "{peak:?}");
    let Some(topology) = shared(&["surf-lisa/surf_topology.json"]) else { return };
    let nodes = nodes(&topology).unwrap();
    assert_eq!(nodes.len(), 277);
    assert_eq!((&*nodes[276].name, nodes[276].allocatable["cpu"].value()), ("C01-H01-276", 16));
    assert_eq!(nodes[276].allocatable["memory"].value(), 100_000 << 20);
}

#[test]
fn bitbrains_uses_a_part_of_what_it_asks_for() {
    let Some(inputs) = shared(&["bitbrains-small/tasks.csv", "bitbrains-small/fragments.csv.gz"]) else { return };
    let tasks = tasks(&inputs, &context(MemoryUnit::Kilobytes)).unwrap();
    assert_eq!(tasks.len(), 50);
    let mut memory: Vec<i64> = tasks.iter().map(|(.., memory)| *memory).collect();
    memory.sort_unstable();
    // Published: a median of 5.2 GB.
    let median = memory[24].midpoint(memory[25]) as f64 / f64::from(1 << 30);
    assert!((4.5..6.0).contains(&median), "{median} GiB");
    assert!(tasks.iter().all(|(_, task, _)| seconds(task) <= 31.0 * 86_400.0));
    // VMs use little of what they ask for, and no two the same.
    assert!(tasks.iter().all(|(_, task, _)| task.usage.cpu <= 10_000 && task.usage.memory == 10_000));
    let mean = tasks.iter().map(|(_, task, _)| f64::from(task.usage.cpu)).sum::<f64>() / 50.0 / 10_000.0;
    assert!((0.0..0.3).contains(&mean), "{mean}");
    assert!(tasks.iter().any(|(_, task, _)| task.usage.cpu > 0));
}

const TASKS: &str =
    "id,submission_time,duration,cpu_count,cpu_capacity,mem_capacity\nb,2000,500,2,4000.5,10\na,1000,1500,1,2000,5\n";

#[test]
fn fragments_are_averaged_over_time() {
    let fragments = "id,duration,cpu_usage\na,1000,500.0\na,3000,1500\nb,10,40005\n";
    let inputs = Inputs::from_bytes("tasks.csv", TASKS).and("fragments.csv", fragments);
    let lenient = Context { repairs: Repairs::default(), ..context(MemoryUnit::Bytes) };
    let tasks = tasks(&inputs, &lenient).unwrap();
    assert_eq!((tasks[0].0, &*tasks[0].1.name, seconds(&tasks[0].1), tasks[0].2), (2_000_000_000, "b", 0.5, 10));
    assert_eq!(tasks[0].1.usage.cpu, u16::MAX);
    assert_eq!(lenient.repairs.report()[0].rule, Rule::Clipped);
    assert_eq!(tasks[1].1.usage.cpu, 6_250);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let error =
        |text: &str| tasks(&Inputs::from_bytes("tasks.csv", text), &context(MemoryUnit::Megabytes)).unwrap_err();
    assert_eq!(
        error(&TASKS.replace("1500", "-1500")),
        "tasks.csv: line 3, column `duration`: `-1500` is negative: expected a run time in milliseconds"
    );
    assert!(
        error(&TASKS.replace("2000,500", "noon,500"))
            .contains("line 2, column `submission_time`: `noon` is not a number")
    );
    assert!(error("id,duration,cpu_usage\na,1,2\n").contains("this header is that of a file of fragments"));
    let inputs = Inputs::from_bytes("fragments.csv", "id,duration,cpu_usage\na,1,2\n");
    assert!(tasks(&inputs, &Context::default()).unwrap_err().contains("no file is a file of tasks"));
    let inputs = Inputs::from_bytes("tasks.csv", TASKS).and("fragments.csv", "id,duration,cpu_usage\na,1,-2\n");
    assert!(tasks(&inputs, &Context::default()).unwrap_err().contains("fragments.csv: line 2, column `cpu_usage`"));
    let topology = |text: &str| nodes(&Inputs::from_bytes("t.json", text)).unwrap_err();
    assert_eq!(
        topology(r#"{"clusters": [{"hosts": [{"cpu": {"coreCount": 0}, "memory": {"memorySize": 1}}]}]}"#),
        "t.json: clusters[0].hosts[0].cpu.coreCount: `0` is out of range: expected the number of cores, from 1 to 10 million"
    );
    assert!(topology("{}").starts_with("t.json: clusters: is missing"));
}
