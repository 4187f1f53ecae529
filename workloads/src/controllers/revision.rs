//! ControllerRevisions: the templates that a DaemonSet or StatefulSet has had, numbered.
//!
//! Source: `pkg/controller/history/controller_history.go`, `pkg/controller/daemon/update.go`,
//! `pkg/controller/statefulset/stateful_set_control.go`.

use super::names::template_hash;
use crate::template::PodTemplate;
use std::sync::Arc;
use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::controller::Context;
use towtank_sim::model::ObjectId;
use towtank_sim::model::pod::PodSpec;
use towtank_sim::time::SimTime;

/// The label that says of which revision a pod is.
pub const REVISION_LABEL: &str = "controller-revision-hash";

/// A template that a controller's object has or had.
#[derive(Clone, Debug, PartialEq)]
pub struct ControllerRevision {
    /// Its number: the highest is the one in force.
    pub revision: u64,
    /// What the pods carry as their label.
    pub hash: Arc<str>,
    /// The template, without that label.
    pub template: PodTemplate,
}

impl ControllerRevision {
    /// The kind in manifests.
    pub const KIND: &'static str = "ControllerRevision";

    /// The template with the label.
    pub(super) fn labelled(&self) -> PodTemplate {
        let mut spec: PodSpec = (*self.template.spec).clone();
        spec.labels.insert(REVISION_LABEL.to_owned(), (*self.hash).to_owned());
        PodTemplate { spec: Arc::new(spec), ..self.template.clone() }
    }
}

impl Object for ControllerRevision {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        into.fold(SimTime::ZERO, 0, &[self.revision]);
        into.fold_name(&self.hash);
    }
}

/// The revisions of an object, oldest first.
pub(super) fn revisions(owner: ObjectId, cx: &Context<'_>) -> Vec<(ObjectId, ControllerRevision)> {
    let objects = cx.cluster.objects();
    let Some(meta) = objects.meta(owner) else { return Vec::new() };
    let of_namespace = objects.in_namespace(ControllerRevision::KIND, &meta.namespace);
    let owned = of_namespace.filter(|entry| entry.meta.owner == Some(owner)).map(|entry| entry.meta.id);
    let mut found: Vec<_> = owned.filter_map(|id| Some((id, objects.get::<ControllerRevision>(id)?.clone()))).collect();
    found.sort_by_key(|(id, revision)| (revision.revision, *id));
    found
}

/// The revision of a template: a new one, or one that was in force before and is again under a new number.
pub(super) fn of_template(owner: ObjectId, template: &PodTemplate, cx: &mut Context<'_>) -> Option<ControllerRevision> {
    let known = revisions(owner, cx);
    let highest = known.last().map_or(0, |(_, last)| last.revision);
    if let Some((id, found)) = known.into_iter().rfind(|(_, known)| known.template == *template) {
        if found.revision == highest {
            return Some(found);
        }
        return cx.cluster.update_object(id, |revision: &mut ControllerRevision| {
            revision.revision = highest + 1;
            revision.clone()
        });
    }
    let meta = cx.cluster.objects().meta(owner)?;
    let (namespace, name) = (meta.namespace.clone(), meta.name.clone());
    // Another object may have the name already; upstream counts collisions likewise.
    (0..u32::MAX).find_map(|collisions| {
        let hash: Arc<str> = template_hash(template, collisions).into();
        let revision = ControllerRevision { revision: highest + 1, hash: hash.clone(), template: template.clone() };
        let body = Box::new(revision.clone());
        cx.cluster.create_object(&namespace, &format!("{name}-{hash}"), Some(owner), body).ok()?;
        Some(revision)
    })
}
