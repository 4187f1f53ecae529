//! How a cluster fills up: its state by how much has been asked of it.

use super::Curve;

/// The state of the GPUs after each arrival, averaged over the arrivals at which the demand so far was a whole percent of the
/// cluster's GPUs.
///
/// Source: the tables of Weng et al., "Beware of Fragmentation", USENIX ATC 2023, figures 7, 9 and 11 to 14.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArrivalCurve {
    points: Vec<ArrivalPoint>,
}

/// The state after one arrival.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ArrivalPoint {
    /// Everything that has been asked for until then, placed or not, in percent of all GPUs.
    pub arrived_percent: f64,
    /// What is allocated, in percent of all GPUs, to two decimals.
    pub allocated_percent: f64,
    /// What is fragmented, in percent of all GPUs.
    pub fragmented_percent: f64,
    /// What is fragmented, in percent of what is idle, to two decimals; 0 where nothing is idle.
    pub fragmentation_ratio_percent: f64,
}

/// One of the numbers of an [`ArrivalPoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArrivalMetric {
    /// [`ArrivalPoint::allocated_percent`].
    Allocated,
    /// [`ArrivalPoint::fragmented_percent`].
    Fragmented,
    /// [`ArrivalPoint::fragmentation_ratio_percent`].
    FragmentationRatio,
}

impl ArrivalMetric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Allocated, Self::Fragmented, Self::FragmentationRatio];

    /// The name of its [`Curve`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allocated => "gpu_allocated",
            Self::Fragmented => "gpu_fragmented",
            Self::FragmentationRatio => "gpu_fragmentation_ratio",
        }
    }

    /// What its percentages are of.
    const fn unit(self) -> &'static str {
        match self {
            Self::Allocated | Self::Fragmented => "% of GPUs",
            Self::FragmentationRatio => "% of idle GPUs",
        }
    }

    /// The number of a point.
    pub const fn of(self, point: &ArrivalPoint) -> f64 {
        match self {
            Self::Allocated => point.allocated_percent,
            Self::Fragmented => point.fragmented_percent,
            Self::FragmentationRatio => point.fragmentation_ratio_percent,
        }
    }
}

impl ArrivalCurve {
    /// Adds the state after an arrival. What has arrived never shrinks.
    pub fn push(&mut self, point: ArrivalPoint) {
        self.points.push(point);
    }

    /// The points, one for each arrival.
    pub fn points(&self) -> &[ArrivalPoint] {
        &self.points
    }

    /// A curve of each metric, by whole percent of arrived demand.
    pub fn curves(&self) -> Vec<Curve> {
        let Some(last) = self.points.last() else { return Vec::new() };
        let last = last.arrived_percent.round_ties_even() as usize;
        let curve = |metric: ArrivalMetric| {
            let columns = self.columns(metric, last).into_iter().enumerate();
            Curve {
                name: metric.name().to_owned(),
                unit: metric.unit().to_owned(),
                over: "arrived demand, % of GPUs".to_owned(),
                points: columns.filter_map(|(k, value)| Some((k as f64, value?))).collect(),
            }
        };
        ArrivalMetric::ALL.map(curve).to_vec()
    }

    /// The metric by whole percent of arrived demand, from 0 to `last`: the mean over the arrivals whose percentage rounds to
    /// the number, halves to the even one; where there is none, over the arrivals that round to it or one beside it; `None`
    /// where there is none either.
    pub fn columns(&self, metric: ArrivalMetric, last: usize) -> Vec<Option<f64>> {
        let mut sums = vec![(0.0, 0_u32); last + 2];
        for point in &self.points {
            let column = point.arrived_percent.round_ties_even();
            if let Some((sum, count)) = sums.get_mut(column as usize) {
                *sum += metric.of(point);
                *count += 1;
            }
        }
        let mean = |columns: &[(f64, u32)]| {
            let (sum, count) = columns.iter().fold((0.0, 0), |(sum, count), column| (sum + column.0, count + column.1));
            (count > 0).then(|| sum / f64::from(count))
        };
        let column = |k: usize| mean(&sums[k..=k]).or_else(|| mean(&sums[k.saturating_sub(1)..=k + 1]));
        (0..=last).map(column).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_the_mean_of_the_arrivals_that_round_to_it_or_of_its_neighbours() {
        let mut curve = ArrivalCurve::default();
        for (arrived_percent, allocated_percent) in [(0.4, 1.0), (0.5, 2.0), (1.5, 5.0), (2.5, 6.0), (3.6, 9.0)] {
            curve.push(ArrivalPoint { arrived_percent, allocated_percent, ..ArrivalPoint::default() });
        }
        // 0.5 rounds to 0; 1.5 and 2.5 to 2; 1 and 3 have no arrivals of their own; far away there is nothing.
        let expected = [Some(1.5), Some(3.5), Some(5.5), Some(20.0 / 3.0), Some(9.0), Some(9.0), None];
        assert_eq!(curve.columns(ArrivalMetric::Allocated, 6), expected);
    }
}
