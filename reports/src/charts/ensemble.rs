//! Several runs of the same policy as one line: their mean, with a band from the lowest to the highest.

/// Values over time: seconds, ascending, each value holding until the next time, `None` for a gap.
pub(crate) type Steps = Vec<(f64, Option<f64>)>;

/// The mean over runs at every time at which one of them changes, and the lowest and highest of them. A run counts until its last
/// sample. Of a single run there is no band.
pub(crate) fn mean_and_range(runs: Vec<Steps>) -> (Steps, Vec<Option<(f64, f64)>>) {
    let runs = match <[Steps; 1]>::try_from(runs) {
        Ok([only]) => return (only, Vec::new()),
        Err(runs) => runs,
    };
    let mut times: Vec<f64> = runs.iter().flatten().map(|(time, _)| *time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut next = vec![0; runs.len()];
    let (mut mean, mut band) = (Vec::with_capacity(times.len()), Vec::with_capacity(times.len()));
    for time in times {
        let (mut sum, mut count, mut low, mut high) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
        for (run, next) in runs.iter().zip(&mut next) {
            while run.get(*next).is_some_and(|(at, _)| *at <= time) {
                *next += 1;
            }
            let holds = run.last().is_some_and(|(last, _)| time <= *last);
            if let Some(value) = next.checked_sub(1).filter(|_| holds).and_then(|place| run[place].1) {
                sum += value;
                count += 1.0;
                low = low.min(value);
                high = high.max(value);
            }
        }
        mean.push((time, (count > 0.0).then(|| sum / count)));
        band.push((count > 0.0).then_some((low, high)));
    }
    (mean, band)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_count_until_they_end() {
        let a = vec![(0.0, Some(1.0)), (2.0, Some(3.0)), (4.0, Some(5.0))];
        let b = vec![(1.0, Some(7.0)), (2.0, None), (3.0, Some(9.0))];
        let (mean, band) = mean_and_range(vec![a.clone(), b]);
        let expected = [(0.0, Some(1.0)), (1.0, Some(4.0)), (2.0, Some(3.0)), (3.0, Some(6.0)), (4.0, Some(5.0))];
        assert_eq!(mean, expected);
        assert_eq!(band, [(1.0, 1.0), (1.0, 7.0), (3.0, 3.0), (3.0, 9.0), (5.0, 5.0)].map(Some));
        assert_eq!(mean_and_range(vec![a.clone()]), (a, vec![]));
        assert_eq!(mean_and_range(Vec::new()), (vec![], vec![]));
    }
}
