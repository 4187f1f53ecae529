//! `nodes.csv`: a row per node, written when the node leaves, and at the end of the run for those that are still there.

use super::pods::others;
use super::written::{TableFiles, WrittenTable};
use crate::output::{OutputDir, OutputError};
use crate::tables::NodeRow;
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest, NodeChange};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::phases::Phase;
use towtank_sim::time::SimTime;

/// Writes `nodes.csv`.
pub struct NodeTable {
    table: WrittenTable,
    lives: BTreeMap<NodeId, Life>,
}

/// What has happened on a node so far.
#[derive(Clone, Copy, Debug, Default)]
struct Life {
    since: SimTime,
    /// What has been allocated since then.
    cpu: i64,
    memory: i64,
    /// Before that, in unit nanoseconds.
    cpu_integral: i128,
    memory_integral: i128,
    not_ready_since: Option<SimTime>,
    not_ready: i64,
    bound: u64,
}

impl Life {
    fn advance(&mut self, node: &Node, now: SimTime) {
        let span = i128::from(now.since(self.since).0);
        self.cpu_integral += i128::from(self.cpu) * span;
        self.memory_integral += i128::from(self.memory) * span;
        self.since = now;
        self.cpu = node.requested.get(ResourceId::CPU);
        self.memory = node.requested.get(ResourceId::MEMORY);
    }
}

impl NodeTable {
    /// A table in `out`, as Parquet too if that is asked for.
    ///
    /// # Errors
    /// A file cannot be created.
    pub fn create(out: &OutputDir, parquet: bool) -> Result<Self, OutputError> {
        let table = TableFiles::new(out, "nodes", parquet)?.begin::<NodeRow<'_>>()?;
        Ok(Self { table, lives: BTreeMap::new() })
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
        let Some(mut life) = self.lives.remove(&node.id) else { return };
        let now = cluster.now;
        life.advance(node, now);
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
            mean_cpu_allocated: mean(life.cpu_integral, ResourceId::CPU),
            mean_memory_allocated: mean(life.memory_integral, ResourceId::MEMORY),
        };
        self.table.write(&row);
    }

    fn changed(&mut self, id: NodeId, cluster: &Cluster) -> Option<&mut Life> {
        let life = self.lives.get_mut(&id)?;
        life.advance(cluster.node(id), cluster.now);
        Some(life)
    }
}

impl Observer for NodeTable {
    fn interest(&self) -> NoteKinds {
        let pods = Interest::POD_BOUND.and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        NoteKinds::changes(pods.and(Interest::NODES))
    }

    fn phase(&self) -> Phase {
        Phase::Output
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(change) = note else { return };
        match *change {
            Change::NodeAdded(id) => {
                let life = Life { since: cluster.now, ..Life::default() };
                self.lives.insert(id, life);
            }
            Change::NodeRemoved(id) => self.row(cluster.node(id), cluster, Some(cluster.now)),
            Change::NodeChanged(id, what) if what.contains(NodeChange::READY) => {
                let ready = cluster.node(id).ready;
                if let Some(life) = self.changed(id, cluster) {
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
            Change::PodBound(_, id) => {
                if let Some(life) = self.changed(id, cluster) {
                    life.bound += 1;
                }
            }
            Change::PodFinished(pod) | Change::PodRemoved(pod) => {
                if let Some(id) = cluster.pod(pod).and_then(|pod| pod.node) {
                    self.changed(id, cluster);
                }
            }
            _ => {}
        }
    }
}
