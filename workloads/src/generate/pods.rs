//! Generators of pods.

use super::arrivals::{Arrivals, Clock, Process};
use super::ranges::{optional_fraction, positive, tolerations};
use super::shape::{Amounts, Shape};
use super::variant::Variant;
use crate::schema::{DistributionSpec, DurationText, Plain, Seconds};
use crate::template::RunTime;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use thiserror::Error;
use towtank_sim::cluster::{ClassWatch, Cluster};
use towtank_sim::model::pod::{NewPod, Run, Submitted, Usage};
use towtank_sim::model::taint::Toleration;
use towtank_sim::model::{ClassId, Name, Numbering};
use towtank_sim::random::{Distribution, Rng, Streams};
use towtank_sim::source::{Gang, Source, SourceError, Submission, Work};
use towtank_sim::time::{SimTime, Span};

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
    /// A file with a [`WorkloadModel`](super::WorkloadModel), which says all that is not said here of `arrivals`, `shapes`, `duration`
    /// and `failureProbability`.
    pub model: Option<PathBuf>,
    /// Multiplies the rate of arrivals.
    #[serde(default = "one", deserialize_with = "positive")]
    pub scale: f64,
    /// When pods arrive.
    pub arrivals: Option<Arrivals>,
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
    #[serde(default)]
    pub shapes: Vec<Shape>,
    /// Tolerations of every pod, beside those of its shape.
    #[serde(default, deserialize_with = "tolerations")]
    pub tolerations: Vec<Toleration>,
    /// How long pods run; for ever where neither the generator nor the shape says.
    pub duration: Option<DistributionSpec<Seconds>>,
    /// The probability that a pod ends with failure; 0 where it is not given.
    #[serde(default, deserialize_with = "optional_fraction")]
    pub failure_probability: Option<f64>,
}

fn one() -> f64 {
    1.0
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
        let Some(arrivals) = &self.arrivals else {
            return fail(
                "arrivals is missing: expected an arrival process such as {poisson: {perHour: 60}}, or a model",
            );
        };
        if arrivals.0 == Process::AllAtOnce && self.count.is_none() {
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
            if shape.estimate_factor.is_some() && !shape.gang {
                let message =
                    "estimateFactor without gang: expected `gang: true`, because jobs are announced, and pods are not";
                return Err(error(place, message.to_owned()));
            }
            let (of_shape, heard) = Variant::all(index, shape, &self.namespace)
                .map_err(|(field, message)| error(format!("{place}.{field}"), message))?;
            variants.extend(of_shape.into_iter().map(|variant| variant.tolerating(&self.tolerations)));
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
            clock: Clock::new(arrivals.0.clone().scaled(self.scale), stream("arrivals"), epoch_second, start, end),
            batches: stream("batches"),
            shapes: stream("shapes"),
            sizes: stream("sizes"),
            durations: stream("durations"),
            failures: stream("failures"),
            estimates: stream("estimates"),
            classes: FxHashMap::default(),
            watch: ClassWatch::default(),
            batch: None,
            made: 0,
            names: Numbering::new(self.name_prefix.as_ref().unwrap_or(&self.name)),
            has_jobs: self.shapes.iter().any(|shape| shape.pods.is_some() || shape.gang),
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
    estimates: Rng,
    /// The class of each variant and drawn size that has come more than once, as far as it has not been forgotten; `None` of those that
    /// have come once.
    classes: FxHashMap<(usize, Amounts), Option<ClassId>>,
    watch: ClassWatch,
    /// What is left of the arrival in progress.
    batch: Option<Batch>,
    made: u64,
    names: Numbering,
    /// Whether the pods of an arrival are alike, because some shape says how many they are.
    has_jobs: bool,
}

/// The pods of an arrival that are still to come.
#[derive(Clone, Copy, Debug)]
struct Batch {
    at: SimTime,
    /// How many.
    left: u64,
    /// What they are, if they are all the same.
    same: Option<Made>,
    /// Whether they are one job.
    is_gang: bool,
    /// How long that is announced to run, if that is known.
    estimate: Option<Span>,
}

/// A pod but for its name.
#[derive(Clone, Copy, Debug)]
struct Made {
    variant: usize,
    size: Amounts,
    run: Run,
}

impl GeneratedPods {
    /// What of the generator has no effect.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The next pod or job, and when it comes.
    fn next_work(&mut self, cluster: &mut Cluster) -> Option<Submission> {
        if self.generator.count.is_some_and(|count| self.made >= count) {
            return None;
        }
        let mut batch = match self.batch.take() {
            Some(batch) => batch,
            None => self.arrival()?,
        };
        let name = self.names.name(self.made);
        let made = if let Some(made) = batch.same {
            made
        } else {
            let variant = self.pick_variant();
            self.make(variant)
        };
        let Made { variant, size, run } = made;
        let class = self.submitted(variant, size, batch.is_gang, cluster);
        if batch.is_gang {
            return Some(self.gang(&batch, name, class, run, cluster));
        }
        batch.left -= 1;
        self.batch = (batch.left > 0).then_some(batch);
        self.made += 1;
        let pod = NewPod { name, class, owner: None, run, usage: Usage::default(), status: None };
        Some(Submission { at: batch.at, work: Work::Pod(pod) })
    }

    /// All pods of an arrival as one job.
    fn gang(&mut self, batch: &Batch, name: Name, class: Submitted, run: Run, cluster: &Cluster) -> Submission {
        let left = self.generator.count.map_or(u64::MAX, |count| count - self.made);
        let pods = u32::try_from(batch.left.min(left)).unwrap_or(u32::MAX);
        self.made += u64::from(pods);
        let namespace = cluster.spec_of(&class).namespace.clone();
        let pod = NewPod { name: name.clone(), class, owner: None, run, usage: Usage::default(), status: None };
        let gang = Gang { namespace, name, pods, min_count: pods, estimate: batch.estimate, pod };
        Submission { at: batch.at, work: Work::Gang(Box::new(gang)) }
    }

    /// The next arrival.
    fn arrival(&mut self) -> Option<Batch> {
        let at = self.clock.next()?;
        if !self.has_jobs {
            let left = self.generator.batch.as_ref().map_or(1, |spec| rounded(spec, &mut self.batches));
            return Some(Batch { at, left, same: None, is_gang: false, estimate: None });
        }
        let variant = self.pick_variant();
        let shape = &self.generator.shapes[self.variants[variant].shape];
        let pods = shape.pods.as_ref().or(self.generator.batch.as_ref());
        let left = pods.map_or(1, |spec| rounded(spec, &mut self.batches));
        let is_gang = shape.gang;
        let made = self.make(variant);
        let estimate = self.announced(variant, made.run);
        Some(Batch { at, left, same: Some(made), is_gang, estimate })
    }

    /// How long a job is announced to run, where that is not how long it runs.
    fn announced(&mut self, variant: usize, run: Run) -> Option<Span> {
        let factor = self.generator.shapes[self.variants[variant].shape].estimate_factor.as_ref()?;
        let (Run::Succeeds(span) | Run::Fails(span)) = run else { return None };
        let seconds = span.as_secs_f64() * factor.distribution.sample(&mut self.estimates);
        Some(Span::from_secs((libm::round(seconds) as i64).max(1)))
    }

    /// A pod of a variant and size, or as many as a gang has.
    fn submitted(&mut self, variant: usize, size: Amounts, gang: bool, cluster: &mut Cluster) -> Submitted {
        if let Some(stayed) = self.watch.look(&cluster.classes) {
            self.classes.retain(|_, class| class.is_some_and(|class| stayed.has(class)));
        }
        // Nearly all are of a class that has come before.
        if let Some(Some(class)) = self.classes.get(&(variant, size)) {
            return (*class).into();
        }
        let spec = || self.variants[variant].spec(size);
        match self.classes.entry((variant, size)) {
            Entry::Vacant(entry) if !gang => {
                entry.insert(None);
                cluster.submit_alone(spec())
            }
            entry => (*entry.or_default().get_or_insert_with(|| cluster.intern_for_now(spec()))).into(),
        }
    }

    fn make(&mut self, index: usize) -> Made {
        let shape = &self.generator.shapes[self.variants[index].shape];
        let size = shape.draw(&mut self.sizes);
        let fails = shape.failure_probability.or(self.generator.failure_probability).unwrap_or(0.0);
        let mut run = self.run_times[index].draw(self.made, &mut self.durations);
        if let Run::Succeeds(span) = run
            && fails > 0.0
            && unit(&mut self.failures) < fails
        {
            run = Run::Fails(span);
        }
        Made { variant: index, size, run }
    }

    fn pick_variant(&mut self) -> usize {
        let last = self.cumulative.len() - 1;
        // Nothing else is drawn from this stream.
        if last == 0 {
            return 0;
        }
        let total = self.cumulative[last];
        let drawn = total * unit(&mut self.shapes);
        self.cumulative.partition_point(|sum| *sum <= drawn).min(last)
    }
}

/// A drawn number of pods, at least 1.
fn rounded(spec: &DistributionSpec<Plain>, rng: &mut Rng) -> u64 {
    (libm::round(spec.distribution.sample(rng)) as u64).max(1)
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
        Ok(self.next_work(cluster))
    }

    fn numbers_pods(&self) -> Option<&str> {
        // The pods of a job are named after it.
        let has_gangs = self.generator.shapes.iter().any(|shape| shape.gang);
        (!has_gangs).then(|| self.names.prefix())
    }

    fn is_endless(&self) -> bool {
        self.generator.count.is_none() && self.generator.until.is_none()
    }
}
