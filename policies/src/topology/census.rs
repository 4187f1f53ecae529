//! Sums over the pods on nodes that follow the cluster: each pod that comes or goes is counted once, and each node that changes
//! moves once.

use super::partition::Partitions;
use super::sums::Sums;
use smallvec::SmallVec;
use towtank_sim::cluster::{ClassWatch, Cluster, Placed, PlacementChange};
use towtank_sim::model::{ClassId, NodeId};

/// What a pod counts in: rows, with how much.
pub(crate) type Effects = SmallVec<[(usize, i64); 2]>;

/// What is counted.
pub(crate) trait Subject {
    /// Whether pods that have been asked to go count.
    const TERMINATING: bool;

    /// In which rows a pod of this class counts how much. Makes the rows that it needs.
    fn effects(&mut self, class: ClassId, cluster: &Cluster, partitions: &mut Partitions) -> Effects;

    /// How many rows there are.
    fn rows(&self) -> usize;

    /// A new row of this number.
    fn sums(&self, _row: usize) -> Sums {
        Sums::default()
    }

    /// Where the pods on this node are summed in this row; [`NOWHERE`](super::NOWHERE) if they do not count.
    fn place(&self, row: usize, node: NodeId, partitions: &Partitions) -> u32;
}

/// The sums, row by row.
#[derive(Debug, Default)]
pub(crate) struct Census<S> {
    /// What is counted.
    pub(crate) subject: S,
    rows: Vec<Sums>,
    /// What classes count in, the first one for those that count in nothing.
    effects: Vec<Effects>,
    /// By class: which of the effects. Only of those that have been seen.
    of_class: Vec<u32>,
    /// How many of the classes, by age, have been seen.
    seen_classes: usize,
    classes: ClassWatch,
    /// The classes that count in something.
    counted: Vec<ClassId>,
    seen_nodes: u64,
    seen_placements: u64,
    /// By slot: what somebody has made of the sums at the node. [`NOTHING`] if they may have changed since.
    notes: Vec<u64>,
}

/// No note.
const NOTHING: u64 = u64::MAX;

impl<S: Subject> Census<S> {
    /// Of nothing yet.
    pub(crate) fn new(subject: S) -> Self {
        Self {
            subject,
            rows: Vec::new(),
            effects: vec![Effects::new()],
            of_class: Vec::new(),
            seen_classes: 0,
            classes: ClassWatch::default(),
            counted: Vec::new(),
            // Nobody remembers that long, so that the first look is at everything.
            seen_nodes: u64::MAX,
            seen_placements: u64::MAX,
            notes: Vec::new(),
        }
    }

    /// What was noted of a node, if nothing has been counted there since and the node is where it was.
    #[inline]
    pub(crate) fn noted(&self, node: NodeId) -> Option<u64> {
        self.notes.get(node.index()).copied().filter(|note| *note != NOTHING)
    }

    /// Notes what somebody has made of the sums at a node.
    #[inline]
    pub(crate) fn note(&mut self, node: NodeId, note: u64) {
        if self.notes.len() <= node.index() {
            self.notes.resize(node.index() + 1, NOTHING);
        }
        self.notes[node.index()] = note;
    }

    /// Forgets all notes.
    pub(crate) fn forget_notes(&mut self) {
        self.notes.clear();
    }

    fn forget_note(&mut self, node: NodeId) {
        if let Some(note) = self.notes.get_mut(node.index()) {
            *note = NOTHING;
        }
    }

    /// A row.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> &Sums {
        &self.rows[row]
    }

    /// Catches up with the cluster, to which the partitions belong.
    pub(crate) fn catch_up(&mut self, cluster: &Cluster, partitions: &mut Partitions) {
        partitions.refresh(cluster);
        if self.classes.look(&cluster.classes).is_some() {
            // What has come to nodes and left them is told by ids that may name other classes now.
            self.effects.truncate(1);
            self.counted.clear();
            self.seen_classes = 0;
            self.seen_placements = u64::MAX;
        }
        if self.seen_classes < cluster.classes.len() || self.rows.len() < self.subject.rows() {
            self.notice_classes(cluster, partitions);
        }
        let (placements, nodes) = (cluster.placements().log(), partitions.end());
        if placements.end() == self.seen_placements && nodes == self.seen_nodes {
            return;
        }
        match (placements.since(self.seen_placements), partitions.since(self.seen_nodes)) {
            (Some(changes), Some(moved)) => {
                for change in changes {
                    self.count(change);
                }
                // All pods are counted now where their nodes were.
                for node in moved {
                    self.put(*node, cluster, partitions);
                }
            }
            (None, Some(moved)) => self.count_all(moved, cluster, partitions),
            (_, None) => {
                let all: Vec<NodeId> = (0..partitions.slots() as u32).map(NodeId::new).collect();
                self.count_all(&all, cluster, partitions);
            }
        }
        self.seen_placements = placements.end();
        self.seen_nodes = nodes;
    }

    fn notice_classes(&mut self, cluster: &Cluster, partitions: &mut Partitions) {
        self.of_class.resize(cluster.classes.slots(), 0);
        for &class in &cluster.classes.by_age()[self.seen_classes..] {
            let effects = self.subject.effects(class, cluster, partitions);
            let which = if effects.is_empty() { 0 } else { self.effects.len() as u32 };
            if which > 0 {
                self.effects.push(effects);
                self.counted.push(class);
            }
            self.of_class[class.index()] = which;
        }
        self.seen_classes = cluster.classes.len();
        if self.rows.len() < self.subject.rows() {
            self.forget_notes();
        }
        for row in self.rows.len()..self.subject.rows() {
            let mut sums = self.subject.sums(row);
            // No pod of the class that made it has been counted.
            for node in (0..partitions.slots() as u32).map(NodeId::new) {
                sums.put(node, self.subject.place(row, node, partitions), 0);
            }
            self.rows.push(sums);
        }
    }

    #[inline]
    fn count(&mut self, change: &PlacementChange) {
        let which = self.of_class[change.class.index()];
        if which == 0 {
            return;
        }
        let gone = if S::TERMINATING { 0 } else { change.terminating };
        let pods = i64::from(change.pods - gone);
        if pods != 0 {
            self.forget_note(change.node);
            for (row, weight) in &self.effects[which as usize] {
                self.rows[*row].add(change.node, weight * pods);
            }
        }
    }

    /// Puts a node where it belongs, with its pods.
    fn put(&mut self, node: NodeId, cluster: &Cluster, partitions: &Partitions) {
        self.forget_note(node);
        let mut pods: SmallVec<[i64; 8]> = SmallVec::from_elem(0, self.rows.len());
        for (class, placed) in cluster.placements().on_node(node) {
            for (row, weight) in &self.effects[self.of_class[class.index()] as usize] {
                pods[*row] += weight * counted::<S>(placed);
            }
        }
        for (row, sums) in self.rows.iter_mut().enumerate() {
            sums.put(node, self.subject.place(row, node, partitions), pods[row]);
        }
    }

    /// Counts all pods anew, after some nodes have been put where they belong.
    fn count_all(&mut self, moved: &[NodeId], cluster: &Cluster, partitions: &Partitions) {
        self.forget_notes();
        for (row, sums) in self.rows.iter_mut().enumerate() {
            sums.clear();
            for node in moved {
                sums.put(*node, self.subject.place(row, *node, partitions), 0);
            }
        }
        for (class, effects) in self.counted.iter().zip(&self.effects[1..]) {
            for (node, placed) in cluster.placements().of(*class) {
                for (row, weight) in effects {
                    self.rows[*row].add(node, weight * counted::<S>(placed));
                }
            }
        }
        self.rows.iter_mut().for_each(Sums::settle);
    }
}

fn counted<S: Subject>(placed: Placed) -> i64 {
    i64::from(placed.pods - if S::TERMINATING { 0 } else { placed.terminating })
}
