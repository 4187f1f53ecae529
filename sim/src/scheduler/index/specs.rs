//! What follows from the specifications of the nodes and from what a pod asks of them: shared by all classes that ask the
//! same, whatever they request.

use super::bits::{self, place};
use super::plan::Plan;
use super::positions::Positions;
use crate::cluster::Nodes;
use crate::scheduler::verdict::Verdict;
use smallvec::SmallVec;

/// The scores before normalisation, of the plugins whose scores are normalised.
pub(super) type Raw = SmallVec<[i64; 2]>;

/// The verdicts and scores that specifications decide, by position.
#[derive(Debug, Default)]
pub(super) struct Specs {
    /// Where no filter refuses the node.
    passes: Vec<u64>,
    /// The number of the scores that the node has, among `raws`.
    group: Vec<u16>,
    raws: Vec<Raw>,
    /// Whether scores differ in too many ways.
    overflow: bool,
    /// What they add to each sum, if all nodes have the same.
    added: Option<i64>,
    order: Option<u64>,
    seen: u64,
}

/// More different scores than that are not kept apart.
pub(super) const MAX_GROUPS: usize = 256;

impl Specs {
    /// The nodes of a block that no filter refuses.
    #[inline]
    pub(super) fn passing(&self, block: usize) -> u64 {
        self.passes[block]
    }

    /// Whether all nodes have the same scores.
    pub(super) fn is_uniform(&self) -> bool {
        self.raws.len() <= 1
    }

    /// The number of the node's scores, for [`Specs::raw`].
    #[inline]
    pub(super) fn group(&self, position: usize) -> u16 {
        self.group[position]
    }

    /// The scores of this number.
    pub(super) fn raw(&self, group: u16) -> &Raw {
        &self.raws[usize::from(group)]
    }

    /// What the scores add to each sum after normalisation; `None` if they are not the same for all nodes, or cannot be used.
    pub(super) fn addition(&mut self, plan: &Plan) -> Option<i64> {
        if !(self.is_uniform() && self.serves()) {
            return None;
        }
        Some(*self.added.get_or_insert_with(|| plan.addition(&self.raws[0])))
    }

    /// Whether it can be used.
    pub(super) fn serves(&self) -> bool {
        !self.overflow
    }

    /// Follows the nodes.
    pub(super) fn follow(&mut self, plan: &Plan, positions: &Positions, nodes: &Nodes) {
        let log = nodes.spec_log();
        if self.order == Some(positions.number())
            && let Some(changed) = log.since(self.seen)
        {
            if !changed.is_empty() {
                for position in changed.iter().filter_map(|id| positions.of(*id)) {
                    self.judge(position, plan, positions, nodes);
                }
                self.seen = log.end();
            }
            return;
        }
        *self = Self { order: Some(positions.number()), seen: log.end(), ..Self::default() };
        self.passes.resize(bits::blocks(positions.len()), 0);
        self.group.resize(positions.len(), 0);
        for position in 0..positions.len() {
            self.judge(position, plan, positions, nodes);
        }
    }

    fn judge(&mut self, position: usize, plan: &Plan, positions: &Positions, nodes: &Nodes) {
        let node = nodes.get(positions.ids()[position]);
        let mut by_spec = plan.filters.iter().filter(|filtering| filtering.by_spec);
        let (block, bit) = place(position);
        if by_spec.all(|filtering| filtering.filter.verdict(node) == Verdict::Fits) {
            self.passes[block] |= bit;
        } else {
            self.passes[block] &= !bit;
        }
        let raw: Raw = plan.normalized[..plan.normalized_by_spec].iter().map(|(_, score)| score.score(node)).collect();
        let known = self.raws.iter().position(|known| *known == raw);
        let group = known.unwrap_or_else(|| {
            self.overflow |= self.raws.len() >= MAX_GROUPS;
            if self.overflow {
                return 0;
            }
            self.raws.push(raw);
            self.raws.len() - 1
        });
        self.group[position] = group as u16;
    }
}
