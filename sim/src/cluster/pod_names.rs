//! The pods by name.

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher;

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

fn hash(namespace: &str, name: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(namespace.as_bytes());
    hasher.write(name.as_bytes());
    hasher.finish() as u32
}

/// A hash in as many bits as a table wants.
fn spread(hash: u32) -> u64 {
    // The golden ratio: what differs anywhere differs in the highest bits.
    u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
