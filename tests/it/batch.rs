//! Batch policies on published and recorded workloads.

use crate::support::{root, shared, towtank};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use towtank::policies::research::batch::by_name;
use towtank::policies::{BuildContext, build, profile_by_name};
use towtank::sim::batch::BatchScheduler;
use towtank::sim::cluster::{Change, Cluster};
use towtank::sim::engine::{Simulation, Until};
use towtank::sim::gang::PodGroupController;
use towtank::sim::model::node::NodeSpec;
use towtank::sim::model::pod::{NewPod, PodSpec, Run};
use towtank::sim::model::resources::ResourceList;
use towtank::sim::node::kubelet::{Kubelet, KubeletSettings};
use towtank::sim::observe::{Note, Observer};
use towtank::sim::random::Streams;
use towtank::sim::scheduler::FeatureGates;
use towtank::sim::source::{Gang, Listed, Submission, Work};
use towtank::sim::time::{SimTime, Span};

/// A job of a batch log; times in nanoseconds.
#[derive(Clone, Debug)]
struct Job {
    name: String,
    submit: i64,
    machines: u32,
    run: i64,
    estimate: Option<i64>,
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq)]
struct Played {
    start: i64,
    machines: Vec<u32>,
}

#[test]
fn easy_gives_every_start_and_every_machine_of_the_published_schedule() {
    let Some((jobs, expected)) = published() else { return };
    let got = play(&jobs, 32, "easy");
    let differ = expected.iter().filter(|(name, expected)| got[*name] != **expected).count();
    assert_eq!((expected.len(), differ), (801, 0));
}

#[test]
fn textbook_easy_differs_from_the_published_schedule_as_often_as_it_must() {
    let Some((jobs, expected)) = published() else { return };
    let got = play(&jobs, 32, "easy-textbook");
    let differ = expected.iter().filter(|(name, expected)| got[*name].start != expected.start).count();
    assert_eq!(differ, 78);
    assert_eq!(format!("{:.3}", mean_wait(&jobs, &got)), "8.681");
}

/// The log has no announced times, and its submit times are its starts: taken literally, up to 176 of 128 processors are busy at 18
/// instants. So nearly all jobs start at once.
#[test]
fn nasa_ipsc_runs_first_come_first_served_on_its_128_processors() {
    let Some(log) = shared("traces/swf/NASA-iPSC-1993-3.1-cln.swf.gz") else { return };
    let text = unzip(&log);
    let rows = text.lines().filter(|line| !line.starts_with(';') && !line.trim().is_empty());
    let job = |line: &str| {
        let field: Vec<i64> = line.split_whitespace().map(|field| field.parse().expect("a number")).collect();
        let (submit, run) = (field[1] * 1_000_000_000, field[3] * 1_000_000_000);
        Job { name: field[0].to_string(), submit, machines: field[4] as u32, run, estimate: None }
    };
    let jobs: Vec<Job> = rows.map(job).collect();
    assert_eq!(jobs.len(), 18_239);
    let got = play(&jobs, 128, "fifo");
    // First come, first served, with nothing but a count of processors.
    let (mut free, mut last) = (128, 0);
    let mut ends: BTreeMap<i64, u32> = BTreeMap::new();
    let mut late = 0;
    for job in &jobs {
        let mut start = job.submit.max(last);
        while let Some((&end, &machines)) = ends.first_key_value()
            && (end <= start || free < job.machines)
        {
            start = start.max(end);
            free += machines;
            ends.remove(&end);
        }
        assert_eq!(got[&job.name].start, start / 1000, "job {}", job.name);
        assert_eq!(got[&job.name].machines.len(), job.machines as usize);
        late += u32::from(start > job.submit);
        free -= job.machines;
        *ends.entry(start + job.run).or_default() += job.machines;
        last = start;
    }
    assert!((1..100).contains(&late), "{late} jobs start later than they were submitted");
}

/// The experiment as its readers run it: every start, every machine and every total of the published record.
#[test]
fn the_experiment_gives_the_published_totals() {
    let Some(folder) = shared("traces/batsim-medium-late") else { return };
    let run = ["run", "experiments/easy-batsim/scenario.yaml", "--out", "-", "--format", "json"];
    let summary: Value = serde_json::from_str(&towtank(root(), &run).expect(0).stdout).expect("JSON");
    let jobs = &summary["jobs"];
    for count in ["jobs", "same_start", "same_start_and_machines"] {
        assert_eq!(jobs["published"][count], 801, "{count}");
    }
    let table = std::fs::read_to_string(folder.join("expected_easy_summary.csv")).expect("the record is there");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let published: BTreeMap<String, f64> = reader.deserialize().next().expect("a row").expect("numbers");
    for (ours, theirs) in [
        ("finished", "nb_jobs_finished"),
        ("makespan_seconds", "makespan"),
        ("mean_wait_seconds", "mean_waiting_time"),
        ("max_wait_seconds", "max_waiting_time"),
        ("mean_turnaround_seconds", "mean_turnaround_time"),
        ("max_turnaround_seconds", "max_turnaround_time"),
        ("mean_slowdown", "mean_slowdown"),
        ("max_slowdown", "max_slowdown"),
        ("machine_seconds", "time_computing"),
    ] {
        let (got, expected) = (jobs[ours].as_f64().expect("a number"), published[theirs]);
        assert!((got - expected).abs() <= 1.5e-6, "{ours}: {got}, published {expected}");
    }
}

/// Batsim's workload and its schedule. Times in the schedule are rounded to microseconds.
fn published() -> Option<(Vec<Job>, BTreeMap<String, Played>)> {
    let folder = shared("traces/batsim-medium-late")?;
    let workload: Value = serde_json::from_str(&unzip(&folder.join("medium_late.json.gz"))).expect("JSON");
    let nanoseconds = |value: &Value| (value.as_f64().expect("seconds") * 1e9).round() as i64;
    let mut jobs: Vec<Job> = workload["jobs"]
        .as_array()
        .expect("jobs")
        .iter()
        .map(|job| Job {
            name: job["id"].to_string(),
            submit: nanoseconds(&job["subtime"]),
            machines: job["res"].as_u64().expect("a count") as u32,
            run: nanoseconds(&workload["profiles"][job["profile"].as_str().expect("a name")]["delay"]),
            estimate: Some(nanoseconds(&job["walltime"])),
        })
        .collect();
    jobs.sort_by_key(|job| job.submit);
    let mut expected = BTreeMap::new();
    for row in csv::Reader::from_reader(unzip(&folder.join("expected_easy_jobs.csv.gz")).as_bytes()).deserialize() {
        let row: BTreeMap<String, String> = row.expect("a row");
        let start = row["starting_time"].parse::<f64>().expect("seconds");
        let ranges = row["allocated_resources"].split(' ').flat_map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            first.parse::<u32>().expect("a number")..=last.parse().expect("a number")
        });
        let played = Played { start: (start * 1e6).round() as i64, machines: ranges.collect() };
        expected.insert(row["job_id"].clone(), played);
    }
    Some((jobs, expected))
}

/// Plays jobs on so many machines of one processor. Starts are rounded to microseconds.
fn play(jobs: &[Job], machines: u32, policy: &str) -> BTreeMap<String, Played> {
    let mut simulation = Simulation::new(0);
    let context = BuildContext::new(Streams::new(0), FeatureGates::default());
    let mut profiles = build(&profile_by_name("default").expect("a policy").config(), &context).profiles;
    let policy = by_name(policy).expect("a policy").parts.build();
    simulation.add_controller(Box::new(BatchScheduler::new(profiles.remove(0), policy)));
    simulation.add_controller(Box::new(Kubelet::new(KubeletSettings::default())));
    simulation.add_controller(Box::<PodGroupController>::default());
    let requests = |list: &[(&str, &str)]| -> ResourceList {
        list.iter().map(|(name, text)| ((*name).to_owned(), text.parse().expect("a quantity"))).collect()
    };
    let node = |number: u32| {
        let allocatable = requests(&[("cpu", "1"), ("pods", "10")]);
        let spec =
            NodeSpec { name: format!("m{number}").into(), allocatable: allocatable.into(), ..NodeSpec::default() };
        Submission { at: SimTime::ZERO, work: Work::Node(Box::new(spec)) }
    };
    simulation.add_source(Box::new(Listed::new("nodes", (0..machines).map(node).collect())));
    let class = simulation.cluster.intern(PodSpec::with_requests(requests(&[("cpu", "1")])));
    let gang = |job: &Job| {
        let pod = NewPod { run: Run::Succeeds(Span(job.run)), ..NewPod::new("", class) };
        let gang = Gang {
            namespace: "default".into(),
            name: job.name.as_str().into(),
            pods: job.machines,
            min_count: job.machines,
            estimate: job.estimate.map(Span),
            pod,
        };
        Submission { at: SimTime(job.submit), work: Work::Gang(Box::new(gang)) }
    };
    simulation.add_source(Box::new(Listed::new("jobs", jobs.iter().map(gang).collect())));
    let mut starts = Starts::default();
    simulation.run(Until::Idle, &mut [&mut starts]).expect("nothing can fail");
    assert!(simulation.cluster.objects().is_empty(), "groups go with their pods");
    for played in starts.0.values_mut() {
        played.machines.sort_unstable();
    }
    starts.0
}

/// Mean wait in seconds.
fn mean_wait(jobs: &[Job], played: &BTreeMap<String, Played>) -> f64 {
    let waits = jobs.iter().map(|job| played[&job.name].start as f64 / 1e6 - job.submit as f64 / 1e9);
    waits.sum::<f64>() / jobs.len() as f64
}

/// Notes when and where the pods of each job are bound.
#[derive(Default)]
struct Starts(BTreeMap<String, Played>);

impl Observer for Starts {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(Change::PodBound(pod, node)) = note else { return };
        let pod = cluster.pod(*pod).expect("it was bound");
        let job = cluster.objects().meta(pod.owner.expect("a group")).expect("it lives").name.to_string();
        let played = self.0.entry(job).or_default();
        played.start = (cluster.now.0 + 500) / 1000;
        played.machines.push(cluster.node(*node).name()[1..].parse().expect("a number"));
    }
}

fn unzip(path: &std::path::Path) -> String {
    let mut text = String::new();
    let file = File::open(path).expect("the file is there");
    MultiGzDecoder::new(file).read_to_string(&mut text).expect("a whole file");
    text
}
