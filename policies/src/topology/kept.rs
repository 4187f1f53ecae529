//! What is kept as long as somebody needs it.

use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::hash::Hash;
use std::rc::{Rc, Weak};

/// Values by what they follow from. One that nobody holds is forgotten.
#[derive(Debug)]
pub(crate) struct Kept<K, V> {
    known: FxHashMap<K, Weak<RefCell<V>>>,
    /// When there are so many, those that nobody holds are looked for.
    sweep_at: usize,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { known: FxHashMap::default(), sweep_at: 64 }
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    /// The value that follows from this, made if nobody holds it.
    pub(crate) fn get(&mut self, key: K, make: impl FnOnce() -> V) -> Rc<RefCell<V>> {
        if let Some(known) = self.known.get(&key).and_then(Weak::upgrade) {
            return known;
        }
        if self.known.len() >= self.sweep_at {
            self.known.retain(|_, value| value.strong_count() > 0);
            self.sweep_at = 2 * self.known.len() + 64;
        }
        let value = Rc::new(RefCell::new(make()));
        self.known.insert(key, Rc::downgrade(&value));
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_holds_is_shared_and_the_rest_forgotten() {
        let mut kept: Kept<u32, u32> = Kept::default();
        let one = kept.get(1, || 10);
        assert!(Rc::ptr_eq(&one, &kept.get(1, || 11)));
        for key in 2..1000 {
            drop(kept.get(key, || key));
        }
        assert!(kept.known.len() < 200);
        drop(one);
        assert_eq!(*kept.get(1, || 12).borrow(), 12);
    }
}
