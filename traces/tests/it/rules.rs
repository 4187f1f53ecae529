//! Cleaning: every rule on rows that need it, counted; and strict, as an error.

use crate::{drain, shared_context};
use std::fmt::Write;
use towtank_sim::cluster::Cluster;
use towtank_sim::source::{Source, Work};
use towtank_traces::repairs::Repairs;
use towtank_traces::{Context, Inputs, ReplayOptions, find_format, replay};

const PODS: &str = "name,arrival_s,duration_s,cpu_milli,memory_bytes\n";

fn pods(rows: &str, context: &Context) -> Result<Vec<String>, String> {
    let inputs = Inputs::from_bytes("pods.csv", format!("{PODS}{rows}"));
    let reader = find_format("csv").unwrap().read_pods(&inputs, context).map_err(|error| error.to_string())?;
    let source = replay::pods(reader, context).map_err(|error| error.to_string())?;
    let read = drain(Box::new(source))?;
    Ok(read.pods().map(|(at, pod, _)| format!("{at} {}", pod.name)).collect())
}

/// The rows give these pods with these repairs, and with strict rules this error.
#[track_caller]
fn check(rows: &str, expected: &[&str], rule: &str, count: u64, error: &str) {
    let context = Context::default();
    assert_eq!(pods(rows, &context).unwrap(), expected);
    let report = context.repairs.report();
    let found: Vec<_> = report.iter().map(|one| (one.rule.name(), one.count, one.first.as_str())).collect();
    assert_eq!(found, [(rule, count, error)]);
    assert_eq!(pods(rows, &Context { repairs: Repairs::strict(), ..Context::default() }).unwrap_err(), error);
}

#[test]
fn negative_run_times_are_left_out() {
    check(
        "a,1,1,1,1\nb,2,-3,1,1\nc,3,-0.5,1,1\n",
        &["1 a"],
        "negative-duration",
        2,
        "pods.csv: line 3, column `duration_s`: `-3` is negative: expected a run time in seconds, 0 or more, with up to \
         six decimals",
    );
}

#[test]
fn rows_a_little_out_of_order_are_sorted_in() {
    check(
        "a,1,1,1,1\nb,3,1,1,1\nc,2,1,1,1\nd,2,1,1,1\n",
        &["1 a", "2 c", "2 d", "3 b"],
        "unsorted-row",
        2,
        "pods.csv: line 4: 2 s follows 3 s: expected rows in order of time; the trace option `sorted: false` sorts them",
    );
}

#[test]
fn requests_of_nothing_are_kept() {
    check(
        "a,1,1,0,0\nb,2,1,0,1\nc,3,1,1,0\nd,4,1,0,0\n",
        &["1 a", "2 b", "3 c", "4 d"],
        "zero-request",
        2,
        "pods.csv: line 2: it requests neither CPU nor memory: expected a request of at least one of them",
    );
}

#[test]
fn rows_far_out_of_order_need_to_be_sorted() {
    let mut rows = String::new();
    for i in 0..10_000 {
        let _ = writeln!(rows, "p{i},{},1,1,1", 20_000 - i);
    }
    let error = pods(&rows, &Context::default()).unwrap_err();
    assert!(error.starts_with("pods.csv: line 4098: "), "{error}");
    for sort_memory in [1 << 20, 1 << 12] {
        let options = ReplayOptions { sorted: Some(false), sort_memory, ..ReplayOptions::default() };
        let context = Context { options, ..Context::default() };
        let read = pods(&rows, &context).unwrap();
        assert_eq!((read.len(), &*read[0], &*read[9999]), (10_000, "10001 p9999", "20000 p0"));
        assert!(context.repairs.report().is_empty(), "to sort what is asked to be sorted is no repair");
    }
}

#[test]
fn a_name_that_is_taken_gets_a_number() {
    let context = Context::default();
    let mut cluster = Cluster::default();
    let inputs = Inputs::from_bytes("pods.csv", format!("{PODS}a,1,1,1,1\na,1,1,1,1\na,2,1,1,1\nb,3,1,1,1\n"));
    let reader = find_format("csv").unwrap().read_pods(&inputs, &context).unwrap();
    let mut source = replay::pods(reader, &context).unwrap();
    let mut names = Vec::new();
    while let Some(submission) = source.next(&mut cluster).unwrap() {
        let Work::Pod(pod) = submission.work else { panic!("only pods") };
        names.push(pod.name.to_string());
        cluster.create_pod(pod).unwrap();
    }
    assert_eq!(names, ["a", "a-2", "a-3", "b"]);
    let report = context.repairs.report();
    assert_eq!((report.len(), report[0].rule.name(), report[0].count), (1, "duplicate-name", 2));
}

#[test]
fn contexts_of_one_run_count_together() {
    let (all, one) = shared_context();
    pods("a,1,-1,1,1\n", &one).unwrap();
    pods("a,1,-1,1,1\n", &one).unwrap();
    assert_eq!(all.repairs.report()[0].count, 2);
}
