use super::{Part, convert, find_target, target_of};
use crate::format::Context;
use crate::input::Inputs;
use crate::options::ReplayOptions;
use crate::registry::find_format;
use std::path::Path;

/// A trace converted from one format to another, and what was lost.
fn converted(from: &str, inputs: &Inputs, to: &str, part: Part) -> Result<(Vec<u8>, Vec<String>), String> {
    let mut out = Vec::new();
    let (format, target) = (find_format(from).unwrap(), find_target(to).unwrap());
    let open = |context: &Context| match part {
        Part::Pods => format.read_pods(inputs, context),
        Part::Nodes => format.read_nodes(inputs, context),
    };
    let done = convert(&open, part, &Context::default(), target, &mut out).map_err(|error| error.to_string())?;
    Ok((out, done.losses))
}

fn text(from: &str, text: &[u8], to: &str, part: Part) -> String {
    let inputs = Inputs::from_bytes("trace", text);
    let (out, _) = converted(from, &inputs, to, part).unwrap();
    String::from_utf8(out).unwrap()
}

fn shared(name: &str) -> Option<Inputs> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/traces").join(name);
    if !path.exists() {
        eprintln!("skipped: no {}", path.display());
        return None;
    }
    Some(Inputs::open(&[path]).unwrap())
}

const PODS: &str = "\
name,arrival_s,duration_s,cpu_milli,memory_bytes,namespace,priority,owner,user,queue,count,gang,outcome,estimate_s,waited_s,\
cpu_usage_fraction,memory_usage_fraction,resource:nvidia.com/gpu,label:app,selector:zone
web-1,0,,1000,2147483648,web,1000,,ann,,1,false,,,,,,,web,
batch-1,12.5,600,250,1073741824,default,,batch,bob,night,4,true,failed,900,3.25,0.5,1.25,2,,a
batch-2,12.500001,0.1,0,0,default,-5,batch,bob,night,1,false,succeeded,,,,0.0001,,,
";

const NODES: &str = "\
name,cpu_milli,memory_bytes,pods,added_s,removed_s,zone,resource:nvidia.com/gpu,label:disk,taint:dedicated
n1,4000,17179869184,110,0,60.5,a,,ssd,
n2,4000,17179869184,110,0,,b,,,
n1,8000,17179869184,110,3600,,a,4,,gpu:NoSchedule
";

#[test]
fn csv_stays_what_it_is() {
    assert_eq!(text("csv", PODS.as_bytes(), "csv", Part::Pods), PODS);
    assert_eq!(text("csv", NODES.as_bytes(), "csv", Part::Nodes), NODES);
}

#[test]
fn a_column_that_nobody_needs_is_left_out() {
    let plain = "name,arrival_s,duration_s,cpu_milli,memory_bytes,priority,label:a,x-note\np,0,1,2,3,,,hello\n";
    assert_eq!(
        text("csv", plain.as_bytes(), "csv", Part::Pods),
        "name,arrival_s,duration_s,cpu_milli,memory_bytes\np,0,1,2,3\n"
    );
}

#[test]
fn swf_stays_what_it_is() {
    for name in ["swf/NASA-iPSC-1993-3.1-cln.swf.gz", "swf/hpc2n-first-jobs.swf.gz"] {
        let Some(inputs) = shared(name) else { return };
        let (once, losses) = converted("swf", &inputs, "swf", Part::Pods).unwrap();
        assert_eq!(losses, [""; 0], "{name}");
        let again = text("swf", &once, "swf", Part::Pods);
        assert!(again.as_bytes() == once, "{name}: a second conversion changes nothing");
        // The same jobs: the generic table of both is the same.
        let (of_original, _) = converted("swf", &inputs, "csv", Part::Pods).unwrap();
        assert!(text("swf", &once, "csv", Part::Pods).as_bytes() == of_original, "{name}: the same stream");
        let of_csv = text("csv", &of_original, "csv", Part::Pods);
        assert!(of_csv.as_bytes() == of_original, "{name}: CSV stays what it is");
    }
}

#[test]
fn names_become_numbers_in_swf() {
    let log = text("csv", PODS.as_bytes(), "swf", Part::Pods);
    let rows: Vec<&str> = log.lines().filter(|line| !line.starts_with(';')).collect();
    assert_eq!(
        rows,
        [
            "1 0 -1 -1 1 -1 -1 1 -1 2097152 1 1 -1 -1 -1 -1 -1 -1",
            "2 12.5 3.25 600 4 300 1310720 4 900 1048576 0 2 -1 -1 1 -1 -1 -1",
            "3 12.500001 -1 0.1 1 -1 -1 1 -1 -1 1 2 -1 -1 1 -1 -1 -1",
        ]
    );
    let (_, losses) = converted("csv", &Inputs::from_bytes("pods.csv", PODS), "swf", Part::Pods).unwrap();
    assert!(losses.contains(&"1 jobs that run for ever: their run time is unknown (-1)".to_owned()), "{losses:?}");
}

#[test]
fn a_timeline_has_one_slice_for_each_job_on_lanes_that_do_not_overlap() {
    let csv = "name,arrival_s,duration_s,cpu_milli,memory_bytes,queue\na,0,10,1,1,q\nb,5,10,1,1,q\nc,10,1,1,1,q\nd,10,1,1,1,\n";
    let json: serde_json::Value = serde_json::from_str(&text("csv", csv.as_bytes(), "chrome", Part::Pods)).unwrap();
    let events = json["traceEvents"].as_array().unwrap();
    let slices: Vec<(&str, i64, i64, u64, u64)> = events
        .iter()
        .filter(|event| event["ph"] == "X")
        .map(|event| {
            let number = |key: &str| event[key].as_i64().unwrap();
            let id = |key: &str| event[key].as_u64().unwrap();
            (event["name"].as_str().unwrap(), number("ts"), number("dur"), id("pid"), id("tid"))
        })
        .collect();
    let expected = [
        ("a", 0, 10_000_000, 1, 1),
        ("b", 5_000_000, 10_000_000, 1, 2),
        ("c", 10_000_000, 1_000_000, 1, 1),
        ("d", 10_000_000, 1_000_000, 2, 1),
    ];
    assert_eq!(slices, expected);
    let names: Vec<_> = events.iter().filter(|event| event["ph"] == "M").map(|event| &event["args"]["name"]).collect();
    assert_eq!(names, ["q", "jobs"]);
}

#[test]
fn manifests_say_what_the_rows_say() {
    let yaml = text("csv", PODS.as_bytes(), "manifests", Part::Pods);
    let documents = crate::yaml::documents(yaml.as_bytes()).unwrap();
    assert_eq!(documents.len(), 3);
    assert_eq!(documents[0].pointer("/metadata/namespace").unwrap(), "web");
    assert_eq!(documents[0].pointer("/spec/containers/0/resources/requests/memory").unwrap(), "2147483648");
    let job = &documents[1];
    assert_eq!((job["kind"].as_str(), job["spec"]["parallelism"].as_u64()), (Some("Job"), Some(4)));
    assert_eq!(job.pointer("/metadata/annotations/towtank.dev~1arrival").unwrap(), "12.5s");
    let of_template = |key: &str| &job["spec"]["template"]["metadata"]["annotations"][key];
    assert_eq!(
        (of_template("towtank.dev/run-time"), of_template("towtank.dev/exit-code")),
        (&"600s".into(), &"1".into())
    );
    let nodes = crate::yaml::documents(text("csv", NODES.as_bytes(), "manifests", Part::Nodes).as_bytes()).unwrap();
    assert_eq!(nodes[2].pointer("/spec/taints/0/effect").unwrap(), "NoSchedule");
}

#[test]
fn objects_are_written_as_they_are() {
    let Some(inputs) = shared("simkube/dsb-scaling.sktrace") else { return };
    let (out, losses) = converted("simkube", &inputs, "manifests", Part::Pods).unwrap();
    assert_eq!(crate::yaml::documents(&out).unwrap().len(), 27);
    assert_eq!(losses, ["19 changes of objects, which are left out"]);
    for to in ["csv", "swf", "chrome"] {
        let error = converted("simkube", &inputs, to, Part::Pods).unwrap_err();
        assert!(error.contains("Kubernetes objects"), "{to}: {error}");
    }
}

#[test]
fn targets_are_found_by_name_and_by_file() {
    assert_eq!(target_of("a/b.swf.gz").map(|target| target.name), Some("swf"));
    assert_eq!(target_of("b.csv").map(|target| target.name), Some("csv"));
    assert!(target_of("b.txt").is_none() && target_of("csv").is_none());
    assert!(find_target("swff").unwrap_err().to_string().contains("did you mean `swf`?"));
    let error = converted("csv", &Inputs::from_bytes("n", NODES), "swf", Part::Nodes).unwrap_err();
    assert_eq!(error, "the target `swf` has no nodes");
}

#[test]
fn a_window_and_scales_hold_for_conversions_too() {
    let options = ReplayOptions { time_scale: 2.0, ..ReplayOptions::default() };
    let context = Context { options, ..Context::default() };
    let mut out = Vec::new();
    let inputs = Inputs::from_bytes("pods.csv", PODS);
    let open = |context: &Context| find_format("csv")?.read_pods(&inputs, context);
    convert(&open, Part::Pods, &context, find_target("csv").unwrap(), &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().contains("\nbatch-1,25,600,"));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_csv_s_twin() {
    for (csv, part) in [(PODS, Part::Pods), (NODES, Part::Nodes)] {
        let (parquet, _) = converted("csv", &Inputs::from_bytes("t.csv", csv), "parquet", part).unwrap();
        assert!(parquet.starts_with(b"PAR1"));
        assert_eq!(text("csv", &parquet, "csv", part), csv);
        // What is damaged is an error.
        for cut in [10, parquet.len() / 2, parquet.len() - 5] {
            assert!(converted("csv", &Inputs::from_bytes("t.parquet", &parquet[..cut]), "csv", part).is_err(), "{cut}");
        }
    }
}
