use super::{data, jobs, node_lines, nodes, read_jobs, repaired};
use std::collections::BTreeMap;
use towtank_sim::model::pod::Run;
use towtank_traces::{Context, Inputs};

#[test]
fn the_reduced_table_is_as_its_readme_says() {
    let Some(inputs) = data("philly/philly_jobs_before_2017-12-01.csv.gz") else { return };
    let context = Context::default();
    let read = jobs("philly", &inputs, &context);
    assert_eq!(read.records.len(), 74_167);
    // From 2017-09-04 10:30:41 to 2017-11-30 23:52:11.
    assert_eq!(read.records.last().unwrap().at / 1_000_000_000, 7_564_890);
    let gpus = |spec: &towtank_sim::model::pod::PodSpec| spec.gpu.map_or(0, |gpu| i64::from(gpu.count));
    let mut seconds: Vec<i64> = Vec::new();
    let mut gpu_nanos = 0_i128;
    for (job, spec) in read.submitted() {
        let Run::Succeeds(span) = job.run else { panic!("all end") };
        seconds.push(span.0 / 1_000_000_000);
        gpu_nanos += i128::from(span.0) * i128::from(gpus(spec) * i64::from(job.pods));
        assert_eq!(job.gang, job.pods > 1);
    }
    seconds.sort_unstable();
    assert_eq!(seconds[seconds.len() / 2], 1213);
    assert_eq!(gpu_nanos / 3_600_000_000_000, 894_968);
    let queues = read.queues.iter().fold(BTreeMap::new(), |mut counts: BTreeMap<&str, usize>, queue| {
        *counts.entry(queue).or_default() += 1;
        counts
    });
    assert_eq!(queues.len(), 15);
    assert_eq!(repaired(&context), []);
}

const LOG: &str = r#" [ {"status": "Pass", "vc": "ee9e8c", "jobid": "application_1_2", "attempts": [
    {"start_time": "2017-10-07 01:12:09", "end_time": "2017-10-07 01:13:23", "detail": [
      {"ip": "m47", "gpus": ["gpu0", "gpu1", "gpu2", "gpu3", "gpu4", "gpu5", "gpu6", "gpu7"]},
      {"ip": "m48", "gpus": ["gpu0", "gpu1", "gpu2", "gpu3", "gpu4", "gpu5", "gpu6", "gpu7"]}]},
    {"start_time": "2017-10-07 01:13:30", "end_time": "2017-10-07 01:14:30", "detail": []}],
    "submitted_time": "2017-10-07 01:11:39", "user": "ce2f4c"},
  {"status": "Failed", "vc": "v", "jobid": "b", "attempts": [{"start_time": "2017-10-07 01:00:00", "end_time": "None", "detail": []}],
    "submitted_time": "2017-10-07 00:59:00", "user": null},
  {"status": "Killed", "vc": "v", "jobid": "c", "attempts": [], "submitted_time": "2017-10-07 02:00:00", "user": "u"},
  {"status": "Failed", "vc": "v", "jobid": "d", "attempts": [{"start_time": "2017-10-07 03:00:00",
    "end_time": "2017-10-07 03:00:07", "detail": [{"ip": "m", "gpus": ["gpu0"]}]}], "submitted_time": "2017-10-07 02:59:00"}]"#;

#[test]
fn the_log_of_jobs() {
    let context = Context::default();
    let read = jobs("philly", &Inputs::from_bytes("cluster_job_log", LOG), &context);
    let expected = [
        "0 b queue=v",
        "759 application_1_2 x2 user=ce2f4c queue=ee9e8c gpu=8x1000 for 134",
        "7200 d queue=v gpu=1x1000 fails after 7",
    ];
    assert_eq!(read.lines(), expected);
    let waits: Vec<_> = read.submitted().map(|(job, _)| job.waited.unwrap().to_string()).collect();
    assert_eq!(waits, ["60", "30", "60"]);
    assert_eq!(repaired(&context), [("missing-duration", 1)]);
}

#[test]
fn what_is_wrong_in_the_log_is_said_with_its_element() {
    let error = |text: &str| {
        read_jobs("philly", &Inputs::from_bytes("log", text), &Context::default()).err().unwrap_or_default()
    };
    assert_eq!(
        error("[{\"status\": 1}]"),
        "log: element 1 of the list: invalid type: integer `1`, expected a string at line 1 column 13: expected a log of Philly jobs"
    );
    assert_eq!(error(&LOG[..900]), "log: line 4: cannot be read on: the list breaks off, the file is truncated");
    assert_eq!(error("[1]"), "log: this is not a log of Philly jobs: found `1` where a JSON list of objects goes on");
    assert_eq!(
        error(&LOG.replace("\"Pass\"", "\"Passed\"")),
        "log: line 1: `Passed` is no status: expected Pass, Killed or Failed"
    );
}

#[test]
fn the_list_of_machines() {
    let inputs = Inputs::from_bytes(
        "cluster_machine_list",
        "machineId, number of GPUs, single GPU mem\nm31,8, 24GB\nm1,2, 12GB\n",
    );
    let expected = [
        "0 + m31 cpu=64 memory=512Gi pods=110 towtank.dev/gpu-milli=8k",
        "0 + m1 cpu=64 memory=512Gi pods=110 towtank.dev/gpu-milli=2k",
    ];
    assert_eq!(node_lines(&nodes("philly", &inputs, &Context::default())), expected);
}
