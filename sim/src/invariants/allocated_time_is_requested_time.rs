//! The integral of what is allocated over time is the sum, over all pods, of what each requests times how long it held it.

use super::{Witness, live, same};
use crate::cluster::{Change, Cluster};
use crate::model::pod::Pod;
use crate::model::resources::ResourceId;
use crate::observe::Note;
use crate::time::SimTime;

/// CPU in milli times nanoseconds.
#[derive(Default)]
pub(super) struct Integral {
    at: SimTime,
    /// What is allocated since `at`.
    allocated: i64,
    sum: i128,
    /// What the pods that are gone held.
    gone: i128,
}

impl Witness for Integral {
    fn note(&mut self, note: &Note<'_>, cluster: &Cluster) -> Result<(), String> {
        self.sum = self.up_to(cluster.now);
        self.at = cluster.now;
        self.allocated = cluster.totals().allocated.get(ResourceId::CPU);
        if let Note::Change(Change::PodFinished(id) | Change::PodRemoved(id)) = note
            && let Some(pod) = cluster.pod(*id)
        {
            self.gone += held(pod, cluster);
        }
        Ok(())
    }

    fn at_rest(&self, cluster: &Cluster) -> Result<(), String> {
        let there: i128 = live(cluster).map(|(_, pod)| held(pod, cluster)).sum();
        same(|| "the integral of allocated CPU".to_owned(), &self.up_to(cluster.now), &(there + self.gone))
    }
}

impl Integral {
    fn up_to(&self, now: SimTime) -> i128 {
        self.sum + i128::from(now.since(self.at).0) * i128::from(self.allocated)
    }
}

fn held(pod: &Pod, cluster: &Cluster) -> i128 {
    let span = pod.bound.get().map_or(0, |bound| cluster.now.since(bound).0);
    i128::from(span) * i128::from(cluster.class_of(pod).requests.get(ResourceId::CPU))
}
