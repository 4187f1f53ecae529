//! The pods that are expected to come: what fragmentation of GPUs is measured against.

use super::build::SchedulerChoice;
use super::read::Scenario;
use super::trace::PodTraceSpec;
use crate::diagnostic::Diagnostic;
use serde::Deserialize;
use std::sync::Arc;
use towtank_sim::model::gpu::{MAX_DEVICES, WHOLE};
use towtank_sim::model::target_workload::{PodShape, ShapeCounts, TargetWorkload};
use towtank_workloads::schema::QuantityText;

/// Where the expected pods come from: exactly one of `trace` and `shapes`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetWorkloadSpec {
    /// The pods that a trace lists.
    pub trace: Option<PodTraceSpec>,
    /// Shapes by hand.
    pub shapes: Option<Vec<TargetShapeSpec>>,
    /// How much of all pods the most popular shapes have to make, in percent; the others do not count.
    #[serde(default = "coverage")]
    pub coverage_percent: u32,
}

/// A shape of pods.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TargetShapeSpec {
    /// How many pods of this shape there are for each of the others.
    pub weight: u32,
    /// What a pod requests of CPU.
    pub cpu: QuantityText,
    /// How many GPUs it asks for; 0 for none.
    #[serde(default)]
    pub gpus: u8,
    /// Thousandths of each GPU.
    #[serde(default = "whole")]
    pub gpu_milli: u16,
    /// The GPU models that it may be on; empty for any.
    #[serde(default)]
    pub gpu_models: Vec<String>,
}

fn coverage() -> u32 {
    TargetWorkload::COVERAGE
}

fn whole() -> u16 {
    WHOLE
}

impl Scenario {
    /// The target workload, if this run needs one: for a plugin, or to measure fragmentation.
    ///
    /// # Errors
    /// It needs one, and the scenario has none that can be used.
    pub(super) fn target_workload(&self, choice: &SchedulerChoice) -> Result<Option<Arc<TargetWorkload>>, Diagnostic> {
        let for_policy = choice.needs_target_workload();
        if !for_policy && !self.spec.observe.fragmentation && self.spec.target_workload.is_none() {
            return Ok(None);
        }
        let mut counts = ShapeCounts::default();
        let mut coverage_percent = TargetWorkload::COVERAGE;
        if let Some(target) = &self.spec.target_workload {
            const FIELD: &str = "spec.targetWorkload";
            coverage_percent = target.coverage_percent;
            if !(1..=100).contains(&coverage_percent) {
                return Err(self.error(&format!("{FIELD}.coveragePercent"), "expected a whole number from 1 to 100"));
            }
            match (&target.trace, &target.shapes) {
                (Some(trace), None) => counts.add_all(&self.pod_list(FIELD, trace)?.shapes),
                (None, Some(shapes)) => {
                    for (i, shape) in shapes.iter().enumerate() {
                        let (shape, weight) =
                            shape.shape().map_err(|why| self.error(&format!("{FIELD}.shapes[{i}]"), why))?;
                        counts.add(shape, weight);
                    }
                }
                _ => return Err(self.error(FIELD, "expected exactly one of trace, shapes")),
            }
        } else {
            for (i, part) in self.spec.workload.iter().enumerate() {
                if let Some(trace) = &part.trace {
                    counts.add_all(&self.pod_list(&format!("spec.workload[{i}]"), trace)?.shapes);
                }
            }
        }
        if counts.is_empty() {
            let (field, asks) = if for_policy {
                ("spec.scheduler", "the policy looks at the fragmentation of GPUs")
            } else {
                ("spec.observe.fragmentation", "it is measured")
            };
            let why = format!("{asks}, and no pods are expected: no part of spec.workload is a trace");
            return Err(self.error(field, &why).help("spec.targetWorkload names the pods that are likely to come"));
        }
        Ok(Some(Arc::new(TargetWorkload::typical(&counts, coverage_percent))))
    }
}

impl TargetShapeSpec {
    fn shape(&self) -> Result<(PodShape, u64), &'static str> {
        if self.weight == 0 {
            return Err("weight: expected 1 or more");
        }
        if usize::from(self.gpus) > MAX_DEVICES {
            return Err("gpus: expected a whole number from 0 to 16");
        }
        if !(1..=WHOLE).contains(&self.gpu_milli) {
            return Err("gpuMilli: expected a whole number from 1 to 1000");
        }
        let shape = PodShape {
            cpu_milli: self.cpu.0.milli_value(),
            gpu_milli: if self.gpus == 0 { 0 } else { self.gpu_milli },
            gpus: self.gpus,
            models: self.gpu_models.join("|"),
        };
        Ok((shape, self.weight.into()))
    }
}
