//! The fingerprint: a 128-bit hash of every change of state, in order.

use crate::time::SimTime;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// A running hash. Two runs with the same fingerprint went through the same states at the same times.
#[derive(Clone, Debug, Default)]
pub struct Fingerprint(SipHasher13);

impl Fingerprint {
    /// Folds a change: when, of what kind, and the numbers that describe it.
    pub fn fold(&mut self, at: SimTime, kind: u8, words: &[u64]) {
        self.0.write_i64(at.0.to_le());
        self.0.write_u8(kind);
        for word in words {
            self.0.write_u64(word.to_le());
        }
    }

    /// Folds a name.
    pub fn fold_name(&mut self, name: &str) {
        self.0.write(name.as_bytes());
        self.0.write_u8(0xff);
    }

    /// The hash so far.
    pub fn value(&self) -> u128 {
        self.0.finish128().as_u128()
    }
}
