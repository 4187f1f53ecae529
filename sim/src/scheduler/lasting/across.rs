//! What judges nodes for the pods of any class by what it has to know of one: one node for many classes at once, where lanes of vectors are
//! classes and the node's load is the same in all of them; or many nodes for one class.

use super::block::{LANES, LoadBlock};
use super::lanes::Lanes;
use super::share_work::ShareScore;
use crate::cluster::NodeLoad;
use std::rc::Rc;

/// What a judge has to know of a class to judge a node for its pods.
pub type Asks = [f64; 3];

/// The asks of many classes as columns.
#[derive(Clone, Debug, Default)]
pub struct AskColumns([Vec<f64>; 3]);

/// The part of a [`NodeFilter`](super::NodeFilter) or [`NodeScore`](super::NodeScore) that is the same for all classes, and what it has to
/// know of one of them. The judges that a plugin gives for two classes may differ in nothing but asks.
#[derive(Clone, Debug)]
pub struct Across<J: ?Sized> {
    /// What judges.
    pub judge: Rc<J>,
    /// What it has to know.
    pub asks: Asks,
}

/// Filters nodes for any class.
pub trait ClassFilter {
    /// Clears, in `fits`, the lanes of the classes whose pods the node refuses. The others stay as they are. The load is exact.
    fn narrow(&self, load: &NodeLoad, asks: &AskColumns, fits: &mut [bool]);

    /// Clears, in `fits`, the lanes of the nodes that refuse the pods of one class. The others stay as they are. There is one list of
    /// lanes for each block. Of a node that is not exact it may say anything.
    fn narrow_nodes(&self, blocks: &[LoadBlock], asks: &Asks, fits: &mut [[bool; LANES]]);

    /// How much room a node must have for a pod of the class if it looks at nothing else: of CPU, of memory, and places for pods. It is
    /// at least what the pod requests, or less than any node has if that is nothing.
    fn room(&self, _asks: &Asks) -> Option<[f64; 3]> {
        None
    }
}

/// Scores nodes for any class.
pub trait ClassScore {
    /// Adds `weight` times the score, a whole number from 0 to [`MAX_NODE_SCORE`](crate::scheduler::MAX_NODE_SCORE), to the lanes of the
    /// classes in `totals`. The load is exact.
    fn add(&self, load: &NodeLoad, asks: &AskColumns, weight: f64, totals: &mut [f64]);

    /// The same for one class, to the lanes of the nodes. To that of a node that is not exact it may add anything.
    fn add_nodes(&self, blocks: &[LoadBlock], asks: &Asks, weight: f64, totals: &mut [Lanes]);

    /// What does the same in numbers of 32 bits, where nodes have the room that the pods request: if there is something.
    fn by_shares(&self) -> Option<&dyn ShareScore> {
        None
    }
}

impl AskColumns {
    /// The columns, with one number for each class.
    #[inline]
    pub fn columns(&self) -> [&[f64]; 3] {
        self.0.each_ref().map(Vec::as_slice)
    }

    /// What the judge has to know of the class in a lane.
    pub fn get(&self, lane: usize) -> Asks {
        self.0.each_ref().map(|column| column[lane])
    }

    /// Sets what the judge has to know of the class in a lane.
    pub fn set(&mut self, lane: usize, asks: Asks) {
        for (column, ask) in self.0.iter_mut().zip(asks) {
            column[lane] = ask;
        }
    }

    /// Has so many lanes from now on. New ones hold numbers that may be computed with.
    pub fn resize(&mut self, lanes: usize) {
        self.0.iter_mut().for_each(|column| column.resize(lanes, 0.0));
    }
}
