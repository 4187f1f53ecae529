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
        // A plugin that is enabled at PreFilter alone may still reject the pod or leave only some nodes.
        let alone = self.pre_filter.iter().filter(|index| !self.filter.contains(index)).map(|index| (*index, false));
        for (index, judges_nodes) in self.filter.iter().map(|index| (*index, true)).chain(alone) {
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
            if judges_nodes {
                chain.filters.push((index, filter));
            }
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

#[cfg(test)]
mod tests {
    use super::super::framework::Points;
    use super::*;
    use crate::cluster::Cluster;
    use crate::model::pod::PodSpec;

    /// Rejects every pod before any node is looked at.
    struct Closed;

    impl Plugin for Closed {
        fn name(&self) -> &'static str {
            "Closed"
        }
        fn points(&self) -> Points {
            Points::PRE_FILTER
        }
        fn pre_filter<'c>(&'c self, _cycle: &Cycle<'c>) -> PreFilter<'c> {
            PreFilter::Reject(Verdict::unresolvable("closed today"))
        }
    }

    #[test]
    fn a_plugin_at_pre_filter_alone_is_asked() {
        let mut cluster = Cluster::default();
        let class_id = cluster.intern(PodSpec::default());
        let cycle = Cycle { cluster: &cluster, class: cluster.classes.get(class_id), class_id, pod: None };
        let mut profile = Profile { plugins: vec![Box::new(Closed)], ..Profile::default() };
        assert!(profile.filters(&cycle).is_ok(), "at no extension point");
        profile.pre_filter = vec![0];
        let rejection = profile.filters(&cycle).err();
        assert_eq!(rejection, Some((0, Verdict::unresolvable("closed today"))));
    }
}
