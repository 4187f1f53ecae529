//! What there is to say of nodes, numbered.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Lists of words, all of one length, each with a number that no other list gets.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    numbers: FxHashMap<SmallVec<[u64; 4]>, u64>,
    words: Vec<u64>,
    /// The lowest number that is not forgotten.
    first: u64,
}

impl KeyTable {
    /// The number of this list.
    #[inline]
    pub(crate) fn number(&mut self, words: &[u64]) -> u64 {
        if let Some(number) = self.numbers.get(words) {
            return *number;
        }
        let number = self.first + self.numbers.len() as u64;
        self.numbers.insert(words.into(), number);
        self.words.extend_from_slice(words);
        number
    }

    /// The list of this number, of so many words; `None` if it is forgotten.
    #[inline]
    pub(crate) fn words(&self, number: u64, length: usize) -> Option<&[u64]> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()? * length;
        self.words.get(at..at + length)
    }

    /// How many lists there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.first += self.numbers.len() as u64;
        self.numbers.clear();
        self.words.clear();
    }
}

/// Where a node is by one label key, as far as those care who keep sums by domain; as a word of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// It has not the label.
    Nowhere,
    /// In this shared domain.
    Shared(u32),
    /// In a domain of its own, of which this is to be said.
    Own(u64),
}

impl Whereabouts {
    /// As a word.
    #[inline]
    pub(crate) const fn word(self) -> u64 {
        match self {
            Self::Nowhere => 0,
            Self::Shared(domain) => 1 | (domain as u64) << 2,
            Self::Own(what) => 2 | what << 2,
        }
    }

    /// From a word.
    #[inline]
    pub(crate) const fn of(word: u64) -> Self {
        match word & 3 {
            0 => Self::Nowhere,
            1 => Self::Shared((word >> 2) as u32),
            _ => Self::Own(word >> 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_number_is_not_given_again() {
        let mut table = KeyTable::default();
        let old = [table.number(&[1, 2]), table.number(&[3, 4]), table.number(&[1, 2])];
        assert_eq!(old, [0, 1, 0]);
        assert_eq!(table.words(1, 2), Some(&[3, 4][..]));
        table.clear();
        assert_eq!((table.number(&[5]), table.words(1, 1), table.words(3, 1)), (2, None, None));
    }

    #[test]
    fn words_say_where_a_node_is() {
        for whereabouts in
            [Whereabouts::Nowhere, Whereabouts::Shared(u32::MAX), Whereabouts::Own(0), Whereabouts::Own(9)]
        {
            assert_eq!(Whereabouts::of(whereabouts.word()), whereabouts);
        }
    }
}
