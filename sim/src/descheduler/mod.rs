//! The descheduler: from time to time it evicts pods that would lie better elsewhere, and the scheduler places them anew.
//!
//! A cycle looks at the cluster as it is when the cycle begins ([`View`]) and never changes it: it says which pods to evict
//! ([`Policy::cycle`]). [`Descheduler`] runs cycles in a simulation and does what they say. The strategies are brought from outside.
//!
//! Source: `kubernetes-sigs/descheduler`, `pkg/descheduler/descheduler.go` and `pkg/framework/profile/profile.go`, at commit
//! 7d2b28bf2b6a (June 2026).

mod controller;
mod cycle;
pub mod fit;
mod view;

pub use controller::Descheduler;
pub use cycle::{Cycle, Eviction, Limits, Refused};
pub use view::{Condition, NodeView, Owner, PodView, View};

use crate::model::labels::Requirement;
use std::fmt;

/// What a descheduler does.
#[derive(Debug, Default)]
pub struct Policy {
    /// Conditions on the labels of nodes: all others are left alone.
    pub node_selector: Vec<Requirement>,
    /// How many pods a cycle may evict.
    pub limits: Limits,
    /// The profiles, one after another.
    pub profiles: Vec<Profile>,
}

/// Strategies under one evictor.
#[derive(Debug)]
pub struct Profile {
    /// The name.
    pub name: String,
    /// Which pods may be evicted at all.
    pub evictor: Box<dyn Evictor>,
    /// What the strategies are that remove pods which should not be where they are. Those of all profiles run before any of `balance`.
    pub deschedule: Vec<Box<dyn Strategy>>,
    /// What the strategies are that even the load out.
    pub balance: Vec<Box<dyn Strategy>>,
}

/// Says which pods may be evicted.
pub trait Evictor: fmt::Debug + Send {
    /// Whether the pod may be considered: asked when pods are listed.
    fn filter(&self, pod: &PodView<'_>, view: &View<'_>) -> bool;

    /// Whether the pod, which is about to be evicted, may be.
    fn pre_eviction_filter(&self, pod: &PodView<'_>, view: &View<'_>) -> bool;
}

/// Finds pods to evict.
pub trait Strategy: fmt::Debug + Send {
    /// Its name, which the events of evictions carry.
    fn name(&self) -> &'static str;

    /// Looks at the view and evicts.
    fn run(&self, cycle: &mut Cycle<'_, '_>);
}

impl Policy {
    /// One cycle. `grant` is asked at the moment of each eviction whether the API server would allow it, and the evictions come back in
    /// order. With fewer than two nodes that are ready nothing is done.
    pub fn cycle<'c>(&self, view: &mut View<'c>, grant: &mut dyn FnMut(&PodView<'c>) -> bool) -> Vec<Eviction> {
        let selected = |node: &NodeView<'_>| {
            node.ready && self.node_selector.iter().all(|r| r.matches(node.spec.labels.get(&r.key).map(String::as_str)))
        };
        let nodes: Vec<usize> = (0..view.nodes.len()).filter(|node| selected(&view.nodes[*node])).collect();
        if nodes.len() < 2 {
            return Vec::new();
        }
        let mut cycle = Cycle::new(view, nodes, self.limits, grant);
        for profile in &self.profiles {
            cycle.run(profile, &profile.deschedule);
        }
        for profile in &self.profiles {
            cycle.run(profile, &profile.balance);
        }
        cycle.into_evictions()
    }
}
