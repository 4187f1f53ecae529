//! Columns of what many rows have in common.

use super::column::Column;
use super::pack::Pack;
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// Things of which many are the same: each one once, and by row which it is.
pub(super) struct Distinct<T> {
    /// In the order in which they came.
    pub(super) all: Vec<T>,
    /// Of places among them.
    pub(super) by_row: Column,
    places: FxHashMap<T, i64>,
    last: Option<(T, i64)>,
    /// Whether two are certainly the same, which is to be told faster than it is looked up.
    are_same: fn(T, T) -> bool,
}

impl<T: Copy + Eq + Hash> Distinct<T> {
    pub(super) fn new(name: &str, are_same: fn(T, T) -> bool) -> Self {
        Self { all: Vec::new(), by_row: Column::integers(name), places: FxHashMap::default(), last: None, are_same }
    }

    /// The next rows.
    pub(super) fn add(&mut self, rows: impl ExactSizeIterator<Item = T>) {
        let Self { all, by_row, places, last, are_same } = self;
        by_row.numbers(rows.map(|row| {
            // Rows that follow each other are often the same.
            if let Some((last, place)) = *last
                && are_same(last, row)
            {
                return place;
            }
            let place = *places.entry(row).or_insert_with(|| {
                all.push(row);
                all.len() as i64 - 1
            });
            *last = Some((row, place));
            place
        }));
    }
}

/// Texts of which many are the same.
pub(super) type Words<'t> = Distinct<&'t str>;

impl<'t> Words<'t> {
    /// Words that need not be read to know that they are the same where they are in the same place.
    pub(super) fn of_texts(name: &str) -> Self {
        Self::new(name, |one: &'t str, other: &'t str| std::ptr::eq(one, other))
    }

    /// Packs them: the column `NAME` says which of the texts in `NAME.words` is meant.
    pub(super) fn pack(self, name: &str, pack: &mut Pack) {
        pack.texts(&format!("{name}.words"), self.all.into_iter());
        pack.add(self.by_row);
    }
}

/// Packs a column of texts of which many are the same.
pub(super) fn pack_words<'t>(pack: &mut Pack, name: &str, rows: impl ExactSizeIterator<Item = &'t str>) {
    let mut words = Words::of_texts(name);
    words.add(rows);
    words.pack(name, pack);
}
