//! How events become objects: those that say the same are counted and not written anew.
//!
//! Source: `client-go/tools/record/events_cache.go`.

use std::collections::{BTreeMap, BTreeSet};
use towtank_sim::time::{SimTime, Span};

/// From the tenth event on that differs from others in its message alone, within so long, they are told as one.
const MAX_SIMILAR: usize = 10;
const SIMILAR_WITHIN: Span = Span::from_secs(600);
/// Recordings leave out what follows another event about the same thing within so long.
const LEFT_OUT_WITHIN: Span = Span::from_millis(50);

#[derive(Debug, Default)]
pub(super) struct Recorder {
    similar: BTreeMap<String, Similar>,
    known: BTreeSet<String>,
    last: BTreeMap<String, SimTime>,
}

#[derive(Debug, Default)]
struct Similar {
    messages: BTreeSet<String>,
    last: Option<SimTime>,
}

impl Recorder {
    /// An event about a thing, by somebody, for a reason: the message with which a new event is written, or `None` where none is.
    pub(super) fn record(&mut self, now: SimTime, key: &str, message: &str) -> Option<String> {
        let similar = self.similar.entry(key.to_owned()).or_default();
        if similar.last.is_some_and(|last| now - last > SIMILAR_WITHIN) {
            similar.messages.clear();
        }
        similar.last = Some(now);
        similar.messages.insert(message.to_owned());
        let combined = similar.messages.len() >= MAX_SIMILAR;
        if combined {
            // One is forgotten for each that comes, so that they stay as many.
            while similar.messages.len() > MAX_SIMILAR {
                similar.messages.pop_first();
            }
        }
        let identity = if combined { key.to_owned() } else { format!("{key}\n{message}") };
        let is_new = self.known.insert(identity);
        let soon = self.last.insert(key.to_owned(), now).is_some_and(|last| now - last <= LEFT_OUT_WITHIN);
        if !is_new || soon {
            return None;
        }
        Some(if combined { format!("(combined from similar events): {message}") } else { message.to_owned() })
    }
}
