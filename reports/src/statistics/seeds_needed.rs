//! How many seeds would tell a difference.

use super::student;

/// The probability with which a difference that is there shall be found: four times in five, as is usual.
pub const POWER: f64 = 0.8;

/// Beyond this nobody goes on counting.
const MOST: u64 = 1_000_000;

/// The number of pairs with which a true mean difference of `difference` is told from 0 with this confidence (such as 0.95) and with the
/// probability [`POWER`], if the differences vary as much as `standard_deviation` says: the smallest n with
/// `difference ≥ (t(n−1; 1−α/2) + t(n−1; POWER)) · standard_deviation / √n`. `None` where `difference` is not positive, or beyond a
/// million.
///
/// The standard deviation is itself an estimate, of few pairs a rough one, so the number is one, too.
///
/// Source: Guenther, "Sample Size Formulas for Normal Theory T Tests", The American Statistician 35 (1981); Law, "Simulation Modeling and
/// Analysis", section 10.2.
pub fn pairs_needed(standard_deviation: f64, difference: f64, confidence: f64) -> Option<u64> {
    if difference.is_nan() || difference <= 0.0 || !standard_deviation.is_finite() {
        return None;
    }
    let suffices = |pairs: u64| {
        let t = student::quantile(0.5 + confidence / 2.0, pairs - 1) + student::quantile(POWER, pairs - 1);
        difference >= t * standard_deviation / (pairs as f64).sqrt()
    };
    if !suffices(MOST) {
        return None;
    }
    // It suffices from some number on.
    let (mut short, mut enough) = (1, MOST);
    while enough - short > 1 {
        let middle = short + (enough - short) / 2;
        if suffices(middle) { enough = middle } else { short = middle }
    }
    Some(enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_difference_needs_the_square_of_more() {
        // Cohen's tables of the paired t test at 5 % and power 0.8: d_z of 0.5 needs 34 pairs, of 0.8 15, of 0.2 199.
        assert_eq!([0.5, 0.8, 0.2].map(|d| pairs_needed(1.0, d, 0.95)), [Some(34), Some(15), Some(199)]);
        assert_eq!(pairs_needed(0.0, 1.0, 0.95), Some(2));
        assert_eq!(pairs_needed(1.0, 0.0, 0.95), None);
        assert_eq!(pairs_needed(1.0, 1e-9, 0.95), None);
        assert!(pairs_needed(1.0, 0.5, 0.99) > pairs_needed(1.0, 0.5, 0.95));
    }
}
