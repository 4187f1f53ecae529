//! `VolumeBindingArgs`.

use super::shape::{self, ShapePoint};
use super::{PluginArgs, TypeMeta};
use crate::config::invalid::Invalid;
use crate::config::yaml::Step;
use serde::Deserialize;
use towtank_sim::scheduler::FeatureGates;
use towtank_sim::time::Span;

/// How long binding a volume may take, and how nodes are scored by their storage.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct VolumeBindingArgs {
    /// `bindTimeoutSeconds`, 0 or more.
    bind_timeout_seconds: i64,
    /// The points by which storage in use is scored, if any are given.
    shape: Option<Vec<ShapePoint>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Written {
    #[serde(rename = "apiVersion")]
    _api_version: TypeMeta,
    #[serde(rename = "kind")]
    _kind: TypeMeta,
    bind_timeout_seconds: Option<i64>,
    shape: Option<Vec<ShapePoint>>,
}

impl VolumeBindingArgs {
    /// How long binding may take. Zero is "no waiting".
    pub fn bind_timeout(&self) -> Span {
        Span::from_secs(self.bind_timeout_seconds)
    }

    fn given(&self) -> Option<&[ShapePoint]> {
        self.shape.as_deref().filter(|shape| !shape.is_empty())
    }

    /// The points by which storage in use is scored where the gate StorageCapacityScoring is on: by default, the less is in
    /// use, the better.
    pub fn shape(&self) -> &[ShapePoint] {
        const DEFAULT: &[ShapePoint] =
            &[ShapePoint { utilization: 0, score: 10 }, ShapePoint { utilization: 100, score: 0 }];
        self.given().unwrap_or(DEFAULT)
    }
}

impl From<Written> for VolumeBindingArgs {
    fn from(written: Written) -> Self {
        Self { bind_timeout_seconds: written.bind_timeout_seconds.unwrap_or(600), shape: written.shape }
    }
}

impl Default for VolumeBindingArgs {
    fn default() -> Self {
        Written::default().into()
    }
}

impl PluginArgs for VolumeBindingArgs {
    const KIND: &'static str = "VolumeBindingArgs";

    fn validate(&self, gates: FeatureGates) -> Result<(), Invalid> {
        if self.bind_timeout_seconds < 0 {
            let detail = "invalid BindTimeoutSeconds, should not be a negative value";
            return Err(Invalid::value([Step::Key("bindTimeoutSeconds")], &self.bind_timeout_seconds, detail));
        }
        let path = [Step::Key("shape")];
        match &self.shape {
            Some(shape) if !gates.enabled(FeatureGates::STORAGE_CAPACITY_SCORING) => {
                let point = |p: &ShapePoint| format!("{{\"Utilization\":{},\"Score\":{}}}", p.utilization, p.score);
                let points: Vec<String> = shape.iter().map(point).collect();
                let detail = "unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring";
                let message = format!("Invalid value: [{}]: {detail}", points.join(","));
                Err(Invalid { path: path.to_vec(), message })
            }
            _ => self.given().map_or(Ok(()), |shape| shape::validate(shape, &path)),
        }
    }
}
