//! The pods by name.

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher;

/// So many numbers are beside each other: their entries fill a cache line.
const BLOCK: u32 = 8;

/// More digits than this may be too large a number.
const MOST_DIGITS: usize = 9;

/// The slots of pods by namespace and name. The names themselves are in the slots.
#[derive(Debug, Default)]
pub(super) struct PodNames(HashTable<Named>);

/// A pod that has a name. The hash stands beside the slot: to compute it again for all pods, when the table grows, would read all of
/// them.
#[derive(Clone, Copy, Debug)]
struct Named {
    hash: u32,
    slot: u32,
}

impl PodNames {
    /// The slot of the pod of this name; `is_it` compares the name with that of a slot.
    pub(super) fn find(&self, namespace: &str, name: &str, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = hash(namespace, name);
        let found = self.0.find(spread(hash), |named| named.hash == hash && is_it(named.slot));
        found.map(|named| named.slot)
    }

    /// A pod has a name that nobody else has.
    pub(super) fn add(&mut self, namespace: &str, name: &str, slot: u32) {
        let hash = hash(namespace, name);
        self.0.insert_unique(spread(hash), Named { hash, slot }, |named| spread(named.hash));
    }

    /// The pod has the name no longer.
    pub(super) fn remove(&mut self, namespace: &str, name: &str, slot: u32) {
        if let Ok(entry) = self.0.find_entry(spread(hash(namespace, name)), |named| named.slot == slot) {
            entry.remove();
        }
    }
}

/// A hash that keeps names together that differ in the last number only: pods are mostly numbered, come in the order of their numbers and
/// go not much later, and then what is looked up is near what was looked up last.
fn hash(namespace: &str, name: &str) -> u32 {
    let (prefix, number) = split_number(name.as_bytes());
    let mut hasher = FxHasher::default();
    hasher.write(namespace.as_bytes());
    hasher.write(prefix);
    let block = mixed(hasher.finish() ^ u64::from(number / BLOCK));
    (block as u32 & !(BLOCK - 1)) | (number % BLOCK)
}

/// A hash in as many bits as a table wants: its lowest ones are where the name is, and its highest ones what it is told apart by there.
fn spread(hash: u32) -> u64 {
    (mixed(u64::from(hash)) & !u64::from(u32::MAX)) | u64::from(hash)
}

/// What differs anywhere differs in all of the upper half, which is in the lower one too.
fn mixed(number: u64) -> u64 {
    // The golden ratio.
    let product = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    product ^ (product >> 32)
}

/// A name without the digits at its end, and the number that they are; no more of them than a number has room for.
fn split_number(name: &[u8]) -> (&[u8], u32) {
    let is_no_digit = |byte: &u8| !byte.is_ascii_digit();
    let digits = name.iter().rev().take(MOST_DIGITS).position(is_no_digit).unwrap_or(name.len().min(MOST_DIGITS));
    let (prefix, digits) = name.split_at(name.len() - digits);
    (prefix, digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_what_is_before_them() {
        let cases =
            [("a-17", "a-", 17), ("a", "a", 0), ("", "", 0), ("42", "", 42), ("a-0017", "a-", 17), ("7b", "7b", 0)];
        for (name, prefix, number) in cases {
            assert_eq!(split_number(name.as_bytes()), (prefix.as_bytes(), number), "{name}");
        }
        assert_eq!(split_number(b"a-9999999999"), (&b"a-9"[..], 999_999_999));
    }

    #[test]
    fn names_that_look_alike_are_different_names() {
        let names = ["p-1", "p-01", "p-001", "p-2", "q-1", "p-", "p", "1", "01", "p-9000000001", "p-8000000001"];
        let mut table = PodNames::default();
        for (slot, name) in names.iter().enumerate() {
            table.add("default", name, slot as u32);
        }
        let find = |table: &PodNames, name: &str| table.find("default", name, |slot| names[slot as usize] == name);
        for (slot, name) in names.iter().enumerate() {
            assert_eq!(find(&table, name), Some(slot as u32), "{name}");
        }
        table.remove("default", "p-01", 1);
        assert_eq!([find(&table, "p-01"), find(&table, "p-1"), find(&table, "p-001")], [None, Some(0), Some(2)]);
        assert_eq!(table.find("other", "p-1", |_| false), None);
    }
}
