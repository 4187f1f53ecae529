//! Filters that can be told of pods that come and go.

use super::framework::{Cycle, Filter, PodOnNode};
use super::nominator::Nominator;
use super::profile::FilterChain;
use super::verdict::Verdict;
use crate::model::node::Node;

/// A filter chain of its own. Preemption makes one for each node that it tries: filters that keep nothing about pods are those of the chain.
pub(super) struct Fork<'c> {
    chain: &'c FilterChain<'c>,
    /// Those that keep something, with their places in the chain, in order.
    own: Vec<(usize, Box<dyn Filter + 'c>)>,
}

impl<'c> Fork<'c> {
    /// One that is not to be told of anything.
    pub(super) fn unchanged(chain: &'c FilterChain<'c>) -> Self {
        Self { chain, own: Vec::new() }
    }

    /// One that knows what the chain knows.
    pub(super) fn of(chain: &'c FilterChain<'c>) -> Self {
        let filters = chain.filters.iter().map(|(_, filter)| &**filter as &'c dyn Filter);
        Self { chain, own: forks(filters) }
    }

    /// One that knows what this one knows.
    fn fork(&self) -> Fork<'_> {
        Fork { chain: self.chain, own: forks(self.filters().map(|(_, filter)| filter)) }
    }

    fn filters(&self) -> impl Iterator<Item = (usize, &(dyn Filter + 'c))> {
        let mut own = self.own.iter().peekable();
        self.chain.filters.iter().enumerate().map(move |(place, (index, filter))| {
            let own = own.next_if(|(owned, _)| *owned == place);
            (*index, own.map_or(&**filter, |(_, own)| &**own))
        })
    }

    fn check(&self, node: &Node) -> Option<(usize, Verdict)> {
        self.filters().find_map(|(index, filter)| match filter.filter(node) {
            Verdict::Fits => None,
            verdict => Some((index, verdict)),
        })
    }

    /// As [`FilterChain::check_beside`].
    pub(super) fn check_beside(
        &self,
        cycle: &Cycle<'_>,
        node: &Node,
        nominator: &Nominator,
    ) -> Option<(usize, Verdict)> {
        let beside = nominator.beside(cycle, node);
        if !beside.is_empty() {
            let mut fork = self.fork();
            let mut copy = node.clone();
            for pod in beside {
                copy.add_pod(pod.id, pod.pod, pod.class);
                fork.add_pod(pod, &copy);
            }
            if let Some(refusal) = fork.check(&copy) {
                return Some(refusal);
            }
        }
        self.check(node)
    }

    pub(super) fn add_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.own.iter_mut().for_each(|(_, filter)| filter.add_pod(pod, node));
    }

    pub(super) fn remove_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.own.iter_mut().for_each(|(_, filter)| filter.remove_pod(pod, node));
    }
}

/// Copies of those that keep something about pods, with their places.
fn forks<'f>(filters: impl Iterator<Item = &'f dyn Filter>) -> Vec<(usize, Box<dyn Filter + 'f>)> {
    filters.enumerate().filter_map(|(place, filter)| Some((place, filter.fork()?))).collect()
}
