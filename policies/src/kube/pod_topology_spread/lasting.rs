//! What the plugin says to all pods of a class.

use super::PodTopologySpread;
use super::default_selector::{default_selector, may_belong_together, selecting_owner};
use super::defaults::Defaults;
use super::standing::{Given, Standing, read_of};
use crate::topology::{Kept, Partitions};
use std::cell::RefCell;
use std::rc::Rc;
use towtank_sim::cluster::{Cluster, Nodes};
use towtank_sim::model::labels::LabelSelector;
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::model::topology_spread::{TopologySpreadConstraint, WhenUnsatisfiable};
use towtank_sim::model::{NodeId, ObjectId};
use towtank_sim::scheduler::{Basis, Cycle, KeyJudge, Keys, Lasting, LastingFilter, LastingScore, Verdict};

/// What all judges share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    partitions: RefCell<Partitions>,
    /// By what the plugin reads of the pods, and by the selector of default constraints.
    standings: RefCell<Kept<(PodSpec, Option<LabelSelector>), Standing>>,
}

/// Judges nodes for the pods of one class.
struct Judge {
    shared: Rc<Shared>,
    constraints: Constraints,
    compares: bool,
    pod: PodSpec,
    /// `None` if the pod has no constraints.
    standing: Option<Rc<RefCell<Standing>>>,
    /// The era of the keys that were given; `None` if they were not this standing's.
    era: Option<u64>,
}

enum Constraints {
    Own,
    /// Those of the profile, with what the selector was derived from.
    Default(Defaults, Option<DerivedFrom>),
}

/// The owner that has a say, and the version of all objects that select pods.
type DerivedFrom = (Option<ObjectId>, u64);

/// As [`Plugin::lasting`](towtank_sim::scheduler::Plugin::lasting).
pub(super) fn lasting(plugin: &PodTopologySpread, class: &PodClass, cluster: &Cluster) -> Lasting {
    let own = &class.spec.topology_spread;
    let (constraints, kind) = if own.is_empty() {
        (&plugin.defaults.constraints, Constraints::Default(plugin.defaults.clone(), None))
    } else {
        (own, Constraints::Own)
    };
    let any = |action| constraints.iter().any(|constraint| constraint.when_unsatisfiable == action);
    if constraints.is_empty() {
        return Lasting { filter: LastingFilter::Skip, score: LastingScore::Skip, ..Lasting::default() };
    }
    if own.is_empty() && !may_belong_together(&class.spec, cluster) {
        let basis = Basis { selectors: true, ..Basis::default() };
        return Lasting { filter: LastingFilter::Skip, score: LastingScore::Skip, keys: None, basis };
    }
    let judge = Judge {
        shared: plugin.shared.clone(),
        constraints: kind,
        compares: plugin.compares,
        pod: read_of(&class.spec),
        standing: None,
        era: None,
    };
    Lasting {
        filter: if any(WhenUnsatisfiable::DoNotSchedule) { LastingFilter::ByKey } else { LastingFilter::Skip },
        score: if any(WhenUnsatisfiable::ScheduleAnyway) { LastingScore::ByKey } else { LastingScore::Skip },
        keys: Some(Box::new(judge)),
        basis: Basis::default(),
    }
}

impl Judge {
    /// Finds out which standing it is about.
    fn settle(&mut self, cycle: &Cycle<'_>) {
        let find = |constraints: &[TopologySpreadConstraint], derived: Option<LabelSelector>, require_all| {
            let (pod, compares) = (self.pod.clone(), self.compares);
            let derived = derived.map(Rc::new);
            self.shared.standing(Given { pod, constraints, derived, require_all, compares })
        };
        match &mut self.constraints {
            Constraints::Own if self.standing.is_some() => {}
            Constraints::Own => self.standing = Some(find(&self.pod.topology_spread, None, true)),
            Constraints::Default(defaults, derived_from) => {
                let objects = cycle.cluster.objects();
                let now = (selecting_owner(cycle).map(|entry| entry.meta.id), objects.selector_version());
                if *derived_from == Some(now) {
                    return;
                }
                *derived_from = Some(now);
                let selector = Some(default_selector(cycle)).filter(|selector| !selector.is_empty());
                let standing = selector.map(|s| find(&defaults.constraints, Some(s), !defaults.are_of_the_system));
                if self.standing.as_ref().map(Rc::as_ptr) != standing.as_ref().map(Rc::as_ptr) {
                    self.standing = standing;
                    self.era = None;
                }
            }
        }
    }
}

impl KeyJudge for Judge {
    fn begin(&mut self, cycle: &Cycle<'_>) -> Keys {
        self.settle(cycle);
        let (mut useful, mut era) = (true, 0);
        if let Some(standing) = &self.standing {
            let mut standing = standing.borrow_mut();
            useful = standing.catch_up(cycle.cluster, &mut self.shared.partitions.borrow_mut());
            era = standing.era();
        }
        if !useful {
            self.era = None;
            return Keys::Useless;
        }
        if self.era.replace(era) == Some(era) { Keys::Kept } else { Keys::Renewed }
    }

    fn keys(&self, _nodes: &Nodes, ids: &[NodeId], keys: &mut [u64]) {
        let Some(standing) = &self.standing else { return keys.fill(0) };
        let (mut standing, partitions) = (standing.borrow_mut(), self.shared.partitions.borrow());
        for (id, key) in ids.iter().zip(keys) {
            *key = standing.key(*id, &partitions);
        }
    }

    fn filter(&self, key: u64) -> Verdict {
        self.standing.as_ref().map_or(Verdict::Fits, |standing| standing.borrow().verdict(key))
    }

    fn score(&self, feasible: &[(u64, u32)], scores: &mut [i64]) {
        match &self.standing {
            Some(standing) => standing.borrow_mut().score(feasible, scores),
            None => scores.fill(0),
        }
    }
}

impl Shared {
    /// What is kept for such pods.
    fn standing(&self, given: Given<'_>) -> Rc<RefCell<Standing>> {
        let key = (given.pod.clone(), given.derived.as_deref().cloned());
        let make = || Standing::new(given, &mut self.partitions.borrow_mut());
        self.standings.borrow_mut().get(key, make)
    }
}
