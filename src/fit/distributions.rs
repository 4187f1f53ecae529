//! Named distributions for samples, and how well they fit.

use towtank_sim::random::Distribution;

/// A named distribution is taken if its distribution function is nowhere further from the sample's than this.
pub(super) const GOOD: f64 = 0.05;

/// Fewer samples say too little to name a distribution.
const ENOUGH: usize = 50;

/// The probabilities at which empirical quantiles are taken, denser where tails are.
const PROBABILITIES: [f64; 24] = [
    0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995,
    0.998, 0.999, 0.9995, 1.0,
];

/// A distribution and its distance from the sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The distribution.
    pub distribution: Distribution,
    /// The statistic of Kolmogorov and Smirnov: the largest distance between the two distribution functions, 0 to 1.
    pub distance: f64,
}

/// Fits a sample, which is sorted here: the nearest named distribution if it is good and asked for, the sample's own quantiles otherwise.
/// `None` for an empty sample.
pub(super) fn fit(sample: &mut [f64], named: bool) -> Option<Fit> {
    sample.sort_by(f64::total_cmp);
    let (first, last) = (*sample.first()?, *sample.last()?);
    if first >= last {
        return Some(Fit { distribution: Distribution::Constant { value: first }, distance: 0.0 });
    }
    let judged = |distribution: Distribution| {
        let distance = distance(sample, |x| cumulative(&distribution, x));
        Fit { distribution, distance }
    };
    if named && sample.len() >= ENOUGH {
        let best = candidates(sample).into_iter().map(judged).min_by(|a, b| a.distance.total_cmp(&b.distance));
        if let Some(best) = best.filter(|best| best.distance <= GOOD) {
            return Some(best);
        }
    }
    Some(judged(Distribution::Quantiles { points: quantiles(sample) }))
}

/// Points of the sample's own quantile function, as many as it has values for.
pub(super) fn quantiles(sorted: &[f64]) -> Vec<(f64, f64)> {
    let last = sorted.len() - 1;
    // Between two neighbours of the sample there is nothing to know.
    let step = 0.5 / sorted.len() as f64;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for p in PROBABILITIES {
        let at = p * last as f64;
        let (below, share) = (at as usize, at - at.floor());
        let value = sorted[below] + (sorted[(below + 1).min(last)] - sorted[below]) * share;
        if points.last().is_none_or(|(before, _)| p - before >= step) || p >= 1.0 {
            // In a row of equal values only the ends say something.
            if let [.., (_, before), (_, last)] = points[..]
                && before.total_cmp(&last).is_eq()
                && last.total_cmp(&value).is_eq()
            {
                points.pop();
            }
            points.push((p, value));
        }
    }
    points
}

/// The named distributions with the parameters of greatest likelihood. Those of positive numbers only are left out where there are
/// zeros.
fn candidates(sorted: &[f64]) -> Vec<Distribution> {
    let n = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / n;
    let mut found = vec![Distribution::Exponential { mean }];
    if sorted[0] <= 0.0 {
        return found;
    }
    let logs: Vec<f64> = sorted.iter().map(|x| libm::log(*x)).collect();
    let mu = logs.iter().sum::<f64>() / n;
    let sigma = (logs.iter().map(|log| (log - mu) * (log - mu)).sum::<f64>() / n).sqrt();
    found.push(Distribution::LogNormal { median: libm::exp(mu), sigma });
    found.extend(weibull(&logs, mu));
    let excess = logs.iter().map(|log| log - logs[0]).sum::<f64>();
    found.push(Distribution::Pareto { min: sorted[0], alpha: n / excess });
    found
}

/// The Weibull distribution of greatest likelihood: its shape k solves Σ xᵏ ln x / Σ xᵏ − 1/k = mean ln x, found by bisection
/// (Johnson, Kotz, Balakrishnan, "Continuous Univariate Distributions", vol. 1, section 21.4).
fn weibull(logs: &[f64], mean_log: f64) -> Option<Distribution> {
    // In terms of the largest one, so that no power overflows.
    let top = *logs.last()?;
    let sums = |k: f64| {
        logs.iter().fold((0.0, 0.0), |(all, weighted), log| {
            let power = libm::exp(k * (log - top));
            (all + power, weighted + power * log)
        })
    };
    let excess = |k: f64| {
        let (all, weighted) = sums(k);
        weighted / all - 1.0 / k - mean_log
    };
    let (mut low, mut high) = (1e-2, 1e2);
    if excess(low) > 0.0 || excess(high) < 0.0 {
        return None;
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 { high = middle } else { low = middle }
    }
    let shape = f64::midpoint(low, high);
    let (all, _) = sums(shape);
    Some(Distribution::Weibull { scale: libm::exp(top + libm::log(all / logs.len() as f64) / shape), shape })
}

/// The distribution function at `x`.
pub(super) fn cumulative(distribution: &Distribution, x: f64) -> f64 {
    match *distribution {
        Distribution::Exponential { mean } => 1.0 - libm::exp(-x / mean),
        Distribution::LogNormal { median, sigma } => {
            0.5 * libm::erfc(-libm::log(x / median) / (sigma * std::f64::consts::SQRT_2))
        }
        Distribution::Weibull { scale, shape } => 1.0 - libm::exp(-libm::pow(x / scale, shape)),
        Distribution::Pareto { min, alpha } => {
            if x < min {
                0.0
            } else {
                1.0 - libm::pow(min / x, alpha)
            }
        }
        Distribution::Quantiles { ref points } => {
            let right = points.partition_point(|point| point.1 <= x);
            if right == 0 {
                return 0.0;
            }
            let Some(&(p1, v1)) = points.get(right) else { return 1.0 };
            let (p0, v0) = points[right - 1];
            p0 + (p1 - p0) * (x - v0) / (v1 - v0)
        }
        Distribution::Constant { value } => f64::from(u8::from(x >= value)),
        Distribution::Uniform { min, max } => ((x - min) / (max - min)).clamp(0.0, 1.0),
        Distribution::Normal { mean, stddev } => 0.5 * libm::erfc(-(x - mean) / (stddev * std::f64::consts::SQRT_2)),
    }
}

/// The largest distance of a distribution function from that of a sorted sample; equal values are one step.
pub(super) fn distance(sorted: &[f64], cumulative: impl Fn(f64) -> f64) -> f64 {
    let n = sorted.len() as f64;
    let mut below = 0;
    let mut most: f64 = 0.0;
    for same in sorted.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        let at = cumulative(same[0]);
        // Just before a step a continuous function is where it is at it; one that steps there itself is not judged twice.
        let before = cumulative(same[0] * (1.0 - 1e-12));
        most = most.max((before - below as f64 / n).abs());
        below += same.len();
        most = most.max((at - below as f64 / n).abs());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use towtank_sim::random::Streams;

    fn sample(distribution: &Distribution, count: usize) -> Vec<f64> {
        let mut rng = Streams::new(7).stream("test");
        (0..count).map(|_| distribution.sample(&mut rng)).collect()
    }

    #[test]
    fn what_was_drawn_is_found_again() {
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 0.05;
        match fit(&mut sample(&Distribution::Exponential { mean: 300.0 }, 20_000), true).unwrap() {
            Fit { distribution: Distribution::Exponential { mean }, distance } => {
                assert!(close(mean, 300.0) && distance < 0.03);
            }
            // A Weibull distribution of shape 1 is the same.
            Fit { distribution: Distribution::Weibull { scale, shape }, .. } => {
                assert!(close(scale, 300.0) && close(shape, 1.0));
            }
            other => panic!("{other:?}"),
        }
        match fit(&mut sample(&Distribution::LogNormal { median: 60.0, sigma: 1.5 }, 20_000), true)
            .unwrap()
            .distribution
        {
            Distribution::LogNormal { median, sigma } => assert!(close(median, 60.0) && close(sigma, 1.5)),
            other => panic!("{other:?}"),
        }
        match fit(&mut sample(&Distribution::Weibull { scale: 60.0, shape: 0.5 }, 20_000), true).unwrap().distribution {
            Distribution::Weibull { scale, shape } => assert!(close(scale, 60.0) && close(shape, 0.5)),
            other => panic!("{other:?}"),
        }
        match fit(&mut sample(&Distribution::Pareto { min: 3.0, alpha: 1.2 }, 20_000), true).unwrap().distribution {
            Distribution::Pareto { min, alpha } => assert!(close(min, 3.0) && close(alpha, 1.2)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_has_no_name_keeps_its_quantiles() {
        let mut two_peaks: Vec<f64> = (0..500).map(|i| 10.0 + f64::from(i) / 500.0).collect();
        two_peaks.extend((0..500).map(|i| 1000.0 + f64::from(i)));
        let fit = fit(&mut two_peaks, true).unwrap();
        assert!(matches!(fit.distribution, Distribution::Quantiles { .. }), "{fit:?}");
        assert!(fit.distance < 0.11, "{fit:?}");
    }

    #[test]
    fn odd_samples() {
        assert_eq!(fit(&mut [], true), None);
        assert_eq!(fit(&mut [5.0, 5.0], true).unwrap().distribution, Distribution::Constant { value: 5.0 });
        let few = fit(&mut [0.0, 1.0, 2.0], true).unwrap().distribution;
        few.validate().unwrap();
        let zeros = fit(&mut [vec![0.0; 100], vec![3.0; 100]].concat(), true).unwrap().distribution;
        zeros.validate().unwrap();
    }
}
