//! Namespaces: their labels, which affinity between pods may select.

use super::{Cluster, Fingerprint, Object};
use crate::model::labels::Labels;
use std::borrow::Cow;

/// The label with a namespace's name, which the API server sets.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// A Namespace object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// Its labels, the one with its name among them.
    pub labels: Labels,
}

impl Namespace {
    /// The kind in manifests.
    pub const KIND: &'static str = "Namespace";

    /// A namespace of this name with these labels, and the label that the API server adds.
    pub fn new(name: &str, mut labels: Labels) -> Self {
        labels.insert(NAME_LABEL.to_owned(), name.to_owned());
        Self { labels }
    }
}

impl Object for Namespace {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn fold(&self, into: &mut Fingerprint) {
        for (key, value) in &self.labels {
            into.fold_name(key);
            into.fold_name(value);
        }
    }
}

impl Cluster {
    /// The labels of a namespace. One that is used and has no object has only the label with its name.
    pub fn namespace_labels(&self, name: &str) -> Cow<'_, Labels> {
        let id = self.objects.by_name(Namespace::KIND, "", name);
        match id.and_then(|id| self.objects.get::<Namespace>(id)) {
            Some(namespace) => Cow::Borrowed(&namespace.labels),
            None => Cow::Owned(Namespace::new(name, Labels::new()).labels),
        }
    }
}
