//! What arriving pods look like.

use super::ranges::{devices, milli, optional_fraction, positive, tolerations, variants};
use crate::schema::{Bytes, DistributionSpec, MilliCpu, Plain, QuantityText, Seconds};
use crate::yaml::Value;
use serde::Deserialize;
use std::collections::BTreeMap;
use towtank_sim::model::gpu::WHOLE;
use towtank_sim::model::taint::Toleration;
use towtank_sim::random::Rng;

/// A shape of pods: one container that requests this, or a template.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Shape {
    /// How often it comes, relative to the other shapes.
    #[serde(default = "one", deserialize_with = "positive")]
    pub weight: f64,
    /// How many variants it has, 1 to 100,000, each as often: `{n}` in the texts of `labels`, `nodeSelector` and `template` stands for
    /// the variant's number, from 0 on.
    #[serde(default, deserialize_with = "variants")]
    pub variants: Option<u32>,
    /// A pod template as in a Deployment, in place of the fields that say the same.
    pub template: Option<Value>,
    /// What it requests.
    #[serde(default)]
    pub requests: BTreeMap<String, QuantityText>,
    /// CPU that is drawn for each pod, in place of `requests.cpu`, or of what the template's first container requests.
    pub cpu: Option<Size<MilliCpu>>,
    /// Memory that is drawn for each pod, likewise.
    pub memory: Option<Size<Bytes>>,
    /// Shares of GPU devices.
    pub gpu: Option<Gpu>,
    /// The labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The node selector.
    #[serde(default)]
    pub node_selector: BTreeMap<String, String>,
    /// The tolerations.
    #[serde(default, deserialize_with = "tolerations")]
    pub tolerations: Vec<Toleration>,
    /// The name of the PriorityClass.
    pub priority_class: Option<String>,
    /// How many pods an arrival of this shape is, rounded, at least one, in place of the generator's `batch`. They are all of this shape
    /// and size, and run equally long.
    pub pods: Option<DistributionSpec<Plain>>,
    /// Whether the pods of an arrival are one job: a PodGroup whose pods start together or not at all under batch schedulers.
    #[serde(default)]
    pub gang: bool,
    /// How many times as long as it runs such a job is announced to run; without it the run time is known beforehand. It is rounded
    /// to whole seconds and at least a second.
    pub estimate_factor: Option<DistributionSpec<Plain>>,
    /// Whether its pods never end, although the generator has a run time.
    #[serde(default)]
    pub endless: bool,
    /// The run time, in place of the generator's.
    pub duration: Option<DistributionSpec<Seconds>>,
    /// The probability that a pod ends with failure, in place of the generator's.
    #[serde(default, deserialize_with = "optional_fraction")]
    pub failure_probability: Option<f64>,
}

/// An amount that is drawn for each pod. It is rounded up to whole steps, so that few different classes of pods arise.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", bound = "U: crate::schema::Unit")]
pub struct Size<U> {
    /// What it is drawn from.
    pub distribution: DistributionSpec<U>,
    /// The step, above 0; 100m of CPU and 64Mi of memory where none is given.
    pub round_to: Option<QuantityText>,
    /// The most there may be.
    pub max: Option<QuantityText>,
}

/// Shares of GPU devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// How many devices, 1 to 16.
    #[serde(default = "one_device", deserialize_with = "devices")]
    pub count: u8,
    /// Thousandths of each, 1 to 1000.
    #[serde(default = "whole", deserialize_with = "milli")]
    pub milli: u16,
}

fn one() -> f64 {
    1.0
}

fn one_device() -> u8 {
    1
}

fn whole() -> u16 {
    WHOLE
}

/// CPU (milli) and memory (bytes) of one pod, where they are drawn.
pub(super) type Amounts = [Option<i64>; 2];

/// Default step of CPU in milli.
const CPU_STEP: i64 = 100;
/// Default step of memory in bytes.
const MEMORY_STEP: i64 = 64 << 20;

impl Shape {
    /// Draws the CPU (milli) and memory (bytes) of one pod, where they are drawn.
    pub(super) fn draw(&self, rng: &mut Rng) -> Amounts {
        let cpu = self.cpu.as_ref().map(|size| size.draw(CPU_STEP, QuantityText::milli, rng));
        let memory = self.memory.as_ref().map(|size| size.draw(MEMORY_STEP, QuantityText::units, rng));
        [cpu, memory]
    }
}

impl<U> Size<U> {
    fn draw(&self, default_step: i64, amount: fn(QuantityText) -> i64, rng: &mut Rng) -> i64 {
        let step = self.round_to.map_or(default_step, amount).max(1);
        let steps = libm::ceil(self.distribution.distribution.sample(rng) / step as f64);
        // A cast from a float stops at the ends of the integer.
        let drawn = (steps as i64).saturating_mul(step);
        self.max.map_or(drawn, |max| drawn.min(amount(max)))
    }
}

impl QuantityText {
    fn milli(self) -> i64 {
        self.0.milli_value()
    }

    fn units(self) -> i64 {
        self.0.value()
    }
}
