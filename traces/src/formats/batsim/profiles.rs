//! How long a job with a profile runs.

use crate::error::TraceError;
use crate::json::At;
use std::collections::BTreeMap;
use towtank_sim::time::Span;

/// How deep sequences may be nested.
const DEPTH: u32 = 64;

/// The profiles of a workload, by name.
pub(super) struct Profiles<'v> {
    profiles: At<'v>,
    /// How long those last that were asked for already.
    lengths: BTreeMap<String, i64>,
}

impl<'v> Profiles<'v> {
    pub(super) fn new(profiles: At<'v>) -> Self {
        Self { profiles, lengths: BTreeMap::new() }
    }

    /// How long a job with the profile of this name runs, and whether it fails at the end; `asks` is the field that names it.
    pub(super) fn run(&mut self, name: &str, asks: &At<'_>) -> Result<(Span, bool), TraceError> {
        let length = self.length(name, asks, DEPTH)?;
        let profile = find(&self.profiles, name, asks)?;
        let fails = match profile.find("ret")? {
            Some(code) => code.whole("an exit code")? != 0,
            None => false,
        };
        Ok((Span(length), fails))
    }

    fn length(&mut self, name: &str, asks: &At<'_>, depth: u32) -> Result<i64, TraceError> {
        if let Some(length) = self.lengths.get(name) {
            return Ok(*length);
        }
        let profiles = self.profiles;
        let length = self.compute(&find(&profiles, name, asks)?, depth)?;
        self.lengths.insert(name.to_owned(), length);
        Ok(length)
    }

    fn compute(&mut self, profile: &At<'_>, depth: u32) -> Result<i64, TraceError> {
        let kind = profile.key("type", "the type of the profile")?;
        match kind.text("the type of the profile")? {
            "delay" | "DelayProfile" => {
                let delay = profile.key("delay", "the run time in seconds")?;
                match delay.seconds("the run time in seconds")? {
                    length if length >= 0 => Ok(length),
                    _ => Err(delay.bad("is negative", "the run time in seconds, 0 or more")),
                }
            }
            "composed" | "composite" | "sequence" | "sequential_composition" | "SequentialCompositionProfile" => {
                let expected = "how often the sequence is repeated, 0 or more";
                let times = match profile.find("repeat")? {
                    Some(field) => match field.whole(expected)? {
                        times if times >= 0 => times,
                        _ => return Err(field.bad("is negative", expected)),
                    },
                    None => 1,
                };
                let mut length: i64 = 0;
                for part in profile.key("seq", "a list of names of profiles")?.items()? {
                    if depth == 0 {
                        return Err(part.bad("is nested too deep, or part of itself", "sequences at most 64 deep"));
                    }
                    let of_part = self.length(part.text("the name of a profile")?, &part, depth - 1)?;
                    length = length.saturating_add(of_part);
                }
                length.checked_mul(times).ok_or_else(|| profile.bad("is too long", "a run time within 292 years"))
            }
            _ => Err(kind.bad(
                "computes or communicates, which takes a SimGrid platform to know how long",
                "profiles of the type `delay`, or sequences of them",
            )),
        }
    }
}

fn find<'a>(profiles: &'a At<'a>, name: &'a str, asks: &At<'_>) -> Result<At<'a>, TraceError> {
    profiles.find(name)?.ok_or_else(|| asks.bad("is no profile", "the name of one of `profiles`"))
}
