//! Small maps by name. There are several in every class of pods and every node, of one to three entries mostly, for which a tree would take
//! half a kilobyte.

use super::shared::Empty;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, Index};

/// A map from names to values, in the order of names. It takes no more memory than its entries do; with many of them it is slow to fill.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListMap<K, V>(Vec<(K, V)>);

/// The place of a name, see [`ListMap::entry`].
pub struct ListEntry<'a, K, V> {
    map: &'a mut ListMap<K, V>,
    name: K,
}

impl<K, V> ListMap<K, V> {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps those for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// The names.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + Clone {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> Iter<'_, K, V> {
        self.into_iter()
    }
}

impl<K: Deref<Target = str>, V> ListMap<K, V> {
    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// The value under a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.place(name).ok().map(|place| &mut self.0[place].1)
    }

    /// Whether the name is there.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Sets the value under a name, and gives the one before.
    pub fn insert(&mut self, name: impl Into<K>, value: V) -> Option<V> {
        let name = name.into();
        match self.place(&name) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.insert_at(place, name, value);
                None
            }
        }
    }

    /// Takes out a name, and gives its value.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        self.place(name).ok().map(|place| self.0.remove(place).1)
    }

    /// The place of a name, which may be missing.
    pub fn entry(&mut self, name: impl Into<K>) -> ListEntry<'_, K, V> {
        ListEntry { map: self, name: name.into() }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }

    fn insert_at(&mut self, place: usize, name: K, value: V) {
        self.0.reserve_exact(1);
        self.0.insert(place, (name, value));
    }
}

impl<K: 'static, V: 'static> Empty for ListMap<K, V> {
    const EMPTY: &'static Self = &Self::new();

    fn is_empty(&self) -> bool {
        self.is_empty()
    }
}

impl<K, V> Default for ListMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Deref<Target = str>, V> Index<&str> for ListMap<K, V> {
    type Output = V;

    /// The value under a name that is there.
    fn index(&self, name: &str) -> &V {
        self.get(name).expect("a name of the map")
    }
}

impl<'a, K: Deref<Target = str>, V> ListEntry<'a, K, V> {
    /// The value there, or this one.
    pub fn or_insert(self, value: V) -> &'a mut V {
        self.or_insert_with(|| value)
    }

    /// The value there, or this one.
    pub fn or_insert_with(self, value: impl FnOnce() -> V) -> &'a mut V {
        let Self { map, name } = self;
        let place = map.place(&name).unwrap_or_else(|place| {
            map.insert_at(place, name, value());
            place
        });
        &mut map.0[place].1
    }

    /// The value there, or the default one.
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }
}

/// Names and values of a map.
type Iter<'a, K, V> = std::iter::Map<std::slice::Iter<'a, (K, V)>, fn(&'a (K, V)) -> (&'a K, &'a V)>;

impl<'a, K, V> IntoIterator for &'a ListMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl<K, V> IntoIterator for ListMap<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<K: Deref<Target = str>, V, N: Into<K>> Extend<(N, V)> for ListMap<K, V> {
    fn extend<T: IntoIterator<Item = (N, V)>>(&mut self, more: T) {
        for (name, value) in more {
            self.insert(name, value);
        }
    }
}

impl<K: Deref<Target = str>, V, N: Into<K>> FromIterator<(N, V)> for ListMap<K, V> {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(entries: T) -> Self {
        let mut map = Self::new();
        map.extend(entries);
        map
    }
}

impl<K: Deref<Target = str>, V, N: Into<K>, const LEN: usize> From<[(N, V); LEN]> for ListMap<K, V> {
    fn from(entries: [(N, V); LEN]) -> Self {
        entries.into_iter().collect()
    }
}

impl<K: Deref<Target = str> + From<N>, V, N> From<BTreeMap<N, V>> for ListMap<K, V> {
    fn from(map: BTreeMap<N, V>) -> Self {
        map.into_iter().collect()
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for ListMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn it_is_a_map(steps: Vec<(u8, u8, i32)>) {
            let names = ["cpu", "memory", "pods", "example.com/card", "a", "zz"];
            let (mut list, mut map) = (ListMap::<String, i32>::new(), BTreeMap::<String, i32>::new());
            for (step, name, value) in steps {
                let name = names[usize::from(name) % names.len()];
                match step % 4 {
                    0 => prop_assert_eq!(list.insert(name, value), map.insert(name.to_owned(), value)),
                    1 => prop_assert_eq!(list.remove(name), map.remove(name)),
                    2 => prop_assert_eq!(list.entry(name).or_insert(value), map.entry(name.to_owned()).or_insert(value)),
                    _ => prop_assert_eq!(list.get(name), map.get(name)),
                }
                prop_assert_eq!(list.iter().collect::<Vec<_>>(), map.iter().collect::<Vec<_>>());
                prop_assert_eq!(map.clone().into_iter().collect::<ListMap<String, i32>>(), list.clone());
                prop_assert_eq!(list.0.capacity() <= names.len(), true);
            }
        }
    }
}
