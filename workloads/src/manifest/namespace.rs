//! Namespaces.

use super::convert::Reading;
use super::field::FieldError;
use super::kind::Kind;
use super::objects::Item;
use k8s_openapi::api::core::v1 as core;
use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::model::labels::Labels;
use towtank_sim::time::SimTime;

pub(super) const KIND: Kind = Kind { name: "Namespace", api_version: "v1", namespaced: false, read };

/// A Namespace object. Namespaces need not exist before objects are created in them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// The labels.
    pub labels: Labels,
}

impl Object for Namespace {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn fold(&self, into: &mut Fingerprint) {
        into.fold(SimTime::ZERO, 0, &[self.labels.len() as u64]);
        for (key, value) in &self.labels {
            into.fold_name(key);
            into.fold_name(value);
        }
    }
}

fn read(reading: &mut Reading<'_>) -> Result<Option<Item>, FieldError> {
    let namespace: core::Namespace = reading.typed()?;
    Ok(Some(Item::object(reading, Namespace { labels: namespace.metadata.labels.unwrap_or_default() })))
}
