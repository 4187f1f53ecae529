//! Generators of pods.

use super::arrivals::{Arrivals, Clock, Process};
use super::ranges::fraction;
use super::shape::{Amounts, Shape};
use super::variant::Variant;
use crate::schema::{DistributionSpec, DurationText, Plain, Seconds};
use crate::template::RunTime;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use thiserror::Error;
use towtank_sim::cluster::Cluster;
use towtank_sim::model::pod::{NewPod, Run, Usage};
use towtank_sim::model::{ClassId, Name};
use towtank_sim::random::{Distribution, Rng, Streams};
use towtank_sim::source::{Source, SourceError, Submission, Work};
use towtank_sim::time::SimTime;

/// A generator of pods without a controller.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PodGenerator {
    /// Its name, unique in the scenario: it names the random streams.
    pub name: String,
    /// The namespace of its pods.
    #[serde(default = "default_namespace")]
    pub namespace: String,
    /// Pods are named `PREFIX-0`, `PREFIX-1`, …; the generator's name where none is given.
    pub name_prefix: Option<String>,
    /// When pods arrive.
    pub arrivals: Arrivals,
    /// How many pods arrive at once, rounded, at least one; one where it is not given.
    pub batch: Option<DistributionSpec<Plain>>,
    /// How many pods come in all; without it and without `until`, they come for ever.
    pub count: Option<u64>,
    /// When arrivals begin.
    #[serde(default)]
    pub from: DurationText,
    /// When they end.
    pub until: Option<DurationText>,
    /// What the pods look like; at least one shape.
    pub shapes: Vec<Shape>,
    /// How long pods run; for ever where neither the generator nor the shape says.
    pub duration: Option<DistributionSpec<Seconds>>,
    /// The probability that a pod ends with failure.
    #[serde(default, deserialize_with = "fraction")]
    pub failure_probability: f64,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// Why a generator cannot run.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("generator `{name}`: {message}")]
pub struct GeneratorError {
    /// Its name.
    pub name: String,
    /// The path below the generator to the field that is wrong; empty for the generator as a whole.
    pub field: String,
    /// Why.
    pub message: String,
}

impl PodGenerator {
    /// The source of this generator's pods. `epoch_second` is the scenario's start in seconds since 1970 (UTC): arrivals by
    /// the hour of the day depend on it.
    ///
    /// # Errors
    /// A generator without shapes, or one whose pods all come at once and without a count; or a template that is no pod's.
    pub fn source(self, streams: Streams, epoch_second: i64) -> Result<GeneratedPods, GeneratorError> {
        let error = |field, message| GeneratorError { name: self.name.clone(), field, message };
        let fail = |message: &str| Err(error(String::new(), message.to_owned()));
        if self.shapes.is_empty() {
            return fail("shapes is empty: expected at least one");
        }
        if self.arrivals.0 == Process::AllAtOnce && self.count.is_none() {
            return fail("count is missing: expected one with allAtOnce");
        }
        if self.until.is_some_and(|until| until < self.from) {
            return fail("until is earlier than from: expected a later time");
        }
        let stream = |what: &str| streams.stream(&format!("generate/{}/{what}", self.name));
        let start = SimTime::ZERO + self.from.0;
        let end = self.until.map_or(SimTime::MAX, |until| SimTime::ZERO + until.0);
        let mut variants = Vec::new();
        let mut warnings = Vec::new();
        for (index, shape) in self.shapes.iter().enumerate() {
            let place = format!("shapes[{index}]");
            let (of_shape, heard) = Variant::all(index, shape, &self.namespace)
                .map_err(|(field, message)| error(format!("{place}.{field}"), message))?;
            variants.extend(of_shape);
            let about = |warning| format!("generator `{}`: {place}.template.{warning}", self.name);
            warnings.extend(heard.into_iter().map(about));
        }
        let mut total = 0.0;
        let cumulative = variants.iter().map(|variant| {
            total += variant.weight;
            total
        });
        Ok(GeneratedPods {
            cumulative: cumulative.collect(),
            run_times: variants.iter().map(|variant| self.run_time(variant)).collect(),
            variants,
            warnings,
            clock: Clock::new(self.arrivals.0.clone(), stream("arrivals"), epoch_second, start, end),
            batches: stream("batches"),
            shapes: stream("shapes"),
            sizes: stream("sizes"),
            durations: stream("durations"),
            failures: stream("failures"),
            classes: FxHashMap::default(),
            batch: None,
            made: 0,
            generator: self,
        })
    }

    fn run_time(&self, variant: &Variant) -> RunTime {
        let own = || self.duration.as_ref();
        let drawn = || own().map(|spec| RunTime::Drawn { seconds: spec.distribution.clone(), fails: false });
        variant.run.clone().or_else(drawn).unwrap_or_default()
    }
}

/// The pods of a generator, as a source.
#[derive(Debug)]
pub struct GeneratedPods {
    generator: PodGenerator,
    /// What pods are made of.
    variants: Vec<Variant>,
    /// What of them has no effect.
    warnings: Vec<String>,
    /// Sums of the variants' weights.
    cumulative: Vec<f64>,
    run_times: Vec<RunTime>,
    clock: Clock,
    batches: Rng,
    shapes: Rng,
    sizes: Rng,
    durations: Rng,
    failures: Rng,
    /// The class of each variant and drawn size.
    classes: FxHashMap<(usize, Amounts), ClassId>,
    /// What is left of the arrival in progress: its time and how many pods.
    batch: Option<(SimTime, u64)>,
    made: u64,
}

impl GeneratedPods {
    /// What of the generator has no effect.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// When the next pod comes.
    fn next_time(&mut self) -> Option<SimTime> {
        if self.generator.count.is_some_and(|count| self.made >= count) {
            return None;
        }
        let (at, left) = match self.batch.take() {
            Some(batch) => batch,
            None => (self.clock.next()?, self.batch_size()),
        };
        self.batch = (left > 1).then_some((at, left - 1));
        self.made += 1;
        Some(at)
    }

    fn batch_size(&mut self) -> u64 {
        let batch = self.generator.batch.as_ref();
        batch.map_or(1, |spec| libm::round(spec.distribution.sample(&mut self.batches)) as u64)
    }

    fn pod(&mut self, cluster: &mut Cluster) -> NewPod {
        let index = self.pick_variant();
        let variant = &self.variants[index];
        let shape = &self.generator.shapes[variant.shape];
        let size = shape.draw(&mut self.sizes);
        let class = *self.classes.entry((index, size)).or_insert_with(|| cluster.intern(variant.spec(size)));
        let fails = shape.failure_probability.unwrap_or(self.generator.failure_probability);
        let mut run = self.run_times[index].draw(self.made - 1, &mut self.durations);
        if let Run::Succeeds(span) = run
            && fails > 0.0
            && unit(&mut self.failures) < fails
        {
            run = Run::Fails(span);
        }
        let prefix = self.generator.name_prefix.as_ref().unwrap_or(&self.generator.name);
        let name = Name::numbered(prefix, self.made - 1);
        NewPod { name, class, owner: None, run, usage: Usage::default(), status: None }
    }

    fn pick_variant(&mut self) -> usize {
        let last = self.cumulative.len() - 1;
        let total = self.cumulative[last];
        let drawn = total * unit(&mut self.shapes);
        self.cumulative.partition_point(|sum| *sum <= drawn).min(last)
    }
}

/// A number in `[0, 1)`.
fn unit(rng: &mut Rng) -> f64 {
    Distribution::Uniform { min: 0.0, max: 1.0 }.sample(rng)
}

impl Source for GeneratedPods {
    fn name(&self) -> &str {
        &self.generator.name
    }

    fn next(&mut self, cluster: &mut Cluster) -> Result<Option<Submission>, SourceError> {
        let at = self.next_time();
        Ok(at.map(|at| Submission { at, work: Work::Pod(self.pod(cluster)) }))
    }

    fn is_endless(&self) -> bool {
        self.generator.count.is_none() && self.generator.until.is_none()
    }
}
