//! openb row by row.

use crate::{nodes, pods};
use towtank_sim::model::gpu::{GPU_MILLI, GpuRequest};
use towtank_sim::model::pod::{RestartPolicy, Run};
use towtank_sim::model::quantity::Quantity;
use towtank_sim::time::{SimTime, Span};
use towtank_traces::{GpuMode, ReplayOptions, Times, Window};

const NODES: &str = "sn,cpu_milli,memory_mib,gpu,model\na,32000,1024,0,\nb,96000,2048,8,G2\n";
const PODS: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,\
                    scheduled_time\n\
                    late,1000,0,1,460,V100M16|V100M32,LS,Failed,130,190,150\n\
                    early,2000,16,2,1000,,BE,Running,100,100,\n";

fn whole() -> ReplayOptions {
    ReplayOptions { gpu: GpuMode::Whole, ..ReplayOptions::default() }
}

fn replay() -> ReplayOptions {
    ReplayOptions { times: Times::Replay, ..ReplayOptions::default() }
}

#[test]
fn gpus_of_nodes_are_shares_or_whole() {
    let read = nodes("openb", NODES, &ReplayOptions::default()).unwrap();
    let specs: Vec<_> = read.node_specs().collect();
    assert_eq!(specs[0].devices, 0);
    assert!(!specs[0].labels.contains_key("gpu-model") && !specs[0].allocatable.contains_key(GPU_MILLI));
    assert_eq!((specs[1].devices, specs[1].labels["gpu-model"].as_str()), (8, "G2"));
    assert_eq!(specs[1].labels["kubernetes.io/hostname"], "b");
    assert_eq!(specs[1].allocatable[GPU_MILLI], Quantity::from_units(8000));
    assert_eq!(specs[1].allocatable["memory"], Quantity::from_units(2 << 30));
    assert_eq!(specs[1].allocatable["pods"], Quantity::from_units(110));

    let read = nodes("openb", NODES, &whole()).unwrap();
    let specs: Vec<_> = read.node_specs().collect();
    assert!(!specs[0].allocatable.contains_key("nvidia.com/gpu"));
    assert_eq!((specs[1].devices, specs[1].allocatable["nvidia.com/gpu"]), (0, Quantity::from_units(8)));
    assert!(!specs[1].allocatable.contains_key(GPU_MILLI));
}

#[test]
fn gpus_of_pods_are_shares_or_whole() {
    let read = pods("openb", PODS, &ReplayOptions::default()).unwrap();
    let gpus: Vec<_> = read.pods().map(|(_, _, class)| class.spec.gpu).collect();
    assert_eq!(gpus, [Some(GpuRequest { count: 1, milli: 460 }), Some(GpuRequest { count: 2, milli: 1000 })]);

    let read = pods("openb", PODS, &whole()).unwrap();
    let counts: Vec<_> = read
        .pods()
        .map(|(_, _, class)| {
            let container = &class.spec.containers[0];
            assert_eq!(container.requests["nvidia.com/gpu"], container.limits["nvidia.com/gpu"]);
            (class.spec.gpu, container.requests["nvidia.com/gpu"].value())
        })
        .collect();
    assert_eq!(counts, [(None, 1), (None, 2)]);
}

#[test]
fn a_pods_wishes_become_affinity_and_labels() {
    let read = pods("openb", PODS, &ReplayOptions::default()).unwrap();
    let classes: Vec<_> = read.pods().map(|(_, _, class)| class).collect();
    let required = classes[0].spec.node_affinity.required.as_ref().unwrap();
    let on = |model: &str| required.matches("n", &[("gpu-model".to_owned(), model.to_owned())].into());
    assert!(on("V100M16") && on("V100M32") && !on("G2"));
    assert!(classes[1].spec.node_affinity.required.is_none());
    assert_eq!((classes[0].spec.labels["qos"].as_str(), classes[1].spec.labels["qos"].as_str()), ("LS", "BE"));
    // An explicit 0 is a request: scoring does not put its default in its place.
    assert_eq!(classes[0].nonzero_memory, 0);
}

#[test]
fn arrivals_only_keeps_the_order_of_the_file_and_nothing_ends() {
    let options = ReplayOptions { interval: Span::from_millis(500), ..ReplayOptions::default() };
    let read = pods("openb", PODS, &options).unwrap();
    let seen: Vec<_> = read.pods().map(|(at, pod, _)| (at.0, &*pod.name, pod.run)).collect();
    assert_eq!(seen, [(0, "late", Run::Forever), (500_000_000, "early", Run::Forever)]);
}

#[test]
fn replay_sorts_by_creation_and_leaves_the_recorded_wait_out() {
    let read = pods("openb", PODS, &replay()).unwrap();
    let seen: Vec<_> = read.pods().map(|(at, pod, _)| (at, &*pod.name, pod.run)).collect();
    let expected = [
        (SimTime::ZERO, "early", Run::Succeeds(Span::ZERO)),
        (SimTime::from_secs(30), "late", Run::Fails(Span::from_secs(40))),
    ];
    assert_eq!(seen, expected);
    assert!(read.pods().all(|(_, _, class)| class.spec.restart_policy == RestartPolicy::Never));
}

#[test]
fn times_are_cut_and_scaled() {
    let window = Some(Window { from: Span::from_secs(10), to: Span::MAX });
    let options = ReplayOptions { window, time_scale: 0.5, duration_scale: 3.0, ..replay() };
    let read = pods("openb", PODS, &options).unwrap();
    let seen: Vec<_> = read.pods().map(|(at, pod, _)| (at, &*pod.name, pod.run)).collect();
    assert_eq!(seen, [(SimTime::from_secs(10), "late", Run::Fails(Span::from_secs(120)))]);
    // Nodes have no times: the window leaves them where they are.
    assert_eq!(nodes("openb", NODES, &options).unwrap().lines(), ["0 + a", "0 + b"]);
}
