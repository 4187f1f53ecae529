//! The nodes whose pods count, with their domains: known once per class until a node changes.

use super::constraint::{Constraint, has_all_keys};
use crate::topology::{Domain, Domains};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::Rc;
use towtank_sim::cluster::{ClassWatch, Cluster};
use towtank_sim::model::ClassId;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodSpec;

/// More tables than this are not remembered: classes whose pods have all been placed would stay for ever.
const MOST_TABLES: usize = 256;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct EligibleNodes(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    classes: ClassWatch,
    /// By class and by whether it is about hard constraints.
    tables: FxHashMap<(ClassId, bool), Rc<Eligible>>,
}

/// For each constraint the domains of the nodes whose pods count.
#[derive(Debug)]
pub(super) struct Eligible {
    /// By constraint and slot of the node; `None` where the node does not count.
    pub(super) rows: Vec<Vec<Option<Domain>>>,
    /// By constraint: the different domains among them.
    pub(super) present: Vec<Vec<Domain>>,
    as_of: u64,
}

/// Whose nodes are wanted.
#[derive(Clone, Copy)]
pub(super) struct Question<'a, 'c> {
    pub(super) class: ClassId,
    pub(super) pod: &'c PodSpec,
    pub(super) hard: bool,
    pub(super) constraints: &'a [Constraint<'c>],
    pub(super) domains: &'a [Rc<Domains>],
    /// Whether nodes count only with the labels of all constraints. Otherwise a missing label is as an empty one.
    pub(super) require_all: bool,
}

impl EligibleNodes {
    /// The answer for the nodes as they are now.
    pub(super) fn get(&self, cluster: &Cluster, question: Question<'_, '_>) -> Rc<Eligible> {
        let key = (question.class, question.hard);
        let as_of = cluster.nodes().spec_changes();
        let Known { classes, tables: known } = &mut *self.0.borrow_mut();
        if let Some(stayed) = classes.look(&cluster.classes) {
            known.retain(|(class, _), _| stayed.has(*class));
        }
        if let Some(eligible) = known.get(&key).filter(|eligible| eligible.as_of == as_of) {
            return eligible.clone();
        }
        if known.len() > MOST_TABLES {
            known.clear();
        }
        let eligible = Rc::new(Eligible::find(cluster, question, as_of));
        known.insert(key, eligible.clone());
        eligible
    }
}

impl Eligible {
    fn find(cluster: &Cluster, question: Question<'_, '_>, as_of: u64) -> Self {
        let mut rows = vec![vec![None; cluster.nodes().slots()]; question.constraints.len()];
        for node in cluster.nodes().iter() {
            for (row, domain) in question.domains_of(node) {
                rows[row][node.id.index()] = Some(domain);
            }
        }
        let different = |(row, domains): (&Vec<Option<Domain>>, &Rc<Domains>)| {
            let mut seen = vec![false; domains.len()];
            let new = |domain: &Domain| !std::mem::replace(&mut seen[domain.index()], true);
            row.iter().copied().flatten().filter(new).collect()
        };
        let present = rows.iter().zip(question.domains).map(different).collect();
        Self { rows, present, as_of }
    }
}

impl<'a> Question<'a, '_> {
    /// The constraints for which the node counts, with the node's domains.
    pub(super) fn domains_of(self, node: &'a Node) -> impl Iterator<Item = (usize, Domain)> + 'a
    where
        Self: 'a,
    {
        let left_out = self.require_all && !has_all_keys(&node.spec, self.constraints);
        let rows = if left_out { 0 } else { self.constraints.len() };
        (0..rows).filter(move |row| self.constraints[*row].includes(self.pod, &node.spec)).map(move |row| {
            let domain = self.domains[row].of(node);
            (row, domain.unwrap_or(Domain::EMPTY))
        })
    }
}
