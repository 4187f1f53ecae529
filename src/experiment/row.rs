//! What a run of an experiment leaves behind.

use super::plan::RunKey;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use towtank_reports::data::{Curve, Run};
use towtank_reports::numbers::numbers;

/// A finished run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Row {
    /// Which run it is.
    pub key: RunKey,
    /// The hash of all that it was made of: program, scenario, policy, files.
    pub made_of: String,
    /// The real time that it took, in seconds.
    pub wall_seconds: f64,
    /// Its numbers by name, those that depend on its inputs alone: `pods.bound`, `latency.scheduling.p50`.
    pub numbers: Map<String, Value>,
    /// Its curves.
    pub curves: Vec<Curve>,
}

impl Row {
    /// The row of a finished run.
    pub fn new(key: RunKey, made_of: String, run: Run) -> Self {
        let numbers = numbers(&run.summary);
        Self { key, made_of, wall_seconds: run.summary.wall_seconds, numbers, curves: run.curves }
    }
}
