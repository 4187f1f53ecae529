//! Amounts of resources by name, as manifests have them. Every class of pods and every node has several such lists, of two or three
//! names mostly.

use super::quantity::Quantity;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Index};
use std::sync::Arc;

/// Names that take no memory of their own.
const USUAL: [&str; 7] =
    ["cpu", "memory", "ephemeral-storage", "pods", "nvidia.com/gpu", super::gpu::GPU_MILLI, "hugepages-2Mi"];

/// The name of a resource.
#[derive(Clone)]
pub struct ResourceName(Kept);

#[derive(Clone)]
enum Kept {
    /// Its place in [`USUAL`].
    Usual(u8),
    Other(Arc<str>),
}

/// Resource amounts as manifests name them, in the order of names.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct ResourceList(Vec<(ResourceName, Quantity)>);

/// The place of a name in a list, see [`ResourceList::entry`].
pub struct ResourceEntry<'a> {
    list: &'a mut ResourceList,
    name: ResourceName,
}

impl ResourceList {
    /// An empty list.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The amount under a name.
    pub fn get(&self, name: &str) -> Option<&Quantity> {
        self.place(name).ok().map(|place| &self.0[place].1)
    }

    /// The amount under a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Quantity> {
        self.place(name).ok().map(|place| &mut self.0[place].1)
    }

    /// Whether the name is there.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_ok()
    }

    /// Sets the amount under a name, and gives the one before.
    pub fn insert(&mut self, name: impl Into<ResourceName>, quantity: Quantity) -> Option<Quantity> {
        let name = name.into();
        match self.place(&name) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, quantity)),
            Err(place) => {
                self.0.insert(place, (name, quantity));
                None
            }
        }
    }

    /// Takes out a name, and gives its amount.
    pub fn remove(&mut self, name: &str) -> Option<Quantity> {
        self.place(name).ok().map(|place| self.0.remove(place).1)
    }

    /// The place of a name, which may be missing.
    pub fn entry(&mut self, name: impl Into<ResourceName>) -> ResourceEntry<'_> {
        ResourceEntry { list: self, name: name.into() }
    }

    /// Keeps those for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&ResourceName, &mut Quantity) -> bool) {
        self.0.retain_mut(|(name, quantity)| keep(name, quantity));
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &ResourceName> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The amounts.
    pub fn values(&self) -> impl Iterator<Item = &Quantity> {
        self.0.iter().map(|(_, quantity)| quantity)
    }

    /// The amounts, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Quantity> {
        self.0.iter_mut().map(|(_, quantity)| quantity)
    }

    /// Names and amounts.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }
}

impl Index<&str> for ResourceList {
    type Output = Quantity;

    /// The amount under a name that is there.
    fn index(&self, name: &str) -> &Quantity {
        self.get(name).expect("a name of the list")
    }
}

impl<'a> ResourceEntry<'a> {
    /// The amount there, or this one.
    pub fn or_insert(self, quantity: Quantity) -> &'a mut Quantity {
        let Self { list, name } = self;
        let place = list.place(&name).unwrap_or_else(|place| {
            list.0.insert(place, (name, quantity));
            place
        });
        &mut list.0[place].1
    }

    /// The amount there, or 0.
    pub fn or_default(self) -> &'a mut Quantity {
        self.or_insert(Quantity::default())
    }
}

/// Names and amounts of a list.
type Iter<'a> = std::iter::Map<
    std::slice::Iter<'a, (ResourceName, Quantity)>,
    fn(&'a (ResourceName, Quantity)) -> (&'a ResourceName, &'a Quantity),
>;

impl<'a> IntoIterator for &'a ResourceList {
    type Item = (&'a ResourceName, &'a Quantity);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.0.iter().map(|(name, quantity)| (name, quantity))
    }
}

impl IntoIterator for ResourceList {
    type Item = (ResourceName, Quantity);
    type IntoIter = std::vec::IntoIter<(ResourceName, Quantity)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: Into<ResourceName>> Extend<(N, Quantity)> for ResourceList {
    fn extend<T: IntoIterator<Item = (N, Quantity)>>(&mut self, more: T) {
        for (name, quantity) in more {
            self.insert(name, quantity);
        }
    }
}

impl<N: Into<ResourceName>> FromIterator<(N, Quantity)> for ResourceList {
    fn from_iter<T: IntoIterator<Item = (N, Quantity)>>(entries: T) -> Self {
        let entries = entries.into_iter();
        let mut list = Self(Vec::with_capacity(entries.size_hint().0));
        list.extend(entries);
        list
    }
}

impl<N: Into<ResourceName>, const LEN: usize> From<[(N, Quantity); LEN]> for ResourceList {
    fn from(entries: [(N, Quantity); LEN]) -> Self {
        entries.into_iter().collect()
    }
}

impl fmt::Debug for ResourceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl ResourceName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Usual(place) => USUAL[usize::from(*place)],
            Kept::Other(name) => name,
        }
    }
}

impl From<&str> for ResourceName {
    fn from(name: &str) -> Self {
        let usual = USUAL.iter().position(|usual| *usual == name);
        Self(usual.map_or_else(|| Kept::Other(name.into()), |place| Kept::Usual(place as u8)))
    }
}

impl From<String> for ResourceName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<&String> for ResourceName {
    fn from(name: &String) -> Self {
        name.as_str().into()
    }
}

impl From<ResourceName> for String {
    fn from(name: ResourceName) -> Self {
        name.as_str().to_owned()
    }
}

impl Deref for ResourceName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for ResourceName {
    fn as_ref(&self) -> &str {
        self
    }
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for ResourceName {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kept::Usual(a), Kept::Usual(b)) => a == b,
            (Kept::Other(a), Kept::Other(b)) => a == b,
            // A usual name is always kept as one.
            _ => false,
        }
    }
}

impl PartialEq<str> for ResourceName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl Eq for ResourceName {}

impl PartialOrd for ResourceName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ResourceName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Kept::Usual(place) => place.hash(state),
            Kept::Other(name) => name.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert_eq, proptest};
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn a_list_is_a_map(steps: Vec<(u8, u8, i32)>) {
            let names = ["cpu", "memory", "pods", "example.com/card", "a", "zz"];
            let (mut list, mut map) = (ResourceList::new(), BTreeMap::<String, Quantity>::new());
            for (step, name, amount) in steps {
                let (name, amount) = (names[usize::from(name) % names.len()], Quantity::from_milli(amount.into()));
                match step % 4 {
                    0 => prop_assert_eq!(list.insert(name, amount), map.insert(name.to_owned(), amount)),
                    1 => prop_assert_eq!(list.remove(name), map.remove(name)),
                    2 => prop_assert_eq!(list.entry(name).or_insert(amount), map.entry(name.to_owned()).or_insert(amount)),
                    _ => prop_assert_eq!(list.get(name), map.get(name)),
                }
                let pairs = list.iter().map(|(name, quantity)| (name.to_string(), *quantity));
                prop_assert_eq!(pairs.collect::<Vec<_>>(), map.clone().into_iter().collect::<Vec<_>>());
                prop_assert_eq!(map.iter().map(|(name, quantity)| (name, *quantity)).collect::<ResourceList>(), list.clone());
            }
        }
    }

    #[test]
    fn a_list_is_small() {
        assert_eq!((size_of::<ResourceName>(), size_of::<(ResourceName, Quantity)>()), (16, 32));
    }
}
