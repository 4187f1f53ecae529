//! The workload that a cluster of shared GPUs is expected to serve: the shapes of its pods, with how popular they are.
//!
//! Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX
//! ATC 2023, section 4.1: fragmentation is measured against the pods that are likely to come, which production traces show to
//! be few shapes that recur.

use super::gpu::{GPU_MODEL_LABEL, GpuRequest};
use super::labels::Operator;
use super::pod::{PodClass, PodSpec};
use super::resources::ResourceId;
use std::collections::BTreeMap;

/// What of a pod matters for whether a node with GPUs can host it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodShape {
    /// CPU in thousandths of a core.
    pub cpu_milli: i64,
    /// Thousandths of each GPU; 0 for a pod without GPUs.
    pub gpu_milli: u16,
    /// How many GPUs.
    pub gpus: u8,
    /// The GPU models that it may be on, joined by `|` as the pod lists them; empty for any. Two lists that differ only in order
    /// make two shapes.
    pub models: String,
}

/// A shape that is likely to come.
#[derive(Clone, Debug, PartialEq)]
pub struct TypicalPod {
    /// The shape.
    pub shape: PodShape,
    /// Its part of the typical pods, above 0 and at most 1.
    pub popularity: f64,
}

/// The typical pods, the most popular first. Their popularities make 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetWorkload {
    pods: Vec<TypicalPod>,
}

/// How often each shape occurs.
#[derive(Clone, Debug, Default)]
pub struct ShapeCounts {
    counts: BTreeMap<PodShape, u64>,
}

impl PodShape {
    /// The shape of the pods of a class. The models are what its required node affinity or its node selector names for
    /// [`GPU_MODEL_LABEL`].
    pub fn of(class: &PodClass) -> Self {
        let gpu = class.spec.gpu;
        Self {
            cpu_milli: class.requests.get(ResourceId::CPU),
            gpu_milli: gpu.map_or(0, |request| request.milli),
            gpus: gpu.map_or(0, |request| request.count),
            models: models(&class.spec).join("|"),
        }
    }

    /// What it asks of devices, if anything.
    pub fn gpu(&self) -> Option<GpuRequest> {
        (self.gpus > 0 && self.gpu_milli > 0).then_some(GpuRequest { count: self.gpus, milli: self.gpu_milli })
    }

    /// The models that it may be on; empty for any.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.split('|').filter(|model| !model.is_empty())
    }
}

impl ShapeCounts {
    /// Counts pods of a shape.
    pub fn add(&mut self, shape: PodShape, pods: u64) {
        *self.counts.entry(shape).or_default() += pods;
    }

    /// Counts what was counted elsewhere.
    pub fn add_all(&mut self, other: &Self) {
        other.counts.iter().for_each(|(shape, pods)| self.add(shape.clone(), *pods));
    }

    /// How many different shapes there are.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }
}

impl TargetWorkload {
    /// How much of a workload its typical pods are, in percent.
    ///
    /// Source: `experiments/run_scripts` of the paper's artifact, `--typical-pods` 95.
    pub const COVERAGE: u32 = 95;

    /// The typical pods of a workload: its shapes by falling number of pods, up to the first of them with which they are at
    /// least `percent` of all pods. Of shapes with as many pods the one comes first that asks for more CPU, then for more of
    /// each GPU, for more GPUs, and whose models are later in the order of bytes.
    pub fn typical(counts: &ShapeCounts, percent: u32) -> Self {
        let mut shapes: Vec<(&PodShape, u64)> = counts.counts.iter().map(|(shape, count)| (shape, *count)).collect();
        shapes.sort_by(|a, b| (b.1, b.0).cmp(&(a.1, a.0)));
        let total: u64 = shapes.iter().map(|(_, count)| count).sum();
        let mut kept = 0;
        let enough = |kept: u64| u128::from(kept) * 100 >= u128::from(total) * u128::from(percent);
        let typical: Vec<(&PodShape, u64)> = shapes
            .into_iter()
            .take_while(|(_, count)| {
                let goes_on = !enough(kept);
                kept += if goes_on { *count } else { 0 };
                goes_on
            })
            .collect();
        let share = kept as f64 / total as f64;
        let popularity = |count: u64| (count as f64 / total as f64) / share;
        let pods = typical
            .into_iter()
            .map(|(shape, count)| TypicalPod { shape: shape.clone(), popularity: popularity(count) })
            .collect();
        Self { pods }
    }

    /// The typical pods, the most popular first.
    pub fn pods(&self) -> &[TypicalPod] {
        &self.pods
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty()
    }
}

/// The GPU models that a pod names.
fn models(spec: &PodSpec) -> Vec<&str> {
    if let Some(model) = spec.node_selector.get(GPU_MODEL_LABEL) {
        return vec![model];
    }
    let terms = spec.node_affinity.required.iter().flat_map(|selector| &selector.terms);
    let named = terms
        .flat_map(|term| &term.expressions)
        .filter(|expression| expression.key == GPU_MODEL_LABEL && expression.operator == Operator::In);
    named.flat_map(|expression| expression.values.iter().map(String::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(cpu_milli: i64, gpu_milli: u16, gpus: u8, models: &str) -> PodShape {
        PodShape { cpu_milli, gpu_milli, gpus, models: models.to_owned() }
    }

    fn counts(of: &[(PodShape, u64)]) -> ShapeCounts {
        let mut counts = ShapeCounts::default();
        for (shape, count) in of {
            counts.add(shape.clone(), *count);
        }
        counts
    }

    #[test]
    fn the_typical_pods_are_the_most_frequent_shapes_and_equals_have_an_order() {
        let a = shape(1000, 500, 1, "");
        let (b, c) = (shape(2000, 500, 1, ""), shape(1000, 500, 1, "T4"));
        let counts = counts(&[(a.clone(), 5), (b.clone(), 5), (c.clone(), 5), (shape(1, 0, 0, ""), 85)]);
        let typical = TargetWorkload::typical(&counts, 95);
        let order: Vec<&PodShape> = typical.pods().iter().map(|pod| &pod.shape).collect();
        assert_eq!(order, [&shape(1, 0, 0, ""), &b, &c], "90 of 100 are too few, 95 are enough");
        let popularity = typical.pods()[0].popularity.to_bits();
        assert_eq!(popularity, f64::to_bits((85.0 / 100.0) / (95.0 / 100.0)), "to the last bit");
        assert_eq!(TargetWorkload::typical(&counts, 100).pods().len(), 4);
        assert_eq!(TargetWorkload::typical(&counts, 100).pods()[3].shape, a);
    }

    #[test]
    fn of_nothing_nothing_is_typical() {
        assert!(TargetWorkload::typical(&ShapeCounts::default(), 95).is_empty());
    }
}
