//! Two policies on the same seeds.

use super::{Interval, bootstrap, effect_size, ratio, seeds_needed, student};
use crate::stats::Moments;

/// A number under the baseline and under the other policy, with one seed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Under the baseline.
    pub baseline: f64,
    /// Under the other.
    pub other: f64,
}

/// What the pairs of all seeds say. A difference is the other's number minus the baseline's.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedComparison {
    /// How many pairs there are, at least one.
    pub pairs: usize,
    /// The confidence of all intervals, such as 0.95.
    pub confidence: f64,
    /// The mean under the baseline.
    pub baseline_mean: f64,
    /// The mean under the other.
    pub other_mean: f64,
    /// The mean difference.
    pub difference: f64,
    /// The sample standard deviation of the differences.
    pub standard_deviation: f64,
    /// The interval of the mean difference by Student's t; `None` of one pair.
    pub interval: Option<Interval>,
    /// The interval of the mean difference by the bootstrap; `None` of few pairs, see [`bootstrap::studentized`].
    pub bootstrap: Option<Interval>,
    /// The mean difference as a share of the baseline's mean, where that is positive.
    pub relative: Option<f64>,
    /// The interval of that share; see [`ratio::ratio_of_means`].
    pub relative_interval: Option<Interval>,
    /// Cohen's d of pairs; `None` where the differences do not vary.
    pub d_z: Option<f64>,
    /// The same by Hedges, without the bias of few pairs.
    pub hedges_g: Option<f64>,
    /// How much of the seeds' luck the two share, from −1 to 1 (Pearson). `None` where one of the two does not vary.
    pub correlation: Option<f64>,
}

impl PairedComparison {
    /// Compares; `None` without pairs.
    pub fn new(pairs: &[Pair], confidence: f64) -> Option<Self> {
        let differences: Vec<f64> = pairs.iter().map(|pair| pair.other - pair.baseline).collect();
        let moments = Moments::of(&differences)?;
        let baseline = Moments::of(&pairs.iter().map(|pair| pair.baseline).collect::<Vec<_>>())?;
        let other = Moments::of(&pairs.iter().map(|pair| pair.other).collect::<Vec<_>>())?;
        let same = differences.iter().all(|difference| difference.total_cmp(&differences[0]).is_eq());
        let standard_deviation = if same { 0.0 } else { moments.standard_deviation };
        let difference = if same { differences[0] } else { moments.mean };
        let d_z = effect_size::cohen_d_z(difference, standard_deviation);
        Some(Self {
            pairs: pairs.len(),
            confidence,
            baseline_mean: baseline.mean,
            other_mean: other.mean,
            difference,
            standard_deviation,
            interval: student::mean_interval(&differences, confidence),
            bootstrap: bootstrap::studentized(&differences, confidence),
            relative: (baseline.mean > 0.0).then(|| difference / baseline.mean),
            relative_interval: ratio::ratio_of_means(pairs, confidence)
                .map(|ratio| Interval { low: ratio.low - 1.0, high: ratio.high - 1.0 }),
            d_z,
            hedges_g: d_z.and_then(|d_z| effect_size::hedges_g(d_z, pairs.len())),
            correlation: correlation(pairs, &baseline, &other),
        })
    }

    /// Whether the differences are one and the same number.
    pub fn is_constant(&self) -> bool {
        self.standard_deviation == 0.0
    }

    /// How many pairs would resolve a difference of so much, in the number's unit; see [`seeds_needed::pairs_needed`]. `None` of one pair,
    /// which says nothing of how much pairs differ.
    pub fn pairs_needed(&self, difference: f64) -> Option<u64> {
        let enough = self.pairs > 1;
        enough.then(|| seeds_needed::pairs_needed(self.standard_deviation, difference, self.confidence)).flatten()
    }
}

fn correlation(pairs: &[Pair], baseline: &Moments, other: &Moments) -> Option<f64> {
    let spread = baseline.standard_deviation * other.standard_deviation;
    let product = |pair: &Pair| (pair.baseline - baseline.mean) * (pair.other - other.mean);
    let covariance = pairs.iter().map(product).sum::<f64>() / (pairs.len() as f64 - 1.0);
    (spread > 0.0).then(|| (covariance / spread).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::mean_interval;
    use towtank_sim::random::{Rng, Streams, index};

    const TRIALS: u32 = 1_000;
    const CONFIDENCE: f64 = 0.95;

    fn uniform(rng: &mut Rng) -> f64 {
        const STEPS: usize = 1 << 53;
        // In (0, 1].
        (index(rng, STEPS) + 1) as f64 / STEPS as f64
    }

    fn normal(rng: &mut Rng) -> f64 {
        (-2.0 * uniform(rng).ln()).sqrt() * (std::f64::consts::TAU * uniform(rng)).cos()
    }

    /// Skewed to the right, of mean 0 and standard deviation 1.
    fn exponential(rng: &mut Rng) -> f64 {
        -uniform(rng).ln() - 1.0
    }

    /// Pairs as policies give them: a large part of a seed's luck is common, and the other is 2 less in the mean.
    fn trial(rng: &mut Rng, pairs: usize, noise: fn(&mut Rng) -> f64) -> Vec<Pair> {
        let pair = |_| {
            let common = 50.0 + 10.0 * normal(rng);
            Pair { baseline: common + normal(rng), other: common - 2.0 + 3.0 * noise(rng) }
        };
        (0..pairs).map(pair).collect()
    }

    /// The share of the trials whose interval holds the truth, in percent.
    fn coverage(
        name: &str,
        pairs: usize,
        noise: fn(&mut Rng) -> f64,
        truth: f64,
        interval: fn(&[Pair]) -> Option<Interval>,
    ) -> f64 {
        let mut rng = Streams::new(1).stream(name);
        let hits = (0..TRIALS).filter(|_| interval(&trial(&mut rng, pairs, noise)).unwrap().contains(truth)).count();
        100.0 * hits as f64 / f64::from(TRIALS)
    }

    fn differences(pairs: &[Pair]) -> Vec<f64> {
        pairs.iter().map(|pair| pair.other - pair.baseline).collect()
    }

    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let student = |pairs: &[Pair]| mean_interval(&differences(pairs), CONFIDENCE);
        let resampled = |pairs: &[Pair]| bootstrap::studentized(&differences(pairs), CONFIDENCE);
        let share = |pairs: &[Pair]| ratio::ratio_of_means(pairs, CONFIDENCE);
        for (name, covered) in [
            ("t, 5 pairs", coverage("5", 5, normal, -2.0, student)),
            ("t, 10 pairs", coverage("10", 10, normal, -2.0, student)),
            ("t, 40 skewed pairs", coverage("skewed 40", 40, exponential, -2.0, student)),
            ("bootstrap, 10 pairs", coverage("10", 10, normal, -2.0, resampled)),
            ("bootstrap, 20 skewed pairs", coverage("skewed 20", 20, exponential, -2.0, resampled)),
            ("ratio, 10 pairs", coverage("10", 10, normal, 48.0 / 50.0, share)),
        ] {
            println!("{name}: {covered} %");
            assert!((93.0..=97.0).contains(&covered), "{name}: {covered} %");
        }
    }

    #[test]
    fn the_number_of_pairs_that_is_asked_for_finds_the_difference_four_times_in_five() {
        // The differences' standard deviation is √(1 + 9).
        let pairs = seeds_needed::pairs_needed(10_f64.sqrt(), 2.0, CONFIDENCE).unwrap();
        let mut rng = Streams::new(1).stream("power");
        let found = |_: &u32| {
            let differences = differences(&trial(&mut rng, pairs as usize, normal));
            !mean_interval(&differences, CONFIDENCE).unwrap().contains(0.0)
        };
        let found = (0..TRIALS).filter(found).count();
        assert!((770..=830).contains(&found), "{found} of {TRIALS} with {pairs} pairs");
    }

    #[test]
    fn pairs_tell_what_the_groups_could_not() {
        let pairs: Vec<Pair> = [(100.0, 98.0), (140.0, 137.0), (60.0, 58.5), (90.0, 88.0)]
            .map(|(baseline, other)| Pair { baseline, other })
            .to_vec();
        let compared = PairedComparison::new(&pairs, 0.95).unwrap();
        assert_eq!((compared.baseline_mean, compared.difference), (97.5, -2.125));
        assert!(compared.interval.unwrap().high < 0.0 && compared.relative_interval.unwrap().high < 0.0);
        assert!(compared.correlation.unwrap() > 0.99);
        assert!(compared.d_z.unwrap() < compared.hedges_g.unwrap(), "{compared:?}");
        assert_eq!(compared.bootstrap, None);
    }

    #[test]
    fn what_does_not_vary_says_so() {
        let same = [Pair { baseline: 0.1, other: 0.3 }; 3];
        let compared = PairedComparison::new(&same, 0.95).unwrap();
        assert!(compared.is_constant());
        assert_eq!((compared.d_z, compared.correlation), (None, None));
        let one = PairedComparison::new(&same[..1], 0.95).unwrap();
        assert_eq!((one.interval, one.pairs_needed(0.1)), (None, None));
        assert_eq!(PairedComparison::new(&[], 0.95), None);
    }
}
