//! Who hears of which change: those who asked for changes of its kind, of all pods or of those that have something of their own.

use super::{Change, Cluster, Interest};
use crate::model::PodId;
use crate::model::pod::PodTraits;
use smallvec::SmallVec;

/// For every kind of change and every set of a pod's traits, those who hear of it, in their order. They are few, and stand in the table
/// itself.
#[derive(Debug)]
pub(crate) struct Hearers<T>(Vec<SmallVec<[T; 8]>>);

/// A kind of change with the traits of the pod that changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Topic(usize);

impl<T> Default for Hearers<T> {
    fn default() -> Self {
        let topics = Interest::KINDS * PodTraits::SETS;
        Self(std::iter::repeat_with(SmallVec::new).take(topics).collect())
    }
}

impl<T: Copy> Hearers<T> {
    /// Someone more hears of changes that interest it: of all pods and everything else, and of pods with each of their traits.
    pub(crate) fn add(&mut self, who: T, all: Interest, of_pods_with: impl Fn(PodTraits) -> Interest) {
        for (topic, hearers) in self.0.iter_mut().enumerate() {
            let (kind, traits) = (topic / PodTraits::SETS, PodTraits::numbered(topic % PodTraits::SETS));
            if traits.each().fold(all, |interest, one| interest.and(of_pods_with(one))).contains(kind) {
                hearers.push(who);
            }
        }
    }

    /// Those who hear of it.
    #[inline]
    pub(crate) fn of(&self, topic: Topic) -> &[T] {
        &self.0[topic.0]
    }
}

impl Cluster {
    /// What a change is about. Changes that are of no pod, or of what a pod says, are for all who asked for their kind.
    #[inline]
    pub(crate) fn topic(&self, change: Change) -> Topic {
        let traits = match change {
            Change::PodCreated(id)
            | Change::PodBound(id, _)
            | Change::PodStarted(id)
            | Change::PodReadiness(id)
            | Change::PodFinished(id)
            | Change::PodDeleting(id, _)
            | Change::PodRemoved(id)
            | Change::PodUnschedulable(id) => self.traits_of(id),
            _ => PodTraits::ALL,
        };
        Topic(Interest::kind_of(change) * PodTraits::SETS + traits.number())
    }

    #[inline]
    fn traits_of(&self, id: PodId) -> PodTraits {
        let Some(pod) = self.pods.get(id) else { return PodTraits::ALL };
        let of_class = self.classes.get(pod.class).traits;
        if pod.owner.is_some() { of_class.and(PodTraits::OWNED) } else { of_class }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::pod::{NewPod, PodSpec};

    #[test]
    fn who_asks_for_pods_with_something_of_their_own_hears_of_no_others() {
        let mut cluster = Cluster::default();
        let mut hearers = Hearers::default();
        hearers.add('a', Interest::POD_CREATED, |_| Interest::NONE);
        let gated = |traits: PodTraits| if traits == PodTraits::GATES { Interest::POD_CREATED } else { Interest::NONE };
        hearers.add('b', Interest::NODES, gated);
        hearers.add('c', Interest::NONE, |_| Interest::POD_REMOVED);
        let plain = cluster.intern(PodSpec::default());
        let held = cluster.intern(PodSpec { scheduling_gates: vec!["held".into()], ..PodSpec::default() });
        let mut heard: Vec<char> = Vec::new();
        for (name, class) in [("plain", plain), ("held", held)] {
            let pod = cluster.create_pod(NewPod::new(name, class)).expect("nothing refuses it");
            cluster.remove_pod(pod);
            cluster.deliver(|change, cluster| heard.extend(hearers.of(cluster.topic(change))));
        }
        assert_eq!(heard, ['a', 'a', 'b', 'c']);
    }
}
