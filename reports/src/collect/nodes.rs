//! `nodes.csv`: a row per node, written when the node leaves, and at the end of the run for those that are still there.

use super::pods::others;
use super::work_times::{WorkTimes, usage};
use super::written::{TableFiles, WrittenTable};
use crate::output::{OutputDir, OutputError};
use crate::tables::NodeRow;
use towtank_sim::cluster::{Change, Cluster, Interest, NodeChange};
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::{Pod, PodClass};
use towtank_sim::model::resources::ResourceId;
use towtank_sim::model::{ClassId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::phases::Phase;
use towtank_sim::time::SimTime;

/// Writes `nodes.csv`.
///
/// A pod is entered once, when it ends, with the time that it was on the node; those that are left are entered with the node's row.
pub struct NodeTable {
    table: WrittenTable,
    /// By slot.
    lives: Vec<Option<Life>>,
    work: WorkTimes,
}

/// What has happened on a node so far.
#[derive(Clone, Copy, Debug, Default)]
struct Life {
    /// CPU and memory that pods have been allocated, and have used, in unit nanoseconds.
    allocated: [i128; 2],
    used: [i128; 2],
    not_ready_since: Option<SimTime>,
    not_ready: i64,
    bound: u64,
}

impl Life {
    /// What a pod has had until now.
    fn enter(&mut self, id: PodId, pod: &Pod, work: &WorkTimes, cluster: &Cluster) {
        let class = cluster.classes.get(pod.class);
        let held = pod.bound.get().map_or(0, |bound| i128::from(cluster.now.since(bound).0));
        add_times(&mut self.allocated, requests(class), held);
        add_times(&mut self.used, usage(pod, class), i128::from(work.of(id, pod, cluster.now)));
        self.bound += 1;
    }
}

/// CPU and memory that pods of a class request.
fn requests(class: &PodClass) -> [i64; 2] {
    [class.requests.get(ResourceId::CPU), class.requests.get(ResourceId::MEMORY)]
}

fn add_times(sums: &mut [i128; 2], amounts: [i64; 2], times: i128) {
    for (sum, amount) in sums.iter_mut().zip(amounts) {
        *sum += i128::from(amount) * times;
    }
}

impl NodeTable {
    /// A table in `out`, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// A file cannot be created.
    pub fn create(out: &OutputDir, parquet: bool) -> Result<Self, OutputError> {
        let table = TableFiles::new(out, "nodes", parquet)?.begin::<NodeRow<'_>>()?;
        Ok(Self { table, lives: Vec::new(), work: WorkTimes::default() })
    }

    /// Writes the nodes that are still there, in order of creation, and ends the table.
    ///
    /// # Errors
    /// The first thing that could not be written.
    pub fn finish(mut self, cluster: &Cluster) -> Result<(), OutputError> {
        let mut rest: Vec<&Node> = cluster.nodes().iter().collect();
        rest.sort_by_key(|node| node.uid);
        for node in rest {
            self.row(node, cluster, None);
        }
        self.table.finish()
    }

    fn row(&mut self, node: &Node, cluster: &Cluster, removed: Option<SimTime>) {
        let Some(mut life) = self.lives.get_mut(node.id.index()).and_then(Option::take) else { return };
        let now = cluster.now;
        for id in &node.pods {
            if let Some(pod) = cluster.pod(*id).filter(|pod| pod.node == Some(node.id)) {
                life.enter(*id, pod, &self.work, cluster);
            }
        }
        if let Some(since) = life.not_ready_since {
            life.not_ready += now.since(since).0;
        }
        let age = i128::from(now.since(node.created).0);
        let mean = |integral: i128, id| {
            let offered = age * i128::from(node.allocatable.get(id));
            (offered > 0).then(|| integral as f64 / offered as f64)
        };
        let row = NodeRow {
            name: node.name(),
            zone: node.zone(),
            group: node.spec.group.as_deref().unwrap_or(""),
            cpu_milli: node.allocatable.get(ResourceId::CPU),
            memory_bytes: node.allocatable.get(ResourceId::MEMORY),
            pods: node.allocatable.get(ResourceId::PODS),
            other_resources: &others(&node.allocatable, cluster),
            added_ns: node.created.0,
            removed_ns: removed.map(|at| at.0),
            not_ready_ns: life.not_ready,
            bound_pods: life.bound,
            mean_cpu_allocated: mean(life.allocated[0], ResourceId::CPU),
            mean_memory_allocated: mean(life.allocated[1], ResourceId::MEMORY),
            mean_cpu_used: mean(life.used[0], ResourceId::CPU),
            mean_memory_used: mean(life.used[1], ResourceId::MEMORY),
        };
        self.table.write(&row);
    }

    /// A pod requests something else from now on: it is entered as if it had always been so, and this makes up for the difference.
    fn resized(&mut self, id: PodId, old: ClassId, cluster: &Cluster) {
        let Some(pod) = cluster.pod(id).filter(|pod| pod.class != old) else { return };
        let (before, after) = (cluster.classes.get(old), cluster.classes.get(pod.class));
        let worked = i128::from(self.work.of(id, pod, cluster.now));
        let held = pod.bound.get().map_or(0, |bound| i128::from(cluster.now.since(bound).0));
        let Some(life) = pod.node.and_then(|node| self.lives.get_mut(node.index())?.as_mut()) else { return };
        let less = |old: [i64; 2], new: [i64; 2]| [old[0] - new[0], old[1] - new[1]];
        add_times(&mut life.allocated, less(requests(before), requests(after)), held);
        add_times(&mut life.used, less(usage(pod, before), usage(pod, after)), worked);
    }
}

impl Observer for NodeTable {
    fn interest(&self) -> NoteKinds {
        let pods = Interest::POD_FINISHED.and(Interest::POD_REMOVED).and(Interest::POD_UPDATED);
        NoteKinds::changes(pods.and(Interest::POD_STARTED).and(Interest::POD_READINESS).and(Interest::NODES))
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(change) = note else { return };
        match *change {
            Change::NodeAdded(id) => {
                if self.lives.len() <= id.index() {
                    self.lives.resize(id.index() + 1, None);
                }
                self.lives[id.index()] = Some(Life::default());
            }
            Change::NodeRemoved(id) => self.row(cluster.node(id), cluster, Some(cluster.now)),
            Change::NodeChanged(id, what) if what.contains(NodeChange::READY) => {
                let ready = cluster.node(id).ready;
                if let Some(Some(life)) = self.lives.get_mut(id.index()) {
                    match (ready, life.not_ready_since) {
                        (false, None) => life.not_ready_since = Some(cluster.now),
                        (true, Some(since)) => {
                            life.not_ready += cluster.now.since(since).0;
                            life.not_ready_since = None;
                        }
                        _ => {}
                    }
                }
            }
            Change::PodFinished(id) | Change::PodRemoved(id) => {
                let Some((pod, node)) = cluster.pod(id).and_then(|pod| Some((pod, pod.node?))) else { return };
                if let Some(Some(life)) = self.lives.get_mut(node.index()) {
                    life.enter(id, pod, &self.work, cluster);
                }
                self.work.forget(id);
            }
            Change::PodUpdated(id, old) => self.resized(id, old, cluster),
            Change::PodStarted(_) | Change::PodReadiness(_) => self.work.note(*change, cluster),
            _ => {}
        }
    }
}
