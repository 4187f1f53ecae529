//! The loads of all nodes in visiting order, as parts of what the nodes have: for sweeps, beside the columns of the same nodes.

use super::bits::{self, ones};
use super::columns::Columns;
use super::positions::Positions;
use crate::cluster::Nodes;
use crate::scheduler::lasting::{Kinds, LoadBlock, ShareBlock, Shares};
use std::ops::Range;

/// The blocks, read when they are asked for.
#[derive(Debug, Default)]
pub(super) struct SharesInOrder {
    blocks: Vec<ShareBlock>,
    kinds: Kinds,
    /// The visiting order that they are of.
    order: Option<u64>,
    /// When each was read; `None` if it never was.
    read: Vec<Option<u32>>,
}

/// Some blocks, as the nodes are now.
pub(super) struct Brought<'a> {
    pub(super) loads: &'a [LoadBlock],
    pub(super) blocks: &'a mut [ShareBlock],
    pub(super) kinds: &'a Kinds,
}

impl SharesInOrder {
    /// These blocks, as the nodes are now.
    pub(super) fn bring<'a>(
        &'a mut self,
        range: Range<usize>,
        columns: &'a mut Columns,
        (positions, nodes): (&Positions, &Nodes),
    ) -> Brought<'a> {
        let loads = columns.bring(range.clone(), positions, nodes);
        if self.order != Some(positions.number()) {
            let blocks = bits::blocks(positions.len());
            *self = Self { order: Some(positions.number()), ..Self::default() };
            self.blocks.resize_with(blocks, ShareBlock::default);
            self.read.resize(blocks, None);
        }
        for (block, loads) in range.clone().zip(loads) {
            if let Some(read) = self.read[block].replace(positions.clock(nodes)) {
                for lane in ones(positions.changed_since(block, read)) {
                    self.blocks[block].set(lane, loads, &mut self.kinds);
                }
                self.blocks[block].settle(loads.ids().len());
            } else {
                self.blocks[block] = ShareBlock::of(loads, &mut self.kinds);
            }
        }
        Brought { loads, blocks: &mut self.blocks[range], kinds: &self.kinds }
    }
}

impl Brought<'_> {
    /// The blocks in both kinds of numbers, if all nodes have their numbers in both.
    pub(super) fn shares(&self) -> Option<Shares<'_>> {
        let Self { loads, blocks, kinds } = self;
        blocks.iter().all(ShareBlock::serves).then_some(Shares { loads, blocks, kinds })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Cluster;
    use crate::model::node::NodeSpec;
    use crate::model::pod::{NewPod, PodSpec};
    use crate::model::resources::ResourceList;
    use crate::model::{NodeId, PodId, Quantity};
    use crate::random::Streams;
    use rand::RngExt as _;

    fn list(milli: i64, memory: i64) -> ResourceList {
        let mut list = ResourceList::new();
        list.insert("cpu", Quantity::from_milli(milli));
        list.insert("memory", Quantity::from_units(memory));
        list
    }

    /// 150 nodes, the first block of one size and the others of three.
    fn cluster() -> (Cluster, Vec<NodeId>) {
        let mut cluster = Cluster::default();
        let node = |number: usize| {
            let size = if number < 64 { 2 } else { number as i64 * 7 % 3 };
            let mut allocatable = list(8000 << size, (100 << 30) + (size << 34));
            allocatable.insert("pods", Quantity::from_units(100));
            NodeSpec { name: format!("n{number}").into(), allocatable: allocatable.into(), ..NodeSpec::default() }
        };
        let ids = (0..150).map(|number| cluster.add_node(node(number)).expect("a new name")).collect();
        (cluster, ids)
    }

    #[test]
    fn blocks_that_follow_nodes_are_those_that_are_read_anew() {
        let (mut cluster, ids) = cluster();
        let mut rng = Streams::new(1).stream("shares");
        let (mut positions, mut columns, mut shares) =
            (Positions::default(), Columns::default(), SharesInOrder::default());
        let mut pods: Vec<PodId> = Vec::new();
        let mut served = [false; 2];
        for step in 0..200 {
            for _ in 0..rng.random_range(0..5) {
                // Some requests are odd, and some are more than there is on any node.
                let memory =
                    [1 << 30, (1 << 30) + 1, 1 << 20, 200 << 30][rng.random_range(0..if step < 150 { 3 } else { 4 })];
                let class = cluster.intern(PodSpec::with_requests(list(rng.random_range(0..4000), memory)));
                let pod =
                    cluster.create_pod(NewPod::new(format!("p{step}-{}", pods.len()), class)).expect("nobody refuses");
                cluster.bind(pod, ids[rng.random_range(0..ids.len())]);
                pods.push(pod);
            }
            if rng.random_bool(0.5) && !pods.is_empty() {
                cluster.remove_pod(pods.swap_remove(rng.random_range(0..pods.len())));
            }
            positions.follow(&ids, &cluster);
            positions.note_changes(cluster.nodes());
            let brought = shares.bring(0..3, &mut columns, (&positions, cluster.nodes()));
            let mut kinds = brought.kinds.clone();
            for (loads, block) in brought.loads.iter().zip(&mut *brought.blocks) {
                let mut anew = ShareBlock::of(loads, &mut kinds);
                assert_eq!(block.serves(), anew.serves());
                served[usize::from(block.serves())] = true;
                assert!(!block.serves() || block.is_as(&anew));
                let least = loads.least_room();
                let more = [least[0], least[1], least[2] + 1.0];
                for room in [least, more, [f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0]] {
                    assert_eq!(block.has_room(loads, &room), anew.has_room(loads, &room));
                    let expected = block.serves() && least.iter().zip(room).all(|(least, room)| *least >= room);
                    assert_eq!(block.has_room(loads, &room), expected);
                }
            }
        }
        assert_eq!(served, [true; 2]);
    }
}
