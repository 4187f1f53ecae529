//! Which ResourceQuotas each namespace has, so that a pod pays for none but those.

use super::{Objects, ResourceQuota};
use crate::model::ObjectId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The quotas by namespace, in order of their names.
#[derive(Debug, Default)]
pub(super) struct QuotaIndex(BTreeMap<Arc<str>, Vec<(Arc<str>, ObjectId)>>);

impl QuotaIndex {
    /// The quotas of a namespace, by name.
    pub(super) fn of<'a>(
        &'a self,
        namespace: &str,
        objects: &'a Objects,
    ) -> impl Iterator<Item = (&'a str, &'a ResourceQuota)> + use<'a> {
        let quotas = self.0.get(namespace).into_iter().flatten();
        quotas.filter_map(|(name, id)| Some((&**name, objects.get::<ResourceQuota>(*id)?)))
    }

    /// Changes every quota of a namespace.
    pub(super) fn each(&self, namespace: &str, objects: &mut Objects, change: impl Fn(&mut ResourceQuota)) {
        if self.0.is_empty() {
            return;
        }
        for (_, id) in self.0.get(namespace).into_iter().flatten() {
            if let Some(quota) = objects.get_mut::<ResourceQuota>(*id) {
                change(quota);
            }
        }
    }

    /// An object has been created.
    pub(super) fn created(&mut self, id: ObjectId, objects: &Objects) {
        let Some(meta) = objects.meta(id).filter(|meta| meta.kind == ResourceQuota::KIND) else { return };
        let quotas = self.0.entry(meta.namespace.clone()).or_default();
        let place = quotas.partition_point(|(name, _)| *name < meta.name);
        quotas.insert(place, (meta.name.clone(), id));
    }

    /// An object is gone.
    pub(super) fn removed(&mut self, id: ObjectId) {
        self.0.retain(|_, quotas| {
            quotas.retain(|(_, other)| *other != id);
            !quotas.is_empty()
        });
    }
}
