//! The hard constraints: no domain may be too much fuller than the emptiest one.
//!
//! Source: `podtopologyspread/filtering.go`.

use super::PodTopologySpread;
use super::constraint::Constraint;
use super::eligible::{Eligible, Question};
use crate::topology::{Domain, Domains, Tally};
use std::rc::Rc;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::scheduler::{Cycle, Filter, PodOnNode, Verdict};

/// The reason where a domain would be too full.
pub(super) const TOO_FULL: &str = "node(s) didn't match pod topology spread constraints";
/// The reason where the node is in no domain.
pub(super) const NO_DOMAIN: &str = "node(s) didn't match pod topology spread constraints (missing required label)";

/// Judges nodes by the hard constraints of one pod.
#[derive(Clone)]
pub(super) struct Hard<'c> {
    pod: &'c PodSpec,
    rows: Rc<[Row<'c>]>,
    eligible: Rc<Eligible>,
    /// The pods that match, by constraint and domain.
    pods: Tally,
    /// The emptiest domains, by constraint.
    emptiest: Vec<Emptiest>,
}

/// A constraint with its domains.
struct Row<'c> {
    constraint: Constraint<'c>,
    domains: Rc<Domains>,
    /// 1 if the pod itself will be counted.
    itself: i64,
    /// The count of the emptiest domain is taken for 0.
    too_few_domains: bool,
}

/// The two domains with the fewest pods, the emptiest first. Two are enough to know the fewest, as long as the pods that are
/// tried out come and go in one domain.
#[derive(Clone, Copy, Debug)]
struct Emptiest([(Option<Domain>, i64); 2]);

impl<'c> Hard<'c> {
    pub(super) fn new(plugin: &'c PodTopologySpread, cycle: &Cycle<'c>, constraints: Vec<Constraint<'c>>) -> Self {
        let cluster = cycle.cluster;
        let pod = &cycle.class.spec;
        let domains: Vec<Rc<Domains>> = constraints.iter().map(|c| plugin.topology.domains(c.key(), cluster)).collect();
        let eligible = plugin.eligible.get(
            cluster,
            Question {
                class: cycle.class_id,
                pod,
                hard: true,
                constraints: &constraints,
                domains: &domains,
                require_all: true,
            },
        );
        let mut counts: Vec<Vec<i64>> = domains.iter().map(|domains| vec![0; domains.len()]).collect();
        for (row, constraint) in constraints.iter().enumerate() {
            let Some(selector) = constraint.counted() else { continue };
            plugin.members.each(cluster, &pod.namespace, selector, |node, pods| {
                if let Some(domain) = eligible.rows[row].get(node.index()).copied().flatten() {
                    counts[row][domain.index()] += pods;
                }
            });
        }
        let emptiest = eligible.present.iter().zip(&counts);
        let emptiest = emptiest.map(|(present, counts)| Emptiest::of(present, counts)).collect();
        let row = |((constraint, domains), present): ((Constraint<'c>, Rc<Domains>), &Vec<Domain>)| Row {
            itself: i64::from(constraint.matches(&pod.labels)),
            too_few_domains: (present.len() as i64) < constraint.min_domains(),
            constraint,
            domains,
        };
        let rows = constraints.into_iter().zip(domains).zip(&eligible.present).map(row).collect();
        Self { pod, rows, eligible, pods: Tally::new(counts), emptiest }
    }

    /// A pod comes to the node (1) or leaves it (-1).
    ///
    /// As upstream: pods that have been asked to go were not counted and are subtracted all the same, and what an empty
    /// selector matches is added without having been counted.
    fn change(&mut self, pod: PodOnNode<'_>, node: &Node, delta: i64) {
        let incoming = self.pod;
        if pod.class.spec.namespace != incoming.namespace {
            return;
        }
        let rows = self.rows.clone();
        let known = self.rows.iter().all(|row| row.domains.knows(node));
        let all_keys = known || rows.iter().all(|row| row.domains.of(node).is_some());
        for (index, row) in rows.iter().enumerate() {
            if !row.constraint.matches(&pod.class.spec.labels) {
                continue;
            }
            let domain = if known {
                self.eligible.rows[index].get(node.id.index()).copied().flatten()
            } else {
                row.domains.of(node).filter(|_| all_keys && row.constraint.includes(incoming, &node.spec))
            };
            if let Some(domain) = domain {
                let now = self.pods.add(index, domain, delta);
                self.emptiest[index].update(domain, now);
            }
        }
    }
}

impl Filter for Hard<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        for (index, row) in self.rows.iter().enumerate() {
            let Some(domain) = row.domains.of(node) else { return Verdict::unresolvable(NO_DOMAIN) };
            let fewest = if row.too_few_domains { 0 } else { self.emptiest[index].fewest() };
            let skew = self.pods.get(index, domain) + row.itself - fewest;
            if skew > row.constraint.max_skew() {
                return Verdict::unschedulable(TOO_FULL);
            }
        }
        Verdict::Fits
    }

    fn fork(&self) -> Option<Box<dyn Filter + '_>> {
        Some(Box::new(self.clone()))
    }

    fn add_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.change(pod, node, 1);
    }

    fn remove_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.change(pod, node, -1);
    }
}

impl Emptiest {
    fn of(present: &[Domain], counts: &[i64]) -> Self {
        let mut emptiest = Self([(None, i64::from(i32::MAX)); 2]);
        for domain in present {
            emptiest.update(*domain, counts[domain.index()]);
        }
        emptiest
    }

    fn fewest(&self) -> i64 {
        self.0[0].1
    }

    /// A domain has this many pods now.
    fn update(&mut self, domain: Domain, pods: i64) {
        let [first, second] = &mut self.0;
        if first.0 == Some(domain) {
            first.1 = pods;
        } else if second.0 == Some(domain) {
            second.1 = pods;
        } else if pods < first.1 {
            *second = std::mem::replace(first, (Some(domain), pods));
        } else if pods < second.1 {
            *second = (Some(domain), pods);
        }
        if first.1 > second.1 {
            std::mem::swap(first, second);
        }
    }
}
