use super::{data, jobs, node_lines, nodes, repaired};
use towtank_sim::model::pod::Run;
use towtank_traces::{Context, Inputs};

#[test]
fn the_batch_tasks_are_as_their_readme_says() {
    let Some(inputs) = data("alibaba-v2017-batch/batch_task.csv.gz") else { return };
    let context = Context::default();
    let read = jobs("alibaba-v2017", &inputs, &context);
    // 80,553 rows: 8,847 wait, and one ended before it began.
    assert_eq!(read.submitted().count(), 80_553 - 8847 - 1);
    let count = |wanted: fn(Run) -> bool| read.submitted().filter(|(job, _)| wanted(job.run)).count();
    assert_eq!(count(|run| run == Run::Forever), 3567);
    assert_eq!(count(|run| matches!(run, Run::Fails(_))), 1126);
    assert_eq!(count(|run| matches!(run, Run::Succeeds(_))), 67_012);
    let half = read
        .submitted()
        .filter(|(_, spec)| spec.containers[0].requests.get("cpu").is_some_and(|cpu| cpu.milli_value() == 500));
    assert_eq!(half.count(), 52_901);
    let expected = [
        ("negative-duration", 1),
        // 9,017 rows are blank: those that wait, that one, and 169 others.
        ("missing-request", 9017 - 8847 - 1),
        ("negative-time", 0),
        ("missing-duration", 8847),
    ];
    for (rule, count) in repaired(&context) {
        let expected = expected.iter().find(|(name, _)| *name == rule).unwrap().1;
        assert!(count == expected || (rule == "negative-time" && count > 0), "{rule}: {count}");
    }
    assert_eq!(read.records.iter().map(|record| record.at).min(), Some(0));
    assert_eq!(read.records.iter().map(|record| record.at / 1_000_000_000).max(), Some(60_181));
}

#[test]
fn all_tables_of_a_folder() {
    let inputs = Inputs::from_bytes("trace/server_event.csv", "0,7,add,,64,0.5,0.25\n100,7,softerror,agent,,,\n")
        .and("trace/container_event.csv", "0,Create,1,7,4,0.0625,0.125,1|2\n50,Remove,1,7,4,0.0625,0.125,\n")
        .and("trace/batch_task.csv", "-5,20,3,4,2,Terminated,50,0.25\n10,0,3,5,1,Running,100,0.5\n");
    let context = Context::default();
    let servers = nodes("alibaba-v2017", &inputs, &context);
    let amounts = "cpu=64 ephemeral-storage=256Gi memory=128Gi pods=110";
    let expected = [format!("0 + machine-7 {amounts}"), format!("100 ~ machine-7 {amounts} cordoned")];
    assert_eq!(node_lines(&servers), expected);
    let expected = [
        "0 task-4 x2 cpu=500m memory=64Gi for 25",
        "0 container-1 cpu=4 ephemeral-storage=128Gi memory=16Gi",
        "10 task-5 cpu=1 memory=128Gi",
        "50 kill container-1",
    ];
    assert_eq!(jobs("alibaba-v2017", &inputs, &context).lines(), expected);
}
