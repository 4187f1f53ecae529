//! An attempt that found no node, as PostFilter plugins see it, and trying out what would be without some pods.

use super::fit_error::FitError;
use super::fork::Fork;
use super::framework::{Cycle, PodOnNode};
use super::nominator::Nominator;
use super::profile::{PreFiltered, Profile};
use super::verdict::Verdict;
use crate::model::node::Node;
use crate::model::{NodeId, PodId};
use std::cell::OnceCell;

/// Why a node is not feasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Removing pods could help.
    Unschedulable,
    /// It would not.
    Unresolvable,
}

/// An attempt that found no node.
pub struct Failure<'a, 'c> {
    profile: &'c Profile,
    cycle: Cycle<'c>,
    order: &'a [NodeId],
    nominator: &'a Nominator,
    unschedulable: u32,
    pre_filter_ended_at: Option<usize>,
    prepared: OnceCell<(PreFiltered<'c>, Vec<(NodeId, Code)>)>,
}

impl<'a, 'c> Failure<'a, 'c> {
    pub(super) fn new(
        profile: &'c Profile,
        cycle: &Cycle<'c>,
        order: &'a [NodeId],
        nominator: &'a Nominator,
        error: &FitError,
    ) -> Self {
        let FitError { unschedulable, pre_filter_ended_at, .. } = *error;
        Self { profile, cycle: *cycle, order, nominator, unschedulable, pre_filter_ended_at, prepared: OnceCell::new() }
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.order.len()
    }

    /// How many of them removing pods could help on.
    pub fn unschedulable_nodes(&self) -> usize {
        self.unschedulable as usize
    }

    /// Whether the plugin of this name was asked at PreFilter, and not another one ended the attempt before.
    pub fn pre_filter_ran(&self, plugin: &str) -> bool {
        let place = |wanted: &dyn Fn(usize) -> bool| self.profile.pre_filter.iter().position(|index| wanted(*index));
        let Some(ended_at) = self.pre_filter_ended_at else { return true };
        place(&|index| self.profile.plugins[index].name() == plugin) <= place(&|index| index == ended_at)
    }

    /// The nodes in visiting order, each with why it is not feasible.
    pub fn codes(&self) -> &[(NodeId, Code)] {
        &self.prepared().1
    }

    /// Why this node is not feasible.
    pub fn code(&self, node: NodeId) -> Option<Code> {
        self.codes().iter().find(|(id, _)| *id == node).map(|(_, code)| *code)
    }

    /// The node as it would be without some pods. At first it has them all.
    pub fn dry_run(&self, node: NodeId) -> DryRun<'_> {
        let node = self.cycle.cluster.node(node).clone();
        DryRun { chain: Fork::of(&self.prepared().0.chain), cycle: self.cycle, node, nominator: self.nominator }
    }

    fn prepared(&self) -> &(PreFiltered<'c>, Vec<(NodeId, Code)>) {
        self.prepared.get_or_init(|| {
            let found = self.profile.pre_filter(&self.cycle);
            let codes = self.order.iter().map(|id| (*id, self.judge(&found, *id))).collect();
            (found, codes)
        })
    }

    fn judge(&self, found: &PreFiltered<'c>, id: NodeId) -> Code {
        let code = |verdict: &Verdict| match verdict {
            Verdict::Unschedulable(_) => Code::Unschedulable,
            _ => Code::Unresolvable,
        };
        if let Some(rejection) = &found.rejection {
            return code(&rejection.verdict);
        }
        if !found.chain.leaves(id) {
            return Code::Unresolvable;
        }
        let refusal = found.chain.check_beside(&self.cycle, self.cycle.cluster.node(id), self.nominator);
        refusal.map_or(Code::Unresolvable, |(_, verdict)| code(&verdict))
    }
}

/// A node on which pods can be removed and added again, to see whether the pod would fit.
pub struct DryRun<'f> {
    chain: Fork<'f>,
    cycle: Cycle<'f>,
    node: Node,
    nominator: &'f Nominator,
}

impl DryRun<'_> {
    /// The node as it is now in this trial.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Takes a pod of the node away.
    pub fn remove(&mut self, id: PodId) {
        if let Some(pod) = PodOnNode::find(id, self.cycle.cluster) {
            self.node.remove_pod(id, pod.pod, pod.class);
            self.chain.remove_pod(pod, &self.node);
        }
    }

    /// Puts a pod back that was taken away.
    pub fn add(&mut self, id: PodId) {
        if let Some(pod) = PodOnNode::find(id, self.cycle.cluster) {
            self.node.add_pod(id, pod.pod, pod.class);
            self.chain.add_pod(pod, &self.node);
        }
    }

    /// Why the pod would not fit, beside the pods nominated for the node too; `None` if it would.
    pub fn check(&self) -> Option<Verdict> {
        self.chain.check_beside(&self.cycle, &self.node, self.nominator).map(|(_, verdict)| verdict)
    }
}
