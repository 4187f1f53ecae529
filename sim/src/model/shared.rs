//! Values that many specifications have in common. The thousands of nodes of a cluster are of a few kinds: what the nodes of a kind
//! say alike is kept once.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

/// A value that others may share, and that takes no memory of its own where it is empty. A change makes a copy if there are others.
pub struct Shared<T>(Option<Arc<T>>);

/// What has an empty value, which is its default.
pub trait Empty: Default + 'static {
    /// The empty value.
    const EMPTY: &'static Self;

    /// Whether it is empty.
    fn is_empty(&self) -> bool;
}

impl<T: 'static> Empty for Vec<T> {
    const EMPTY: &'static Self = &Self::new();

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<T: Empty> Shared<T> {
    /// Takes over the other's value if it is equal, so that there is one of it.
    pub fn share(&mut self, other: &Self)
    where
        T: PartialEq,
    {
        if self.0.is_some() && self == other {
            self.0.clone_from(&other.0);
        }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Empty> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self((!value.is_empty()).then(|| Arc::new(value)))
    }
}

impl<T: Empty + From<[I; LEN]>, I, const LEN: usize> From<[I; LEN]> for Shared<T> {
    fn from(items: [I; LEN]) -> Self {
        T::from(items).into()
    }
}

impl<T: Empty + FromIterator<I>, I> FromIterator<I> for Shared<T> {
    fn from_iter<S: IntoIterator<Item = I>>(items: S) -> Self {
        T::from_iter(items).into()
    }
}

impl<T: Empty> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.as_deref().unwrap_or(T::EMPTY)
    }
}

impl<T: Empty + Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Arc::make_mut(self.0.get_or_insert_default())
    }
}

impl<T: Empty + PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs) || mine == theirs,
            _ => **self == **other,
        }
    }
}

impl<T: Empty + Eq> Eq for Shared<T> {}

impl<T: Empty + fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[expect(clippy::into_iter_without_iter, reason = "`iter` is that of the value")]
impl<'a, T: Empty> IntoIterator for &'a Shared<T>
where
    &'a T: IntoIterator,
{
    type Item = <&'a T as IntoIterator>::Item;
    type IntoIter = <&'a T as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (**self).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_become_one_until_one_of_them_changes() {
        let mut one: Shared<Vec<u8>> = vec![1, 2].into();
        let mut other = Shared::from(vec![1, 2]);
        assert!(one == other && !std::ptr::eq(&raw const *one, &raw const *other));
        other.share(&one);
        assert!(std::ptr::eq(&raw const *one, &raw const *other));
        one.push(3);
        assert_eq!((&*one, &*other), (&vec![1, 2, 3], &vec![1, 2]));
        one.share(&other);
        assert_eq!(*one, [1, 2, 3]);
        one.clear();
        assert_eq!(one, Shared::default());
    }
}
