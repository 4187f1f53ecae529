//! Extenders: web services that a scheduler asks beside its plugins. They are judged as upstream judges them and not asked; the
//! resources that they take off the scheduler's hands are.
//!
//! Sources: `pkg/scheduler/apis/config/validation/validation.go`, and `pkg/scheduler/scheduler.go`, `buildExtenders`.

use super::args::or_default;
use super::invalid::Invalid;
use super::qualified_name;
use super::yaml::Step;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeSet;

/// An extender, of a `KubeSchedulerConfiguration` or of a `Policy`; the two differ in fields that are not looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Extender {
    #[serde(deserialize_with = "or_default")]
    url_prefix: String,
    #[serde(deserialize_with = "or_default")]
    filter_verb: String,
    #[serde(deserialize_with = "or_default")]
    preempt_verb: String,
    #[serde(deserialize_with = "or_default")]
    prioritize_verb: String,
    #[serde(deserialize_with = "or_default")]
    weight: i64,
    #[serde(deserialize_with = "or_default")]
    bind_verb: String,
    #[serde(rename = "enableHTTPS", alias = "enableHttps")]
    _enable_https: Option<bool>,
    #[serde(rename = "tlsConfig")]
    _tls_config: Option<IgnoredAny>,
    #[serde(rename = "httpTimeout")]
    _http_timeout: Option<IgnoredAny>,
    #[serde(rename = "nodeCacheCapable")]
    _node_cache_capable: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    managed_resources: Vec<ManagedResource>,
    #[serde(rename = "ignorable")]
    _ignorable: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ManagedResource {
    name: String,
    #[serde(default, deserialize_with = "or_default")]
    ignored_by_scheduler: bool,
}

/// What upstream's validation refuses first.
pub(super) fn validate(extenders: &[Extender]) -> Result<(), Invalid> {
    let all = Step::Key("extenders");
    let mut managed = BTreeSet::new();
    for (index, extender) in extenders.iter().enumerate() {
        let path = [all, Step::Index(index)];
        if !extender.prioritize_verb.is_empty() && extender.weight <= 0 {
            let detail = "must have a positive weight applied to it";
            return Err(Invalid::value([path[0], path[1], Step::Key("weight")], &extender.weight, detail));
        }
        for (number, resource) in extender.managed_resources.iter().enumerate() {
            let path = [path[0], path[1], Step::Key("managedResources"), Step::Index(number), Step::Key("name")];
            let invalid = |detail: &str| Err(Invalid::value(path, &resource.name, detail));
            if let Err(detail) = qualified_name::check(&resource.name) {
                return invalid(&detail);
            }
            if !is_extended(&resource.name) {
                return invalid("is an invalid extended resource name");
            }
            if !managed.insert(&resource.name) {
                return invalid("duplicate extender managed resource name");
            }
        }
    }
    let binders = extenders.iter().filter(|extender| !extender.bind_verb.is_empty()).count();
    if binders > 1 {
        let value = format!("found {binders} extenders implementing bind");
        return Err(Invalid::value([all], &value, "only one extender can implement bind"));
    }
    Ok(())
}

/// What is lost because extenders are not asked, one line each.
pub(super) fn warnings(extenders: &[Extender]) -> Vec<String> {
    let line = |(index, extender): (usize, &Extender)| {
        let verbs = [
            ("filter", &extender.filter_verb),
            ("prioritize", &extender.prioritize_verb),
            ("preempt", &extender.preempt_verb),
            ("bind", &extender.bind_verb),
        ];
        let verbs: Vec<&str> = verbs.iter().filter(|(_, verb)| !verb.is_empty()).map(|(name, _)| *name).collect();
        let has = if verbs.is_empty() { "nothing".to_owned() } else { verbs.join(", ") };
        let url = &extender.url_prefix;
        format!("extenders[{index}] ({url}) is not asked: {has} would be its business upstream")
    };
    extenders.iter().enumerate().map(line).collect()
}

/// The resources that extenders look after, so that NodeResourcesFit does not.
pub(super) fn ignored_resources(extenders: &[Extender]) -> Vec<String> {
    let managed = extenders.iter().flat_map(|extender| &extender.managed_resources);
    managed.filter(|resource| resource.ignored_by_scheduler).map(|resource| resource.name.clone()).collect()
}

/// Whether it is the name of an extended resource.
///
/// Source: `pkg/apis/core/v1/helper/helpers.go`, `IsExtendedResourceName`.
fn is_extended(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    !native && !name.starts_with("requests.") && qualified_name::check(&format!("requests.{name}")).is_ok()
}
