//! Failures that are told of by number.

use towtank_sim::scheduler::FitError;

/// So many different failures are remembered with their words: pods often fail for the same reasons one after the other.
pub(super) const REMEMBERED: usize = 8;

/// The latest failures.
#[derive(Default)]
pub(super) struct Failures {
    /// By their numbers.
    known: Vec<FitError>,
    /// The number of the one that was told first, which is the next one to be forgotten when there are as many as are remembered.
    oldest: usize,
}

impl Failures {
    /// The number of a failure, if it is known.
    pub(super) fn number(&self, error: &FitError) -> Option<usize> {
        self.known.iter().position(|known| known.says_the_same(error))
    }

    /// The number of a failure that was not known, below [`REMEMBERED`].
    pub(super) fn remember(&mut self, error: FitError) -> usize {
        if self.known.len() < REMEMBERED {
            self.known.push(error);
            return self.known.len() - 1;
        }
        let number = self.oldest;
        self.known[number] = error;
        self.oldest = (number + 1) % REMEMBERED;
        number
    }
}
