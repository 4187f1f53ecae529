//! Sums over the pods on nodes, by place: a domain, or a node.

use super::partition::NOWHERE;
use std::collections::BTreeMap;
use towtank_sim::model::NodeId;

/// What is summed of the pods on nodes.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// The place to which each slot's pods go.
    at: Vec<u32>,
    /// Each node is a place of its own, whose number is that of its slot.
    by_node: bool,
    /// Weights are at most 100, and so are small for any number of pods that there can be.
    values: Vec<i32>,
    total: i64,
    levels: Option<Levels>,
}

/// The places that have nodes.
#[derive(Debug, Default)]
struct Levels {
    /// The nodes of each place.
    nodes: Vec<u32>,
    /// How many places with nodes have this sum.
    places: BTreeMap<i64, u32>,
    present: usize,
    /// Whether `places` is not kept up for a while.
    unsettled: bool,
}

impl Sums {
    /// Sums that know their least.
    pub(crate) fn with_least() -> Self {
        Self { levels: Some(Levels::default()), ..Self::default() }
    }

    /// Sums node by node.
    pub(crate) fn by_node() -> Self {
        Self { by_node: true, ..Self::default() }
    }

    /// The sum of a place; 0 where nothing was.
    #[inline]
    pub(crate) fn get(&self, place: u32) -> i64 {
        self.values.get(place as usize).copied().unwrap_or(0).into()
    }

    /// The sum over all places.
    pub(crate) fn total(&self) -> i64 {
        self.total
    }

    /// The least sum of a place that has a node. Only for those made by [`Sums::with_least`].
    pub(crate) fn least(&self) -> Option<i64> {
        Some(*self.levels.as_ref()?.places.first_key_value()?.0)
    }

    /// How many places have a node. Only for those made by [`Sums::with_least`].
    pub(crate) fn present(&self) -> usize {
        self.levels.as_ref().map_or(0, |levels| levels.present)
    }

    /// Pods on the node count this much more.
    #[inline]
    pub(crate) fn add(&mut self, node: NodeId, delta: i64) {
        if self.by_node {
            self.grow(node.slot());
            self.change(node.slot(), delta);
        } else if let Some(place) = self.at.get(node.index()).copied().filter(|place| *place != NOWHERE) {
            self.change(place, delta);
        }
    }

    /// The pods on the node, which count this much, go to this place from now on.
    pub(crate) fn put(&mut self, node: NodeId, place: u32, pods: i64) {
        if self.by_node {
            let before = self.get(node.slot());
            return self.add(node, pods - before);
        }
        if self.at.len() <= node.index() {
            self.at.resize(node.index() + 1, NOWHERE);
        }
        let before = std::mem::replace(&mut self.at[node.index()], place);
        if before == place {
            return;
        }
        if before != NOWHERE {
            self.change(before, -pods);
            self.take_node(before);
        }
        if place != NOWHERE {
            self.grow(place);
            self.add_node(place);
            self.change(place, pods);
        }
    }

    /// Forgets all pods. [`Sums::settle`] has to follow.
    pub(crate) fn clear(&mut self) {
        self.values.fill(0);
        self.total = 0;
        if let Some(levels) = &mut self.levels {
            levels.unsettled = true;
        }
    }

    /// All pods have been added after [`Sums::clear`].
    pub(crate) fn settle(&mut self) {
        let Some(levels) = &mut self.levels else { return };
        levels.unsettled = false;
        levels.places.clear();
        for (sum, _) in self.values.iter().zip(&levels.nodes).filter(|(_, nodes)| **nodes > 0) {
            *levels.places.entry((*sum).into()).or_default() += 1;
        }
    }

    fn grow(&mut self, place: u32) {
        if self.values.len() <= place as usize {
            self.values.resize(place as usize + 1, 0);
        }
    }

    fn change(&mut self, place: u32, delta: i64) {
        let sum = &mut self.values[place as usize];
        let new = i64::from(*sum) + delta;
        if let Some(levels) = &mut self.levels
            && levels.nodes[place as usize] > 0
            && delta != 0
            && !levels.unsettled
        {
            levels.leave((*sum).into());
            *levels.places.entry(new).or_default() += 1;
        }
        *sum = i32::try_from(new).expect("fewer than 20 million pods on nodes");
        self.total += delta;
    }

    fn add_node(&mut self, place: u32) {
        let Some(levels) = &mut self.levels else { return };
        levels.nodes.resize(self.values.len(), 0);
        levels.nodes[place as usize] += 1;
        if levels.nodes[place as usize] == 1 {
            levels.present += 1;
            if !levels.unsettled {
                *levels.places.entry(self.values[place as usize].into()).or_default() += 1;
            }
        }
    }

    fn take_node(&mut self, place: u32) {
        let Some(levels) = &mut self.levels else { return };
        levels.nodes[place as usize] -= 1;
        if levels.nodes[place as usize] == 0 {
            levels.present -= 1;
            if !levels.unsettled {
                levels.leave(self.values[place as usize].into());
            }
        }
    }
}

impl Levels {
    fn leave(&mut self, sum: i64) {
        let places = self.places.get_mut(&sum).expect("the place was counted at its sum");
        *places -= 1;
        if *places == 0 {
            self.places.remove(&sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_go_with_their_node() {
        let mut sums = Sums::with_least();
        assert_eq!((sums.least(), sums.present()), (None, 0));
        sums.put(NodeId::new(0), 4, 0);
        sums.put(NodeId::new(1), 4, 0);
        sums.put(NodeId::new(2), 1, 0);
        sums.add(NodeId::new(0), 2);
        sums.add(NodeId::new(1), 1);
        sums.add(NodeId::new(9), 5);
        assert_eq!((sums.get(4), sums.get(1), sums.get(77), sums.least(), sums.present()), (3, 0, 0, Some(0), 2));
        sums.put(NodeId::new(0), 1, 2);
        assert_eq!((sums.get(4), sums.get(1), sums.least()), (1, 2, Some(1)));
        sums.put(NodeId::new(1), NOWHERE, 1);
        sums.add(NodeId::new(1), -1);
        assert_eq!((sums.get(4), sums.total(), sums.least(), sums.present()), (0, 2, Some(2), 1));
        sums.clear();
        sums.put(NodeId::new(1), 4, 0);
        sums.add(NodeId::new(0), 3);
        sums.add(NodeId::new(1), 1);
        sums.settle();
        assert_eq!((sums.get(4), sums.get(1), sums.total(), sums.least(), sums.present()), (1, 3, 4, Some(1), 2));
    }
    #[test]
    fn a_node_can_be_a_place_of_its_own() {
        let mut sums = Sums::by_node();
        sums.add(NodeId::new(3), 2);
        sums.put(NodeId::new(3), NOWHERE, 2);
        sums.put(NodeId::new(5), NOWHERE, 1);
        assert_eq!((sums.get(3), sums.get(5), sums.get(9)), (2, 1, 0));
    }
}
