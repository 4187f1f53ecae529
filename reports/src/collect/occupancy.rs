//! Which nodes are in use, what is stranded on them, and how large a pod still fits.

use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::node::Node;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::model::{NodeId, PodId};
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// A resource of a node counts as full when less than one part in so many of it is free: 5 %.
pub const FULL: i64 = 20;

/// Samples of the largest pod at which they are thinned.
const MOST_SAMPLES: usize = 512;

/// What is free of so many nodes is written together.
const TOGETHER: usize = 256;

/// Follows the nodes. Sums over time are exact; the largest pod that fits is sampled, because it depends on all nodes at once.
#[derive(Debug)]
pub struct OccupancyCollector {
    /// By slot. It is small, so that it stays in the cache.
    nodes: Vec<State>,
    /// By slot and resource: what is stranded; empty where nothing is.
    stranded_on: Vec<Vec<(ResourceId, i64)>>,
    since: SimTime,
    count: u64,
    in_use: u64,
    peak_in_use: u64,
    node_nanoseconds: i128,
    in_use_nanoseconds: i128,
    /// How long at least one node had no pod, and at least one pod no node.
    over: i128,
    under: i128,
    pending: u64,
    /// By resource: what is stranded now, and over the time until its last change.
    stranded: Vec<(i64, i128, SimTime)>,
    /// By slot: what is free for pods. It is read for all nodes at once.
    free: Vec<Free>,
    /// What has to be written there, oldest first. The place of a node is in no cache when one of its pods comes or goes; of many together, none
    /// waits for the one before.
    unwritten: Vec<(u32, Free)>,
    interval: Span,
    samples: Vec<i64>,
}

/// CPU and memory of a node that no pod has; none where no pod may come.
#[derive(Clone, Copy, Debug, Default)]
struct Free {
    cpu: i64,
    memory: i64,
}

#[allow(clippy::struct_excessive_bools, reason = "facts, each with its name, of many nodes in little memory")]
#[derive(Clone, Copy, Debug, Default)]
struct State {
    exists: bool,
    in_use: bool,
    /// Whether pods may come, as far as the node's own state says.
    takes_pods: bool,
    /// Whether something is stranded.
    strands: bool,
}

/// What was found of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupancy {
    /// How long the run was, in nanoseconds.
    pub nanoseconds: i128,
    /// Node nanoseconds of all nodes.
    pub node_nanoseconds: i128,
    /// Of nodes with pods.
    pub in_use_nanoseconds: i128,
    /// The most nodes with pods.
    pub peak_in_use: u64,
    /// For how long there was a node without pods.
    pub over: i128,
    /// For how long there was a pod without a node.
    pub under: i128,
    /// By resource: what was stranded, in unit nanoseconds.
    pub stranded: BTreeMap<String, i128>,
    /// CPU of the largest pod that fits, in milli, at equally distant moments; the last is that of the end.
    pub largest_cpu: Vec<i64>,
}

impl Default for OccupancyCollector {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            stranded_on: Vec::new(),
            since: SimTime::ZERO,
            count: 0,
            in_use: 0,
            peak_in_use: 0,
            node_nanoseconds: 0,
            in_use_nanoseconds: 0,
            over: 0,
            under: 0,
            pending: 0,
            stranded: Vec::new(),
            free: Vec::new(),
            unwritten: Vec::new(),
            interval: Span::from_secs(1),
            samples: Vec::new(),
        }
    }
}

impl OccupancyCollector {
    /// What was found until now, the end of the run.
    pub fn finish(mut self, cluster: &Cluster) -> Occupancy {
        self.advance(cluster.now);
        let columns = cluster.resources.ids().zip(&self.stranded);
        let stranded = columns.map(|(id, (now, before, since))| {
            let all = before + i128::from(*now) * i128::from(cluster.now.since(*since).0);
            (cluster.resources.name(id).to_owned(), all)
        });
        Occupancy {
            nanoseconds: i128::from(cluster.now.since(SimTime::ZERO).0),
            node_nanoseconds: self.node_nanoseconds,
            in_use_nanoseconds: self.in_use_nanoseconds,
            peak_in_use: self.peak_in_use,
            over: self.over,
            under: self.under,
            stranded: stranded.collect(),
            largest_cpu: self.samples,
        }
    }

    /// The time until now has passed with the counts as they are.
    #[inline]
    fn advance(&mut self, now: SimTime) {
        let span = i128::from(now.since(self.since).0);
        if span == 0 {
            return;
        }
        self.peak_in_use = self.peak_in_use.max(self.in_use);
        self.node_nanoseconds += i128::from(self.count) * span;
        self.in_use_nanoseconds += i128::from(self.in_use) * span;
        if self.in_use < self.count {
            self.over += span;
        }
        if self.pending > 0 {
            self.under += span;
        }
        self.since = now;
    }

    /// A pod came or went, or has a node now.
    #[inline]
    pub(super) fn count_pods(&mut self, cluster: &Cluster) {
        self.advance(cluster.now);
        self.pending = cluster.totals().pending;
    }

    /// A node has another pod, or one less.
    #[inline]
    pub(super) fn pods_changed(&mut self, id: NodeId, cluster: &Cluster) {
        if self.nodes.get(id.index()).is_some_and(|state| state.exists) {
            self.look(id, cluster);
        }
    }

    /// A pod has ended, perhaps on a node.
    #[inline]
    pub(super) fn pod_ended(&mut self, pod: PodId, cluster: &Cluster) {
        if let Some(node) = cluster.pod(pod).and_then(|pod| pod.node) {
            self.pods_changed(node, cluster);
        }
    }

    /// Looks at a node again.
    fn look(&mut self, id: NodeId, cluster: &Cluster) {
        let slot = id.index();
        let Some(node) = cluster.nodes().find(id) else { return };
        let free = if self.nodes[slot].takes_pods { Free::of(node) } else { Free::default() };
        self.write(id, free);
        let in_use = !node.pods.is_empty();
        if self.nodes[slot].in_use != in_use {
            self.nodes[slot].in_use = in_use;
            if in_use { self.in_use += 1 } else { self.in_use -= 1 }
        }
        let strands = any_full(node);
        if strands || self.nodes[slot].strands {
            let stranded = if strands { stranded(node) } else { Vec::new() };
            self.strand(slot, stranded, cluster.now);
        }
    }

    /// Looks at a node that is new or has changed itself.
    fn look_anew(&mut self, id: NodeId, cluster: &Cluster) {
        let slot = id.index();
        if self.nodes.len() <= slot {
            self.nodes.resize(slot + 1, State::default());
            self.free.resize(slot + 1, Free::default());
        }
        let node = cluster.nodes().find(id);
        self.nodes[slot].takes_pods = node.is_some_and(|node| node.ready && !node.spec.unschedulable);
        self.look(id, cluster);
    }

    /// This is free of a node now.
    #[inline]
    fn write(&mut self, id: NodeId, free: Free) {
        self.unwritten.push((id.slot(), free));
        if self.unwritten.len() >= TOGETHER {
            self.write_out();
        }
    }

    fn write_out(&mut self) {
        for (slot, free) in self.unwritten.drain(..) {
            self.free[slot as usize] = free;
        }
    }

    fn strand(&mut self, slot: usize, stranded: Vec<(ResourceId, i64)>, now: SimTime) {
        if self.stranded_on.len() <= slot {
            self.stranded_on.resize(self.nodes.len(), Vec::new());
        }
        if self.stranded_on[slot] == stranded {
            return;
        }
        self.nodes[slot].strands = !stranded.is_empty();
        let before = std::mem::replace(&mut self.stranded_on[slot], stranded);
        for (id, amount) in before {
            self.add(id, -amount, now);
        }
        for i in 0..self.stranded_on[slot].len() {
            let (id, amount) = self.stranded_on[slot][i];
            self.add(id, amount, now);
        }
    }

    fn add(&mut self, id: ResourceId, amount: i64, now: SimTime) {
        if self.stranded.len() <= id.index() {
            self.stranded.resize(id.index() + 1, (0, 0, SimTime::ZERO));
        }
        let (sum, integral, since) = &mut self.stranded[id.index()];
        *integral += i128::from(*sum) * i128::from(now.since(*since).0);
        *since = now;
        *sum += amount;
    }

    fn leave(&mut self, id: NodeId, now: SimTime) {
        let Some(state) = self.nodes.get_mut(id.index()).filter(|state| state.exists) else { return };
        state.exists = false;
        self.count -= 1;
        if std::mem::take(&mut state.in_use) {
            self.in_use -= 1;
        }
        self.write(id, Free::default());
        if self.nodes[id.index()].strands {
            self.strand(id.index(), Vec::new(), now);
        }
    }
}

impl Observer for OccupancyCollector {
    fn interest(&self) -> NoteKinds {
        let pods =
            Interest::POD_CREATED.and(Interest::POD_BOUND).and(Interest::POD_FINISHED).and(Interest::POD_REMOVED);
        NoteKinds::changes(pods.and(Interest::NODES))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        let Note::Change(change) = note else { return };
        self.count_pods(cluster);
        match *change {
            Change::PodBound(_, id) => self.pods_changed(id, cluster),
            Change::PodFinished(pod) | Change::PodRemoved(pod) => self.pod_ended(pod, cluster),
            Change::NodeAdded(id) => {
                self.look_anew(id, cluster);
                if !std::mem::replace(&mut self.nodes[id.index()].exists, true) {
                    self.count += 1;
                }
            }
            Change::NodeChanged(id, _) => self.look_anew(id, cluster),
            Change::NodeRemoved(id) => self.leave(id, cluster.now),
            _ => {}
        }
    }

    fn sampling_interval(&self) -> Option<Span> {
        Some(self.interval)
    }

    fn sample(&mut self, _at: SimTime, cluster: &Cluster) {
        self.write_out();
        self.samples.push(largest_cpu(&self.free, cluster));
        if self.samples.len() == MOST_SAMPLES {
            let mut number = 0;
            self.samples.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.interval = Span(self.interval.0 * 2);
        }
    }
}

/// Whether a resource of the node is full.
#[inline]
fn any_full(node: &Node) -> bool {
    node.allocatable.iter().any(|(id, has)| is_full(has, node.requested.get(id)))
}

#[inline]
fn is_full(has: i64, taken: i64) -> bool {
    has > 0 && (has - taken).saturating_mul(FULL) < has
}

/// What is free of each resource of a node that has another one that is full. Room for more pods is none of them, but may be full.
fn stranded(node: &Node) -> Vec<(ResourceId, i64)> {
    let amounts = || node.allocatable.iter().map(|(id, has)| (id, has, node.requested.get(id)));
    let full = amounts().filter(|(_, has, taken)| is_full(*has, *taken)).count();
    let is_stranded = |has, taken| full > usize::from(is_full(has, taken)) && taken < has;
    let others = amounts().filter(|(id, ..)| *id != ResourceId::PODS);
    others.filter(|(_, has, taken)| is_stranded(*has, *taken)).map(|(id, has, taken)| (id, has - taken)).collect()
}

impl Free {
    fn of(node: &Node) -> Self {
        let free = |id| node.allocatable.get(id) - node.requested.get(id);
        if free(ResourceId::PODS) <= 0 {
            return Self::default();
        }
        Self { cpu: free(ResourceId::CPU), memory: free(ResourceId::MEMORY) }
    }
}

/// The CPU of the largest pod that fits on some ready node, if its memory is to its CPU as that of all pods that have a node, or, where none
/// has, as that of the cluster. In milli; 0 where no pod fits.
fn largest_cpu(free: &[Free], cluster: &Cluster) -> i64 {
    let totals = cluster.totals();
    let of = |amounts: &towtank_sim::model::resources::Resources| {
        (i128::from(amounts.get(ResourceId::CPU)), i128::from(amounts.get(ResourceId::MEMORY)))
    };
    let (cpu, memory) = match of(&totals.allocated) {
        (cpu, memory) if cpu > 0 && memory > 0 => (cpu, memory),
        _ => of(&totals.capacity),
    };
    let (mut largest, mut its_memory) = (0, 0);
    for node in free {
        // Most nodes have less of one of them than the largest pod until now, which is seen without a division.
        if node.cpu > largest && (memory == 0 || node.memory > its_memory) {
            let by_memory = if memory > 0 { i128::from(node.memory) * cpu / memory } else { i128::from(node.cpu) };
            let fits = i128::from(node.cpu).min(by_memory) as i64;
            if fits > largest {
                largest = fits;
                its_memory = if cpu > 0 { (i128::from(fits) * memory / cpu) as i64 } else { 0 };
            }
        }
    }
    largest
}
