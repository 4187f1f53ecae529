//! Counts by domain, which can be copied cheaply and changed a little.

use super::Domain;
use smallvec::SmallVec;
use std::rc::Rc;

/// Rows of counts by domain. Copies share what was counted at first and have their own changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    counted: Rc<Vec<Vec<i64>>>,
    changes: SmallVec<[(usize, Domain, i64); 2]>,
    nonzero: usize,
}

impl Tally {
    /// What was counted: a row per label key, in it a number per domain.
    pub(crate) fn new(counted: Vec<Vec<i64>>) -> Self {
        let nonzero = counted.iter().flatten().filter(|count| **count != 0).count();
        Self { counted: Rc::new(counted), changes: SmallVec::new(), nonzero }
    }

    /// A count; 0 where nothing was counted.
    #[inline]
    pub(crate) fn get(&self, row: usize, domain: Domain) -> i64 {
        let counted = self.counted.get(row).and_then(|row| row.get(domain.index())).copied().unwrap_or(0);
        let changes = self.changes.iter().filter(|change| change.0 == row && change.1 == domain);
        counted + changes.map(|change| change.2).sum::<i64>()
    }

    /// Changes a count and gives the new one.
    pub(crate) fn add(&mut self, row: usize, domain: Domain, delta: i64) -> i64 {
        let before = self.get(row, domain);
        let after = before + delta;
        match (before == 0, after == 0) {
            (true, false) => self.nonzero += 1,
            (false, true) => self.nonzero -= 1,
            _ => {}
        }
        match self.changes.iter_mut().find(|change| change.0 == row && change.1 == domain) {
            Some(change) => change.2 += delta,
            None => self.changes.push((row, domain, delta)),
        }
        after
    }

    /// What was counted, with the changes, but for those where nothing was counted.
    pub(crate) fn settled(&self) -> Vec<Vec<i64>> {
        let mut counts = (*self.counted).clone();
        for &(row, domain, delta) in &self.changes {
            if let Some(count) = counts.get_mut(row).and_then(|row| row.get_mut(domain.index())) {
                *count += delta;
            }
        }
        counts
    }

    /// Whether every count is 0.
    pub(crate) fn is_zero(&self) -> bool {
        self.nonzero == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_change_alone() {
        let tally = Tally::new(vec![vec![0, 2]]);
        let two = Domain::EMPTY;
        let mut copy = tally.clone();
        assert_eq!(copy.add(0, two, 1), 1);
        assert_eq!(copy.add(0, two, -1), 0);
        assert_eq!(copy.add(1, two, -1), -1, "a row of its own");
        assert_eq!(copy.settled(), [[0, 2]]);
        copy.add(0, two, 5);
        assert_eq!(copy.settled(), [[5, 2]]);
        copy.add(0, two, -5);
        assert_eq!(tally.get(1, two), 0);
        assert!(!copy.is_zero());
        let mut nothing = Tally::new(vec![vec![0, 0]]);
        assert!(nothing.is_zero());
        nothing.add(0, two, -2);
        assert!(!nothing.is_zero(), "negative counts are counts");
        nothing.add(0, two, 2);
        assert!(nothing.is_zero());
    }
}
