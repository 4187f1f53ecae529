//! When pods arrive.

use super::ranges::{fraction, hour, positive};
use crate::schema::{DurationText, converted};
use serde::de::{Deserialize, Deserializer};
use towtank_sim::random::{Distribution, Rng};
use towtank_sim::time::{SimTime, Span};

const SECONDS_PER_HOUR: f64 = 3600.0;
const SECONDS_PER_DAY: i64 = 86_400;

/// The arrival process of a generator: exactly one of `poisson`, `diurnal`, `hourly`, `constant`, `allAtOnce`.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals(pub Process);

/// An arrival process. Rates are arrivals per second.
#[derive(Clone, Debug, PartialEq)]
pub enum Process {
    /// Independent arrivals at a constant rate: `{poisson: {perHour: 120}}`.
    Poisson {
        /// The rate.
        rate: f64,
    },
    /// Independent arrivals at `rate · (1 + amplitude · cos(2π · (h − peak) / 24))`, h the hour of the day (UTC):
    /// `{diurnal: {perHour: 120, amplitude: 0.6, peakHour: 14}}`.
    Diurnal {
        /// The mean rate.
        rate: f64,
        /// The swing, 0 to 1 of the mean.
        amplitude: f64,
        /// The hour with most arrivals.
        peak: f64,
    },
    /// Independent arrivals at a rate for each hour of the day (UTC): `{hourly: {perHour: [24 numbers]}}`.
    Hourly {
        /// The rates from midnight on.
        rates: [f64; 24],
    },
    /// One arrival every so often, the first at once: `{constant: {every: 30s}}`.
    Constant {
        /// The time between two.
        every: Span,
    },
    /// Everything in one instant: `allAtOnce: {}`.
    AllAtOnce,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Choices {
    poisson: Option<Poisson>,
    diurnal: Option<Diurnal>,
    hourly: Option<Hourly>,
    constant: Option<Constant>,
    all_at_once: Option<Nothing>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Poisson {
    #[serde(default, deserialize_with = "rate")]
    per_second: Option<f64>,
    #[serde(default, deserialize_with = "rate")]
    per_hour: Option<f64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Diurnal {
    #[serde(default, deserialize_with = "rate")]
    per_second: Option<f64>,
    #[serde(default, deserialize_with = "rate")]
    per_hour: Option<f64>,
    #[serde(deserialize_with = "fraction")]
    amplitude: f64,
    #[serde(deserialize_with = "hour")]
    peak_hour: f64,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Hourly {
    per_hour: Vec<f64>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Constant {
    every: DurationText,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    positive(deserializer).map(Some)
}

fn per_second(per_second: Option<f64>, per_hour: Option<f64>) -> Result<f64, String> {
    match (per_second, per_hour) {
        (Some(rate), None) => Ok(rate),
        (None, Some(rate)) => Ok(rate / SECONDS_PER_HOUR),
        _ => Err("expected exactly one of perSecond and perHour".to_owned()),
    }
}

impl<'de> Deserialize<'de> for Arrivals {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        converted(deserializer, "an arrival process such as {poisson: {perHour: 60}}", process).map(Self)
    }
}

fn process(choices: Choices) -> Result<Process, String> {
    let Choices { poisson, diurnal, hourly, constant, all_at_once } = choices;
    match (poisson, diurnal, hourly, constant, all_at_once) {
        (Some(p), None, None, None, None) => Ok(Process::Poisson { rate: per_second(p.per_second, p.per_hour)? }),
        (None, Some(d), None, None, None) => {
            let rate = per_second(d.per_second, d.per_hour)?;
            Ok(Process::Diurnal { rate, amplitude: d.amplitude, peak: d.peak_hour })
        }
        (None, None, Some(h), None, None) => {
            let valid = h.per_hour.iter().all(|r| *r >= 0.0 && r.is_finite()) && h.per_hour.iter().any(|r| *r > 0.0);
            let rates: Option<[f64; 24]> = h.per_hour.try_into().ok().filter(|_| valid);
            let rates = rates.ok_or("perHour: expected 24 numbers of at least 0, not all 0")?;
            Ok(Process::Hourly { rates: rates.map(|rate| rate / SECONDS_PER_HOUR) })
        }
        (None, None, None, Some(c), None) if c.every.0 > Span::ZERO => Ok(Process::Constant { every: c.every.0 }),
        (None, None, None, Some(_), None) => Err("every: expected more than 0".to_owned()),
        (None, None, None, None, Some(Nothing {})) => Ok(Process::AllAtOnce),
        _ => Err("expected exactly one of poisson, diurnal, hourly, constant, allAtOnce".to_owned()),
    }
}

impl Process {
    /// The same process with so many times as many arrivals. What comes all at once stays as it is.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        match self {
            Self::Poisson { rate } => Self::Poisson { rate: rate * factor },
            Self::Diurnal { rate, amplitude, peak } => Self::Diurnal { rate: rate * factor, amplitude, peak },
            Self::Hourly { rates } => Self::Hourly { rates: rates.map(|rate| rate * factor) },
            Self::Constant { every } => Self::Constant { every: Span(((every.0 as f64 / factor) as i64).max(1)) },
            Self::AllAtOnce => Self::AllAtOnce,
        }
    }

    /// The rate at an instant, for processes that have one.
    fn rate(&self, second_of_day: f64) -> f64 {
        match self {
            Self::Poisson { rate } => *rate,
            Self::Diurnal { rate, amplitude, peak } => {
                let angle = std::f64::consts::TAU * (second_of_day / SECONDS_PER_HOUR - peak) / 24.0;
                rate * (1.0 + amplitude * libm::cos(angle))
            }
            Self::Hourly { rates } => rates[((second_of_day / SECONDS_PER_HOUR) as usize).min(23)],
            Self::Constant { .. } | Self::AllAtOnce => 0.0,
        }
    }

    /// A rate that is never exceeded.
    fn peak(&self) -> f64 {
        match self {
            Self::Diurnal { rate, amplitude, .. } => rate * (1.0 + amplitude),
            Self::Hourly { rates } => rates.iter().copied().fold(0.0, f64::max),
            _ => self.rate(0.0),
        }
    }
}

/// A running arrival process.
#[derive(Debug)]
pub(super) struct Clock {
    process: Process,
    rng: Rng,
    /// The second of the day (UTC) at the scenario's start.
    midnight_offset: i64,
    at: SimTime,
    /// Arrivals come before this.
    end: SimTime,
    started: bool,
}

impl Clock {
    pub(super) fn new(process: Process, rng: Rng, epoch_second: i64, start: SimTime, end: SimTime) -> Self {
        let midnight_offset = epoch_second.rem_euclid(SECONDS_PER_DAY);
        Self { process, rng, midnight_offset, at: start, end, started: false }
    }

    /// The next arrival, if there is one before the end.
    pub(super) fn next(&mut self) -> Option<SimTime> {
        let first = !std::mem::replace(&mut self.started, true);
        match self.process {
            Process::AllAtOnce => {}
            Process::Constant { .. } if first => {}
            Process::Constant { every } => self.at += every,
            _ => self.thin(),
        }
        (self.at < self.end).then_some(self.at)
    }

    /// Lewis and Shedler's thinning: arrivals at the peak rate, of which each is kept with the probability rate ÷ peak.
    fn thin(&mut self) {
        let peak = self.process.peak();
        let gap = Distribution::Exponential { mean: 1.0 / peak };
        let unit = Distribution::Uniform { min: 0.0, max: 1.0 };
        while self.at < self.end {
            self.at += Span::try_from_secs_f64(gap.sample(&mut self.rng)).unwrap_or(Span::MAX);
            let kept = match self.process {
                Process::Poisson { .. } => true,
                _ => unit.sample(&mut self.rng) * peak < self.process.rate(self.second_of_day()),
            };
            if kept {
                return;
            }
        }
    }

    fn second_of_day(&self) -> f64 {
        let nanos = self.at.0.rem_euclid(SECONDS_PER_DAY * 1_000_000_000);
        let seconds = nanos as f64 / 1e9 + self.midnight_offset as f64;
        let day = SECONDS_PER_DAY as f64;
        if seconds >= day { seconds - day } else { seconds }
    }
}
