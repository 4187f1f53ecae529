//! The experiment file as it is written.

use crate::scenario::yaml::{Mapping, Value};
use serde::Deserialize;
use std::path::PathBuf;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ExperimentDocument {
    /// The schema.
    #[serde(rename = "apiVersion")]
    pub(super) _api_version: String,
    /// `Experiment`.
    #[serde(rename = "kind")]
    pub(super) _kind: String,
    /// What it is called.
    pub(super) metadata: Metadata,
    /// Everything else.
    pub(super) spec: ExperimentSpec,
}

/// What an experiment is called.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Metadata {
    /// Its name.
    pub(super) name: String,
    /// What it shows.
    #[serde(default)]
    pub(super) description: String,
}

/// A scenario, and what varies in it: every combination of a value of each axis, a policy and a seed is a run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExperimentSpec {
    /// The scenario, relative to the experiment's file.
    pub scenario: PathBuf,
    /// Fields that are set in every run, by their path in the scenario.
    #[serde(default)]
    pub set: Mapping,
    /// What varies, the slowest first.
    #[serde(default)]
    pub axes: Vec<AxisSpec>,
    /// Named policies or files with a configuration, relative to the experiment's file; the scenario's own if there are none.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The seeds; the scenario's own if they are not said.
    pub seeds: Option<SeedsSpec>,
    /// What is compared with what.
    pub compare: Option<super::compare::CompareSpec>,
    /// What others have published of the same runs.
    pub published: Option<super::published::PublishedSpec>,
    /// What is drawn of all runs together.
    #[serde(default)]
    pub figures: Vec<super::figures::FigureSpec>,
}

/// A thing that varies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct AxisSpec {
    /// The name of its column.
    pub name: String,
    /// The field that its values are put into. Without it every value is a mapping of fields to what they are set to.
    pub field: Option<String>,
    /// The values: a list of scalars, or a mapping of labels to values.
    pub values: AxisValues,
}

/// The values of an axis.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum AxisValues {
    /// They are their own labels.
    List(Vec<Value>),
    /// Each with its label.
    Named(Mapping),
}

/// Seeds.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum SeedsSpec {
    /// One.
    One(u64),
    /// These.
    List(Vec<u64>),
    /// As on the command line: `1..10`, both included, or `1,3,9`.
    Text(String),
}
