//! What is told of single pods: how each lived, and which of very many are told of.

use std::sync::Arc;

/// The life of one pod: what `pods.csv` has of it, and what the scheduler said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodRecord {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: String,
    /// What became of it, in the words of `pods.csv`.
    pub outcome: &'static str,
    /// The [`NodeHistory::uid`](super::NodeHistory::uid) of the node that it was bound to.
    pub node: Option<u64>,
    /// Its priority.
    pub priority: i32,
    /// Requested CPU, in milli-CPU.
    pub cpu_milli: i64,
    /// Requested memory, in bytes.
    pub memory_bytes: i64,
    /// What else it requests, as `NAME=AMOUNT;…`.
    pub other_resources: Arc<str>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was created, or refused, in nanoseconds since the scenario's start.
    pub created_ns: i64,
    /// When it was bound.
    pub bound_ns: Option<i64>,
    /// When its containers first started.
    pub started_ns: Option<i64>,
    /// When it ended or was gone; `None` of one that still exists.
    pub ended_ns: Option<i64>,
    /// How its node was chosen, where the scheduler did that.
    pub decision: Option<Decision>,
    /// Of a refused pod the server's sentence; of others what the last attempt that failed said.
    pub reason: Option<Arc<str>>,
    /// `NAMESPACE/NAME` of the pod that it had to make room for.
    pub preempted_by: Option<Arc<str>>,
}

/// How the scheduler came to a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decision {
    /// How many nodes were filtered.
    pub examined: u32,
    /// How many of them were feasible.
    pub feasible: u32,
    /// The highest total of scores; `None` where nothing was scored because one node alone was feasible.
    pub best: Option<i64>,
    /// How many nodes had it.
    pub ties: u32,
}

/// The lives of the pods of a run: of all of them, or of the most telling ones where there are very many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodRecords {
    /// Their lives, in no order, and perhaps some that are not told of.
    pub list: Vec<PodRecord>,
    /// The places in that list of those that are told of, in order of creation.
    pub order: Vec<u32>,
    /// How many pods there were.
    pub total: u64,
    /// For what pods were kept; one may have been kept for several reasons.
    pub kept: Vec<KeptFor>,
}

impl PodRecords {
    /// All of these, which are in order of creation, of so many pods.
    pub fn in_order(list: Vec<PodRecord>, total: u64, kept: Vec<KeptFor>) -> Self {
        let order = (0..).take(list.len()).collect();
        Self { list, order, total, kept }
    }

    /// Those that are told of, in order of creation.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &PodRecord> {
        self.order.iter().map(|place| &self.list[*place as usize])
    }

    /// The same, in no order: they are read as they lie in the memory, which takes a fraction of the time where there are very many.
    pub fn in_no_order(&self) -> impl Iterator<Item = &PodRecord> {
        let mut is_told = vec![false; self.list.len()];
        self.order.iter().for_each(|place| is_told[*place as usize] = true);
        self.list.iter().zip(is_told).filter_map(|(life, is_told)| is_told.then_some(life))
    }

    /// How many are told of.
    pub fn count(&self) -> usize {
        self.order.len()
    }
}

/// A reason to keep pods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptFor {
    /// What they have in common, as the end of a sentence: `that found no node`.
    pub what: &'static str,
    /// How many were kept for it.
    pub kept: u64,
    /// How many such pods there were.
    pub of: u64,
}

impl PodRecord {
    /// How long it waited for a node: until it was bound, or until it ended or the run did at `end_ns`.
    pub fn wait_ns(&self, end_ns: i64) -> i64 {
        self.bound_ns.or(self.ended_ns).unwrap_or(end_ns).saturating_sub(self.created_ns)
    }
}
