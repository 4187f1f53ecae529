//! Models of workloads: what generators of one kind have in common, in a file of its own.

use super::arrivals::Arrivals;
use super::pods::PodGenerator;
use super::ranges::optional_fraction;
use super::shape::Shape;
use crate::schema::{DistributionSpec, Seconds};
use serde::Deserialize;

/// What a file of `kind: WorkloadModel` says in its `spec`: what `towtank fit` learns from a trace.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct WorkloadModel {
    /// When pods arrive.
    pub arrivals: Arrivals,
    /// What they look like.
    pub shapes: Vec<Shape>,
    /// How long those run that say nothing themselves.
    pub duration: Option<DistributionSpec<Seconds>>,
    /// The probability that a pod ends with failure, where its shape says nothing.
    #[serde(default, deserialize_with = "optional_fraction")]
    pub failure_probability: Option<f64>,
}

impl PodGenerator {
    /// The generator with everything from a model that it does not say itself.
    #[must_use]
    pub fn with_model(mut self, model: WorkloadModel) -> Self {
        let WorkloadModel { arrivals, shapes, duration, failure_probability } = model;
        self.arrivals.get_or_insert(arrivals);
        if self.shapes.is_empty() {
            self.shapes = shapes;
        }
        self.duration = self.duration.or(duration);
        self.failure_probability = self.failure_probability.or(failure_probability);
        self
    }
}
