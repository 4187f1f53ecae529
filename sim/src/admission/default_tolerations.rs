//! DefaultTolerationSeconds: every pod may stay for five minutes on a node that is not ready or unreachable.
//!
//! Source: `plugin/pkg/admission/defaulttolerationseconds/admission.go`.

use crate::cluster::{AdmissionPlugin, Cluster, Refusal};
use crate::model::pod::PodSpec;
use crate::model::taint::{Effect, Toleration, TolerationOperator};
use crate::time::Span;

/// The taint of a node whose Ready condition is false.
pub(crate) const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// The taint of a node whose Ready condition is unknown.
pub(crate) const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

const SECONDS: i64 = 300;

/// The step.
#[derive(Debug)]
pub(super) struct DefaultTolerationSeconds;

impl AdmissionPlugin for DefaultTolerationSeconds {
    fn name(&self) -> &'static str {
        "DefaultTolerationSeconds"
    }

    fn complete(&self, spec: &mut PodSpec, _cluster: &Cluster) -> Result<(), Refusal> {
        for key in [NOT_READY, UNREACHABLE] {
            let covered = spec.tolerations.iter().any(|t| {
                (t.key == key || t.key.is_empty()) && t.effect.is_none_or(|effect| effect == Effect::NoExecute)
            });
            if !covered {
                spec.tolerations.push(Toleration {
                    key: key.to_owned(),
                    operator: TolerationOperator::Exists,
                    value: String::new(),
                    effect: Some(Effect::NoExecute),
                    seconds: Some(Span::from_secs(SECONDS)),
                });
            }
        }
        Ok(())
    }
}
