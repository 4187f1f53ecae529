//! A list that grows without moving what is in it: to copy a hundred megabytes takes time, and for that moment twice the memory.

use std::ops::{Index, IndexMut};

/// Entries per page.
const PAGE: usize = 1 << 11;

/// A list in pages.
#[derive(Debug)]
pub(super) struct Pages<T>(Vec<Vec<T>>);

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pages<T> {
    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * PAGE + last.len())
    }

    /// Adds an entry at the end.
    #[inline]
    pub(super) fn push(&mut self, entry: T) {
        if self.0.last().is_none_or(|last| last.len() == PAGE) {
            self.0.push(Vec::with_capacity(PAGE));
        }
        self.0.last_mut().expect("there is one now").push(entry);
    }

    /// The entry of this number, if there is one.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&T> {
        self.0.get(index / PAGE)?.get(index % PAGE)
    }

    /// The entry of this number, to be changed.
    #[inline]
    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.0.get_mut(index / PAGE)?.get_mut(index % PAGE)
    }

    /// The entries in their order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

impl<T> Index<usize> for Pages<T> {
    type Output = T;

    #[inline]
    fn index(&self, index: usize) -> &T {
        &self.0[index / PAGE][index % PAGE]
    }
}

impl<T> IndexMut<usize> for Pages<T> {
    #[inline]
    fn index_mut(&mut self, index: usize) -> &mut T {
        &mut self.0[index / PAGE][index % PAGE]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_across_pages() {
        let mut pages = Pages::default();
        let count = 2 * PAGE + 3;
        for number in 0..count {
            assert_eq!(pages.len(), number);
            pages.push(number);
        }
        pages[PAGE] += 1;
        *pages.get_mut(0).expect("the first") = 7;
        let expected =
            (0..count).map(|number| [number, 7, PAGE + 1][usize::from(number == 0) + 2 * usize::from(number == PAGE)]);
        assert!(pages.iter().copied().eq(expected));
        assert_eq!([pages[PAGE - 1], pages[2 * PAGE + 2]], [PAGE - 1, 2 * PAGE + 2]);
        assert_eq!(pages.get(count), None);
        assert_eq!(pages.get(9 * PAGE), None);
    }
}
