//! The distributions that scenarios name. Every sample is computed with `libm`'s portable functions, so that a stream
//! gives the same numbers on every machine; ready-made samplers call whatever mathematics library the platform links.

use super::Rng;
use rand::{Rng as _, RngExt as _};
use thiserror::Error;

/// A distribution of non-negative numbers (seconds, milli-CPU, bytes: the reader of the sample knows the unit).
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always `value`.
    Constant {
        /// The value.
        value: f64,
    },
    /// Every number in `[min, max)` alike.
    Uniform {
        /// Smallest value.
        min: f64,
        /// Upper bound, not reached.
        max: f64,
    },
    /// Memoryless, with this mean.
    Exponential {
        /// The mean, above zero.
        mean: f64,
    },
    /// The bell curve, with what falls below zero drawn again.
    Normal {
        /// Mean of the untruncated curve.
        mean: f64,
        /// Standard deviation.
        stddev: f64,
    },
    /// `exp` of a normal variable, described by its median and the standard deviation `sigma` of its logarithm.
    LogNormal {
        /// The median: `exp(mu)`.
        median: f64,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// Weibull, for lifetimes.
    Weibull {
        /// Scale (the 63.2 % quantile).
        scale: f64,
        /// Shape: below 1 infant mortality, 1 exponential, above 1 wear.
        shape: f64,
    },
    /// Pareto (power-law tail) from `min` upwards.
    Pareto {
        /// Smallest value.
        min: f64,
        /// Tail exponent, above zero; the mean is finite above 1.
        alpha: f64,
    },
    /// Piecewise linear through measured quantiles: `(probability, value)` pairs, both increasing, from 0 to 1.
    Quantiles {
        /// The points.
        points: Vec<(f64, f64)>,
    },
}

/// Why parameters describe no distribution.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{parameter} is {value}: expected {expected}")]
pub struct DistributionError {
    /// The offending parameter.
    pub parameter: &'static str,
    /// What it was.
    pub value: f64,
    /// What it may be.
    pub expected: &'static str,
}

impl Distribution {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first parameter outside its range.
    pub fn validate(&self) -> Result<(), DistributionError> {
        let need = |ok: bool, parameter, value, expected| {
            if ok { Ok(()) } else { Err(DistributionError { parameter, value, expected }) }
        };
        let positive = |name, x: f64| need(x > 0.0 && x.is_finite(), name, x, "a number above 0");
        let not_negative = |name, x: f64| need(x >= 0.0 && x.is_finite(), name, x, "a number of at least 0");
        match *self {
            Self::Constant { value } => not_negative("value", value),
            Self::Uniform { min, max } => {
                not_negative("min", min)?;
                need(max >= min && max.is_finite(), "max", max, "a number of at least `min`")
            }
            Self::Exponential { mean } => positive("mean", mean),
            Self::Normal { mean, stddev } => {
                not_negative("mean", mean)?;
                not_negative("stddev", stddev)
            }
            Self::LogNormal { median, sigma } => {
                positive("median", median)?;
                not_negative("sigma", sigma)
            }
            Self::Weibull { scale, shape } => {
                positive("scale", scale)?;
                positive("shape", shape)
            }
            Self::Pareto { min, alpha } => {
                positive("min", min)?;
                positive("alpha", alpha)
            }
            Self::Quantiles { ref points } => {
                need(points.len() >= 2, "points", points.len() as f64, "at least two [probability, value] pairs")?;
                need(points[0].0 == 0.0, "points", points[0].0, "the first probability to be 0")?;
                let last = points[points.len() - 1].0;
                need((last - 1.0).abs() < 1e-9, "points", last, "the last probability to be 1")?;
                for pair in points.windows(2) {
                    need(pair[1].0 >= pair[0].0, "points", pair[1].0, "increasing probabilities")?;
                    need(pair[1].1 >= pair[0].1, "points", pair[1].1, "increasing values")?;
                }
                not_negative("points", points[0].1)
            }
        }
    }

    /// One sample, at least 0.
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        match *self {
            Self::Constant { value } => value,
            Self::Uniform { min, max } => min + (max - min) * unit(rng),
            Self::Exponential { mean } => -mean * libm::log(1.0 - unit(rng)),
            Self::Normal { mean, stddev } => loop {
                let x = mean + stddev * standard_normal(rng);
                if x >= 0.0 {
                    return x;
                }
            },
            Self::LogNormal { median, sigma } => median * libm::exp(sigma * standard_normal(rng)),
            Self::Weibull { scale, shape } => scale * libm::pow(-libm::log(1.0 - unit(rng)), 1.0 / shape),
            Self::Pareto { min, alpha } => min / libm::pow(1.0 - unit(rng), 1.0 / alpha),
            Self::Quantiles { ref points } => interpolate(points, unit(rng)),
        }
    }

    /// The mean, where it exists: infinite for a Pareto tail with `alpha` up to 1.
    pub fn mean(&self) -> f64 {
        match *self {
            Self::Constant { value } => value,
            Self::Uniform { min, max } => f64::midpoint(min, max),
            Self::Exponential { mean } | Self::Normal { mean, .. } => mean,
            Self::LogNormal { median, sigma } => median * libm::exp(sigma * sigma / 2.0),
            Self::Weibull { scale, shape } => scale * libm::tgamma(1.0 + 1.0 / shape),
            Self::Pareto { min, alpha } if alpha > 1.0 => alpha * min / (alpha - 1.0),
            Self::Pareto { .. } => f64::INFINITY,
            Self::Quantiles { ref points } => {
                points.windows(2).map(|p| (p[1].0 - p[0].0) * f64::midpoint(p[0].1, p[1].1)).sum()
            }
        }
    }
}

/// A number in `[0, 1)` with 53 random bits.
fn unit(rng: &mut Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// Box and Muller's transform, one of the pair.
fn standard_normal(rng: &mut Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit(rng)));
    radius * libm::cos(std::f64::consts::TAU * unit(rng))
}

fn interpolate(points: &[(f64, f64)], p: f64) -> f64 {
    let right = points.partition_point(|point| point.0 <= p).clamp(1, points.len() - 1);
    let ((p0, v0), (p1, v1)) = (points[right - 1], points[right]);
    if p1 > p0 { v0 + (v1 - v0) * (p - p0) / (p1 - p0) } else { v1 }
}

/// A uniformly drawn index below `n`, which must not be 0.
pub fn index(rng: &mut Rng, n: usize) -> usize {
    rng.random_range(0..n as u64) as usize
}
