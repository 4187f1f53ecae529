//! The cluster's totals are what counting everything anew gives.

use super::{live, same};
use crate::cluster::{Cluster, Totals};
use crate::model::pod::PodPhase;

pub(super) fn check(cluster: &Cluster) -> Result<(), String> {
    let mut expected = Totals::default();
    for node in cluster.nodes().iter() {
        expected.capacity.add(&node.allocatable);
        expected.nodes += 1;
        expected.ready_nodes += u64::from(node.ready);
    }
    for (_, pod) in live(cluster) {
        let class = cluster.class_of(pod);
        match (pod.node, pod.phase) {
            (None, _) => expected.pending += 1,
            (Some(_), PodPhase::Running) => expected.running += 1,
            (Some(_), _) => expected.starting += 1,
        }
        if pod.node.is_some() {
            expected.allocated.add(&class.requests);
        }
        if pod.working {
            expected.add_usage(pod, class);
        }
    }
    let totals = cluster.totals();
    for id in cluster.resources.ids() {
        let name = cluster.resources.name(id);
        same(|| format!("capacity {name}"), &totals.capacity.get(id), &expected.capacity.get(id))?;
        same(|| format!("allocated {name}"), &totals.allocated.get(id), &expected.allocated.get(id))?;
    }
    let counts = |t: &Totals| (t.nodes, t.ready_nodes, t.pending, t.starting, t.running, t.used_cpu, t.used_memory);
    let what = || "(nodes, ready, pending, starting, running, used cpu, used memory)".to_owned();
    same(what, &counts(totals), &counts(&expected))
}
