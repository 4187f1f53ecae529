//! Where a simulation's beginning ends: MSER-5.

use std::collections::VecDeque;

/// So many values make a batch.
const BATCH: usize = 5;

/// What of a series is left out because the start still shows in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncation {
    /// How many values are left out at the beginning.
    pub values: usize,
    /// Whether what is left out is at most half of the series. Where it is more, the series is too short to say: White's rule is to run
    /// longer.
    pub is_settled: bool,
}

/// The truncation at which the rest says most precisely what its mean is. Of the means of batches of five, the `d` that minimises
/// `Σ(xᵢ − mean)² / (n − d)²` over the n − d batches that are kept, the smallest if there are several. Batches at the very end, fewer than
/// five, are never alone what is kept. `None` of fewer than ten batches.
///
/// Source: White, "An Effective Truncation Heuristic for Bias Reduction in Simulation Output", Simulation 69 (1997); White, Cobb and Spratt,
/// "A Comparison of Five Steady-State Truncation Heuristics for Simulation", WSC 2000, for batches of five.
pub fn mser5(values: &[f64]) -> Option<Truncation> {
    let batches: Vec<f64> = values.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    if batches.len() < 2 * BATCH {
        return None;
    }
    // From the end on, with mean and sum of squares kept up: Welford's way does not cancel.
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    let mut scores = VecDeque::with_capacity(batches.len());
    for batch in batches.iter().rev() {
        count += 1.0;
        let before = batch - mean;
        mean += before / count;
        squares += before * (batch - mean);
        scores.push_front(squares / (count * count));
    }
    let candidates = scores.iter().take(batches.len() + 1 - BATCH).enumerate();
    let (best, _) = candidates.min_by(|(_, a), (_, b)| a.total_cmp(b))?;
    Some(Truncation { values: best * BATCH, is_settled: best * 2 <= batches.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sawtooth of mean 0.
    fn wobble(i: usize) -> f64 {
        (i * 7 % 11) as f64 - 5.0
    }

    #[test]
    fn a_ramp_is_cut_off_and_a_steady_series_is_not() {
        let ramp = |i: usize| if i < 100 { i as f64 } else { 100.0 };
        let series: Vec<f64> = (0..1_000).map(|i| ramp(i) + wobble(i)).collect();
        let found = mser5(&series).unwrap();
        assert!((80..=110).contains(&found.values) && found.is_settled, "{found:?}");
        let steady: Vec<f64> = (0..1_000).map(wobble).collect();
        let found = mser5(&steady).unwrap();
        assert!(found.values <= 50, "{found:?}");
        assert_eq!(mser5(&[3.0; 200]), Some(Truncation { values: 0, is_settled: true }));
    }

    #[test]
    fn a_series_that_never_settles_says_so() {
        let growing: Vec<f64> = (0..500).map(|i| f64::from(i * i)).collect();
        assert!(!mser5(&growing).unwrap().is_settled);
        assert_eq!(mser5(&[1.0; 49]), None);
    }
}
