//! A profile: which plugins run at which extension point, in which order, with which weights.

use super::fork::Fork;
use super::framework::{Cycle, Filter, Plugin, PodOnNode, PreFilter};
use super::nominator::Nominator;
use super::supposed::Supposed;
use super::verdict::Verdict;
use crate::model::NodeId;
use crate::model::gpu::DeviceSet;
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
    /// Bind, in order.
    pub bind: Vec<usize>,
    /// PostBind, in order.
    pub post_bind: Vec<usize>,
    /// `percentageOfNodesToScore`: 0 for the adaptive rule, up to 100.
    pub percentage_of_nodes_to_score: u32,
}

/// What PreFilter left.
pub struct PreFiltered<'c> {
    /// What looks at nodes.
    pub chain: FilterChain<'c>,
    /// Why no node can pass, if that is so.
    pub rejection: Option<Rejection>,
}

/// PreFilter refused the pod on every node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The plugin that did; `None` where plugins left no node between them.
    pub plugin: Option<usize>,
    /// The plugin after which PreFilter was not run any more; `None` if all have been asked.
    pub ended_at: Option<usize>,
    /// The verdict on every node.
    pub verdict: Verdict,
}

/// What the filters of a profile say in one cycle.
pub struct FilterChain<'c> {
    /// The filters that were not skipped, in order, with their plugins.
    pub(super) filters: Vec<(usize, Box<dyn Filter + 'c>)>,
    /// The nodes that PreFilter left over, if it left only some.
    pub(super) only: Option<BTreeSet<NodeId>>,
    /// Their names as the plugins gave them, those of nodes that do not exist among them.
    pub(super) only_names: Option<BTreeSet<Arc<str>>>,
    /// The plugins that left only some, as bits.
    pub(super) restricted_by: u64,
}

impl Profile {
    /// Runs PreFilter.
    ///
    /// Source: `pkg/scheduler/framework/runtime/framework.go`, `RunPreFilterPlugins`: a plugin that says "not now" does not keep
    /// the others from preparing, because preemption will ask their filters.
    pub fn pre_filter<'c>(&'c self, cycle: &Cycle<'c>) -> PreFiltered<'c> {
        let mut prepared: Vec<(usize, Box<dyn Filter + 'c>)> = Vec::with_capacity(self.filter.len());
        let mut rejection = None;
        let mut names: Option<BTreeSet<Arc<str>>> = None;
        let mut restricted_by = 0;
        // A plugin without PreFilter has nothing to say before the nodes are looked at.
        let without = self.filter.iter().filter(|index| !self.pre_filter.contains(index));
        for &index in self.pre_filter.iter().chain(without) {
            match self.plugins[index].pre_filter(cycle) {
                PreFilter::Skip => {}
                PreFilter::Ask(filter) => prepared.push((index, filter)),
                PreFilter::Reject(verdict) => {
                    let ends = !matches!(verdict, Verdict::Unschedulable(_));
                    rejection = Some(Rejection { plugin: Some(index), ended_at: ends.then_some(index), verdict });
                    if ends {
                        break;
                    }
                }
                PreFilter::AskOnly(some, filter) => {
                    restricted_by |= 1 << index;
                    let left = match names {
                        Some(names) => &names & &some,
                        None => some,
                    };
                    prepared.push((index, filter));
                    if left.is_empty() {
                        let verdict = self.nothing_left(restricted_by);
                        rejection = Some(Rejection { plugin: None, ended_at: Some(index), verdict });
                        names = Some(left);
                        break;
                    }
                    names = Some(left);
                }
            }
        }
        prepared.retain(|(index, _)| self.filter.contains(index));
        prepared.sort_by_key(|(index, _)| self.filter.iter().position(|other| other == index));
        let nodes = cycle.cluster.nodes();
        let only = names.as_ref().map(|names| names.iter().filter_map(|name| nodes.by_name(name)).collect());
        let chain = FilterChain { filters: prepared, only, only_names: names, restricted_by };
        PreFiltered { chain, rejection }
    }

    /// Runs PreFilter, for those who only want to know of nodes.
    ///
    /// # Errors
    /// PreFilter rejects the pod on every node.
    pub fn filters<'c>(&'c self, cycle: &Cycle<'c>) -> Result<FilterChain<'c>, Rejection> {
        let PreFiltered { chain, rejection } = self.pre_filter(cycle);
        rejection.map_or(Ok(chain), Err)
    }

    /// Which of the node's GPU devices the cycle's pod takes; `None` where it asks for none, or where no plugin has a say.
    ///
    /// # Errors
    /// The name of the plugin that named devices without room for the pod.
    pub fn devices(&self, cycle: &Cycle<'_>, node: &Node) -> Result<Option<DeviceSet>, &'static str> {
        let Some(request) = cycle.class.spec.gpu else { return Ok(None) };
        let mut plugins = self.reserve.iter().map(|index| &self.plugins[*index]);
        match plugins.find_map(|plugin| Some((plugin, plugin.devices(cycle, node)?))) {
            Some((plugin, devices)) if !node.devices.fits_on(request, devices) => Err(plugin.name()),
            chosen => Ok(chosen.map(|(_, devices)| devices)),
        }
    }

    /// The names of the plugins in a set of bits, sorted.
    pub fn names(&self, plugins: u64) -> Vec<&'static str> {
        let among = |index: &usize| plugins & (1 << index) != 0;
        let mut names: Vec<_> = (0..self.plugins.len()).filter(among).map(|index| self.plugins[index].name()).collect();
        names.sort_unstable();
        names
    }

    fn nothing_left(&self, plugins: u64) -> Verdict {
        let names = self.names(plugins);
        Verdict::unresolvable_because(match names.as_slice() {
            [one] => format!("node(s) didn't satisfy plugin {one}"),
            several => format!("node(s) didn't satisfy plugin(s) [{}] simultaneously", several.join(" ")),
        })
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

    /// As [`FilterChain::check`], and the pod must also fit beside the pods of its or higher priority that are nominated for
    /// the node. It has to fit without them too: they may go elsewhere.
    ///
    /// Source: `pkg/scheduler/framework/runtime/framework.go`, `RunFilterPluginsWithNominatedPods`.
    pub fn check_beside(&self, cycle: &Cycle<'_>, node: &Node, nominator: &Nominator) -> Option<(usize, Verdict)> {
        if nominator.beside(cycle, node).is_empty() {
            return self.check(node);
        }
        Fork::unchanged(self).check_beside(cycle, node, nominator)
    }

    /// The plugins that restricted the nodes, as bits, and whether the node is among those left.
    pub fn leaves(&self, node: NodeId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&node))
    }

    /// The names of the nodes that PreFilter left over, if it left only some. Nodes of these names need not exist.
    pub fn only_names(&self) -> Option<&BTreeSet<Arc<str>>> {
        self.only_names.as_ref()
    }

    /// The plugins that left only some nodes, as bits.
    pub fn restricted_by(&self) -> u64 {
        self.restricted_by
    }

    /// The plugins whose filters were not skipped, in order.
    pub fn plugins(&self) -> impl Iterator<Item = usize> + '_ {
        self.filters.iter().map(|(index, _)| *index)
    }

    /// Judges nodes from now on as in a cluster in which this is so. Nodes whose own pods or specification would be others are to be
    /// shown as they would be.
    pub(crate) fn suppose(&mut self, supposed: &Supposed<'_>) {
        self.filters.iter_mut().for_each(|(_, filter)| filter.suppose(supposed));
    }

    /// Whether [`FilterChain::suppose`] may change its verdicts.
    pub(crate) fn heeds_suppositions(&self) -> bool {
        self.filters.iter().any(|(_, filter)| filter.heeds_suppositions())
    }

    /// Judges nodes from now on as with this pod on the node in addition. [`Filter::add_pod`] says how far that is exact.
    pub(crate) fn add_pod(&mut self, pod: PodOnNode<'_>, node: &Node) {
        self.filters.iter_mut().for_each(|(_, filter)| filter.add_pod(pod, node));
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.plugins.iter().map(|p| p.name()).collect();
        f.debug_struct("Profile").field("name", &self.name).field("plugins", &names).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for FilterChain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let filters: Vec<usize> = self.plugins().collect();
        f.debug_struct("FilterChain").field("filters", &filters).field("only", &self.only).finish_non_exhaustive()
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
        let class = cluster.intern(PodSpec::default());
        let cycle = Cycle::new(&cluster, class, None);
        let mut profile = Profile { plugins: vec![Box::new(Closed)], ..Profile::default() };
        assert!(profile.filters(&cycle).is_ok(), "at no extension point");
        profile.pre_filter = vec![0];
        let rejection = profile.filters(&cycle).err();
        let verdict = Verdict::unresolvable("closed today");
        assert_eq!(rejection, Some(Rejection { plugin: Some(0), ended_at: Some(0), verdict }));
    }
}
