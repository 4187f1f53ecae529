//! StatefulSets: who their pods are. Nothing makes pods from them yet.

use super::convert::{Reading, count};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::objects::Item;
use super::selectors::label_selector;
use crate::grouping::StatefulSet;
use k8s_openapi::api::apps::v1 as apps;

pub(super) const KIND: Kind = Kind { name: StatefulSet::KIND, api_version: "apps/v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let set: apps::StatefulSet = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = set.spec.ok_or_else(|| at.error("required, and not given"))?;
    reading.warn(&at.key("template"), "no pods are made from it: not modelled yet");
    let body = StatefulSet {
        replicas: count(spec.replicas, 1, &at.key("replicas"))?,
        selector: label_selector(&spec.selector, &at.key("selector"))?,
    };
    Ok(Some(Item::object(reading, body)))
}
