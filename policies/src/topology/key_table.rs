//! What there is to say of nodes, numbered.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Lists of words, all of one length, each with a small number.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    numbers: FxHashMap<SmallVec<[u64; 4]>, u32>,
    words: Vec<u64>,
}

impl KeyTable {
    /// The number of this list.
    #[inline]
    pub(crate) fn number(&mut self, words: &[u64]) -> u64 {
        if let Some(number) = self.numbers.get(words) {
            return u64::from(*number);
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(words.into(), number);
        self.words.extend_from_slice(words);
        u64::from(number)
    }

    /// The list of this number, of so many words.
    #[inline]
    pub(crate) fn words(&self, number: u64, length: usize) -> &[u64] {
        let first = number as usize * length;
        &self.words[first..first + length]
    }

    /// How many lists there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
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
