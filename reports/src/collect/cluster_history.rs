//! The nodes over time, for the page.

use super::changed_nodes::{Changed, ChangedNodes};
use super::other_resources::others;
use crate::data::{ClusterHistory, Condition, NodeHistory, NodeState, RESOURCES};
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::NodeId;
use towtank_sim::model::node::Node;
use towtank_sim::model::resources::ResourceId;
use towtank_sim::observe::{Note, NoteKinds, Observer};
use towtank_sim::time::{SimTime, Span};

/// Resources that every node has so much of that their share says nothing.
const UNTOLD: [&str; 3] = ["pods", "ephemeral-storage", "attachable-volumes"];

/// Takes snapshots of all nodes.
#[derive(Default)]
pub struct ClusterHistoryCollector {
    history: ClusterHistory,
    /// The resources of the shares.
    resources: Vec<ResourceId>,
    /// By slot of the node table: the place in the history.
    places: Vec<Option<usize>>,
    changed: ChangedNodes,
    /// Of every node that ever was, as it is now. Conditions are followed, because to ask each node would be to read more of its memory.
    states: Vec<NodeState>,
}

impl ClusterHistoryCollector {
    /// What was seen.
    pub fn into_history(self) -> ClusterHistory {
        self.history
    }

    fn added(&mut self, node: &Node, cluster: &Cluster) {
        let slot = node.id.index();
        if self.places.len() <= slot {
            self.places.resize(slot + 1, None);
        }
        self.places[slot] = Some(self.states.len());
        self.states.push(NodeState { condition: condition(node), ..NodeState::ABSENT });
        for (id, amount) in node.allocatable.iter() {
            let name = cluster.resources.name(id);
            let told = amount > 0 && !UNTOLD.iter().any(|prefix| name.starts_with(prefix));
            if told && self.resources.len() < RESOURCES && !self.resources.contains(&id) {
                self.resources.push(id);
                self.history.resources.push(name.to_owned());
            }
        }
        self.history.nodes.push(NodeHistory {
            uid: node.uid,
            name: node.spec.name.clone(),
            zone: node.zone().to_owned(),
            group: node.spec.group.as_deref().unwrap_or("").to_owned(),
            cpu_milli: node.allocatable.get(ResourceId::CPU),
            memory_bytes: node.allocatable.get(ResourceId::MEMORY),
            other_resources: others(&node.allocatable, cluster),
            added_ns: node.created.0,
            removed_ns: None,
        });
    }

    fn look(&mut self, id: NodeId, cluster: &Cluster) {
        let Some(Some(place)) = self.places.get(id.index()) else { return };
        let (state, node) = (&mut self.states[*place], cluster.node(id));
        for (share, id) in state.shares.iter_mut().zip(&self.resources) {
            *share = NodeState::share(node.requested.get(*id), node.allocatable.get(*id));
        }
        state.pods = node.pods.len().min(usize::from(u16::MAX)) as u16;
    }
}

fn condition(node: &Node) -> Condition {
    match (node.ready, node.spec.unschedulable) {
        (false, _) => Condition::NotReady,
        (true, true) => Condition::Cordoned,
        (true, false) => Condition::Ready,
    }
}

impl Observer for ClusterHistoryCollector {
    fn interest(&self) -> NoteKinds {
        NoteKinds::changes(Interest::NODES)
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        match note {
            Note::Change(Change::NodeAdded(id)) => self.added(cluster.node(*id), cluster),
            Note::Change(Change::NodeChanged(id, _)) => {
                if let Some(Some(place)) = self.places.get(id.index()) {
                    self.states[*place].condition = condition(cluster.node(*id));
                }
            }
            Note::Change(Change::NodeRemoved(id)) => {
                if let Some(place) = self.places.get_mut(id.index()).and_then(Option::take) {
                    self.states[place] = NodeState::ABSENT;
                    self.history.nodes[place].removed_ns = Some(cluster.now.0);
                }
            }
            _ => {}
        }
    }

    fn sampling_interval(&self) -> Option<Span> {
        Some(Span(self.history.interval_ns()))
    }

    fn sample(&mut self, at: SimTime, cluster: &Cluster) {
        match self.changed.look(cluster) {
            Changed::Some(nodes) => nodes.iter().for_each(|id| self.look(*id, cluster)),
            Changed::All { .. } => cluster.nodes().iter().for_each(|node| self.look(node.id, cluster)),
        }
        self.history.push(at.0, &self.states);
    }
}
