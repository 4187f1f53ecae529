//! What a run says is put into words and into files by a thread beside it.
//!
//! A row of a table or an event takes about as long to write as a decision to make. The run only notes what is to be said, as bytes in a
//! batch; the clerk in the other thread reads batch after batch in the order in which they were noted, so that files do not depend on who is
//! faster. Nothing comes back to the run but batches that have been read.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

/// So many bytes are noted before they are handed over.
const BATCH: usize = 1 << 17;

/// So many batches may wait; then the run waits for the clerk.
const WAITING: usize = 8;

/// Takes what is noted.
pub(super) trait Clerk: Send + 'static {
    /// Notes, whole ones, in order.
    fn take(&mut self, notes: Notes<'_>);
}

/// A clerk in a thread of its own, and what has been noted for it.
#[derive(Debug)]
pub(super) struct Background<C> {
    batch: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    read: Receiver<Vec<u8>>,
    clerk: JoinHandle<C>,
}

impl<C: Clerk> Background<C> {
    /// A clerk begins to work.
    ///
    /// # Errors
    /// The system has no thread to spare.
    pub(super) fn new(mut clerk: C) -> io::Result<Self> {
        let (full, batches) = sync_channel::<Vec<u8>>(WAITING);
        let (done, read) = channel();
        let work = move || {
            for mut batch in batches {
                clerk.take(Notes(&batch));
                batch.clear();
                // At the end of the run nobody wants it back.
                let _ = done.send(batch);
            }
            clerk
        };
        let clerk = Builder::new().name("tables".to_owned()).spawn(work)?;
        Ok(Self { batch: Vec::with_capacity(BATCH + BATCH / 8), full, read, clerk })
    }

    /// Where the next note is added.
    #[inline]
    pub(super) fn pad(&mut self) -> Pad<'_> {
        if self.batch.len() >= BATCH {
            self.hand_over();
        }
        Pad(&mut self.batch)
    }

    fn hand_over(&mut self) {
        let next = self.read.try_recv().unwrap_or_default();
        let batch = std::mem::replace(&mut self.batch, next);
        // A clerk that is gone has panicked, which is told when it is called for.
        let _ = self.full.send(batch);
    }

    /// Waits until everything has been read, and gives the clerk back.
    pub(super) fn finish(mut self) -> C {
        self.hand_over();
        drop(self.full);
        self.clerk.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Where notes are written.
pub(super) struct Pad<'b>(&'b mut Vec<u8>);

impl Pad<'_> {
    /// A small number, such as what follows.
    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A whole number.
    #[inline]
    pub(super) fn whole(&mut self, number: i64) {
        self.0.extend_from_slice(&number.to_ne_bytes());
    }

    /// A text, in parts that belong together.
    #[inline]
    pub(super) fn text(&mut self, parts: &[&str]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.0.extend_from_slice(&(length as u32).to_ne_bytes());
        for part in parts {
            self.0.extend_from_slice(part.as_bytes());
        }
    }
}

/// Notes as they are read: everything comes out as it went in. Reading something else than what was written is a bug of ours.
pub(super) struct Notes<'b>(&'b [u8]);

impl<'b> Notes<'b> {
    /// Whether all have been read.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn bytes(&mut self, count: usize) -> &'b [u8] {
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    /// A small number.
    pub(super) fn byte(&mut self) -> u8 {
        self.bytes(1)[0]
    }

    /// A whole number.
    pub(super) fn whole(&mut self) -> i64 {
        i64::from_ne_bytes(self.bytes(8).try_into().expect("eight bytes"))
    }

    /// A text.
    pub(super) fn text(&mut self) -> &'b str {
        let length = u32::from_ne_bytes(self.bytes(4).try_into().expect("four bytes"));
        std::str::from_utf8(self.bytes(length as usize)).expect("a text that was noted as one")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Listener(Vec<(i64, String)>);

    impl Clerk for Listener {
        fn take(&mut self, mut notes: Notes<'_>) {
            while !notes.is_empty() {
                assert_eq!(notes.byte(), 7);
                self.0.push((notes.whole(), notes.text().to_owned()));
            }
        }
    }

    #[test]
    fn everything_comes_in_order() {
        let mut background = Background::new(Listener::default()).unwrap();
        // More than all batches that may wait.
        let count = (BATCH * (WAITING + 4) / 16) as i64;
        for number in 0..count {
            let mut pad = background.pad();
            pad.byte(7);
            pad.whole(number - 5);
            pad.text(&["a", "", "é"]);
        }
        let heard = background.finish().0;
        assert_eq!(heard.len() as i64, count);
        assert!(heard.iter().enumerate().all(|(place, (number, text))| place as i64 == number + 5 && text == "aé"));
        assert!(Background::new(Listener::default()).unwrap().finish().0.is_empty());
    }
}
