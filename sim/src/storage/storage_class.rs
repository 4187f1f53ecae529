//! StorageClass: where volumes come from, and when they are bound.

use super::fold;
use super::persistent_volume::ReclaimPolicy;
use crate::cluster::{Cluster, Fingerprint, Object};
use crate::model::labels::{Labels, Operator, Requirement};
use std::cmp::Reverse;
use std::sync::Arc;

/// The provisioner of classes whose volumes an administrator makes.
///
/// Source: `component-helpers/storage/volume/pv_helpers.go`, `NotSupportedProvisioner`.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// A StorageClass object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageClass {
    /// Who makes the volumes.
    pub provisioner: Arc<str>,
    /// When claims are bound.
    pub binding_mode: VolumeBindingMode,
    /// From where volumes can be reached that are made for it; without any term from everywhere.
    pub allowed_topologies: Vec<TopologySelectorTerm>,
    /// What becomes of its volumes when their claims are gone.
    pub reclaim_policy: ReclaimPolicy,
    /// Whether claims that name no class get it.
    pub is_default: bool,
}

/// When the claims of a class are bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VolumeBindingMode {
    /// As soon as they exist.
    #[default]
    Immediate,
    /// When a pod that uses them is scheduled.
    WaitForFirstConsumer,
}

/// Labels that a node must have, each with one of the values. An empty term matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopologySelectorTerm {
    /// The labels with their values.
    pub expressions: Vec<(String, Vec<String>)>,
}

impl StorageClass {
    /// The kind in manifests.
    pub const KIND: &'static str = "StorageClass";

    /// The class of this name.
    pub fn by_name<'c>(name: &str, cluster: &'c Cluster) -> Option<&'c Self> {
        cluster.objects().named(Self::KIND, "", name).map(|(_, body)| body)
    }

    /// The class that claims without one get: of several defaults the newest, and of those the first by name.
    ///
    /// Source: `pkg/volume/util/storageclass.go`, `GetDefaultClass`.
    pub fn default_name(cluster: &Cluster) -> Option<Arc<str>> {
        let classes = cluster.objects().of_kind::<Self>(Self::KIND).filter(|(_, class)| class.is_default);
        let newest = classes.min_by_key(|(meta, _)| (Reverse(meta.created), meta.name.clone()));
        newest.map(|(meta, _)| meta.name.clone())
    }

    /// Whether somebody provisions volumes of this class.
    pub fn provisions(&self) -> bool {
        !self.provisioner.is_empty() && &*self.provisioner != NO_PROVISIONER
    }

    /// Whether a volume that is made for a node with these labels is within the allowed topologies.
    ///
    /// Source: `pkg/apis/core/v1/helper/helpers.go`, `MatchTopologySelectorTerms`.
    pub fn allows(&self, labels: &Labels) -> bool {
        self.allowed_topologies.is_empty() || self.allowed_topologies.iter().any(|term| term.matches(labels))
    }
}

impl TopologySelectorTerm {
    /// Whether a node with these labels has all that the term asks for.
    pub fn matches(&self, labels: &Labels) -> bool {
        let has = |(key, values): &(String, Vec<String>)| labels.get(key).is_some_and(|value| values.contains(value));
        !self.expressions.is_empty() && self.expressions.iter().all(has)
    }

    /// The term as requirements of a node selector.
    pub fn requirements(&self) -> Vec<Requirement> {
        let requirement = |(key, values): &(String, Vec<String>)| Requirement {
            key: key.clone(),
            operator: Operator::In,
            values: values.clone(),
        };
        self.expressions.iter().map(requirement).collect()
    }
}

impl Object for StorageClass {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn snapshot(&self) -> Option<Box<dyn Object>> {
        Some(Box::new(self.clone()))
    }

    fn fold(&self, into: &mut Fingerprint) {
        let words = [self.binding_mode as u64, self.allowed_topologies.len() as u64, u64::from(self.is_default)];
        fold(into, &words, [&*self.provisioner]);
    }
}
