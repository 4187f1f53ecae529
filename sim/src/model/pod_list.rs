//! The pods of a node. Most come one by one and far apart, and then the end of the list is in no cache: so the node itself has the newest.

use super::PodId;
use std::fmt;
use std::iter::Chain;
use std::ops::Index;
use std::slice;

/// So many pods are in the node itself, at most.
const NEWEST: usize = 7;

/// Pods in a list.
#[derive(Clone)]
pub struct PodList {
    older: Vec<PodId>,
    /// How many of the places behind them have a pod.
    len: usize,
    newest: [PodId; NEWEST],
}

impl Default for PodList {
    /// No pods.
    fn default() -> Self {
        Self { older: Vec::new(), len: 0, newest: [PodId::new(0, 0); NEWEST] }
    }
}

impl PodList {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.older.len() + self.len
    }

    /// Whether there is none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pods in the order of the list.
    #[inline]
    pub fn iter(&self) -> Iter<'_> {
        self.older.iter().chain(&self.newest[..self.len])
    }

    /// A list of their own.
    pub fn to_vec(&self) -> Vec<PodId> {
        self.iter().copied().collect()
    }

    /// Whether a pod is among them.
    pub fn contains(&self, pod: &PodId) -> bool {
        self.iter().any(|other| other == pod)
    }

    /// The pod at a place.
    #[inline]
    pub fn get(&self, place: usize) -> Option<&PodId> {
        match place.checked_sub(self.older.len()) {
            None => self.older.get(place),
            Some(place) => self.newest[..self.len].get(place),
        }
    }

    /// The pod at the last place.
    #[inline]
    pub fn last(&self) -> Option<&PodId> {
        self.newest[..self.len].last().or(self.older.last())
    }

    /// Adds a pod at the end.
    #[inline]
    pub fn push(&mut self, pod: PodId) {
        if self.len == NEWEST {
            self.older.extend_from_slice(&self.newest);
            self.len = 0;
        }
        self.newest[self.len] = pod;
        self.len += 1;
    }

    /// Takes out the pod at a place, where the last one is then.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn swap_remove(&mut self, place: usize) -> PodId {
        let last = if self.len == 0 {
            self.older.pop().expect("a list with this place has pods")
        } else {
            self.len -= 1;
            self.newest[self.len]
        };
        let place = match place.checked_sub(self.older.len()) {
            None => &mut self.older[place],
            Some(place) if place < self.len => &mut self.newest[place],
            Some(place) => {
                assert!(place == self.len, "the list has this place");
                return last;
            }
        };
        std::mem::replace(place, last)
    }
}

impl Index<usize> for PodList {
    type Output = PodId;

    fn index(&self, place: usize) -> &PodId {
        self.get(place).expect("the list has this place")
    }
}

/// Pods in the order of a list.
type Iter<'a> = Chain<slice::Iter<'a, PodId>, slice::Iter<'a, PodId>>;

impl<'a> IntoIterator for &'a PodList {
    type Item = &'a PodId;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl fmt::Debug for PodList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prop_assert, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn it_is_as_any_other_list(steps in proptest::collection::vec((0_usize..4, 0_usize..100), 0..300)) {
            let (mut list, mut plain) = (PodList::default(), Vec::new());
            for (number, (step, place)) in steps.into_iter().enumerate() {
                if step == 0 && !plain.is_empty() {
                    let place = place % plain.len();
                    prop_assert_eq!(list.swap_remove(place), plain.swap_remove(place));
                } else if step == 1 {
                    prop_assert_eq!(list.get(place), plain.get(place));
                } else {
                    let pod = PodId::new(number as u32, 1);
                    list.push(pod);
                    plain.push(pod);
                }
                prop_assert_eq!((list.len(), list.is_empty(), list.last()), (plain.len(), plain.is_empty(), plain.last()));
                prop_assert_eq!(list.to_vec(), plain.clone());
                prop_assert!(plain.iter().all(|pod| list.contains(pod)));
            }
        }
    }
}
