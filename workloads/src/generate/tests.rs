//! What generators give, and how it is distributed.

use super::*;
use proptest::prelude::*;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::node::ZONE_LABEL;
use towtank_sim::model::pod::Run;
use towtank_sim::random::Streams;
use towtank_sim::source::{Source, Work};
use towtank_sim::time::{SimTime, Span};

const SHAPES: &str = "shapes: [{requests: {cpu: 500m}}]\n";

fn generator(text: &str) -> PodGenerator {
    serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Arrival time, name, class and end of each pod.
fn pods(text: &str, seed: u64, cluster: &mut Cluster) -> Vec<(SimTime, String, usize, Run)> {
    let mut source = generator(text).source(Streams::new(seed), 0).unwrap();
    let next = || {
        let submission = source.next(cluster).unwrap()?;
        let Work::Pod(pod) = submission.work else { panic!("a pod") };
        let class = cluster.intern_submitted(pod.class);
        Some((submission.at, pod.name.to_string(), class.index(), pod.run))
    };
    std::iter::from_fn(next).collect()
}

fn times(arrivals: &str) -> Vec<SimTime> {
    let text = format!("name: g\narrivals: {arrivals}\n{SHAPES}");
    pods(&text, 7, &mut Cluster::default()).into_iter().map(|(at, ..)| at).collect()
}

#[test]
fn the_mean_rate_is_the_one_asked_for() {
    let day = times("{poisson: {perHour: 600}}\nuntil: 10d").len();
    assert!((143_000..145_000).contains(&day), "{day} of 144,000");
    let day = times("{diurnal: {perHour: 600, amplitude: 0.8, peakHour: 14}}\nuntil: 10d").len();
    assert!((143_000..145_000).contains(&day), "{day} of 144,000");
}

#[test]
fn the_day_has_its_shape() {
    let in_hour = |arrivals: &str, hour: i64| {
        let of_day = |at: &SimTime| at.0 / 3_600_000_000_000 % 24;
        times(arrivals).iter().filter(|at| of_day(at) == hour).count()
    };
    let diurnal = "{diurnal: {perHour: 600, amplitude: 0.8, peakHour: 14.5}}\nuntil: 5d";
    let (peak, trough) = (in_hour(diurnal, 14), in_hour(diurnal, 2));
    assert!((5200..5600).contains(&peak) && (500..700).contains(&trough), "{peak} of 5400, {trough} of 600");
    let hourly = format!("{{hourly: {{perHour: [{}100]}}}}\nuntil: 5d", "0, ".repeat(23));
    assert_eq!(times(&hourly).len(), in_hour(&hourly, 23), "arrivals in the one hour that has any");
}

#[test]
fn the_hour_of_the_day_counts_from_the_scenarios_start() {
    let text = format!("name: g\narrivals: {{hourly: {{perHour: [{}100]}}}}\nuntil: 1d\n{SHAPES}", "0, ".repeat(23));
    let evening = 20 * 3600;
    let mut source = generator(&text).source(Streams::new(1), evening).unwrap();
    let at = source.next(&mut Cluster::default()).unwrap().unwrap().at;
    assert!((3 * 3600..4 * 3600).contains(&(at.0 / 1_000_000_000)), "{at}");
}

#[test]
fn regular_arrivals_batches_and_bounds() {
    let seconds = |text: &str| times(text).iter().map(|at| at.0 / 1_000_000_000).collect::<Vec<_>>();
    assert_eq!(seconds("{constant: {every: 10s}}\nuntil: 30s"), [0, 10, 20], "the end is not part of it");
    assert_eq!(seconds("{constant: {every: 10s}}\nfrom: 1m\ncount: 2"), [60, 70]);
    assert_eq!(seconds("{allAtOnce: {}}\ncount: 3\nfrom: 5"), [5, 5, 5]);
    assert_eq!(seconds("{constant: {every: 10s}}\nbatch: 2\ncount: 3"), [0, 0, 10], "the last batch is cut");
}

#[test]
fn shapes_come_by_weight_and_fail_as_often_as_asked() {
    let text = "
name: g
arrivals: {allAtOnce: {}}
count: 10000
duration: 5m
failureProbability: 0.2
shapes:
- {weight: 3, requests: {cpu: 1}}
- {requests: {cpu: 2, nvidia.com/gpu: 1}, gpu: {milli: 500}, duration: {exponential: {mean: 1h}}, failureProbability: 0}
";
    let mut cluster = Cluster::default();
    let pods = pods(text, 3, &mut cluster);
    let small: Vec<_> =
        pods.iter().filter(|pod| pod.2 == pods.iter().find(|p| matches!(p.3, Run::Fails(_))).unwrap().2).collect();
    assert!((7300..7700).contains(&small.len()), "{} of 7500", small.len());
    let failed = small.iter().filter(|pod| matches!(pod.3, Run::Fails(_))).count();
    assert!((1400..1600).contains(&failed), "{failed} of 1500");
    assert_eq!(cluster.classes.len(), 2);
    assert_eq!(pods[17].1, "g-17");
}

#[test]
fn drawn_sizes_are_rounded_up_to_steps() {
    let text = "
name: g
arrivals: {allAtOnce: {}}
count: 1000
shapes:
- cpu: {distribution: {uniform: {min: 10m, max: 2}}, roundTo: 250m}
  memory: {distribution: {logNormal: {median: 1Gi, sigma: 1}}, roundTo: 1Gi, max: 2Gi}
";
    let mut cluster = Cluster::default();
    let classes = pods(text, 3, &mut cluster);
    assert_eq!(cluster.classes.len(), 16, "eight sizes of CPU, two of memory");
    for (_, _, class, _) in classes {
        let requests = &cluster.classes.get(towtank_sim::model::ClassId(class as u32)).spec.containers[0].requests;
        let (cpu, memory) = (requests["cpu"].milli_value(), requests["memory"].value() >> 30);
        assert!(cpu % 250 == 0 && (250..=2000).contains(&cpu) && (1..=2).contains(&memory));
    }
}

/// The specification of the pod with this number, and how it ends.
fn pod(text: &str, number: usize) -> (towtank_sim::model::pod::PodSpec, Run) {
    let mut cluster = Cluster::default();
    let (_, _, class, run) = pods(text, 3, &mut cluster).remove(number);
    (cluster.classes.get(towtank_sim::model::ClassId(class as u32)).spec.clone(), run)
}

#[test]
fn a_template_says_anything_that_a_pod_can_say() {
    let text = "
name: g
namespace: team
arrivals: {allAtOnce: {}}
count: 1
shapes:
- cpu: {distribution: {constant: {value: 300m}}}
  template:
    metadata: {labels: {app: web}, annotations: {towtank.dev/run-time: 5m}}
    spec:
      containers: [{name: main, resources: {requests: {cpu: 1, memory: 1Gi}}}]
      topologySpreadConstraints:
      - {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
";
    let (spec, run) = pod(text, 0);
    assert_eq!((&*spec.namespace, &*spec.labels["app"]), ("team", "web"));
    assert_eq!(spec.topology_spread[0].max_skew, 2);
    let requests = &spec.containers[0].requests;
    assert_eq!((requests["cpu"].milli_value(), requests["memory"].value()), (300, 1 << 30), "CPU is drawn");
    assert_eq!(run, Run::Succeeds(towtank_sim::time::Span::from_secs(300)));
}

#[test]
fn variants_differ_in_a_number_and_come_alike() {
    let text = "
name: g
arrivals: {allAtOnce: {}}
count: 3000
shapes:
- {variants: 3, labels: {app: 'a{n}'}}
- variants: 2
  weight: 3
  template: {metadata: {labels: {app: 'b{n}'}}, spec: {nodeSelector: {pool: 'p{n}'}, containers: [{name: c}]}}
";
    let mut cluster = Cluster::default();
    let mut counts = std::collections::BTreeMap::new();
    for (_, _, class, _) in pods(text, 3, &mut cluster) {
        let spec = &cluster.classes.get(towtank_sim::model::ClassId(class as u32)).spec;
        *counts.entry((spec.labels["app"].clone(), spec.node_selector.get("pool").cloned())).or_insert(0) += 1;
    }
    let names: Vec<&str> = counts.keys().map(|(app, _)| app.as_str()).collect();
    assert_eq!(names, ["a0", "a1", "a2", "b0", "b1"]);
    assert_eq!(counts.keys().last().and_then(|(_, pool)| pool.as_deref()), Some("p1"));
    let counts: Vec<i32> = counts.into_values().collect();
    assert!(counts[..3].iter().all(|count| (190..310).contains(count)), "{counts:?} of 250");
    assert!(counts[3..].iter().all(|count| (1050..1200).contains(count)), "{counts:?} of 1125");
}

#[test]
fn a_thousand_shapes_are_two_distributions() {
    let text = "
name: g
arrivals: {allAtOnce: {}}
count: 20000
shapes:
- cpu: {distribution: {uniform: {min: 0, max: 1}}, roundTo: 25m}
  memory: {distribution: {uniform: {min: 0, max: 1600Mi}}, roundTo: 64Mi}
";
    let mut cluster = Cluster::default();
    pods(text, 3, &mut cluster);
    assert_eq!(cluster.classes.len(), 40 * 25);
}

#[test]
fn templates_that_are_no_pods() {
    let error = |shape: &str| {
        let text = format!("name: g\narrivals: {{poisson: {{perSecond: 1}}}}\nshapes: [{{}}, {{{shape}}}]\n");
        let error = generator(&text).source(Streams::new(1), 0).unwrap_err();
        format!("{}: {}", error.field, error.message)
    };
    let errors = [
        error("template: {spec: {container: []}}"),
        error("template: {metadata: {labels: {app: a}}}"),
        error("template: {spec: {containers: [{name: c, resources: {requests: {cpu: 2x}}}]}}"),
        error("template: {metadata: {labels: {app: '-'}}, spec: {containers: [{name: c}]}}"),
        error("template: [1]"),
        error("labels: {app: a}, template: {spec: {containers: [{name: c}]}}"),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    shapes[1].template.spec.container: unknown field; did you mean `containers`?
    shapes[1].template.spec: required, and not given
    shapes[1].template.spec.containers[0].resources.requests.cpu: `2x` is not a quantity: expected a number with an optional suffix out of n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent such as e3
    shapes[1].template.metadata.labels.app: `-` is not a label value: expected at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends
    shapes[1].template: invalid type: sequence, expected PodTemplateSpec
    shapes[1].labels: the template says it: expected one of the two
    ");
}

#[test]
fn a_generator_that_never_ends_says_so() {
    let endless = |text: &str| {
        let text = format!("name: g\narrivals: {{poisson: {{perSecond: 1}}}}\n{text}\n{SHAPES}");
        generator(&text).source(Streams::new(1), 0).unwrap().is_endless()
    };
    assert!(endless(""));
    assert!(!endless("count: 5"));
    assert!(!endless("until: 5h"));
}

#[test]
fn streams_are_apart() {
    let text = |name: &str, durations: &str| {
        format!("name: {name}\narrivals: {{poisson: {{perSecond: 1}}}}\ncount: 50\nduration: {durations}\n{SHAPES}")
    };
    let run = |text: &str, seed| pods(text, seed, &mut Cluster::default());
    let first = run(&text("a", "{exponential: {mean: 5m}}"), 1);
    assert_eq!(first, run(&text("a", "{exponential: {mean: 5m}}"), 1), "the same seed gives the same pods");
    assert_ne!(first, run(&text("a", "{exponential: {mean: 5m}}"), 2));
    let at = |pods: &[(SimTime, String, usize, Run)]| pods.iter().map(|pod| pod.0).collect::<Vec<_>>();
    let other = run(&text("a", "{normal: {mean: 5m, stddev: 5m}}"), 1);
    assert_eq!(at(&first), at(&other), "durations do not shift arrivals");
    assert_ne!(at(&first), at(&run(&text("b", "5m"), 1)), "another name is another stream");

    // Two generators side by side in one cluster.
    let mut cluster = Cluster::default();
    let (a, b) = (text("a", "{exponential: {mean: 5m}}"), text("b", "{exponential: {mean: 5m}}"));
    let mut sources = [&b, &a].map(|text| generator(text).source(Streams::new(1), 0).unwrap());
    let mut together = Vec::new();
    for _ in 0..50 {
        sources[0].next(&mut cluster).unwrap();
        together.push(sources[1].next(&mut cluster).unwrap().unwrap().at);
    }
    assert_eq!(together, at(&first), "a second generator does not shift the first");
}

#[test]
fn jobs_come_with_all_their_pods_and_are_announced() {
    let text = "name: g\narrivals: {constant: {every: 1m}}\ncount: 7\nduration: 90s\nshapes:\n  - {requests: {cpu: 1}, gang: true, \
                pods: {constant: {value: 3}}, estimateFactor: {constant: {value: 1.5}}}\n";
    let mut cluster = Cluster::default();
    let mut source = generator(text).source(Streams::new(1), 0).unwrap();
    let mut jobs = Vec::new();
    while let Some(submission) = source.next(&mut cluster).unwrap() {
        let Work::Gang(gang) = submission.work else { panic!("a job") };
        assert_eq!((&*gang.namespace, gang.pod.run), ("default", Run::Succeeds(Span::from_secs(90))));
        jobs.push((gang.name.to_string(), gang.pods, gang.min_count, gang.estimate));
    }
    let estimate = Some(Span::from_secs(135));
    // The last one is smaller, because there are to be seven pods.
    let expected = [("g-0", 3, 3), ("g-3", 3, 3), ("g-6", 1, 1)];
    assert_eq!(jobs, expected.map(|(name, pods, least)| (name.to_owned(), pods, least, estimate)));
    let error =
        generator("name: g\narrivals: {constant: {every: 1m}}\nshapes: [{estimateFactor: {constant: {value: 2}}}]");
    let error = error.source(Streams::new(1), 0).unwrap_err();
    assert_eq!((error.field.as_str(), error.message.contains("gang: true")), ("shapes[0]", true), "{error}");
}

#[test]
fn nodes_are_dealt_out_over_zones_with_the_usual_labels() {
    let pools: NodePools = serde_yaml::from_str(
        "nodes: [{count: 4, namePrefix: gpu, zones: [a, b, c], region: r, instanceType: big, labels: {x: y}, \
         taints: [{key: gpu, effect: NoSchedule}], allocatable: {cpu: 8, memory: 32Gi}, devices: 2}]",
    )
    .unwrap();
    let nodes: Vec<_> = pools.nodes().collect();
    assert_eq!(nodes.iter().map(|n| n.labels[ZONE_LABEL].as_str()).collect::<Vec<_>>(), ["a", "b", "c", "a"]);
    assert_eq!(&*nodes[3].name, "gpu-3");
    let keys: Vec<&str> = nodes[0].labels.keys().map(String::as_str).collect();
    let expected = [
        "kubernetes.io/hostname",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "x",
    ];
    assert_eq!(keys, expected);
    assert_eq!(nodes[0].allocatable["pods"].value(), 110);
    assert_eq!(nodes[0].allocatable["towtank.dev/gpu-milli"].value(), 2000);
}

#[test]
fn what_is_no_generator() {
    let base = "name: g\narrivals: {poisson: {perSecond: 1}}\n";
    let read = |text: String| match serde_yaml::from_str::<PodGenerator>(&text) {
        Err(error) => error.to_string(),
        Ok(generator) => generator.source(Streams::new(1), 0).unwrap_err().to_string(),
    };
    let errors = [
        read(format!("{base}shapes: [{{requests: {{cpu: 2x}}}}]")),
        read(format!("{base}shapes: [{{weight: 0}}]")),
        read(format!("{base}shapes: [{{gpu: {{milli: 1001}}}}]")),
        read(format!("{base}shapes: [{{tolerations: [{{key: a, operator: Is}}]}}]")),
        read(format!("{base}shape: []")),
        read(format!("{base}shapes: []")),
        read(format!("{base}failureProbability: 1.5\n{SHAPES}")),
        read(format!("{base}duration: {{exponential: {{mean: 5 weeks}}}}\n{SHAPES}")),
        read(format!("name: g\narrivals: {{poisson: {{perSecond: -1}}}}\n{SHAPES}")),
        read(format!("name: g\narrivals: {{poisson: {{}}}}\n{SHAPES}")),
        read(format!("name: g\narrivals: {{hourly: {{perHour: [1, 2]}}}}\n{SHAPES}")),
        read(format!("name: g\narrivals: {{}}\n{SHAPES}")),
        read(format!("name: g\narrivals: {{constant: {{every: 0}}}}\n{SHAPES}")),
        read(format!("name: g\narrivals: {{allAtOnce: {{}}}}\n{SHAPES}")),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r#"
    shapes[0].requests.cpu: `2x` is not a quantity: expected a number with an optional suffix out of n u m k M G T P E Ki Mi Gi Ti Pi Ei, or an exponent such as e3 at line 3 column 27
    shapes[0].weight: `0` is out of range: expected a number above 0 at line 3 column 19
    shapes[0].gpu.milli: `1001` is out of range: expected a whole number from 1 to 1000 at line 3 column 24
    shapes[0]: operator: Unsupported value: "Is": supported values: "Equal", "Exists", "Lt", "Gt" at line 3 column 10
    unknown field `shape`, expected one of `name`, `namespace`, `namePrefix`, `model`, `scale`, `arrivals`, `batch`, `count`, `from`, `until`, `shapes`, `tolerations`, `duration`, `failureProbability` at line 3 column 1
    generator `g`: shapes is empty: expected at least one
    failureProbability: `1.5` is out of range: expected a number from 0 to 1 at line 3 column 21
    duration.exponential.mean: `5 weeks` is not a duration: expected a number of seconds, or numbers with units out of d h m s ms us ns, such as 1h30m at line 3 column 32
    arrivals.poisson.perSecond: `-1` is out of range: expected a number above 0 at line 2 column 33
    arrivals: expected exactly one of perSecond and perHour at line 2 column 11
    arrivals: perHour: expected 24 numbers of at least 0, not all 0 at line 2 column 11
    arrivals: expected exactly one of poisson, diurnal, hourly, constant, allAtOnce at line 2 column 11
    arrivals: every: expected more than 0 at line 2 column 11
    generator `g`: count is missing: expected one with allAtOnce
    "#);
}

proptest! {
    #[test]
    fn arrivals_never_go_back_and_keep_to_their_bounds(seed: u64, amplitude in 0.0..=1.0_f64, peak in 0.0..24.0_f64) {
        let text = format!(
            "name: g\narrivals: {{diurnal: {{perHour: 100, amplitude: {amplitude}, peakHour: {peak}}}}}\n\
             from: 1h\nuntil: 2d\ncount: 500\n{SHAPES}"
        );
        let pods = pods(&text, seed, &mut Cluster::default());
        prop_assert!(pods.len() <= 500);
        prop_assert!(pods.windows(2).all(|pair| pair[0].0 <= pair[1].0));
        prop_assert!(pods.iter().all(|pod| pod.0 >= SimTime::from_secs(3600) && pod.0 < SimTime::from_secs(172_800)));
    }
}
