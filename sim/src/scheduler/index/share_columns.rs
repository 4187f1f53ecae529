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
    summaries: Vec<Summary>,
    kinds: Kinds,
    /// The visiting order that they are of.
    order: Option<u64>,
}

/// What is asked of every block before anything is read of it: of many blocks it is together in few cache lines.
#[derive(Clone, Copy, Debug)]
struct Summary {
    /// No node has less room. Not a number if that is not known.
    room: [f64; 3],
    /// When the block was read; `None` if it never was.
    read: Option<u32>,
    /// Whether it [serves](ShareBlock::serves).
    serves: bool,
}

/// Some blocks, as the nodes are now.
pub(super) struct Brought<'a> {
    pub(super) loads: &'a [LoadBlock],
    blocks: &'a mut [ShareBlock],
    summaries: &'a mut [Summary],
    kinds: &'a Kinds,
    serves: bool,
}

impl SharesInOrder {
    /// These blocks, as the nodes are now.
    pub(super) fn bring<'a>(
        &'a mut self,
        range: Range<usize>,
        columns: &'a mut Columns,
        (positions, nodes): (&Positions, &Nodes),
    ) -> Brought<'a> {
        if self.order != Some(positions.number()) {
            let blocks = bits::blocks(positions.len());
            *self = Self { order: Some(positions.number()), ..Self::default() };
            self.blocks.resize_with(blocks, ShareBlock::default);
            self.summaries.resize(blocks, Summary::UNREAD);
        }
        let Self { blocks, summaries, kinds, .. } = self;
        let mut serves = true;
        for block in range.clone() {
            let (share, summary) = (&mut blocks[block], &mut summaries[block]);
            let changed = summary.read.map_or(!0, |read| positions.changed_since(block, read));
            if changed != 0 {
                let loads = &columns.bring(block..block + 1, positions, nodes)[0];
                if summary.read.is_some() {
                    ones(changed).for_each(|lane| share.set(lane, loads, kinds));
                    share.settle(loads.ids().len());
                } else {
                    *share = ShareBlock::of(loads, kinds);
                }
                let room = share.room_known();
                *summary = Summary { room, read: Some(positions.clock(nodes)), serves: share.serves() };
            }
            serves &= summary.serves;
        }
        let (blocks, summaries) = (&mut blocks[range.clone()], &mut summaries[range.clone()]);
        Brought { loads: columns.known(range), blocks, summaries, kinds, serves }
    }
}

impl Summary {
    const UNREAD: Self = Self { room: [f64::NAN; 3], read: None, serves: false };

    #[inline]
    fn has_room(&self, room: &[f64; 3]) -> bool {
        self.room.iter().zip(room).all(|(least, room)| least >= room)
    }
}

impl Brought<'_> {
    /// The blocks in both kinds of numbers, if all nodes have their numbers in both.
    #[inline]
    pub(super) fn shares(&self) -> Option<Shares<'_>> {
        let Self { loads, blocks, kinds, .. } = self;
        self.serves.then_some(Shares { loads, blocks, kinds })
    }

    /// Whether the amounts of all nodes are exact.
    #[inline]
    pub(super) fn is_exact(&self) -> bool {
        self.serves || self.loads.iter().all(LoadBlock::is_exact)
    }

    /// Whether it is known that every node of every block has so much room.
    #[inline]
    pub(super) fn all_have_room(&self, room: &[f64; 3]) -> bool {
        self.summaries.iter().all(|summary| summary.has_room(room))
    }

    /// Whether every node of the block of this index certainly has so much room.
    pub(super) fn has_room(&mut self, index: usize, room: &[f64; 3]) -> bool {
        let (summary, block) = (&mut self.summaries[index], &mut self.blocks[index]);
        if summary.has_room(room) {
            return true;
        }
        let has_room = block.has_room(&self.loads[index], room);
        summary.room = block.room_known();
        has_room
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
            let mut brought = shares.bring(0..3, &mut columns, (&positions, cluster.nodes()));
            let mut kinds = brought.kinds.clone();
            assert_eq!(brought.shares().is_some(), brought.blocks.iter().all(ShareBlock::serves));
            assert_eq!(brought.is_exact(), brought.loads.iter().all(LoadBlock::is_exact));
            for index in 0..3 {
                let (loads, block) = (&brought.loads[index], &brought.blocks[index]);
                let ids: Vec<NodeId> = positions.ids()[index * 64..].iter().copied().take(64).collect();
                assert_eq!(loads.ids(), ids);
                let now = &LoadBlock::gather(cluster.nodes(), &ids)[0];
                let anew = ShareBlock::of(now, &mut kinds);
                let is_known = anew.room_known().iter().all(|room| !room.is_nan());
                assert_eq!(block.serves(), anew.serves());
                served[usize::from(block.serves())] = true;
                assert!(!block.serves() || block.is_as(&anew));
                let least = now.least_room();
                let more = [least[0], least[1], least[2] + 1.0];
                for room in [least, more, [f64::NEG_INFINITY, f64::NEG_INFINITY, 1.0]] {
                    let expected = is_known && least.iter().zip(room).all(|(least, room)| *least >= room);
                    assert!(expected || !brought.all_have_room(&room));
                    assert_eq!(brought.has_room(index, &room), expected);
                }
            }
        }
        assert_eq!(served, [true; 2]);
    }
}
