//! The loads of up to 64 nodes as parts of what each node has, in numbers of 32 bits: see `fixed.rs`.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::block::{LANES, LoadBlock};
use super::fixed;
use smallvec::SmallVec;

/// How many lanes a part has: as many as a vector of 512 bits has of these numbers.
pub(super) const PART: usize = 16;

/// How many different capacities of nodes are known.
pub const KINDS: usize = 16;

/// A block of more runs than that is not worth it.
const MAX_RUNS: usize = 12;

/// What nodes have of CPU and memory, each pair once.
#[derive(Clone, Debug)]
pub struct Kinds {
    /// [`NodeLoad::allocatable`](crate::cluster::NodeLoad::allocatable).
    pub allocatable: [[f64; KINDS]; 2],
    /// [`NodeLoad::reciprocal`](crate::cluster::NodeLoad::reciprocal).
    pub reciprocal: [[f64; KINDS]; 2],
    /// If all amounts of memory are multiples of it, and a power of two, percents are certain.
    unit: [u64; KINDS],
    len: usize,
}

/// The loads as columns, of nodes whose amounts are exact, that have what one of the [`Kinds`] has, and whose pods do not request more than
/// there is.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub struct ShareBlock {
    left: [[i32; LANES]; 2],
    tilt: [i32; LANES],
    before: [i16; LANES],
    kinds: [u8; LANES],
    runs: SmallVec<[Run; 4]>,
    runs_hold: bool,
    /// The lanes of nodes that do not have numbers here.
    unfit: u64,
    /// The lanes of nodes with amounts that are no multiples of their kind's unit.
    odd: u64,
    least: Least,
}

/// Nodes of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Which of the [`Kinds`].
    pub(super) kind: u8,
    /// In which part of the block they are; `None` if all nodes of the block are of this kind.
    pub(super) part: Option<u8>,
    /// In which lanes of the part.
    pub(super) lanes: u16,
}

/// The columns of a [`ShareBlock`] for some of its lanes.
#[derive(Clone, Copy, Debug)]
pub struct ShareColumns<'a, const N: usize> {
    /// Percents that are left of CPU and memory as scoring counts pods: [`fixed::percent_left`].
    pub left: [&'a [i32; N]; 2],
    /// By how much the shares differ that are requested: [`fixed::evenness`].
    pub tilt: &'a [i32; N],
    /// Twice [`NodeLoad::imbalance`](crate::cluster::NodeLoad::imbalance).
    pub before: &'a [i16; N],
}

/// How much room there is on any node of a block, at least: of CPU, of memory, and places for pods.
#[derive(Clone, Copy, Debug)]
struct Least {
    room: [f64; 3],
    /// Whether it is not less than that.
    is_tight: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        let one = [[1.0; KINDS]; 2];
        Self { allocatable: one, reciprocal: one, unit: [1; KINDS], len: 0 }
    }
}

impl Kinds {
    /// The kind of a node that has so much; `None` if there are too many kinds, or of a node that has too much.
    fn of(&mut self, allocatable: [f64; 2]) -> Option<usize> {
        let [cpu, memory] = allocatable;
        let is_it = |kind: &usize| {
            self.allocatable[0][*kind].to_bits() == cpu.to_bits()
                && self.allocatable[1][*kind].to_bits() == memory.to_bits()
        };
        if let Some(known) = (0..self.len).find(is_it) {
            return Some(known);
        }
        // So CPU is never in doubt.
        if self.len == KINDS || cpu > fixed::MOST_PARTS.into() {
            return None;
        }
        let kind = self.len;
        self.len += 1;
        for (place, amount) in allocatable.into_iter().enumerate() {
            self.allocatable[place][kind] = amount;
            self.reciprocal[place][kind] = 1.0 / amount;
        }
        self.unit[kind] = (memory as u64).div_ceil(fixed::MOST_PARTS.into()).next_power_of_two();
        Some(kind)
    }

    /// Whether an amount of memory is a multiple of the unit of a kind.
    #[inline]
    pub fn is_round(&self, kind: usize, memory: f64) -> bool {
        memory as u64 & (self.unit[kind] - 1) == 0
    }
}

impl Default for ShareBlock {
    fn default() -> Self {
        Self {
            left: [[0; LANES]; 2],
            tilt: [0; LANES],
            before: [0; LANES],
            kinds: [0; LANES],
            runs: SmallVec::new(),
            runs_hold: false,
            unfit: 0,
            odd: 0,
            least: Least { room: [f64::INFINITY; 3], is_tight: true },
        }
    }
}

impl ShareBlock {
    /// Those of a block of loads.
    pub fn of(loads: &LoadBlock, kinds: &mut Kinds) -> Self {
        let mut block = Self::default();
        for lane in 0..loads.ids().len() {
            block.set(lane, loads, kinds);
        }
        block.settle(loads.ids().len());
        block
    }

    /// Reads the load in a lane.
    pub(in crate::scheduler) fn set(&mut self, lane: usize, loads: &LoadBlock, kinds: &mut Kinds) {
        let (bit, load) = (1 << lane, loads.part::<1>(lane));
        let of = |columns: [&[f64; 1]; 2]| columns.map(|column| column[0]);
        let (allocatable, reciprocal, requested) = (of(load.allocatable), of(load.reciprocal), of(load.requested));
        let room = [allocatable[0] - requested[0], allocatable[1] - requested[1], load.places[0]];
        let has_numbers = loads.is_exact_in(lane) && room[0] >= 0.0 && room[1] >= 0.0;
        let kind = if has_numbers { kinds.of(allocatable) } else { None };
        let Some(kind) = kind else {
            self.runs_hold &= self.unfit & bit != 0;
            self.unfit |= bit;
            return;
        };
        if self.unfit & bit != 0 || usize::from(self.kinds[lane]) != kind {
            self.runs_hold = false;
        }
        self.unfit &= !bit;
        self.kinds[lane] = kind as u8;
        let headroom = of(load.headroom);
        for place in 0..2 {
            self.left[place][lane] = fixed::left(headroom[place] * reciprocal[place]);
        }
        self.tilt[lane] = fixed::tilt(requested[0] * reciprocal[0] - requested[1] * reciprocal[1]);
        self.before[lane] = (2.0 * load.imbalance[0]) as i16;
        let is_odd = [allocatable[1], headroom[1].abs()].iter().any(|memory| !kinds.is_round(kind, *memory));
        self.odd = self.odd & !bit | u64::from(is_odd) << lane;
        for (least, room) in self.least.room.iter_mut().zip(room) {
            if room < *least {
                *least = room;
            } else {
                self.least.is_tight = false;
            }
        }
    }

    /// The first lanes, so many, have been read, and no others.
    pub(in crate::scheduler) fn settle(&mut self, len: usize) {
        if std::mem::replace(&mut self.runs_hold, true) {
            return;
        }
        self.runs.clear();
        let kinds = &self.kinds[..len];
        if let [kind, others @ ..] = kinds
            && others.iter().all(|other| other == kind)
        {
            self.runs.push(Run { kind: *kind, part: None, lanes: !0 });
            return;
        }
        for (lane, kind) in kinds.iter().enumerate() {
            let part = Some((lane / PART) as u8);
            let known = self.runs.iter().position(|run| (run.kind, run.part) == (*kind, part));
            let run = known.unwrap_or_else(|| {
                self.runs.push(Run { kind: *kind, part, lanes: 0 });
                self.runs.len() - 1
            });
            self.runs[run].lanes |= 1 << (lane % PART);
        }
    }

    /// Whether all nodes have their numbers here, and it is worth to use them.
    #[inline]
    pub fn serves(&self) -> bool {
        self.unfit == 0 && self.runs.len() <= MAX_RUNS
    }

    /// How much room there certainly is on any node of the block; not a number if that is not known.
    #[inline]
    pub(in crate::scheduler) fn room_known(&self) -> [f64; 3] {
        if self.unfit == 0 { self.least.room } else { [f64::NAN; 3] }
    }

    /// Whether every node of the block, which these are the loads of, certainly has so much room.
    pub fn has_room(&mut self, loads: &LoadBlock, room: &[f64; 3]) -> bool {
        let holds = |least: &Least| least.room.iter().zip(room).all(|(least, room)| least >= room);
        if self.unfit == 0 && !holds(&self.least) && !self.least.is_tight {
            self.least = Least { room: loads.least_room(), is_tight: true };
        }
        self.unfit == 0 && holds(&self.least)
    }

    /// Whether an amount of memory of some node is no multiple of its kind's unit.
    #[inline]
    pub fn is_odd(&self) -> bool {
        self.odd != 0
    }

    /// Whether another block says the same of the same nodes.
    #[cfg(test)]
    pub(in crate::scheduler) fn is_as(&self, other: &Self) -> bool {
        let numbers = |block: &Self| (block.left, block.tilt, block.before, block.kinds, block.odd);
        numbers(self) == numbers(other) && self.runs == other.runs
    }

    /// The nodes by kind and part.
    #[inline(always)]
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Some of the lanes, side by side: the part of this number of so many lanes each.
    #[inline(always)]
    pub(super) fn columns<const N: usize>(&self, part: usize) -> ShareColumns<'_, N> {
        let [cpu, memory] = &self.left;
        ShareColumns {
            left: [&cpu.as_chunks().0[part], &memory.as_chunks().0[part]],
            tilt: &self.tilt.as_chunks().0[part],
            before: &self.before.as_chunks().0[part],
        }
    }
}
