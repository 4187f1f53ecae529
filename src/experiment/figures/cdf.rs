//! Cumulative distributions: of a number over all runs of a policy.

use super::super::Experiment;
use super::super::tables::Group;
use super::{Figure, FigureKind, FigureSpec, Shown, Wrong, label, numbers};
use std::sync::Arc;
use towtank_reports::charts::cdf::{CdfChart, CdfCurve};
use towtank_reports::charts::distribution::Distribution;
use towtank_reports::charts::{Chart, Scale};

pub(super) const KIND: FigureKind = FigureKind {
    name: "cdf",
    about: "The cumulative distribution of `metric` over all runs of each policy, seeds and values of axes together, with its median, \
            90th and 99th percentile marked. Logarithmic where the numbers span it, or where `x.log` asks for it.",
    fields: &["metric", "complementOf"],
    read,
};

#[derive(Debug)]
struct Cdf {
    metric: String,
    x: Scale,
}

fn read(spec: &FigureSpec, _: &Experiment) -> Result<Arc<dyn Shown>, Wrong> {
    let metric = spec.required("metric", spec.metric.as_deref())?;
    Ok(Arc::new(Cdf { metric: metric.to_owned(), x: spec.x.scale(metric) }))
}

impl Shown for Cdf {
    fn chart(&self, figure: &Figure, groups: &[Group<'_>]) -> Chart {
        let mut policies: Vec<(String, Vec<f64>)> = Vec::new();
        for group in groups {
            let values = numbers(group, &self.metric).into_iter().map(|value| figure.shown_value(value));
            let label = label(group, false);
            match policies.iter_mut().find(|(known, _)| *known == label) {
                Some((_, all)) => all.extend(values),
                None => policies.push((label, values.collect())),
            }
        }
        let curve = |(label, values): (String, Vec<f64>)| CdfCurve::new(&label, Distribution::of_numbers(values));
        Chart::Cdf(CdfChart {
            title: figure.title.clone(),
            x: self.x.clone(),
            samples: "runs".to_owned(),
            curves: policies.into_iter().map(curve).collect(),
        })
    }
}
