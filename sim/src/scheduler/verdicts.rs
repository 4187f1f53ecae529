//! The verdicts that have occurred, by number.

use super::verdict::Verdict;
use rustc_hash::FxHashMap;

/// A verdict by number: 0 for "fits".
pub(super) type VerdictId = u32;

/// The verdicts that have occurred, each with its plugin.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    list: Vec<(usize, Verdict)>,
    ids: FxHashMap<(usize, Verdict), VerdictId>,
}

impl Verdicts {
    /// The number of a verdict.
    pub(super) fn intern(&mut self, refused: Option<(usize, Verdict)>) -> VerdictId {
        let Some(refused) = refused else { return 0 };
        if let Some(&id) = self.ids.get(&refused) {
            return id;
        }
        self.list.push(refused.clone());
        let id = self.list.len() as VerdictId;
        self.ids.insert(refused, id);
        id
    }

    /// The verdict of a number other than 0, with its plugin.
    pub(super) fn get(&self, id: VerdictId) -> &(usize, Verdict) {
        &self.list[id as usize - 1]
    }
}
