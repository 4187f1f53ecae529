use super::FORMAT;
use crate::format::Context;
use crate::input::Inputs;
use crate::reader::Reader;
use crate::record::{Event, Record, Submitted};
use crate::registry::detect;
use serde_json::{Value, json};
use std::path::Path;
use towtank_sim::model::pod::Run;
use towtank_sim::time::Span;

fn open_jobs(inputs: &Inputs) -> Result<Box<dyn Reader>, String> {
    FORMAT.read_pods(inputs, &Context::default()).map_err(|error| error.to_string())
}

fn all(mut reader: Box<dyn Reader>) -> Vec<Record> {
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

fn jobs(records: &[Record]) -> Vec<(i64, &Submitted)> {
    let jobs = records.iter().map(|record| match &record.event {
        Event::Submitted(job) => (record.at, job),
        other => panic!("{other:?}"),
    });
    jobs.collect()
}

fn workload() -> Value {
    json!({
        "nb_res": 4,
        "jobs": [
            {"id": "w0!1", "subtime": 10.5, "res": 1, "profile": "short", "walltime": 60},
            {"id": 2, "subtime": 0, "res": 4, "profile": "twice", "walltime": -1},
            {"id": 3, "subtime": 1, "res": 2, "profile": "broken"},
            {"id": 4, "subtime": 2, "res": 2, "profile": "short", "walltime": 7},
        ],
        "profiles": {
            "short": {"type": "delay", "delay": 20.25},
            "twice": {"type": "composed", "repeat": 2, "seq": ["short", "broken"]},
            "broken": {"type": "delay", "delay": 5, "ret": 1},
            "flops": {"type": "parallel_homogeneous", "cpu": 1e9, "com": 0},
            "snake": {"type": "composed", "seq": ["snake"]},
        },
    })
}

fn error(change: impl FnOnce(&mut Value)) -> String {
    let mut value = workload();
    change(&mut value);
    open_jobs(&Inputs::from_bytes("w.json", value.to_string())).err().expect("it is wrong")
}

#[test]
fn the_published_workload_has_its_jobs_and_machines() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces/batsim-medium-late/medium_late.json.gz");
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return;
    }
    let inputs = Inputs::open(&[path]).unwrap();
    assert_eq!(detect(&inputs).map(|format| format.name), Some("batsim"));
    assert_eq!(all(FORMAT.read_nodes(&inputs, &Context::default()).unwrap()).len(), 32);
    let records = all(open_jobs(&inputs).unwrap());
    let jobs = jobs(&records);
    assert_eq!(jobs.len(), 801);
    let of_size = |pods| jobs.iter().filter(|(_, job)| job.pods == pods).count();
    assert_eq!([1, 2, 4, 8, 16].map(of_size), [214, 365, 165, 42, 15]);
    assert_eq!(jobs.iter().map(|(at, _)| *at).max(), Some(16_000_000_000_000));
    let mut area = 0;
    for (_, job) in &jobs {
        let Run::Succeeds(length) = job.run else { panic!("{job:?}: no job exceeds its walltime") };
        assert!(length <= job.estimate.unwrap(), "{job:?}");
        area += length.0 * i64::from(job.pods);
    }
    // Published: 256,450.464 machine-seconds.
    assert_eq!(area, 256_450_464_000_000);
}

#[test]
fn run_times_come_from_profiles_and_end_at_the_walltime() {
    let records = all(open_jobs(&Inputs::from_bytes("w.json", workload().to_string())).unwrap());
    let jobs = jobs(&records);
    let seconds = |seconds: f64| Span::try_from_secs_f64(seconds).unwrap();
    assert_eq!(jobs[0].0, 10_500_000_000);
    assert_eq!((&*jobs[0].1.name, jobs[0].1.gang, jobs[0].1.run), ("w0!1", true, Run::Succeeds(seconds(20.25))));
    assert_eq!((jobs[1].1.pods, jobs[1].1.gang, jobs[1].1.run), (4, true, Run::Succeeds(seconds(50.5))));
    assert_eq!(jobs[1].1.estimate, None);
    assert_eq!(jobs[2].1.run, Run::Fails(seconds(5.0)));
    assert_eq!(jobs[3].1.run, Run::Fails(seconds(7.0)));
}

#[test]
fn what_cannot_be_used_is_said_with_its_place() {
    assert_eq!(
        error(|w| w["jobs"][1]["profile"] = "flops".into()),
        "w.json: profiles.flops.type: `parallel_homogeneous` computes or communicates, which takes a SimGrid platform to \
         know how long: expected profiles of the type `delay`, or sequences of them"
    );
    assert_eq!(
        error(|w| w["jobs"][2]["profile"] = "lost".into()),
        "w.json: jobs[2].profile: `lost` is no profile: expected the name of one of `profiles`"
    );
    assert_eq!(
        error(|w| w["jobs"][0]["res"] = 0.into()),
        "w.json: jobs[0].res: `0` is out of range: expected the number of machines, from 1 to 10 million"
    );
    assert!(
        error(|w| w["jobs"][0]["profile"] = "snake".into())
            .contains("profiles.snake.seq[0]: `snake` is nested too deep, or part of itself")
    );
    assert!(error(|w| w["jobs"][0]["subtime"] = Value::Null).starts_with("w.json: jobs[0].subtime: is missing"));
    assert!(error(|w| w["jobs"][0]["walltime"] = json!("long")).contains("jobs[0].walltime: `long` is no number"));
    assert!(error(|w| *w = json!([1])).contains("is no object"));
    assert!(error(|w| w["nb_res"] = 1e300.into()).contains("nb_res"));
}
