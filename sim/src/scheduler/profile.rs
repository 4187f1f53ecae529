//! A profile: which plugins run at which extension point, in which order, with which weights.

use super::framework::{Cycle, Filter, Plugin, PreFilter, Verdict};
use crate::model::NodeId;
use crate::model::node::Node;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A named set of plugins. Pods choose it by `spec.schedulerName`. The numbers are indices into `plugins`.
#[derive(Default)]
pub struct Profile {
    /// The name.
    pub name: Arc<str>,
    /// The plugins, at most 64.
    pub plugins: Vec<Box<dyn Plugin>>,
    /// PreEnqueue, in order.
    pub pre_enqueue: Vec<usize>,
    /// QueueSort.
    pub queue_sort: Option<usize>,
    /// PreFilter, in order.
    pub pre_filter: Vec<usize>,
    /// Filter, in order.
    pub filter: Vec<usize>,
    /// PostFilter, in order.
    pub post_filter: Vec<usize>,
    /// Score, in order, with weights.
    pub score: Vec<(usize, i64)>,
    /// Reserve, in order.
    pub reserve: Vec<usize>,
    /// Permit, in order.
    pub permit: Vec<usize>,
    /// PreBind, in order.
    pub pre_bind: Vec<usize>,
    /// PostBind, in order.
    pub post_bind: Vec<usize>,
    /// `percentageOfNodesToScore`: 0 for the adaptive rule, up to 100.
    pub percentage_of_nodes_to_score: u32,
}

/// What the filters of a profile say in one cycle.
pub struct FilterChain<'c> {
    /// The filters that were not skipped, in order, with their plugins.
    pub(super) filters: Vec<(usize, Box<dyn Filter + 'c>)>,
    /// The nodes that PreFilter left over, if it left only some.
    pub(super) only: Option<BTreeSet<NodeId>>,
    /// The plugins that left only some.
    pub(super) restricted_by: Vec<usize>,
}

impl Profile {
    /// Runs PreFilter.
    ///
    /// # Errors
    /// The plugin that rejects the pod on every node, and its verdict.
    pub fn filters<'c>(&'c self, cycle: &Cycle<'c>) -> Result<FilterChain<'c>, (usize, Verdict)> {
        let mut chain =
            FilterChain { filters: Vec::with_capacity(self.filter.len()), only: None, restricted_by: Vec::new() };
        for &index in &self.filter {
            let filter = match self.plugins[index].pre_filter(cycle) {
                PreFilter::Skip => continue,
                PreFilter::Reject(verdict) => return Err((index, verdict)),
                PreFilter::Ask(filter) => filter,
                PreFilter::AskOnly(nodes, filter) => {
                    let nodes: BTreeSet<NodeId> = nodes.into_iter().collect();
                    chain.restricted_by.push(index);
                    chain.only = Some(match chain.only {
                        Some(only) => &only & &nodes,
                        None => nodes,
                    });
                    filter
                }
            };
            chain.filters.push((index, filter));
        }
        Ok(chain)
    }
}

impl FilterChain<'_> {
    /// The first plugin that refuses the node, with its verdict; `None` if the node is feasible.
    pub fn check(&self, node: &Node) -> Option<(usize, Verdict)> {
        self.filters.iter().find_map(|(index, filter)| match filter.filter(node) {
            Verdict::Fits => None,
            verdict => Some((*index, verdict)),
        })
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.plugins.iter().map(|p| p.name()).collect();
        f.debug_struct("Profile").field("name", &self.name).field("plugins", &names).finish_non_exhaustive()
    }
}
