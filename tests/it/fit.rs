//! Models of traces: what a generator makes of them against what the trace has.

use crate::support::{Folder, repository};
use std::collections::BTreeMap;
use towtank::fit::{FitOptions, Model};
use towtank::sim::cluster::Cluster;
use towtank::sim::model::gpu::GPU_MILLI;
use towtank::sim::model::pod::{PodClass, Run};
use towtank::sim::random::Streams;
use towtank::sim::source::{Source, Work};
use towtank::traces::stream::Stream;
use towtank::traces::{Context, Inputs, ReplayOptions, Times, find_format, replay};

const HOUR: f64 = 3600.0;

/// What pods have in common that are compared.
#[derive(Debug, Default)]
struct Pods {
    count: f64,
    /// Seconds from the first to the last.
    span: f64,
    run_times: Vec<f64>,
    failed: f64,
    cpu: f64,
    gpu: f64,
    /// By milli-CPU, memory and GPU, how many.
    shapes: BTreeMap<[i64; 3], f64>,
}

impl Pods {
    fn of(source: &mut dyn Source, cluster: &mut Cluster) -> Self {
        let mut pods = Self::default();
        let mut first = None;
        while let Some(submission) = source.next(cluster).expect("no error") {
            let Work::Pod(pod) = submission.work else { continue };
            let at = submission.at.0 as f64 / 1e9;
            pods.span = at - *first.get_or_insert(at);
            let gpu = cluster.resources.get(GPU_MILLI);
            let class = cluster.intern_submitted(pod.class);
            let class: &PodClass = cluster.classes.get(class);
            let gpu = gpu.map_or(0, |id| class.requests.get(id));
            let amount = |name| cluster.resources.get(name).map_or(0, |id| class.requests.get(id));
            pods.count += 1.0;
            pods.cpu += amount("cpu") as f64;
            pods.gpu += gpu as f64;
            *pods.shapes.entry([amount("cpu"), amount("memory"), gpu]).or_default() += 1.0;
            if let Run::Succeeds(span) | Run::Fails(span) = pod.run {
                pods.run_times.push(span.0 as f64 / 1e9);
            }
            pods.failed += f64::from(u8::from(matches!(pod.run, Run::Fails(_))));
        }
        pods.run_times.sort_by(f64::total_cmp);
        pods
    }

    /// The largest distance between the distribution functions of the run times.
    fn distance(&self, other: &Self) -> f64 {
        let below = |sorted: &[f64], x: f64| sorted.partition_point(|y| *y <= x) as f64 / sorted.len() as f64;
        let at = |x: &f64| (below(&self.run_times, *x) - below(&other.run_times, *x)).abs();
        self.run_times.iter().chain(&other.run_times).map(at).fold(0.0, f64::max)
    }
}

#[test]
fn jobs_of_a_log_stay_jobs_under_a_batch_scheduler() {
    let folder = Folder::new();
    let job = |i: i32| {
        // Job, submission, wait, run time, processors; those asked for, and twice the run time as the estimate.
        let (run, processors) = (60 + i % 7, 1 + i % 4);
        format!("{i} {} 0 {run} {processors} -1 -1 {processors} {} -1 1 1 1 -1 1 -1 -1 -1\n", i * 20, run * 2)
    };
    let log = "; MaxProcs: 8\n".to_owned() + &(0..60).map(job).collect::<String>();
    folder.write("log.swf", log);
    folder.run(&["fit", "log.swf", "-o", "model.yaml"]).expect(0);
    let model = folder.read("model.yaml");
    assert!(model.contains("gang: true, estimateFactor: { constant: { value: 2 } }"), "{model}");
    folder.write(
        "scenario.yaml",
        "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: { name: model }\nspec:\n  until: idle\n  cluster: [{ \
         generate: { nodes: [{ count: 8, namePrefix: n, allocatable: { cpu: 1, pods: 110 } }] } }]\n  workload: [{ generate: { \
         name: job, model: model.yaml, count: 100 } }]\n  scheduler: { policy: easy }\n  observe: { figures: false }\n",
    );
    folder.run(&["run", "scenario.yaml", "--out", "out"]).expect(0);
    let jobs = folder.read("out/jobs.csv");
    let mut rows = csv::Reader::from_reader(jobs.as_bytes());
    let header = rows.headers().expect("a header").clone();
    let column =
        |name: &str| header.iter().position(|column| column == name).unwrap_or_else(|| panic!("{name}: {header:?}"));
    let pods: Vec<u32> =
        rows.records().map(|row| row.expect("a row")[column("pods")].parse().expect("a number")).collect();
    assert_eq!(pods.iter().sum::<u32>(), 100);
    assert!(pods.contains(&4) && pods.iter().all(|pods| *pods <= 4), "{pods:?}");
}

#[test]
fn what_is_generated_is_like_the_trace() {
    let path = repository("../shared/traces/alibaba-gpu-v2023/openb_pod_list_default.csv.gz");
    if !path.exists() {
        println!("skipped: {} is not there", path.display());
        return;
    }
    let options = ReplayOptions { times: Times::Replay, ..ReplayOptions::default() };
    let context = Context { options, ..Context::default() };
    let open = || {
        find_format("openb").unwrap().read_pods(&Inputs::open(std::slice::from_ref(&path)).unwrap(), &context).unwrap()
    };
    let mut cluster = Cluster::default();
    let trace = Pods::of(&mut replay::pods(open(), &context).unwrap(), &mut cluster);

    let mut stream = Stream::new(open(), &context).unwrap();
    let model = Model::of(&mut stream, FitOptions { shapes: 60, named: true, largest: u32::MAX }).unwrap();
    let folder = Folder::new();
    folder.write("model.yaml", model.yaml("openb", "a trace"));
    // Ten times the rate for fifteen days, which the trace took a hundred and fifty for.
    folder.write(
        "scenario.yaml",
        "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: { name: model }\nspec:\n  until: 15d\n  cluster: [{ \
         generate: { nodes: [{ count: 1, namePrefix: n, devices: 8, allocatable: { cpu: 96, memory: 512Gi, pods: 110 } }] } \
         }]\n  workload: [{ generate: { name: gpu, model: model.yaml, scale: 10, until: 15d } }]\n  observe: { figures: \
         false }\n",
    );
    folder.run(&["validate", "scenario.yaml"]).expect(0);
    let mut generated = generated(&folder);
    let made = Pods::of(&mut generated, &mut cluster);

    let near = |what: &str, a: f64, b: f64, within: f64| {
        assert!((a / b - 1.0).abs() < within, "{what}: {a} generated, {b} in the trace");
    };
    near("rate", made.count / 15.0 / 10.0, trace.count / (trace.span / HOUR / 24.0), 0.05);
    near("cpu of a pod", made.cpu / made.count, trace.cpu / trace.count, 0.03);
    near("GPU of a pod", made.gpu / made.count, trace.gpu / trace.count, 0.05);
    near("failures", made.failed / made.count, trace.failed / trace.count, 0.06);
    let distance = made.distance(&trace);
    assert!(distance < 0.04, "run times are {distance} apart");
    let mut common: Vec<_> = trace.shapes.iter().collect();
    common.sort_by(|a, b| b.1.total_cmp(a.1));
    for (shape, count) in common.into_iter().take(8) {
        near(&format!("shape {shape:?}"), made.shapes[shape] / made.count, count / trace.count, 0.15);
    }
}

#[test]
fn the_quickstart_plays_what_is_learned_from_the_traces() {
    let traces = repository("../shared/traces");
    if !traces.exists() {
        println!("skipped: {} is not there", traces.display());
        return;
    }
    let folder = Folder::new();
    for (trace, model, options) in [
        ("alibaba-gpu-v2023/openb_pod_list_default.csv.gz", "gpu.yaml", vec!["--shapes", "40"]),
        ("alibaba-v2017-batch/batch_task.csv.gz", "batch.yaml", vec!["--shapes", "20", "--largest", "420"]),
    ] {
        let trace = traces.join(trace).display().to_string();
        let learned = folder.run(&[&["fit", trace.as_str()], &options[..]].concat()).expect(0).stdout;
        let shipped = std::fs::read_to_string(repository("examples/quickstart/models").join(model)).expect("a model");
        assert!(learned == shipped, "{model} is not what is learned now: see examples/quickstart/README.md");
    }
}

/// The source of the scenario's generator.
fn generated(folder: &Folder) -> impl Source + use<> {
    use towtank::workloads::generate::{PodGenerator, WorkloadModel};
    #[derive(serde::Deserialize)]
    struct Document {
        spec: WorkloadModel,
    }
    let model: Document = serde_yaml::from_str(&folder.read("model.yaml")).expect("a model");
    let generator: PodGenerator =
        serde_yaml::from_str("{name: gpu, scale: 10, until: 15d}").expect("a generator without shapes");
    generator.with_model(model.spec).source(Streams::new(42), 0).expect("it can run")
}

#[test]
fn jobs_keep_their_size_and_their_run_time() {
    let folder = Folder::new();
    folder.write(
        "pods.csv",
        "name,arrival_s,duration_s,cpu_milli,memory_bytes\na,0,60,500,1048576\nb,3600,120,500,1048576\n",
    );
    let said = folder.run(&["fit", "pods.csv", "--from", "csv"]).expect(0).stdout;
    assert!(said.contains("kind: WorkloadModel"), "{said}");
    assert!(said.contains("requests: { cpu: \"500m\", memory: 1Mi }"), "{said}");
    folder.write("empty.csv", "name,arrival_s,duration_s,cpu_milli,memory_bytes\n");
    let refused = folder.run(&["fit", "empty.csv"]).expect(2);
    assert!(refused.stderr.contains("expected at least two submissions to learn from"), "{}", refused.stderr);
}

#[test]
fn an_inspection_says_what_there_is() {
    let folder = Folder::new();
    folder.write(
        "pods.csv",
        "name,arrival_s,duration_s,cpu_milli,memory_bytes\na,0,60,500,1048576\nb,30,120,1500,1048576\n",
    );
    folder.write("nodes.csv", "name,cpu_milli,memory_bytes,pods\nn,4000,1073741824,10\n");
    for _ in 0..2 {
        let said = folder.run(&["inspect", "pods.csv", "--nodes", "nodes.csv", "--out", "out"]).expect(0).stdout;
        assert!(said.contains("\nSubmissions           2\n"), "{said}");
        let cpu =
            said.lines().filter(|line| line.starts_with("CPU ")).nth(1).expect("a line of what is asked for at a time");
        let words: Vec<&str> = cpu.split_whitespace().collect();
        assert_eq!(words, ["CPU", "1.4", "cores", "2", "cores", "30", "s", "4", "cores", "50.0", "%"]);
    }
    assert!(folder.listing().contains(&"out/plots/demand-cpu.svg".to_owned()));
    let json = folder.run(&["inspect", "pods.csv", "--format", "json", "--options", "{to: 10s}"]).expect(0).stdout;
    assert!(json.contains("\"submissions\": 1,"), "{json}");
    let refused = folder.run(&["inspect", "pods.csv", "--options", "{timeScal: 2}"]).expect(2);
    assert!(refused.stderr.contains("did you mean `timeScale`?"), "{}", refused.stderr);
    folder.write("odd.txt", "what else\n");
    let refused = folder.run(&["inspect", "odd.txt"]).expect(2);
    assert!(
        refused.stderr.contains("odd.txt: the format cannot be told from the files: expected --from FORMAT"),
        "{}",
        refused.stderr
    );
}
