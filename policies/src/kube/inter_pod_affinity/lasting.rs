//! What the plugin says to all pods of a class.

use super::InterPodAffinity;
use super::relations::Relations;
use super::standing::{Standing, read_of};
use crate::topology::{Kept, Partitions};
use std::cell::RefCell;
use std::rc::Rc;
use towtank_sim::cluster::{Cluster, Namespace, Nodes};
use towtank_sim::model::NodeId;
use towtank_sim::model::pod::{PodClass, PodSpec};
use towtank_sim::scheduler::{Basis, Cycle, KeyJudge, Keys, Lasting, LastingFilter, LastingScore, Verdict};

/// What all judges share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    partitions: RefCell<Partitions>,
    /// By what the plugin reads of the pods.
    standings: RefCell<Kept<PodSpec, Standing>>,
}

/// Judges nodes for the pods of one class.
struct Judge {
    shared: Rc<Shared>,
    standing: Rc<RefCell<Standing>>,
    /// The era of the keys that were given.
    era: Option<u64>,
}

/// As [`Plugin::lasting`](towtank_sim::scheduler::Plugin::lasting).
pub(super) fn lasting(plugin: &InterPodAffinity, class: &PodClass, cluster: &Cluster) -> Lasting {
    let pod = &class.spec;
    let hard_weight = plugin.args.hard_pod_affinity_weight.into();
    let mut requires = !pod.pod_affinity.required.is_empty() || !pod.pod_anti_affinity.required.is_empty();
    let mut prefers = !pod.pod_affinity.preferred.is_empty() || !pod.pod_anti_affinity.preferred.is_empty();
    let others_weigh = prefers || !plugin.args.ignore_preferred_terms_of_existing_pods;
    if !requires || (!prefers && others_weigh) {
        // Whether pods on nodes wish anything about this one.
        for other in cluster.placements().classes_with_affinity() {
            let relations = Relations::of_wishes_about(cluster, pod, other, hard_weight);
            requires |= !relations.repelling.is_empty();
            prefers |= others_weigh && !relations.weights.is_empty();
            if requires && (prefers || !others_weigh) {
                break;
            }
        }
    }
    let changes_with_others = !requires || (!prefers && others_weigh);
    let kinds: &[&str] = if changes_with_others { &[Namespace::KIND] } else { &[] };
    Lasting {
        filter: if requires { LastingFilter::ByKey } else { LastingFilter::Skip },
        score: if prefers { LastingScore::ByKey } else { LastingScore::Skip },
        keys: (requires || prefers).then(|| plugin.shared.judge(pod, hard_weight)),
        basis: Basis { affinity_classes: changes_with_others, kinds, ..Basis::default() },
    }
}

impl KeyJudge for Judge {
    fn begin(&mut self, cycle: &Cycle<'_>) -> Keys {
        let mut standing = self.standing.borrow_mut();
        if !standing.catch_up(cycle.cluster, &mut self.shared.partitions.borrow_mut()) {
            self.era = None;
            return Keys::Useless;
        }
        let era = standing.era();
        if self.era.replace(era) == Some(era) { Keys::Kept } else { Keys::Renewed }
    }

    fn keys(&self, _nodes: &Nodes, ids: &[NodeId], keys: &mut [u64]) {
        let (mut standing, partitions) = (self.standing.borrow_mut(), self.shared.partitions.borrow());
        for (id, key) in ids.iter().zip(keys) {
            *key = standing.key(*id, &partitions);
        }
    }

    fn filter(&self, key: u64) -> Verdict {
        self.standing.borrow().verdict(key)
    }

    fn score(&self, feasible: &[(u64, u32)], scores: &mut [i64]) {
        self.standing.borrow().score(feasible, scores);
    }
}

impl Shared {
    fn judge(self: &Rc<Self>, pod: &PodSpec, hard_weight: i64) -> Box<dyn KeyJudge> {
        let pod = read_of(pod);
        let standing = self.standings.borrow_mut().get(pod.clone(), || Standing::new(pod, hard_weight));
        Box::new(Judge { shared: self.clone(), standing, era: None })
    }
}
