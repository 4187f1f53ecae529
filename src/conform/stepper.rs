//! A cluster and a scheduler that tries pods one after another, without a clock.

use super::world;
use towtank_sim::cluster::{Cause, Change, Cluster};
use towtank_sim::model::PodId;
use towtank_sim::scheduler::{Cycle, Evaluation, Inspection, Profile, Selected, Selection, TieBreak, Verdict};

/// The cluster, and what chooses nodes.
pub(super) struct Stepper {
    pub(super) cluster: Cluster,
    pub(super) selection: Selection,
    profiles: Vec<Profile>,
}

/// What came of one pod.
pub(super) struct Step {
    pub(super) selected: Selected,
    /// The total of the node that was chosen, also where it is the only one.
    pub(super) total: Option<i64>,
    /// How many feasible nodes the profile looks for.
    pub(super) quota: usize,
}

impl Stepper {
    pub(super) fn new(profiles: Vec<Profile>, tie_break: TieBreak) -> Self {
        let selection = Selection::new(Evaluation::Indexed, tie_break, None);
        Self { cluster: world::cluster(), selection, profiles }
    }

    /// Lets the scheduler hear of what has changed.
    pub(super) fn settle(&mut self) {
        let selection = &mut self.selection;
        self.cluster.deliver(|change, cluster| {
            selection.changed(change, cluster);
            match change {
                Change::PodCreated(id) => {
                    if let Some(pod) = cluster.pod(id).filter(|pod| pod.node.is_none()) {
                        selection.nominator.nominate(id, pod.nominated_node().cloned());
                    }
                }
                Change::PodBound(id, _) | Change::PodRemoved(id) | Change::PodFinished(id) => {
                    selection.nominator.remove(id);
                }
                _ => {}
            }
        });
    }

    /// Tries a pod once. It is bound at once, or dropped. `None` where no profile is responsible for it or a plugin holds it
    /// back.
    pub(super) fn try_pod(&mut self, pod: PodId) -> Option<Step> {
        self.settle();
        let class = self.cluster.pod(pod)?.class;
        let name = &self.cluster.classes.get(class).spec.scheduler_name;
        let number = self.profiles.iter().position(|profile| profile.name == *name)?;
        let profile = &self.profiles[number];
        let cycle = Cycle::new(&self.cluster, class, Some(pod));
        let nodes = self.selection.order(&self.cluster).len();
        let mut selected = self.selection.select((number as u8, profile), &cycle);
        let mut total = selected.best;
        if let Some(id) = selected.node {
            total = total.or_else(|| Some(Inspection::total_of(profile, &cycle, id)));
            let node = self.cluster.node(id);
            let agrees = |index: &usize| profile.plugins[*index].reserve(&cycle, node) == Verdict::Fits;
            if !profile.reserve.iter().all(agrees) {
                selected.node = None;
            }
        }
        match selected.node {
            Some(node) => {
                let cycle = Cycle::new(&self.cluster, class, Some(pod));
                let devices = self.profiles[number].devices(&cycle, self.cluster.node(node)).unwrap_or_default();
                self.cluster.bind_to_devices(pod, node, devices);
            }
            None => self.cluster.delete_pod(pod, Cause::Deleted),
        }
        Some(Step { total, quota: Selection::quota(&self.profiles[number], nodes), selected })
    }
}
