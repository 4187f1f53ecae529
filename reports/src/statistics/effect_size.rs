//! How large a difference is beside what chance makes of it.

/// Cohen's d of pairs: the mean of the differences over their standard deviation. By Cohen's words 0.2 is small, 0.5 medium, 0.8 large; between
/// policies under common random numbers it is often far more. `None` where every difference is the same.
///
/// Source: Cohen, "Statistical Power Analysis for the Behavioral Sciences", 2nd edition (1988), section 2.3.5 (there d′z).
pub fn cohen_d_z(mean_difference: f64, standard_deviation: f64) -> Option<f64> {
    (standard_deviation > 0.0).then(|| mean_difference / standard_deviation)
}

/// The same without the bias that few pairs have: times J ≈ 1 − 3 / (4·(n − 1) − 1). `None` of fewer than two pairs.
///
/// Source: Hedges, "Distribution Theory for Glass's Estimator of Effect Size and Related Estimators", Journal of Educational Statistics 6
/// (1981); the approximation of J is his equation 6d, here with n − 1 degrees of freedom.
pub fn hedges_g(d_z: f64, pairs: usize) -> Option<f64> {
    let degrees = pairs.checked_sub(1).filter(|degrees| *degrees > 0)? as f64;
    Some(d_z * (1.0 - 3.0 / (4.0 * degrees - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_pairs_are_corrected_and_many_are_not() {
        assert_eq!(cohen_d_z(3.0, 1.5), Some(2.0));
        assert_eq!(cohen_d_z(3.0, 0.0), None);
        // J(9) = 1 − 3/35.
        assert!((hedges_g(2.0, 10).unwrap() - 2.0 * (32.0 / 35.0)).abs() < 1e-12);
        assert!((hedges_g(2.0, 10_000).unwrap() - 2.0).abs() < 1e-3);
        assert_eq!(hedges_g(2.0, 1), None);
    }
}
