//! Which submissions are played: those of some users or queues, or a part of all.

use crate::error::{TraceError, list};
use crate::options::ReplayOptions;
use crate::record::{Event, Record};
use crate::repairs::Repairs;
use crate::shapes::{NameId, Shapes};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// What is asked for, and what was met.
#[derive(Debug)]
pub(super) struct Selection {
    users: Wanted,
    queues: Wanted,
    sample: Option<Sample>,
}

/// A part of all jobs, chosen by their names.
#[derive(Debug)]
struct Sample {
    seed: u64,
    /// Names whose hash is below it are in.
    below: u128,
}

/// Names that are asked for.
#[derive(Debug)]
struct Wanted {
    option: &'static str,
    /// The names; any will do if there are none.
    names: Vec<String>,
    /// Whether each of them was met.
    met: Vec<bool>,
    /// By name of the trace, which of `names` it is, as far as that is known.
    known: Vec<Known>,
    /// Other names that were met, the first ones.
    others: Vec<String>,
}

/// What is known of a name of the trace.
#[derive(Clone, Copy, Debug)]
enum Known {
    Nothing,
    /// It is not asked for.
    Other,
    /// It is.
    Wanted,
}

/// So many names are listed for those who mistyped theirs.
const LISTED: usize = 20;

impl Selection {
    pub(super) fn new(options: &ReplayOptions) -> Result<Self, TraceError> {
        let sample = match options.sample {
            None => None,
            Some(part) if part > 0.0 && part <= 1.0 => {
                Some(Sample { seed: options.seed, below: (part * (1_u128 << 64) as f64) as u128 })
            }
            Some(part) => {
                let (found, expected) = (part.to_string().into(), "a number above 0 and at most 1".into());
                return Err(TraceError::Option { option: "sample", found, expected });
            }
        };
        Ok(Self { users: Wanted::new("users", &options.users), queues: Wanted::new("queues", &options.queues), sample })
    }

    /// Whether the record is played. What is no submission is: it means nothing without one.
    #[inline]
    pub(super) fn takes(&mut self, record: &Record, shapes: &Shapes) -> bool {
        let Event::Submitted(job) = &record.event else { return true };
        (self.users.names.is_empty() || self.users.takes(job.user, shapes))
            && (self.queues.names.is_empty() || self.queues.takes(job.queue, shapes))
            && self
                .sample
                .as_ref()
                .is_none_or(|sample| sample.takes(job.group.as_ref().unwrap_or(&job.name).as_bytes()))
    }

    /// Says which names were never met.
    pub(super) fn finish(&self, repairs: &Repairs) -> Result<(), TraceError> {
        self.users.finish(repairs)?;
        self.queues.finish(repairs)
    }
}

impl Sample {
    fn takes(&self, name: &[u8]) -> bool {
        let mut hasher = SipHasher13::new_with_keys(self.seed, 0);
        hasher.write(name);
        u128::from(hasher.finish()) < self.below
    }
}

impl Wanted {
    fn new(option: &'static str, names: &[String]) -> Self {
        let met = vec![false; names.len()];
        Self { option, names: names.to_vec(), met, known: Vec::new(), others: Vec::new() }
    }

    fn takes(&mut self, name: Option<NameId>, shapes: &Shapes) -> bool {
        let Some(name) = name else { return false };
        if self.known.len() <= name.index() {
            self.known.resize(name.index() + 1, Known::Nothing);
        }
        if let Known::Nothing = self.known[name.index()] {
            self.known[name.index()] = self.look_up(shapes.text(name));
        }
        matches!(self.known[name.index()], Known::Wanted)
    }

    fn look_up(&mut self, text: &str) -> Known {
        if let Some(found) = self.names.iter().position(|wanted| wanted == text) {
            self.met[found] = true;
            return Known::Wanted;
        }
        if self.others.len() < LISTED {
            self.others.push(text.to_owned());
        }
        Known::Other
    }

    fn finish(&self, repairs: &Repairs) -> Result<(), TraceError> {
        let unmet: Vec<&str> =
            self.names.iter().zip(&self.met).filter(|(_, met)| !**met).map(|(n, _)| n.as_str()).collect();
        if unmet.is_empty() {
            return Ok(());
        }
        let there = if self.others.is_empty() {
            "the trace names none".to_owned()
        } else {
            let more = if self.others.len() == LISTED { " and others" } else { "" };
            format!("there are {}{more}", list(&self.others))
        };
        if unmet.len() == self.names.len() {
            let expected = format!("names that occur in the part that is played; {there}").into();
            return Err(TraceError::Option { option: self.option, found: list(&unmet), expected });
        }
        repairs.note(format!("trace option `{}`: {} never occurred; {there}", self.option, list(&unmet)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_same_everywhere() {
        let sample = |seed| Sample { seed, below: 1 << 63 };
        let taken: Vec<bool> = (0..8).map(|i| sample(42).takes(format!("job-{i}").as_bytes())).collect();
        assert_eq!(taken, [false, false, true, false, true, false, true, false]);
        let count = |seed| (0..10_000).filter(|i| sample(seed).takes(format!("job-{i}").as_bytes())).count();
        for seed in 0..5 {
            assert!((4800..5200).contains(&count(seed)), "{seed}: {}", count(seed));
        }
    }
}
