//! How scheduling and startup latency spread under each policy, as violins.

use super::Figure;
use crate::charts::distribution::Distribution;
use crate::charts::spread::{SpreadChart, SpreadSeries, SpreadShape};
use crate::charts::{Chart, Scale};
use crate::data::{Latencies, Run};

pub(super) const FIGURE: Figure<[Run]> = Figure {
    name: "compare-latency-spread",
    title: "How latencies spread",
    caption: "How many pods waited how long, as the width at each height, on a logarithmic scale; in it the quartiles and the \
              median. Pods that did not wait at all are counted in the legend. Each policy's seeds are taken together.",
    chart,
};

const TITLE: &str = "How latencies spread";

fn chart(runs: &[Run]) -> Chart {
    let policies = super::by_policy(runs);
    let pooled = |policy: &super::Policy<'_>, of: fn(&Run) -> &Latencies| {
        let all: Vec<Distribution> = policy.runs.iter().map(|run| Distribution::of_latencies(of(run))).collect();
        Distribution::pooled(&all)
    };
    let series = policies.iter().map(|policy| SpreadSeries {
        label: policy.label.to_owned(),
        samples: vec![pooled(policy, |run| &run.scheduling), pooled(policy, |run| &run.startup)],
    });
    Chart::Spread(SpreadChart {
        title: TITLE.to_owned(),
        across: "latency".to_owned(),
        categories: vec!["scheduling".to_owned(), "startup".to_owned()],
        y: Scale { log: true, durations: true, ..Scale::new("latency") },
        series: series.collect(),
        shape: SpreadShape::Violin,
        samples: "pods".to_owned(),
    })
}
