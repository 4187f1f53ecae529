//! Pods that wait alike: what can be asked of all of them at once, and how all of them are brought back.

use super::SchedulingQueue;
use super::cohort::{Member, Part};
use super::place::Place;
use super::pod::{Group, PreEnqueue};
use super::waiting::Aged;
use crate::model::PodId;
use crate::scheduler::events::EventLabel;
use crate::time::SimTime;

impl SchedulingQueue {
    /// The groups of pods that wait for an event or are held back.
    pub(in crate::scheduler) fn groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.waiting.groups().map(|(group, _)| group)
    }

    /// The group of a pod that waits for an event or is held back.
    pub(in crate::scheduler) fn group_of(&self, pod: PodId) -> Option<Group> {
        let entry = self.pods.find(pod)?;
        let place = self.place_of(entry);
        let waits = matches!(place, Place::Unschedulable | Place::Gated(_));
        waits.then(|| Group { gate: place.gate(), ..self.pods[entry].group() })
    }

    /// A pod of a group, of those that have waited longest.
    pub(in crate::scheduler) fn first_of(&self, group: Group) -> Option<PodId> {
        let (_, _, id) = *self.waiting.of(&group).first()?;
        let cohort = &self.cohorts[id];
        let part = cohort.find(&Group { gate: None, ..group })?;
        cohort.first_of(part).map(|member| self.pods[member.entry].pod)
    }

    /// Brings back every pod of some groups, but for one. The groups are in order.
    pub(in crate::scheduler) fn wake_groups(
        &mut self,
        groups: &[Group],
        except: Option<PodId>,
        cause: EventLabel,
        now: SimTime,
        pre_enqueue: PreEnqueue<'_>,
    ) {
        self.now = now;
        let mut cohorts: Vec<Aged> = groups.iter().flat_map(|group| self.waiting.of(group)).copied().collect();
        cohorts.sort_unstable();
        cohorts.dedup();
        let except = except.and_then(|pod| self.pods.find(pod));
        for (_, _, id) in cohorts {
            let (cohort, gate) = (&self.cohorts[id], self.cohorts[id].place.gate());
            let wakes = |part: &Part| part.left > 0 && groups.binary_search(&Group { gate, ..part.group }).is_ok();
            let woken: Vec<bool> = cohort.parts().iter().map(|part| part.left == 0 || wakes(part)).collect();
            let stays = |member: &Member| !woken[member.part as usize] || Some(member.entry) == except;
            let holds_except = except.is_some_and(|entry| self.pods[entry].cohort == id);
            if woken.contains(&false) || holds_except {
                let go: Vec<u32> = cohort.members().filter(|m| !stays(m)).map(|m| m.entry).collect();
                if !go.is_empty() {
                    let id = self.split(id, &go);
                    self.requeue(id, cause, now, pre_enqueue);
                }
            } else {
                self.requeue(id, cause, now, pre_enqueue);
            }
        }
    }
}
