//! What a run says is put into words and into files by a thread beside it.
//!
//! A row of a table or an event takes about as long to write as a decision to make. The run only notes what is to be said, as bytes in a
//! batch; the clerk in the other thread reads batch after batch in the order in which they were noted, so that files do not depend on who is
//! faster. Nothing comes back to the run but batches that have been read.

use std::fmt::Debug;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

/// So many bytes are noted at most before they are handed over.
const BATCH: usize = 1 << 17;

/// Of a short run less is, so that it does not end long before its clerks do: a sixteenth of what has been noted, and so many bytes at least.
const LEAST: usize = 1 << 15;
const SHARE: usize = 16;

/// So many batches may wait; then the run waits for the clerk.
const WAITING: usize = 8;

/// Takes what is noted.
pub(super) trait Clerk: Send + 'static {
    /// What is left of its work.
    type Done: Debug + Send;

    /// Notes, whole ones, in order.
    fn take(&mut self, notes: Notes<'_>);

    /// Everything has been noted.
    fn finish(self) -> Self::Done;
}

/// A clerk in a thread of its own, and what has been noted for it.
#[derive(Debug)]
pub(super) struct Background<C: Clerk> {
    /// Of the length that batches have, so that a note is written where it stays.
    batch: Vec<u8>,
    /// How much of it has been noted.
    end: usize,
    /// How much is noted before it is handed over.
    most: usize,
    /// How much has been handed over.
    before: usize,
    full: SyncSender<(Vec<u8>, usize)>,
    read: Receiver<Vec<u8>>,
    /// Behind the channel, without which it ends.
    clerk: Ending<C::Done>,
}

/// A clerk that will have been told everything, and may still be at work. Nobody goes before it has ended: its files are there to be removed then.
#[derive(Debug)]
pub(super) struct Ending<Done>(Option<JoinHandle<Done>>);

impl<C: Clerk> Background<C> {
    /// A clerk begins to work.
    ///
    /// # Errors
    /// The system has no thread to spare.
    pub(super) fn new(mut clerk: C) -> io::Result<Self> {
        let (full, batches) = sync_channel::<(Vec<u8>, usize)>(WAITING);
        let (done, read) = channel();
        let work = move || {
            for (batch, end) in batches {
                clerk.take(Notes(&batch[..end]));
                // At the end of the run nobody wants it back.
                let _ = done.send(batch);
            }
            clerk.finish()
        };
        let clerk = Ending(Some(Builder::new().name("tables".to_owned()).spawn(work)?));
        Ok(Self { batch: empty_batch(), end: 0, most: LEAST, before: 0, full, read, clerk })
    }

    /// Where the next note is added.
    #[inline]
    pub(super) fn pad(&mut self) -> Pad<'_> {
        if self.end >= self.most {
            self.hand_over();
        }
        Pad { end: self.end, batch: &mut self.batch, noted: &mut self.end }
    }

    fn hand_over(&mut self) {
        let next = self.read.try_recv().unwrap_or_else(|_| empty_batch());
        let batch = std::mem::replace(&mut self.batch, next);
        let end = std::mem::take(&mut self.end);
        self.before += end;
        self.most = (self.before / SHARE).clamp(LEAST, BATCH);
        // A clerk that is gone has panicked, which is told when it is called for.
        let _ = self.full.send((batch, end));
    }

    /// Everything has been noted.
    pub(super) fn end(mut self) -> Ending<C::Done> {
        self.hand_over();
        self.clerk
    }
}

impl<Done> Ending<Done> {
    /// Waits until everything has been read, and what has to be done at the end.
    pub(super) fn wait(mut self) -> Done {
        let clerk = self.0.take().expect("it has not been waited for");
        clerk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl<Done> Drop for Ending<Done> {
    fn drop(&mut self) {
        // What it has to say nobody asks for any more.
        let _ = self.0.take().map(JoinHandle::join);
    }
}

/// A batch with room for a last note that begins just before its end.
fn empty_batch() -> Vec<u8> {
    vec![0; BATCH + BATCH / 8]
}

/// Where a note is written: in few bytes, because all of them go from one processor's memory to another one's.
pub(super) struct Pad<'b> {
    batch: &'b mut Vec<u8>,
    end: usize,
    /// Where the end belongs when the pad is given up: until then it is best kept here.
    noted: &'b mut usize,
}

impl Pad<'_> {
    /// A number with a tag below 16, in as many bytes as it needs and one more.
    #[inline]
    pub(super) fn tagged(&mut self, tag: u8, number: i64) {
        // The sign is in the lowest bit: numbers near zero need few bytes.
        let zigzag = ((number << 1) ^ (number >> 63)) as u64;
        let needed = (u64::BITS - zigzag.leading_zeros()).div_ceil(8);
        let mut bytes = [tag | (needed as u8) << 4; 9];
        bytes[1..].copy_from_slice(&zigzag.to_le_bytes());
        // All are written, and the next ones over those that are not needed: a copy of a fixed length takes no time.
        self.place(bytes.len()).copy_from_slice(&bytes);
        self.end += 1 + needed as usize;
    }

    /// A whole number.
    #[inline]
    pub(super) fn whole(&mut self, number: i64) {
        self.tagged(0, number);
    }

    /// A text.
    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.whole(text.len() as i64);
        self.letters(text.as_bytes());
    }

    /// The bytes of a text, whose length is noted elsewhere.
    #[inline]
    pub(super) fn letters(&mut self, letters: &[u8]) {
        self.place(letters.len()).copy_from_slice(letters);
        self.end += letters.len();
    }

    /// The next bytes.
    #[inline]
    fn place(&mut self, count: usize) -> &mut [u8] {
        let end = self.end + count;
        if end > self.batch.len() {
            self.lengthen(end);
        }
        &mut self.batch[self.end..end]
    }

    #[cold]
    fn lengthen(&mut self, end: usize) {
        self.batch.resize(end.next_multiple_of(BATCH), 0);
    }
}

impl Drop for Pad<'_> {
    #[inline]
    fn drop(&mut self) {
        *self.noted = self.end;
    }
}

/// Notes as they are read: everything comes out as it went in. Reading something else than what was written is a bug of ours.
pub(super) struct Notes<'b>(&'b [u8]);

impl<'b> Notes<'b> {
    /// Whether all have been read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many bytes.
    pub(super) fn bytes(&mut self, count: usize) -> &'b [u8] {
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    /// A number with its tag.
    pub(super) fn tagged(&mut self) -> (u8, i64) {
        let first = self.bytes(1)[0];
        let needed = usize::from(first >> 4);
        let mut bytes = [0; 8];
        bytes[..needed].copy_from_slice(self.bytes(needed));
        let zigzag = u64::from_le_bytes(bytes);
        (first & 15, (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// A whole number.
    pub(super) fn whole(&mut self) -> i64 {
        self.tagged().1
    }

    /// A text.
    pub(super) fn text(&mut self) -> &'b str {
        let length = self.whole();
        self.letters(length as usize)
    }

    /// A text of so many bytes.
    pub(super) fn letters(&mut self, length: usize) -> &'b str {
        std::str::from_utf8(self.bytes(length)).expect("a text that was noted as one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Listener(Vec<(i64, String)>);

    impl Clerk for Listener {
        type Done = Vec<(i64, String)>;

        fn take(&mut self, mut notes: Notes<'_>) {
            while !notes.is_empty() {
                let (tag, number) = notes.tagged();
                assert_eq!(tag, 7);
                self.0.push((number, notes.text().to_owned()));
            }
        }

        fn finish(self) -> Self::Done {
            self.0
        }
    }

    #[test]
    fn everything_comes_in_order() {
        let mut background = Background::new(Listener::default()).unwrap();
        // More than all batches that may wait.
        let count = (BATCH * (WAITING + 4) / 8) as i64;
        let ends = [i64::MIN, i64::MAX, 0, -1, 127, 128, -128, -129];
        for number in (0..count).chain(ends) {
            let mut pad = background.pad();
            pad.tagged(7, number);
            pad.text("aé");
        }
        let heard = background.end().wait();
        assert!(heard.iter().map(|(number, _)| *number).eq((0..count).chain(ends)));
        assert!(heard.iter().all(|(_, text)| text == "aé"));
        // Texts that fit into a batch and that do not.
        let mut background = Background::new(Listener::default()).unwrap();
        let texts = [0, 1, 100, BATCH - 200, 300, 3 * BATCH, 0, 9].map(|length| "x".repeat(length));
        for text in &texts {
            let mut pad = background.pad();
            pad.tagged(7, -1);
            pad.text(text);
        }
        let heard = background.end().wait();
        assert!(heard.iter().map(|(number, text)| (*number, text)).eq(texts.iter().map(|text| (-1, text))));
        assert!(Background::new(Listener::default()).unwrap().end().wait().is_empty());
    }
}
