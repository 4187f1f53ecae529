//! How fragmented the GPUs were at the end of a run.

use super::summary::Fraction;
use serde::Serialize;
use std::collections::BTreeMap;

/// Numbers of devices.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GpuFragmentation {
    /// All of them.
    #[serde(serialize_with = "Fraction::write")]
    pub gpus: f64,
    /// What of them no pod holds.
    #[serde(serialize_with = "Fraction::write")]
    pub idle: f64,
    /// What of that the pods that are expected cannot use, weighted with how popular they are.
    #[serde(serialize_with = "Fraction::write")]
    pub fragmented: f64,
    /// The same by cause, and what could be used.
    #[serde(serialize_with = "Fraction::write_all")]
    pub by_cause: BTreeMap<&'static str, f64>,
}
