//! Events that are some way off: a radix heap over their times.
//!
//! Source: R. K. Ahuja et al., "Faster algorithms for the shortest path problem", Journal of the ACM 37 (1990), section 3: keys
//! that never decrease are sorted by their highest bit that differs from the last one taken. An event is looked at a few times
//! in its life, in passing, instead of being compared with a dozen others that are all over the memory.

use super::entry::Entry;
use crate::prefetch::prefetch_bytes;
use crate::time::SimTime;

/// Entries per chunk.
const CHUNK: usize = 32;
/// A bucket of so many entries or fewer is not divided any further, and the first buckets are handed out together up to so many.
const FEW: u32 = 32;
/// One bucket for each bit of a time that may be the highest that differs, and one for no difference.
const BUCKETS: usize = 65;
/// No chunk.
const NONE: u32 = u32::MAX;

/// A heap of entries whose times never go back. It hands out the first few of them together.
#[derive(Debug)]
pub(super) struct Future {
    /// No entry is before it.
    base: SimTime,
    buckets: [Bucket; BUCKETS],
    /// Which buckets have entries, one bit each.
    filled: u128,
    /// All buckets' chunks one after another, [`CHUNK`] entries each.
    entries: Vec<Entry>,
    /// The chunk after each in its bucket, or among the free ones.
    next: Vec<u32>,
    free: u32,
}

/// Entries whose times differ from the base in the same highest bit, in no order.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// The chunk that is being filled, which links to the full ones.
    chunk: u32,
    len: u32,
    earliest: SimTime,
}

const EMPTY: Bucket = Bucket { chunk: NONE, len: 0, earliest: SimTime::MAX };

impl Default for Future {
    fn default() -> Self {
        let buckets = [EMPTY; BUCKETS];
        Self { base: SimTime::ZERO, buckets, filled: 0, entries: Vec::new(), next: Vec::new(), free: NONE }
    }
}

impl Future {
    /// Adds an entry, not before any that was handed out.
    #[inline]
    pub(super) fn push(&mut self, entry: Entry) {
        let index = self.bucket_of(entry.at());
        let Bucket { mut chunk, len, earliest } = self.buckets[index];
        let place = len as usize % CHUNK;
        if place == 0 {
            chunk = self.new_chunk(chunk);
        }
        self.entries[chunk as usize * CHUNK + place] = entry;
        self.buckets[index] = Bucket { chunk, len: len + 1, earliest: earliest.min(entry.at()) };
        self.filled |= 1 << index;
    }

    /// When the first entry is due.
    #[inline]
    pub(super) fn first_time(&self) -> Option<SimTime> {
        (self.filled != 0).then(|| self.buckets[self.filled.trailing_zeros() as usize].earliest)
    }

    /// Hands out the first few entries, in no order. Gives the instant before which all of them are, and none that is left.
    #[inline]
    pub(super) fn take_first(&mut self, mut take: impl FnMut(Entry)) -> Option<SimTime> {
        let mut taken = 0;
        let mut last = None;
        while self.filled != 0 {
            let index = self.filled.trailing_zeros() as usize;
            if last.is_some() && taken + self.buckets[index].len > FEW {
                break;
            }
            let bucket = std::mem::replace(&mut self.buckets[index], EMPTY);
            self.filled ^= 1 << index;
            if last.is_none() {
                self.base = bucket.earliest;
            }
            if index == 0 || bucket.len <= FEW {
                taken += bucket.len;
                self.drain(bucket, |_, entry| {
                    last = last.max(Some(entry.at()));
                    take(entry);
                });
            } else {
                self.drain(bucket, Self::push);
            }
        }
        last.map(|last| SimTime(last.0.saturating_add(1)))
    }

    /// Gives each entry of a bucket that was taken out, and frees each chunk when it is done.
    fn drain(&mut self, bucket: Bucket, mut give: impl FnMut(&mut Self, Entry)) {
        let Bucket { mut chunk, mut len, .. } = bucket;
        while len > 0 {
            let in_chunk = (len as usize - 1) % CHUNK + 1;
            let start = chunk as usize * CHUNK;
            // What was planned long ago is in no cache. The chunk after this one comes while this one is given.
            let after = self.next[chunk as usize] as usize * CHUNK;
            if let Some(first) = self.entries.get(after) {
                prefetch_bytes(first, CHUNK * size_of::<Entry>());
            }
            for place in start..start + in_chunk {
                let entry = self.entries[place];
                give(self, entry);
            }
            let following = std::mem::replace(&mut self.next[chunk as usize], self.free);
            self.free = chunk;
            chunk = following;
            len -= in_chunk as u32;
        }
    }

    const fn bucket_of(&self, at: SimTime) -> usize {
        (u64::BITS - (at.0 ^ self.base.0).leading_zeros()) as usize
    }

    /// An unused chunk, linked to another one.
    fn new_chunk(&mut self, following: u32) -> u32 {
        let chunk = self.free;
        if chunk == NONE {
            self.entries.resize(self.entries.len() + CHUNK, Entry::default());
            self.next.push(following);
            return (self.next.len() - 1) as u32;
        }
        self.free = self.next[chunk as usize];
        self.next[chunk as usize] = following;
        chunk
    }
}
