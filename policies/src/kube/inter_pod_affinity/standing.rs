//! The sums behind affinity, kept from one cycle to the next, and what follows from them for nodes of one key.
//!
//! The key of a node says, by each label key, in which domain it is. Where the domain is the node's own, as with the label
//! `kubernetes.io/hostname`, it says instead which requirements the pods there touch, and what they weigh.
//!
//! The rules are those of `filter.rs` and `score.rs`, which are the definition.

use super::filter::{NOT_APART, NOT_NEAR, REPELLED};
use super::relations::Relations;
use super::score::normalize;
use super::terms::{all, of_incoming};
use crate::topology::{Census, Effects, KeyTable, NOWHERE, Partition, Partitions, Subject, Whereabouts};
use smallvec::SmallVec;
use std::sync::Arc;
use towtank_sim::cluster::{Cluster, Namespace};
use towtank_sim::model::pod::PodSpec;
use towtank_sim::model::{ClassId, NodeId};
use towtank_sim::scheduler::Verdict;

/// With more domains of several nodes by one label key than this, nodes are asked one by one.
const MOST_DOMAINS: usize = 1024;
/// When so many keys beside two for each node have occurred, they are numbered anew.
const MOST_KEYS: usize = 8192;

/// What pods on nodes are to the incoming one, in the domains of one label key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// All affinity terms mean them.
    Wanted,
    /// An anti-affinity term means them.
    Unwanted,
    /// Their anti-affinity means the incoming one.
    Repelling,
    /// Wishes on either side have weight.
    Weighing,
}

/// What is kept for pods that are alike to the plugin.
#[derive(Debug)]
pub(super) struct Standing {
    census: Census<Wishes>,
    keys: KeyTable,
    era: u64,
    regrouped: u64,
    /// The version of the namespaces; `None` before the first look.
    namespaces: Option<u64>,
    /// Whether the pod means itself with all its affinity terms.
    means_itself: bool,
    /// Whether a node passes without a wanted pod near it: where there is none yet, and the pod itself is the first.
    may_be_first: bool,
}

/// The wishes of the pods, and those about them.
#[derive(Clone, Debug, Default)]
struct Wishes {
    pod: PodSpec,
    /// What a required affinity of a pod on a node weighs.
    hard_weight: i64,
    columns: Vec<Column>,
    /// By row: its column.
    rows: Vec<usize>,
}

/// A label key.
#[derive(Clone, Debug)]
struct Column {
    key: Arc<str>,
    partition: usize,
    /// The rows, by role.
    rows: [Option<usize>; 4],
}

impl Standing {
    pub(super) fn new(pod: PodSpec, hard_weight: i64) -> Self {
        Self {
            census: Census::new(Wishes { pod, hard_weight, ..Wishes::default() }),
            keys: KeyTable::default(),
            era: 0,
            regrouped: 0,
            namespaces: None,
            means_itself: false,
            may_be_first: false,
        }
    }

    /// Catches up with the cluster; whether keys serve at all.
    pub(super) fn catch_up(&mut self, cluster: &Cluster, partitions: &mut Partitions) -> bool {
        let era = self.era;
        let namespaces = Some(cluster.objects().kind_version(Namespace::KIND));
        if self.namespaces != namespaces {
            self.namespaces = namespaces;
            self.start_again(cluster, partitions);
        }
        let columns = self.census.subject.columns.len();
        self.census.catch_up(cluster, partitions);
        let subject = &self.census.subject;
        let used = || subject.columns.iter().map(|column| partitions.get(column.partition));
        let regrouped = used().map(Partition::regrouped).sum();
        let too_many = self.keys.len() > MOST_KEYS + 2 * partitions.slots();
        if columns != subject.columns.len() || too_many {
            self.keys.clear();
            self.era += 1;
        }
        // The words mean what they did before, but nodes that did not change have others.
        self.era += u64::from(std::mem::replace(&mut self.regrouped, regrouped) != regrouped);
        let mut wanted = subject.columns.iter().filter_map(|column| column.row(Role::Wanted));
        self.may_be_first = self.means_itself && wanted.all(|row| self.census.row(row).total() == 0);
        let serves = used().all(|partition| partition.shared() <= MOST_DOMAINS);
        if self.era != era {
            self.census.forget_notes();
        }
        serves
    }

    /// Namespaces have other labels, so that terms may mean other pods.
    fn start_again(&mut self, cluster: &Cluster, partitions: &mut Partitions) {
        let Wishes { pod, hard_weight, .. } = std::mem::take(&mut self.census.subject);
        let mut wishes = Wishes { pod, hard_weight, ..Wishes::default() };
        let near = wishes.pod.pod_affinity.required.clone();
        // Nodes without the label of an affinity term are refused, whatever pods there are.
        for term in &near {
            wishes.row(&term.topology_key, Role::Wanted, partitions);
        }
        self.means_itself = all(&near, |term| of_incoming(term, &wishes.pod, &wishes.pod, cluster));
        self.census = Census::new(wishes);
        self.keys.clear();
        self.era += 1;
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
        let mut own_weight = 0;
        let mut words: SmallVec<[u64; 4]> = SmallVec::new();
        for column in &self.census.subject.columns {
            let partition = partitions.get(column.partition);
            let whereabouts = match partition.of(node) {
                NOWHERE => Whereabouts::Nowhere,
                domain if partition.is_shared(domain) => Whereabouts::Shared(domain),
                domain => {
                    own_weight += self.sum(column, Role::Weighing, domain);
                    let touched = [Role::Wanted, Role::Unwanted, Role::Repelling];
                    let bit = |role| u64::from(self.sum(column, role, domain) > 0) << role as u32;
                    Whereabouts::Own(touched.map(bit).iter().sum())
                }
            };
            words.push(whereabouts.word());
        }
        words.push(own_weight as u64);
        self.keys.number(&words)
    }

    /// The verdict on nodes of this key; of a key of an earlier era, which no node has, nothing is said.
    pub(super) fn verdict(&self, key: u64) -> Verdict {
        let columns = || self.columns(key);
        let mut all_there = true;
        for (column, whereabouts) in columns().filter(|(column, _)| column.row(Role::Wanted).is_some()) {
            if whereabouts == Whereabouts::Nowhere {
                return Verdict::unresolvable(NOT_NEAR);
            }
            all_there &= self.touches(column, Role::Wanted, whereabouts);
        }
        if !all_there && !self.may_be_first {
            return Verdict::unresolvable(NOT_NEAR);
        }
        let any = |role| columns().any(|(column, whereabouts)| self.touches(column, role, whereabouts));
        if any(Role::Unwanted) {
            return Verdict::unschedulable(NOT_APART);
        }
        if any(Role::Repelling) {
            return Verdict::unschedulable(REPELLED);
        }
        Verdict::Fits
    }

    /// The normalised scores of feasible nodes of these keys.
    pub(super) fn score(&self, feasible: &[(u64, u32)], scores: &mut [i64]) {
        for ((key, _), score) in feasible.iter().zip(&mut *scores) {
            let own = self.keys.words(*key, self.words()).and_then(<[u64]>::last).copied().unwrap_or(0);
            let shared = |(column, whereabouts)| match whereabouts {
                Whereabouts::Shared(domain) => self.sum(column, Role::Weighing, domain),
                _ => 0,
            };
            *score = own as i64 + self.columns(*key).map(shared).sum::<i64>();
        }
        normalize(scores);
    }

    /// How many words a key has.
    fn words(&self) -> usize {
        self.census.subject.columns.len() + 1
    }

    /// Where nodes of this key are, by each label key.
    fn columns(&self, key: u64) -> impl Iterator<Item = (&Column, Whereabouts)> {
        let words = self.keys.words(key, self.words()).unwrap_or_default();
        self.census.subject.columns.iter().zip(words.iter().map(|word| Whereabouts::of(*word)))
    }

    fn touches(&self, column: &Column, role: Role, whereabouts: Whereabouts) -> bool {
        match whereabouts {
            Whereabouts::Nowhere => false,
            Whereabouts::Shared(domain) => self.sum(column, role, domain) > 0,
            Whereabouts::Own(touched) => touched & (1 << role as u32) != 0,
        }
    }

    fn sum(&self, column: &Column, role: Role, domain: u32) -> i64 {
        column.row(role).map_or(0, |row| self.census.row(row).get(domain))
    }
}

impl Wishes {
    /// The row of a role by a label key, made if it is new.
    fn row(&mut self, key: &Arc<str>, role: Role, partitions: &mut Partitions) -> usize {
        let known = self.columns.iter().position(|column| column.key == *key);
        let number = known.unwrap_or_else(|| {
            self.columns.push(Column { key: key.clone(), partition: partitions.by_key(key), rows: [None; 4] });
            self.columns.len() - 1
        });
        *self.columns[number].rows[role as usize].get_or_insert_with(|| {
            self.rows.push(number);
            self.rows.len() - 1
        })
    }
}

impl Column {
    fn row(&self, role: Role) -> Option<usize> {
        self.rows[role as usize]
    }
}

impl Subject for Wishes {
    const TERMINATING: bool = true;

    fn effects(&mut self, class: ClassId, cluster: &Cluster, partitions: &mut Partitions) -> Effects {
        let relations = Relations::between(cluster, &self.pod, class, self.hard_weight);
        let mut effects = Effects::new();
        let mut add = |row, weight| match effects.iter_mut().find(|(other, _)| *other == row) {
            Some((_, sum)) => *sum += weight,
            None => effects.push((row, weight)),
        };
        if !relations.wanted.is_empty() {
            self.columns.iter().filter_map(|column| column.row(Role::Wanted)).for_each(|row| add(row, 1));
        }
        let by_role = [
            (Role::Unwanted, &relations.unwanted),
            (Role::Repelling, &relations.repelling),
            (Role::Weighing, &relations.weights),
        ];
        for (role, relations) in by_role {
            for relation in relations {
                add(self.row(&relation.key, role, partitions), relation.weight);
            }
        }
        effects
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn place(&self, row: usize, node: NodeId, partitions: &Partitions) -> u32 {
        partitions.get(self.columns[self.rows[row]].partition).of(node)
    }
}

/// What of a pod the plugin reads.
pub(super) fn read_of(pod: &PodSpec) -> PodSpec {
    PodSpec {
        namespace: Arc::clone(&pod.namespace),
        labels: pod.labels.clone(),
        pod_affinity: pod.pod_affinity.clone(),
        pod_anti_affinity: pod.pod_anti_affinity.clone(),
        ..PodSpec::default()
    }
}
