//! Options that mean the same for every format.

use crate::{nodes, pods};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use towtank_sim::model::pod::Run;
use towtank_sim::source::Work;
use towtank_sim::time::Span;
use towtank_traces::repairs::Repairs;
use towtank_traces::{Context, Inputs, ReplayOptions, find_format, replay};

const HEADER: &str = "name,arrival_s,duration_s,cpu_milli,memory_bytes";

fn names(text: &str, options: &ReplayOptions) -> Result<Vec<String>, String> {
    Ok(pods("csv", text, options)?.pods().map(|(_, pod, _)| pod.name.to_string()).collect())
}

fn wanted(users: &[&str], queues: &[&str]) -> ReplayOptions {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    ReplayOptions { users: texts(users), queues: texts(queues), ..ReplayOptions::default() }
}

const PEOPLE: &str = "name,arrival_s,duration_s,cpu_milli,memory_bytes,user,queue\n\
                      a,0,1,1,1,ann,batch\nb,1,1,1,1,bob,batch\nc,2,1,1,1,ann,web\nd,3,1,1,1,,web\n";

#[test]
fn users_and_queues_are_filtered() {
    assert_eq!(names(PEOPLE, &wanted(&["ann"], &[])).unwrap(), ["a", "c"]);
    assert_eq!(names(PEOPLE, &wanted(&["ann", "bob"], &["batch"])).unwrap(), ["a", "b"]);
    assert_eq!(names(PEOPLE, &wanted(&[], &["web"])).unwrap(), ["c", "d"]);
}

#[test]
fn a_filter_that_lets_nothing_through_is_an_error_and_one_unknown_name_a_note() {
    assert_eq!(
        names(PEOPLE, &wanted(&["anne"], &[])).unwrap_err(),
        "trace option `users`: found `anne`, expected names that occur in the part that is played; there are `ann`, `bob`"
    );
    assert_eq!(
        names(&format!("{HEADER}\na,0,1,1,1\n"), &wanted(&[], &["batch"])).unwrap_err(),
        "trace option `queues`: found `batch`, expected names that occur in the part that is played; the trace names none"
    );
    let context = Context { options: wanted(&["ann", "carl"], &[]), repairs: Repairs::default() };
    let inputs = Inputs::from_bytes("pods.csv", PEOPLE);
    let reader = find_format("csv").unwrap().read_pods(&inputs, &context).unwrap();
    let read = crate::drain(Box::new(replay::pods(reader, &context).unwrap())).unwrap();
    assert_eq!(read.pods().count(), 2);
    assert_eq!(context.repairs.notes(), ["trace option `users`: `carl` never occurred; there are `bob`"]);
}

#[test]
fn resources_are_renamed_on_nodes_and_pods() {
    let rename: BTreeMap<_, _> = [("a.io/x", "b.io/x"), ("b.io/x", "a.io/x"), ("a.io/y", "b.io/y"), ("a.io/z", "")]
        .map(|(from, to)| (from.to_owned(), to.to_owned()))
        .into();
    let options = ReplayOptions { rename, ..ReplayOptions::default() };
    let text = format!(
        "{HEADER},resource:a.io/x,resource:b.io/x,resource:b.io/y,resource:a.io/y,resource:a.io/z\np,0,1,1,1,1,2,3,4,5\n"
    );
    let read = pods("csv", text, &options).unwrap();
    let container = &read.pods().next().unwrap().2.spec.containers[0];
    let amounts = |list: &towtank_sim::model::resources::ResourceList| {
        let extended = list.iter().filter(|(name, _)| name.contains('/'));
        extended.map(|(name, amount)| format!("{name} {amount}")).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&container.requests), ["a.io/x 2", "b.io/x 1", "b.io/y 7"]);
    assert_eq!(amounts(&container.limits), amounts(&container.requests));
    let text = "name,cpu_milli,memory_bytes,pods,resource:a.io/x\nn,1,1,1,5\n";
    let read = nodes("csv", text, &options).unwrap();
    assert_eq!(amounts(&read.node_specs().next().unwrap().allocatable), ["b.io/x 5"]);
}

#[test]
fn a_sample_takes_all_parts_of_a_job_or_none() {
    let mut text = format!("{HEADER},owner\n");
    for i in 0..3000 {
        let _ = writeln!(text, "p{i},0,1,1,1,job-{}", i / 3);
    }
    let options = ReplayOptions { sample: Some(0.25), seed: 7, ..ReplayOptions::default() };
    let names = names(&text, &options).unwrap();
    assert!((600..900).contains(&names.len()), "{}", names.len());
    assert_eq!(names.len() % 3, 0);
    for three in names.chunks(3) {
        let number = |name: &String| name[1..].parse::<usize>().unwrap();
        assert!(number(&three[0]) % 3 == 0 && number(&three[2]) == number(&three[0]) + 2, "{three:?}");
    }
}

#[test]
fn jobs_are_groups_with_their_pods() {
    let text =
        format!("{HEADER},count,gang,outcome,estimate_s,waited_s\nj,5,7,1,1,3,true,failed,9,2\nk,6,7,1,1,,,,,\n");
    let read = pods("csv", text, &ReplayOptions::default()).unwrap();
    let [(first, Work::Gang(gang)), (second, Work::Pod(pod))] = &read.work[..] else { panic!("{:?}", read.lines()) };
    assert_eq!((first.to_string(), second.to_string()), ("5".to_owned(), "6".to_owned()));
    assert_eq!((gang.name.as_str(), gang.pods, gang.min_count), ("j", 3, 3));
    assert_eq!((gang.estimate, gang.pod.run), (Some(Span::from_secs(9)), Run::Fails(Span::from_secs(7))));
    assert_eq!((pod.name.as_str(), pod.run), ("k", Run::Succeeds(Span::from_secs(7))));
}

#[test]
fn several_files_are_one_trace() {
    let context = Context::default();
    let inputs = Inputs::from_bytes("1.csv", format!("{HEADER}\na,0,1,1,1\n"))
        .and("2.csv", "memory_bytes, CPU_milli ,duration_s,arrival_s,name\n8,4,1,2,b\n")
        .and("3.csv", format!("{HEADER}\nc,x,1,1,1\n"));
    let read = |inputs: &Inputs| {
        let reader = find_format("csv").unwrap().read_pods(inputs, &context).unwrap();
        crate::drain(Box::new(replay::pods(reader, &context).unwrap()))
    };
    let error = read(&inputs).err().unwrap();
    assert!(error.starts_with("3.csv: line 2, column `arrival_s`: `x` is not a number"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    for (i, name) in ["a", "b", "c"].iter().enumerate() {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("part.csv"), format!("{HEADER}\n{name},{i},1,1,1\n")).unwrap();
    }
    std::fs::write(folder.path().join(".hidden"), "no trace").unwrap();
    std::fs::write(folder.path().join("README.md"), "What this is.\n").unwrap();
    std::fs::write(folder.path().join("nodes.csv"), "name,cpu_milli,memory_bytes,pods\n").unwrap();
    let inputs = Inputs::open(&[folder.path().to_owned()]).unwrap();
    let seen = read(&inputs).unwrap();
    assert_eq!(seen.pods().map(|(_, pod, _)| pod.name.to_string()).collect::<Vec<_>>(), ["a", "b", "c"]);
    std::fs::write(folder.path().join("d.csv"), format!("{HEADER},user\n")).unwrap();
    let error = read(&Inputs::open(&[folder.path().to_owned()]).unwrap()).err().unwrap();
    assert!(error.ends_with("d.csv: line 1: unknown column `user`: the first file does not have it"), "{error}");
    std::fs::write(folder.path().join("d.csv"), "name,arival_s,duration_s,cpu_milli,memory_bytes\n").unwrap();
    let error = read(&Inputs::open(&[folder.path().to_owned()]).unwrap()).err().unwrap();
    assert!(
        error.contains("d.csv: line 1: no column `arrival_s` (did you mean `arival_s`?)"),
        "a mistake is not passed over: {error}"
    );
}

proptest! {
    #[test]
    fn a_sample_does_not_depend_on_order_or_window(order in Just((0..60).collect::<Vec<usize>>()).prop_shuffle(), seed in 0..9_u64) {
        let text = |order: &[usize]| {
            order.iter().fold(format!("{HEADER}\n"), |text, i| text + &format!("p{i},0,1,1,1\n"))
        };
        let options = ReplayOptions { sample: Some(0.5), seed, ..ReplayOptions::default() };
        let sorted = |mut names: Vec<String>| { names.sort(); names };
        let plain = names(&text(&(0..60).collect::<Vec<_>>()), &options).unwrap();
        prop_assert_eq!(sorted(plain), sorted(names(&text(&order), &options).unwrap()));
    }
}
