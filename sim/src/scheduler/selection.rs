//! Finding a node for a pod: what the scheduling cycle does before it reserves anything.
//!
//! The [`Selection`] is what a scheduler remembers between two pods: what was evaluated, the visiting order of the nodes, where
//! the last scan ended, the nominations. It changes nothing in the cluster, so recordings are played through it too.

use super::dry_run::Failure;
use super::evaluate::{Evaluation, Evaluator, Search, Selected};
use super::fit_error::FitError;
use super::framework::Cycle;
use super::image_states::ImageStates;
use super::inspection::{AttemptInspection, Inspection};
use super::node_order::NodeOrder;
use super::nominator::Nominator;
use super::profile::Profile;
use super::sampling::feasible_quota;
use super::tie_break::{Choice, TieBreak};
use crate::cluster::{Change, Cluster, NodeChange};
use crate::model::{ClassId, NodeId};
use crate::random::Rng;

/// What finds nodes for pods.
#[derive(Debug, Default)]
pub struct Selection {
    /// The pods that others have to leave room for.
    pub nominator: Nominator,
    evaluator: Evaluator,
    order: NodeOrder,
    images: ImageStates,
    /// Where the next scan of nodes begins.
    start: usize,
    tie_break: TieBreak,
    ties: Option<Rng>,
}

impl Selection {
    /// A selection that evaluates and chooses this way. `ties` is drawn from with [`TieBreak::Random`].
    pub fn new(evaluation: Evaluation, tie_break: TieBreak, ties: Option<Rng>) -> Self {
        Self { evaluator: Evaluator::new(evaluation), tie_break, ties, ..Self::default() }
    }

    /// Finds a node for the cycle's pod under the profile of this number.
    pub fn select(&mut self, (number, profile): (u8, &Profile), cycle: &Cycle<'_>) -> Selected {
        let order = self.order.list(cycle.cluster);
        if order.is_empty() {
            return Selected { error: Some(Box::new(FitError::no_nodes())), ..Selected::default() };
        }
        self.images.begin_cycle(cycle.cluster);
        let cycle = &Cycle { images: Some(&self.images), ..*cycle };
        let search = Search { profile: (number, profile), order, start: self.start, nominator: &self.nominator };
        let choice = Choice { rule: self.tie_break, cluster: cycle.cluster, rng: &mut self.ties };
        let (selected, advance) = self.evaluator.find(cycle, search, choice);
        self.start = (self.start + advance as usize) % order.len();
        selected
    }

    /// A pod of the class is about to be tried under the profile of this number: asks for the memory of what is kept of it.
    pub(super) fn read_ahead(&self, profile: u8, class: ClassId) {
        self.evaluator.read_ahead(profile, class);
    }

    /// An attempt that found no node for this reason.
    pub fn failure<'a, 'c>(&'a mut self, profile: &'c Profile, cycle: &Cycle<'c>, error: &FitError) -> Failure<'a, 'c> {
        let order = self.order.list(cycle.cluster);
        Failure::new(profile, cycle, order, &self.nominator, error)
    }

    /// Everything that the plugins of a profile say of the cycle's pod.
    pub fn inspect(&mut self, profile: &Profile, cycle: &Cycle<'_>) -> Inspection {
        let nodes = self.order.list(cycle.cluster);
        let cycle = Cycle { images: Some(&self.images), ..*cycle };
        Inspection::new(profile, &cycle, nodes, &self.nominator)
    }

    /// What the plugins of a profile say of the cycle's pod, and which nodes [`Selection::select`] would look at now.
    pub fn inspect_attempt(&mut self, profile: &Profile, cycle: &Cycle<'_>) -> AttemptInspection {
        let order = self.order.list(cycle.cluster);
        if order.is_empty() {
            return AttemptInspection::default();
        }
        self.images.begin_cycle(cycle.cluster);
        let cycle = Cycle { images: Some(&self.images), ..*cycle };
        AttemptInspection::new(profile, &cycle, (order, self.start), &self.nominator)
    }

    /// The nodes in visiting order.
    pub fn order(&mut self, cluster: &Cluster) -> &[NodeId] {
        self.order.list(cluster)
    }

    /// Where the next scan begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// How many feasible nodes a profile looks for among so many.
    pub fn quota(profile: &Profile, nodes: usize) -> usize {
        if profile.score.is_empty() { 1 } else { feasible_quota(nodes, profile.percentage_of_nodes_to_score) }
    }

    /// Draws ties from this stream.
    pub(super) fn draw_ties_from(&mut self, rng: Rng) {
        self.ties = Some(rng);
    }

    /// Keeps the visiting order up with the nodes.
    pub fn changed(&mut self, change: Change, cluster: &Cluster) {
        self.images.changed(change, cluster);
        match change {
            Change::NodeAdded(node) => self.order.add(cluster.node(node)),
            Change::NodeChanged(node, what) if what.contains(NodeChange::LABELS) => {
                self.order.relabel(cluster.node(node));
            }
            Change::NodeRemoved(node) => self.order.remove(node),
            _ => {}
        }
    }
}
