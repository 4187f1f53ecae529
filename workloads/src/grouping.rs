//! Objects that say which pods belong together, and act on none: services, and controllers that are not modelled yet.

use towtank_sim::cluster::{Fingerprint, Object};
use towtank_sim::model::labels::{LabelSelector, Labels};
use towtank_sim::time::SimTime;

/// The kinds of controllers among them: pods that they own elsewhere are not made again.
pub(crate) const WITHOUT_CONTROLLER: [&str; 1] = [ReplicationController::KIND];

/// A Service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    selector: Option<LabelSelector>,
}

/// A ReplicationController. No pods are made from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicationController {
    /// How many pods it wants.
    pub replicas: u32,
    /// Which pods are its own.
    pub selector: LabelSelector,
}

impl Service {
    /// The kind in manifests.
    pub const KIND: &'static str = "Service";

    /// A service for the pods with all these labels; without labels it is for none.
    pub fn new(labels: Labels) -> Self {
        let selector = (!labels.is_empty()).then(|| LabelSelector { match_labels: labels, expressions: Vec::new() });
        Self { selector }
    }
}

impl Object for Service {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn pod_selector(&self) -> Option<&LabelSelector> {
        self.selector.as_ref()
    }

    fn fold(&self, into: &mut Fingerprint) {
        for (key, value) in self.selector.iter().flat_map(|selector| &selector.match_labels) {
            into.fold_name(key);
            into.fold_name(value);
        }
    }
}

impl ReplicationController {
    /// The kind in manifests.
    pub const KIND: &'static str = "ReplicationController";
}

impl Object for ReplicationController {
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

    fn fold(&self, into: &mut Fingerprint) {
        into.fold(SimTime::ZERO, 0, &[self.replicas.into()]);
    }
}
