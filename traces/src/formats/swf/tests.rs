use super::FORMAT;
use crate::format::Context;
use crate::input::Inputs;
use crate::options::{ReplayOptions, RequestedMemory};
use crate::record::{Event, Record, Submitted};
use crate::registry::detect;
use crate::repairs::{Repairs, Rule};
use std::path::Path;
use towtank_sim::model::node::NodeSpec;
use towtank_sim::model::pod::Run;

const DAY: i64 = 86_400_000_000_000;

fn shared(name: &str) -> Option<Inputs> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces/swf").join(name);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    let inputs = Inputs::open(&[path]).unwrap();
    assert_eq!(detect(&inputs).map(|format| format.name), Some("swf"), "{name}");
    Some(inputs)
}

fn read(inputs: &Inputs, context: &Context) -> Result<Vec<(i64, Submitted)>, String> {
    let mut reader = FORMAT.read_pods(inputs, context).map_err(|error| error.to_string())?;
    let mut jobs = Vec::new();
    while let Some(Record { at, event, .. }) = reader.next().map_err(|error| error.to_string())? {
        let Event::Submitted(job) = event else { panic!("a job") };
        jobs.push((at, job));
    }
    Ok(jobs)
}

fn nodes(inputs: &Inputs, processors_per_pod: u32) -> Result<Vec<NodeSpec>, String> {
    let context =
        Context { options: ReplayOptions { processors_per_pod, ..ReplayOptions::default() }, ..Context::default() };
    let mut reader = FORMAT.read_nodes(inputs, &context).map_err(|error| error.to_string())?;
    let nodes = std::iter::from_fn(|| reader.next().unwrap()).map(|record| match record.event {
        Event::NodeAdded(node) => *node,
        other => panic!("{other:?}"),
    });
    Ok(nodes.collect())
}

fn length(job: &Submitted) -> i64 {
    match job.run {
        Run::Succeeds(span) | Run::Fails(span) => span.0,
        Run::Forever => panic!("{job:?}"),
    }
}

fn count(repairs: &Repairs, rule: Rule) -> u64 {
    repairs.report().iter().find(|one| one.rule == rule).map_or(0, |one| one.count)
}

#[test]
fn nasa_fills_a_published_part_of_its_machine() {
    let Some(inputs) = shared("NASA-iPSC-1993-3.1-cln.swf.gz") else { return };
    let jobs = read(&inputs, &Context { repairs: Repairs::strict(), ..Context::default() }).unwrap();
    assert_eq!(jobs.len(), 18_239);
    let area: i64 = jobs.iter().map(|(_, job)| length(job) / 1_000_000_000 * i64::from(job.pods)).sum();
    let days = area as f64 / 86_400.0;
    assert!((days - 5_488.87).abs() < 0.005, "{days} processor-days");
    let span = jobs.iter().map(|(at, job)| at + length(job)).max().unwrap() as f64 / DAY as f64;
    assert!((span - 92.0).abs() < 0.05, "{span} days");
    assert!((days / span / 128.0 - 0.466).abs() < 0.0005, "{}", days / span / 128.0);
    assert!(jobs.iter().all(|(_, job)| job.pods.is_power_of_two() && job.estimate.is_none() && job.waited.is_none()));
    assert_eq!(jobs.iter().filter(|(_, job)| length(job) == 0).count(), 173);
    // What is recorded as the submission is the start, and not quite: placed then, the jobs need more than there is.
    let mut changes: Vec<(i64, i64)> = Vec::new();
    for (at, job) in &jobs {
        changes.extend([(*at, i64::from(job.pods)), (at + length(job), -i64::from(job.pods))]);
    }
    changes.sort_unstable();
    let mut busy = 0;
    let peak = changes.iter().map(|(_, change)| {
        busy += change;
        busy
    });
    assert_eq!(peak.max(), Some(176));
    let users: std::collections::BTreeSet<_> = jobs.iter().map(|(_, job)| job.user).collect();
    assert_eq!(users.len(), 69);
    assert_eq!(nodes(&inputs, 1).unwrap().len(), 128);
    assert_eq!(nodes(&inputs, 32).unwrap().len(), 4);
}

#[test]
fn hpc2n_has_estimates_and_jobs_that_never_ran() {
    let Some(inputs) = shared("hpc2n-first-jobs.swf.gz") else { return };
    let context = Context::default();
    let jobs = read(&inputs, &context).unwrap();
    assert_eq!(jobs.len(), 3_170 - 25);
    assert_eq!(count(&context.repairs, Rule::MissingDuration), 25);
    assert!(jobs.iter().all(|(_, job)| job.estimate.is_some() && job.waited.is_some()));
    let longer = jobs.iter().filter(|(_, job)| length(job) > job.estimate.unwrap().0).count();
    assert_eq!(longer, 320);
    assert_eq!(jobs.iter().map(|(_, job)| length(job)).max(), Some(429_927_000_000_000));
    // Its machine says more than its header.
    let Some(machines) = shared("hpc2n-first-jobs.machines") else { return };
    let nodes = nodes(&machines, 1).unwrap();
    assert_eq!(nodes.len(), 120);
    assert_eq!(nodes[119].allocatable["cpu"].value(), 2);
    assert_eq!(nodes[119].allocatable["memory"].value(), 1 << 30);
}

#[test]
fn metacentrum_has_columns_and_units_of_its_own() {
    let Some(inputs) = shared("metacentrum-wagap-2013.swf.gz") else { return };
    let options = ReplayOptions {
        processors_per_pod: 80,
        requested_memory: RequestedMemory::BytesPerJob,
        ..ReplayOptions::default()
    };
    let context = Context { options, ..Context::default() };
    let jobs = read(&inputs, &context).unwrap();
    assert_eq!(jobs.len(), 17_898);
    assert_eq!(count(&context.repairs, Rule::NegativeDuration), 2);
    assert_eq!(count(&context.repairs, Rule::ExtraColumns), 17_900);
    assert_eq!(jobs[0].0, 1_356_996_147_000_000_000);
    assert!(jobs.iter().filter(|(_, job)| job.pods == 1).count() > 17_000);
    let longer = jobs.iter().filter(|(_, job)| length(job) > job.estimate.unwrap().0).count();
    assert_eq!(longer, 702);
    assert!(nodes(&inputs, 1).unwrap_err().contains("says neither `; MaxProcs: N` nor `; MaxNodes: N`"));
    let Some(machines) = shared("metacentrum-wagap-2013.machines") else { return };
    assert_eq!(nodes(&machines, 1).unwrap().len(), 68);
}

fn job(fields: &[(usize, &str)]) -> Inputs {
    let mut row =
        vec!["7", "100", "5", "60", "3", "30", "512", "-1", "90", "1024", "1", "4", "1", "1", "2", "1", "-1", "-1"];
    for (field, text) in fields {
        row[field - 1] = text;
    }
    Inputs::from_bytes("log.swf", format!("; Version: 2.2\n\n  {}\n", row.join("  ")))
}

fn one(fields: &[(usize, &str)], options: ReplayOptions) -> Result<Submitted, String> {
    let jobs = read(&job(fields), &Context { options, repairs: Repairs::strict() })?;
    Ok(jobs.into_iter().next().expect("a job").1)
}

#[test]
fn processors_become_pods_of_at_most_so_many() {
    for (processors, per_pod, pods, cpus) in [(3, 1, 3, 1), (3, 2, 2, 2), (8, 4, 2, 4), (3, 80, 1, 3), (81, 80, 2, 41)]
    {
        let text = processors.to_string();
        let options = ReplayOptions { processors_per_pod: per_pod, ..ReplayOptions::default() };
        let context = Context { options, ..Context::default() };
        let mut reader = FORMAT.read_pods(&job(&[(8, &text)]), &context).unwrap();
        let Some(Record { event: Event::Submitted(job), .. }) = reader.next().unwrap() else { panic!("a job") };
        assert_eq!((job.pods, job.gang), (pods, true), "{processors} by {per_pod}");
        let requests = reader.shapes().get(job.shape).spec.held_requests();
        assert_eq!(requests["cpu"].value(), cpus, "{processors} by {per_pod}");
    }
}

#[test]
fn fields_mean_what_the_format_says() {
    let options =
        ReplayOptions { requested_memory: RequestedMemory::KilobytesPerProcessor, ..ReplayOptions::default() };
    let plain = one(&[], options.clone()).unwrap();
    assert_eq!((&*plain.name, plain.pods, plain.usage.cpu, plain.usage.memory), ("7", 3, 5_000, 5_000));
    assert!(matches!(plain.run, Run::Succeeds(span) if span.to_string() == "60"));
    for status in ["0", "5"] {
        assert!(matches!(one(&[(11, status)], options.clone()).unwrap().run, Run::Fails(_)), "{status}");
    }
    let unknown = one(&[(3, "-1"), (6, "-1"), (7, "-1"), (9, "-1"), (12, "-1"), (15, "-1")], options).unwrap();
    assert_eq!((unknown.waited, unknown.estimate, unknown.user, unknown.queue), (None, None, None, None));
    assert_eq!((unknown.usage.cpu, unknown.usage.memory), (10_000, 10_000));
}

#[test]
fn what_is_wrong_is_said_with_line_and_field() {
    let error = |fields: &[(usize, &str)]| one(fields, ReplayOptions::default()).unwrap_err();
    assert_eq!(
        error(&[(4, "soon")]),
        "log.swf: line 3, column `4 (run time)`: `soon` is not a number: expected a number, or -1 for one that is not known"
    );
    assert!(error(&[(2, "-1")]).contains("column `2 (submit time)`: `-1` is not known"));
    assert!(error(&[(4, "-1")]).contains("column `4 (run time)`: `-1` is not known"));
    assert!(error(&[(4, "-60")]).contains("`-60` is negative"));
    assert!(error(&[(5, "-1")]).contains("column `8 (requested processors)`: `-1` is not known, and neither is"));
    assert!(error(&[(11, "3")]).contains("column `11 (status)`: `3` is part of a job"));
    assert!(error(&[(18, "-1 extra")]).contains("line 3: found 19 fields, expected 18 for a job"));
    let text = |text: &str| read(&Inputs::from_bytes("log.swf", text), &Context::default()).unwrap_err();
    assert_eq!(text("1 2 3\n"), "log.swf: line 1: found 3 fields, expected 18 for a job");
    assert!(text("").contains("the file is empty: expected jobs in the Standard Workload Format"));
    assert!(text("; Version: 2\n").contains("the file is empty"));
    let machines = |text: &str| nodes(&Inputs::from_bytes("a.machines", text), 1).unwrap_err();
    assert!(machines("0 seth 120 2 1\n").contains("found 5 fields, expected 6 for a cluster"));
    assert!(machines("0 seth many 2 1 8\n").contains("line 1, column `nodes`: `many` is out of range"));
    assert!(machines("\n").contains("the file is empty"));
}
