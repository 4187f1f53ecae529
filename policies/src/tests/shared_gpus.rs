//! The policies for shared GPUs, against numbers worked out by hand from their formulas.

use crate::config::ParsedConfig;
use crate::factory::BuildContext;
use crate::named::profile_by_name;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::gpu::{DeviceSet, GpuRequest, WHOLE};
use towtank_sim::model::node::{Node, NodeSpec};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::quantity::Quantity;
use towtank_sim::model::resources::{ResourceId, ResourceTable};
use towtank_sim::model::target_workload::{PodShape, ShapeCounts, TargetWorkload};
use towtank_sim::random::Streams;
use towtank_sim::scheduler::{Cycle, FeatureGates, PreScore, Profile};

const SHARE: GpuRequest = GpuRequest { count: 1, milli: 300 };
const PAIR: GpuRequest = GpuRequest { count: 2, milli: WHOLE };

fn context() -> BuildContext {
    let mut counts = ShapeCounts::default();
    counts.add(PodShape { cpu_milli: 1000, gpu_milli: WHOLE, gpus: 1, models: String::new() }, 1);
    let target_workload = Some(Arc::new(TargetWorkload::typical(&counts, 100)));
    BuildContext { target_workload, ..BuildContext::new(Streams::new(3), FeatureGates::default()) }
}

fn named(policy: &str) -> Profile {
    crate::build(&profile_by_name(policy).unwrap().config(), &context()).profiles.remove(0)
}

/// A node of 64 cores on which pods hold 4 of them and these shares.
fn node(devices: u8, taken: &[(GpuRequest, u16)]) -> Node {
    let allocatable = [("cpu".to_owned(), Quantity::from_units(64))].into();
    let mut node =
        Node::hypothetical(NodeSpec { devices, allocatable, ..NodeSpec::default() }, &mut ResourceTable::default());
    node.requested.set(ResourceId::CPU, 4000);
    for (request, devices) in taken {
        node.devices.take_from(*request, DeviceSet(*devices));
    }
    node
}

/// Eight devices, of which a share leaves 300 of the first, and the second is taken.
fn used() -> Node {
    node(8, &[(GpuRequest { count: 1, milli: 700 }, 0b01), (GpuRequest { count: 1, milli: WHOLE }, 0b10)])
}

/// The scores of the nodes under a policy, for a pod of 4 cores.
fn scores(policy: &str, gpu: Option<GpuRequest>, nodes: &[Node]) -> Vec<i64> {
    let profile = named(policy);
    let (index, _) = profile.score[0];
    with_cycle(gpu, |cycle| match profile.plugins[index].pre_score(cycle, &[]) {
        PreScore::Ask(score) => {
            let mut scores: Vec<i64> = nodes.iter().map(|node| score.score(node)).collect();
            score.normalize(&mut scores);
            scores
        }
        PreScore::Same(score) => vec![score; nodes.len()],
        PreScore::Skip => panic!("{policy} has a say"),
    })
}

fn with_cycle<R>(gpu: Option<GpuRequest>, look: impl FnOnce(&Cycle<'_>) -> R) -> R {
    let mut cluster = Cluster::default();
    let requests = [("cpu".to_owned(), Quantity::from_units(4))].into();
    let class = cluster.intern(PodSpec { gpu, ..PodSpec::with_requests(requests) });
    look(&Cycle::new(&cluster, class, None))
}

#[test]
fn dot_prod_avoids_what_points_the_same_way() {
    // 1 - (60/128 * 4/128 + 6300/8000 * 300/8000) / 2, and the same with 8000 free.
    assert_eq!(scores("dot-prod", Some(SHARE), &[used(), node(8, &[])]), [97, 97]);
    assert_eq!(scores("dot-prod", Some(PAIR), &[used(), node(8, &[]), node(2, &[])]), [89, 86, 96]);
    assert_eq!(scores("dot-prod", None, &[used()]), [99]);
}

#[test]
fn gpu_best_fit_spreads_what_it_finds_over_the_whole_range() {
    // Before: 100 * (1 - 0.5 * 56/128 - 0.5 * g/8000) with g = 6000, 7700, 1700: 40, 30, 67.
    let nodes = [used(), node(8, &[]), node(2, &[])];
    assert_eq!(scores("gpu-best-fit", Some(SHARE), &nodes), [27, 0, 100]);
    assert_eq!(scores("gpu-best-fit", Some(SHARE), &[used(), used()]), [0, 0]);
}

#[test]
fn gpu_clustering_looks_for_its_own_kind() {
    let only_shares = node(8, &[(GpuRequest { count: 1, milli: 700 }, 0b01)]);
    let nodes = [used(), node(8, &[]), only_shares];
    assert_eq!(scores("gpu-clustering", Some(SHARE), &nodes), [50 + 5, 25, 75 + 2]);
    assert_eq!(scores("gpu-clustering", Some(PAIR), &nodes), [5, 25, 2]);
    assert_eq!(scores("gpu-clustering", None, &nodes), [0, 0, 0]);
}

#[test]
fn gpu_packing_fills_devices_in_use_first() {
    let nodes = [used(), node(8, &[]), node(2, &[])];
    assert_eq!(scores("gpu-packing", Some(SHARE), &nodes), [100 - 30 / 10, 25, 31]);
    assert_eq!(scores("gpu-packing", Some(PAIR), &nodes), [48, 25, 31]);
    let half = node(2, &[(GpuRequest { count: 1, milli: 500 }, 0b01), (GpuRequest { count: 1, milli: 400 }, 0b10)]);
    assert_eq!(scores("gpu-packing", Some(SHARE), &[half]), [100 - 50 / 10]);
    assert_eq!(scores("gpu-packing", None, &nodes), [0, 0, 0]);
}

#[test]
fn fgd_goes_down_the_steepest_and_names_the_device() {
    // Only whole devices are wanted: the 300 left on the first device are a fragment, which the share takes.
    assert_eq!(scores("fgd", Some(SHARE), &[used(), node(8, &[])]), [57, 33]);
    // Whole devices leave no fragments, and without GPUs nothing changes.
    assert_eq!(scores("fgd", Some(PAIR), &[used()]), [50]);
    assert_eq!(scores("fgd", None, &[used()]), [50]);
    let profile = named("fgd");
    let devices = |gpu, node: &Node| with_cycle(gpu, |cycle| profile.devices(cycle, node));
    assert_eq!(devices(Some(SHARE), &used()), Ok(Some(DeviceSet(0b01))));
    assert_eq!(devices(Some(SHARE), &node(8, &[])), Ok(Some(DeviceSet(0b01))), "the first of equals");
    assert_eq!(devices(Some(PAIR), &used()), Ok(None), "whole devices are alike");
}

#[test]
fn a_configuration_chooses_devices_and_random_ones_all_alike() {
    let profile = |choice: &str| {
        let text = format!(
            "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n  - pluginConfig: [{{ name: \
             NodeGpuShare, args: {{ deviceChoice: {choice} }} }}]\n"
        );
        crate::build(&ParsedConfig::read(&text, "test").unwrap(), &context()).profiles.remove(0)
    };
    let devices = |choice, node: &Node| with_cycle(Some(SHARE), |cycle| profile(choice).devices(cycle, node).unwrap());
    assert_eq!(devices("FirstFit", &used()), Some(DeviceSet(0b001)));
    assert_eq!(devices("WorstFit", &used()), Some(DeviceSet(0b100)));
    assert_eq!(devices("BestFit", &used()), Some(DeviceSet(0b001)));
    let default = crate::build(&ParsedConfig::default(), &context()).profiles.remove(0);
    assert_eq!(with_cycle(Some(SHARE), |cycle| default.devices(cycle, &used())), Ok(None));
    // Drawn anew on every node, and the same again for the same attempt.
    let random = profile("Random");
    let mut drawn = [0; 8];
    for uid in 0..700 {
        let node = Node { uid, ..used() };
        let set = with_cycle(Some(SHARE), |cycle| random.devices(cycle, &node)).unwrap().unwrap();
        assert_eq!(with_cycle(Some(SHARE), |cycle| random.devices(cycle, &node)), Ok(Some(set)));
        drawn[set.0.trailing_zeros() as usize] += 1;
    }
    assert_eq!(drawn[1], 0, "the second device is taken");
    assert!(drawn.iter().enumerate().all(|(i, count)| i == 1 || (70..130).contains(count)), "{drawn:?}");
}
