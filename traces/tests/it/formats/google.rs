use super::{data, jobs, node_lines, nodes, read_jobs, repaired, sum};
use std::collections::BTreeSet;
use towtank_sim::model::pod::{Run, Usage};
use towtank_traces::record::Event;
use towtank_traces::{Context, Inputs, Machine, ReplayOptions, detect};

#[test]
fn the_sample_of_2011_is_as_its_readme_says() {
    let Some(inputs) = data("google-2011-sample") else { return };
    assert_eq!(detect(&inputs).unwrap().name, "google-2011");
    let context = Context::default();
    let machines = nodes("google-2011", &inputs, &context);
    assert_eq!(machines.len(), 1523);
    assert!(machines.iter().all(|record| record.at == 0 && matches!(record.event, Event::NodeAdded(_))));
    let read = jobs("google-2011", &inputs, &context);
    // Every row submits a task of its own, and none ends in so few rows.
    assert_eq!(read.records.len(), 1015);
    assert!(read.submitted().all(|(job, _)| job.run == Run::Forever && job.pods == 1));
    let names: BTreeSet<_> = read.submitted().map(|(job, _)| job.name.to_string()).collect();
    assert_eq!(names.len(), 1015);
    let mut priorities = read.submitted().map(|(_, spec)| spec.priority.unwrap());
    assert!(priorities.all(|priority| (0..=11).contains(&priority)));
    // Usage of the first five minutes is joined to the tasks that it is of.
    assert!(read.submitted().any(|(job, _)| job.usage != Usage::default()));
    assert_eq!(sum(read.submitted().map(|(_, spec)| &spec.containers[0].limits), "cpu"), 0);
}

const TASKS: &str = "0,,1,0,,0,ann,2,9,0.5,0.25,0.0001,0\n\
                     0,,1,0,5,1,ann,2,9,0.5,0.25,0.0001,0\n\
                     700000000,,1,1,,0,ann,0,0,0.0625,0.015625,,1\n\
                     700000000,,2,0,,0,bob,0,0,,,,0\n\
                     710000000,,1,1,5,1,ann,0,0,0.0625,0.015625,,1\n\
                     720000000,,1,1,5,2,ann,0,0,0.0625,0.015625,,1\n\
                     720000000,,1,1,,0,ann,0,0,0.0625,0.015625,,1\n\
                     730000000,,2,0,,5,bob,0,0,,,,0\n\
                     731000000,,3,0,,4,bob,0,0,0.1,0.1,,0\n\
                     740000000,,1,1,6,1,ann,0,0,0.0625,0.015625,,1\n\
                     800000000,,1,1,6,3,ann,0,0,0.0625,0.015625,,1\n\
                     800000000,,4,0,,0,ann,0,0,0.125,0.0625,,0\n\
                     801000000,,4,0,,7,ann,0,0,0.25,0.0625,,0\n\
                     802000000,,4,0,7,1,ann,0,0,0.25,0.0625,,0\n\
                     803000000,,4,0,7,8,ann,0,0,0.5,0.0625,,0\n\
                     902000000,,4,0,7,4,ann,0,0,0.5,0.0625,,0\n\
                     9223372036854775807,,1,0,5,5,ann,2,9,0.5,0.25,0.0001,0\n";

#[test]
fn the_table_of_jobs_knows_users_that_the_tasks_rows_leave_out() {
    let tasks = "10,,1,0,,0,,0,0,0.5,0.5,,0\n20,,2,0,,0,,0,0,0.5,0.5,,0\n30,,2,1,,0,eve,0,0,0.5,0.5,,0\n50,,1,1,,0,,0,0,0.5,0.5,,0\n";
    let table = "10,,1,0,ann,0,n,l\n11,,1,1,ann,0,n,l\n20,,2,0,bob,0,n,l\n40,,1,4,ann,0,n,l\n";
    let inputs = Inputs::from_bytes("trace/task_events.csv", tasks).and("trace/job_events.csv", table);
    let read = jobs("google-2011", &inputs, &Context::default());
    let users: Vec<_> = read.lines().iter().map(|line| line.split(' ').nth(2).unwrap().to_owned()).collect();
    assert_eq!(users, ["user=ann", "user=bob", "user=eve", "cpu=32"], "what comes after a job's end is not its task");

    let wrong = Inputs::from_bytes("task_events.csv", tasks).and("job_events.csv", "10,,1,9,ann,0,n,l\n");
    let error = read_jobs("google-2011", &wrong, &Context::default()).err().unwrap();
    assert_eq!(
        error,
        "job_events.csv: line 1, column `event type`: `9` is no event of a job: expected the number of an event, 0 to 8"
    );
}

#[test]
fn beginnings_and_ends_of_tasks_are_joined() {
    let inputs = Inputs::from_bytes("trace/task_events/part-00000-of-00500.csv", TASKS).and(
        "trace/task_usage/part-00000-of-00500.csv",
        "740000000,770000000,1,1,6,0.03125,0.0078125,,,,,,,,,,,,,\n770000000,800000000,1,1,6,0.09375,0.0234375,,,,,,,,,,,,,\n\
         802000000,902000000,4,0,7,2.5,0.0,,,,,,,,,,,,,\n",
    );
    let context = Context::default();
    let read = jobs("google-2011", &inputs, &context);
    let expected = [
        "0 1-0 user=ann cpu=32 ephemeral-storage=104Mi memory=64Gi priority=9",
        "700 2-0 user=bob priority=0",
        "700 1-1 user=ann cpu=4 memory=4Gi priority=0 fails after 60",
        "730 kill 2-0",
        "800 4-0 user=ann cpu=16 memory=16Gi priority=0 for 100",
    ];
    assert_eq!(read.lines(), expected);
    let usage: Vec<_> = read.submitted().map(|(job, _)| (job.usage.cpu, job.usage.memory)).collect();
    assert_eq!(usage, [(10_000, 10_000), (10_000, 10_000), (10_000, 10_000), (u16::MAX, 0)]);
    let apart: Vec<_> = read.submitted().map(|(_, spec)| spec.pod_anti_affinity.required.len()).collect();
    assert_eq!(apart, [0, 0, 1, 0]);
    assert_eq!(repaired(&context), [("missing-start", 1), ("missing-request", 1), ("clipped", 1)]);
}

#[test]
fn machines_of_2011_come_change_and_go() {
    let text = "0,5,0,p,0.5,0.25\n600000000,6,0,p,1,1\n700000000,5,2,p,0.25,0.25\n800000000,5,1,p,,\n";
    let options = ReplayOptions {
        machine: Some(Machine { cpu_milli: 32_000, memory_bytes: 128 << 30 }),
        ..ReplayOptions::default()
    };
    let context = Context { options, ..Context::default() };
    let records = nodes("google-2011", &Inputs::from_bytes("machine_events.csv.gz", text), &context);
    let expected = [
        "0 + machine-5 cpu=16 ephemeral-storage=1024Gi memory=32Gi pods=110 platform:p",
        "600 + machine-6 cpu=32 ephemeral-storage=1024Gi memory=128Gi pods=110 platform:p",
        "700 ~ machine-5 cpu=8 ephemeral-storage=1024Gi memory=32Gi pods=110 platform:p",
        "800 - machine-5",
    ];
    assert_eq!(node_lines(&records), expected);
}

const EVENTS_2019: &str = "time,type,collection_id,scheduling_class,collection_type,priority,alloc_collection_id,instance_index,\
                           machine_id,resource_request.cpus,resource_request.memory\n\
                           0,SUBMIT,7,3,1,200,0,0,,0.5,0.5\n\
                           600000000,0,9,1,0,103,0,0,,0.0625,0.03125\n\
                           600000001,1,9,1,0,103,0,0,,0.0625,0.03125\n\
                           600000002,SCHEDULE,9,1,0,103,0,0,4,0.0625,0.03125\n\
                           660000002,FINISH,9,1,0,103,0,0,4,0.0625,0.03125\n";

#[test]
fn tables_of_2019_in_csv_and_json() {
    let expected = ["600 9-0 user=ann cpu=4 memory=8Gi priority=103 for 60"];
    let csv = Inputs::from_bytes("instance_events.csv", EVENTS_2019)
        .and("collection_events.csv", "time,type,collection_id,user,collection_name\n600000000,0,9,ann,x\n");
    let context = Context::default();
    assert_eq!(detect(&csv).unwrap().name, "google-2019");
    assert_eq!(jobs("google-2019", &csv, &context).lines(), expected);

    let line = |time: i64, kind: i64| {
        format!(
            "{{\"time\":\"{time}\",\"type\":{kind},\"collection_id\":\"9\",\"scheduling_class\":\"1\",\"priority\":103,\
             \"collection_type\":0,\"instance_index\":0,\"resource_request\":{{\"cpus\":0.0625,\"memory\":0.03125}}}}\n"
        )
    };
    let text = line(600_000_000, 0) + &line(600_000_002, 3) + "\n" + &line(660_000_002, 6);
    let json = Inputs::from_bytes("a-000000000000.json", text)
        .and("b.json", "{\"time\":\"600000000\",\"type\":0,\"collection_id\":\"9\",\"user\":\"ann\"}\n");
    assert_eq!(detect(&json).unwrap().name, "google-2019");
    assert_eq!(jobs("google-2019", &json, &context).lines(), expected);

    let broken = Inputs::from_bytes("instance_events.json", line(0, 0) + "{\"time\":\n");
    let error = read_jobs("google-2019", &broken, &context).err().unwrap();
    assert!(error.starts_with("instance_events.json: line 2: EOF while parsing"), "{error}");
    let machines = "{\"time\":0,\"machine_id\":\"3\",\"type\":1,\"platform_id\":\"p\",\"capacity\":{\"cpus\":0.5,\"memory\":0.25}}\n\
                    {\"time\":\"5000000\",\"machine_id\":\"3\",\"type\":\"REMOVE\"}\n";
    let records = nodes("google-2019", &Inputs::from_bytes("machine_events.json", machines), &context);
    let expected = ["0 + machine-3 cpu=32 ephemeral-storage=1024Gi memory=64Gi pods=110 platform:p", "5 - machine-3"];
    assert_eq!(node_lines(&records), expected);
}
