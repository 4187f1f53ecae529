//! The board: a row for each node and a lane for each class that often comes. A node that has changed is judged for all of these classes
//! at once, so that the processor's vectors are full whatever nodes change. What a class finds there is in `survey.rs`, who has a lane in
//! `seats.rs`, and what is known of blocks and of all nodes in `summits.rs`.

#![expect(clippy::inline_always, reason = "what is not inlined is not compiled for wide vectors")]

use super::bits::{self, BLOCK, place};
use super::plan::{Judges, Signature};
use super::refresh::Sources;
use super::summits::{CLASSES, Chunk, lanes_of};
use super::sums::Sums;
use crate::scheduler::lasting::lanes::{self, LaneWork};
use crate::scheduler::lasting::{AskColumns, ClassFilter, ClassScore};
use std::rc::Rc;

/// What is known of all nodes for all classes that have a lane.
pub(super) struct Board {
    filters: Vec<(Rc<dyn ClassFilter>, AskColumns)>,
    scores: Vec<(f64, Rc<dyn ClassScore>, AskColumns)>,
    same: f64,
    signature: Signature,
    chunks: Vec<Chunk>,
    /// Which lanes have a class. What stands in the others means nothing.
    taken: Vec<bool>,
    /// The visiting order that rows are of.
    order: Option<u64>,
    /// Up to where the log of changes of nodes has been read.
    read: u64,
    /// How many rows have a node.
    positions: usize,
    /// Nodes whose amounts are not exact: they would have to be judged class by class.
    inexact: Vec<u64>,
    /// How many that are.
    inexact_nodes: usize,
    fits: Vec<bool>,
    totals: Vec<f64>,
}

impl Board {
    /// A board for classes that are judged in this way.
    pub(super) fn new(judges: &Judges) -> Self {
        let filters = judges.filters.iter().map(|(_, across)| (Rc::clone(&across.judge), AskColumns::default()));
        let scores = judges.scores.iter();
        let scores = scores.map(|(_, weight, a)| (*weight as f64, Rc::clone(&a.judge), AskColumns::default()));
        Self {
            filters: filters.collect(),
            scores: scores.collect(),
            same: judges.same as f64,
            signature: judges.signature(),
            chunks: Vec::new(),
            taken: Vec::new(),
            order: None,
            read: 0,
            positions: 0,
            inexact: Vec::new(),
            inexact_nodes: 0,
            fits: Vec::new(),
            totals: Vec::new(),
        }
    }

    /// What the classes have in common.
    pub(super) fn signature(&self) -> &Signature {
        &self.signature
    }

    /// How many lanes there are, taken or not.
    pub(super) fn lanes(&self) -> usize {
        self.taken.len()
    }

    /// How many bytes it takes, about.
    pub(super) fn bytes(&self) -> usize {
        3 * self.positions * self.lanes()
    }

    /// Whether it says everything about the nodes.
    pub(super) fn serves(&self) -> bool {
        self.inexact_nodes == 0
    }

    /// Judges the nodes that have changed.
    pub(super) fn follow(&mut self, sources: &Sources<'_>) {
        let Sources { nodes, positions, .. } = sources;
        let log = nodes.changes();
        let is_new = self.order != Some(positions.number());
        if is_new {
            self.order = Some(positions.number());
            let blocks = bits::blocks(positions.len());
            self.positions = positions.len();
            self.inexact.clear();
            self.inexact.resize(blocks, 0);
            self.inexact_nodes = 0;
            self.chunks.iter_mut().for_each(|chunk| *chunk = Chunk::new(blocks));
        }
        match log.since(self.read) {
            // A node that has changed twice is judged twice, which is rare.
            Some(changes) if !is_new && changes.len() <= positions.len() => {
                changes.iter().filter_map(|id| positions.of(*id)).for_each(|position| self.judge(position, sources));
            }
            _ => (0..positions.len()).for_each(|position| self.judge(position, sources)),
        }
        self.read = log.end();
    }

    /// Judges a node.
    fn judge(&mut self, position: usize, sources: &Sources<'_>) {
        let id = sources.positions.ids()[position];
        let load = sources.nodes.load(id);
        let (block, bit) = place(position);
        if (self.inexact[block] & bit != 0) == load.exact {
            self.inexact[block] ^= bit;
            self.inexact_nodes = if load.exact { self.inexact_nodes - 1 } else { self.inexact_nodes + 1 };
        }
        let Self { filters, scores, chunks, taken, fits, totals, .. } = self;
        fits.clear();
        totals.clear();
        totals.resize(taken.len(), self.same);
        if load.exact && sources.specs.passing(block) & bit != 0 {
            fits.extend_from_slice(taken);
            for (filter, asks) in &*filters {
                filter.narrow(load, asks, fits);
            }
            for (weight, score, asks) in &*scores {
                score.add(load, asks, *weight, totals);
            }
        } else {
            fits.resize(taken.len(), false);
        }
        lanes::run(Enter { chunks, position, fits, totals });
    }

    /// The lane that says everything of this class too: that of a class which asks for the same.
    pub(super) fn lane_of(&self, judges: &Judges) -> Option<usize> {
        let wanted = || judges.asks().map(|asks| asks.map(f64::to_bits));
        let asks = |lane: usize| self.asks().map(move |asks| asks.get(lane).map(f64::to_bits));
        (0..self.lanes()).find(|lane| self.taken[*lane] && asks(*lane).eq(wanted()))
    }

    /// Takes the first lane that is free, for a class whose sums are these. All rows are up to date.
    pub(super) fn take(&mut self, judges: &Judges, sums: &Sums) -> usize {
        let lane = self.taken.iter().position(|taken| !taken).unwrap_or(self.lanes());
        if lane == self.lanes() {
            self.chunks.push(Chunk::new(self.inexact.len()));
            self.resize();
        }
        self.taken[lane] = true;
        let filters = self.filters.iter_mut().map(|(_, asks)| asks);
        let all = filters.chain(self.scores.iter_mut().map(|(.., asks)| asks));
        all.zip(judges.asks()).for_each(|(asks, of_class)| asks.set(lane, of_class));
        self.chunks[lane / CLASSES].fill(lane % CLASSES, self.positions, sums);
        lane
    }

    /// Nobody needs this lane any more.
    pub(super) fn vacate(&mut self, lane: usize) {
        self.taken[lane] = false;
        while self.taken.last_chunk() == Some(&[false; CLASSES]) {
            self.chunks.pop();
            self.resize();
        }
    }

    /// The chunk of a lane, and the lane's place in it.
    #[inline]
    pub(super) fn chunk(&self, lane: usize) -> (&Chunk, usize) {
        (&self.chunks[lane / CLASSES], lane % CLASSES)
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn chunk_mut(&mut self, lane: usize) -> (&mut Chunk, usize) {
        (&mut self.chunks[lane / CLASSES], lane % CLASSES)
    }

    fn asks(&self) -> impl Iterator<Item = &AskColumns> {
        self.filters.iter().map(|(_, asks)| asks).chain(self.scores.iter().map(|(.., asks)| asks))
    }

    /// Has as many lanes as there are in the chunks.
    fn resize(&mut self) {
        let lanes = self.chunks.len() * CLASSES;
        self.taken.resize(lanes, false);
        self.filters.iter_mut().for_each(|(_, asks)| asks.resize(lanes));
        self.scores.iter_mut().for_each(|(.., asks)| asks.resize(lanes));
    }
}

/// Enters what was found about a node.
struct Enter<'a> {
    chunks: &'a mut [Chunk],
    position: usize,
    fits: &'a [bool],
    totals: &'a [f64],
}

impl LaneWork for Enter<'_> {
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let judged = self.fits.as_chunks().0.iter().zip(self.totals.as_chunks().0);
        for (chunk, (fits, totals)) in self.chunks.iter_mut().zip(judged) {
            chunk.enter(self.position, fits, totals);
        }
    }
}

impl Chunk {
    #[inline(always)]
    fn enter(&mut self, position: usize, fits: &[bool; CLASSES], totals: &[f64; CLASSES]) {
        // All bits are set where the node is refused. Nothing branches here either.
        let sum = |lane: usize| lanes::low_bits(totals[lane]) as i16 | (i16::from(fits[lane]) - 1);
        self.set_row(position / BLOCK, position % BLOCK, lanes_of(sum));
    }
}
