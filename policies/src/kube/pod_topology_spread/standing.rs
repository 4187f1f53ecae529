//! The counts behind the constraints, kept from one cycle to the next, and what follows from them for nodes of one key.
//!
//! The key of a node says, constraint by constraint, in which domain it is. Where the domain is the node's own, as with the label
//! `kubernetes.io/hostname`, it says how many matching pods are there instead: so there are few different keys.
//!
//! The rules are those of `filter.rs` and `score.rs`, which are the definition.

use super::constraint::Constraint;
use super::filter::{NO_DOMAIN, TOO_FULL};
use super::logarithm::ln;
use super::score::is_by_host;
use crate::topology::{Census, Effects, KeyTable, NOWHERE, Partition, Partitions, Subject, Sums, Whereabouts};
use smallvec::SmallVec;
use std::rc::Rc;
use std::sync::Arc;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::topology_spread::{TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::{ClassId, NodeId};
use towtank_sim::scheduler::{MAX_NODE_SCORE, Verdict};

/// With more domains of several nodes by one label key than this, nodes are asked one by one.
const MOST_DOMAINS: usize = 1024;
/// When so many keys beside two for each node have occurred, they are numbered anew.
const MOST_KEYS: usize = 8192;
/// In the place of the score of a node that is not scored.
const LEFT_OUT: i64 = i64::MIN;

/// What is kept for pods that are alike to the plugin.
#[derive(Debug)]
pub(super) struct Standing {
    census: Census<Rows>,
    keys: KeyTable,
    era: u64,
    regrouped: u64,
    /// By hard constraint: how many pods a domain may have.
    limits: SmallVec<[i64; 2]>,
    marks: Marks,
}

/// The constraints of the pods, the hard ones first.
#[derive(Debug)]
struct Rows {
    pod: PodSpec,
    list: Vec<Row>,
    /// How many of them are hard.
    hard: usize,
    /// Whether nodes without the label of some soft constraint are not scored.
    require_all: bool,
    compares: bool,
}

#[derive(Debug)]
struct Row {
    from: TopologySpreadConstraint,
    /// Of a default constraint: which pods belong together.
    derived: Option<Rc<LabelSelector>>,
    partition: usize,
    /// A soft constraint that counts node by node.
    by_host: bool,
    /// 1 if the pod itself will be counted.
    itself: i64,
}

/// Which domains have been seen, by row.
#[derive(Debug, Default)]
struct Marks {
    seen: Vec<Vec<u32>>,
    turn: u32,
}

/// What the pods and the profile say, of which all else follows.
#[derive(Debug)]
pub(super) struct Given<'a> {
    pub(super) pod: PodSpec,
    pub(super) constraints: &'a [TopologySpreadConstraint],
    /// The selector of default constraints.
    pub(super) derived: Option<Rc<LabelSelector>>,
    /// Whether nodes without the label of some soft constraint are not scored.
    pub(super) require_all: bool,
    /// Whether tolerations that compare numbers count.
    pub(super) compares: bool,
}

impl Standing {
    pub(super) fn new(given: Given<'_>, partitions: &mut Partitions) -> Self {
        let Given { pod, constraints, derived, require_all, compares } = given;
        let row = |from: &TopologySpreadConstraint| Row {
            partition: partitions.by_key(&from.topology_key),
            by_host: from.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway && is_by_host(&from.topology_key),
            itself: i64::from(constraint_of(from, derived.as_ref(), compares).matches(&pod.labels)),
            derived: derived.clone(),
            from: from.clone(),
        };
        let mut rows: Vec<Row> = constraints.iter().map(row).collect();
        // Sorting is stable: the order among the hard and among the soft ones stays.
        rows.sort_by_key(|row| row.from.when_unsatisfiable == WhenUnsatisfiable::ScheduleAnyway);
        let is_hard = |row: &&Row| row.from.when_unsatisfiable == WhenUnsatisfiable::DoNotSchedule;
        let hard = rows.iter().filter(is_hard).count();
        Self {
            census: Census::new(Rows { pod, list: rows, hard, require_all, compares }),
            keys: KeyTable::default(),
            era: 0,
            regrouped: 0,
            limits: SmallVec::new(),
            marks: Marks::default(),
        }
    }

    /// Catches up with the cluster; whether keys serve at all.
    pub(super) fn catch_up(&mut self, cluster: &Cluster, partitions: &mut Partitions) -> bool {
        let era = self.era;
        self.census.catch_up(cluster, partitions);
        let subject = &self.census.subject;
        let by_domain = || subject.list.iter().filter(|row| !row.by_host).map(|row| partitions.get(row.partition));
        let regrouped = by_domain().map(Partition::regrouped).sum();
        if self.keys.len() > MOST_KEYS + 2 * partitions.slots() {
            self.keys.clear();
            self.era += 1;
        }
        // The words mean what they did before, but nodes that did not change have others.
        self.era += u64::from(std::mem::replace(&mut self.regrouped, regrouped) != regrouped);
        let limit = |row: usize| {
            let (constraint, sums) = (subject.constraint(row), self.census.row(row));
            let enough = sums.present() as i64 >= constraint.min_domains();
            let fewest = if enough { sums.least().unwrap_or(0) } else { 0 };
            constraint.max_skew() + fewest - subject.list[row].itself
        };
        self.limits = (0..subject.hard).map(limit).collect();
        let serves = by_domain().all(|partition| partition.shared() <= MOST_DOMAINS);
        if self.era != era {
            self.census.forget_notes();
        }
        serves
    }

    /// Grows when keys come to mean something else.
    pub(super) fn era(&self) -> u64 {
        self.era
    }

    /// The key of a node.
    pub(super) fn key(&mut self, node: NodeId, partitions: &Partitions) -> u64 {
        self.census.noted(node).unwrap_or_else(|| {
            let key = self.make_key(node, partitions);
            self.census.note(node, key);
            key
        })
    }

    fn make_key(&mut self, node: NodeId, partitions: &Partitions) -> u64 {
        let (census, subject) = (&self.census, &self.census.subject);
        let word = |(number, row): (usize, &Row)| {
            let partition = partitions.get(row.partition);
            let pods = |place| census.row(number).get(place) as u64;
            match partition.of(node) {
                NOWHERE => Whereabouts::Nowhere,
                _ if row.by_host => Whereabouts::Own(pods(node.slot())),
                domain if partition.is_shared(domain) => Whereabouts::Shared(domain),
                domain => Whereabouts::Own(pods(domain)),
            }
            .word()
        };
        let words: SmallVec<[u64; 4]> = subject.list.iter().enumerate().map(word).collect();
        self.keys.number(&words)
    }

    /// The verdict on nodes of this key; of a key of an earlier era, which no node has, nothing is said.
    pub(super) fn verdict(&self, key: u64) -> Verdict {
        let Some(words) = self.keys.words(key, self.census.subject.list.len()) else { return Verdict::Fits };
        for (row, limit) in self.limits.iter().enumerate() {
            let pods = match Whereabouts::of(words[row]) {
                Whereabouts::Nowhere => return Verdict::unresolvable(NO_DOMAIN),
                Whereabouts::Shared(domain) => self.census.row(row).get(domain),
                Whereabouts::Own(pods) => pods as i64,
            };
            if pods > *limit {
                return Verdict::unschedulable(TOO_FULL);
            }
        }
        Verdict::Fits
    }

    /// The normalised scores of feasible nodes, of which so many have each key.
    pub(super) fn score(&mut self, feasible: &[(u64, u32)], scores: &mut [i64]) {
        let subject = &self.census.subject;
        let soft = &subject.list[subject.hard..];
        if soft.is_empty() {
            return scores.fill(0);
        }
        let (keys, all, hard) = (&self.keys, subject.list.len(), subject.hard);
        let words = |key: u64| keys.words(key, all).map_or(&[][..], |words| &words[hard..]);
        let nowhere = Whereabouts::Nowhere.word();
        let left_out = |key: u64| subject.require_all && words(key).contains(&nowhere);

        let mut sizes: SmallVec<[u64; 4]> = SmallVec::from_elem(0, soft.len());
        self.marks.turn(soft.len());
        for (key, nodes) in feasible.iter().filter(|(key, _)| !left_out(*key)) {
            for (row, word) in words(*key).iter().enumerate() {
                sizes[row] += match Whereabouts::of(*word) {
                    _ if soft[row].by_host => u64::from(*nodes),
                    Whereabouts::Own(_) => u64::from(*nodes),
                    Whereabouts::Shared(domain) => self.marks.is_new(row, domain).into(),
                    Whereabouts::Nowhere => self.marks.is_new(row, Partition::EMPTY).into(),
                };
            }
        }
        let weights: SmallVec<[f64; 4]> = sizes.iter().map(|size| ln((size + 2) as f64)).collect();

        let (mut min, mut max) = (i64::MAX, 0);
        for ((key, _), score) in feasible.iter().zip(&mut *scores) {
            if left_out(*key) {
                *score = LEFT_OUT;
                continue;
            }
            let mut sum = 0.0;
            for (row, word) in words(*key).iter().enumerate() {
                let pods = match Whereabouts::of(*word) {
                    Whereabouts::Nowhere => continue,
                    Whereabouts::Shared(domain) => self.census.row(hard + row).get(domain),
                    Whereabouts::Own(pods) => pods as i64,
                };
                sum += pods as f64 * weights[row] + f64::from(soft[row].from.max_skew - 1);
            }
            *score = sum.round() as i64;
            min = min.min(*score);
            max = max.max(*score);
        }
        for score in scores {
            *score = match (*score, max) {
                (LEFT_OUT, _) => 0,
                (_, 0) => MAX_NODE_SCORE,
                (score, _) => MAX_NODE_SCORE * (max + min - score) / max,
            };
        }
    }
}

impl Rows {
    fn constraint(&self, row: usize) -> Constraint<'_> {
        let Row { from, derived, .. } = &self.list[row];
        constraint_of(from, derived.as_ref(), self.compares)
    }
}

fn constraint_of<'a>(
    from: &'a TopologySpreadConstraint,
    derived: Option<&Rc<LabelSelector>>,
    compares: bool,
) -> Constraint<'a> {
    match derived {
        None => Constraint::own(from, compares),
        Some(selector) => Constraint::derived(from, selector, compares),
    }
}

impl Subject for Rows {
    const TERMINATING: bool = false;

    fn effects(&mut self, class: ClassId, cluster: &Cluster, _partitions: &mut Partitions) -> Effects {
        let class = &cluster.classes.get(class).spec;
        if class.namespace != self.pod.namespace {
            return Effects::new();
        }
        let counts = |row: &usize| self.constraint(*row).counted().is_some_and(|s| s.matches(&class.labels));
        (0..self.list.len()).filter(counts).map(|row| (row, 1)).collect()
    }

    fn rows(&self) -> usize {
        self.list.len()
    }

    fn sums(&self, row: usize) -> Sums {
        match &self.list[row] {
            // The pods of a host count whether or not the host would.
            Row { by_host: true, .. } => Sums::by_node(),
            _ if row < self.hard => Sums::with_least(),
            _ => Sums::default(),
        }
    }

    fn place(&self, row: usize, node: NodeId, partitions: &Partitions) -> u32 {
        let Some(spec) = partitions.spec(node) else { return NOWHERE };
        let is_hard = row < self.hard;
        let rows = if is_hard { &self.list[..self.hard] } else { &self.list[self.hard..] };
        let domain = |row: &Row| partitions.get(row.partition).of(node);
        let lacks_label = || rows.iter().any(|row| domain(row) == NOWHERE);
        if (is_hard || self.require_all) && lacks_label() || !self.constraint(row).includes(&self.pod, spec) {
            return NOWHERE;
        }
        match domain(&self.list[row]) {
            NOWHERE => Partition::EMPTY,
            domain => domain,
        }
    }
}

impl Marks {
    /// Forgets what was seen, of so many rows.
    fn turn(&mut self, rows: usize) {
        self.turn = self.turn.wrapping_add(1);
        if self.turn == 0 || self.seen.len() < rows {
            self.turn = 1;
            self.seen = vec![Vec::new(); rows];
        }
    }

    fn is_new(&mut self, row: usize, domain: u32) -> bool {
        let seen = &mut self.seen[row];
        if seen.len() <= domain as usize {
            seen.resize(domain as usize + 1, 0);
        }
        std::mem::replace(&mut seen[domain as usize], self.turn) != self.turn
    }
}

/// What of a pod the plugin reads.
pub(super) fn read_of(pod: &PodSpec) -> PodSpec {
    PodSpec {
        namespace: Arc::clone(&pod.namespace),
        labels: pod.labels.clone(),
        topology_spread: pod.topology_spread.clone(),
        node_selector: pod.node_selector.clone(),
        node_affinity: pod.node_affinity.clone(),
        tolerations: pod.tolerations.clone(),
        ..PodSpec::default()
    }
}
