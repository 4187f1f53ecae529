//! Samples as their distribution: what curves, boxes and violins are drawn from.

use super::timeline::seconds;
use crate::data::Latencies;

/// Of a curve with more steps than this, those are kept at which it has risen by its reciprocal: less than any picture shows.
pub(super) const MOST_STEPS: u64 = 4096;

/// Into how many bins samples are put whose density is estimated.
const BINS: usize = 512;

/// The distribution of samples: each value, ascending, with how many samples are not above it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution(Vec<(f64, u64)>);

/// What a box plot shows of a distribution. Quartiles are nearest-rank, so that each is a sample.
///
/// Source: Tukey, "Exploratory Data Analysis", 1977.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BoxNumbers {
    /// How many samples there are.
    pub samples: u64,
    /// Their arithmetic mean.
    pub mean: f64,
    /// The quartiles: a quarter, half and three quarters of the samples are not above them.
    pub quartiles: [f64; 3],
    /// The lowest and the highest sample that is within one and a half times the distance of the quartiles beyond them.
    pub whiskers: (f64, f64),
    /// The samples beyond, each once.
    pub outliers: Vec<f64>,
}

impl Distribution {
    /// That of durations, in seconds.
    pub fn of_latencies(latencies: &Latencies) -> Self {
        Self(latencies.steps().counts().iter().map(|&(value, up_to)| (seconds(value), up_to)).collect())
    }

    /// That of numbers; what is not finite is left out.
    pub fn of_numbers(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.into_iter().filter(|number| number.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let mut up_to = 0;
        let steps = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()).map(|equal| {
            up_to += equal.len() as u64;
            (equal[0], up_to)
        });
        Self(steps.collect())
    }

    /// One that is known by its steps: each value, ascending, with how many samples are not above it.
    pub fn of_steps(steps: Vec<(f64, u64)>) -> Self {
        Self(steps)
    }

    /// That of the samples of several together.
    pub fn pooled<'d>(all: impl IntoIterator<Item = &'d Self>) -> Self {
        let mut counts: Vec<(f64, u64)> = all.into_iter().flat_map(Self::counts).collect();
        counts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut up_to = 0;
        let steps = counts.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()).map(|equal| {
            up_to += equal.iter().map(|(_, count)| count).sum::<u64>();
            (equal[0].0, up_to)
        });
        Self(steps.collect())
    }

    /// Number of samples.
    pub fn len(&self) -> u64 {
        self.0.last().map_or(0, |(_, up_to)| *up_to)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each value, ascending, with how many samples have it.
    fn counts(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let before = std::iter::once(0).chain(self.0.iter().map(|(_, up_to)| *up_to));
        self.0.iter().zip(before).map(|(&(value, up_to), before)| (value, up_to - before))
    }

    /// The sample of this place in ascending order, from 0 on.
    pub fn nth(&self, place: u64) -> f64 {
        let step = self.0.partition_point(|(_, up_to)| *up_to <= place);
        self.0.get(step).map_or(0.0, |(value, _)| *value)
    }

    /// The nearest-rank percentile: the smallest sample that at least `percent` % of them do not exceed.
    pub fn percentile(&self, percent: u32) -> f64 {
        self.nth((self.len() * u64::from(percent)).div_ceil(100).saturating_sub(1))
    }

    /// How many samples are not above zero.
    pub fn zeros(&self) -> u64 {
        let above = self.0.partition_point(|(value, _)| *value <= 0.0);
        above.checked_sub(1).map_or(0, |last| self.0[last].1)
    }

    /// Of the samples above zero, ascending, the one at so many thousandths of the way; `None` where there is none.
    pub fn positive(&self, permille: u64) -> Option<f64> {
        let zeros = self.zeros();
        let last = (self.len() - zeros).checked_sub(1)?;
        Some(self.nth(zeros + last * permille / 1000))
    }

    /// The corners of the cumulative curve that are drawn and written: values and shares, in percent.
    pub fn corners(&self) -> Vec<(f64, f64)> {
        let total = self.len();
        let last = self.0.len().saturating_sub(1);
        let all = self.0.len() as u64 <= MOST_STEPS;
        let mut kept = 0;
        let mut corners = Vec::new();
        for (place, &(value, up_to)) in self.0.iter().enumerate() {
            if all || place == 0 || place == last || (up_to - kept) * MOST_STEPS >= total {
                kept = up_to;
                corners.push((value, up_to as f64 * 100.0 / total as f64));
            }
        }
        corners
    }

    /// The logarithms of the samples above zero.
    pub(super) fn logarithms(&self) -> Self {
        let zeros = self.zeros();
        let above = self.0.iter().filter(|(value, _)| *value > 0.0);
        Self(above.map(|&(value, up_to)| (libm::log(value), up_to - zeros)).collect())
    }

    /// What a box plot shows; `None` without samples.
    pub fn box_numbers(&self) -> Option<BoxNumbers> {
        if self.is_empty() {
            return None;
        }
        let quartiles = [25, 50, 75].map(|percent| self.percentile(percent));
        let reach = 1.5 * (quartiles[2] - quartiles[0]);
        let near = |value: &f64| (quartiles[0] - reach..=quartiles[2] + reach).contains(value);
        let values = || self.0.iter().map(|(value, _)| *value);
        let low = values().find(near).unwrap_or(quartiles[0]);
        let high = values().rev().find(near).unwrap_or(quartiles[2]);
        Some(BoxNumbers {
            samples: self.len(),
            mean: self.mean(),
            quartiles,
            whiskers: (low, high),
            outliers: values().filter(|value| !near(value)).collect(),
        })
    }

    /// The arithmetic mean; 0 without samples.
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.counts().map(|(value, count)| value * count as f64).sum();
        if self.is_empty() { 0.0 } else { sum / self.len() as f64 }
    }

    /// The density of the samples at so many places from the lowest to the highest one, in samples per unit as a share of all; empty
    /// where all are equal. Gaussian kernels, with a bandwidth of 0.9 min(s, IQR / 1.34) n^(−1/5).
    ///
    /// Source: Silverman, "Density Estimation for Statistics and Data Analysis", 1986, equation 3.31.
    pub fn density(&self, places: usize) -> Vec<(f64, f64)> {
        let (Some(&(low, _)), Some(&(high, _))) = (self.0.first(), self.0.last()) else { return Vec::new() };
        if high <= low || places < 2 {
            return Vec::new();
        }
        let total = self.len() as f64;
        let mean = self.mean();
        let squares: f64 = self.counts().map(|(value, count)| (value - mean) * (value - mean) * count as f64).sum();
        let deviation = (squares / (total - 1.0).max(1.0)).sqrt();
        let quartiles = (self.percentile(75) - self.percentile(25)) / 1.34;
        let spread = if quartiles > 0.0 { deviation.min(quartiles) } else { deviation };
        let bandwidth = (0.9 * spread * libm::pow(total, -0.2)).max((high - low) / BINS as f64);
        let width = (high - low) / BINS as f64;
        let mut bins = vec![0.0; BINS];
        for (value, count) in self.counts() {
            let bin = (((value - low) / width) as usize).min(BINS - 1);
            bins[bin] += count as f64;
        }
        let at = |place: usize| low + (high - low) * place as f64 / (places - 1) as f64;
        let kernel = |x: f64| {
            let sum: f64 = bins
                .iter()
                .enumerate()
                .filter(|(_, count)| **count > 0.0)
                .map(|(bin, count)| {
                    let distance = (x - (low + (bin as f64 + 0.5) * width)) / bandwidth;
                    if distance.abs() > 5.0 { 0.0 } else { count * libm::exp(-0.5 * distance * distance) }
                })
                .sum();
            sum / (total * bandwidth * (2.0 * std::f64::consts::PI).sqrt())
        };
        (0..places).map(|place| (at(place), kernel(at(place)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_keeps_what_a_picture_shows_of_it() {
        let curve = Distribution::of_numbers((0..1_000_000).map(f64::from));
        let corners = curve.corners();
        assert!(corners.len() as u64 <= MOST_STEPS + 2, "{}", corners.len());
        assert_eq!((corners[0], *corners.last().unwrap()), ((0.0, 1e-4), (999_999.0, 100.0)));
        let largest = corners.windows(2).map(|pair| pair[1].1 - pair[0].1).fold(0.0, f64::max);
        assert!(largest < 0.03, "{largest}");
        assert_eq!((curve.percentile(50), curve.percentile(99), curve.len()), (499_999.0, 989_999.0, 1_000_000));
    }

    #[test]
    fn boxes_are_tukeys() {
        let numbers = Distribution::of_numbers([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 40.0, 40.0]).box_numbers().unwrap();
        assert_eq!((numbers.quartiles, numbers.whiskers), ([3.0, 5.0, 7.0], (1.0, 7.0)));
        assert_eq!((numbers.outliers, numbers.samples, numbers.mean), (vec![40.0], 9, 12.0));
        let one = Distribution::of_numbers([2.5]).box_numbers().unwrap();
        assert_eq!((one.quartiles, one.whiskers, one.outliers), ([2.5; 3], (2.5, 2.5), vec![]));
        assert_eq!(Distribution::of_numbers([f64::NAN]).box_numbers(), None);
    }

    #[test]
    fn a_density_covers_all_samples() {
        let normal = |i: u32| (0..12).map(|k| f64::from((i * 7919 + k * 104_729) % 1009) / 1009.0).sum::<f64>() - 6.0;
        let density = Distribution::of_numbers((0..5000).map(normal)).density(200);
        let area: f64 = density.windows(2).map(|p| (p[1].0 - p[0].0) * f64::midpoint(p[0].1, p[1].1)).sum();
        assert!((area - 1.0).abs() < 0.02, "{area}");
        assert_eq!(Distribution::of_numbers([3.0, 3.0]).density(10), []);
        assert_eq!(Distribution::default().density(10), []);
    }

    #[test]
    fn samples_are_pooled() {
        let (a, b) = (Distribution::of_numbers([0.0, 1.0, 1.0]), Distribution::of_numbers([1.0, 5.0]));
        let both = Distribution::pooled([&a, &b]);
        assert_eq!(both, Distribution::of_steps(vec![(0.0, 1), (1.0, 4), (5.0, 5)]));
        assert_eq!((both.zeros(), both.positive(1000), both.logarithms().len()), (1, Some(5.0), 4));
    }
}
