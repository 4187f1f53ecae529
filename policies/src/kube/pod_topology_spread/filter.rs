//! The hard constraints: no domain may be too much fuller than the emptiest one.
//!
//! Source: `podtopologyspread/filtering.go`.

use super::PodTopologySpread;
use super::constraint::Constraint;
use super::eligible::{Eligible, Question};
use crate::topology::{Domain, Domains, Tally};
use std::borrow::Cow;
use std::rc::Rc;
use towtank_sim::model::node::Node;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::scheduler::{Cycle, Filter, PodOnNode, Supposed, Verdict};

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
}

/// The two domains with the fewest pods, the emptiest first. Two are enough to know the fewest, as long as the pods that are
/// tried out come and go in one domain.
#[derive(Clone, Copy, Debug)]
struct Emptiest {
    two: [(Option<Domain>, i64); 2],
    /// There are so few domains that the emptiest one is taken for empty.
    too_few: bool,
}

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
        let emptiest = eligible.present.iter().zip(&counts).zip(&constraints);
        let emptiest =
            emptiest.map(|((present, counts), constraint)| Emptiest::of(present, counts, constraint)).collect();
        let row = |(constraint, domains): (Constraint<'c>, Rc<Domains>)| Row {
            itself: i64::from(constraint.matches(&pod.labels)),
            constraint,
            domains,
        };
        let rows = constraints.into_iter().zip(domains).map(row).collect();
        Self { pod, rows, eligible, pods: Tally::new(counts), emptiest }
    }

    /// A pod comes to the node (1) or leaves it (-1).
    ///
    /// As upstream: pods that have been asked to go were not counted and are subtracted all the same, and what an empty
    /// selector matches is added without having been counted.
    fn change(&mut self, pod: PodOnNode<'_>, node: &Node, delta: i64) {
        if pod.class.spec.namespace != self.pod.namespace {
            return;
        }
        for index in 0..self.rows.len() {
            if !self.rows[index].constraint.matches(&pod.class.spec.labels) {
                continue;
            }
            if let Some(domain) = self.counted_in(index, node) {
                let now = self.pods.add(index, domain, delta);
                self.emptiest[index].update(domain, now);
            }
        }
    }

    /// The domain in which the pods on a node are counted, which may be one that is not in the store.
    fn counted_in(&self, index: usize, node: &Node) -> Option<Domain> {
        if self.rows.iter().all(|row| row.domains.knows(node)) {
            return self.eligible.rows[index].get(node.id.index()).copied().flatten();
        }
        let has_all_keys = self.rows.iter().all(|row| row.domains.of(node).is_some());
        let row = &self.rows[index];
        row.domains.of(node).filter(|_| has_all_keys && row.constraint.includes(self.pod, &node.spec))
    }

    /// The different domains in which pods are counted.
    fn present(&self, index: usize, supposed: &Supposed<'_>) -> Cow<'_, [Domain]> {
        let row = &self.eligible.rows[index];
        let constraint = &self.rows[index].constraint;
        let mut left_out: Vec<bool> = Vec::new();
        let mut new: Vec<Domain> = Vec::new();
        for (node, now) in &supposed.nodes {
            if !self.rows[index].domains.knows(node) {
                new.extend(self.counted_in(index, node));
                continue;
            }
            let counts = now.as_ref().is_some_and(|spec| constraint.includes(self.pod, spec));
            if left_out.is_empty() && !counts {
                left_out.resize(row.len(), false);
            }
            if let Some(left_out) = left_out.get_mut(node.id.index()) {
                *left_out = !counts;
            }
        }
        if left_out.is_empty() && new.is_empty() {
            return Cow::Borrowed(&self.eligible.present[index]);
        }
        left_out.resize(row.len(), false);
        let left = row.iter().zip(left_out).filter_map(|(domain, left_out)| domain.filter(|_| !left_out));
        let domains = new.iter().map(|domain| domain.index() + 1).max().unwrap_or(0);
        let mut seen = vec![false; self.rows[index].domains.len().max(domains)];
        let all = left.chain(new);
        all.filter(|domain| !std::mem::replace(&mut seen[domain.index()], true)).collect()
    }
}

impl Filter for Hard<'_> {
    fn filter(&self, node: &Node) -> Verdict {
        for (index, row) in self.rows.iter().enumerate() {
            let Some(domain) = row.domains.of(node) else { return Verdict::unresolvable(NO_DOMAIN) };
            let skew = self.pods.get(index, domain) + row.itself - self.emptiest[index].fewest();
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

    fn heeds_suppositions(&self) -> bool {
        true
    }

    fn suppose(&mut self, supposed: &Supposed<'_>) {
        let mut counts = self.pods.settled();
        for (index, counts) in counts.iter_mut().enumerate() {
            let constraint = &self.rows[index].constraint;
            for (pod, node, step) in &supposed.pods {
                let spec = &pod.class.spec;
                let counted = pod.pod.deleting.is_none()
                    && spec.namespace == self.pod.namespace
                    && constraint.counted().is_some_and(|selector| selector.matches(&spec.labels));
                if let Some(domain) = counted.then(|| self.counted_in(index, node)).flatten() {
                    // A domain without a node of the store has no count yet.
                    counts.resize(counts.len().max(domain.index() + 1), 0);
                    counts[domain.index()] += step.pods();
                }
            }
            let present = self.present(index, supposed);
            let domains = present.iter().map(|domain| domain.index() + 1).max().unwrap_or(0);
            counts.resize(counts.len().max(domains), 0);
            let emptiest = Emptiest::of(&present, counts, constraint);
            self.emptiest[index] = emptiest;
        }
        self.pods = Tally::new(counts);
    }
}

impl Emptiest {
    fn of(present: &[Domain], counts: &[i64], constraint: &Constraint<'_>) -> Self {
        let too_few = (present.len() as i64) < constraint.min_domains();
        let mut emptiest = Self { two: [(None, i64::from(i32::MAX)); 2], too_few };
        for domain in present {
            emptiest.update(*domain, counts[domain.index()]);
        }
        emptiest
    }

    fn fewest(&self) -> i64 {
        if self.too_few { 0 } else { self.two[0].1 }
    }

    /// A domain has this many pods now.
    fn update(&mut self, domain: Domain, pods: i64) {
        let [first, second] = &mut self.two;
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
