//! Up to 64 nodes side by side: what judges them reads columns instead of one node after another.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::lanes::{self, LaneWork, Lanes};
use crate::cluster::{NodeLoad, Nodes};
use crate::model::NodeId;
use std::rc::Rc;

/// How many nodes a block holds.
pub const LANES: usize = 64;

/// How many lanes are computed at least: blocks are often filled with a few nodes only.
const PART: usize = 16;

/// The loads of up to [`LANES`] nodes as columns, see [`NodeLoad`]. Lanes without a node hold numbers that may be computed with, and
/// nobody reads what comes of it.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct LoadBlock {
    requested: [Lanes; 2],
    headroom: [Lanes; 2],
    imbalance: Lanes,
    places: Lanes,
    /// What other blocks may have in common with it: then it is read from a nearer cache.
    capacity: Rc<Capacity>,
    ids: [NodeId; LANES],
    len: usize,
    /// The lanes with nodes that are not exact.
    inexact: u64,
}

/// The columns of a [`LoadBlock`] that do not change with the pods on its nodes.
#[derive(Clone, Debug, PartialEq)]
#[repr(C, align(64))]
struct Capacity {
    allocatable: [Lanes; 2],
    reciprocal: [Lanes; 2],
}

/// The columns of a [`LoadBlock`] for some of its lanes.
#[derive(Clone, Copy, Debug)]
pub struct LoadPart<'a, const N: usize> {
    /// [`NodeLoad::allocatable`].
    pub allocatable: [&'a [f64; N]; 2],
    /// [`NodeLoad::reciprocal`].
    pub reciprocal: [&'a [f64; N]; 2],
    /// [`NodeLoad::requested`].
    pub requested: [&'a [f64; N]; 2],
    /// [`NodeLoad::headroom`].
    pub headroom: [&'a [f64; N]; 2],
    /// [`NodeLoad::imbalance`].
    pub imbalance: &'a [f64; N],
    /// [`NodeLoad::places`].
    pub places: &'a [f64; N],
}

/// Work on so many lanes of a block, with what is kept of each of them. Mark [`PartWork::run`] `#[inline(always)]`: what is not inlined
/// is not compiled for wide vectors.
pub trait PartWork<T> {
    /// Does it. `FUSED` is that of [`LaneWork::run`](super::lanes::LaneWork::run).
    fn run<const FUSED: bool, const N: usize>(&self, part: LoadPart<'_, N>, lanes: &mut [T; N]);
}

impl Default for LoadBlock {
    fn default() -> Self {
        let (zero, one) = ([0.0; LANES], [1.0; LANES]);
        Self {
            requested: [zero; 2],
            headroom: [zero; 2],
            imbalance: zero,
            places: zero,
            capacity: Rc::new(Capacity { allocatable: [one; 2], reciprocal: [one; 2] }),
            ids: [NodeId::NOWHERE; LANES],
            len: 0,
            inexact: 0,
        }
    }
}

impl LoadBlock {
    /// These nodes, in as many blocks as they need.
    pub fn gather(nodes: &Nodes, ids: &[NodeId]) -> Vec<Self> {
        let block = |ids: &[NodeId]| {
            let mut block = Self::default();
            for id in ids {
                block.push(*id, nodes);
            }
            block
        };
        ids.chunks(LANES).map(block).collect()
    }

    /// Does work on the lanes that have nodes: on all at once, or on 16 of them at a time if there are few.
    #[inline(always)]
    pub fn each_part<const FUSED: bool, T>(&self, lanes: &mut [T; LANES], work: &impl PartWork<T>) {
        if self.len > LANES - PART {
            work.run::<FUSED, LANES>(self.part(0), lanes);
            return;
        }
        for (number, lanes) in lanes.as_chunks_mut::<PART>().0.iter_mut().take(self.len.div_ceil(PART)).enumerate() {
            work.run::<FUSED, PART>(self.part(number), lanes);
        }
    }

    /// Some of the lanes, side by side: the part of this number of so many lanes each.
    #[inline(always)]
    pub(super) fn part<const N: usize>(&self, number: usize) -> LoadPart<'_, N> {
        LoadPart {
            allocatable: self.capacity.allocatable.each_ref().map(|lanes| part_of(lanes, number)),
            reciprocal: self.capacity.reciprocal.each_ref().map(|lanes| part_of(lanes, number)),
            requested: self.requested.each_ref().map(|lanes| part_of(lanes, number)),
            headroom: self.headroom.each_ref().map(|lanes| part_of(lanes, number)),
            imbalance: part_of(&self.imbalance, number),
            places: part_of(&self.places, number),
        }
    }

    /// The nodes, one for each lane from the first on.
    #[inline]
    pub fn ids(&self) -> &[NodeId] {
        &self.ids[..self.len]
    }

    /// The lanes of nodes whose amounts are not exact, with the nodes: they have to be judged one by one.
    #[inline]
    pub fn inexact(&self) -> impl Iterator<Item = (usize, NodeId)> + '_ {
        let mut left = self.inexact;
        std::iter::from_fn(move || {
            let lane = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (lane < LANES).then(|| (lane, self.ids[lane]))
        })
    }

    /// Whether the amounts of all nodes are exact.
    #[inline]
    pub fn is_exact(&self) -> bool {
        self.inexact == 0
    }

    /// Whether the amounts of the node in a lane are exact.
    #[inline]
    pub(super) fn is_exact_in(&self, lane: usize) -> bool {
        self.inexact >> lane & 1 == 0
    }

    /// How much room there is on any of the nodes, at least: of CPU, of memory, and places for pods. All of them are exact.
    pub(in crate::scheduler) fn least_room(&self) -> [f64; 3] {
        let mut least = [f64::INFINITY; 3];
        lanes::run(LeastRoom { block: self, least: &mut least });
        least
    }

    /// Takes out all nodes.
    #[inline]
    pub(in crate::scheduler) fn clear(&mut self) {
        (self.len, self.inexact) = (0, 0);
    }

    /// Adds a node in the next lane.
    #[inline]
    pub(in crate::scheduler) fn push(&mut self, id: NodeId, nodes: &Nodes) {
        let lane = self.len;
        self.len += 1;
        self.ids[lane] = id;
        self.set(lane, nodes);
    }

    /// Has what does not change with the pods in common with one of these blocks, if it is the same.
    pub(in crate::scheduler) fn share_capacity<'a>(&mut self, others: impl Iterator<Item = &'a Self>) {
        for other in others {
            if self.capacity == other.capacity {
                self.capacity = Rc::clone(&other.capacity);
                return;
            }
        }
    }

    /// Reads the load of the node in a lane.
    #[inline]
    pub(in crate::scheduler) fn set(&mut self, lane: usize, nodes: &Nodes) {
        let load: &NodeLoad = nodes.load(self.ids[lane]);
        self.inexact = self.inexact & !(1 << lane) | u64::from(!load.exact) << lane;
        for place in 0..2 {
            if self.capacity.allocatable[place][lane].to_bits() != load.allocatable[place].to_bits() {
                let capacity = Rc::make_mut(&mut self.capacity);
                capacity.allocatable[place][lane] = load.allocatable[place];
                capacity.reciprocal[place][lane] = load.reciprocal[place];
            }
            self.requested[place][lane] = load.requested[place];
            self.headroom[place][lane] = load.headroom[place];
        }
        self.imbalance[lane] = load.imbalance;
        self.places[lane] = load.places;
    }
}

struct LeastRoom<'a> {
    block: &'a LoadBlock,
    least: &'a mut [f64; 3],
}

impl LaneWork for LeastRoom<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let LoadPart { allocatable, requested, places, .. } = self.block.part::<LANES>(0);
        let mut rooms = [[f64::INFINITY; LANES]; 3];
        for lane in 0..LANES {
            let room = [0, 1].map(|place: usize| allocatable[place][lane] - requested[place][lane]);
            for (rooms, room) in rooms.iter_mut().zip([room[0], room[1], places[lane]]) {
                rooms[lane] = if lane < self.block.len { room } else { f64::INFINITY };
            }
        }
        for (least, rooms) in self.least.iter_mut().zip(&rooms) {
            *least = rooms.iter().fold(f64::INFINITY, |least, room| if *room < least { *room } else { least });
        }
    }
}

#[inline(always)]
fn part_of<const N: usize>(lanes: &Lanes, number: usize) -> &[f64; N] {
    &lanes.as_chunks().0[number]
}
