//! A pod is in exactly one state, and every table that knows it agrees on which.

use super::{live, same};
use crate::cluster::Cluster;
use crate::model::PodId;
use crate::model::pod::{Pod, PodPhase};

pub(super) fn check(cluster: &Cluster) -> Result<(), String> {
    let pods = cluster.pods();
    same(|| "the number of pods".to_owned(), &pods.len(), &pods.iter().count())?;
    let mut unbound = Vec::new();
    for (id, pod) in live(cluster) {
        check_live(id, pod, cluster).map_err(|why| format!("pod {}: {why}", pod.name))?;
        if pod.node.is_none() {
            unbound.push((pod.uid, id));
        }
    }
    unbound.sort_unstable();
    let unbound: Vec<PodId> = unbound.into_iter().map(|(_, id)| id).collect();
    same(|| "the index of pods without a node".to_owned(), &pods.unbound().collect(), &unbound)?;
    for (id, pod) in pods.iter().filter(|(id, pod)| pod.is_finished() || pods.is_leaving(*id)) {
        if pod.working || pod.ready && pod.is_finished() {
            return Err(format!("pod {} has gone and still works", pod.name));
        }
        if pods.is_leaving(id) && pods.by_name(&cluster.class_of(pod).spec.namespace, &pod.name) == Some(id) {
            return Err(format!("pod {} has gone and still has its name", pod.name));
        }
    }
    Ok(())
}

fn check_live(id: PodId, pod: &Pod, cluster: &Cluster) -> Result<(), String> {
    let expect = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    expect(pod.node.is_some() == pod.bound.is_some(), "it has a node and no time of binding, or the other way round")?;
    expect(pod.started.is_some() == (pod.phase == PodPhase::Running), "its phase and its start contradict each other")?;
    expect(pod.phase == PodPhase::Pending || pod.node.is_some(), "it started without a node")?;
    expect(!pod.working || pod.phase == PodPhase::Running, "it works and does not run")?;
    expect(!pod.ready || pod.working, "it is ready and does not work")?;
    expect(pod.deleting.is_none() || pod.node.is_some(), "it is being deleted, has no node and is still there")?;
    expect(pod.deleting.is_none() || !pod.ready, "it is being deleted and still ready")?;
    expect(pod.node.is_none() || cluster.pods().condition(id).is_none(), "it is bound and unschedulable")?;
    expect(!pod.is_overdue() || pod.deleting.is_some(), "quotas wait no longer for its end, which nobody asked for")?;
    let times = [Some(pod.created), pod.bound.get(), pod.started.get(), Some(cluster.now)];
    expect(times.iter().flatten().is_sorted(), "created, bound, started and now are not in order")?;
    expect(
        pod.deleting.get().is_none_or(|at| pod.created <= at && at <= cluster.now),
        "it was deleted before it was created",
    )?;
    expect(pod.node.is_none() || pod.assumed().is_none(), "it is bound and only assumed")?;
    if let Some(node) = pod.placed_on() {
        let node = cluster.nodes().find(node).ok_or("its node has gone")?;
        expect(node.pods.contains(&id), "its node does not list it")?;
    }
    let namespace = &cluster.class_of(pod).spec.namespace;
    expect(cluster.pods().namespace(id) == Some(&**namespace), "its class is of another namespace")?;
    expect(cluster.pods().by_name(namespace, &pod.name) == Some(id), "it is not found by its name")
}
