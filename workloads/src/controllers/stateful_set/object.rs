//! The StatefulSet object.

use crate::template::PodTemplate;
use std::any::Any;
use std::sync::Arc;
use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::volume::ClaimSpec;
use towtank_sim::time::{SimTime, Span};

/// A StatefulSet object.
#[derive(Clone, Debug, PartialEq)]
pub struct StatefulSet {
    /// How many pods it wants.
    pub replicas: u32,
    /// The number of the first pod.
    pub start: u32,
    /// What it selects; its pods are those it owns.
    pub selector: LabelSelector,
    /// What its pods are made from.
    pub template: PodTemplate,
    /// Claims that each pod gets, by the names of the volumes that use them.
    pub claims: Vec<ClaimTemplate>,
    /// What becomes of the claims.
    pub retention: ClaimRetention,
    /// Whether one pod waits for another.
    pub management: PodManagement,
    /// How old pods give way to new ones.
    pub strategy: StatefulSetStrategy,
    /// How long a pod must be ready to count as available.
    pub min_ready: Span,
    /// How many templates are remembered besides those that are in use.
    pub revision_history_limit: u32,
    /// What it has.
    pub status: StatefulSetStatus,
}

/// A claim that each pod of a StatefulSet gets.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimTemplate {
    /// The name of the volume. The claim is called `NAME-POD`.
    pub name: String,
    /// What is claimed.
    pub spec: Arc<ClaimSpec>,
}

/// What becomes of the claims of a StatefulSet's pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimRetention {
    /// Whether they go with the set.
    pub delete_with_set: bool,
    /// Whether those of pods that are scaled away go with them.
    pub delete_when_scaled: bool,
}

/// Whether one pod of a StatefulSet waits for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PodManagement {
    /// Each comes when those before it are available, and goes when those after it have gone.
    #[default]
    OrderedReady,
    /// None waits.
    Parallel,
}

/// How old pods of a StatefulSet give way to new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatefulSetStrategy {
    /// When somebody deletes them.
    OnDelete,
    /// One after the other, the last first.
    RollingUpdate {
        /// How many of the first ones stay as they are.
        partition: u32,
    },
}

/// What a StatefulSet has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatefulSetStatus {
    /// Pods.
    pub replicas: u32,
    /// Those that are ready.
    pub ready: u32,
    /// Those that have been ready for long enough.
    pub available: u32,
    /// Those of the revision before the update.
    pub current: u32,
    /// Those of the revision that is wanted.
    pub updated: u32,
    /// The name of the revision before the update.
    pub current_revision: Option<Arc<str>>,
    /// The name of the revision that is wanted.
    pub update_revision: Option<Arc<str>>,
}

impl StatefulSet {
    /// The kind in manifests.
    pub const KIND: &'static str = "StatefulSet";

    /// The numbers of its pods.
    pub(super) fn ordinals(&self) -> std::ops::Range<u32> {
        self.start..self.start.saturating_add(self.replicas)
    }
}

impl Object for StatefulSet {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn replicas(&self) -> Option<u32> {
        Some(self.replicas)
    }

    fn set_replicas(&mut self, replicas: u32) {
        self.replicas = replicas;
    }

    fn pod_selector(&self) -> Option<&LabelSelector> {
        Some(&self.selector)
    }

    fn keep_status(&mut self, old: &dyn Object) {
        let old: &dyn Any = old;
        if let Some(old) = old.downcast_ref::<Self>() {
            self.status.clone_from(&old.status);
        }
    }

    fn fold(&self, into: &mut Fingerprint) {
        let StatefulSetStatus { replicas, ready, available, current, updated, .. } = self.status;
        let words = [self.replicas, replicas, ready, available, current, updated];
        into.fold(SimTime::ZERO, 0, &words.map(u64::from));
        for revision in [&self.status.current_revision, &self.status.update_revision].into_iter().flatten() {
            into.fold_name(revision);
        }
    }
}
