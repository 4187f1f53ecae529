//! Reductions: means over time, and thinning for plots.

use crate::data::{ResourceSeries, ResourceUtilization, Run, Series};

/// Sum of value × duration over a step function, in unit-nanoseconds: each value holds until the next time, and the last
/// one until `end_ns`.
pub fn integral(times_ns: &[i64], values: &[i64], end_ns: i64) -> i128 {
    let ends = times_ns.iter().skip(1).copied().chain(std::iter::once(end_ns));
    let steps = times_ns.iter().zip(ends).zip(values);
    steps.map(|((&start, end), &value)| i128::from(value) * i128::from((end - start).max(0))).sum()
}

/// The time-weighted mean of a step function of numbers that are not negative, rounded to the nearest whole one; `None` when no time passes.
pub fn time_weighted_mean(times_ns: &[i64], values: &[i64], end_ns: i64) -> Option<i64> {
    let span = i128::from(end_ns - times_ns.first()?);
    (span > 0).then(|| ((integral(times_ns, values, end_ns) + span / 2) / span) as i64)
}

/// How full a resource of a run was: the summary's exact numbers, or what the sampled series says where it has none.
pub fn utilization_of(run: &Run, resource: &ResourceSeries) -> ResourceUtilization {
    let end = run.series.times_ns.last().copied().unwrap_or(0);
    let exact = run.summary.utilization.get(&resource.name).copied();
    exact.unwrap_or_else(|| utilization(&run.series, resource, end))
}

/// How full a resource was over the whole series: the share of resource-time that was requested, and the fullest sample.
///
/// Zero where there was never any capacity. A series of one sample has no time in it: its mean is that sample.
pub fn utilization(series: &Series, resource: &ResourceSeries, end_ns: i64) -> ResourceUtilization {
    let offered = integral(&series.times_ns, &resource.capacity, end_ns);
    let used = integral(&series.times_ns, &resource.allocated, end_ns);
    let peak_allocated = (0..series.len()).filter_map(|row| resource.fraction(row)).fold(0.0, f64::max);
    let mean_allocated = if offered > 0 {
        used as f64 / offered as f64
    } else if series.len() == 1 {
        resource.fraction(0).unwrap_or(0.0)
    } else {
        0.0
    };
    ResourceUtilization { mean_allocated, peak_allocated, ..ResourceUtilization::default() }
}

/// What a few numbers have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// The arithmetic mean.
    pub mean: f64,
    /// The sample standard deviation, with `n - 1` in the denominator; zero for a single number.
    pub standard_deviation: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Moments {
    /// Those of these numbers, summed in their order; `None` where there are none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        let min = values.iter().copied().reduce(f64::min)?;
        let max = values.iter().copied().reduce(f64::max)?;
        let standard_deviation = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        Some(Self { mean, standard_deviation, min, max })
    }
}

/// Thins a curve to what `columns` pixel columns over `range` can show: of each column it keeps the first, lowest, highest and
/// last point, in their order.
///
/// Drawn at that resolution, the thinned curve and the full one cover the same pixels: no peak disappears, and no average
/// stands in for data. Points are ascending in x. A curve that is already short enough comes back as it is.
pub fn thin(points: &[(f64, f64)], range: (f64, f64), columns: usize) -> Vec<(f64, f64)> {
    if points.len() <= columns * 4 || range.1 <= range.0 {
        return points.to_vec();
    }
    let column = |x: f64| ((x - range.0) / (range.1 - range.0) * columns as f64).floor() as i64;
    let mut kept = Vec::with_capacity(columns * 4);
    for chunk in points.chunk_by(|a, b| column(a.0) == column(b.0)) {
        let by_height = |&a: &usize, &b: &usize| chunk[a].1.total_cmp(&chunk[b].1);
        let lowest = (0..chunk.len()).min_by(by_height).unwrap_or(0);
        let highest = (0..chunk.len()).max_by(by_height).unwrap_or(0);
        let mut picks = [0, lowest, highest, chunk.len() - 1];
        picks.sort_unstable();
        let mut last = None;
        for pick in picks {
            if last != Some(pick) {
                kept.push(chunk[pick]);
            }
            last = Some(pick);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_weigh_by_time_and_do_not_overflow() {
        assert_eq!(time_weighted_mean(&[0, 10], &[4, 8], 40), Some(7));
        assert_eq!(time_weighted_mean(&[0], &[5], 0), None);
        assert_eq!(time_weighted_mean(&[], &[], 9), None);
        assert_eq!(time_weighted_mean(&[0, 1], &[i64::MAX, i64::MAX], i64::MAX), Some(i64::MAX));
    }

    #[test]
    fn thinning_keeps_every_peak() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 0.0)).collect();
        points[70_123].1 = 9.0;
        let thinned = thin(&points, (0.0, 100_000.0), 100);
        assert!(thinned.len() <= 400, "{}", thinned.len());
        assert!(thinned.contains(&(70_123.0, 9.0)));
        assert_eq!((thinned[0], *thinned.last().unwrap()), (points[0], *points.last().unwrap()));
        assert!(thinned.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(thin(&points[..40], (0.0, 40.0), 10), points[..40]);
    }
}
