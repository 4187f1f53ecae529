//! The fingerprint: a 128-bit hash of every change of state, in order.

use crate::time::SimTime;
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// So many bytes are hashed at once. What is folded is mostly a few bytes long, and hashing takes more code than that is worth.
const ROOM: usize = 512;

/// So many words are folded together.
const AT_ONCE: usize = 8;

/// A running hash. Two runs with the same fingerprint went through the same states at the same times.
#[derive(Clone, Debug)]
pub struct Fingerprint {
    hasher: SipHasher13,
    /// What has been folded and not been hashed.
    waiting: [u8; ROOM],
    len: usize,
}

impl Default for Fingerprint {
    fn default() -> Self {
        Self { hasher: SipHasher13::default(), waiting: [0; ROOM], len: 0 }
    }
}

impl Fingerprint {
    /// Folds a change: when, of what kind, and the numbers that describe it.
    #[inline]
    pub fn fold(&mut self, at: SimTime, kind: u8, words: &[u64]) {
        let (first, rest) = words.split_at(words.len().min(AT_ONCE));
        let place = self.room_for(9 + 8 * first.len());
        place[..8].copy_from_slice(&at.0.to_le_bytes());
        place[8] = kind;
        for (place, word) in place[9..].chunks_exact_mut(8).zip(first) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        for word in rest {
            self.room_for(8).copy_from_slice(&word.to_le_bytes());
        }
    }

    /// Folds a change that two numbers describe. They come in registers: a pair in memory would be read as a whole just after it was written
    /// in parts, and wait for all that was written before.
    #[inline(never)]
    pub(super) fn fold_change(&mut self, at: SimTime, kind: u8, first: u64, second: u64) {
        self.fold(at, kind, &[first, second]);
    }

    /// Folds a name.
    pub fn fold_name(&mut self, name: &str) {
        self.fold_name_bytes(name.as_bytes());
    }

    /// Folds the bytes of a name.
    pub(super) fn fold_name_bytes(&mut self, name: &[u8]) {
        if name.len() >= ROOM {
            self.hash();
            self.hasher.write(name);
            self.hasher.write_u8(0xff);
            return;
        }
        let place = self.room_for(name.len() + 1);
        place[..name.len()].copy_from_slice(name);
        place[name.len()] = 0xff;
    }

    /// The hash so far.
    pub fn value(&self) -> u128 {
        let mut hasher = self.hasher;
        hasher.write(&self.waiting[..self.len]);
        hasher.finish128().as_u128()
    }

    /// The place for so many more bytes, at most [`ROOM`].
    #[inline]
    fn room_for(&mut self, bytes: usize) -> &mut [u8] {
        if self.len + bytes > ROOM {
            self.hash();
        }
        let start = self.len;
        self.len += bytes;
        &mut self.waiting[start..start + bytes]
    }

    #[inline(never)]
    fn hash(&mut self) {
        self.hasher.write(&self.waiting[..self.len]);
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a hasher that is given everything at once, piece by piece.
    #[test]
    fn it_is_the_hash_of_all_bytes_in_order() {
        let (mut fingerprint, mut plain) = (Fingerprint::default(), SipHasher13::default());
        let long = "n".repeat(ROOM + 1);
        for number in 0..1000_u64 {
            let at = SimTime(number as i64 * 7);
            let words = vec![number; (number % 11) as usize];
            fingerprint.fold(at, number as u8, &words);
            plain.write(&at.0.to_le_bytes());
            plain.write(&[number as u8]);
            for word in words {
                plain.write(&word.to_le_bytes());
            }
            let name = if number % 100 == 99 { &*long } else { &long[..(number % 40) as usize] };
            fingerprint.fold_name(name);
            plain.write(name.as_bytes());
            plain.write(&[0xff]);
            assert_eq!(fingerprint.value(), plain.finish128().as_u128());
        }
    }
}
