use super::{jobs, node_lines, nodes, repaired};
use towtank_traces::{Context, Inputs};

const TASKS: &str = "j1,ps,1.0,Terminated,1000100.0,1000160.0,600.0,29.296875,0.0,\n\
                     j1,worker,2.0,Terminated,1000100.0,1000160.0,400.0,29.296875,50.0,MISC\n\
                     j2,tensorflow,1.0,Failed,1000000.0,1000001.5,600.0,1,250.0,V100\n\
                     j3,evaluator,1.0,Running,1000200.0,,100.0,1,100.0,T4\n\
                     j4,worker,1.0,Waiting,,,100.0,1,100.0,\n\
                     j5,worker,1.0,Terminated,1000300.0,1000200.0,,,,\n\
                     j6,worker,1.0,Terminated,1000300.0,1000400.0,,,,\n";

#[test]
fn tasks_are_jobs_of_pods_that_start_together() {
    let context = Context::default();
    let read = jobs("alibaba-pai-v2020", &Inputs::from_bytes("pai_task_table.csv", TASKS), &context);
    let expected = [
        "0 j2-tensorflow cpu=6 memory=1Gi gpu=3x1000 fails after 1.5",
        "100 j1-ps cpu=6 memory=30000Mi for 60",
        "100 j1-worker x2 cpu=4 memory=30000Mi gpu=1x500 for 60",
        "200 j3-evaluator cpu=1 memory=1Gi gpu=1x1000",
        "300 j6-worker for 100",
    ];
    assert_eq!(read.lines(), expected);
    let gangs: Vec<_> = read.submitted().map(|(job, _)| job.gang).collect();
    assert_eq!(gangs, [false, false, true, false, false]);
    assert_eq!(repaired(&context), [("negative-duration", 1), ("missing-request", 1), ("missing-duration", 1)]);
}

#[test]
fn the_table_of_jobs_brings_users_and_waits() {
    let inputs = Inputs::from_bytes("v/pai_task_table.csv", TASKS)
        .and("v/pai_job_table.csv", "j1,x,ann,Terminated,1000040.0,1000160.0\nj2,y,bob,Failed,1000005.0,1000160.0\n")
        .and("v/pai_machine_spec.csv", "m,T4,96,512,2\nn,CPU,64,256,0\n");
    let context = Context::default();
    let read = jobs("alibaba-pai-v2020", &inputs, &context);
    let starts: Vec<_> = read.lines().iter().map(|line| line.split(" cpu").next().unwrap().to_owned()).collect();
    let expected = ["0 j2-tensorflow user=bob", "40 j1-ps user=ann", "40 j1-worker x2 user=ann", "200 j3-evaluator"];
    assert_eq!(starts[..4], expected);
    let waits: Vec<_> = read.submitted().filter_map(|(job, _)| job.waited).map(|span| span.to_string()).collect();
    assert_eq!(waits, ["0", "60", "60"]);
    let expected = [
        "0 + m cpu=96 memory=512Gi pods=110 towtank.dev/gpu-milli=2k gpu-model:T4",
        "0 + n cpu=64 memory=256Gi pods=110",
    ];
    assert_eq!(node_lines(&nodes("alibaba-pai-v2020", &inputs, &context)), expected);
}
