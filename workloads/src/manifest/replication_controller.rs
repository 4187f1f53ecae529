//! ReplicationControllers: who their pods are. Nothing makes pods from them yet.

use super::convert::{Reading, count};
use super::field::{At, FieldError};
use super::kind::Kind;
use super::names::check_labels;
use super::objects::Item;
use crate::grouping::ReplicationController;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::model::labels::LabelSelector;

pub(super) const KIND: Kind = Kind { name: ReplicationController::KIND, api_version: "v1", namespaced: true, read };

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let controller: core::ReplicationController = reading.typed()?;
    let at = At::ROOT.key("spec");
    let spec = controller.spec.ok_or_else(|| at.error("required, and not given"))?;
    reading.warn(&at.key("template"), "no pods are made from it: not modelled yet");
    // Without a selector it is for the pods with the labels of its template.
    let template = spec.template.and_then(|template| template.metadata?.labels);
    let match_labels = spec.selector.filter(|labels| !labels.is_empty()).or(template).unwrap_or_default();
    check_labels(&match_labels, &at.key("selector"))?;
    let body = ReplicationController {
        replicas: count(spec.replicas, 1, &at.key("replicas"))?,
        selector: LabelSelector { match_labels: match_labels.into(), expressions: Vec::new() },
    };
    Ok(Some(Item::object(reading, body)))
}
