//! What a node's sums say is what the pods on it make up: requests, scoring's requests, host ports, shares of devices.

use super::{live, same};
use crate::cluster::Cluster;
use crate::model::PodId;
use crate::model::gpu::{MAX_DEVICES, WHOLE};
use crate::model::node::Node;
use crate::model::pod::HostPort;
use crate::model::resources::Resources;
use std::collections::BTreeMap;

/// The sums over some pods.
#[derive(Debug, Default)]
struct Sums {
    requested: Resources,
    nonzero: (i64, i64),
    ports: Vec<HostPort>,
    pods: Vec<PodId>,
    /// Thousandths taken of each device.
    taken: Vec<u32>,
    /// Pods that hold devices.
    holders: u16,
}

pub(super) fn check(cluster: &Cluster) -> Result<(), String> {
    let mut sums: BTreeMap<usize, Sums> = BTreeMap::new();
    for (id, pod) in live(cluster) {
        let Some(node) = pod.placed_on() else { continue };
        let class = cluster.class_of(pod);
        let sum = sums.entry(node.index()).or_default();
        sum.requested.add(&class.requests);
        sum.nonzero.0 += class.nonzero_cpu;
        sum.nonzero.1 += class.nonzero_memory;
        sum.ports.extend_from_slice(&class.host_ports);
        sum.pods.push(id);
        if let Some(request) = class.spec.gpu {
            sum.holders += u16::from(!pod.devices.is_empty());
            for device in (0..MAX_DEVICES).filter(|device| pod.devices.contains(*device)) {
                sum.taken.resize(sum.taken.len().max(device + 1), 0);
                sum.taken[device] += u32::from(request.milli);
            }
        }
    }
    for node in cluster.nodes().iter() {
        check_node(node, sums.remove(&node.id.index()).unwrap_or_default(), cluster)?;
    }
    match sums.into_iter().next() {
        None => Ok(()),
        Some((slot, sum)) => Err(format!("the pods {:?} are on a node that is gone, of slot {slot}", sum.pods)),
    }
}

fn check_node(node: &Node, mut sum: Sums, cluster: &Cluster) -> Result<(), String> {
    let name = node.name();
    for id in cluster.resources.ids() {
        let what = || format!("requested {} of node {name}", cluster.resources.name(id));
        same(what, &node.requested.get(id), &sum.requested.get(id))?;
    }
    same(
        || format!("(nonzero_cpu, nonzero_memory) of node {name}"),
        &(node.nonzero_cpu, node.nonzero_memory),
        &sum.nonzero,
    )?;
    let mut ports = node.ports.clone();
    ports.sort();
    sum.ports.sort();
    same(|| format!("the host ports of node {name}"), &ports, &sum.ports)?;
    let mut pods = node.pods.to_vec();
    pods.sort_unstable();
    sum.pods.sort_unstable();
    same(|| format!("the list of pods of node {name}"), &pods, &sum.pods)?;
    let free: Vec<u32> = node.devices.free().iter().map(|free| u32::from(*free)).collect();
    sum.taken.resize(sum.taken.len().max(free.len()), 0);
    let taken: Vec<u32> = free.iter().map(|free| u32::from(WHOLE) - free).collect();
    same(|| format!("what is taken of the devices of node {name}"), &taken, &sum.taken)?;
    let holders: u16 = node.devices.holders().iter().sum();
    same(|| format!("how many pods hold devices of node {name}"), &holders, &sum.holders)
}
