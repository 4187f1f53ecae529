//! The studentized bootstrap: an interval of a mean that asks nothing of the shape of what the numbers are drawn from.

use super::Interval;
use crate::stats::Moments;
use towtank_sim::random::{Streams, index};

/// How many resamples are drawn. One more is a multiple of 40 and of 200, so that the quantiles of usual confidences are among them.
pub const RESAMPLES: usize = 9_999;

/// Of fewer pairs there is no interval: five of them have 126 different resamples, whose extremes say nothing.
pub const FEWEST_PAIRS: usize = 8;

/// The interval of the mean with this confidence (such as 0.95). Of each resample, drawn with replacement, the mean's distance from that of
/// the numbers is taken in its own standard errors; the quantiles of these distances replace Student's. Unlike the percentile and BCa intervals it
/// has nearly the coverage that it claims for ten skewed numbers too.
///
/// The resamples come from the stream `statistics/bootstrap` of seed 0, so that the same numbers in the same order give the same interval.
/// `None` of fewer than [`FEWEST_PAIRS`] numbers, and where so many resamples have no spread at all that the interval would have no end.
///
/// Source: Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), section 12.5; Hall, "Theoretical Comparison of Bootstrap
/// Confidence Intervals", Annals of Statistics 16 (1988).
pub fn studentized(values: &[f64], confidence: f64) -> Option<Interval> {
    let moments = Moments::of(values).filter(|_| values.len() >= FEWEST_PAIRS)?;
    if moments.standard_deviation == 0.0 {
        return Some(Interval { low: moments.mean, high: moments.mean });
    }
    let root = (values.len() as f64).sqrt();
    let mut rng = Streams::new(0).stream("statistics/bootstrap");
    let mut resample = vec![0.0; values.len()];
    let mut distances: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            resample.fill_with(|| values[index(&mut rng, values.len())]);
            distance(&resample, moments.mean, root)
        })
        .collect();
    distances.sort_unstable_by(f64::total_cmp);
    let tail = ((1.0 - confidence) / 2.0 * (RESAMPLES + 1) as f64).round().max(1.0) as usize;
    let (low, high) = (distances[tail - 1], distances[RESAMPLES - tail]);
    let standard_error = moments.standard_deviation / root;
    let interval = Interval { low: moments.mean - high * standard_error, high: moments.mean - low * standard_error };
    (interval.low.is_finite() && interval.high.is_finite()).then_some(interval)
}

/// How far the mean of a resample is from the numbers' mean, in the resample's standard errors; infinite where it has no spread.
fn distance(resample: &[f64], mean: f64, root: f64) -> f64 {
    let count = resample.len() as f64;
    let own = resample.iter().sum::<f64>() / count;
    let squares: f64 = resample.iter().map(|value| (value - own) * (value - own)).sum();
    let away = own - mean;
    // Equal numbers may leave a rest that is no spread.
    if resample.iter().all(|value| value.total_cmp(&resample[0]).is_eq()) {
        return if away == 0.0 { 0.0 } else { away.signum() * f64::INFINITY };
    }
    away * root / (squares / (count - 1.0)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_numbers_give_the_same_interval_and_skew_shows() {
        let skewed = [0.1, 0.2, 0.2, 0.3, 0.4, 0.5, 0.9, 1.6, 2.5, 4.4];
        let interval = studentized(&skewed, 0.95).unwrap();
        assert_eq!(studentized(&skewed, 0.95), Some(interval));
        let mean = skewed.iter().sum::<f64>() / 10.0;
        assert!(interval.contains(mean));
        assert!(interval.high - mean > 1.5 * (mean - interval.low), "the long tail is above: {interval:?}");
        assert!(studentized(&skewed, 0.99).unwrap().half_width() > interval.half_width());
    }

    #[test]
    fn numbers_that_cannot_tell_give_none() {
        assert_eq!(studentized(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95), None);
        // A third of the resamples are all zeros.
        assert_eq!(studentized(&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], 0.95), None);
        assert_eq!(studentized(&[2.0; 9], 0.95), Some(Interval { low: 2.0, high: 2.0 }));
    }
}
