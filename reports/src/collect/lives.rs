//! When the pods of a small run were where.

use crate::data::{Lives, PodLife};
use std::collections::BTreeMap;
use towtank_sim::cluster::{Change, Cluster, Interest};
use towtank_sim::model::PodId;
use towtank_sim::observe::{Note, NoteKinds, Observer};

/// Keeps the lives of pods as long as there are few of them. A pod that moves to another node has two lives.
#[derive(Debug, Default)]
pub struct LifeCollector {
    lives: Lives,
    bound: BTreeMap<PodId, PodLife>,
}

impl LifeCollector {
    /// The lives of a run that ends now: those of pods that still exist end with it.
    pub fn finish(mut self, cluster: &Cluster) -> Lives {
        let end = cluster.now.0;
        for (_, life) in std::mem::take(&mut self.bound) {
            self.lives.push(PodLife { ended_ns: end, ..life });
        }
        for (_, pod) in cluster.pods().iter().filter(|(_, pod)| pod.node.is_none()) {
            if !self.lives.are_wanted() {
                break;
            }
            self.lives.push(PodLife {
                name: pod.name.to_string(),
                created_ns: pod.created.0,
                ended_ns: end,
                ..PodLife::default()
            });
        }
        self.lives
    }

    fn ended(&mut self, id: PodId, cluster: &Cluster) {
        if let Some(life) = self.bound.remove(&id) {
            self.lives.push(PodLife { ended_ns: cluster.now.0, ..life });
        }
    }
}

impl Observer for LifeCollector {
    fn interest(&self) -> NoteKinds {
        let ends = Interest::POD_FINISHED.and(Interest::POD_REMOVED);
        NoteKinds::changes(Interest::POD_BOUND.and(Interest::POD_STARTED).and(ends))
    }

    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) {
        if !self.lives.are_wanted() {
            self.bound.clear();
            return;
        }
        match note {
            Note::Change(Change::PodBound(id, node)) => {
                let Some(pod) = cluster.pod(*id) else { return };
                self.ended(*id, cluster);
                let life = PodLife {
                    name: pod.name.to_string(),
                    node: Some(cluster.node(*node).name().to_owned()),
                    created_ns: pod.created.0,
                    bound_ns: Some(cluster.now.0),
                    ..PodLife::default()
                };
                self.bound.insert(*id, life);
            }
            Note::Change(Change::PodStarted(id)) => {
                if let Some(life) = self.bound.get_mut(id) {
                    life.started_ns.get_or_insert(cluster.now.0);
                }
            }
            Note::Change(Change::PodFinished(id) | Change::PodRemoved(id)) => self.ended(*id, cluster),
            _ => {}
        }
    }
}
