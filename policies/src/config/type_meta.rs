//! `apiVersion` and `kind`: what a document says that it is.

use super::invalid::Invalid;
use super::yaml::Step;
use serde::Deserialize;

/// The group and version of every configuration that is read, arguments included.
pub(super) const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";

const GROUP: &str = "kubescheduler.config.k8s.io";

/// The kinds of arguments that the group has.
const ARGS: &[&str] = &[
    "DefaultPreemptionArgs",
    "DynamicResourcesArgs",
    "InterPodAffinityArgs",
    "NodeAffinityArgs",
    "NodeResourcesBalancedAllocationArgs",
    "NodeResourcesFitArgs",
    "PodTopologySpreadArgs",
    "VolumeBindingArgs",
];

/// What a document, or the arguments of a plugin, say that they are. Other fields are passed over.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct TypeMeta {
    pub(super) api_version: Option<String>,
    pub(super) kind: Option<String>,
}

impl TypeMeta {
    /// Whether arguments are of this kind; what they do not say is taken for granted.
    ///
    /// Source: `staging/src/k8s.io/kube-scheduler/config/v1/types.go`, `decodeNestedObjects`.
    pub(super) fn check_args(&self, expected: &str) -> Result<(), Invalid> {
        let version = self.api_version.as_deref().filter(|text| !text.is_empty()).unwrap_or(API_VERSION);
        let kind = self.kind.as_deref().filter(|text| !text.is_empty()).unwrap_or(expected);
        if version != API_VERSION {
            return Err(Invalid { path: vec![Step::Key("apiVersion")], message: not_registered(kind, version) });
        }
        if kind == expected {
            return Ok(());
        }
        let message = if ARGS.contains(&kind) {
            let plugin = expected.trim_end_matches("Args");
            format!("args for plugin {plugin} were not of type {expected}.{GROUP}, got {kind}.{GROUP}")
        } else {
            not_registered(kind, version)
        };
        Err(Invalid { path: vec![Step::Key("kind")], message })
    }

    /// Whether a document is a `Policy`, which releases up to 1.22 could read.
    pub(super) fn is_policy(&self) -> bool {
        self.kind.as_deref() == Some("Policy") && matches!(self.api_version.as_deref(), Some("v1" | API_VERSION))
    }

    /// Whether a document is a configuration of kube-scheduler 1.36.
    ///
    /// Source: `cmd/kube-scheduler/app/options/configfile.go`, and the errors of `apimachinery/pkg/runtime/error.go`.
    pub(super) fn check_config(&self) -> Result<(), Invalid> {
        let at = |key: &'static str, message: String| Err(Invalid { path: vec![Step::Key(key)], message });
        let kind = self.kind.as_deref().unwrap_or_default();
        let version = self.api_version.as_deref().unwrap_or_default();
        match (kind, version) {
            ("", _) => at("kind", "Object 'Kind' is missing: expected KubeSchedulerConfiguration or Policy".to_owned()),
            (_, "") => at("apiVersion", format!("Object 'apiVersion' is missing: expected {API_VERSION}")),
            ("KubeSchedulerConfiguration", API_VERSION) => Ok(()),
            ("Policy", version) => at("apiVersion", format!("{}: expected v1", not_registered(kind, version))),
            (kind, API_VERSION) if ARGS.contains(&kind) => {
                at("kind", format!("couldn't decode as KubeSchedulerConfiguration, got {API_VERSION}, Kind={kind}"))
            }
            (kind, API_VERSION) => {
                at("kind", format!("{}: expected KubeSchedulerConfiguration", not_registered(kind, version)))
            }
            (kind, version) => at("apiVersion", format!("{}: expected {API_VERSION}", not_registered(kind, version))),
        }
    }
}

fn not_registered(kind: &str, version: &str) -> String {
    format!(
        "no kind {kind:?} is registered for version {version:?} in scheme \
         \"k8s.io/kubernetes/pkg/scheduler/apis/config/scheme/scheme.go:29\""
    )
}
