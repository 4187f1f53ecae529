//! Models of traces: what arrives when, in which shapes and for how long, learned from a trace and played by a generator.

mod distributions;
mod observe;
mod write;

pub use distributions::Fit;

use distributions::fit;
use observe::{Observed, ObservedShape};
use towtank_sim::model::pod::PodSpec;
use towtank_traces::TraceError;
use towtank_traces::stream::Stream;

/// A shape with fewer run times than this takes those of all such shapes together.
const ENOUGH_RUN_TIMES: usize = 30;

/// What is learned, and how finely.
#[derive(Clone, Copy, Debug)]
pub struct FitOptions {
    /// At most so many shapes are kept; the rest are put together.
    pub shapes: usize,
    /// Whether run times may get a distribution with a name where one fits well; the sample's quantiles otherwise.
    pub named: bool,
    /// Submissions of more pods are left out.
    pub largest: u32,
}

/// A model of a trace's submissions.
#[derive(Clone, Debug)]
pub struct Model {
    /// How many submissions it was learned from.
    pub submissions: u64,
    /// From the first to the last of them, in seconds.
    pub seconds: f64,
    /// Submissions per hour by hour of the day.
    pub per_hour: [f64; 24],
    /// The run time of shapes that have none of their own.
    pub run_time: Option<Fit>,
    /// The shapes, the commonest first.
    pub shapes: Vec<ModelShape>,
}

/// A shape of a model.
#[derive(Clone, Debug)]
pub struct ModelShape {
    /// What its pods are.
    pub spec: PodSpec,
    /// How many submissions have it.
    pub count: u64,
    /// How many different shapes of the trace it stands for; the commonest of them is `spec`.
    pub stands_for: usize,
    /// Its run time, if it has one of its own.
    pub run_time: Option<Fit>,
    /// Whether its pods never end.
    pub endless: bool,
    /// The part of its submissions that failed.
    pub failure: f64,
    /// How many pods a submission is; `None` for one.
    pub pods: Option<Fit>,
    /// Whether these start together or not at all.
    pub gang: bool,
    /// How many times as long as they run they are announced to run, if that is known.
    pub estimate_factor: Option<Fit>,
}

impl Model {
    /// Learns a model; the trace is read to its end.
    ///
    /// # Errors
    /// A row is wrong, or cannot be repaired under strict rules.
    pub fn of(stream: &mut Stream, options: FitOptions) -> Result<Self, TraceError> {
        let observed = observe::observe(stream, options.largest)?;
        Ok(Self::new(observed, options))
    }

    fn new(mut observed: Observed, options: FitOptions) -> Self {
        let per_hour = observed.rates();
        let kept = kept(std::mem::take(&mut observed.shapes), options.shapes);
        let mut pooled: Vec<f64> = Vec::new();
        let mut shapes = Vec::new();
        for (mut shape, stands_for) in kept {
            let endless = shape.run_times.is_empty();
            let own = shape.run_times.len() >= ENOUGH_RUN_TIMES;
            let run_time = own.then(|| fit(&mut shape.run_times, options.named)).flatten();
            if !own {
                pooled.append(&mut shape.run_times);
            }
            let several = shape.pods.iter().any(|pods| *pods > 1.0);
            shapes.push(ModelShape {
                count: shape.count,
                stands_for,
                run_time,
                endless,
                failure: shape.failed as f64 / shape.count as f64,
                pods: several.then(|| fit(&mut shape.pods, false)).flatten(),
                gang: shape.gang,
                estimate_factor: fit(&mut shape.estimate_factors, false),
                spec: shape.spec,
            });
        }
        let (first, last) = observed.span;
        Self {
            submissions: observed.submissions,
            seconds: (last - first) as f64 / 1e9,
            per_hour,
            run_time: fit(&mut pooled, options.named),
            shapes,
        }
    }

    /// The model as a file that `generate: { model: FILE }` plays. `name` and `source` say what it is of.
    pub fn yaml(&self, name: &str, source: &str) -> String {
        write::yaml(self, name, source)
    }
}

/// The commonest shapes; each of the others goes to the kept shape that is most like it, with how many it then stands for.
fn kept(mut shapes: Vec<ObservedShape>, most: usize) -> Vec<(ObservedShape, usize)> {
    let rest = shapes.split_off(shapes.len().min(most.max(1)));
    let mut kept: Vec<(ObservedShape, usize)> = shapes.into_iter().map(|shape| (shape, 1)).collect();
    for shape in rest {
        let nearest =
            (0..kept.len()).min_by(|a, b| unlikeness(&kept[*a].0, &shape).total_cmp(&unlikeness(&kept[*b].0, &shape)));
        if let Some(nearest) = nearest {
            kept[nearest].0.absorb(shape);
            kept[nearest].1 += 1;
        }
    }
    kept.sort_by_key(|(shape, _)| std::cmp::Reverse(shape.count));
    kept
}

/// How unlike two shapes are: the sum over resources of how far their amounts are apart on a logarithmic scale; far more where one
/// has a GPU, an end, or nodes of its own, and the other has not.
fn unlikeness(a: &ObservedShape, b: &ObservedShape) -> f64 {
    const KIND: f64 = 100.0;
    let kind = |shape: &ObservedShape| (shape.run_times.is_empty(), shape.gang, shape.spec.gpu.map(|gpu| gpu.count));
    let same = kind(a) == kind(b) && a.spec.node_affinity.required == b.spec.node_affinity.required;
    let mut unlike = if same { 0.0 } else { KIND };
    for name in ["cpu", "memory"] {
        let amount = |shape: &ObservedShape| {
            let quantities = shape.spec.containers.iter().filter_map(|container| container.requests.get(name));
            quantities.map(|quantity| quantity.milli_value() as f64).sum::<f64>()
        };
        unlike += (libm::log(amount(a) + 1.0) - libm::log(amount(b) + 1.0)).abs();
    }
    let milli = |shape: &ObservedShape| shape.spec.gpu.map_or(0.0, |gpu| f64::from(gpu.milli));
    unlike + (libm::log(milli(a) + 1.0) - libm::log(milli(b) + 1.0)).abs()
}
